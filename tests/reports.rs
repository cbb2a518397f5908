//! Reports for machines, and any past run again: also one that was killed.

mod support;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;
use support::{Ran, Stage, ran};

const TWO: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - id: one
    prompt: A boat. [Push in]
  - id: 灯塔
    prompt: A lighthouse.
";

fn stage(manifest: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", manifest);
    stage
}

fn told(stage: &Stage, args: &[&str]) -> Ran {
    let ran = stage.run(&[&["report", "shots.yaml", "--simulate"][..], args].concat());
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    ran
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn outcome<'r>(report: &'r Value, id: &str) -> &'r str {
    let shots = report["shots"].as_array().expect("a list of shots");
    let shot = shots
        .iter()
        .find(|shot| shot["id"] == id)
        .expect("the shot");
    shot["outcome"].as_str().expect("a word")
}

#[test]
fn any_run_is_told_again_as_it_was() {
    let stage = stage(TWO);
    let first = stage.apply(&["--progress", "json"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let kept = String::from_utf8(stage.read("out/simulated/report.json")).expect("text");
    assert_eq!(told(&stage, &["--format", "json"]).stdout, kept);
    assert_eq!(told(&stage, &["--format", "jsonl"]).stdout, first.stdout);
    let again = stage.apply(&["--only", "one"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let previous = told(&stage, &["--run", "previous", "--format", "json"]);
    assert_eq!(previous.stdout, kept);
    let latest = json(&told(&stage, &["--format", "json"]).stdout);
    assert_eq!(latest["totals"]["reused"], 1);
    let id = json(&kept)["run"]["run_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for name in [&id[..], &id[id.len() - 12..]] {
        let named = told(&stage, &["--run", name, "--format", "json"]);
        assert_eq!(named.stdout, kept, "{name}");
    }
    let folder = stage.run(&[
        "report",
        "out/simulated",
        "--run",
        "previous",
        "--format",
        "json",
    ]);
    assert_eq!(folder.stdout, kept);
    let words = told(&stage, &["--run", "previous"]).stdout;
    assert!(words.starts_with("2 of 2 shots done: 2 created"), "{words}");
}

#[test]
fn runs_that_are_not_there_are_said_to_be_missing() {
    let stage = stage(TWO);
    let none = stage.run(&["report", "shots.yaml", "--simulate"]);
    assert_eq!(none.code, 2, "{}", none.stderr);
    assert_eq!(stage.apply(&[]).code, 0);
    assert_eq!(stage.apply(&[]).code, 0);
    for (name, said) in [("1999", "there is no such run"), ("20", "names 2 runs")] {
        let ran = stage.run(&["report", "shots.yaml", "--simulate", "--run", name]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.stderr.contains(said), "{name}: {}", ran.stderr);
    }
    let elsewhere = stage.run(&["report", "shots.yaml"]);
    assert!(
        elsewhere.stderr.contains("--simulate"),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn a_killed_run_is_told_as_far_as_it_came() {
    let stage = stage(TWO);
    let mut command = stage.command();
    // A task takes minutes at the speed of life: it is killed long before.
    command.args(["apply", "shots.yaml", "--simulate", "--clips", "tiny"]);
    command.args(["--time-scale", "1", "--progress", "json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut seen = String::new();
    let stdout = child.stdout.take().expect("a pipe");
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("text");
        seen.push_str(&line);
        seen.push('\n');
        if seen.matches("\"create_accepted\"").count() == 2 {
            break;
        }
    }
    child.kill().expect("it runs");
    child.wait().expect("it is our child");
    let lines = told(&stage, &["--format", "jsonl"]).stdout;
    assert!(lines.starts_with(&seen), "{lines}\nafter\n{seen}");
    let report = json(&told(&stage, &["--format", "json"]).stdout);
    assert_eq!(report["finished"], false);
    assert_eq!(outcome(&report, "one"), "pending");
    assert_eq!(outcome(&report, "灯塔"), "pending");
    let junit = told(&stage, &["--format", "junit"]).stdout;
    let suites = junit_parser::from_reader(junit.as_bytes()).expect("JUnit");
    assert_eq!(suites.suites[0].cases.len(), 2);
    let page = told(&stage, &["--format", "markdown"]).stdout;
    assert!(page.contains("**the run was cut off**"), "{page}");
    let runs = stage.run(&["runs", "shots.yaml", "--simulate"]);
    assert!(runs.stdout.contains("cut off"), "{}", runs.stdout);
    assert!(
        runs.stdout.contains("0 of 2 done, 2 pending"),
        "{}",
        runs.stdout
    );
}

#[test]
fn runs_are_listed_the_latest_first() {
    let stage = stage(TWO);
    let empty = stage.run(&["runs", "shots.yaml", "--simulate"]);
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert_eq!(stage.apply(&[]).code, 0);
    assert_eq!(stage.apply(&["--only", "one"]).code, 0);
    let runs = stage.run(&["runs", "shots.yaml", "--simulate", "--json"]);
    let runs = json(&runs.stdout);
    let list = runs["runs"].as_array().expect("a list");
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["totals"]["reused"], 1);
    assert_eq!(list[1]["totals"]["created"], 2);
    assert_eq!(list[1]["state"], "finished");
    let short = stage.run(&["runs", "shots.yaml", "--simulate", "--limit", "1"]);
    assert!(
        short.stdout.ends_with("and 1 earlier ones: --limit 2\n"),
        "{}",
        short.stdout
    );
}

#[test]
fn a_run_writes_the_forms_that_are_asked_for() {
    let stage = stage(TWO);
    let forms = [
        "--report",
        "junit=junit.xml",
        "--report",
        "markdown=page.md",
    ];
    let quiet = ran(stage
        .command()
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", stage.path("summary.md"))
        .args([
            "apply",
            "shots.yaml",
            "--simulate",
            "--clips",
            "tiny",
            "--time-scale",
            "20000",
        ])
        .args(forms));
    assert_eq!(quiet.code, 0, "{}", quiet.stderr);
    assert!(
        !stage.path("summary.md").exists(),
        "only when it is asked for"
    );
    let junit = String::from_utf8(stage.read("junit.xml")).expect("text");
    let suites = junit_parser::from_reader(junit.as_bytes()).expect("JUnit");
    assert!(
        suites.suites[0]
            .cases
            .iter()
            .all(|case| case.status.is_success())
    );
    let page = String::from_utf8(stage.read("page.md")).expect("text");
    assert_eq!(page, told(&stage, &["--format", "markdown"]).stdout);
    assert_eq!(junit, told(&stage, &["--format", "junit"]).stdout);
    let on_disk = ["report", "out/simulated/report.json", "--format", "junit"];
    assert_eq!(stage.run(&on_disk).stdout, junit);
    let events = stage.run(&["report", "out/simulated/report.json", "--format", "jsonl"]);
    assert_eq!(events.code, 2, "{}", events.stderr);
}

/// Nothing is created after the first refusal, and the reports are written all the same.
#[test]
fn a_job_on_github_is_told_what_went_wrong() {
    let stage = stage(TWO);
    stage.write("summary.md", "what stood there before\n");
    let ran = ran(stage
        .command()
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", stage.path("summary.md"))
        // Nobody listens there.
        .env("MINIMAX_API_KEY", "sk-api-of-a-test")
        .env("MINIMAX_BASE_URL", "http://127.0.0.1:1")
        .args([
            "apply",
            "shots.yaml",
            "--yes",
            "--deadline",
            "1s",
            "--progress",
            "lines",
        ])
        .args(["--report", "github", "--report", "junit=junit.xml"]));
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("\n::error title="), "{}", ran.stderr);
    let summary = String::from_utf8(stage.read("summary.md")).expect("text");
    assert!(
        summary.starts_with("what stood there before\n### ❌ shots.yaml"),
        "{summary}"
    );
    let junit = String::from_utf8(stage.read("junit.xml")).expect("text");
    assert!(!junit.contains("sk-api-of-a-test"), "{junit}");
    let suites = junit_parser::from_reader(junit.as_bytes()).expect("JUnit");
    let cases = &suites.suites[0].cases;
    assert!(cases.iter().all(|case| case.status.is_error()), "{junit}");
}

#[test]
fn mistakes_are_marked_in_the_manifest() {
    let few = stage("version: 1\nshots:\n  - id: one\n    promt: A boat, 50%.\n");
    let ran = few.run(&["check", "shots.yaml", "--format", "github"]);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout);
    let mut many = String::from("version: 1\nshots:\n");
    for number in 0..40 {
        writeln!(many, "  - id: shot-{number}\n    promt: A boat.").expect("memory is there");
    }
    let ran = stage(&many).run(&["check", "shots.yaml", "--format", "github"]);
    assert!(ran.stdout.lines().count() <= 10, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("and 39 more like this"),
        "{}",
        ran.stdout
    );
    let fine = stage(TWO).run(&["check", "shots.yaml", "--format", "github"]);
    assert_eq!((fine.code, fine.stdout.as_str()), (0, ""));
}
