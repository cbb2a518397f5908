//! Several machines make one film, and their folders are merged: nothing is lost,
//! nothing is paid twice, and what comes out is what one machine would have made.

#[path = "merge/kills.rs"]
mod kills;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use runner::simulator::Simulator;
use serde_json::{Value, json};
use support::film::{billed, serving};
use support::{Ran, Stage, program, ran};
use tokio::runtime::Runtime;

/// Two chains, two shots that ask for the same, and some that stand alone.
const FILM: &str = "version: 1
defaults: { model: MiniMax-Hailuo-2.3 }
limits: { creates_per_minute: unlimited }
shots:
  - { id: boat, prompt: The boat alone }
  - { id: boat2, prompt: The boat goes on, first_frame: { shot: boat, frame: last } }
  - { id: pier, prompt: The pier alone }
  - { id: gull, prompt: The gull alone }
  - { id: gull-again, prompt: The gull alone }
  - { id: lamp, prompt: The lamp alone }
  - { id: lamp2, prompt: The lamp goes out, first_frame: { shot: lamp, frame: last } }
  - { id: lamp3, prompt: The dark, first_frame: { shot: lamp2, frame: last } }
  - { id: rope, prompt: The rope alone }
  - { id: sail, prompt: The sail alone }
  - { id: moon, prompt: The moon alone }
  - { id: wave, prompt: The wave alone }
";

const SHOTS: usize = 12;

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    stage
}

fn shard(stage: &Stage, shard: &str, out: &str) -> Ran {
    stage.apply(&["--shard", shard, "--run-id", "ci-7", "--out", out])
}

fn three_shards(stage: &Stage) -> [&'static str; 3] {
    for index in 1..=3 {
        let made = shard(stage, &format!("{index}/3"), &format!("s{index}"));
        assert_eq!(made.code, 0, "{}", made.stderr);
    }
    ["s1", "s2", "s3"]
}

fn merge(stage: &Stage, folders: &[&str], out: &str) -> Ran {
    ran(stage
        .command()
        .arg("merge")
        .args(folders)
        .args(["--out", out]))
}

fn report(stage: &Stage, out: &str) -> Value {
    serde_json::from_slice(&stage.read(&format!("{out}/report.json"))).expect("it is JSON")
}

/// The digest of every video, by its path in the folder.
fn videos(stage: &Stage, out: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in ["", "takes/"] {
        let path = stage.path(&format!("{out}/{folder}"));
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "mp4") {
                let name = format!("{folder}{}", entry.file_name().to_string_lossy());
                let bytes = fs::read(path).expect("it can be read");
                found.insert(name, runner::id::sha256_hex(&bytes));
            }
        }
    }
    found
}

/// A report without what differs between two runs that did the same.
fn steady(mut report: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                for key in ["run", "task_id", "file_id"] {
                    object.remove(key);
                }
                object.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut report);
    report
}

#[test]
fn three_shards_make_what_one_run_makes() {
    let stage = stage();
    assert_eq!(stage.apply(&["--out", "whole"]).code, 0);
    let shards = three_shards(&stage);
    let index = |out: &str| report(&stage, out)["shard"].clone();
    assert_eq!(index("s2"), json!({ "index": 2, "count": 3 }));
    assert_eq!(index("whole"), Value::Null);

    let merged = merge(&stage, &shards, "out");
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    assert!(merged.stdout.is_empty(), "{}", merged.stdout);
    assert_eq!(videos(&stage, "out"), videos(&stage, "whole"));
    assert_eq!(videos(&stage, "out").len(), SHOTS);
    let told = report(&stage, "out");
    assert_eq!(told["run"]["run_id"], "ci-7");
    assert_eq!(steady(told), steady(report(&stage, "whole")));

    // Nothing is left to do, by the plan, the next run and the status.
    let again = stage.apply(&["--out", "out"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(report(&stage, "out")["totals"]["reused"], SHOTS);
    let status = [
        "status",
        "shots.yaml",
        "--simulate",
        "--out",
        "out",
        "--json",
    ];
    let status: Value = serde_json::from_str(&stage.run(&status).stdout).expect("JSON");
    let saved = status["shots"].as_array().expect("a list");
    assert!(
        saved.iter().all(|shot| shot["state"] == "saved"),
        "{status:#}"
    );
}

#[test]
fn the_order_of_folders_and_doing_it_again_change_nothing() {
    let stage = stage();
    three_shards(&stage);
    assert_eq!(merge(&stage, &["s1", "s2", "s3"], "one").code, 0);
    assert_eq!(merge(&stage, &["s3", "s1", "s1", "s2"], "other").code, 0);
    assert_eq!(merge(&stage, &["s2", "s3"], "two").code, 102);
    assert_eq!(merge(&stage, &["two", "s1"], "two-by-two").code, 0);
    let text = |out: &str| stage.read(&format!("{out}/report.json"));
    let one = text("one");
    for out in ["other", "two-by-two"] {
        assert_eq!(text(out), one, "{out}");
        assert_eq!(videos(&stage, out), videos(&stage, "one"), "{out}");
    }
    // Into itself, and once more.
    let again = merge(&stage, &["one", "s1", "s2", "s3"], "one");
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(
        again.stderr.contains("videos 0, attempts 0"),
        "{}",
        again.stderr
    );
    assert_eq!(text("one"), one);
}

#[test]
fn the_parts_of_a_run_are_one_run_to_whoever_asks() {
    let stage = stage();
    merge(&stage, &three_shards(&stage), "out");
    let runs = stage.run(&["runs", "out", "--json"]);
    let runs: Value = serde_json::from_str(&runs.stdout).expect("JSON");
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs:#}");
    assert_eq!(runs["runs"][0]["run_id"], "ci-7");
    assert_eq!(runs["runs"][0]["totals"]["created"], SHOTS);
    let told = stage.run(&["report", "out", "--run", "ci-7", "--format", "json"]);
    assert_eq!(told.stdout.as_bytes(), stage.read("out/report.json"));
    let junit = stage.run(&["report", "out/report.json", "--format", "junit"]);
    assert!(junit.stdout.contains("tests=\"12\""), "{}", junit.stdout);
}

#[test]
fn a_shard_that_is_missing_is_said_and_can_come_later() {
    let stage = stage();
    three_shards(&stage);
    let part = merge(&stage, &["s1", "s3"], "out");
    assert_eq!(part.code, 102, "{}", part.stderr);
    assert!(
        part.stderr.contains("shard 2/3 is missing"),
        "{}",
        part.stderr
    );
    let told = report(&stage, "out");
    assert_eq!(told["missing_shards"], json!([{ "index": 2, "count": 3 }]));
    assert_eq!(told["finished"], false);
    let rest = merge(&stage, &["s2"], "out");
    assert_eq!(rest.code, 0, "{}", rest.stderr);
    assert_eq!(report(&stage, "out")["missing_shards"], json!([]));
    assert_eq!(report(&stage, "out")["totals"]["succeeded"], SHOTS);
}

#[test]
fn what_failed_and_is_made_again_elsewhere_lies_over_the_earlier_result() {
    let stage = stage();
    stage.write(
        "trouble.yaml",
        "rules:\n  - { on: create, prompt_contains: gull, then: { code: 1026 } }\n  - { on: create, prompt_contains: moon, then: { fail: 1027 } }\n",
    );
    let trouble = ["--scenario", "trouble.yaml"];
    for index in 1..=2 {
        let (shard, out) = (format!("{index}/2"), format!("s{index}"));
        let args = ["--shard", &shard, "--run-id", "ci-8", "--out", &out];
        stage.apply(&[&trouble[..], &args].concat());
    }
    let first = merge(&stage, &["s1", "s2"], "first");
    assert_eq!(first.code, 100, "{}", first.stderr);
    assert_eq!(report(&stage, "first")["totals"]["failed"], 3);

    // Another job, which knows nothing of the first, makes what failed.
    let args = [
        "--only",
        "gull* | moon",
        "--run-id",
        "ci-8",
        "--out",
        "again",
    ];
    assert_eq!(stage.apply(&args).code, 0);
    for folders in [["s1", "s2", "again"], ["again", "s2", "s1"]] {
        let out = folders.join("-");
        let merged = merge(&stage, &folders, &out);
        assert_eq!(merged.code, 0, "{}", merged.stderr);
        let told = report(&stage, &out);
        assert_eq!(told["totals"]["succeeded"], SHOTS, "{}", told["totals"]);
        assert_eq!(told["totals"]["created"], SHOTS);
        assert_eq!(told["finished"], true);
        // The task that failed was paid all the same.
        let moon = shot(&told, "moon");
        assert_eq!(moon["run"]["attempts"].as_array().map(Vec::len), Some(2));
    }
}

fn shot<'r>(report: &'r Value, id: &str) -> &'r Value {
    let shots = report["shots"].as_array().expect("a list");
    let found = shots.iter().find(|shot| shot["id"] == id);
    found.unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn a_shard_without_a_shot_ends_well_and_is_not_missed() {
    let stage = Stage::new();
    let film = FILM.split("  - { id: boat2").next().expect("a beginning");
    stage.write("shots.yaml", film);
    let mut empty = 0;
    for index in 1..=3 {
        let made = shard(&stage, &format!("{index}/3"), &format!("s{index}"));
        assert_eq!(made.code, 0, "{}", made.stderr);
        empty += usize::from(made.stderr.contains("there is nothing to do"));
    }
    assert_eq!(empty, 2);
    let merged = merge(&stage, &["s1", "s2", "s3"], "out");
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    assert_eq!(report(&stage, "out")["totals"]["created"], 1);
    // What no shard has is still a mistake.
    let none = stage.run(&[
        "plan",
        "shots.yaml",
        "--simulate",
        "--shard",
        "1/3",
        "--failed",
    ]);
    assert_eq!(none.code, 21, "{}", none.stderr);
}

#[test]
fn shards_deal_out_what_is_selected_and_nothing_twice() {
    let stage = stage();
    let planned = |args: &[&str]| -> Vec<String> {
        let plan = ["plan", "shots.yaml", "--simulate", "--json"];
        let ran = ran(stage.command().args(plan).args(args));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let shots = plan["shots"].as_array().cloned().unwrap_or_default();
        let ids = shots.iter().map(|shot| shot["id"].as_str().expect("an id"));
        ids.map(str::to_owned).collect()
    };
    let whole = planned(&["--only", "*a*"]);
    let mut parts = Vec::new();
    for index in 1..=4 {
        let shard = format!("{index}/4");
        let part = planned(&["--only", "*a*", "--shard", &shard]);
        // The same shard has it whatever else is selected.
        let all = planned(&["--shard", &shard]);
        assert!(part.iter().all(|id| all.contains(id)));
        parts.extend(part);
    }
    parts.sort();
    let mut sorted = whole;
    sorted.sort();
    assert_eq!(parts, sorted);
    let out_of_the_environment =
        ran(stage
            .command()
            .env("RUNNER_SHARD", "2/4")
            .args(["plan", "shots.yaml", "--simulate"]));
    assert!(out_of_the_environment.stderr.contains("shard 2/4: "));
}

#[test]
fn a_shard_and_a_name_that_cannot_be_are_refused() {
    let stage = stage();
    for (flag, wrong, why) in [
        (
            "--shard",
            "0/4",
            "shards count from 1: the first of 4 is 1/4",
        ),
        (
            "--shard",
            "5/4",
            "there is no shard 5 of 4: the last one is 4/4",
        ),
        ("--shard", "2/0", "there is no shard of 0"),
        ("--shard", "two", "a shard is written as INDEX/COUNT"),
        (
            "--run-id",
            "a/b",
            "the name of a run has 1 to 100 characters",
        ),
    ] {
        let refused = stage.apply(&[flag, wrong]);
        assert_eq!(refused.code, 2, "{wrong}: {}", refused.stderr);
        assert!(refused.stderr.contains(why), "{wrong}: {}", refused.stderr);
        assert!(!stage.path("out").exists());
    }
}

#[test]
fn a_video_that_is_damaged_is_named_and_the_rest_is_kept() {
    let stage = stage();
    three_shards(&stage);
    let damaged = ["s1", "s2", "s3"].into_iter().find_map(|out| {
        let name = videos(&stage, out).into_keys().next()?;
        Some(format!("{out}/{name}"))
    });
    let damaged = damaged.expect("a shard has a video");
    let mut bytes = stage.read(&damaged);
    bytes[100] ^= 1;
    fs::write(stage.path(&damaged), bytes).expect("it can be written");
    let merged = merge(&stage, &["s1", "s2", "s3"], "out");
    assert_eq!(merged.code, 101, "{}", merged.stderr);
    let named = format!("`{damaged}` is not the video that was saved");
    assert!(merged.stderr.contains(&named), "{}", merged.stderr);
    assert_eq!(videos(&stage, "out").len(), SHOTS - 1);
    // Another folder has it whole.
    assert_eq!(stage.apply(&["--out", "whole"]).code, 0);
    let mended = merge(&stage, &["s1", "s2", "s3", "whole"], "out");
    assert_eq!(mended.code, 0, "{}", mended.stderr);
    let (out, whole) = (videos(&stage, "out"), videos(&stage, "whole"));
    let own: BTreeMap<_, _> = out
        .into_iter()
        .filter(|(name, _)| !name.contains('/'))
        .collect();
    assert_eq!(own, whole);
}

#[test]
fn folders_that_cannot_be_merged_are_refused_before_anything_is_written() {
    let stage = stage();
    let [one, two, _] = three_shards(&stage);
    stage.write("empty/readme.txt", "nothing");
    assert_eq!(stage.apply(&[]).code, 0);
    for (folder, why) in [
        ("nowhere", "`nowhere` is not a folder"),
        ("empty", "the hidden folder `.runner`"),
        ("out", "its simulated runs are in `out/simulated`"),
    ] {
        let refused = merge(&stage, &[one, folder], "merged");
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    let ledger = stage.path(two).join(".runner/ledger.sqlite");
    let newer = rusqlite::Connection::open(ledger).expect("it opens");
    newer
        .execute_batch("PRAGMA user_version = 99")
        .expect("it can be written");
    drop(newer);
    let refused = merge(&stage, &[one, two], "merged");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("has format 99"),
        "{}",
        refused.stderr
    );
    assert!(!stage.path("merged").exists());
}

/// A service that outlives the runs and can be asked what was billed.
struct Paid {
    stage: Stage,
    simulator: Simulator,
    _runtime: Runtime,
}

impl Paid {
    fn new(rules: &Value) -> Self {
        let (runtime, simulator) = serving(rules);
        Self {
            stage: stage(),
            simulator,
            _runtime: runtime,
        }
    }

    fn command(&self) -> Command {
        let mut command = self.stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", self.simulator.base_url());
        command
    }

    fn apply(&self, args: &[&str]) -> Ran {
        let fast = ["apply", "shots.yaml", "--poll-interval", "100ms", "--yes"];
        ran(self.command().args(fast).args(args))
    }

    fn billed(&self) -> usize {
        billed(&self.simulator).values().sum()
    }
}

#[test]
fn what_is_in_flight_in_a_shard_is_collected_in_the_merged_folder() {
    let paid = Paid::new(&json!([
        { "on": "query", "prompt_contains": "moon", "times": 3, "then": { "status": "Thinking" } }
    ]));
    let slow = ["--deadline", "150ms"];
    let mut codes = Vec::new();
    for index in 1..=3 {
        let (shard, out) = (format!("{index}/3"), format!("s{index}"));
        let made = paid.apply(&[&slow[..], &["--shard", &shard, "--out", &out]].concat());
        codes.push(made.code);
    }
    assert!(codes.contains(&102), "{codes:?}");
    let merged = merge(&paid.stage, &["s1", "s2", "s3"], "out");
    assert_eq!(merged.code, 102, "{}", merged.stderr);
    let done = paid.apply(&["--out", "out"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(paid.billed(), SHOTS);
    assert_eq!(videos(&paid.stage, "out").len(), SHOTS);
}

#[test]
fn what_two_colleagues_paid_for_is_kept_twice_counted_twice_and_said() {
    let paid = Paid::new(&json!([]));
    for out in ["mine", "yours"] {
        assert_eq!(paid.apply(&["--only", "pier", "--out", out]).code, 0);
    }
    assert_eq!(paid.apply(&["--only", "rope", "--out", "yours"]).code, 0);
    let merged = merge(&paid.stage, &["yours"], "mine");
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    let said = "pier: was paid for here and elsewhere; both takes are kept";
    assert!(merged.stderr.contains(said), "{}", merged.stderr);
    let status = ["status", "shots.yaml", "--out", "mine", "--json"];
    let status: Value =
        serde_json::from_str(&ran(paid.command().args(status)).stdout).expect("JSON");
    assert_eq!(status["totals"]["spent"][0]["amount"], "0.84");
    let again = merge(&paid.stage, &["yours"], "mine");
    assert!(!again.stderr.contains(said), "{}", again.stderr);
    // The rest of the film is made, and these are not made again.
    let done = paid.apply(&["--out", "mine"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(paid.billed(), SHOTS + 1);
}

#[test]
fn simulated_runs_and_others_are_not_merged() {
    let paid = Paid::new(&json!([]));
    assert_eq!(paid.apply(&["--only", "pier", "--out", "paid"]).code, 0);
    assert_eq!(
        paid.stage.apply(&["--only", "rope", "--out", "free"]).code,
        0
    );
    let refused = merge(&paid.stage, &["free"], "paid");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("is of a simulated run"),
        "{}",
        refused.stderr
    );
}

#[test]
fn merge_says_in_its_help_how_it_is_used() {
    let help = ran(program().args(["merge", "--help"])).stdout;
    assert!(
        help.contains("runner merge shard-1 shard-2 shard-3 --out out"),
        "{help}"
    );
}
