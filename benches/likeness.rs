//! What the numbers of `measure::likeness` say of pairs that are alike and of pairs that are not.
//!
//! Films are drawn here or by the simulator: the same film written again, the same words made anew, and what must not
//! be taken for either. Prints a line for each pair, then the range of every number in each group, and how many of
//! the group lie in each band. Where there is an ffmpeg, its encodes are added.

#![allow(clippy::print_stdout, reason = "a program that prints figures")]

#[path = "support/drawn.rs"]
mod drawn;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::imageops::flip_horizontal;
use image::{ImageFormat, Rgb, RgbImage};
use runner::media::clip::{ClipRequest, render, scenery};
use runner::media::frames::Tools;
use runner::media::measure::{Band, Glance, Likeness, What, likeness, measure};
use runner::media::motion::Move;

use drawn::{SCENES, Words, draw};

const SIZE: (u32, u32) = (640, 360);
const SECONDS: u32 = 4;

/// What a film is made from.
struct Film<'a> {
    seed: u64,
    picture: Option<&'a RgbImage>,
    moves: &'a [Move],
    seconds: u32,
    size: (u32, u32),
}

/// A group and a pair, and how alike they are.
type Line = (&'static str, String, Likeness);

struct Pairs {
    folder: tempfile::TempDir,
    lines: Vec<Line>,
}

impl Pairs {
    fn film(&self, film: &Film<'_>) -> PathBuf {
        let still = film.picture.map(|picture| {
            let mut bytes = Cursor::new(Vec::new());
            picture
                .write_to(&mut bytes, ImageFormat::Png)
                .expect("it can be written");
            bytes.into_inner()
        });
        let moves: Vec<Vec<Move>> = film.moves.iter().map(|each| vec![*each]).collect();
        let request = ClipRequest {
            width: film.size.0,
            height: film.size.1,
            duration_ms: film.seconds * 1000,
            fps: 24,
            seed: film.seed,
            title: "",
            prompt: "",
            moves: &moves,
            first_frame: still.as_deref(),
            last_frame: None,
        };
        let path = self.folder.path().join("film.mp4");
        fs::write(&path, render(&request).expect("the request is sound"))
            .expect("it can be written");
        path
    }

    fn of_picture(&self, picture: &RgbImage, camera: Move) -> Vec<Glance> {
        glances(&self.film(&Film {
            seed: 0,
            picture: Some(picture),
            moves: &[camera],
            seconds: SECONDS,
            size: SIZE,
        }))
    }

    fn of_seed(&self, seed: u64, moves: &[Move], seconds: u32) -> Vec<Glance> {
        glances(&self.film(&Film {
            seed,
            picture: None,
            moves,
            seconds,
            size: SIZE,
        }))
    }

    /// Another encode by ffmpeg, if there is one.
    fn again(&self, from: &Path, before: &[&str], after: &[&str]) -> Option<Vec<Glance>> {
        let path = self.folder.path().join("again.mp4");
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error", "-y"])
            .args(before)
            .arg("-i")
            .arg(from)
            .args(after)
            .args(["-an", "-c:v", "libx264"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        status.success().then(|| glances(&path))
    }

    fn add(&mut self, group: &'static str, name: String, a: &[Glance], b: &[Glance]) {
        let found = likeness(a, b);
        show(group, &name, &found);
        self.lines.push((group, name, found));
    }
}

fn glances(path: &Path) -> Vec<Glance> {
    let measures = measure(path, What::Picture, &Tools::default()).expect("it is whole");
    measures.picture.expect("it is decoded").glances
}

fn show(group: &str, name: &str, found: &Likeness) {
    println!(
        "{group:<22} {name:<34} {:>6} {:>5} {:>6} {:>6}  {}",
        found.colour,
        found.hues,
        found.layout,
        found.camera.unwrap_or(0),
        found.band().map_or("-", Band::name)
    );
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pairs = Pairs {
        folder,
        lines: Vec::new(),
    };
    println!(
        "{:<22} {:<34} {:>6} {:>5} {:>6} {:>6}  band",
        "group", "pair", "colour", "hues", "layout", "camera"
    );
    for number in 0..SCENES.len() {
        drawn_pairs(&mut pairs, number);
    }
    for seed in 0..8 {
        simulated_pairs(&mut pairs, seed);
    }
    summary(&pairs.lines);
}

fn drawn_pairs(pairs: &mut Pairs, number: usize) {
    let (words, pan) = (SCENES[number], Move::PanRight);
    let picture = draw(&words, 1, SIZE);
    let own = Film {
        seed: 0,
        picture: Some(&picture),
        moves: &[pan],
        seconds: SECONDS,
        size: SIZE,
    };
    let path = pairs.film(&own);
    let base = glances(&path);
    written_again(pairs, &words, (&path, &base));
    let smaller = glances(&pairs.film(&Film {
        size: (480, 270),
        ..own
    }));
    pairs.add("same: smaller", words.name.to_owned(), &base, &smaller);
    let brighter = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        Rgb(picture
            .get_pixel(x, y)
            .0
            .map(|value| value.saturating_add(10)))
    });
    let brighter = pairs.of_picture(&brighter, pan);
    pairs.add(
        "same: brighter by 4 %",
        words.name.to_owned(),
        &base,
        &brighter,
    );
    let mirrored = pairs.of_picture(&flip_horizontal(&picture), pan);
    pairs.add("other: mirrored", words.name.to_owned(), &base, &mirrored);
    for seed in 2..5 {
        let anew = pairs.of_picture(&draw(&words, seed, SIZE), pan);
        pairs.add("anew", format!("{} {seed}", words.name), &base, &anew);
    }
    let anew = draw(&words, 3, SIZE);
    let longer = glances(&pairs.film(&Film {
        picture: Some(&anew),
        seconds: SECONDS + 1,
        ..own
    }));
    pairs.add(
        "anew: a second longer",
        words.name.to_owned(),
        &base,
        &longer,
    );
    let mirrored = pairs.of_picture(&flip_horizontal(&anew), pan);
    pairs.add(
        "other: anew, mirrored",
        words.name.to_owned(),
        &base,
        &mirrored,
    );
    for (colour, subject) in [("blue", [30, 60, 210]), ("green", [30, 170, 60])] {
        let other = pairs.of_picture(&draw(&words.with_subject(subject), 3, SIZE), pan);
        pairs.add(
            "other: subject",
            format!("{} {colour}", words.name),
            &base,
            &other,
        );
    }
    for camera in [
        Move::PanLeft,
        Move::TiltDown,
        Move::PushIn,
        Move::StaticShot,
    ] {
        let other = pairs.of_picture(&anew, camera);
        pairs.add(
            "other: camera",
            format!("{} {}", words.name, camera.id()),
            &base,
            &other,
        );
    }
    for step in 1..SCENES.len() {
        let far = SCENES[(number + step) % SCENES.len()];
        let other = pairs.of_picture(&draw(&far, 3, SIZE), pan);
        pairs.add(
            "other: scene",
            format!("{} {}", words.name, far.name),
            &base,
            &other,
        );
    }
    let black = pairs.of_picture(&RgbImage::new(SIZE.0, SIZE.1), pan);
    pairs.add("other: black", words.name.to_owned(), &base, &black);
}

fn written_again(pairs: &mut Pairs, words: &Words, (path, base): (&Path, &[Glance])) {
    let ways: [(&str, &[&str], &[&str]); 3] = [
        ("same: crf 36", &[], &["-crf", "36"]),
        (
            "same: grain",
            &[],
            &["-vf", "noise=alls=20:allf=t:all_seed=7"],
        ),
        ("same: a second later", &["-ss", "1"], &[]),
    ];
    for (group, before, after) in ways {
        if let Some(again) = pairs.again(path, before, after) {
            pairs.add(group, words.name.to_owned(), base, &again);
        }
    }
}

fn simulated_pairs(pairs: &mut Pairs, seed: u64) {
    let look = scenery(seed);
    let base = pairs.of_seed(seed, &[Move::PanRight], SECONDS);
    let kinds: [(&'static str, bool, bool); 4] = [
        ("anew: simulator", true, true),
        ("other: what stands there", true, false),
        ("other: mood", false, true),
        ("other: simulator", false, false),
    ];
    for (group, same_mood, same_kind) in kinds {
        let fits = |other: &u64| {
            let (mood, kind) = scenery(*other);
            (mood == look.0) == same_mood && (kind == look.1) == same_kind
        };
        if let Some(other) = (seed + 1..seed + 1000).find(fits) {
            let glances = pairs.of_seed(other, &[Move::PanRight], SECONDS);
            pairs.add(group, format!("{seed} {other}"), &base, &glances);
        }
    }
    for camera in [Move::PanLeft, Move::TruckLeft, Move::PullOut] {
        let other = pairs.of_seed(seed, &[camera], SECONDS);
        pairs.add(
            "other: camera",
            format!("{seed} {}", camera.id()),
            &base,
            &other,
        );
    }
    let slower = pairs.of_seed(seed, &[Move::PanRight, Move::PanRight], SECONDS + 2);
    pairs.add("same: camera slower", format!("{seed}"), &base, &slower);
}

/// The range of each number in each group.
fn summary(lines: &[Line]) {
    let mut groups: BTreeMap<&str, Vec<&Likeness>> = BTreeMap::new();
    for (group, _, found) in lines {
        groups.entry(group).or_default().push(found);
    }
    println!(
        "\n{:<26} {:>5} {:>10} {:>10} {:>10} {:>10}  {:>5} {:>5} {:>5} {:>5}",
        "group", "pairs", "colour", "hues", "layout", "camera", "close", "alike", "loose", "none"
    );
    for (group, found) in groups {
        let range = |number: &dyn Fn(&Likeness) -> i64| {
            let numbers = || found.iter().map(|one| number(one));
            format!(
                "{}..{}",
                numbers().min().unwrap_or(0),
                numbers().max().unwrap_or(0)
            )
        };
        let count = |band: Option<Band>| found.iter().filter(|one| one.band() == band).count();
        println!(
            "{group:<26} {:>5} {:>10} {:>10} {:>10} {:>10}  {:>5} {:>5} {:>5} {:>5}",
            found.len(),
            range(&|one| one.colour.into()),
            range(&|one| one.hues.into()),
            range(&|one| one.layout.into()),
            range(&|one| one.camera.unwrap_or(0).into()),
            count(Some(Band::Close)),
            count(Some(Band::Alike)),
            count(Some(Band::Loose)),
            count(None)
        );
    }
}
