//! `runner sheet` as a person uses it: pictures, PDF, posters, and what it refuses.

mod support;

use std::fs;

use serde_json::Value;
use support::{Ran, Stage};

/// The storyboard of the README, made with tiny clips.
fn courier() -> Stage {
    let stage = Stage::new();
    let manifest = fs::read_to_string("manifests/courier.yaml").expect("it is there");
    stage.write("shots.yaml", &manifest);
    let applied = stage.apply(&[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    stage
}

fn sheet(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["sheet", "shots.yaml", "--simulate"], args].concat())
}

#[test]
fn a_film_becomes_a_sheet_in_every_format() {
    let stage = courier();
    let plain = sheet(&stage, &[]);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    let path = "out/simulated/shots.sheet.png";
    assert!(plain.stdout.trim().ends_with(path), "{}", plain.stdout);
    let first = stage.read(path);
    let picture = image::load_from_memory(&first).expect("it is a picture");
    assert_eq!(picture.width(), 1920);
    sheet(&stage, &[]);
    assert_eq!(first, stage.read(path), "the same bytes twice");
    for (name, begins) in [
        ("a.jpg", &b"\xff\xd8\xff"[..]),
        ("a.webp", b"RIFF"),
        ("deep/er/a.pdf", b"%PDF-"),
    ] {
        let ran = sheet(&stage, &["--out", name, "--frames", "3"]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        let bytes = stage.read(name);
        assert!(bytes.starts_with(begins), "{name}");
        sheet(&stage, &["--out", name, "--frames", "3"]);
        assert_eq!(bytes, stage.read(name), "{name}: the same bytes twice");
    }
}

#[test]
fn a_gallery_gets_posters_and_placeholders() {
    let stage = courier();
    fs::remove_file(stage.path("out/simulated/bridge.mp4")).expect("it was made");
    let ran = sheet(&stage, &["--json", "--posters", "stills", "--width", "40"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(json["sheets"], Value::Array(Vec::new()));
    let shots = json["shots"].as_array().expect("a list");
    assert_eq!(shots.len(), 6);
    for (number, shot) in (1..).zip(shots) {
        assert_eq!(shot["number"], number);
        if shot["id"] == "bridge" {
            assert_eq!(shot["poster"], Value::Null);
            assert!(shot["reason"].is_string(), "{shot}");
            continue;
        }
        let poster = shot["poster"].as_str().expect("it has one");
        let picture = image::load_from_memory(&stage.read(poster)).expect("it is a picture");
        assert_eq!(picture.width(), 40);
        assert_eq!(shot["blurhash"].as_str().map(str::len), Some(28), "{shot}");
        let colour = shot["mean_colour"].as_str().expect("it has one");
        assert!(colour.len() == 7 && colour.starts_with('#'), "{colour}");
        assert!(
            shot["video"]
                .as_str()
                .is_some_and(|video| video.ends_with(".mp4"))
        );
    }
    assert!(!stage.path("stills/bridge.jpg").exists());
    assert!(!stage.path("out/simulated/shots.sheet.png").exists());
}

#[test]
fn a_shot_keeps_its_number_whatever_is_selected() {
    let stage = courier();
    let ran = sheet(
        &stage,
        &["--json", "--only", "bridge", "--poster-at", "99s"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(json["shots"][0]["number"], 5);
    assert_eq!(json["shots"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_film_that_nobody_made_is_a_storyboard_all_the_same() {
    let stage = Stage::new();
    let manifest = fs::read_to_string("manifests/bilingual.yaml").expect("it is there");
    stage.write("shots.yaml", &manifest);
    let ran = sheet(&stage, &["--out", "plan.pdf", "--paper", "letter"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(stage.read("plan.pdf").starts_with(b"%PDF-"));
}

/// Everything that cannot be made again stays what it is.
#[test]
fn nothing_precious_is_written_over() {
    let stage = courier();
    stage.write("notes.png", "my notes");
    stage.write("stills/opening.jpg", "a photo of mine");
    for (args, why) in [
        (
            &["--out", "out/simulated/bridge.mp4", "--format", "png"][..],
            "made of it",
        ),
        (&["--out", "shots.yaml", "--format", "pdf"], "made of it"),
        (
            &["--out", "./out/../shots.yaml", "--format", "pdf"],
            "made of it",
        ),
        (&["--out", "out/simulated/.runner/x.png"], "ledger"),
        (&["--out", "notes.png"], "no picture"),
        (&["--out", "out", "--format", "png"], "no file"),
        (&["--posters", "stills"], "no poster"),
        (&["--out", "sheet.tiff"], "does not end like a format"),
        (&["--out", "sheet.png", "--format", "pdf"], "another format"),
    ] {
        let ran = sheet(&stage, args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(why), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(stage.read("notes.png"), b"my notes");
    assert_eq!(stage.read("stills/opening.jpg"), b"a photo of mine");
    assert!(!stage.path("stills/bridge.jpg").exists(), "all or nothing");
    assert!(stage.read("out/simulated/bridge.mp4")[4..].starts_with(b"ftyp"));
}
