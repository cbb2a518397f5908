//! How fast animatics are made, beside ffmpeg with libx264 encoding the same pictures.
//!
//! Prints figures, never fails for being slow. Without ffmpeg the last part is left out.

#![allow(clippy::print_stdout, reason = "printing figures is what it is for")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use runner::media::film::{Card, Content, Film, Image, Scene, Shot, frames, shoot};
use runner::media::fonts::Fonts;
use runner::media::motion::Move;
use runner::shot::FrameAt;

const SIZE: (u32, u32) = (1366, 768);
const FPS: u32 = 24;
const SHOT_MS: u32 = 6000;
/// What the aim is said for.
const AIM_SHOTS: usize = 40;

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "shots of 6 s at {}x{}, {FPS} frames per second; {cores} cores\n",
        SIZE.0, SIZE.1
    );
    println!(
        "{:32}{:>9}{:>12}{:>12}",
        "one thread", "s a shot", "frames/s", "MB a shot"
    );
    for (name, scenes) in kinds() {
        row(name, &scenes, 1);
    }
    let mixed = mixed(AIM_SHOTS);
    println!();
    let (took, bytes) = row("40 shots of all kinds, all cores", &mixed, cores);
    println!(
        "whole film: {:.1} s, {:.1} MB; the aim is 120 s",
        took.as_secs_f64(),
        megabytes(bytes.len())
    );
    beside_x264(cores);
}

fn kinds() -> Vec<(&'static str, Vec<Scene>)> {
    let mut faded = still();
    if let Content::Shot(shot) = &mut faded.content {
        shot.last = Some(Image::File(picture("lake-night.webp")));
    }
    vec![
        ("a card", vec![card()]),
        ("a generated scene", vec![generated(1)]),
        (
            "a still, static",
            vec![moving(still(), &[Move::StaticShot])],
        ),
        (
            "a still, pan and zoom",
            vec![moving(still(), &[Move::PanRight, Move::ZoomIn])],
        ),
        ("a still, cross-fade", vec![faded]),
        (
            "a scene and one that goes on",
            vec![generated(2), onward(0)],
        ),
    ]
}

fn mixed(shots: usize) -> Vec<Scene> {
    let mut scenes = vec![card()];
    for number in 0..shots {
        let scene = match number % 4 {
            0 => generated(number),
            1 => onward(scenes.len() - 1),
            2 => moving(still(), &[Move::ALL[number % 15]]),
            _ => moving(generated(number), &[Move::ALL[number % 15]]),
        };
        scenes.push(scene);
    }
    scenes
}

fn picture(name: &str) -> PathBuf {
    Path::new("manifests/stills").join(name)
}

fn scene(content: Content) -> Scene {
    Scene {
        name: "shot".to_owned(),
        content,
        shown: true,
        chapter: None,
    }
}

fn card() -> Scene {
    scene(Content::Card(Card {
        heading: "courier".to_owned(),
        lines: vec!["40 shots, 4 min 00 s".to_owned()],
        duration_ms: SHOT_MS,
    }))
}

fn generated(number: usize) -> Scene {
    scene(Content::Shot(Shot {
        prompt: format!("{number}: a courier runs down endless stone stairs, 雨夜的街道"),
        moves: vec![vec![Move::TruckRight], vec![Move::PushIn, Move::TiltUp]],
        badge: "ANIMATIC  1/40".to_owned(),
        duration_ms: SHOT_MS,
        first: None,
        last: None,
    }))
}

fn with_first(image: Image) -> Scene {
    let mut scene = generated(0);
    if let Content::Shot(shot) = &mut scene.content {
        shot.first = Some(image);
    }
    scene
}

fn still() -> Scene {
    with_first(Image::File(picture("forest.png")))
}

fn onward(source: usize) -> Scene {
    with_first(Image::Frame {
        scene: source,
        at: FrameAt::Last,
    })
}

fn moving(mut scene: Scene, moves: &[Move]) -> Scene {
    if let Content::Shot(shot) = &mut scene.content {
        shot.moves = vec![moves.to_vec()];
    }
    scene
}

fn film(scenes: &[Scene]) -> Film<'_> {
    Film {
        width: SIZE.0,
        height: SIZE.1,
        fps: FPS,
        fonts: Fonts::embedded(),
        scenes,
    }
}

fn row(name: &str, scenes: &[Scene], threads: usize) -> (Duration, Vec<u8>) {
    let film = film(scenes);
    let begun = Instant::now();
    let mut bytes = Cursor::new(Vec::new());
    shoot(&film, threads, &|| true, &mut bytes).expect("the film is sound");
    let took = begun.elapsed();
    let bytes = bytes.into_inner();
    let count = frames(&film).expect("the film is sound");
    let shots = count as f64 / f64::from(FPS * SHOT_MS / 1000);
    println!(
        "{name:32}{:>9.2}{:>12.0}{:>12.2}",
        took.as_secs_f64() / shots,
        count as f64 / took.as_secs_f64(),
        megabytes(bytes.len()) / shots,
    );
    (took, bytes)
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The very pictures of a film, encoded by libx264: it has only to encode, we draw them first.
fn beside_x264(cores: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mp4, raw) = (
        folder.path().join("film.mp4"),
        folder.path().join("film.yuv"),
    );
    println!(
        "\n{:32}{:>12}{:>12}{:>9}",
        "beside libx264 -preset veryfast", "ours", "libx264", "ratio"
    );
    for (name, threads) in [("one thread, frames/s", 1), ("all cores, frames/s", cores)] {
        let scenes: Vec<Scene> = (0..2 * threads)
            .map(|number| {
                if number % 2 == 0 {
                    moving(still(), &[Move::PanLeft])
                } else {
                    generated(number)
                }
            })
            .collect();
        let film = film(&scenes);
        let begun = Instant::now();
        let target = std::fs::File::create(&mp4).expect("the folder takes it");
        let target = std::io::BufWriter::new(target);
        shoot(&film, threads, &|| true, target).expect("the film is sound");
        let ours = begun.elapsed();
        let count = frames(&film).expect("the film is sound") as f64;
        let size = format!("{}x{}", SIZE.0, SIZE.1);
        let from: [&str; 4] = ["-f", "rawvideo", "-pix_fmt", "yuv420p"];
        let unpacked = ffmpeg(|command| {
            command.arg("-i").arg(&mp4).args(from).arg(&raw);
        });
        let theirs = unpacked.and_then(|_| {
            ffmpeg(|command| {
                command
                    .args(from)
                    .args(["-s", &size, "-r", "24", "-i"])
                    .arg(&raw);
                command.args(["-c:v", "libx264", "-preset", "veryfast", "-threads"]);
                command
                    .arg(threads.to_string())
                    .arg(folder.path().join("x264.mp4"));
            })
        });
        let Some(theirs) = theirs else {
            println!("no ffmpeg with libx264 here");
            return;
        };
        let (ours, theirs) = (count / ours.as_secs_f64(), count / theirs.as_secs_f64());
        println!("{name:32}{ours:>12.0}{theirs:>12.0}{:>9.2}", ours / theirs);
    }
}

/// How long ffmpeg took; `None` if it is not there or failed.
fn ffmpeg(arguments: impl FnOnce(&mut Command)) -> Option<Duration> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).stdin(Stdio::null());
    arguments(&mut command);
    let begun = Instant::now();
    let done = command.status().is_ok_and(|status| status.success());
    done.then(|| begun.elapsed())
}
