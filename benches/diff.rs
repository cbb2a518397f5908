//! How fast two large reports are compared, beside plain reading of both files.
//!
//! Prints figures, never fails for being slow.

#![allow(clippy::print_stdout, reason = "printing figures is what it is for")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use runner::diff::{Side, diff};
use runner::report::Report;
use runner::report::twin::Totals;
use serde_json::{Value, json};

const SHOTS: usize = 10_000;
const TIMES: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{SHOTS} shots in each report, best of {TIMES}\n");
    println!(
        "{:34}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}",
        "ms", "reading", "values", "reports", "diff", "json", "markdown"
    );
    let before = report(0, SHOTS, &|_| false);
    for (name, after) in [
        ("the same", report(0, SHOTS, &|_| false)),
        (
            "a hundredth has other prompts",
            report(0, SHOTS, &|at| at % 100 == 0),
        ),
        ("every prompt is another", report(0, SHOTS, &|_| true)),
        (
            "every shot has another name",
            report(SHOTS, SHOTS, &|_| false),
        ),
        ("turned around", turned(&before)),
    ] {
        let paths = [("before.json", &before), ("after.json", &after)].map(|(file, report)| {
            let path = folder.path().join(file);
            let text = serde_json::to_string_pretty(report).expect("it is JSON");
            fs::write(&path, text).expect("it can be written");
            path
        });
        row(name, &paths);
        program(&paths);
    }
}

/// The library, step by step.
fn row(name: &str, paths: &[PathBuf; 2]) {
    let text = |path: &PathBuf| fs::read_to_string(path).expect("it was written");
    let texts = [text(&paths[0]), text(&paths[1])];
    let reading = best(|| paths.each_ref().map(text));
    let values = best(|| {
        texts
            .each_ref()
            .map(|text| serde_json::from_str::<Value>(text).expect("it is JSON"))
    });
    let parsed = || {
        texts
            .each_ref()
            .map(|text| serde_json::from_str::<Report>(text).expect("a report"))
    };
    let reports = best(parsed);
    let [one, other] = parsed();
    let compared = || {
        diff(
            &Side::of_report("a", &one),
            &Side::of_report("b", &other),
            &BTreeSet::new(),
        )
    };
    let comparing = best(compared);
    let found = compared();
    let json = best(|| serde_json::to_string_pretty(&found).expect("it is JSON"));
    let markdown = best(|| found.to_markdown());
    print!("{name:34}");
    for took in [reading, values, reports, comparing, json] {
        print!("{:>9.1}", took.as_secs_f64() * 1000.0);
    }
    println!("{:>10.1}", markdown.as_secs_f64() * 1000.0);
    let whole = (reports + comparing + json).as_secs_f64();
    println!(
        "{:34}whole / values: {:.2}",
        "",
        whole / values.as_secs_f64()
    );
}

/// The program as a child: wall time and the largest peak of its memory.
fn program(paths: &[PathBuf; 2]) {
    let bytes: u64 = paths
        .iter()
        .map(|path| fs::metadata(path).map_or(0, |found| found.len()))
        .sum();
    for format in ["text", "json"] {
        let mut peak = 0;
        let took = best(|| peak = run(paths, format).max(peak));
        println!(
            "{:34}runner diff --format {format}: {:.0} ms, {} MB for files of {} MB",
            "",
            took.as_secs_f64() * 1000.0,
            peak / 1024,
            bytes / 1_000_000
        );
    }
}

/// Runs it once; its peak in kB, where the system tells.
fn run(paths: &[PathBuf; 2], format: &str) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("diff")
        .args(paths)
        .args(["--format", format, "--output"])
        .arg(paths[0].with_extension("out"))
        .spawn()
        .expect("the program starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    while child.try_wait().expect("it can be asked").is_none() {
        peak = peak_of(&status).max(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

fn peak_of(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let once = |_| {
        let began = Instant::now();
        let made = work();
        let took = began.elapsed();
        drop(made);
        took
    };
    (0..TIMES).map(once).min().unwrap_or_default()
}

/// A report as runs write it, with names from `first` on.
fn report(first: usize, shots: usize, other: &dyn Fn(usize) -> bool) -> Value {
    let shots: Vec<Value> = (0..shots)
        .map(|at| shot(first + at, at, other(at)))
        .collect();
    json!({
        "schema_version": "1.0", "manifest": "shots.yaml", "backend": "minimax", "simulated": false,
        "runner_version": "0.1.0", "spec_version": "1.0.0", "price_date": "2026-07-10",
        "shard": null, "missing_shards": [], "finished": true, "stopped": null,
        "totals": serde_json::to_value(Totals { shots: shots.len(), succeeded: shots.len(), ..Totals::default() }).expect("it is JSON"),
        "shots": shots,
        "run": { "run_id": format!("run-{first}"), "base_url": "https://api.example",
            "started_at": "2026-11-21T17:35:26Z", "updated_at": "2026-11-21T18:35:26Z", "elapsed_ms": 3_600_000 },
    })
}

fn turned(report: &Value) -> Value {
    let mut report = report.clone();
    report["shots"].as_array_mut().expect("a list").reverse();
    report
}

fn shot(name: usize, at: usize, other: bool) -> Value {
    let word = if other {
        "lantern light"
    } else {
        "evening light"
    };
    let prompt = format!(
        "A courier in a yellow raincoat at window {at}, {word} on the harbour, gulls over the water, \
         and a train that passes behind the houses while the rain begins. [Push in, Tilt up]"
    );
    let digest = format!("{:064x}", at * 2 + usize::from(other));
    json!({
        "id": format!("shot-{name:05}"), "scene": null, "tags": [], "mode": "T2V",
        "model": "MiniMax-Hailuo-2.3", "resolution": "768P", "duration_s": 6, "prompt": prompt,
        "request": { "model": "MiniMax-Hailuo-2.3", "duration": 6, "resolution": "768P", "prompt": prompt },
        "fingerprint": digest, "depends_on": [], "frames": [], "earlier_version": false,
        "decision": "create", "reason": "new", "outcome": "succeeded", "outcome_reason": null,
        "price": { "amount": "0.28", "currency": "USD" },
        "task_id": format!("{}", 600_000_000_000_000_usize + name), "file_id": format!("{}", 900_000_000_000_000_usize + name),
        "video": { "path": format!("shot-{name:05}.mp4"), "bytes": 2_500_000 + at, "sha256": digest,
            "width": 1366, "height": 768, "duration_ms": 6000, "fps": 24.0, "codec": "avc1.64001F" },
        "verdict": null,
        "error": null,
        "run": {
            "attempts": [{ "attempt_id": format!("{}-1", &digest[48..]), "at": "2026-11-21T17:35:26.4Z",
                "result": "accepted", "task_id": format!("{name}"), "error": null }],
            "statuses": [{ "status": "Queueing", "at": "2026-11-21T17:35:27Z" }, { "status": "Success", "at": "2026-11-21T17:37:27Z" }],
            "trace_id": "0123456789abcdef", "retries": 0, "created_at": "2026-11-21T17:35:27Z",
            "ended_at": "2026-11-21T17:37:27Z", "saved_at": "2026-11-21T17:37:28Z", "changed_ms": 122_000,
        },
    })
}
