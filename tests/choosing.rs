//! Choosing shots: what an expression means on the command line, in every
//! command, and what is said of a mistake in one.

mod support;

use serde_json::Value;
use support::{Ran, Simulated, Stage};

const FILM: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
limits: { creates_per_minute: unlimited }
shots:
  - { id: opening, prompt: A boat at dusk. }
  - { id: weather-rain, prompt: Rain on the lake. }
  - { id: weather-snow, prompt: Snow on the lake. }
  - { id: 镜头一, prompt: 湖上的灯塔 }
  - id: after
    prompt: The boat lands.
    first_frame: { shot: opening, frame: last }
";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    stage
}

fn edit(stage: &Stage, old: &str, new: &str) {
    assert!(FILM.contains(old), "{old}");
    stage.write("shots.yaml", &FILM.replace(old, new));
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.stdout, ran.stderr))
}

/// The ids in a list of shots.
fn ids(ran: &Ran) -> Vec<String> {
    let report = json(ran);
    let shots = report["shots"].as_array().expect("a list of shots");
    let id = |shot: &Value| shot["id"].as_str().expect("it has an id").to_owned();
    shots.iter().map(id).collect()
}

/// What `check` is about with these flags, simulated.
fn checked(stage: &Stage, flags: &[&str]) -> Vec<String> {
    let check = ["check", "shots.yaml", "--simulate", "--json"];
    ids(&stage.run(&[&check[..], flags].concat()))
}

#[test]
fn names_patterns_and_operators() {
    let stage = stage();
    let only = |expr: &str| checked(&stage, &["--only", expr]);
    assert_eq!(only("opening"), ["opening"]);
    assert_eq!(only("weather-*"), ["weather-rain", "weather-snow"]);
    assert_eq!(only("*-snow"), ["weather-snow"]);
    assert_eq!(only("镜头? | opening"), ["opening", "镜头一"]);
    assert_eq!(only("weather-* - *-snow"), ["weather-rain"]);
    assert_eq!(only("mode(i2v)"), ["after"]);
    assert_eq!(only("deps(after)"), ["opening", "after"]);
    let union = checked(
        &stage,
        &["--only", "after", "--only", "not all() | opening"],
    );
    assert_eq!(union, ["opening", "after"], "one or the other");
}

#[test]
fn every_command_takes_the_same_language() {
    let stage = stage();
    assert_eq!(stage.apply(&["--only", "weather-*"]).code, 0);
    let made = "status(saved) - *-snow";
    for command in ["check", "plan", "status", "sheet", "animatic"] {
        let args = [
            command,
            "shots.yaml",
            "--simulate",
            "--json",
            "--only",
            made,
        ];
        let ran = stage.run(&args);
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
        assert!(ran.stdout.contains("weather-rain"), "{}", ran.stdout);
        for other in ["weather-snow", "opening", "after"] {
            let id = format!("\"{other}\"");
            assert!(!ran.stdout.contains(&id), "{command}: {}", ran.stdout);
        }
    }
    let text = |command: &[&str]| {
        let ran = stage.run(&[command, &["shots.yaml", "--simulate", "--only", made]].concat());
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.stderr);
        ran
    };
    let takes = text(&["takes"]).stdout;
    assert_eq!(takes.lines().count(), 1, "{takes}");
    assert!(!text(&["graph"]).stdout.contains("opening"));
    assert!(text(&["cut"]).stderr.contains("1 shot"));
    let edl = text(&["export", "--format", "edl", "--out", "-"]).stdout;
    assert!(
        edl.contains("weather-rain") && !edl.contains("opening"),
        "{edl}"
    );
}

#[test]
fn changed_is_what_would_be_made() {
    let stage = stage();
    assert_eq!(checked(&stage, &["--changed"]).len(), 5, "all are new");
    assert_eq!(stage.apply(&[]).code, 0);
    let nothing = stage.apply(&["--changed"]);
    assert_eq!(nothing.code, 21, "{}", nothing.stderr);
    assert!(
        nothing
            .stderr
            .contains("no shot is selected by `--changed`")
    );
    edit(&stage, "Rain on the lake.", "Hail on the lake.");
    assert_eq!(checked(&stage, &["--changed"]), ["weather-rain"]);
    let both = ["--changed", "--only", "weather-snow"];
    assert_eq!(stage.apply(&both).code, 21, "an intersection");
    assert_eq!(
        checked(&stage, &["--only", "changed() - status(new)"]).len(),
        1
    );
    // The source changes, and so may what hangs on it.
    edit(&stage, "A boat at dusk.", "A boat at dawn.");
    assert_eq!(checked(&stage, &["--changed"]), ["opening", "after"]);
    assert_eq!(stage.apply(&["--changed"]).code, 0);
    let report = stage.report();
    assert_eq!(report["shots"].as_array().map(Vec::len), Some(2));
    assert_eq!(stage.apply(&["--changed"]).code, 21);
}

#[test]
fn failed_selects_and_does_not_pay() {
    let stage = stage();
    stage.write(
        "trouble.yaml",
        "rules:\n  - { on: create, prompt_contains: Rain, then: { fail: 1027 } }\n",
    );
    let trouble = Simulated::start(&[
        "--scenario",
        &stage.path("trouble.yaml").display().to_string(),
    ]);
    let two = ["--only", "weather-*"];
    assert_eq!(stage.apply_at(&trouble, &two).code, 100);
    let created = |flags: &[&str]| {
        let ran = stage.apply_at(&trouble, flags);
        let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
        let shots = report["shots"].as_array().expect("a list").iter();
        let names: Vec<String> = shots
            .map(|shot| shot["id"].as_str().expect("an id").to_owned())
            .collect();
        (ran.code, names, ran.stderr)
    };
    let (code, names, told) = created(&["--failed"]);
    assert_eq!(
        (code, names.as_slice()),
        (100, &["weather-rain".to_owned()][..]),
        "{told}"
    );
    assert!(told.contains("1 to leave as failed;"), "{told}");
    let (code, names, told) = created(&["--failed", "--retry", "failed"]);
    assert_eq!((code, names.len()), (100, 1), "{told}");
    assert!(told.contains("1 to create"), "{told}");
    // With other words it is another request, which nobody refuses to pay for.
    edit(&stage, "Rain on the lake.", "A drizzle on the lake.");
    let (code, names, told) = created(&["--failed"]);
    assert_eq!(
        (code, names.as_slice()),
        (0, &["weather-rain".to_owned()][..]),
        "{told}"
    );
    assert_eq!(stage.apply_at(&trouble, &["--failed"]).code, 21);
}

#[test]
fn force_names_shots_in_the_same_way() {
    let stage = stage();
    assert_eq!(stage.apply(&["--only", "weather-*"]).code, 0);
    let plan = |flags: &[&str]| {
        let plan = [
            "plan",
            "shots.yaml",
            "--simulate",
            "--json",
            "--only",
            "weather-*",
        ];
        stage.run(&[&plan[..], flags].concat())
    };
    let forced = json(&plan(&["--force", "status(done) - weather-snow"]));
    assert_eq!(forced["totals"]["replace"], 1, "{forced}");
    assert_eq!(forced["totals"]["reuse"], 1, "{forced}");
    let outside = plan(&["--force", "opening"]);
    assert_eq!(outside.code, 21, "{}", outside.stderr);
    assert!(
        outside.stderr.contains("none of the selected"),
        "{}",
        outside.stderr
    );
    let mistake = stage.apply(&["--force", "weather-* -opening"]);
    assert_eq!(mistake.code, 2, "{}", mistake.stderr);
}

#[test]
fn a_chain_needs_its_source_chosen_or_made() {
    let stage = stage();
    let alone = stage.apply(&["--only", "after"]);
    assert_eq!(alone.code, 100, "{}", alone.stderr);
    assert!(alone.stderr.contains("is not selected"), "{}", alone.stderr);
    assert_eq!(stage.apply(&["--only", "deps(after)"]).code, 0);
}

#[test]
fn mistakes_in_an_expression_are_shown_in_place() {
    let stage = stage();
    let cases = [
        ("weather-* -opening", 2),
        ("opening | status(faild)", 2),
        ("tags(night)", 2),
        ("（镜头一）", 2),
        ("weather-rian", 21),
        ("opening - 镜头二", 21),
        ("weather-* & tag(night)", 21),
        ("mode(s2v)", 21),
    ];
    let mut all = String::new();
    for (expr, code) in cases {
        let ran = stage.run(&["plan", "shots.yaml", "--only", expr]);
        assert_eq!(ran.code, code, "{expr}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{expr}");
        all.push_str(&ran.stderr);
        all.push('\n');
    }
    insta::assert_snapshot!(all);
    assert!(!stage.path("out").exists(), "nothing was written");
}

#[test]
fn mistakes_of_the_manifest_come_before_names_that_are_not_there() {
    let stage = stage();
    edit(&stage, "768P", "9000P");
    let ran = stage.run(&["check", "shots.yaml", "--only", "nobody"]);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    assert!(ran.stderr.contains("9000P"), "{}", ran.stderr);
}

#[test]
fn tags_and_scenes_of_the_manifest() {
    let stage = Stage::new();
    stage.write(
        "shots.yaml",
        "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, tags: [draft] }
scenes:
  - id: dock
    title: At the dock
    tags: [night]
    shots:
      - { id: dock-wide, prompt: A boat ties up., tags: [hero] }
      - { id: dock-close, prompt: A rope. }
  - id: 街
    shots: [{ id: street, prompt: Rain., tags: [雨] }]
",
    );
    let only = |expr: &str| checked(&stage, &["--only", expr]);
    assert_eq!(only("tag(draft)").len(), 3);
    assert_eq!(only("tag(night) - tag(hero)"), ["dock-close"]);
    assert_eq!(only("scene(At the dock)"), ["dock-wide", "dock-close"]);
    assert_eq!(only("scene(街) | tag(h*)"), ["dock-wide", "street"]);
    let ran = stage.run(&["check", "shots.yaml", "--only", "tag(nigth)"]);
    assert_eq!(ran.code, 21, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("did you mean `night`?"),
        "{}",
        ran.stderr
    );
}
