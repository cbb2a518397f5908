//! `runner watch` beside an editor: what is saved is checked, and nothing is
//! written or sent.

mod support;

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use support::Stage;

const FILM: &str = "\
version: 1
vars: { city: Paris }
shots:
  - { id: opening, model: MiniMax-Hailuo-2.3, prompt: 'A boat in {{ city }}.' }
";

/// No test waits for longer; one that does has found a mistake.
const LONG: Duration = Duration::from_secs(60);

/// The program at work, and what it says, line by line.
struct Watching {
    process: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Watching {
    fn start(stage: &Stage, flags: &[&str]) -> Self {
        let mut process = stage
            .command()
            .args(["watch", "shots.yaml"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self {
            stdout: lines(process.stdout.take().expect("it was piped")),
            stderr: lines(process.stderr.take().expect("it was piped")),
            process,
        }
    }

    /// The next check, as a program reads it.
    fn check(&self) -> Value {
        let line = self.stdout.recv_timeout(LONG).expect("a check is told");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next check that says this of itself: a save may be seen half done.
    fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let check = self.check();
            if wanted(&check) {
                return check;
            }
        }
    }

    /// Everything up to the next line of a person's output that holds this text.
    fn line(stream: &Receiver<String>, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let line = stream.recv_timeout(LONG);
            let line = line.unwrap_or_else(|_| panic!("no `{text}` in {before:#?}"));
            let found = line.contains(text);
            before.push(line);
            if found {
                return before;
            }
        }
    }

    #[cfg(unix)]
    fn ends_with(mut self, signal: &str) -> Option<i32> {
        let id = self.process.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(sent.expect("kill is there").success());
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    // Ends with the process, whose end closes the stream.
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    stage
}

/// As editors save: a new file in the place of the old one.
fn save(stage: &Stage, name: &str, text: &str) {
    stage.write("beside", text);
    std::fs::rename(stage.path("beside"), stage.path(name)).expect("it can be renamed");
}

fn nothing_was_written(stage: &Stage) {
    assert!(!stage.path("out").exists(), "there is an output folder");
    assert!(!stage.path(".runner").exists(), "there is a ledger");
}

fn follows(flags: &[&str]) {
    let stage = stage();
    let watching = Watching::start(&stage, &[&["--json"], flags].concat());
    let first = watching.check();
    assert_eq!(
        (&first["check"], &first["valid"]),
        (&1.into(), &true.into())
    );
    assert_eq!(first["totals"]["create"], 1);
    assert!(first["changes"].is_null(), "{first}");

    save(&stage, "shots.yaml", &FILM.replace("boat", "ship"));
    let second = watching.until(|check| check["changes"] != Value::Array(Vec::new()));
    let change = &second["changes"][0];
    assert_eq!(
        (&change["id"], &change["fields"][0]),
        (&"opening".into(), &"prompt".into())
    );

    save(&stage, "shots.yaml", &FILM.replace("prompt", "promt"));
    let wrong = watching.until(|check| check["valid"] == false);
    assert!(
        wrong["totals"].is_null() && wrong["changes"].is_null(),
        "{wrong}"
    );
    assert_eq!(wrong["diagnostics"][0]["code"], "unknown-key");

    std::fs::remove_file(stage.path("shots.yaml")).expect("it can be removed");
    let gone = watching.until(|check| check["error"].is_string());
    assert_eq!(gone["valid"], false, "{gone}");

    // Compared with the last good one, and written in place this time.
    let two = format!("{FILM}  - {{ id: next, model: MiniMax-Hailuo-2.3, prompt: A bridge. }}\n");
    stage.write("shots.yaml", &two);
    let mended = watching.until(|check| check["totals"]["create"] == 2);
    assert_eq!(mended["changes"][0]["id"], "opening", "{mended}");
    assert_eq!(mended["changes"][1]["was"], Value::Null, "{mended}");
    nothing_was_written(&stage);
}

#[test]
fn every_save_is_checked_and_nothing_is_written() {
    follows(&[]);
}

#[test]
fn the_same_where_the_system_does_not_tell_of_changes() {
    follows(&["--poll=100ms"]);
}

#[test]
fn a_person_sees_mistakes_and_what_changed() {
    let stage = stage();
    let watching = Watching::start(&stage, &[]);
    Watching::line(&watching.stdout, "1 to create");
    save(
        &stage,
        "shots.yaml",
        &FILM.replace("{{ city }}", "{{ citi }}"),
    );
    Watching::line(&watching.stderr, "did you mean `city`?");
    save(
        &stage,
        "shots.yaml",
        &FILM.replace("id: opening", "id: start"),
    );
    let told = Watching::line(&watching.stdout, "- opening: gone");
    assert!(
        told.iter()
            .any(|line| line.contains("+ start: new, create")),
        "{told:#?}"
    );
    nothing_was_written(&stage);
}

#[test]
fn files_that_the_manifest_reads_are_watched_too() {
    let stage = stage();
    stage.write("more.yaml", "city: Lyon\n");
    let picture = "first_frame: stills/face.png";
    stage.write(
        "shots.yaml",
        &FILM.replace(".' }", &format!(".', {picture} }}")),
    );
    let watching = Watching::start(&stage, &["--json", "--vars-file", "more.yaml"]);
    let first = watching.check();
    assert_eq!(first["diagnostics"][0]["code"], "media", "{first}");
    // A picture that was missing, in a folder that was missing.
    let still = std::fs::read("tests/fixtures/bad/stills/wide.png").expect("it is there");
    std::fs::create_dir(stage.path("stills")).expect("it can be made");
    std::fs::write(stage.path("stills/face.png"), still).expect("it can be written");
    let message = |check: &Value| check["diagnostics"][0]["message"].clone();
    let told = watching.until(|check| message(check) != message(&first));
    assert_eq!(told["valid"], false, "{told}");
    stage.write("shots.yaml", FILM);
    let good = watching.until(|check| check["valid"] == true);
    save(&stage, "more.yaml", "city: Nice\n");
    let other = watching.until(|check| check["changes"][0]["fields"][0] == "prompt");
    assert!(other["check"].as_u64() > good["check"].as_u64());
}

#[test]
fn included_files_and_tables_are_watched_too() {
    let stage = stage();
    let rows = "{ id: crowd, foreach: acts/cast.csv, model: MiniMax-Hailuo-2.3, prompt: '{{ row.look }}' }";
    stage.write(
        "shots.yaml",
        &format!("{FILM}  - {rows}\ninclude: acts/one.yaml\n"),
    );
    stage.write("acts/cast.csv", "id,look\nmei,a courier\n");
    let watching = Watching::start(&stage, &["--json"]);
    let first = watching.check();
    assert_eq!(first["diagnostics"][0]["code"], "include", "{first}");
    // A file that was missing.
    save(&stage, "acts/one.yaml", "vars: { sky: blue }\n");
    let found = watching.until(|check| check["valid"] == true);
    assert_eq!(
        found["diagnostics"][0]["code"], "unused-variable",
        "{found}"
    );
    save(&stage, "acts/one.yaml", "looks: {}\n");
    watching.until(|check| check["diagnostics"] == serde_json::json!([]));
    save(&stage, "acts/cast.csv", "id,look\nmei,a captain\n");
    let other = watching.until(|check| check["changes"][0]["fields"][0] == "prompt");
    assert_eq!(other["changes"][0]["id"], "crowd-mei", "{other}");
}

#[test]
fn a_mistake_on_the_command_line_ends_it_at_once() {
    let stage = stage();
    assert_eq!(stage.run(&["watch", "missing.yaml"]).code, 2);
    assert_eq!(stage.run(&["watch", "shots.yaml", "--only", "(("]).code, 2);
    // A name may come with the next save.
    let watching = Watching::start(&stage, &["--json", "--only", "next"]);
    assert_eq!(watching.check()["diagnostics"][0]["code"], "filter");
    stage.write("shots.yaml", &FILM.replace("opening", "next"));
    watching.until(|check| check["valid"] == true);
}

#[cfg(unix)]
#[test]
fn leaving_is_no_error() {
    for (signal, code) in [("-INT", 0), ("-TERM", 143)] {
        let stage = stage();
        let watching = Watching::start(&stage, &["--json"]);
        watching.check();
        assert_eq!(watching.ends_with(signal), Some(code), "{signal}");
    }
}
