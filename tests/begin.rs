//! Beginning a storyboard, following a run from another terminal, and what shells
//! and manuals are given.

mod support;

use std::process::Stdio;

use serde_json::Value;
use support::{Ran, Simulated, Stage, ran};

fn init(stage: &Stage, args: &[&str]) -> Ran {
    let ran = ran(stage.command().arg("init").args(args));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}

/// `check` has nothing to say, and `apply` makes every shot.
fn works(stage: &Stage, file: &str, shots: usize) {
    let checked = stage.run(&["check", file]);
    assert_eq!(
        (checked.code, checked.stderr.as_str()),
        (0, ""),
        "{}",
        checked.stdout
    );
    let fast = ["--clips", "tiny", "--time-scale", "20000"];
    let applied = ran(stage
        .command()
        .args(["apply", file, "--simulate"])
        .args(fast));
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let done = format!("{shots} of {shots} shots done");
    assert!(applied.stderr.contains(&done), "{}", applied.stderr);
}

#[test]
fn every_example_works_as_it_is_written() {
    for (example, shots) in [("minimal", 2), ("chain", 3), ("film", 5)] {
        let stage = Stage::new();
        init(&stage, &["--example", example]);
        works(&stage, "shots.yaml", shots);
    }
}

#[test]
fn the_commands_that_are_printed_work_word_for_word() {
    let stage = Stage::new();
    let begun = init(&stage, &["my film/night.yaml"]);
    insta::assert_snapshot!(begun.stderr);
    let text = String::from_utf8(stage.read("my film/night.yaml")).expect("text");
    assert!(text.starts_with("# yaml-language-server: $schema=night.schema.json\n"));
    let schema: Value =
        serde_json::from_slice(&stage.read("my film/night.schema.json")).expect("a schema is JSON");
    assert!(schema["properties"]["shots"].is_object());
    works(&stage, "my film/night.yaml", 2);
}

#[test]
fn nothing_is_overwritten() {
    let stage = Stage::new();
    stage.write("shots.yaml", "mine");
    stage.write(".gitignore", "target/\n");
    let begun = init(&stage, &[]);
    insta::assert_snapshot!(begun.stderr);
    assert_eq!(stage.read("shots.yaml"), b"mine");
    assert_eq!(stage.read(".gitignore"), b"target/\n");
    let again = init(&stage, &[]);
    assert!(!again.stderr.contains("wrote"), "{}", again.stderr);
}

#[test]
fn pictures_of_a_folder_become_shots_in_the_order_of_their_names() {
    let stage = Stage::new();
    for (name, side, grey) in [
        ("still10.png", 400, 10),
        ("still2.png", 400, 20),
        ("镜头 \"一\".png", 400, 30),
        ("no.png", 400, 40),
        ("stamp.png", 20, 50),
    ] {
        let path = stage.path(name);
        image::RgbImage::from_pixel(side, side, image::Rgb([grey; 3]))
            .save(path)
            .expect("a picture");
    }
    stage.write("notes.txt", "not a picture");
    let begun = init(&stage, &[]);
    assert!(
        begun.stderr.contains("4 shots from the pictures"),
        "{}",
        begun.stderr
    );
    assert!(
        begun.stderr.contains("left out stamp.png: "),
        "{}",
        begun.stderr
    );
    let text = String::from_utf8(stage.read("shots.yaml")).expect("text");
    insta::assert_snapshot!(text);
    works(&stage, "shots.yaml", 4);
}

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let stage = Stage::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stage.run(&["completions", shell]);
        assert_eq!((script.code, script.stderr.as_str()), (0, ""));
        for word in ["apply", "simulate", "concurrency"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn manual_pages_are_put_in_a_folder() {
    let stage = Stage::new();
    let written = stage.run(&["man", "pages/man1"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let page = String::from_utf8(stage.read("pages/man1/runner-apply.1")).expect("text");
    assert!(
        page.contains("\nrunner apply shots.yaml \\-\\-simulate\n"),
        "{page}"
    );
    let own = stage.run(&["man"]);
    assert!(own.stdout.contains(".SH SUBCOMMANDS"), "{}", own.stdout);
}

const FILM: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3 }
shots:
  - { id: boat, prompt: A boat }
  - { id: 灯塔, prompt: A lighthouse }
";

#[test]
fn a_run_is_followed_from_another_terminal() {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    // The lighthouse is done at once, the boat never.
    let rules = "rules:\n  - { on: query, prompt_contains: boat, then: { status: Thinking } }\n";
    stage.write("slow.yaml", rules);
    let scenario = stage.path("slow.yaml");
    let service = Simulated::start(&["--scenario", scenario.to_str().expect("a plain name")]);
    let mut run = stage
        .command()
        .env("MINIMAX_API_KEY", "sk-api-of-a-test")
        .env("MINIMAX_BASE_URL", service.address())
        .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
        .args(["--deadline", "6s", "--progress", "none"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let look = |args: &[&str]| {
        let mut command = stage.command();
        command.env("MINIMAX_BASE_URL", service.address());
        ran(command.args(["status", "shots.yaml"]).args(args))
    };
    let status = |text: &str| -> Value { serde_json::from_str(text).expect("a status is JSON") };
    // Until both are where they stay.
    loop {
        let seen = status(&look(&["--json"]).stdout);
        let boat = &seen["shots"][0];
        if boat["service_status"] == "Thinking" && seen["counts"]["saved"] == 1 {
            assert_eq!(
                (&seen["running"], &boat["state"]),
                (&true.into(), &"running".into())
            );
            break;
        }
        assert!(run.try_wait().expect("a process").is_none(), "{seen}");
    }
    let table = look(&[]);
    assert!(table.stdout.contains("\n灯塔  saved"), "{}", table.stdout);
    assert!(table.stdout.contains("Thinking"), "{}", table.stdout);
    assert!(
        table.stdout.contains("a run is going on in "),
        "{}",
        table.stdout
    );

    let watched = look(&["--watch", "--json"]);
    assert_eq!(watched.code, 0, "{}", watched.stderr);
    let seen: Vec<Value> = watched.stdout.lines().map(status).collect();
    let (first, last) = (seen.first().expect("a line"), seen.last().expect("a line"));
    assert_eq!(
        (&first["running"], &last["running"]),
        (&true.into(), &false.into())
    );
    assert!(first["run"]["finished_at"].is_null() && last["run"]["finished_at"].is_string());
    assert_eq!(run.wait().expect("a process").code(), Some(102));
}
