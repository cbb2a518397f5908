//! Commands that create nothing, on a manifest of ten thousand shots: wall time
//! and peak memory of the program in a process of its own.
//!
//! The bound beside them is reading the same text as YAML events, which is the
//! least that any of them has to do.

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use saphyr_parser::Parser;
use support::{Ran, Stage};

const SHOTS: usize = 10_000;
const TIMES: usize = 5;

fn main() {
    let stage = Stage::new(&support::storyboard(SHOTS));
    let bound = read(&stage.manifest);
    let start = support::best(TIMES, || {
        let mut command = support::program();
        command.arg("--version");
        support::timed(command)
    });
    let check = support::best(TIMES, || support::timed(stage.command("check")));
    let first = support::timed(apply(&stage));
    let plan = support::best(TIMES, || {
        let mut command = stage.command("plan");
        command.arg("--simulate");
        support::timed(command)
    });
    let again = support::best(TIMES, || support::timed(apply(&stage)));
    expect(&stage);
    let judged = support::timed(apply(&stage));
    let judged_again = support::best(TIMES, || support::timed(apply(&stage)));
    let bytes = fs::metadata(&stage.manifest).map_or(0, |found| found.len());
    support::heading(format!(
        "scale: {SHOTS} shots, {} of YAML, best of {TIMES}",
        support::megabytes(bytes)
    ));
    support::line("YAML events", support::milliseconds(bound), "the bound");
    support::line(
        "runner --version",
        support::milliseconds(start.wall),
        "start-up",
    );
    line("runner check", &check, bound, "");
    line("runner plan, all reused", &plan, bound, "");
    let aim = "; aim: under 1000 ms and 150 MB";
    line("runner apply, all reused", &again, bound, aim);
    line("the same with checks", &judged_again, bound, aim);
    let once = "; once, every video is measured";
    line("the same, not measured yet", &judged, bound, once);
    line(
        "runner apply, the first",
        &first,
        bound,
        "; once, 1024 in flight",
    );
}

fn line(name: &str, ran: &Ran, bound: Duration, remark: &str) {
    let times = support::ratio(ran.wall.as_secs_f64(), bound.as_secs_f64());
    let peak = support::megabytes(ran.peak);
    let remark = format!("{times} x the bound, peak {peak}{remark}");
    support::line(name, support::milliseconds(ran.wall), remark);
}

/// From now on something is expected of every video; all of it holds.
fn expect(stage: &Stage) {
    let text = fs::read_to_string(&stage.manifest).expect("the manifest can be read");
    let checks = "expect: { size: 64x34, duration: 6s, fps: 24, codec: h264, audio: false, black: false, cuts: 1 }";
    let text = text.replacen("duration: 6 }", &format!("duration: 6, {checks} }}"), 1);
    fs::write(&stage.manifest, text).expect("the manifest can be written");
}

/// As fast as the simulator in the same process lets it be.
fn apply(stage: &Stage) -> std::process::Command {
    let mut command = stage.command("apply");
    command.args(["--simulate", "--clips", "tiny", "--time-scale", "100000"]);
    command.args(["--progress", "none"]);
    command
}

fn read(manifest: &Path) -> Duration {
    let once = || {
        let begun = Instant::now();
        let text = fs::read_to_string(manifest).expect("the manifest can be read");
        let events = Parser::new_from_str(&text).flatten().count();
        assert!(events > SHOTS, "the whole manifest was read");
        begun.elapsed()
    };
    (0..TIMES).map(|_| once()).min().unwrap_or_default()
}
