//! Runs that end at any moment: the program is killed, or the ledger's story is
//! cut after every one of its events. Then the same manifest is run again, and
//! every shot is paid for once.

#[path = "crash/cuts.rs"]
mod cuts;
mod support;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use runner::ledger::Ledger;
use runner::simulator::{Clips, Scenario, Settings, Simulator};
use runner::spec::Spec;
use serde_json::{Value, json};
use support::film::{billed, halves, manifest, prompt, task_of};
use support::{Ran, Stage, ran};

/// Kills that hit a living process; films are shot until there were as many.
const KILLS: usize = 220;

/// How often each film is killed, in time or not.
const TRIES: u64 = 5;

/// More films than this are not needed even where a run ends at once.
const FILMS: u64 = 500;

/// Films at once: most of the time each waits.
const AT_ONCE: usize = 3;

/// Less than the length of a run that nobody kills, with its start.
const LENGTH: Duration = Duration::from_millis(350);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_at_any_moment_pays_once() {
    let hits = AtomicUsize::new(0);
    let uncertain = AtomicUsize::new(0);
    futures::stream::iter(0..FILMS)
        .take_while(|_| std::future::ready(hits.load(Ordering::Relaxed) < KILLS))
        .for_each_concurrent(AT_ONCE, |seed| {
            let (hits, uncertain) = (&hits, &uncertain);
            async move {
                let (hit, settled) = film(seed).await;
                hits.fetch_add(hit, Ordering::Relaxed);
                uncertain.fetch_add(settled, Ordering::Relaxed);
            }
        })
        .await;
    let (hits, uncertain) = (hits.into_inner(), uncertain.into_inner());
    assert!(hits >= KILLS, "only {hits} kills came in time");
    assert!(
        uncertain > 0,
        "no kill came between a create and its answer"
    );
}

/// A laptop that is closed and opened again: the process stands still, and the
/// world goes on without it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_sleeps_in_between_pays_once() {
    futures::stream::iter(0..8)
        .for_each_concurrent(AT_ONCE, asleep_in_between)
        .await;
}

#[cfg(unix)]
async fn asleep_in_between(seed: u64) {
    let mut dice = Dice(seed + 1_000);
    let set = Set::new(&mut dice).await;
    let mut command = set.command();
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    let id = child.id().to_string();
    let signal = |name: &'static str| {
        let killed = Command::new("kill").args([name, &id]).output();
        // It may be over already; then there is nothing to stop.
        killed.expect("every unix has kill");
    };
    for _ in 0..3 {
        tokio::time::sleep(LENGTH.mul_f64(dice.fraction() / 3.0)).await;
        signal("-STOP");
        tokio::time::sleep(LENGTH.mul_f64(dice.fraction())).await;
        signal("-CONT");
    }
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    let output = ended.await.expect("no panic").expect("it is our child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "film {seed}: {said}");
    let all: HashMap<String, usize> = set.shots.iter().map(|id| (prompt(id), 1)).collect();
    assert_eq!(billed(&set.simulator), all, "film {seed}: {said}");
    set.holds(seed);
}

/// Shoots one film, killed again and again. Returns how many kills came in time,
/// and how many creations a person had to settle.
async fn film(seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed);
    let set = Set::new(&mut dice).await;
    let mut hits = 0;
    for _ in 0..TRIES {
        let moment = LENGTH.mul_f64(dice.fraction());
        hits += usize::from(set.killed_after(moment).await);
        set.holds(seed);
    }
    let mut settled = 0;
    let mut last = set.apply().await;
    if last.code == 103 {
        settled = set.settle(seed).await;
        last = set.apply().await;
    }
    assert_eq!(last.code, 0, "film {seed}: {}", last.stderr);
    set.holds(seed);
    let billed = billed(&set.simulator);
    let all: HashMap<String, usize> = set.shots.iter().map(|id| (prompt(id), 1)).collect();
    assert_eq!(billed, all, "film {seed}");
    for id in &set.shots {
        let video = set.stage.path(&format!("out/{id}.mp4"));
        assert!(video.exists(), "film {seed}: {id}");
    }
    (hits, settled)
}

/// Half of the shots start from a frame of one before them.
fn chained(manifest: &str, shots: &[String], dice: &mut Dice) -> String {
    let mut text = manifest.to_owned();
    for (at, shot) in shots.iter().enumerate().skip(1) {
        if dice.below(2) == 0 {
            let source = &shots[dice.below(at as u64) as usize];
            let alone = format!("prompt: {} }}", prompt(shot));
            let after = format!(
                "prompt: {}, first_frame: {{ shot: {source} }} }}",
                prompt(shot)
            );
            text = text.replace(&alone, &after);
        }
    }
    text
}

/// One storyboard, its folder and its service.
struct Set {
    stage: Stage,
    simulator: Simulator,
    shots: Vec<String>,
    concurrency: String,
}

impl Set {
    async fn new(dice: &mut Dice) -> Self {
        let shots: Vec<String> = (0..=dice.below(6)).map(|n| format!("shot{n}")).collect();
        let stage = Stage::new();
        stage.write("shots.yaml", &chained(&manifest(&shots), &shots, dice));
        // Answers that take a while: what a kill can come between.
        let rules = json!({ "rules": [
            { "on": "create", "every": 2, "then": { "delay_ms": 40, "accepted": true } },
            { "on": "create", "nth": 3, "then": { "code": 1002 } },
            { "on": "download", "every": 3, "then": { "delay_ms": 40 } },
            { "on": "query", "every": 4, "then": { "delay_ms": 40 } },
        ] });
        let scenario: Scenario = serde_json::from_value(rules).expect("the rules are good");
        let settings = Settings {
            seed: dice.below(1_000),
            time_scale: 2_000,
            clips: Clips::Tiny,
            scenario,
            ..Settings::default()
        };
        let simulator = Simulator::start(settings, Spec::bundled()).await;
        Self {
            stage,
            simulator: simulator.expect("loopback has a free port"),
            shots,
            concurrency: (1 + dice.below(4)).to_string(),
        }
    }

    fn command(&self) -> Command {
        let mut command = self.stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", self.simulator.base_url())
            .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
            .args(["--concurrency", &self.concurrency]);
        command
    }

    /// Starts the program and kills it; whether it was still running.
    async fn killed_after(&self, moment: Duration) -> bool {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child: Child = command.spawn().expect("the program starts");
        // The moment is what is tested; nothing is waited for.
        tokio::time::sleep(moment).await;
        child.kill().expect("it is our child");
        let ended = tokio::task::spawn_blocking(move || child.wait());
        let status = ended.await.expect("waiting does not panic");
        status.expect("it is our child").code().is_none()
    }

    async fn apply(&self) -> Ran {
        let mut command = self.command();
        let ended = tokio::task::spawn_blocking(move || ran(&mut command));
        ended.await.expect("the program can be run")
    }

    /// What has to hold at every moment.
    fn holds(&self, seed: u64) {
        let out = self.stage.path("out");
        assert_eq!(halves(&out), None, "film {seed}");
        for (prompt, tasks) in billed(&self.simulator) {
            assert_eq!(tasks, 1, "film {seed}: {prompt} was paid for twice");
        }
        if let Err(error) = Ledger::read(&ledger(&self.stage)) {
            panic!("film {seed}: {error}");
        }
    }

    /// Does as a person would who looks into the vendor's console.
    async fn settle(&self, seed: u64) -> usize {
        let records = Ledger::read(&ledger(&self.stage)).expect("the ledger opens");
        let uncertain = records.iter().filter(|record| record.state.is_uncertain());
        let mut settled = 0;
        for record in uncertain {
            let shot = record.shot.as_str();
            let task = task_of(&self.simulator, &prompt(shot));
            let mut command = self.stage.command();
            command.args(["resolve", "shots.yaml", shot]);
            match &task {
                Some(task) => command.args(["--task", task]),
                None => command.arg("--lost"),
            };
            let ended = tokio::task::spawn_blocking(move || ran(&mut command));
            let resolved = ended.await.expect("the program can be run");
            assert_eq!(resolved.code, 0, "film {seed}: {}", resolved.stderr);
            settled += 1;
        }
        assert!(settled > 0, "film {seed}: uncertain, and yet nothing is");
        settled
    }
}

fn ledger(stage: &Stage) -> PathBuf {
    stage.path("out/.runner/ledger.sqlite")
}

/// Numbers that a seed decides (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn fraction(&mut self) -> f64 {
        self.below(1_000) as f64 / 1_000.0
    }
}

/// The value of a report's field, for what only the report says.
fn report(stage: &Stage) -> Value {
    serde_json::from_slice(&stage.read("out/report.json")).expect("it is JSON")
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_kill_left_is_told_in_the_next_report() {
    let set = Set::new(&mut Dice(5)).await;
    // Killed while its first create is on the way: the answer takes forever.
    let stall = json!([{ "on": "create", "then": { "stall": true, "accepted": true } }]);
    let simulator = support::film::service(&stall).await;
    let set = Set { simulator, ..set };
    let mut child = set
        .command()
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while set.simulator.billed() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
    set.simulator.end_trouble();
    let again = set.apply().await;
    assert_eq!(again.code, 103, "{}", again.stderr);
    let report = report(&set.stage);
    assert_eq!(report["shots"][0]["outcome"], "uncertain");
    let reason = report["shots"][0]["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("the run ended before the answer"),
        "{reason}"
    );
    assert!(again.stderr.contains("runner resolve"), "{}", again.stderr);
}
