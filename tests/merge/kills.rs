//! Shards that are killed, run again, merged in between and merged again, by
//! processes that are killed, too: every shot is paid for once.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use runner::simulator::Simulator;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::support::film::{billed, halves, manifest, prompt, serving, task_of};
use super::support::{Ran, Stage, ran};
use super::{merge, report, three_shards, videos};

/// Films that are made in shards.
const FILMS: u64 = 12;

/// How long a part of a film takes at least, with the start of the program.
const LENGTH: Duration = Duration::from_millis(300);

/// Numbers that a seed decides (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn moment(&mut self) -> Duration {
        LENGTH * u32::try_from(self.below(100)).expect("it is small") / 100
    }
}

struct Set {
    stage: Stage,
    simulator: Simulator,
    runtime: Runtime,
    shots: Vec<String>,
    count: u64,
}

impl Set {
    fn new(dice: &mut Dice) -> Self {
        let shots: Vec<String> = (0..=3 + dice.below(7))
            .map(|n| format!("shot{n}"))
            .collect();
        let mut text = manifest(&shots);
        for at in 1..shots.len() {
            if dice.below(3) == 0 {
                let source = &shots[usize::try_from(dice.below(at as u64)).expect("small")];
                let alone = format!("prompt: {} }}", prompt(&shots[at]));
                let after = format!(
                    "prompt: {}, first_frame: {{ shot: {source} }} }}",
                    prompt(&shots[at])
                );
                text = text.replace(&alone, &after);
            }
        }
        let stage = Stage::new();
        stage.write("shots.yaml", &text);
        // Answers that take a while: what a kill can come between.
        let (runtime, simulator) = serving(&json!([
            { "on": "create", "every": 2, "then": { "delay_ms": 30, "accepted": true } },
            { "on": "create", "nth": 3, "then": { "code": 1002 } },
            { "on": "download", "every": 3, "then": { "delay_ms": 30 } },
        ]));
        Self {
            stage,
            simulator,
            runtime,
            shots,
            count: 1 + dice.below(4),
        }
    }

    fn apply(&self, index: u64) -> Command {
        let mut command = self.stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", self.simulator.base_url())
            .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
            .args(["--shard", &format!("{index}/{}", self.count)])
            .args(["--run-id", "ci", "--out", &format!("s{index}")]);
        command
    }

    fn merge(&self, indexes: impl Iterator<Item = u64>) -> Command {
        let mut command = self.stage.command();
        command.arg("merge");
        // A shard that was killed at once may have no ledger yet.
        let folders = indexes.map(|index| format!("s{index}"));
        let has_ledger = |folder: &String| {
            let ledger = format!("{folder}/.runner/ledger.sqlite");
            self.stage.path(&ledger).exists()
        };
        command
            .args(folders.filter(has_ledger))
            .args(["--out", "out"]);
        command
    }

    /// Says of every creation of a shard that nobody answered what became of it.
    fn settle(&self, index: u64) {
        let out = format!("s{index}");
        let told = report(&self.stage, &out);
        for shot in told["shots"].as_array().expect("a list") {
            if shot["outcome"] != "uncertain" {
                continue;
            }
            let id = shot["id"].as_str().expect("an id");
            let mut command = self.stage.command();
            command.args(["resolve", "shots.yaml", id, "--out", &out]);
            match task_of(&self.simulator, &prompt(id)) {
                Some(task) => command.args(["--task", &task]),
                None => command.arg("--lost"),
            };
            let resolved = ran(&mut command);
            assert_eq!(resolved.code, 0, "{}", resolved.stderr);
        }
    }

    /// Runs a shard until all of it is there.
    fn finish(&self, index: u64, seed: u64) {
        for _ in 0..4 {
            let Ran { code, stderr, .. } = ran(&mut self.apply(index));
            match code {
                0 => return,
                103 => self.settle(index),
                _ => panic!("film {seed}: {code}: {stderr}"),
            }
        }
        panic!("film {seed}: shard {index} does not come to its end");
    }
}

/// Whether it was still running.
fn killed(command: &mut Command, moment: Duration) -> bool {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    // The moment is what is tested; nothing is waited for.
    std::thread::sleep(moment);
    child.kill().expect("it is our child");
    child.wait().expect("it is our child").code().is_none()
}

#[test]
fn no_shot_is_lost_or_paid_twice_whoever_is_killed() {
    let mut hits = 0;
    for seed in 1..=FILMS {
        let mut dice = Dice(seed);
        let set = Set::new(&mut dice);
        for index in 1..=set.count {
            hits += usize::from(killed(&mut set.apply(index), dice.moment()));
        }
        // What there is of it is merged, then the shards go on where they stopped.
        let some: Vec<u64> = (1..=set.count).filter(|_| dice.below(2) == 0).collect();
        let mut early = set.merge(some.iter().copied());
        if early.get_args().count() > 3 {
            let early = ran(&mut early);
            let codes = [0, 100, 101, 102, 103];
            assert!(codes.contains(&early.code), "film {seed}: {}", early.stderr);
        }
        for index in 1..=set.count {
            set.finish(index, seed);
        }
        let moment = Duration::from_millis(dice.below(40));
        hits += usize::from(killed(&mut set.merge(1..=set.count), moment));
        let last = ran(&mut set.merge(1..=set.count));
        assert_eq!(last.code, 0, "film {seed}: {}", last.stderr);
        let told: Value = report(&set.stage, "out");
        assert_eq!(told["totals"]["succeeded"], set.shots.len(), "film {seed}");
        let billed = billed(&set.simulator);
        let all: HashMap<String, usize> = set.shots.iter().map(|id| (prompt(id), 1)).collect();
        assert_eq!(billed, all, "film {seed}");
        assert_eq!(halves(&set.stage.path("out")), None, "film {seed}");
        assert_eq!(
            videos(&set.stage, "out").len(),
            set.shots.len(),
            "film {seed}"
        );
        drop(set.runtime);
    }
    assert!(hits > FILMS as usize / 2, "only {hits} kills came in time");
}

#[test]
fn a_merge_that_is_killed_is_made_again() {
    let stage = Stage::new();
    stage.write("shots.yaml", super::FILM);
    let shards = three_shards(&stage);
    assert_eq!(merge(&stage, &shards, "whole").code, 0);
    // When so many of its videos are there, and once at the very beginning.
    let mut hits = 0;
    for there in [0, 1, 3, 6, 9, 11] {
        let out = format!("killed-{there}");
        let mut command = stage.command();
        command.arg("merge").args(shards).args(["--out", &out]);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let folder = stage.path(&out);
        let count = || fs::read_dir(&folder).map_or(0, Iterator::count);
        // One of them is the folder of the state.
        while count() < there + 1 && child.try_wait().expect("it is our child").is_none() {}
        child.kill().expect("it is our child");
        hits += usize::from(child.wait().expect("it is our child").code().is_none());
        assert_eq!(halves(&folder), None);
        let again = merge(&stage, &shards, &out);
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(videos(&stage, &out), videos(&stage, "whole"));
        assert_eq!(
            stage.read(&format!("{out}/report.json")),
            stage.read("whole/report.json")
        );
    }
    assert!(hits > 0, "no kill came in time");
}
