//! `runner diff`: what is compared, what counts, and how it ends. How its page acts
//! is in `diff/look.mjs`.

mod support;

use serde_json::Value;
use support::{Ran, Stage};

const FILM: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }
limits: { creates_per_minute: unlimited }
shots:
  - { id: opening, prompt: \"A red boat at dawn. [Push in]\" }
  - { id: 镜头, prompt: 一只猫在雨中奔跑 }
  - { id: last, prompt: The end. }
";

/// The same film with other words, and a shot that has another name.
fn changed() -> String {
    FILM.replace("red", "blue")
        .replace('猫', "狗")
        .replace("id: last", "id: finale")
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    stage
}

/// Two output folders, of the film before and after.
fn two() -> Stage {
    let stage = stage();
    assert_eq!(stage.apply(&["--out", "a"]).code, 0);
    stage.write("shots.yaml", &changed());
    assert_eq!(stage.apply(&["--out", "b"]).code, 0);
    stage
}

fn diff(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["diff"][..], args].concat())
}

fn json(stage: &Stage, args: &[&str]) -> Value {
    let ran = diff(stage, &[args, &["--format", "json"]].concat());
    assert!(ran.code < 2, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect("it is JSON")
}

fn differs(found: &Value) -> Vec<String> {
    let shots = found["shots"].as_array().expect("a list");
    let line = |shot: &Value| {
        let groups = shot["differs"].as_array().expect("a list").iter();
        let groups: Vec<&str> = groups.filter_map(Value::as_str).collect();
        format!(
            "{}: {}",
            shot["id"].as_str().unwrap_or(""),
            groups.join(", ")
        )
    };
    shots.iter().map(line).collect()
}

#[test]
fn words_of_prompts_names_and_videos_are_told() {
    let stage = two();
    let ran = diff(&stage, &["a", "b"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for said in [
        "Report a → Report b",
        "prompt: A [-red-]{+blue+} boat at dawn. [Push in]",
        "prompt: 一只[-猫-]{+狗+}在雨中奔跑",
        "~ finale: was called last",
        "1 renamed, ",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
    assert_eq!(ran.stderr, "");
    // A folder means its report.
    let reports = diff(&stage, &["a/report.json", "b/report.json"]);
    assert_eq!(
        reports.stdout.lines().skip(1).collect::<Vec<_>>(),
        ran.stdout.lines().skip(1).collect::<Vec<_>>()
    );
    let chinese = diff(&stage, &["a", "b", "--lang", "zh"]);
    assert!(
        chinese.stdout.contains("报告 a → 报告 b"),
        "{}",
        chinese.stdout
    );
}

#[test]
fn what_differs_between_any_two_runs_is_no_difference() {
    let stage = stage();
    assert_eq!(stage.apply(&["--out", "a"]).code, 0);
    assert_eq!(stage.apply(&["--out", "b"]).code, 0);
    let ran = diff(&stage, &["a", "b"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("nothing differs: 3 shots are as they were"),
        "{}",
        ran.stdout
    );
    let same = json(&stage, &["a", "a"]);
    assert_eq!(same["same"], true);
    assert_eq!(same["totals"]["unchanged"], 3);
}

#[test]
fn what_is_ignored_does_not_count() {
    let stage = stage();
    assert_eq!(stage.apply(&["--out", "a"]).code, 0);
    // Another seed, other pictures: as the service does it with every take.
    assert_eq!(stage.apply(&["--out", "b", "--seed", "7"]).code, 0);
    assert_eq!(diff(&stage, &["a", "b"]).code, 1);
    assert_eq!(
        differs(&json(&stage, &["a", "b"])),
        ["opening: bytes", "镜头: bytes", "last: bytes"]
    );
    let ignored = diff(&stage, &["a", "b", "--ignore", "bytes"]);
    assert_eq!(ignored.code, 0, "{}", ignored.stdout);
    assert!(
        ignored.stdout.contains("ignored: bytes"),
        "{}",
        ignored.stdout
    );
}

#[test]
fn runs_are_named_with_their_folder_or_their_manifest() {
    let stage = stage();
    assert_eq!(stage.apply(&[]).code, 0);
    stage.write("shots.yaml", &FILM.replace("red", "blue"));
    assert_eq!(stage.apply(&[]).code, 0);
    // They were made in the first run, and were there in the second.
    let reused = ["镜头: decision", "last: decision"];
    for args in [
        &["shots.yaml", "--simulate"][..],
        &["shots.yaml", "--simulate", "--run", "previous"],
        &["shots.yaml@previous", "shots.yaml", "--simulate"],
        &["out/simulated"],
        &["out/simulated@previous", "out/simulated@latest"],
        &["out/simulated@previous", "out/simulated/report.json"],
    ] {
        let found = json(&stage, args);
        let differs = differs(&found);
        assert!(
            differs[0].starts_with("opening: prompt"),
            "{args:?}: {differs:?}"
        );
        assert_eq!(differs[1..], reused, "{args:?}");
    }
    let backwards = json(&stage, &["out/simulated@latest", "out/simulated@previous"]);
    assert_eq!(
        backwards["shots"][0]["after"]["prompt"],
        "A red boat at dawn. [Push in]"
    );
}

#[test]
fn plans_and_locks_are_compared_too_and_with_reports() {
    let stage = stage();
    let plan = |file: &str| {
        let ran = stage.run(&[
            "plan",
            "shots.yaml",
            "--simulate",
            "--out",
            "a",
            "--save",
            file,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let ran = stage.run(&["plan", "shots.yaml", "--simulate", "--out", "a", "--json"]);
        stage.write(&file.replace("plan.json", "printed"), &ran.stdout);
    };
    plan("old.plan.json");
    assert_eq!(stage.apply(&["--out", "a"]).code, 0);
    let lock = stage.run(&["lock", "shots.yaml", "--simulate", "--out", "a"]);
    assert_eq!(lock.code, 0, "{}", lock.stderr);
    stage.write(
        "old.lock",
        &String::from_utf8(stage.read("shots.lock")).expect("text"),
    );
    // What was planned is what was done, and what was locked.
    for (one, other) in [
        ("old.plan.json", "a"),
        ("a", "old.lock"),
        ("old.printed", "old.lock"),
        ("old.printed", "old.plan.json"),
    ] {
        let ran = diff(&stage, &[one, other]);
        assert_eq!(ran.code, 0, "{one} {other}: {}{}", ran.stdout, ran.stderr);
    }
    stage.write("shots.yaml", &FILM.replace("red", "blue"));
    plan("new.plan.json");
    let plans = json(
        &stage,
        &["old.plan.json", "new.plan.json", "--ignore", "decision"],
    );
    assert_eq!(plans["before"]["kind"], "plan");
    let opening = &plans["shots"][0];
    assert_eq!(opening["differs"][0], "prompt");
    assert_eq!(opening["changes"][0]["words"][1]["came"], "blue");
    let mixed = json(&stage, &["old.lock", "new.plan.json"]);
    assert_eq!(differs(&mixed), ["opening: prompt"]);
    let relocked = stage.run(&["lock", "shots.yaml", "--simulate", "--out", "a"]);
    assert_eq!(relocked.code, 0, "{}", relocked.stderr);
    let locks = json(&stage, &["old.lock", "shots.lock"]);
    assert_eq!(locks["shots"][0]["id"], "opening");
    assert_eq!(locks["shots"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_cannot_be_compared_ends_with_two_and_a_way_on() {
    let stage = two();
    stage.write("other.json", "{\"a\": 1}");
    stage.write("broken.json", "{\"schema_version\": ");
    stage.write("deep.json", &"[".repeat(100_000));
    stage.write(
        "newer.json",
        "{\"schema_version\": \"2.0\", \"run\": {}, \"totals\": {}}",
    );
    stage.write("empty.yaml", "shots: []");
    let errors = "{\"schema_version\": \"1.0\", \"valid\": false, \"error_count\": 1, \"warning_count\": 0, \"diagnostics\": []}";
    stage.write("errors.json", errors);
    for (args, said) in [
        (&["a", "nowhere"][..], "there is no `nowhere`"),
        (&["a", "other.json"], "no report, plan or lock"),
        (&["a", "broken.json"], "it is no JSON"),
        (&["a", "deep.json"], "it is no JSON"),
        (&["a", "newer.json"], "its format has version 2.0"),
        (&["a", "errors.json"], "its manifest had errors"),
        (&["a", "empty.yaml"], "no such run"),
        (&["a/report.json"], "two are compared"),
        (&["a", "b", "--run", "latest"], "b@latest"),
        (
            &["a", "--run", "1", "--run", "2", "--run", "3"],
            "more than two runs",
        ),
        (&["a@1999", "b"], "no such run"),
        (
            &["a", "b", "--format", "html", "-o", "no/where.html"],
            "no folder `no`",
        ),
        (&[], "required"),
        (&["a", "b", "--ignore", "nonsense"], "nonsense"),
    ] {
        let ran = diff(&stage, args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn the_schema_describes_what_is_printed() {
    let stage = two();
    let schema = stage.run(&["schema", "diff"]);
    let schema: Value = serde_json::from_str(&schema.stdout).expect("it is JSON");
    let schema = jsonschema::validator_for(&schema).expect("it is a schema");
    for args in [
        &["a", "b"][..],
        &["b", "a", "--ignore", "bytes,price"],
        &["a", "a"],
    ] {
        let found = json(&stage, args);
        let wrong: Vec<String> = schema
            .iter_errors(&found)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, [""; 0], "{args:?}");
    }
}

#[test]
fn every_form_goes_to_a_file_and_the_page_finds_the_videos() {
    let stage = two();
    std::fs::create_dir(stage.path("pages")).expect("a folder");
    let page = diff(
        &stage,
        &["a", "b", "--format", "html", "-o", "pages/diff.html"],
    );
    assert_eq!(
        (page.code, page.stdout.as_str()),
        (1, ""),
        "{}",
        page.stderr
    );
    let page = String::from_utf8(stage.read("pages/diff.html")).expect("text");
    for said in [
        "./../a/opening.mp4",
        "./../b/opening.mp4",
        "./../b/finale.mp4",
        "data:image/jpeg;base64,/9j/",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let markdown = diff(&stage, &["a", "b", "--format", "markdown", "-o", "diff.md"]);
    assert_eq!(markdown.code, 1);
    let markdown = String::from_utf8(stage.read("diff.md")).expect("text");
    assert!(markdown.starts_with("### ❌ 1 renamed"), "{markdown}");
    assert!(
        markdown.contains("A <del>red</del><ins>blue</ins> boat"),
        "{markdown}"
    );
    let folder = |name: &str| stage.path(name);
    std::fs::remove_file(folder("b/opening.mp4")).expect("it was there");
    let gone = diff(&stage, &["a", "b", "--format", "html"]);
    assert!(gone.stdout.contains("its video is not there any more"));
    assert!(!gone.stdout.contains("./b/opening.mp4"));
}
