//! `runner probe` against what ffprobe says of the same files, and for files that are not whole.

mod support;

use std::fs;

use serde_json::Value;
use support::{Stage, program, ran};

/// Every film of the set with what ffprobe said of it; `tests/videos/make` wrote it down.
fn films() -> Vec<(String, Value)> {
    let mut films: Vec<(String, Value)> = fs::read_dir("tests/videos")
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("it can be read");
            let name = path.with_extension("mp4").display().to_string();
            (name, serde_json::from_str(&text).expect("it is JSON"))
        })
        .collect();
    films.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(films.len() >= 45, "{} films", films.len());
    films
}

fn number(value: &Value) -> f64 {
    let text = value.as_str().unwrap_or_default();
    value
        .as_f64()
        .or_else(|| text.parse().ok())
        .unwrap_or(f64::NAN)
}

/// Films that need less reordering than their streams state, which ffprobe repeats; we say what the index shows.
const LESS: [&str; 8] = [
    "cavlc",
    "edit-back",
    "late-start",
    "mbaff",
    "negative-offsets",
    "no-edits",
    "single",
    "variable",
];

/// A film whose edits overlap: ffprobe counts a sample once for each.
const OVERLAP: &str = "edit-back";

/// Films whose writer states another length than the samples have; ffprobe believes it.
const STATED: [&str; 1] = ["two-clips"];

fn is_of(film: &str, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| film.ends_with(&format!("/{name}.mp4")))
}

/// What we say of a field and what ffprobe says, where they differ.
struct Differences(Vec<String>);

impl Differences {
    fn same(&mut self, film: &str, field: &str, ours: &Value, theirs: &Value) {
        if ours != theirs {
            self.0
                .push(format!("{film}: {field}: {ours}, ffprobe {theirs}"));
        }
    }

    fn near(&mut self, film: &str, field: &str, ours: f64, theirs: f64, slack: f64) {
        if (ours - theirs).abs() > slack {
            self.0
                .push(format!("{film}: {field}: {ours}, ffprobe {theirs}"));
        }
    }
}

#[test]
fn what_is_said_agrees_with_ffprobe() {
    let films = films();
    let mut command = program();
    command.arg("probe").arg("--json");
    let told = ran(command.args(films.iter().map(|(name, _)| name)));
    assert_eq!(told.code, 0, "{}", told.stderr);
    let told: Vec<Value> = serde_json::from_str(&told.stdout).expect("it is JSON");
    assert_eq!(told.len(), films.len());
    let mut differences = Differences(Vec::new());
    for (ours, (film, theirs)) in told.iter().zip(&films) {
        assert_eq!(ours["file"], film.as_str());
        container(&mut differences, film, ours, theirs);
        pictures(&mut differences, film, &ours["video"], &theirs["video"]);
        times(&mut differences, film, &ours["video"], &theirs["video"]);
        colours(&mut differences, film, &ours["video"], &theirs["video"]);
        sound(&mut differences, film, &ours["sound"], &theirs["audio"]);
    }
    assert!(differences.0.is_empty(), "\n{}", differences.0.join("\n"));
}

fn container(found: &mut Differences, film: &str, ours: &Value, theirs: &Value) {
    let size = ours["bytes"].to_string();
    found.same(film, "bytes", &size.into(), &theirs["format"]["size"]);
    let brand = &ours["container"]["brand"];
    found.same(film, "brand", brand, &theirs["brands"]["major_brand"]);
    let brands: String = ours["container"]["brands"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let listed = &theirs["brands"]["compatible_brands"];
    found.same(film, "brands", &brands.into(), listed);
}

/// Whether ffprobe's words about a codec are of one whose parameter sets we read.
fn is_read(theirs: &Value) -> bool {
    theirs["codec_name"] == "h264" || theirs["codec_name"] == "hevc"
}

fn pictures(found: &mut Differences, film: &str, ours: &Value, theirs: &Value) {
    let size = &ours["size"];
    let (width, height) = (&size["cropped"][0], &size["cropped"][1]);
    found.same(film, "width", width, &theirs["width"]);
    found.same(film, "height", height, &theirs["height"]);
    let codec = ours["codec"].as_str().unwrap_or_default();
    let tag = codec.split('.').next().unwrap_or_default();
    found.same(film, "codec", &tag.into(), &theirs["codec_tag_string"]);
    let aspect = |pair: &Value| format!("{}:{}", pair[0], pair[1]);
    if theirs["sample_aspect_ratio"].is_string() {
        let aspect = aspect(&size["pixel_aspect"]).into();
        found.same(film, "aspect", &aspect, &theirs["sample_aspect_ratio"]);
    }
    let turned = theirs["rotation"].as_i64().unwrap_or(0).rem_euclid(360);
    // ffprobe counts against the clock.
    let turned = (360 - turned) % 360;
    found.same(film, "turn", &size["rotation_degrees"], &turned.into());
    if !is_read(theirs) {
        return;
    }
    found.same(film, "profile", &ours["profile"], &theirs["profile"]);
    let parts = if theirs["codec_name"] == "hevc" {
        30.0
    } else {
        10.0
    };
    let level = number(&theirs["level"]) / parts;
    found.near(film, "level", number(&ours["level"]), level, 1e-9);
    let format = theirs["pix_fmt"].as_str().unwrap_or_default();
    let deep = format.contains("10");
    found.same(
        film,
        "depth",
        &ours["bit_depth"],
        &(if deep { 10 } else { 8 }).into(),
    );
    let chroma = match format {
        format if format.contains("420") => "4:2:0",
        format if format.contains("422") => "4:2:2",
        _ => "4:4:4",
    };
    found.same(film, "chroma", &ours["chroma"], &chroma.into());
    let fields = theirs["field_order"] != "progressive" && theirs["field_order"].is_string();
    found.same(film, "fields", &ours["interlaced"], &fields.into());
    if is_of(film, &LESS) {
        let (ours, theirs) = (number(&ours["reorder"]), number(&theirs["has_b_frames"]));
        assert!(ours < theirs, "{film}: {ours} pictures, ffprobe {theirs}");
    } else {
        found.same(film, "reorder", &ours["reorder"], &theirs["has_b_frames"]);
    }
}

fn times(found: &mut Differences, film: &str, ours: &Value, theirs: &Value) {
    found.same(film, "frames", &ours["frames"], &theirs["read_frames"]);
    if !is_of(film, &[OVERLAP]) {
        found.same(film, "samples", &ours["samples"], &theirs["packets"]);
        let keys = theirs["keys"].as_array().map_or(0, Vec::len);
        found.same(film, "keys", &ours["key_frames"]["count"], &keys.into());
    }
    let start = number(&theirs["start_time"]);
    found.near(film, "start", number(&ours["start_s"]), start, 1e-6);
    let duration = number(&theirs["duration"]);
    if !is_of(film, &STATED) {
        found.near(
            film,
            "duration",
            number(&ours["duration_s"]),
            duration,
            2e-6,
        );
    }
    let exact = &ours["frame_rate"]["exact"];
    let rate = format!("{}/{}", exact[0], exact[1]);
    found.same(film, "rate", &rate.into(), &theirs["avg_frame_rate"]);
    let bits = number(&theirs["bit_rate"]);
    let cut = film.contains("edit") || film.contains("cut");
    if theirs["bit_rate"].is_string() && !cut && !is_of(film, &STATED) {
        found.near(
            film,
            "bit rate",
            number(&ours["bit_rate_bps"]),
            bits,
            1.0 + bits / 1000.0,
        );
    }
}

fn colours(found: &mut Differences, film: &str, ours: &Value, theirs: &Value) {
    let ours = &ours["colour"];
    for (name, field) in [
        ("matrix", "color_space"),
        ("primaries", "color_primaries"),
        ("transfer", "color_transfer"),
    ] {
        if is_read(theirs) {
            found.same(film, name, &ours[name], &theirs[field]);
        }
    }
    let range = match theirs["color_range"].as_str() {
        Some("pc") => Value::from("full"),
        Some("tv") => Value::from("limited"),
        _ => Value::Null,
    };
    if is_read(theirs) {
        found.same(film, "range", &ours["range"], &range);
    }
}

fn sound(found: &mut Differences, film: &str, ours: &Value, theirs: &Value) {
    found.same(
        film,
        "sound",
        &ours.is_object().into(),
        &theirs.is_object().into(),
    );
    if theirs.is_object() {
        found.same(film, "channels", &ours["channels"], &theirs["channels"]);
        let rate = ours["rate_hz"].to_string();
        found.same(film, "rate", &rate.into(), &theirs["sample_rate"]);
        found.same(film, "sound codec", &ours["codec"], &"mp4a.40.2".into());
    }
}

#[test]
fn people_read_it_too() {
    for film in [
        "sound",
        "edit-cut-leading",
        "turned",
        "hevc-ten-bit",
        "fragments",
    ] {
        let told = ran(program().args(["probe", &format!("tests/videos/{film}.mp4")]));
        assert_eq!(told.code, 0, "{}", told.stderr);
        insta::assert_snapshot!(format!("probe@{film}"), told.stdout);
    }
}

#[test]
fn what_is_missing_is_said() {
    let stage = Stage::new();
    let whole = fs::read("tests/videos/high.mp4").expect("it is there");
    fs::write(stage.path("cut.mp4"), &whole[..whole.len() - 100]).expect("it can be written");
    fs::write(stage.path("page.mp4"), "<!DOCTYPE html>").expect("it can be written");
    fs::write(stage.path("whole.mp4"), &whole).expect("it can be written");
    let told = stage.run(&["probe", "whole.mp4", "cut.mp4", "page.mp4"]);
    assert_eq!(told.code, 101);
    insta::assert_snapshot!("probe@damaged", told.stdout);
    let missing = stage.run(&["probe", "nowhere.mp4", "whole.mp4", "--json"]);
    assert_eq!(missing.code, 2);
    let list: Value = serde_json::from_str(&missing.stdout).expect("it is JSON");
    assert_eq!(list[0]["whole"], false);
    assert_eq!(list[1]["whole"], true);
}

/// A program that finds no ffmpeg, wherever it runs.
fn alone() -> std::process::Command {
    let mut program = program();
    program.env("RUNNER_FFMPEG", "none");
    program
}

#[test]
fn what_films_show_is_said_to_people() {
    for (name, film) in [
        ("measured", "tests/videos/two-clips.mp4"),
        ("measured-sound", "tests/fixtures/sound/tone.mp4"),
        ("measured-silence", "tests/fixtures/sound/silence.mp4"),
        ("measured-not", "tests/videos/vp9.mp4"),
    ] {
        let told = ran(alone().args(["probe", film, "--measure"]));
        assert_eq!(told.code, 0, "{}", told.stderr);
        insta::assert_snapshot!(format!("probe@{name}"), told.stdout);
    }
}

#[test]
fn what_films_show_is_said_to_programs() {
    let film = "tests/fixtures/sound/tone.mp4";
    let args = ["probe", film, "--json", "--like", "tests/videos/high.mp4"];
    let told = ran(alone().args(args));
    let list: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    let measures = &list[0]["measures"];
    assert_eq!(measures["decoder"], "built-in");
    assert_eq!(measures["audio"]["loudness_lufs"], -26.2);
    assert_eq!(measures["picture"]["cuts"], serde_json::json!([]));
    assert_eq!(
        measures["picture"]["glances"].as_array().map(Vec::len),
        Some(8)
    );
    assert!(
        list[0]["likeness"]["colour"]
            .as_u64()
            .is_some_and(|colour| colour > 500)
    );
    // Nobody asked for it here.
    let plain = ran(alone().args(["probe", film, "--json"]));
    let plain: Value = serde_json::from_str(&plain.stdout).expect("it is JSON");
    assert_eq!(plain[0].get("measures"), None);
}

#[test]
fn films_are_compared_with_films_and_with_pictures() {
    let stage = Stage::new();
    let still = stage.path("still.png");
    let picture = image::RgbImage::from_pixel(320, 200, image::Rgb([200, 30, 30]));
    picture.save(&still).expect("it can be written");
    let still = still.to_string_lossy().into_owned();
    fs::copy("tests/videos/high.mp4", stage.path("high.mp4")).expect("it can be copied");
    let taken = stage.run(&["frames", "high.mp4", "--at", "first"]);
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    let first = stage.path("high-first.png").to_string_lossy().into_owned();
    for (like, words) in [
        // Small: parts of the picture are a pixel or two, which are not laid together alike.
        (first.as_str(), "alike: colour "),
        (
            "tests/videos/high.mp4",
            "close: colour 100%, hues 100%, layout 100%, camera 100%",
        ),
        (still.as_str(), "in no band: "),
    ] {
        let told = ran(alone().args(["probe", "tests/videos/high.mp4", "--like", like]));
        assert_eq!(told.code, 0, "{}", told.stderr);
        let line = told.stdout.lines().find(|line| line.contains("likeness"));
        assert!(line.is_some_and(|line| line.contains(words)), "{line:?}");
    }
    let told = ran(alone().args(["probe", "tests/videos/high.mp4", "--like", "nowhere.mp4"]));
    assert_eq!(told.code, 2);
    assert!(
        told.stderr.contains("cannot compare with `nowhere.mp4`"),
        "{}",
        told.stderr
    );
}
