//! A run of which the checks say something, in every form that people read.

use super::super::script::{accepted, checked, events, facts, fold, intended, saved, started};
use crate::event::{Decision, Event, Judgement, Quorum, ShotFacts, Verdict};
use crate::report::github::commands;
use crate::report::script::{tell, verdict};
use crate::report::{Lines, Paint, Places, Report};

const HOSTILE: &str = "no | `way` <img src=x> @everyone\n]]> \u{1b}[2J";

fn run() -> Vec<Event> {
    let reused = ShotFacts {
        verdict: Some(verdict(Judgement::Failed, "1.5 s at 1 s")),
        ..facts("reused", Decision::Reuse)
    };
    let quorum = Verdict {
        takes: Some(Quorum {
            wanted: 2,
            of: 3,
            there: 1,
            passed: 1,
            failed: 0,
        }),
        ..verdict(Judgement::Passed, "none")
    };
    let names = ["good", "black", "odd", "few"];
    let mut shots = vec![reused, facts("plain", Decision::Reuse)];
    shots.extend(names.map(|name| facts(name, Decision::Create)));
    let mut kinds = vec![started(shots)];
    for name in names {
        kinds.extend([intended(name, 1), accepted(name, 1), saved(name)]);
    }
    kinds.extend([
        checked("good", verdict(Judgement::Passed, "none")),
        checked("black", verdict(Judgement::Failed, "1.5 s at 1 s")),
        checked("odd", verdict(Judgement::Unknown, HOSTILE)),
        checked("few", quorum),
        crate::event::EventKind::RunFinished,
    ]);
    events(kinds)
}

#[test]
fn lines_say_what_is_wrong_with_a_video() {
    let shared = super::super::tests::Shared::default();
    tell(&mut Lines::new(shared.stream(), Paint::plain()), &run());
    insta::assert_snapshot!(shared.text());
}

#[test]
fn checks_are_told_apart_from_failures_in_every_form() {
    let report = Report::of(&fold(&run()));
    let places = Places {
        videos: "out".into(),
        report: None,
        gallery: None,
    };
    let forms = [
        report.to_text(&places, Paint::plain()),
        report.to_markdown(),
        report.to_junit(),
        commands(&report.to_annotations()),
    ];
    insta::assert_snapshot!(forms.join("\n────────\n"));
}

#[test]
fn the_report_has_every_check() {
    let report = Report::of(&fold(&run()));
    let verdicts: Vec<_> = report.shots.iter().map(|shot| &shot.verdict).collect();
    insta::assert_json_snapshot!((&report.totals, verdicts));
}

/// A word on a video says nothing of the next one.
#[test]
fn a_verdict_is_on_one_video() {
    let mut again = run();
    let more = events(vec![saved("black")]);
    again.extend(more);
    let state = fold(&again);
    let black = state
        .shots
        .iter()
        .find(|shot| shot.facts.id.as_str() == "black");
    assert_eq!(black.expect("it is there").verdict, None);
}
