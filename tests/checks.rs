//! Checks of videos, from the manifest to every report, against the simulator.

mod support;

use serde_json::Value;
use support::Stage;

const SHOTS: &str = "version: 1
backend: simulator
defaults:
  model: MiniMax-Hailuo-2.3
  expect: { size: 64x34, duration: 6s, fps: 24, codec: h264, audio: false, black: false }
shots:
  - { id: fox, prompt: A fox crosses a frozen lake }
  - { id: raven, prompt: A raven over the hills }
";

/// The first clip of the raven shows nothing.
const BLACK: &str =
    "rules:\n  - { on: create, prompt_contains: raven, nth: 1, then: { show: black } }\n";

fn stage(shots: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", shots);
    stage.write("black.yaml", BLACK);
    stage
}

fn result(report: &Value, shot: usize) -> &str {
    let verdict = &report["shots"][shot]["verdict"];
    verdict["result"].as_str().unwrap_or("none")
}

#[test]
fn a_black_video_stays_and_is_told_everywhere() {
    let stage = stage(SHOTS);
    let forms = ["--report", "junit=j.xml", "--report", "markdown=m.md"];
    let ran = stage.apply(&[&["--scenario", "black.yaml"][..], &forms].concat());
    assert_eq!(ran.code, 101, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("2 of 2 shots done: 2 created; 1 not as expected"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("raven: black: 6 s at 0 s, expected none"),
        "{}",
        ran.stderr
    );
    let report = stage.report();
    assert_eq!(
        (result(&report, 0), result(&report, 1)),
        ("passed", "failed")
    );
    assert_eq!(report["shots"][1]["outcome"], "succeeded");
    assert_eq!(report["totals"]["unexpected"], 1);
    assert!(stage.path("out/simulated/raven.mp4").is_file());
    let text = |name: &str| String::from_utf8(stage.read(name)).expect("it is text");
    assert!(
        text("j.xml")
            .contains("<failure message=\"black: 6 s at 0 s, expected none\" type=\"check\">")
    );
    assert!(text("m.md").contains("#### Not as expected (1)"));
    assert!(text("out/simulated/report.html").contains("6 s at 0 s"));

    // Told again: from the ledger, and by a run that has nothing to do.
    let again = stage.run(&["report", "shots.yaml", "--simulate", "--format", "github"]);
    assert!(
        again
            .stdout
            .contains("::error title=not as expected%3A raven::black"),
        "{}",
        again.stdout
    );
    let status = stage.run(&["status", "shots.yaml", "--simulate", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("it is JSON");
    assert_eq!(status["shots"][1]["state"], "unexpected");
    assert_eq!(status["shots"][1]["checks"]["result"], "failed");
    let idle = stage.apply(&[]);
    assert_eq!(idle.code, 101, "{}", idle.stderr);
    assert!(
        idle.stderr.contains("2 reused; 1 not as expected"),
        "{}",
        idle.stderr
    );
}

#[test]
fn what_is_expected_can_change_without_a_payment() {
    let stage = stage(SHOTS);
    stage.apply(&["--scenario", "black.yaml"]);
    let before = stage.report();
    stage.write("shots.yaml", &SHOTS.replace("black: false", "black: 10s"));
    let ran = stage.apply(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let after = stage.report();
    assert_eq!(after["totals"]["created"], 0);
    for shot in 0..2 {
        assert_eq!(
            before["shots"][shot]["fingerprint"],
            after["shots"][shot]["fingerprint"]
        );
        assert_eq!(result(&after, shot), "passed");
    }
}

#[test]
fn shots_can_be_chosen_by_their_checks_and_made_again() {
    let stage = stage(SHOTS);
    stage.apply(&["--scenario", "black.yaml"]);
    let unexpected = [
        "--only",
        "status(unexpected)",
        "--force",
        "status(unexpected)",
    ];
    let ran = stage.apply(&unexpected);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("1 of 1 shot done: 1 created; 1 as expected"),
        "{}",
        ran.stderr
    );
    let none = stage.apply(&unexpected);
    assert_eq!(none.code, 21, "{}", none.stderr);
}

#[test]
fn of_several_takes_some_may_fail() {
    let quorum = SHOTS.replace("black: false", "black: false, passes: 1 of 2");
    let stage = stage(&quorum);
    let first = stage.apply(&["--scenario", "black.yaml"]);
    assert_eq!(first.code, 101, "{}", first.stderr);
    let report = stage.report();
    assert_eq!(
        (result(&report, 0), result(&report, 1)),
        ("passed", "unknown")
    );
    let again = stage.apply(&["--force", "raven"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let takes = &stage.report()["shots"][1]["verdict"]["takes"];
    assert_eq!(takes["passed"], 1);
    assert_eq!(takes["failed"], 1);
}

#[test]
fn a_new_take_is_compared_with_the_one_that_was_accepted() {
    let like = "{ likeness: { accepted: close } }";
    let shots = SHOTS.replace(
        "{ size: 64x34, duration: 6s, fps: 24, codec: h264, audio: false, black: false }",
        like,
    );
    let stage = stage(&shots);
    let first = stage.apply(&[]);
    assert_eq!(first.code, 101, "{}", first.stderr);
    assert!(
        first.stderr.contains("no take was accepted"),
        "{}",
        first.stderr
    );
    for shot in 0..2 {
        let report = stage.report();
        let sha256 = report["shots"][shot]["video"]["sha256"]
            .as_str()
            .expect("a digest");
        let select = [
            "takes",
            "shots.yaml",
            "--simulate",
            "--select",
            &sha256[..12],
        ];
        let chosen = stage.run(&select);
        assert_eq!(chosen.code, 0, "{}", chosen.stderr);
    }
    let accepted = stage.apply(&[]);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    let black = stage.apply(&["--scenario", "black.yaml", "--force", "raven"]);
    assert_eq!(black.code, 101, "{}", black.stderr);
    let report = stage.report();
    assert_eq!(
        (result(&report, 0), result(&report, 1)),
        ("passed", "failed")
    );
}

#[test]
fn other_trouble_comes_before_checks() {
    let stage = stage(&SHOTS.replace("A fox", "A red fox"));
    let both =
        format!("{BLACK}  - {{ on: create, prompt_contains: red, then: {{ fail: 1027 }} }}\n");
    stage.write("black.yaml", &both);
    let ran = stage.apply(&["--scenario", "black.yaml"]);
    assert_eq!(ran.code, 100, "{}", ran.stderr);
    assert_eq!(stage.report()["totals"]["unexpected"], 1);
}

#[test]
fn every_flaw_of_the_simulator_is_found() {
    let stage = stage(
        "version: 1
backend: simulator
defaults: { model: MiniMax-Hailuo-2.3, duration: 6 }
shots:
  - { id: black, prompt: one of black, expect: { black: false } }
  - { id: frozen, prompt: one of frozen, expect: { frozen: 3s } }
  - { id: cut, prompt: one of cut, expect: { cuts: 0 } }
  - { id: small, prompt: one of small, expect: { size: 1366x768 } }
",
    );
    let rules = ["black", "frozen", "cut", "small"].map(|flaw| {
        format!("  - {{ on: create, prompt_contains: of {flaw}, then: {{ show: {flaw} }} }}\n")
    });
    stage.write("flaws.yaml", &format!("rules:\n{}", rules.concat()));
    // Tiny clips jump from picture to picture.
    let apply = |more: &[&str]| {
        let fast = ["apply", "shots.yaml", "--simulate", "--time-scale", "20000"];
        stage.run(&[&fast, more].concat())
    };
    let good = apply(&["--out", "good"]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    let ran = apply(&["--scenario", "flaws.yaml"]);
    assert_eq!(ran.code, 101, "{}", ran.stderr);
    let report = stage.report();
    let results = (0..4).map(|shot| result(&report, shot));
    assert_eq!(results.collect::<Vec<_>>(), ["failed"; 4], "{}", ran.stderr);
}
