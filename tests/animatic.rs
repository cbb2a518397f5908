//! `runner animatic` as a person uses it: a manifest in, a film out, nothing paid and nothing lost.

mod support;

use std::io::Cursor;

use runner::media::probe::{VideoInfo, probe};
use serde_json::Value;
use support::{Ran, Stage, program, ran};

const SMALL: [&str; 4] = ["--resolution", "128x72", "--fps", "6"];

fn film(stage: &Stage, name: &str) -> VideoInfo {
    probe(Cursor::new(stage.read(name))).expect("the film is whole")
}

fn animatic(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["animatic", "shots.yaml"], &SMALL[..], args].concat())
}

fn stage(manifest: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", manifest);
    stage
}

const TWO: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - id: one
    prompt: A boat. [Push in]
  - id: two
    prompt: A lighthouse.
    duration: 10
";

#[test]
fn the_courier_becomes_a_film() {
    let stage = Stage::new();
    let out = stage.path("film.mp4");
    let film_name = out.to_str().expect("a plain name");
    let args = [
        "animatic",
        "manifests/courier.yaml",
        "--no-finished",
        "--out",
        film_name,
    ];
    let first = ran(program().args(args).args(SMALL));
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_eq!(first.stdout.trim(), film_name);
    assert!(
        first.stderr.contains("6 shots and 1 card"),
        "{}",
        first.stderr
    );
    let info = film(&stage, "film.mp4");
    assert_eq!(
        (info.width, info.height, info.duration_ms),
        (128, 72, 38_000)
    );
    assert_eq!((info.frames, info.has_audio), (38 * 6, false));

    // The same again, over the first: the same bytes.
    let bytes = stage.read("film.mp4");
    let again = ran(program().args(args).args(SMALL));
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(bytes == stage.read("film.mp4"));
    let bare = ran(program().args(args).args(SMALL).arg("--no-cards"));
    assert_eq!(bare.code, 0, "{}", bare.stderr);
    assert_eq!(film(&stage, "film.mp4").duration_ms, 36_000);
}

#[test]
fn the_film_goes_beside_the_videos_unless_told_otherwise() {
    let stage = stage(TWO);
    let made = animatic(&stage, &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(film(&stage, "out/shots.animatic.mp4").duration_ms, 18_000);
    let left: Vec<_> = std::fs::read_dir(stage.path("out"))
        .expect("the folder was made")
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    // It is in nobody's way.
    assert_eq!(stage.run(&["plan", "shots.yaml"]).code, 0);
}

#[test]
fn json_says_when_everything_begins() {
    let stage = stage(
        "\
version: 1
defaults: { model: MiniMax-Hailuo-02 }
shots:
  - { id: s1-a, prompt: Night., duration: 10 }
  - { id: s1-b, prompt: Rain., first_frame: { shot: s1-a, frame: last } }
  - { id: s2-a, prompt: Day. }
",
    );
    let made = animatic(&stage, &["--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let told: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
    insta::assert_json_snapshot!(told);
    let only = animatic(&stage, &["--json", "--only", "s1-b", "--out", "b.mp4"]);
    let told: Value = serde_json::from_str(&only.stdout).expect("it is JSON");
    let names: Vec<&str> = told["parts"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|part| part["name"].as_str())
        .collect();
    assert_eq!(names, ["shots", "s1", "s1-b"], "{}", only.stderr);
    assert_eq!(film(&stage, "b.mp4").duration_ms, 2000 + 1500 + 6000);
}

#[test]
fn finished_videos_are_in_the_film() {
    let stage = stage(TWO);
    let applied = stage.apply(&["--only", "one"]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let with = animatic(&stage, &["--simulate", "--json", "--out", "with.mp4"]);
    assert_eq!(with.code, 0, "{}", with.stderr);
    let told: Value = serde_json::from_str(&with.stdout).expect("it is JSON");
    assert_eq!(told["parts"][1]["shows"], "video");
    assert_eq!(told["parts"][2]["shows"], "scene");
    assert_eq!(told["duration_ms"], 18_000);
    // A simulated video is none of the service's.
    let paid = animatic(&stage, &["--json", "--out", "paid.mp4"]);
    let told: Value = serde_json::from_str(&paid.stdout).expect("it is JSON");
    assert_eq!(told["parts"][1]["shows"], "scene", "{}", paid.stderr);
    let without = animatic(
        &stage,
        &["--simulate", "--no-finished", "--out", "paid.mp4"],
    );
    assert_eq!(without.code, 0, "{}", without.stderr);
    assert!(stage.read("with.mp4") != stage.read("paid.mp4"));
}

#[test]
fn a_video_that_cannot_be_decoded_is_sketched() {
    let stage = stage(TWO);
    assert_eq!(stage.apply(&["--only", "one"]).code, 0);
    let name = "out/simulated/one.mp4";
    let mut bytes = stage.read(name);
    // As long as it was, so that it still counts as there; but of no known kind.
    let at = bytes.windows(4).position(|window| window == b"avc1");
    let at = at.expect("it has a sample entry") + 24;
    let entry = bytes[at..].windows(4).position(|window| window == b"avc1");
    let entry = at + entry.expect("the second one is the entry");
    bytes[entry..entry + 4].copy_from_slice(b"vp09");
    let modified = std::fs::metadata(stage.path(name))
        .and_then(|found| found.modified())
        .expect("it has a time");
    std::fs::write(stage.path(name), &bytes).expect("it can be written");
    std::fs::File::options()
        .append(true)
        .open(stage.path(name))
        .and_then(|file| file.set_modified(modified))
        .expect("its time can be set");
    let made = animatic(&stage, &["--simulate", "--out", "film.mp4"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(
        made.stderr.contains("note: one: its video"),
        "{}",
        made.stderr
    );
    assert!(made.stderr.contains("is sketched"), "{}", made.stderr);
}

#[test]
fn every_camera_command_and_every_kind_of_picture() {
    let stage = Stage::new();
    let lake = std::fs::canonicalize("manifests/stills/lake-day.jpg").expect("it is there");
    let night = std::fs::canonicalize("manifests/stills/lake-night.webp").expect("it is there");
    stage.write(
        "shots.yaml",
        &format!(
            "\
version: 1
defaults: {{ model: MiniMax-Hailuo-2.3 }}
shots:
  - id: all
    prompt: A bridge.
    camera: [truck left, truck right, pan left, pan right, push in, pull out, pedestal up,
      pedestal down, tilt up, tilt down, zoom in, zoom out, shake, tracking shot, static shot]
  - {{ id: 开场, prompt: 清晨的老街【左摇，上升】, first_frame: '{lake}' }}
  - {{ id: address, prompt: A sign., first_frame: 'https://example.com/a.png' }}
  - id: between
    model: MiniMax-Hailuo-02
    prompt: Dusk.
    first_frame: {{ shot: 开场, frame: 2s }}
    last_frame: '{night}'
",
            lake = lake.display(),
            night = night.display(),
        ),
    );
    let made = animatic(&stage, &["--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stderr.contains("address"), "{}", made.stderr);
    assert!(!made.stderr.contains("no font"), "{}", made.stderr);
    let told: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
    let shows: Vec<&str> = told["parts"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|part| part["shows"].as_str())
        .collect();
    assert_eq!(shows, ["card", "scene", "picture", "scene", "frame"]);
    assert_eq!(told["parts"][4]["from"], "开场");
}

#[test]
fn characters_that_no_font_has_are_told_once() {
    let stage = stage(
        "\
version: 1
shots:
  - { id: one, model: MiniMax-Hailuo-2.3, prompt: 龘 and 🦀 and 龘 }
  - { id: two, model: MiniMax-Hailuo-2.3, prompt: 🦀 again }
",
    );
    let made = animatic(&stage, &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(
        made.stderr.matches("no font has").count(),
        1,
        "{}",
        made.stderr
    );
    assert!(
        made.stderr.contains("龘 (U+9F98), 🦀 (U+1F980)"),
        "{}",
        made.stderr
    );
    let wrong = animatic(&stage, &["--font", "shots.yaml"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("shots.yaml"), "{}", wrong.stderr);
}

#[test]
fn nothing_but_an_animatic_is_replaced() {
    let stage = stage(TWO);
    assert_eq!(stage.apply(&["--only", "one"]).code, 0);
    let paid = stage.read("out/simulated/one.mp4");
    for out in [
        "out/simulated/one.mp4",
        "shots.yaml",
        "out",
        "nowhere/film.mp4",
    ] {
        let refused = animatic(&stage, &["--out", out]);
        assert_eq!(refused.code, 2, "{out}: {}", refused.stderr);
        assert!(refused.stderr.contains(out), "{}", refused.stderr);
    }
    assert!(paid == stage.read("out/simulated/one.mp4"));
    assert_eq!(stage.read("shots.yaml"), TWO.as_bytes());
}

#[test]
fn what_cannot_be_made_says_why() {
    let stage = stage(TWO);
    for (args, code, words) in [
        (&["--resolution", "127x72"][..], 2, "127x72"),
        (&["--resolution", "5000x72"], 2, "5000x72"),
        (&["--resolution", "huge"], 2, "`huge`"),
        (&["--fps", "600"], 2, "600"),
        (&["--only", "three"], 21, "three"),
    ] {
        let mut all = vec!["animatic", "shots.yaml"];
        all.extend(args);
        let refused = stage.run(&all);
        assert_eq!(refused.code, code, "{args:?}: {}", refused.stderr);
        assert!(
            refused.stderr.contains(words),
            "{args:?}: {}",
            refused.stderr
        );
    }
    let still = std::fs::read("manifests/stills/forest.png").expect("it is there");
    std::fs::write(stage.path("cut.png"), &still[..still.len() / 2]).expect("it can be written");
    stage.write(
        "shots.yaml",
        "\
version: 1
shots: [{ id: wood, model: MiniMax-Hailuo-2.3, prompt: A fox., first_frame: cut.png }]
",
    );
    let refused = animatic(&stage, &[]);
    assert_eq!(refused.code, 20, "{}", refused.stderr);
    assert!(refused.stderr.contains("`wood`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("cut.png"), "{}", refused.stderr);
    assert!(!stage.path("out/shots.animatic.mp4").exists());
}

#[test]
fn scenes_of_the_manifest_have_cards() {
    let stage = stage(
        "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3 }
scenes:
  - { id: dock, title: The dock, shots: [{ id: s1-a, prompt: a }, { id: s2-a, prompt: b }] }
  - { id: street, shots: [{ id: s2-b, prompt: c }] }
shots: [{ id: end, prompt: d }]
",
    );
    let made = animatic(&stage, &["--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let told: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
    let parts = told["parts"].as_array().expect("a list");
    let names: Vec<&str> = parts
        .iter()
        .filter_map(|part| part["name"].as_str())
        .skip(1)
        .collect();
    assert_eq!(names, ["The dock", "s1-a", "s2-a", "street", "s2-b", "end"]);
}
