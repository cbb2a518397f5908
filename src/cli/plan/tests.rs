//! How plans look on terminals of every width.

use std::fs;

use clap::Parser as _;
use serde_json::json;

use super::totals::question;
use super::view::{self, Look};
use super::{Rehearsal, rehearse};
use crate::cli::args::{Cli, Command};
use crate::event::{Decision, FieldChange, FrameUse};
use crate::id::ShotId;

const FILM: &str = "\
version: 1
backend: simulator
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - { id: opening, prompt: A blue boat leaves the harbour at dusk., resolution: 1080P }
  - { id: 镜头三, prompt: 一只狗在雨中奔跑。, duration: 10 }
  - { id: after, prompt: It goes on., first_frame: { shot: opening, frame: last } }
  - { id: landing, prompt: The boat lands. }
  - { id: gate, prompt: A gate. }
";

fn rehearsal(text: &str) -> Rehearsal {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("shots.yaml");
    fs::write(&file, text).expect("the folder is ours");
    let command = ["runner".as_ref(), "plan".as_ref(), file.as_os_str()];
    let cli = Cli::try_parse_from(command).expect("a plan of a file");
    let Command::Plan(args) = &cli.command else {
        unreachable!("it was parsed as a plan");
    };
    let mut rehearsal = rehearse(args).expect("it can be planned");
    let plan = rehearsal.plan.as_mut().expect("it has no mistakes");
    plan.facts.manifest = "shots.yaml".to_owned();
    rehearsal
}

/// One shot of every kind of row.
fn film() -> Rehearsal {
    let mut rehearsal = rehearsal(FILM);
    let plan = rehearsal.plan.as_mut().expect("it has no mistakes");
    let change = |field: &str, before, after| FieldChange {
        field: field.to_owned(),
        before: Some(before),
        after: Some(after),
    };
    let [opening, three, _, landing, gate] = plan.facts.shots.as_mut_slice() else {
        unreachable!("the film has five shots");
    };
    opening.decision = Decision::Replace;
    opening.reason = "changed: prompt, resolution".to_owned();
    opening.changes = vec![
        change(
            "prompt",
            json!("A red boat leaves the harbour at dawn."),
            json!(opening.prompt),
        ),
        change("resolution", json!("768P"), json!("1080P")),
    ];
    three.decision = Decision::Replace;
    three.reason = "changed: prompt".to_owned();
    let before = json!("一只猫在雨中奔跑。");
    three.changes = vec![change("prompt", before, json!(three.prompt))];
    landing.decision = Decision::Failed;
    landing.reason = "failed on 2026-11-20: the service found the prompt too near to a film that is known; `--retry failed` pays for another try".to_owned();
    landing.frames = vec![FrameUse {
        field: "first_frame".into(),
        shot: ShotId::new("gate").expect("a good id"),
        at: "last".to_owned(),
        video_sha256: Some("ab".repeat(32)),
        pixels_sha256: Some("cd".repeat(32)),
        decoder: None,
    }];
    gate.decision = Decision::Reuse;
    gate.reason = "made on 2026-11-20".to_owned();
    rehearsal
}

fn shown(rehearsal: &Rehearsal, look: Look) -> String {
    let plan = rehearsal.plan.as_ref().expect("it has no mistakes");
    view::plan(plan, rehearsal.pace, look)
}

#[test]
fn a_plan_fits_every_width() {
    let film = film();
    for width in [40, 60, 90, 130] {
        let look = Look {
            width: Some(width),
            ..Look::default()
        };
        let text = shown(&film, look);
        for line in text.lines() {
            let places = unicode_width::UnicodeWidthStr::width(line);
            assert!(places <= width, "{places} places of {width}: {line}");
        }
        insta::with_settings!({ snapshot_suffix => width.to_string() }, {
            insta::assert_snapshot!("width", text);
        });
    }
}

#[test]
fn a_pipe_has_a_line_for_each_fact() {
    insta::assert_snapshot!(shown(&film(), Look::default()));
}

#[test]
fn colours_mark_what_went_and_what_came() {
    let look = Look {
        width: Some(90),
        colour: true,
        ..Look::default()
    };
    insta::assert_snapshot!(shown(&film(), look).replace('\x1b', "ESC"));
}

#[test]
fn requests_are_shown_when_they_are_asked_for() {
    let look = Look {
        requests: true,
        ..Look::default()
    };
    let text = shown(&film(), look);
    assert!(text.contains("-> opening.mp4\n"), "{text}");
    assert!(text.contains(r#""resolution":"1080P""#), "{text}");
    assert!(!shown(&film(), Look::default()).contains("\"model\""));
}

#[test]
fn many_unchanged_shots_are_one_line() {
    let shots: Vec<String> = (0..8)
        .map(|number| format!("  - {{ id: s{number}, prompt: Number {number}. }}\n"))
        .collect();
    let head = "version: 1\nbackend: simulator\ndefaults: { model: MiniMax-Hailuo-2.3 }\nshots:\n";
    let mut film = rehearsal(&format!("{head}{}", shots.concat()));
    let plan = film.plan.as_mut().expect("it has no mistakes");
    for shot in plan.facts.shots.iter_mut().skip(1) {
        shot.decision = Decision::Reuse;
    }
    let text = shown(&film, Look::default());
    assert!(
        text.contains("\n= 7 shots unchanged (--all lists them)\n"),
        "{text}"
    );
    assert!(!text.contains("s3"), "{text}");
    let look = Look {
        all: true,
        ..Look::default()
    };
    assert!(shown(&film, look).contains("=  s3    reuse"));
}

#[test]
fn the_question_says_how_much_for_what_and_where() {
    let mut film = film();
    let plan = film.plan.as_mut().expect("it has no mistakes");
    plan.facts.base_url = "https://api.minimax.io".to_owned();
    insta::assert_snapshot!(question(plan));
    for shot in &mut plan.facts.shots {
        shot.decision = Decision::Create;
        shot.price = None;
    }
    let unpriced = question(plan);
    assert!(
        unpriced.contains("create 5 shots for 5 shots without a known price at"),
        "{unpriced}"
    );
}
