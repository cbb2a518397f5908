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
        let id = shot["id"].as_str().expect("it has one");
        assert_eq!(shot["video"], format!("{id}.mp4"));
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
        (&["--posters", "po", "--out", "po/bridge.jpg"], "at once"),
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

/// Its length and time are as they were, so nothing but the pictures tells.
#[test]
fn a_video_that_cannot_be_decoded_is_told_and_the_rest_is_drawn() {
    let stage = courier();
    let path = stage.path("out/simulated/bridge.mp4");
    let changed = fs::metadata(&path).and_then(|found| found.modified());
    let mut bytes = stage.read("out/simulated/bridge.mp4");
    let data = bytes.windows(4).position(|four| four == b"mdat");
    bytes[data.expect("it is an MP4") + 4..].fill(0);
    fs::write(&path, bytes).expect("it can be written");
    let file = fs::File::options()
        .write(true)
        .open(&path)
        .expect("it is there");
    file.set_modified(changed.expect("it has a time"))
        .expect("times can be set");
    for out in ["a.png", "a.pdf"] {
        let ran = sheet(&stage, &["--out", out, "--posters", "po"]);
        assert_eq!(ran.code, 100, "{}", ran.stderr);
        assert!(ran.stderr.contains("bridge: no frames"), "{}", ran.stderr);
        assert!(stage.path(out).exists() && stage.path("po/stairs.jpg").exists());
    }
    assert!(!stage.path("po/bridge.jpg").exists());
}

#[test]
fn characters_that_the_font_lacks_are_told() {
    let stage = Stage::new();
    stage.write(
        "shots.yaml",
        "version: 1\nshots: [{ id: one, model: MiniMax-Hailuo-2.3, prompt: A crab 🦀 walks. }]\n",
    );
    let ran = sheet(&stage, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("the font lacks 🦀"), "{}", ran.stderr);
}
