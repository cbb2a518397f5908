//! What other programs read in the forms of a report, whatever texts stand in it.

use junit_parser::{TestStatus, TestSuites};
use proptest::prelude::{any, proptest};
use pulldown_cmark::{Event as Piece, Options, Parser};

use crate::event::{Decision, Event, EventKind, FailureClass, PendingReason, Scene, SkipReason};
use crate::report::github::{Annotation, Level, Place, commands};
use crate::report::markdown::escaped;
use crate::report::script::{
    accepted, events, facts, failure, fold, intended, mixed, pending, refused, saved, skipped,
    started, succeeded, task_failed, uncertain,
};
use crate::report::text::one_line;
use crate::report::{Form, Report};

/// A page of a gateway, a mention, a table, an escape of a terminal.
const HOSTILE: &str =
    "no | `way` <img src=x onerror=alert(1)> @everyone\r\n## and ]]> \u{1b}[2J\u{0}%0A::error::";

/// Every kind of trouble, with texts as hostile as a service may send them.
fn trouble() -> Vec<Event> {
    let mut chinese = facts("镜头一", Decision::Create);
    chinese.scene = Some(Scene {
        id: "第一幕".into(),
        title: None,
    });
    chinese.tags = vec!["rain & fog".into(), "night".into()];
    let names = ["retried", "refused", "hostile", "gone", "late", "left"];
    let mut shots = vec![chinese, facts("there", Decision::Reuse)];
    shots.extend(names.map(|name| facts(name, Decision::Create)));
    let throttled = || failure(FailureClass::Throttled, 1002, "rate limit");
    let moderated = failure(FailureClass::Moderated, 1026, HOSTILE);
    events(vec![
        started(shots),
        intended("镜头一", 1),
        accepted("镜头一", 1),
        intended("retried", 1),
        refused(
            "retried",
            throttled(),
            Some(std::time::Duration::from_secs(2)),
        ),
        intended("retried", 2),
        accepted("retried", 2),
        intended("refused", 1),
        refused(
            "refused",
            throttled(),
            Some(std::time::Duration::from_secs(2)),
        ),
        intended("refused", 2),
        refused("refused", throttled(), None),
        intended("hostile", 1),
        refused("hostile", moderated, None),
        intended("gone", 1),
        uncertain("gone"),
        intended("late", 1),
        accepted("late", 1),
        succeeded("retried"),
        saved("retried"),
        task_failed("镜头一"),
        pending("late", PendingReason::Deadline { last: None }),
        skipped("left", SkipReason::Budget),
        EventKind::RunFinished,
    ])
}

fn report(events: &[Event]) -> Report {
    Report::of(&fold(events))
}

fn read(junit: &str) -> TestSuites {
    junit_parser::from_reader(junit.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{junit}"))
}

#[test]
fn junit_of_a_run_with_trouble() {
    insta::assert_snapshot!(Form::Junit.of(&report(&trouble())));
}

#[test]
fn markdown_of_a_run_with_trouble() {
    insta::assert_snapshot!(Form::Markdown.of(&report(&trouble())));
}

#[test]
fn annotations_of_a_run_with_trouble() {
    insta::assert_snapshot!(Form::Github.of(&report(&trouble())));
}

#[test]
fn another_program_counts_the_same() {
    let suites = read(&Form::Junit.of(&report(&trouble())));
    let suite = &suites.suites[0];
    assert_eq!(
        (suites.suites.len(), suite.name.as_str()),
        (1, "shots.yaml")
    );
    let count = |wanted: fn(&TestStatus) -> bool| {
        suite
            .cases
            .iter()
            .filter(|case| wanted(&case.status))
            .count()
    };
    assert_eq!(count(TestStatus::is_success), 2);
    assert_eq!(count(TestStatus::is_failure), 2);
    assert_eq!(count(TestStatus::is_error), 3);
    assert_eq!(count(TestStatus::is_skipped), 1);
    let chinese = &suite.cases[0];
    assert_eq!(chinese.original_name, "镜头一");
    assert_eq!(chinese.classname.as_deref(), Some("shots"));
}

#[test]
fn every_cut_of_a_run_has_every_form() {
    for run in [mixed(), trouble()] {
        for cut in 0..=run.len() {
            let report = report(&run[..cut]);
            read(&Form::Junit.of(&report));
            assert!(Form::Markdown.of(&report).contains("shots done"));
            assert!(Form::Github.of(&report).lines().count() <= 10);
        }
    }
}

#[test]
fn ten_thousand_shots_are_a_page_that_github_takes() {
    let names: Vec<String> = (0..10_000)
        .map(|number| format!("shot-{number:05}"))
        .collect();
    let mut kinds = vec![started(
        names
            .iter()
            .map(|name| facts(name, Decision::Create))
            .collect(),
    )];
    for (number, name) in names.iter().enumerate() {
        kinds.push(intended(name, 1));
        let message = format!("field {number} is wrong: {}", "<|".repeat(300));
        kinds.push(refused(
            name,
            failure(FailureClass::Invalid, 2013, &message),
            None,
        ));
    }
    let report = report(&events(kinds));
    let page = Form::Markdown.of(&report);
    assert!(page.len() < 1_048_576, "{} bytes", page.len());
    assert!(
        page.contains("more shots would make this page too long"),
        "it says that it is cut"
    );
    assert!(
        page.ends_with("</details>\n"),
        "it is cut at the end of a row"
    );
    assert_eq!(Form::Github.of(&report).lines().count(), 10);
}

/// What a reader sees of some Markdown: its text, without marks.
fn seen(markdown: &str) -> String {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
        .map(|piece| match piece {
            Piece::Text(text) => text.replace('\u{200b}', ""),
            Piece::Start(_) | Piece::End(_) => String::new(),
            other => panic!("{other:?} in {markdown}"),
        })
        .collect()
}

/// One annotation as GitHub reads it: its properties and its text.
fn understood(command: &str) -> (Vec<(String, String)>, String) {
    let data = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%")
    };
    let property = |text: &str| data(&text.replace("%3A", ":").replace("%2C", ","));
    let rest = command.strip_prefix("::error ").expect("a command");
    let (head, text) = rest.split_once("::").expect("two parts");
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').expect("a name and a value");
        (name.to_owned(), property(value))
    };
    (head.split(',').map(pair).collect(), data(text))
}

proptest! {
    #[test]
    fn any_text_is_only_text_in_a_table(text in any::<String>()) {
        let text: String = text.chars().take(400).collect();
        let table = format!("| a | b |\n| --- | --- |\n| x{}x | y |\n", escaped(&text));
        assert_eq!(seen(&table), format!("abx{}xy", one_line(&text)));
    }

    #[test]
    fn punctuation_is_only_text_in_a_table(text in "[!-~ ]{0,60}") {
        let table = format!("| a | b |\n| --- | --- |\n| x{}x | y |\n", escaped(&text));
        assert_eq!(seen(&table), format!("abx{}xy", one_line(&text)));
    }

    #[test]
    fn any_text_comes_through_an_annotation(
        title in any::<String>(), message in any::<String>(), file in any::<String>(),
    ) {
        let annotation = Annotation {
            level: Level::Error,
            place: Some(Place { file: file.clone(), line: 3, column: 5, end_line: 3, end_column: 9 }),
            title: title.clone(),
            message: message.clone(),
        };
        let command = commands(&[annotation]);
        let command = command.strip_suffix('\n').expect("a line");
        assert!(!command.contains(['\n', '\r']), "{command}");
        // GitHub undoes `%25` last; so does a reader who does it in one pass.
        if [&title, &message, &file].iter().all(|text| !text.contains('%')) {
            let (properties, text) = understood(command);
            assert_eq!(text, message);
            let of = |name: &str| {
                let found = properties.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            assert_eq!((of("title"), of("file"), of("line")), (title, file, "3".to_owned()));
        }
    }

    #[test]
    fn any_text_is_well_formed_xml(message in any::<String>()) {
        let refusal = failure(FailureClass::Invalid, 2013, &message);
        let run = events(vec![
            started(vec![facts("a", Decision::Create)]),
            intended("a", 1),
            refused("a", refusal, None),
        ]);
        let suites = read(&Form::Junit.of(&report(&run)));
        let TestStatus::Failure(failure) = &suites.suites[0].cases[0].status else {
            panic!("no failure");
        };
        // XML has no word for some characters; they are left out.
        let kept = |text: &str| -> String {
            text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
        };
        let expected = kept(&one_line(&message));
        assert!(failure.message.contains(expected.trim()), "{:?}: {expected:?}", failure.message);
    }
}
