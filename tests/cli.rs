//! The program as a person uses it: commands, files, exit codes.

mod support;

use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};
use support::{Simulated, Stage, files, name, program, ran};

const TWO: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - id: one
    prompt: A boat. [Push in]
  - id: two
    prompt: A lighthouse.
    duration: 10
";

fn stage(manifest: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", manifest);
    stage
}

fn shot<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["shots"]
        .as_array()
        .expect("a list of shots")
        .iter()
        .find(|shot| shot["id"] == id)
        .unwrap_or_else(|| panic!("no shot {id}"))
}

/// Times are added to clocks, and clocks end.
#[test]
fn times_beyond_every_clock_leave_a_paid_shot_to_be_collected() {
    let stage = stage(
        "\
version: 1
limits: { poll_interval: 500000000000y, deadline: 1s, creates_per_minute: 1.0e-300 }
shots: [{ id: one, model: MiniMax-Hailuo-2.3, prompt: A boat. }]
",
    );
    let slow = ["apply", "shots.yaml", "--simulate", "--clips", "tiny"];
    let ran = stage.run(&[&slow[..], &["--time-scale", "1"]].concat());
    assert_eq!(ran.code, 102, "{}", ran.stderr);
}

/// Opening it would wait for somebody who writes.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_picture() {
    let stage = stage(
        "\
version: 1
shots: [{ id: one, model: MiniMax-Hailuo-2.3, prompt: A boat., first_frame: pipe.png }]
",
    );
    let made = Command::new("mkfifo").arg(stage.path("pipe.png")).status();
    assert!(made.expect("every Unix has mkfifo").success());
    let ran = stage.run(&["check", "shots.yaml"]);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    assert!(ran.stderr.contains("it is not a file"), "{}", ran.stderr);
}

#[test]
fn every_storyboard_of_the_project_checks_and_plans() {
    let mut manifests = files("manifests", "yaml");
    assert!(manifests.len() >= 5);
    manifests.push("manifests/film/film.yaml".into());
    manifests.push("manifests/ci/shots.yaml".into());
    for manifest in manifests {
        let file = manifest.to_str().expect("a plain name");
        let checked = ran(program().args(["check", file]));
        assert_eq!(checked.code, 0, "{file}\n{}", checked.stderr);
        let planned = ran(program().args(["plan", file, "--json"]));
        assert_eq!(planned.code, 0, "{file}\n{}", planned.stderr);
        let plan: Value = serde_json::from_str(&planned.stdout).expect("a plan is JSON");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_suffix(name(&manifest));
        settings.bind(|| insta::assert_snapshot!("plan", summary(&plan)));
    }
}

/// What a reviewer wants to see of a plan: one line a shot, and its prompt.
fn summary(plan: &Value) -> String {
    let mut text = String::new();
    for shot in plan["shots"].as_array().expect("a list of shots") {
        let price = match &shot["price"] {
            Value::Null => "no price".to_owned(),
            price => format!("{} {}", price["amount"], price["currency"]),
        };
        let _ = write!(
            text,
            "{} {} {} {} {} {}s {price} -> {}\n    {}\n",
            shot["id"],
            shot["decision"],
            shot["mode"],
            shot["model"],
            shot["resolution"],
            shot["duration_s"],
            shot["file"],
            shot["request"]
        );
    }
    format!("{text}{}", plan["totals"])
}

#[test]
fn apply_makes_videos_and_a_report_that_fits_its_schema() {
    let stage = stage(TWO);
    let applied = stage.apply(&[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let schema: Value =
        serde_json::from_str(&stage.run(&["schema", "report"]).stdout).expect("the schema is JSON");
    let report = stage.report();
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(&report)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(shot(&report, "two")["video"]["duration_ms"], 10_000);
    let bytes = stage.read("out/simulated/one.mp4");
    assert_eq!(shot(&report, "one")["video"]["bytes"], bytes.len());
}

#[test]
fn a_second_run_creates_nothing_and_says_why() {
    let stage = stage(TWO);
    stage.apply(&[]);
    let first = stage.report();
    let again = stage.apply(&[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let second = stage.report();
    for id in ["one", "two"] {
        assert_eq!(shot(&second, id)["decision"], "reuse");
        assert_eq!(shot(&second, id)["video"], shot(&first, id)["video"]);
    }
    assert_eq!(
        second["totals"]["created"],
        json!(0),
        "{}",
        second["totals"]
    );
}

#[test]
fn only_what_changed_is_made_and_the_old_take_is_kept() {
    let stage = stage(TWO);
    stage.apply(&[]);
    let old = stage.read("out/simulated/two.mp4");
    stage.write("shots.yaml", &TWO.replace("lighthouse", "harbour"));
    let applied = stage.apply(&[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let report = stage.report();
    assert_eq!(shot(&report, "one")["decision"], "reuse");
    assert_eq!(shot(&report, "two")["decision"], "replace");
    assert_eq!(shot(&report, "two")["reason"], "changed: prompt");
    let takes = files(
        stage.path("out/simulated/takes").to_str().expect("plain"),
        "mp4",
    );
    assert_eq!(takes.len(), 1);
    assert_eq!(std::fs::read(&takes[0]).expect("it can be read"), old);

    // Changed back: the first take is found again, nothing is paid.
    stage.write("shots.yaml", TWO);
    stage.apply(&[]);
    assert_eq!(shot(&stage.report(), "two")["decision"], "reuse");
    assert_eq!(stage.read("out/simulated/two.mp4"), old);
}

#[test]
fn a_renamed_shot_keeps_its_video() {
    let stage = stage(TWO);
    stage.apply(&[]);
    stage.write("shots.yaml", &TWO.replace("id: one", "id: opening"));
    let applied = stage.apply(&[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert_eq!(shot(&stage.report(), "opening")["decision"], "reuse");
    assert_eq!(
        stage.read("out/simulated/opening.mp4"),
        stage.read("out/simulated/one.mp4")
    );
}

#[test]
fn a_deleted_video_is_fetched_again_without_paying() {
    let stage = stage(TWO);
    // The service outlives the run, as the real one does.
    let simulator = Simulated::start(&[]);
    assert_eq!(stage.apply_at(&simulator, &[]).code, 0);
    let whole = stage.read("out/one.mp4");
    std::fs::remove_file(stage.path("out/one.mp4")).expect("it was there");
    let again = stage.apply_at(&simulator, &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(stage.read("out/one.mp4"), whole);
    let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
    assert_eq!(shot(&report, "one")["decision"], "resume");
    assert_eq!(report["totals"]["created"], 0);
}

#[test]
fn a_simulated_task_that_its_process_took_along_is_made_anew() {
    let stage = stage(TWO);
    stage.apply(&[]);
    std::fs::remove_file(stage.path("out/simulated/one.mp4")).expect("it was there");
    let again = stage.apply(&[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(shot(&stage.report(), "one")["decision"], "create");
    assert_eq!(shot(&stage.report(), "two")["decision"], "reuse");
}

#[test]
fn without_a_key_the_error_names_both_ways_on() {
    let stage = stage(TWO);
    let refused = stage.run(&["apply", "shots.yaml"]);
    assert_eq!(refused.code, 3);
    insta::assert_snapshot!(refused.stderr);
    assert!(!stage.path("out").exists(), "nothing was begun");
}

#[test]
fn the_budget_is_checked_before_the_first_call() {
    let stage = stage(TWO);
    let mut command = stage.command();
    command
        .env("MINIMAX_API_KEY", "sk-test")
        .env("MINIMAX_BASE_URL", "http://127.0.0.1:1")
        .args(["apply", "shots.yaml", "--max-cost", "0.50 USD"]);
    let refused = ran(&mut command);
    assert_eq!(refused.code, 30, "{}", refused.stderr);
    insta::assert_snapshot!(refused.stderr);
}

#[test]
fn a_service_that_cannot_be_reached_costs_nothing() {
    let stage = stage(&TWO.replace("shots:", "limits: { deadline: 1s }\nshots:"));
    let mut command = stage.command();
    command
        .env("MINIMAX_API_KEY", "sk-test-secret")
        .env("MINIMAX_BASE_URL", "http://127.0.0.1:1")
        .args(["apply", "shots.yaml", "--only", "one"]);
    let unreachable = ran(&mut command);
    assert_eq!(unreachable.code, 6, "{}", unreachable.stderr);
    assert!(!unreachable.stderr.contains("sk-test-secret"));
    let report = String::from_utf8(stage.read("out/report.json")).expect("text");
    assert!(!report.contains("sk-test-secret"));
}

#[test]
fn every_kind_of_end_has_its_exit_code() {
    let stage = stage(TWO);
    assert_eq!(stage.run(&["check", "shots.yaml"]).code, 0);
    assert_eq!(stage.run(&["frobnicate"]).code, 2);
    assert_eq!(stage.run(&["check", "missing.yaml"]).code, 2);
    assert_eq!(stage.apply(&["--only", "three"]).code, 21);
    stage.write("shots.yaml", &TWO.replace("768P", "9000P"));
    assert_eq!(stage.run(&["check", "shots.yaml"]).code, 20);
    assert_eq!(stage.apply(&[]).code, 20);
    assert!(
        !stage.path("out").exists(),
        "one mistake, and nothing was begun"
    );
}

#[test]
fn troubles_of_the_service_end_as_documented() {
    let trouble = |rules: &str| {
        let stage = stage(TWO);
        stage.write("trouble.yaml", rules);
        let applied = stage.apply(&["--scenario", "trouble.yaml"]);
        let report = stage.report();
        (applied, shot(&report, "one")["outcome"].clone(), stage)
    };
    let only_one = "prompt_contains: boat";
    let (applied, outcome, _) = trouble(&format!(
        "rules:\n  - {{ on: create, {only_one}, then: {{ code: 1026 }} }}"
    ));
    assert_eq!(
        (applied.code, outcome),
        (100, json!("failed")),
        "{}",
        applied.stderr
    );
    let (applied, outcome, _) = trouble(&format!(
        "rules:\n  - {{ on: create, {only_one}, then: {{ code: 1004 }} }}"
    ));
    assert_eq!(
        (applied.code, outcome),
        (3, json!("failed")),
        "{}",
        applied.stderr
    );
    let (applied, outcome, _) = trouble(&format!(
        "rules:\n  - {{ on: create, {only_one}, then: {{ code: 1008 }} }}"
    ));
    assert_eq!(
        (applied.code, outcome),
        (4, json!("failed")),
        "{}",
        applied.stderr
    );
    let (applied, outcome, _) = trouble(&format!(
        "rules:\n  - {{ on: create, {only_one}, times: 2, then: {{ code: 1002 }} }}"
    ));
    assert_eq!(
        (applied.code, outcome),
        (0, json!("succeeded")),
        "{}",
        applied.stderr
    );
}

#[test]
fn an_uncertain_creation_is_never_sent_again_by_itself() {
    let stage = stage(TWO);
    stage.write(
        "trouble.yaml",
        "rules:\n  - { on: create, prompt_contains: boat, then: { cut: after } }\n",
    );
    let scenario = stage.path("trouble.yaml");
    let simulator = Simulated::start(&["--scenario", scenario.to_str().expect("plain")]);
    for _ in 0..3 {
        let applied = stage.apply_at(&simulator, &[]);
        assert_eq!(applied.code, 103, "{}", applied.stderr);
    }
    let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
    assert_eq!(shot(&report, "one")["outcome"], "uncertain");
    assert_eq!(shot(&report, "one")["run"]["attempts"], json!([]));
    assert_eq!(shot(&report, "two")["outcome"], "succeeded");
    let planned = stage.run(&["plan", "shots.yaml"]);
    assert_eq!(planned.code, 103);
    assert!(
        planned.stdout.contains("?  one   uncertain"),
        "{}",
        planned.stdout
    );

    // A person looks, and says that nothing is there: only then is it sent again.
    let wrong = stage.run(&["resolve", "shots.yaml", "two", "--lost"]);
    assert_eq!(wrong.code, 21, "{}", wrong.stderr);
    let settled = stage.run(&["resolve", "shots.yaml", "one", "--lost"]);
    assert_eq!(settled.code, 0, "{}", settled.stderr);
    let address = simulator.address().to_owned();
    let planned = ran(stage.command().env("MINIMAX_BASE_URL", address).args([
        "plan",
        "shots.yaml",
        "--json",
    ]));
    let plan: Value = serde_json::from_str(&planned.stdout).expect("a plan is JSON");
    assert_eq!(shot(&plan, "one")["decision"], "create");
    assert_eq!(shot(&plan, "two")["decision"], "reuse");
}

#[test]
fn a_task_that_was_found_is_collected_without_paying() {
    let stage = stage(TWO);
    stage.write(
        "trouble.yaml",
        "rules:\n  - { on: create, prompt_contains: boat, times: 1, then: { cut: after } }\n",
    );
    let scenario = stage.path("trouble.yaml");
    let simulator = Simulated::start(&["--scenario", scenario.to_str().expect("plain")]);
    assert_eq!(stage.apply_at(&simulator, &[]).code, 103);
    // The console would show it; the same seed gives the same request the same id.
    let other = Stage::new();
    other.write("shots.yaml", TWO);
    let twin = Simulated::start(&[]);
    assert_eq!(other.apply_at(&twin, &[]).code, 0);
    let report: Value = serde_json::from_slice(&other.read("out/report.json")).expect("JSON");
    let task = shot(&report, "one")["task_id"]
        .as_str()
        .expect("it was made");
    let settled = stage.run(&["resolve", "shots.yaml", "one", "--task", task]);
    assert_eq!(settled.code, 0, "{}", settled.stderr);
    let collected = stage.apply_at(&simulator, &[]);
    assert_eq!(collected.code, 0, "{}", collected.stderr);
    let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
    assert_eq!(shot(&report, "one")["decision"], "resume");
    assert_eq!(shot(&report, "one")["outcome"], "succeeded");
}

#[test]
fn a_task_is_not_asked_for_at_another_address() {
    let stage = stage(TWO);
    let simulator = Simulated::start(&[]);
    assert_eq!(stage.apply_at(&simulator, &[]).code, 0);
    std::fs::remove_file(stage.path("out/one.mp4")).expect("it was there");
    let elsewhere = Simulated::start(&[]);
    let applied = stage.apply_at(&elsewhere, &[]);
    assert_eq!(applied.code, 102, "{}", applied.stderr);
    assert!(
        applied.stderr.contains(simulator.address()),
        "{}",
        applied.stderr
    );
    assert_eq!(stage.apply_at(&simulator, &[]).code, 0);
    assert!(stage.path("out/one.mp4").exists());
}

#[test]
fn another_take_keeps_the_one_before() {
    let stage = stage(TWO);
    let first = Simulated::start(&["--seed", "1"]);
    assert_eq!(stage.apply_at(&first, &[]).code, 0);
    let old = stage.read("out/one.mp4");
    let second = Simulated::start(&["--seed", "2"]);
    let forced = stage.apply_at(&second, &["--force", "one"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_ne!(stage.read("out/one.mp4"), old);
    let takes = files(stage.path("out/takes").to_str().expect("plain"), "mp4");
    assert_eq!(takes.len(), 1);
    assert_eq!(std::fs::read(&takes[0]).expect("it can be read"), old);
    // Without the flag nothing is made again.
    let again = stage.apply_at(&second, &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
    assert_eq!(report["totals"]["reused"], 2, "{}", report["totals"]);
    assert_eq!(stage.apply_at(&second, &["--force", "three"]).code, 21);
}

#[test]
fn a_take_that_comes_to_nothing_leaves_the_one_before() {
    let stage = stage(TWO);
    let good = Simulated::start(&[]);
    assert_eq!(stage.apply_at(&good, &[]).code, 0);
    let old = stage.read("out/one.mp4");
    stage.write(
        "trouble.yaml",
        "rules:\n  - { on: create, prompt_contains: boat, then: { code: 1026 } }\n  - { on: create, prompt_contains: lighthouse, then: { fail: 1027 } }\n",
    );
    let scenario = stage.path("trouble.yaml");
    let bad = Simulated::start(&["--scenario", scenario.to_str().expect("plain")]);
    let forced = stage.apply_at(&bad, &["--force", "one", "--force", "two"]);
    assert_eq!(forced.code, 100, "{}", forced.stderr);
    assert_eq!(stage.read("out/one.mp4"), old);
    let again = stage.apply_at(&bad, &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
    assert_eq!(report["totals"]["reused"], 2, "{}", report["totals"]);
}

#[test]
fn the_wire_is_told_of_where_it_is_asked_for() {
    let help = ran(program().args(["apply", "--help"])).stdout;
    assert!(help.contains("-v, --verbose"), "{help}");
    let stage = stage(TWO);
    let told = stage.apply(&["--progress", "none", "--verbose"]);
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (0, ""),
        "{}",
        told.stderr
    );
    let lines = told.stderr.lines().filter(|line| line.contains(", trace "));
    let calls: Vec<&str> = lines.filter_map(|line| line.get(25..33)).collect();
    for (call, times) in [("create  ", 2), ("locate  ", 2), ("download", 2)] {
        let found = calls.iter().filter(|found| **found == call).count();
        assert_eq!(found, times, "{call}\n{}", told.stderr);
    }
    assert!(calls.contains(&"poll    "), "{}", told.stderr);
    let again = stage.apply(&["--progress", "none", "--force", "one"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(!again.stderr.contains("trace"), "{}", again.stderr);
}

#[test]
fn help_shows_an_example_for_every_command() {
    for command in [
        "init",
        "completions",
        "man",
        "check",
        "plan",
        "graph",
        "animatic",
        "apply",
        "status",
        "runs",
        "report",
        "diff",
        "takes",
        "push",
        "pull",
        "merge",
        "sheet",
        "export",
        "cut",
        "retime",
        "resolve",
        "frames",
        "probe",
        "simulate",
        "explain",
        "schema",
        "config",
        "doctor",
    ] {
        let help = ran(program().args([command, "--help"]));
        assert_eq!(help.code, 0);
        assert!(
            help.stdout.contains("Example"),
            "{command}\n{}",
            help.stdout
        );
    }
    insta::assert_snapshot!(ran(program().arg("--help")).stdout);
}
