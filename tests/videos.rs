//! Every picture of differently coded films against what a reference decoder made of them, bit by bit.
//!
//! `tests/videos/make` made the films and wrote down what the reference says; nothing but cargo is needed here.

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runner::media::frames::{
    Decoder, Frame, FrameError, Pictures, Tools, YuvPicture, spread, take, take_from,
};
use runner::shot::FrameAt;
use sha2::{Digest as _, Sha256};

/// What the built-in decoders do not know, and what they call it.
const REFUSED: [(&str, &str); 4] = [
    ("av1", "codec av01.0."),
    ("full-chroma", "H.264 High 4:4:4 Predictive, 4:4:4"),
    ("lossless", "H.264 High 4:4:4 Predictive, lossless"),
    ("vp9", "codec vp09.00."),
];

/// A film whose second edit goes back; the reference gives its first frame there the time of the one before.
const BACK: &str = "edit-back";

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir("tests/videos")
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == "mp4"))
        .map(|path| path.file_stem().expect("a name").display().to_string())
        .collect();
    names.sort();
    assert!(names.len() >= 45, "{} films", names.len());
    names
}

fn decodable() -> impl Iterator<Item = String> {
    let refused = |name: &String| REFUSED.iter().any(|(refused, _)| refused == name);
    names().into_iter().filter(move |name| !refused(name))
}

fn path(name: &str) -> PathBuf {
    Path::new("tests/videos").join(format!("{name}.mp4"))
}

/// Time in nanoseconds and digest of every frame, as the reference shows them.
fn reference(name: &str) -> Vec<(u64, String)> {
    let text = fs::read_to_string(format!("tests/videos/{name}.frames")).expect("it is beside");
    text.lines()
        .map(|line| {
            let (time, digest) = line.split_once(' ').expect("two columns");
            (time.parse().expect("a number"), digest.to_owned())
        })
        .collect()
}

fn digest(picture: &YuvPicture) -> String {
    let mut hash = Sha256::new();
    for plane in &picture.planes {
        hash.update(plane);
    }
    let digest = hash.finalize();
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

fn pictures(name: &str) -> Vec<YuvPicture> {
    let pictures = Pictures::open(&path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    pictures
        .map(|picture| picture.unwrap_or_else(|error| panic!("{name}: {error}")))
        .collect()
}

fn taken(name: &str, at: &[FrameAt]) -> Vec<Frame> {
    take(&path(name), at, &Tools::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_picture_is_the_references() {
    let mut wrong = Vec::new();
    for name in decodable() {
        let expected = reference(&name);
        let found: Vec<(u64, String)> = Pictures::open(&path(&name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .map_while(|picture| {
                let picture = picture.map_err(|error| wrong.push(format!("{name}: {error}")));
                picture.ok()
            })
            .map(|picture| (picture.time.as_nanos() as u64, digest(&picture)))
            .collect();
        if found.len() != expected.len() {
            let (found, expected) = (found.len(), expected.len());
            wrong.push(format!("{name}: {found} of {expected} frames"));
        }
        for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
            if found.0 != expected.0 && name != BACK {
                let (found, expected) = (found.0, expected.0);
                wrong.push(format!("{name}: frame {number} at {found}, not {expected}"));
            }
            if found.1 != expected.1 {
                wrong.push(format!("{name}: frame {number} has other pixels"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_shortest_way_to_a_frame_gives_the_same_pixels() {
    for name in decodable() {
        let pictures = pictures(&name);
        let all: Vec<FrameAt> = pictures
            .iter()
            .map(|picture| FrameAt::Time(picture.time))
            .collect();
        // All in one pass, and each by itself from its own key frame.
        let together = taken(&name, &all);
        for ((picture, at), frame) in pictures.iter().zip(&all).zip(&together) {
            let alone = &taken(&name, &[*at])[0];
            assert_eq!(alone.digest(), frame.digest(), "{name} at {at}");
            assert_eq!(alone.time, picture.time, "{name} at {at}");
            assert_eq!(alone.decoder, Decoder::BuiltIn);
            if name != "turned" {
                assert!(
                    alone.rgb == picture.rgb().expect("known colours"),
                    "{name} at {at}"
                );
            }
        }
        let ends = taken(&name, &[FrameAt::Last, FrameAt::First]);
        assert_eq!(
            ends[0].digest(),
            together[together.len() - 1].digest(),
            "{name}"
        );
        assert_eq!(ends[1].digest(), together[0].digest(), "{name}");
    }
}

/// Shots that start from frames of others are recognised by these digests: if one of them changes, every such shot
/// would be paid for again.
#[test]
fn the_pixels_of_a_film_never_change() {
    let films = [
        "tagged-601",
        "tagged-709",
        "full-range",
        "cropped",
        "mbaff",
        "turned",
        "ten-bit",
        "half-chroma",
        "half-chroma-ten-bit",
        "hevc",
        "hevc-ten-bit",
    ];
    let lines: Vec<String> = films
        .iter()
        .map(|name| {
            let frames = taken(name, &[FrameAt::First, FrameAt::Last]);
            format!("{name} {} {}", frames[0].digest(), frames[1].digest())
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_is_not_known_is_named() {
    for (name, what) in REFUSED {
        let error = take(&path(name), &[FrameAt::First], &Tools::default()).expect_err(name);
        assert!(matches!(error, FrameError::Unsupported { .. }), "{error}");
        let words = error.to_string();
        assert!(words.contains(what) && words.contains("ffmpeg"), "{words}");
    }
}

#[test]
fn a_time_finds_what_is_shown_then() {
    let film = "variable";
    let times: Vec<Duration> = reference(film)
        .iter()
        .map(|(time, _)| Duration::from_nanos(*time))
        .collect();
    let tick = Duration::from_nanos(1);
    for pair in times.windows(2) {
        let at = [pair[0], pair[1].saturating_sub(tick)].map(FrameAt::Time);
        let frames = taken(film, &at);
        assert_eq!([frames[0].time, frames[1].time], [pair[0]; 2]);
    }
    // Before the first frame there is nothing else to be seen.
    let early = taken("late-start", &[FrameAt::Time(Duration::from_millis(100))]);
    assert_eq!(early[0].time, Duration::from_millis(500));
}

#[test]
fn an_edit_may_go_back() {
    let times: Vec<u128> = pictures(BACK)
        .iter()
        .map(|picture| picture.time.as_millis())
        .collect();
    // 300 ms from the seventh frame on, then 400 ms from the second one on.
    let first = (0..8).map(|frame| frame * 1000 / 24);
    let second = (0..10).map(|frame| (299_967 + frame * 1_000_000 / 24) / 1000);
    assert_eq!(times, first.chain(second).collect::<Vec<_>>());
}

#[test]
fn the_end_is_the_last_frame_and_behind_it_is_nothing() {
    let second = Duration::from_secs(1);
    let frames = taken("high", &[FrameAt::Time(second), FrameAt::Last]);
    assert_eq!(frames[0], frames[1]);
    let late = FrameAt::Time(second + Duration::from_millis(1));
    let error = take(&path("high"), &[late], &Tools::default()).expect_err("it is over");
    assert_eq!(error.to_string(), "no frame at 1.001s: the film is 1s long");
}

#[test]
fn frames_are_spread_over_equal_parts() {
    let frames = spread(&path("high"), 4, &Tools::default()).expect("it decodes");
    let times: Vec<u128> = frames.iter().map(|frame| frame.time.as_millis()).collect();
    assert_eq!(times, [125, 375, 625, 875]);
    let one = spread(&path("high"), 1, &Tools::default()).expect("it decodes");
    assert_eq!(one, taken("high", &[FrameAt::Middle]));
}

#[test]
fn a_cut_film_gives_no_frame() {
    let whole = fs::read(path("late-index")).expect("it is there");
    let folder = tempfile::tempdir().expect("a folder");
    for left in [whole.len() - 1, whole.len() / 2, 100] {
        let cut = folder.path().join(format!("{left}.mp4"));
        fs::write(&cut, &whole[..left]).expect("it can be written");
        let error = take(&cut, &[FrameAt::First], &Tools::default()).expect_err("it is cut");
        assert!(matches!(error, FrameError::Incomplete(_)), "{error}");
    }
}

/// Whatever is wrong inside, there is a frame or a reason; `fuzz/` looks for more.
#[test]
fn damage_gives_a_frame_or_a_reason() {
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let (mut frames, mut reasons) = (0, 0);
    for seed in ["high", "cavlc", "fields", "ten-bit", "fragments", "hevc"] {
        let whole = fs::read(format!("fuzz/seeds/frames/{seed}.mp4")).expect("it is there");
        for _ in 0..150 {
            let mut damaged = whole.clone();
            for _ in 0..=next(4) {
                let at = next(damaged.len());
                damaged[at] = next(256) as u8;
            }
            match take_from(Cursor::new(damaged), &[FrameAt::Last, FrameAt::First]) {
                Ok(_) => frames += 1,
                Err(_) => reasons += 1,
            }
        }
    }
    assert!(frames > 100 && reasons > 100, "{frames}, {reasons}");
}
