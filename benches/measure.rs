//! How many videos are measured in a minute, beside what decoding them alone takes.
//!
//! Clips of the simulator as the service sends them, 768P and 6 s, on as many threads as there are cores; each video
//! is the work of one thread. Where there is an ffmpeg, the same clips as libx264 writes them, with B-frames.

#![allow(clippy::print_stdout, reason = "a program that prints figures")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use runner::media::clip::{ClipRequest, render};
use runner::media::frames::{Pictures, Tools};
use runner::media::measure::{What, measure};
use runner::media::motion::Move;

/// Different clips.
const CLIPS: u64 = 4;
/// Each is measured so many times.
const TIMES: usize = 6;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let threads = thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{threads} threads, {} videos of 6 s at 1366x768 and 24 frames/s each",
        CLIPS as usize * TIMES
    );
    println!(
        "{:<20} {:>12} {:>14} {:>14} {:>14} {:>8}",
        "videos", "properties", "decoded alone", "decoded, thin", "measured", "ratio"
    );
    let own: Vec<PathBuf> = (0..CLIPS).map(|clip| film(folder.path(), clip)).collect();
    line("own renderer", &own, threads);
    let x264: Option<Vec<PathBuf>> = own.iter().map(|film| encode(film)).collect();
    if let Some(x264) = x264 {
        line("libx264 medium", &x264, threads);
    }
    println!("in videos a minute; the ratio is of measured to decoded alone");
}

fn film(folder: &Path, clip: u64) -> PathBuf {
    let moves = [vec![Move::ALL[clip as usize]], vec![Move::PushIn]];
    let request = ClipRequest {
        width: 1366,
        height: 768,
        duration_ms: 6000,
        fps: 24,
        seed: clip,
        title: "measure",
        prompt: "a boat on a river in the rain",
        moves: &moves,
        first_frame: None,
        last_frame: None,
    };
    let path = folder.join(format!("{clip}.mp4"));
    fs::write(&path, render(&request).expect("the request is sound")).expect("it can be written");
    path
}

/// The same film with grain, which no encoder throws away, coded with B-frames.
fn encode(from: &Path) -> Option<PathBuf> {
    let to = from.with_extension("x264.mp4");
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y", "-i"])
        .arg(from)
        .args(["-vf", "noise=alls=4:allf=t:all_seed=7", "-c:v", "libx264"])
        .arg(&to)
        .stdout(Stdio::null())
        .status()
        .ok()?;
    status.success().then_some(to)
}

fn line(name: &str, films: &[PathBuf], threads: usize) {
    let tools = Tools::default();
    let properties = rate(films, threads, |film| {
        drop(measure(film, What::Properties, &tools).expect("it is whole"));
    });
    let decoded = rate(films, threads, |film| {
        all(Pictures::open(film).expect("it is whole"));
    });
    let thin = rate(films, threads, |film| {
        all(Pictures::open_sparsely(film).expect("it is whole"));
    });
    let measured = rate(films, threads, |film| {
        let measures = measure(film, What::All, &tools).expect("it is whole");
        assert!(measures.picture.is_some(), "it is decoded");
    });
    println!(
        "{name:<20} {properties:>12.0} {decoded:>14.0} {thin:>14.0} {measured:>14.0} {:>8.2}",
        measured / decoded
    );
}

fn all(pictures: Pictures) {
    pictures.for_each(|picture| drop(picture.expect("it decodes")));
}

/// Videos a minute.
fn rate(films: &[PathBuf], threads: usize, work: impl Fn(&Path) + Sync) -> f64 {
    let (next, count) = (AtomicUsize::new(0), films.len() * TIMES);
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    work(&films[number % films.len()]);
                }
            });
        }
    });
    count as f64 * 60.0 / begun.elapsed().as_secs_f64()
}
