//! Shots per second of a replay, beside the same manifest against the simulator, in one
//! process with it and in another, and what recording adds.
//!
//! Every side is the program itself as a child, from reading the manifest to the report,
//! with ledger, store and verification. The bound is the simulator in another process
//! whose clips are made already: the same calls, answered from memory.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::{Ran, Server, Stage};

const SHOTS: usize = 2_000;
const CONCURRENCY: &str = "256";

/// So fast that a task is finished when it is first asked for.
const TIME_SCALE: u32 = 100_000;

const ROUNDS: usize = 3;

fn main() {
    let stage = Stage::new(&support::storyboard(SHOTS));
    let server = Server::start(TIME_SCALE);
    let folder = stage
        .manifest
        .parent()
        .expect("it is in a folder")
        .to_owned();
    let recording = folder.join("recording");
    let mut rounds: Vec<[Ran; 5]> = Vec::new();
    // By turns, so that a busy minute of the machine meets all of them; the first round
    // also makes the clips that the server keeps.
    for round in 0..=ROUNDS {
        let out = |name: &str| folder.join(format!("{name}-{round}"));
        let simulated = support::timed(simulate(&stage, &out("simulated")));
        let answered = support::timed(at(&stage, &server, &out("served")));
        let _ = std::fs::remove_dir_all(&recording);
        let mut recorded = at(&stage, &server, &out("recorded"));
        recorded.arg("--record").arg(&recording);
        let recorded = support::timed(recorded);
        let replayed = support::timed(replay(&stage, &recording, &out("replayed"), CONCURRENCY));
        let alone = support::timed(replay(&stage, &recording, &out("alone"), "1"));
        if round > 0 {
            rounds.push([simulated, answered, recorded, replayed, alone]);
        }
    }
    print(&rounds);
}

fn quiet(mut command: Command, out: &Path) -> Command {
    command.args(["--no-gallery", "--progress", "none", "--yes"]);
    command.arg("--out").arg(out);
    command
}

fn simulate(stage: &Stage, out: &Path) -> Command {
    let mut command = quiet(stage.command("apply"), out);
    command.args([
        "--simulate",
        "--clips",
        "tiny",
        "--concurrency",
        CONCURRENCY,
    ]);
    command.args(["--time-scale", &TIME_SCALE.to_string()]);
    command.args(["--creates-per-minute", "unlimited"]);
    command.args(["--polls-per-minute", "unlimited"]);
    command
}

fn at(stage: &Stage, server: &Server, out: &Path) -> Command {
    let mut command = quiet(stage.command("apply"), out);
    command.env("MINIMAX_API_KEY", "any");
    command.env("MINIMAX_BASE_URL", &server.url);
    command.args(["--concurrency", CONCURRENCY, "--poll-interval", "100ms"]);
    command.args(["--creates-per-minute", "unlimited"]);
    command.args(["--polls-per-minute", "unlimited"]);
    command
}

fn replay(stage: &Stage, recording: &Path, out: &Path, concurrency: &str) -> Command {
    let mut command = quiet(stage.command("apply"), out);
    command.arg("--replay").arg(recording);
    command.args(["--concurrency", concurrency]);
    command
}

fn print(rounds: &[[Ran; 5]]) {
    let best = |side: usize| -> (Duration, u64) {
        let walls = rounds.iter().map(|round| round[side].wall);
        let peaks = rounds.iter().map(|round| round[side].peak);
        (
            walls.min().unwrap_or_default(),
            peaks.max().unwrap_or_default(),
        )
    };
    support::heading(format!(
        "replay: {SHOTS} shots, {CONCURRENCY} in flight, from manifest to report, best of {ROUNDS}"
    ));
    let names = [
        "simulated, in this process",
        "served, clips made already",
        "served and recorded",
        "replayed",
        "replayed, 1 in flight",
    ];
    let bound = best(1).0.as_secs_f64();
    for (side, name) in names.into_iter().enumerate() {
        let (wall, peak) = best(side);
        let remark = format!(
            "{}; {} of what is served; peak {}",
            support::milliseconds(wall),
            support::ratio(bound, wall.as_secs_f64()),
            support::megabytes(peak)
        );
        support::line(name, support::rate(SHOTS, wall), remark);
    }
    let replayed = best(3).0.as_secs_f64();
    let simulated = best(0).0.as_secs_f64();
    support::line(
        "  replayed / simulated",
        support::ratio(simulated, replayed),
        "shots per second by shots per second",
    );
    let recorded = best(2).0.as_secs_f64();
    support::line(
        "  recorded / served",
        support::ratio(bound, recorded),
        "what recording leaves of the speed",
    );
}
