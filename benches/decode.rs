//! Frames a second out of H.264, and how long the first and the last frame take, beside a system ffmpeg.
//!
//! The films are made by the program's own renderer, and by ffmpeg with libx264 where there is one, since B-frames
//! and CABAC cost more than what the renderer writes. Both sides decode on one thread and throw the pictures away.

#![allow(clippy::print_stdout, reason = "a program that prints figures")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use runner::media::clip::{ClipRequest, render};
use runner::media::frames::{Pictures, Tools, take};
use runner::shot::FrameAt;

const ROUNDS: usize = 3;
const SECONDS: u32 = 4;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!(
        "film                      frames  frames/s  ffmpeg  ratio  first ms  last ms  ffmpeg last ms"
    );
    for (name, width, height) in [("768P", 1366, 768), ("1080P", 1920, 1080)] {
        let own = folder.path().join(format!("{name}.mp4"));
        fs::write(&own, film(width, height)).expect("it can be written");
        line(&format!("{name}, own renderer"), &own);
        let x264 = folder.path().join(format!("{name}-x264.mp4"));
        if encode(&own, &x264) {
            line(&format!("{name}, libx264 medium"), &x264);
        }
    }
}

fn film(width: u32, height: u32) -> Vec<u8> {
    let moves = [];
    let request = ClipRequest {
        width,
        height,
        duration_ms: SECONDS * 1000,
        fps: 24,
        seed: 7,
        title: "decode",
        prompt: "a boat on a river in the rain",
        moves: &moves,
        first_frame: None,
        last_frame: None,
    };
    render(&request).expect("the request is sound")
}

/// The same film with grain, which no encoder throws away, coded with B-frames.
fn encode(from: &Path, to: &Path) -> bool {
    let grain = "noise=alls=8:allf=t:all_seed=7";
    ffmpeg(
        &["-i"],
        &[from],
        &["-vf", grain, "-c:v", "libx264", "-threads", "1"],
        Some(to),
    )
    .is_some()
}

fn line(name: &str, film: &Path) {
    let mut frames = 0_u32;
    let all = best(|| {
        frames = 0;
        for picture in Pictures::open(film).expect("it is whole") {
            picture.expect("it decodes");
            frames += 1;
        }
    });
    let one = |at| best(move || drop(take(film, &[at], &Tools::default()).expect("it decodes")));
    let (first, last) = (one(FrameAt::First), one(FrameAt::Last));
    let rate = |time: Duration| f64::from(frames) / time.as_secs_f64();
    let theirs = reference(film, &[], &["-f", "null", "-"]);
    let end = ["-sseof", "-0.04"];
    let theirs_last = reference(film, &end, &["-frames:v", "1", "-f", "null", "-"]);
    let ms = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1000.0);
    println!(
        "{name:<24} {frames:>7} {:>9.0} {:>7} {:>6} {:>9} {:>8} {:>15}",
        rate(all),
        theirs.map_or("-".to_owned(), |time| format!("{:.0}", rate(time))),
        theirs.map_or("-".to_owned(), |time| format!(
            "{:.2}",
            rate(all) / rate(time)
        )),
        ms(first),
        ms(last),
        theirs_last.map_or("-".to_owned(), ms),
    );
}

fn reference(film: &Path, before: &[&str], after: &[&str]) -> Option<Duration> {
    let before = [&["-threads", "1"], before, &["-i"]].concat();
    (0..ROUNDS)
        .map(|_| ffmpeg(&before, &[film], after, None))
        .min()
        .flatten()
}

fn best(mut work: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    });
    rounds.min().expect("there are rounds")
}

/// How long ffmpeg takes; nothing where there is none, or it fails.
fn ffmpeg(
    before: &[&str],
    input: &[&Path],
    after: &[&str],
    output: Option<&Path>,
) -> Option<Duration> {
    let begun = Instant::now();
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y"])
        .args(before)
        .args(input)
        .args(after)
        .args(output.map(PathBuf::from))
        .stdout(Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| begun.elapsed())
}
