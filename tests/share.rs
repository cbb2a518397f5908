//! Machines that share a store, here a folder: what one paid for, no other pays for,
//! whatever lies in the store and whenever somebody is killed. The same against a real
//! S3 server is in `s3/share.py`.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runner::id::sha256_hex;
use runner::simulator::Simulator;
use serde_json::{Value, json};
use support::film::{billed, serving};
use support::{Ran, Simulated, Stage, ran};
use tokio::runtime::Runtime;

const FILM: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }
limits: { creates_per_minute: unlimited, poll_interval: 100ms }
shots:
  - { id: dawn, prompt: dawn }
  - { id: noon, prompt: noon, first_frame: { shot: dawn, frame: last } }
  - { id: dusk, prompt: dusk, first_frame: { shot: noon, frame: last } }
  - { id: boat, prompt: a boat }
";

/// Two machines, a service that both have an account at, and a shared folder.
struct Team {
    stage: Stage,
    simulator: Simulator,
    // Carries the simulator.
    _runtime: Runtime,
}

impl Team {
    fn new(rules: &Value) -> Self {
        let (runtime, simulator) = serving(rules);
        let stage = Stage::new();
        for machine in ["a", "b"] {
            stage.write(&format!("{machine}/shots.yaml"), FILM);
        }
        fs::create_dir(stage.path("team")).expect("it is new");
        Self {
            stage,
            simulator,
            _runtime: runtime,
        }
    }

    /// `runner COMMAND shots.yaml --store …` on a machine.
    fn command(&self, machine: &str, command: &str, args: &[&str]) -> Command {
        let mut program = self.stage.command();
        program
            .current_dir(self.stage.path(machine))
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", self.simulator.base_url())
            .args([command, "shots.yaml", "--store", "../team"])
            .args(args);
        program
    }

    fn run(&self, machine: &str, command: &str, args: &[&str]) -> Ran {
        ran(&mut self.command(machine, command, args))
    }

    /// The same, and nothing may go wrong.
    fn does(&self, machine: &str, command: &str, args: &[&str]) -> String {
        let ran = self.run(machine, command, args);
        assert_eq!(ran.code, 0, "{machine}: {command}: {}", ran.stderr);
        ran.stderr
    }

    fn billed(&self) -> usize {
        billed(&self.simulator).values().sum()
    }

    /// Name and digest of every video of a machine.
    fn videos(&self, machine: &str) -> Vec<(String, String)> {
        let folder = self.stage.path(&format!("{machine}/out"));
        let videos = support::files(folder.to_str().expect("a plain name"), "mp4");
        let digest = |path: &PathBuf| sha256_hex(&fs::read(path).expect("it is there"));
        videos
            .iter()
            .map(|path| (support::name(path), digest(path)))
            .collect()
    }

    /// Requests of which the store knows something.
    fn requests(&self) -> usize {
        let entries = self.objects("entries");
        let folders: BTreeSet<_> = entries.iter().map(|entry| entry.parent()).collect();
        folders.len()
    }

    /// Every object of the store below a folder.
    fn objects(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.stage.path("team/v1").join(below), &mut found);
        found.sort();
        found
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("it can be listed").path();
        // What is still being written has another ending.
        let is_object = |path: &Path| {
            path.extension()
                .is_some_and(|end| end == "json" || end == "mp4")
        };
        if path.is_dir() {
            walk(&path, found);
        } else if is_object(&path) {
            found.push(path);
        }
    }
}

#[test]
fn what_one_machine_paid_for_the_other_has_without_paying() {
    let team = Team::new(&json!([]));
    let first = team.does("a", "apply", &[]);
    assert!(first.contains("pushed to ../team: 4 videos"), "{first}");
    assert_eq!(team.billed(), 4);
    assert_eq!((team.objects("videos").len(), team.requests()), (4, 4));

    // Noon asks for a frame of dawn: it can be asked for only when dawn has come.
    let second = team.does("b", "apply", &[]);
    assert!(
        second.contains("pulled from ../team for 4 shots: 4 videos"),
        "{second}"
    );
    assert!(!second.contains("pushed"), "{second}");
    assert_eq!(team.billed(), 4, "{second}");
    assert_eq!(team.videos("a"), team.videos("b"));

    // And nobody asks or sends anything once more.
    for machine in ["a", "b"] {
        let again = team.does(machine, "apply", &[]);
        assert!(!again.contains("team"), "{again}");
    }
    assert_eq!(team.billed(), 4);
    let status = team.run("b", "pull", &["--dry-run"]);
    assert_eq!(
        (status.code, status.stdout.as_str()),
        (0, ""),
        "{}",
        status.stderr
    );
}

#[test]
fn push_and_pull_by_hand_list_first_and_move_once() {
    let team = Team::new(&json!([]));
    let mut alone = team.command("a", "apply", &[]);
    alone
        .env("RUNNER_STORE", "")
        .args(["--only", "boat | dawn"]);
    // The flag of the helper is the one that counts; this run pushes.
    assert_eq!(ran(&mut alone).code, 0);
    fs::remove_dir_all(team.stage.path("team/v1")).expect("it is there");

    let list = team.run("a", "push", &["--dry-run", "--only", "boat"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    assert!(
        list.stdout.starts_with("boat  boat.mp4  "),
        "{}",
        list.stdout
    );
    assert_eq!(list.stdout.lines().count(), 1, "{}", list.stdout);
    assert!(team.objects("").is_empty());

    let pushed = team.does("a", "push", &["--only", "boat"]);
    assert!(pushed.contains("1 video ("), "{pushed}");
    let pushed = team.does("a", "push", &[]);
    assert!(pushed.contains("1 payment; 1 were there"), "{pushed}");

    let list = team.run("b", "pull", &["--dry-run"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    assert_eq!(list.stdout.lines().count(), 2, "{}", list.stdout);
    assert!(!team.stage.path("b/out").exists(), "nothing was made");
    team.does("b", "pull", &[]);
    assert_eq!(team.videos("a"), team.videos("b"));
    let again = team.does("b", "pull", &[]);
    assert!(again.contains("has nothing new for"), "{again}");
    // What was pulled is in the ledger as it was written: sending it back changes nothing.
    let back = team.does("b", "push", &[]);
    assert!(
        back.contains("0 videos (0 kB) and 0 payments; 2 were there"),
        "{back}"
    );
    assert_eq!(team.objects("entries").len(), 2);
}

#[test]
fn a_task_that_is_under_way_is_collected_by_whoever_comes() {
    let slow = json!([{ "on": "query", "prompt_contains": "boat", "times": 3,
                        "then": { "status": "Thinking" } }]);
    let team = Team::new(&slow);
    let first = team.run("a", "apply", &["--only", "boat", "--deadline", "150ms"]);
    assert_eq!(first.code, 102, "{}", first.stderr);
    team.does("b", "apply", &["--only", "boat"]);
    assert_eq!(team.billed(), 1);
    assert_eq!(team.videos("b").len(), 1);
    // The first one takes the video from the store, not from the service.
    let pulled = team.does("a", "apply", &["--only", "boat"]);
    assert!(pulled.contains("1 video ("), "{pulled}");
    assert_eq!(team.videos("a"), team.videos("b"));
    assert_eq!(team.billed(), 1);
}

#[test]
fn a_creation_that_nobody_answered_stops_the_others_too_until_it_is_settled() {
    let cut = json!([{ "on": "create", "times": 1, "then": { "cut": "after" } }]);
    let team = Team::new(&cut);
    let first = team.run("a", "apply", &["--only", "boat"]);
    assert_eq!(first.code, 103, "{}", first.stderr);
    let second = team.run("b", "apply", &["--only", "boat"]);
    assert_eq!(second.code, 103, "{}", second.stderr);
    assert_eq!(team.billed(), 1);
    let task = support::film::task_of(&team.simulator, "a boat").expect("it was created");
    let resolve = ran(team
        .stage
        .command()
        .current_dir(team.stage.path("a"))
        .args(["resolve", "shots.yaml", "boat", "--task", &task]));
    assert_eq!(resolve.code, 0, "{}", resolve.stderr);
    team.does("a", "apply", &["--only", "boat"]);
    team.does("b", "apply", &["--only", "boat"]);
    assert_eq!(team.billed(), 1);
    assert_eq!(team.videos("a"), team.videos("b"));
}

#[test]
fn both_paid_before_they_shared_and_both_takes_are_kept() {
    let team = Team::new(&json!([]));
    // Of another seed, so that its videos are others.
    let elsewhere = Simulated::start(&["--seed", "7"]);
    let services = [
        ("a", team.simulator.base_url()),
        ("b", elsewhere.address().to_owned()),
    ];
    for (machine, service) in services {
        let mut alone = team.stage.command();
        alone
            .current_dir(team.stage.path(machine))
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", service)
            .args(["apply", "shots.yaml", "--only", "boat"]);
        assert_eq!(ran(&mut alone).code, 0);
    }
    let before = (team.videos("a"), team.videos("b"));
    team.does("a", "push", &[]);
    team.does("b", "push", &[]);
    let told = team.does("a", "pull", &["--only", "boat"]);
    assert!(
        told.contains("boat: was paid for here and elsewhere"),
        "{told}"
    );
    team.does("b", "pull", &["--only", "boat"]);
    assert_eq!(team.videos("a"), before.1, "the later one counts on both");
    assert_eq!(team.videos("b"), before.1);
    for machine in ["a", "b"] {
        team.does(machine, "apply", &["--only", "boat"]);
        let takes = team.stage.path(&format!("{machine}/out/takes"));
        assert_eq!(fs::read_dir(takes).expect("there is one").count(), 1);
    }
    assert_eq!(team.billed(), 1, "nothing more than before");
}

#[test]
fn a_store_that_is_away_stops_the_run_before_it_pays() {
    let team = Team::new(&json!([]));
    fs::remove_dir(team.stage.path("team")).expect("it is empty");
    let stopped = team.run("a", "apply", &["--only", "boat"]);
    assert_eq!(stopped.code, 2, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("there is no folder ../team"),
        "{}",
        stopped.stderr
    );
    assert_eq!(team.billed(), 0);
    let on = team.run("a", "apply", &["--only", "boat", "--store-optional"]);
    assert_eq!(on.code, 0, "{}", on.stderr);
    assert!(
        on.stderr.contains("going on without the shared store"),
        "{}",
        on.stderr
    );
    assert_eq!(team.billed(), 1);
    assert!(!team.stage.path("team").exists(), "runner makes no store");
    // It is back: the next run sends what the last one could not.
    fs::create_dir(team.stage.path("team")).expect("it is new");
    let sent = team.does("a", "apply", &["--only", "boat"]);
    assert!(sent.contains("pushed to ../team: 1 video"), "{sent}");
}

#[test]
fn an_entry_that_was_tampered_with_is_named_and_nothing_is_paid_over_it() {
    let team = Team::new(&json!([]));
    team.does("a", "apply", &["--only", "boat"]);
    for entry in team.objects("entries") {
        let text = fs::read_to_string(&entry).expect("it is text");
        fs::write(entry, text.replace("a boat", "a goat")).expect("the folder is everybody's");
    }
    let stopped = team.run("b", "apply", &["--only", "boat"]);
    assert_eq!(stopped.code, 101, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("its content does not fit its name"),
        "{}",
        stopped.stderr
    );
    assert!(
        stopped.stderr.contains("`v1/entries/"),
        "{}",
        stopped.stderr
    );
    assert_eq!(team.billed(), 1);
    assert_eq!(team.run("b", "pull", &["--only", "boat"]).code, 101);
    let on = team.run("b", "apply", &["--only", "boat", "--store-optional"]);
    assert_eq!(on.code, 0, "{}", on.stderr);
    assert_eq!(team.billed(), 2);
}

#[test]
fn a_video_that_was_exchanged_is_fetched_from_the_service_instead() {
    let team = Team::new(&json!([]));
    team.does("a", "apply", &["--only", "boat | dawn"]);
    let [one, two] = &team.objects("videos")[..] else {
        panic!("there are two")
    };
    // Two whole videos, each under the other's name.
    let (first, second) = (
        fs::read(one).expect("it is there"),
        fs::read(two).expect("it is there"),
    );
    fs::write(one, &second).expect("the folder is everybody's");
    fs::write(two, &first[..first.len() / 2]).expect("the folder is everybody's");
    let on = team.run("b", "apply", &["--only", "boat | dawn"]);
    assert_eq!(on.code, 0, "{}", on.stderr);
    assert!(on.stderr.contains("it is left alone"), "{}", on.stderr);
    assert_eq!(
        team.billed(),
        2,
        "it was paid for, and the service still has it"
    );
    assert_eq!(team.videos("a"), team.videos("b"));
    // What is in the store stays as it is, and whoever pushes hears of it.
    let pushed = team.run("a", "push", &[]);
    assert_eq!(pushed.code, 101, "{}", pushed.stderr);
    assert_eq!(fs::read(one).expect("it is there"), second);
}

/// A machine that is gone the moment after it paid: what it knew is in the store.
#[test]
fn a_machine_that_is_lost_leaves_its_task_to_the_next() {
    let slow = json!([{ "on": "query", "times": 1000, "then": { "status": "Thinking" } }]);
    let team = Team::new(&slow);
    let mut lost = team
        .command("a", "apply", &["--only", "boat"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    while team.objects("entries").is_empty() {
        assert!(
            lost.try_wait().expect("it runs").is_none(),
            "it waits for its task"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    lost.kill().expect("it runs");
    lost.wait().expect("it ended");
    fs::remove_dir_all(team.stage.path("a/out")).expect("it is there");
    let next = team.run("b", "apply", &["--only", "boat", "--deadline", "150ms"]);
    assert_eq!(next.code, 102, "{}", next.stderr);
    let plan = ran(team
        .stage
        .command()
        .current_dir(team.stage.path("b"))
        .env("MINIMAX_BASE_URL", team.simulator.base_url())
        .args(["plan", "shots.yaml", "--only", "boat", "--json"]));
    let plan: Value = serde_json::from_str(&plan.stdout).expect("it is JSON");
    assert_eq!(plan["shots"][0]["decision"], "resume");
    assert_eq!(team.billed(), 1);
}

/// Killed at any moment, and started again: all is there, once, and nothing is paid.
#[test]
fn a_pull_that_is_killed_is_finished_by_the_next() {
    let team = Team::new(&json!([]));
    team.does("a", "apply", &[]);
    for wait in [0, 2, 5, 10, 20, 40, 80] {
        let mut killed = team
            .command("b", "pull", &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(std::time::Duration::from_millis(wait));
        // It may be done already; that is a moment, too.
        let _ = killed.kill();
        killed.wait().expect("it ended");
    }
    team.does("b", "pull", &[]);
    team.does("b", "apply", &[]);
    assert_eq!(team.billed(), 4);
    assert_eq!(team.videos("a"), team.videos("b"));
    assert!(
        !team.stage.path("b/out/takes").exists(),
        "nothing came twice"
    );
}

#[test]
fn pushes_at_once_write_each_object_once() {
    let team = Team::new(&json!([]));
    team.does("a", "apply", &[]);
    team.does("b", "pull", &[]);
    fs::remove_dir_all(team.stage.path("team/v1")).expect("it is there");
    let spawn = |machine: &str| {
        team.command(machine, "push", &[])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    };
    let pushes = ["a", "b"].map(spawn);
    let mut written = 0;
    for push in pushes {
        let output = push.wait_with_output().expect("it ends");
        let told = String::from_utf8(output.stderr).expect("it is text");
        assert_eq!(output.status.code(), Some(0), "{told}");
        let (_, sum) = told.rsplit_once(" and ").expect("it says so");
        let count = sum.split(' ').next().expect("a number");
        written += count.parse::<usize>().expect("a number");
    }
    assert_eq!(written, 4);
    assert_eq!(
        (team.objects("videos").len(), team.objects("entries").len()),
        (4, 4)
    );
}

#[test]
fn a_simulated_film_is_shared_as_well_and_never_taken_for_a_paid_one() {
    let stage = Stage::new();
    for machine in ["a", "b"] {
        stage.write(&format!("{machine}/shots.yaml"), FILM);
        stage.write(&format!("{machine}/runner.yaml"), "store: ../team\n");
    }
    fs::create_dir(stage.path("team")).expect("it is new");
    let apply = |machine: &str| {
        let mut command = stage.command();
        command.current_dir(stage.path(machine)).args([
            "apply",
            "shots.yaml",
            "--simulate",
            "--clips",
            "tiny",
            "--time-scale",
            "20000",
        ]);
        ran(&mut command)
    };
    for machine in ["a", "b"] {
        let ran = apply(machine);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let report = stage.read("b/out/simulated/report.json");
    let report: Value = serde_json::from_slice(&report).expect("it is JSON");
    for shot in report["shots"].as_array().expect("a list") {
        assert_eq!(shot["decision"], "reuse", "{shot}");
    }
    for name in ["dawn", "noon", "dusk", "boat"] {
        let of = |machine| stage.read(&format!("{machine}/out/simulated/{name}.mp4"));
        assert_eq!(of("a"), of("b"), "{name}");
    }
    let paid = ran(stage
        .command()
        .current_dir(stage.path("b"))
        .args(["pull", "shots.yaml"]));
    assert_eq!(paid.code, 0, "{}", paid.stderr);
    assert!(paid.stderr.contains("has nothing new"), "{}", paid.stderr);
}

#[test]
fn what_is_no_store_is_said_without_its_keys() {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    for (store, what) in [
        ("s3://AKIA:sk-hidden-key@team", "holds no keys"),
        ("ftp://team", "`ftp://` is no kind of shared store"),
        ("s3://team/../x", "a `..`"),
    ] {
        let ran = stage.run(&["pull", "shots.yaml", "--store", store]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hidden"), "{}", ran.stderr);
    }
    let none = stage.run(&["push", "shots.yaml"]);
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("no shared store is named"),
        "{}",
        none.stderr
    );
}

/// Nobody listens there: said before anything is paid, with a code of its own.
#[test]
fn a_bucket_that_does_not_answer_stops_the_run_and_no_key_is_said() {
    let team = Team::new(&json!([]));
    let mut command = team.stage.command();
    command
        .current_dir(team.stage.path("a"))
        .env("MINIMAX_API_KEY", "sk-api-of-a-test")
        .env("MINIMAX_BASE_URL", team.simulator.base_url())
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_ACCESS_KEY_ID", "AKIA-HIDDEN-0000")
        .env("AWS_SECRET_ACCESS_KEY", "hidden-and-long-enough")
        .args(["apply", "shots.yaml", "--store", "s3://team/films"]);
    let ran = ran(&mut command);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        !ran.stderr.to_lowercase().contains("hidden"),
        "{}",
        ran.stderr
    );
    assert_eq!(team.billed(), 0);
}
