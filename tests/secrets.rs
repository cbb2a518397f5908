//! The key and signed links, looked for in everything that a run leaves: what
//! it says, what it writes, and what it remembers.

mod support;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runner::id::FileId;
use runner::provider::exchange::{Exchange, Heard};
use runner::provider::minimax::{MiniMax, SILENCE, Settings};
use runner::provider::{Location, Provider as _};
use runner::simulator::Simulator;
use serde_json::{Value, json};
use support::film::{Film, manifest, service};
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
    let runs = ["lines", "json", "bars"].map(|progress| async move {
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
        for told in [
            "create   POST /v1/video_generation 200, code 0",
            "GET http://127",
        ] {
            assert!(applied.stderr.contains(told), "{}", applied.stderr);
        }
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
        let recording = String::from_utf8(stage.read("rec/recording.har")).expect("it is text");
        for call in ["create", "query", "retrieve", "content", "link"] {
            let call = format!("\"_call\":\"{call}\"");
            assert!(recording.contains(&call), "{call}");
        }
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

/// The link of a picture is sent and remembered; whatever is shown is without its signature.
#[test]
fn nor_of_the_pictures_that_authors_name() {
    let stage = Stage::new();
    let manifest = "version: 1\nbackend: simulator\nshots:\n  - id: one\n    \
        model: MiniMax-Hailuo-2.3\n    prompt: The fox looks up.\n    \
        first_frame: 'https://me:pa55word@pictures.example/a.png?X-Amz-Signature=5ec2e7'\n";
    stage.write("shots.yaml", manifest);
    let applied = stage.apply(&[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let commands: [&[&str]; 8] = [
        &["check", "shots.yaml"],
        &["check", "shots.yaml", "--json"],
        &["plan", "shots.yaml", "--json"],
        &["takes", "shots.yaml", "--json"],
        &["status", "shots.yaml", "--json"],
        &["report", "shots.yaml", "--format", "json"],
        &["report", "shots.yaml", "--format", "html"],
        &[
            "export",
            "shots.yaml",
            "--format",
            "otio",
            "--out",
            "film.otio",
        ],
    ];
    for args in commands {
        let ran = stage.run(args);
        assert_eq!(ran.code, 0, "{args:?} {}", ran.stderr);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("5ec2e7"), "{args:?} {text}");
            assert!(!text.contains("pa55word"), "{args:?} {text}");
        }
    }
    for file in ["out/simulated/report.json", "film.otio"] {
        let text = String::from_utf8(stage.read(file)).expect("it is text");
        assert!(text.contains("https://pictures.example/a.png?…"), "{text}");
        assert!(!text.contains("5ec2e7"), "{file}");
    }
}

/// In every place that a key can be put by mistake.
#[test]
fn nor_by_those_who_look_at_settings() {
    let stage = Stage::new();
    stage.write("shots.yaml", &manifest(&["one".to_owned()]));
    let written = [
        format!("api_key: {KEY}\n"),
        format!("profiles: {{ cn: {{ key_env: {KEY} }} }}\n"),
        format!("profiles: {{ cn: {{ token: '{KEY}' }} }}\n"),
        format!("only: [{KEY}, 'Bearer {KEY}']\n"),
        format!("# {KEY}\n{KEY}: yes\n[{KEY}\n"),
        format!("apply: |\n  {KEY}\n"),
    ];
    for text in written {
        stage.write("runner.yaml", &text);
        stage.write(".env", &format!("MINIMAX_API_KEY='{KEY}\nnonsense {KEY}\n"));
        for args in [
            &["config", "shots.yaml", "--origin"][..],
            &["config", "--json", "simulate", "--key", KEY],
            &["config", "--paths"],
            &["doctor", "shots.yaml"],
            &["plan", "shots.yaml"],
        ] {
            let mut command = stage.command();
            let ran = ran(command
                .env("MINIMAX_API_KEY", format!("\"{KEY}\""))
                .args(args));
            assert!(ran.stdout.len() + ran.stderr.len() > 20, "{args:?} {ran:?}");
            clean("stdout", ran.stdout.as_bytes());
            clean("stderr", ran.stderr.as_bytes());
        }
    }
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
        .args(["--progress", progress, "--verbose", "--record", "rec"]);
    command
}

/// A gateway that repeats the key wherever it can.
async fn parrot() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("loopback has a port");
    let address = listener.local_addr().expect("it is bound");
    let trace = [("trace-id", format!("0af3-{KEY}"))];
    let link = format!("http://{address}/a.mp4?Expires=1&OSSAccessKeyId=LTAI&Signature={KEY}");
    let answer = json!({
        "task_id": "106", "file": { "download_url": link },
        "base_resp": { "status_code": 0, "status_msg": KEY },
    });
    let api = axum::Router::new().fallback(move || std::future::ready((trace, answer.to_string())));
    let refusal = (axum::http::StatusCode::FORBIDDEN, KEY);
    let open = axum::routing::get(move || std::future::ready(refusal));
    let router = axum::Router::new().nest("/gate", api).route("/a.mp4", open);
    // Ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/gate")
}

#[tokio::test]
async fn a_witness_is_told_of_every_exchange_and_of_nothing_secret() {
    let base_url = parrot().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let provider = MiniMax::new(&Settings {
        base_url: base_url.clone(),
        key: KEY.to_owned(),
        label_shots: false,
        silence: SILENCE,
        recorder: None,
        witness: Some(Arc::new(move |exchange: &Exchange| {
            let mut exchange = exchange.clone();
            exchange.took = Duration::ZERO;
            if let Heard::Nothing(why) = &mut exchange.heard {
                // What comes after it is the system's to say.
                why.truncate("no connection".len());
            }
            hears
                .lock()
                .expect("no panic")
                .push(format!("{exchange:?}"));
        })),
    })
    .expect("the address is one");
    let file = FileId::new("7");
    let created = provider.create(Film::new(&["a"]).request()).await;
    let created = created.expect("the parrot takes everything");
    provider.poll(&created.task).await.expect("a state");
    let link = provider.locate(&file).await.expect("a link");
    let refused = provider.fetch(&link, None).await.expect_err("no file");
    provider.fetch_content(&file).await.expect("some bytes");
    let nowhere = Location::new("http://127.0.0.1:1/a.mp4?Signature=x");
    provider.fetch(&nowhere, None).await.expect_err("nobody");
    let told = told.lock().expect("no panic").join("\n");
    clean("what was told", told.as_bytes());
    clean(
        "what is kept",
        format!("{created:?} {refused:?}").as_bytes(),
    );
    let port = base_url.trim_start_matches("http://127.0.0.1:");
    let port = port.trim_end_matches("/gate");
    insta::assert_snapshot!(told.replace(port, "PORT"), @r#"
    Exchange { operation: Create, method: "POST", place: "/gate/v1/video_generation", heard: Status(200), code: Some(0), trace_id: Some("0af3-[key]"), took: 0ns }
    Exchange { operation: Poll, method: "GET", place: "/gate/v1/query/video_generation", heard: Status(200), code: Some(0), trace_id: Some("0af3-[key]"), took: 0ns }
    Exchange { operation: Locate, method: "GET", place: "/gate/v1/files/retrieve", heard: Status(200), code: Some(0), trace_id: Some("0af3-[key]"), took: 0ns }
    Exchange { operation: Download, method: "GET", place: "http://127.0.0.1:PORT/…", heard: Status(403), code: None, trace_id: None, took: 0ns }
    Exchange { operation: Download, method: "GET", place: "/gate/v1/files/retrieve_content", heard: Status(200), code: None, trace_id: Some("0af3-[key]"), took: 0ns }
    Exchange { operation: Download, method: "GET", place: "http://127.0.0.1:1/…", heard: Nothing("no connection"), code: None, trace_id: None, took: 0ns }
    "#);
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
