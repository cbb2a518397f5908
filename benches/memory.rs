//! Peak memory of a run with as many shots in flight as possible, the server in
//! another process.
//!
//! A manifest allows 1,024 shots in flight, so that is what the program itself
//! is measured at. The library has no such limit: it is measured with all ten
//! thousand in flight, which is what the engine would hold if the limit went.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use runner::engine::Settings;
use runner::provider::minimax::{self, MiniMax};
use support::{Ran, Server, Stage};

const SHOTS: usize = 10_000;

/// The most that a manifest allows.
const MANY: usize = 1_024;

/// Ten thousand at once are one to two and a half seconds of work for the
/// service; long enough that all of them are in flight together.
const TIME_SCALE: u32 = 5;

/// Tasks of the program's own run: two seconds at most, or it takes all day.
const SHORT: u32 = 100;

fn main() {
    let text = support::storyboard(SHOTS);
    let (first, again) = program(&text);
    let (ran, before) = library(&text);
    support::heading(format!("memory: {SHOTS} shots"));
    let megabytes = support::megabytes;
    support::line(
        "runner apply, all reused",
        megabytes(again.peak),
        "none in flight",
    );
    support::line(
        "runner apply",
        megabytes(first.peak),
        format!("{MANY} in flight, {}", support::rate(SHOTS, first.wall)),
    );
    support::line(
        "one shot in flight",
        kilobytes(first.peak.saturating_sub(again.peak), MANY),
        "the difference by their number",
    );
    support::line(
        "library, before the run",
        megabytes(before),
        "the plan is made",
    );
    support::line(
        "library",
        megabytes(ran.peak),
        format!("{SHOTS} in flight, {}", support::rate(SHOTS, ran.wall)),
    );
    support::line(
        "one shot in flight",
        kilobytes(ran.peak.saturating_sub(before), SHOTS),
        "the difference by their number",
    );
}

fn kilobytes(bytes: u64, shots: usize) -> String {
    format!("{:.1} kB", bytes as f64 / shots as f64 / 1e3)
}

/// The program: everything made, then everything reused.
fn program(text: &str) -> (Ran, Ran) {
    let server = Server::start(SHORT);
    let stage = Stage::new(text);
    let apply = || {
        let mut command = stage.command("apply");
        command.env("MINIMAX_API_KEY", "any");
        command.env("MINIMAX_BASE_URL", &server.url);
        command.args(["--poll-interval", "1s", "--yes", "--progress", "none"]);
        support::timed(command)
    };
    (apply(), apply())
}

/// The engine in this process, with no limit but the number of shots. Returns
/// the peak before the run as well.
fn library(text: &str) -> (Ran, u64) {
    let server = Server::start(TIME_SCALE);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the runtime starts");
    let provider = MiniMax::new(&minimax::Settings {
        base_url: server.url.clone(),
        key: "any".to_owned(),
        label_shots: false,
        silence: minimax::SILENCE,
        witness: None,
        recorder: None,
    });
    let provider = Arc::new(provider.expect("the address is one"));
    let settings = Settings {
        concurrency: SHOTS,
        creates_per_minute: None,
        polls_per_minute: None,
        poll_interval: Duration::from_secs(5),
        deadline: Duration::from_secs(600),
        max_cost: None,
        time_scale: 1,
        isolated: false,
    };
    let plan = support::planned(support::checked(text), &server.url);
    let before = support::peak_memory("self").unwrap_or(0);
    let begun = Instant::now();
    let run = support::carried_out(plan, provider, folder.path(), &settings);
    let state = runtime.block_on(run);
    let peak = support::peak_memory("self").unwrap_or(0);
    drop(state);
    let wall = begun.elapsed();
    (Ran { wall, peak }, before)
}
