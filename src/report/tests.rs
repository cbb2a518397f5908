//! What every sink says of the same runs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonschema::Validator;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::Value;

use super::script::{
    accepted, checked, events, facts, failure, fold, id, intended, mixed, pending, refused,
    retrying, saved, skipped, started, status, succeeded, task_failed, tell, uncertain, verdict,
};
use super::{
    Bars, JsonLines, Line, Lines, Paint, Places, Report, ReportFile, SinkError, Sinks, Summary,
    Tempo, events_schema, report_schema,
};
use crate::event::{
    Decision, Event, EventKind, Failure, FailureClass, Judgement, PendingReason, Signal,
    SkipReason, StopReason,
};
use crate::state::RunState;

/// A stream that the test can read while a sink has it.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(super) fn stream(&self) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    pub(super) fn text(&self) -> String {
        let bytes = self.0.lock().expect("no test panicked while writing");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no test panicked while writing")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn places() -> Places {
    Places {
        videos: "out/".into(),
        report: Some("out/report.json".into()),
        gallery: Some("out/report.html".into()),
    }
}

fn lines_of(events: &[Event], paint: Paint) -> String {
    let shared = Shared::default();
    tell(&mut Lines::new(shared.stream(), paint), events);
    shared.text()
}

fn summary_of(events: &[Event]) -> String {
    let shared = Shared::default();
    let mut sink = Summary::new(shared.stream(), places(), Paint::plain());
    tell(&mut sink, events);
    shared.text()
}

fn report(state: &RunState) -> String {
    Report::of(state).to_json()
}

fn validator() -> Validator {
    validator_of(&report_schema())
}

fn validator_of(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .expect("a schema")
}

/// What is wrong with the report of a run; empty if nothing is.
fn mistakes(validator: &Validator, state: &RunState) -> Vec<String> {
    let report: Value = serde_json::from_str(&report(state)).expect("JSON");
    validator
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn lines_of_a_mixed_run() {
    insta::assert_snapshot!(lines_of(&mixed(), Paint::plain()));
}

#[test]
fn colour_is_only_around_the_plain_text() {
    let painted = lines_of(&mixed(), Paint::new(true));
    assert!(painted.contains("\x1b[32msaved"));
    let mut plain = painted;
    for code in ["0", "1", "2", "31", "32", "33"] {
        plain = plain.replace(&format!("\x1b[{code}m"), "");
    }
    assert_eq!(plain, lines_of(&mixed(), Paint::plain()));
}

#[test]
fn lines_of_four_hundred_shots_are_no_flood() {
    let names: Vec<String> = (0..400).map(|number| format!("shot-{number:03}")).collect();
    let shots = names.iter().map(|name| facts(name, Decision::Create));
    let mut kinds = vec![started(shots.collect())];
    for name in &names {
        kinds.extend([
            intended(name, 1),
            accepted(name, 1),
            status(name, "Processing", true),
            succeeded(name),
            saved(name),
        ]);
    }
    let lines = lines_of(&events(kinds), Paint::plain());
    assert_eq!(lines.matches("saved").count(), 400);
    // 2001 seconds, summed up every half a minute.
    assert_eq!(lines.lines().count(), 1 + 400 + 2_000 / 30, "{lines}");
    let sum = "6 of 400 done, 394 waiting, spent 1.68 USD";
    assert!(lines.contains(sum), "{lines}");
}

#[test]
fn json_lines_of_a_mixed_run() {
    let shared = Shared::default();
    tell(&mut JsonLines::new(shared.stream()), &mixed());
    insta::assert_snapshot!(shared.text());
}

#[test]
fn report_of_a_mixed_run() {
    insta::assert_snapshot!(report(&fold(&mixed())));
}

#[test]
fn summary_of_a_mixed_run() {
    insta::assert_snapshot!(summary_of(&mixed()));
}

#[test]
fn summary_of_a_run_in_which_all_went_well() {
    let run = events(vec![
        started(vec![
            facts("a", Decision::Create),
            facts("b", Decision::Reuse),
        ]),
        intended("a", 1),
        accepted("a", 1),
        succeeded("a"),
        saved("a"),
        EventKind::RunFinished,
    ]);
    insta::assert_snapshot!(summary_of(&run));
}

#[test]
fn summary_groups_what_is_the_same_and_cuts_what_is_long() {
    let names: Vec<String> = (0..40).map(|number| format!("shot-{number:02}")).collect();
    let shots = names.iter().map(|name| facts(name, Decision::Create));
    let mut kinds = vec![started(shots.collect())];
    for (number, name) in names.iter().enumerate() {
        kinds.push(intended(name, 1));
        let failure = match number {
            0..20 => failure(FailureClass::Moderated, 1026, "input is sensitive"),
            _ => failure(
                FailureClass::Invalid,
                2013,
                &format!("field {number} is wrong"),
            ),
        };
        kinds.push(refused(name, failure, None));
    }
    insta::assert_snapshot!(summary_of(&events(kinds)));
}

#[test]
fn the_schema_is_what_it_was() {
    insta::assert_json_snapshot!(report_schema());
    insta::assert_json_snapshot!(events_schema());
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let state = fold(&mixed());
    let read: Report = serde_json::from_str(&report(&state)).expect("a report");
    assert_eq!(read, Report::of(&state));
}

#[test]
fn a_report_of_a_later_version_is_read_too() {
    let mut later: Value = serde_json::from_str(&report(&fold(&mixed()))).expect("JSON");
    later["schema_version"] = "1.7".into();
    later["shots"][0]["mood"] = "gloomy".into();
    assert!(serde_json::from_value::<Report>(later).is_ok());
}

#[test]
fn every_line_is_valid_and_read_as_it_was_written() {
    let validator = validator_of(&events_schema());
    let mut state = RunState::default();
    for event in mixed() {
        state.apply(&event);
        let line = Line::of(&event, &state);
        let text = line.to_json();
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        let mistakes: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(mistakes.is_empty(), "{text}{mistakes:?}");
        assert_eq!(
            serde_json::from_value::<Line>(value.clone()).expect("a line"),
            line
        );
        value["mood"] = "gloomy".into();
        assert!(!validator.is_valid(&value), "the schema is closed: {text}");
    }
}

#[test]
fn every_field_of_the_schemas_is_described() {
    fn walk(schema: &Value, path: &str, missing: &mut Vec<String>) {
        match schema {
            Value::Object(keys) => {
                for (name, field) in keys
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    // The word that tells variants apart is described with them.
                    if field["description"].as_str().is_none() && name != "event" {
                        missing.push(format!("{path}/{name}"));
                    }
                }
                keys.iter()
                    .for_each(|(key, value)| walk(value, &format!("{path}/{key}"), missing));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    for schema in [report_schema(), events_schema()] {
        assert!(
            schema["$defs"]
                .as_object()
                .is_some_and(|all| !all.is_empty())
        );
        walk(&schema, "", &mut missing);
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_report_is_valid_wherever_a_run_is_cut_off() {
    let validator = validator();
    let run = mixed();
    for cut in 0..=run.len() {
        let mistakes = mistakes(&validator, &fold(&run[..cut]));
        assert!(mistakes.is_empty(), "after {cut} events: {mistakes:?}");
    }
}

#[test]
fn what_differs_from_run_to_run_is_under_keys_of_its_own() {
    fn stable(mut report: Value) -> Value {
        report["run"].take();
        for shot in report["shots"].as_array_mut().into_iter().flatten() {
            shot["run"].take();
        }
        report
    }
    let parse =
        |run: &[Event]| -> Value { serde_json::from_str(&report(&fold(run))).expect("JSON") };
    let run = mixed();
    let mut later = run.clone();
    for event in &mut later {
        event.at += jiff::SignedDuration::from_hours(30);
        event.elapsed *= 3;
    }
    assert_ne!(parse(&run), parse(&later));
    assert_eq!(stable(parse(&run)), stable(parse(&later)));
}

fn reason_to_wait() -> impl Strategy<Value = PendingReason> {
    prop_oneof![
        any_failure().prop_map(|failure| PendingReason::Deadline {
            last: Some(failure)
        }),
        Just(PendingReason::Interrupted),
        any::<String>().prop_map(|why| PendingReason::Elsewhere { why }),
        Just(PendingReason::Stopped),
        any_failure().prop_map(PendingReason::NotSaved),
    ]
}

fn reason_to_skip() -> impl Strategy<Value = SkipReason> {
    prop_oneof![
        any::<String>().prop_map(|why| SkipReason::Uncertain { why }),
        any::<String>().prop_map(|why| SkipReason::FailedEarlier { why }),
        Just(SkipReason::Blocked {
            by: id("a"),
            why: "no video".into()
        }),
        Just(SkipReason::Stopped),
        Just(SkipReason::Interrupted),
        Just(SkipReason::Budget),
        Just(SkipReason::ModelNotOnPlan),
    ]
}

fn reason_to_stop() -> impl Strategy<Value = StopReason> {
    prop_oneof![
        any_failure().prop_map(StopReason::KeyRefused),
        any_failure().prop_map(StopReason::OutOfCredit),
        any_failure().prop_map(StopReason::Throttled),
        any_failure().prop_map(StopReason::WrongAddress),
        any_failure().prop_map(StopReason::Unreachable),
        Just(StopReason::Interrupted(Signal::Terminate)),
        any::<String>().prop_map(StopReason::Ledger),
        Just(StopReason::Budget {
            limit: "5 USD".parse().expect("an amount")
        }),
    ]
}

fn any_failure() -> impl Strategy<Value = Failure> {
    (
        0..FailureClass::ALL.len(),
        any::<Option<i64>>(),
        any::<String>(),
    )
        .prop_map(|(class, code, message)| Failure {
            code,
            ..Failure::new(FailureClass::ALL[class], message)
        })
}

/// Any event, in no order that a run could have.
fn any_kind() -> impl Strategy<Value = EventKind> {
    let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("d"), Just("stranger")];
    name.prop_flat_map(|name| {
        prop_oneof![
            Just(intended(name, 1)),
            Just(accepted(name, 1)),
            any_failure().prop_map(move |failure| refused(name, failure, None)),
            Just(uncertain(name)),
            any::<String>().prop_map(move |word| status(name, &word, false)),
            Just(succeeded(name)),
            Just(task_failed(name)),
            Just(retrying(name)),
            Just(saved(name)),
            (any::<bool>(), any::<String>()).prop_map(move |(wrong, found)| {
                let result = if wrong {
                    Judgement::Failed
                } else {
                    Judgement::Unknown
                };
                checked(name, verdict(result, &found))
            }),
            reason_to_wait().prop_map(move |reason| pending(name, reason)),
            reason_to_skip().prop_map(move |reason| skipped(name, reason)),
            reason_to_stop().prop_map(|reason| EventKind::RunStopping { reason }),
            any::<u32>().prop_map(|seconds| EventKind::RateReached {
                wait: Duration::from_secs(u64::from(seconds)),
            }),
            Just(EventKind::RunFinished),
        ]
    })
}

proptest! {
    #[test]
    fn any_order_of_events_has_a_valid_report_and_one_line_each(
        kinds in proptest::collection::vec(any_kind(), 0..40),
    ) {
        let decisions = [
            ("a", Decision::Create),
            ("b", Decision::Reuse),
            ("c", Decision::Resume),
            ("d", Decision::Uncertain),
        ];
        let shots = decisions.map(|(name, decision)| facts(name, decision));
        let first = started(shots.to_vec());
        let run = events(std::iter::once(first).chain(kinds).collect());
        let mistakes = mistakes(&validator(), &fold(&run));
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let lines = lines_of(&run, Paint::plain());
        assert!(lines.lines().count() <= run.len());
        assert!(!lines.contains('\x1b'));
        let tempo = Tempo { concurrency: 1, creates_per_minute: None };
        let mut bars = Bars::new(None, Paint::plain(), tempo, Box::new(Duration::default));
        let glance = bars.glance();
        tell(&mut bars, &run);
        assert!(!glance.text().contains('\x1b'));
        summary_of(&run);
    }
}

#[test]
fn a_sink_that_cannot_write_says_so_once_and_at_the_end() {
    struct Broken(io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sinks = Sinks::default();
    let shared = Shared::default();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::BrokenPipe] {
        sinks.push(Box::new(Lines::new(Box::new(Broken(kind)), Paint::plain())));
    }
    sinks.push(Box::new(Lines::new(shared.stream(), Paint::plain())));
    sinks.push(Box::new(ReportFile::new("no/such/folder/report.json")));
    let mut state = RunState::default();
    for event in mixed() {
        state.apply(&event);
        sinks.on_event(&event, &state);
    }
    let errors = sinks.finish(&state);
    assert!(matches!(
        errors.as_slice(),
        [SinkError::Stream { .. }, SinkError::File { .. }]
    ));
    assert_eq!(shared.text(), lines_of(&mixed(), Paint::plain()));
}

#[test]
fn the_report_is_put_in_its_place() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("report.json");
    let state = tell(&mut ReportFile::new(&path), &mixed());
    let written = std::fs::read_to_string(&path).expect("a report");
    assert_eq!(written, report(&state));
}

#[test]
fn a_run_that_never_began_has_every_form() {
    let report = Report::of(&RunState::default());
    assert_eq!(report.to_annotations(), Vec::new());
    assert!(report.to_markdown().contains("0 of 0 shots done"));
    junit_parser::from_reader(report.to_junit().as_bytes()).expect("JUnit");
}
