//! The key and signed links, looked for in everything that a run leaves: what
//! it says, what it writes, and what it remembers.

mod support;

use std::fs;
use std::path::Path;

use runner::simulator::Simulator;
use serde_json::{Value, json};
use support::film::{manifest, service};
use support::{Ran, Stage, ran};

/// Like nothing else in the program or its surroundings.
const KEY: &str = "sk-api-Zq7XvErYsEcReT0123456789abcdefKEY";

/// What a signed link is known by.
const SIGNS: [&str; 3] = ["Signature=", "OSSAccessKeyId", "Expires="];

/// Faults everywhere, some of them in words that repeat what they were told.
fn noise() -> Value {
    let talk = format!(
        "bad key {KEY}, see https://a.example/v.mp4?Expires=1&OSSAccessKeyId=LTAI&Signature=abc now"
    );
    let talk_of =
        |code: i64| json!({ "base_resp": { "status_code": code, "status_msg": talk } }).to_string();
    let long = format!("{}{KEY}", "x".repeat(300 - 20));
    let long = json!({ "base_resp": { "status_code": 1002, "status_msg": long } }).to_string();
    let failed = json!({
        "status": "Fail", "base_resp": { "status_code": 1027, "status_msg": talk },
    });
    json!([
        { "on": "create", "prompt_contains": "one", "nth": 1, "then": { "http": 429, "body": long } },
        { "on": "create", "prompt_contains": "two", "then": { "http": 400, "body": talk_of(2013) } },
        { "on": "create", "prompt_contains": "three", "then": { "http": 500, "body": talk_of(1000) } },
        { "on": "create", "prompt_contains": "four", "then": { "cut": "after" } },
        { "on": "query", "prompt_contains": "five", "times": 1, "then": { "http": 307, "location": format!("/x?key={KEY}&Signature=abc") } },
        { "on": "query", "prompt_contains": "six", "then": { "http": 200, "body": failed.to_string() } },
        { "on": "query", "prompt_contains": "seven", "nth": 1, "then": { "http": 502, "body": talk_of(1013) } },
        { "on": "query", "prompt_contains": "seven", "nth": 2, "then": { "http": 200, "body": talk_of(1033) } },
        { "on": "retrieve", "prompt_contains": "one", "nth": 1, "then": { "http": 200, "body": talk_of(1000) } },
        { "on": "retrieve", "prompt_contains": "one", "nth": 2, "then": "expired_link" },
        { "on": "content", "prompt_contains": "one", "times": 3, "then": { "http": 200, "body": talk_of(1001) } },
        { "on": "download", "prompt_contains": "seven", "times": 2, "then": { "http": 403, "body": talk } },
        { "on": "content", "prompt_contains": "seven", "times": 2, "then": "truncated" },
        { "on": "download", "prompt_contains": "eight", "then": { "http": 302, "location": format!("/storage?Signature={KEY}") } },
        { "on": "content", "prompt_contains": "eight", "then": { "cut": "body" } },
    ])
}

const SHOTS: [&str; 8] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_keys_nor_signed_links_are_left_anywhere() {
    let runs = ["lines", "json"].map(|progress| async move {
        let simulator = service(&noise()).await;
        let stage = Stage::new();
        stage.write("shots.yaml", &manifest(&SHOTS.map(str::to_owned)));
        let (stage, applied) = apply(stage, &simulator, progress).await;
        assert_eq!(applied.code, 103, "{}", applied.stderr);
        let requests = simulator.requests();
        assert!(
            requests.retrieve > 0 && requests.download > 0,
            "{requests:?}"
        );
        // The run after it tells the story of the first.
        let (stage, again) = apply(stage, &simulator, progress).await;
        let planned = ran(stage.command().args(["plan", "shots.yaml", "--json"]));
        for ran in [&applied, &again, &planned] {
            assert!(ran.stdout.len() + ran.stderr.len() > 500, "{ran:?}");
            clean("stdout", ran.stdout.as_bytes());
            clean("stderr", ran.stderr.as_bytes());
        }
        let files = clean_folder(&stage.path("."));
        assert!(files >= 4, "the search found the folder");
    });
    futures::future::join_all(runs).await;
}

/// While a run is on its way, and after it was killed: the ledger's log of what
/// is not in its file yet, and videos that are half there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_in_what_a_kill_leaves() {
    let rules = json!([
        { "on": "create", "prompt_contains": "two", "then": { "http": 500, "body": KEY } },
        { "on": "download", "then": "stall_body" },
    ]);
    let simulator = service(&rules).await;
    let stage = Stage::new();
    stage.write("shots.yaml", &manifest(&SHOTS.map(str::to_owned)));
    let mut command = command(&stage, &simulator, "json");
    command.stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    while simulator.requests().download == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
    let log = stage.read("out/.runner/ledger.sqlite-wal");
    assert!(!log.is_empty(), "what is not in the ledger's file yet");
    assert!(clean_folder(&stage.path(".")) >= 4);
}

async fn apply(stage: Stage, simulator: &Simulator, progress: &str) -> (Stage, Ran) {
    let mut command = command(&stage, simulator, progress);
    let applied = tokio::task::spawn_blocking(move || (stage, ran(&mut command)));
    applied.await.expect("the program can be run")
}

fn command(stage: &Stage, simulator: &Simulator, progress: &str) -> std::process::Command {
    let mut command = stage.command();
    command
        .env("MINIMAX_API_KEY", KEY)
        .env("MINIMAX_BASE_URL", simulator.base_url())
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
        // What fails for good is given up, in seconds of the day.
        .args(["--deadline", "8s", "--concurrency", "8"])
        .args(["--progress", progress]);
    command
}

/// Looks into every file of a folder; returns how many there were.
fn clean_folder(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut files = 0;
    for path in paths {
        if path.is_dir() {
            files += clean_folder(&path);
        } else {
            clean(
                &path.display().to_string(),
                &fs::read(&path).expect("a file can be read"),
            );
            files += 1;
        }
    }
    files
}

fn clean(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // Half a key is a find as well.
    for secret in SIGNS.into_iter().chain([KEY, &KEY[..16], &KEY[20..]]) {
        if let Some(at) = text.find(secret) {
            let around: String = text[..at].chars().rev().take(120).collect();
            let around: String = around.chars().rev().collect();
            panic!("{place} holds `{secret}` after `{around}`");
        }
    }
}
