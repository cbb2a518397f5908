//! The film in the hands of other programs: timelines, as a person makes them.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::Stage;

const FILM: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }
limits: { creates_per_minute: unlimited }
shots:
  - id: opening
    prompt: A boat. [Push in]
  - id: doomed
    prompt: Forbidden things.
    duration: 10
  - id: 镜头一
    prompt: 灯塔。【推进】
";

const TROUBLE: &str =
    "rules: [{ on: query, prompt_contains: Forbidden, then: { status: Fail } }]\n";

/// A film of which the second shot failed.
fn film() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    stage.write("trouble.yaml", TROUBLE);
    let ran = stage.apply(&["--scenario", "trouble.yaml"]);
    assert_eq!(ran.code, 100, "{}", ran.stderr);
    stage
}

fn json_of(stage: &Stage, name: &str) -> Value {
    serde_json::from_slice(&stage.read(name)).expect("it is JSON")
}

#[test]
fn a_film_with_a_failed_shot_is_exported_with_a_gap_and_its_reason() {
    let stage = film();
    let ran = stage.run(&["export", "shots.yaml", "--simulate"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("3 shots, 22.0 s"), "{}", ran.stderr);
    assert!(ran.stderr.contains("not there: doomed"), "{}", ran.stderr);
    let timeline = json_of(&stage, "out/simulated/shots.otio");
    let children = &timeline["tracks"]["children"][0]["children"];
    let opening = &children[0];
    let key = opening["active_media_reference_key"]
        .as_str()
        .expect("a key");
    assert_eq!(
        key,
        runner::id::sha256_hex(&stage.read("out/simulated/opening.mp4"))
    );
    assert_eq!(
        opening["media_references"][key]["target_url"],
        "opening.mp4"
    );
    assert_eq!(opening["metadata"]["runner"]["camera"], json!(["Push in"]));
    let gap = &children[1];
    assert_eq!(
        (&gap["OTIO_SCHEMA"], &gap["name"]),
        (&json!("Gap.1"), &json!("doomed"))
    );
    assert_eq!(gap["source_range"]["duration"]["value"], 240.0);
    assert_eq!(gap["metadata"]["runner"]["state"], "failed");
    let reason = gap["metadata"]["runner"]["reason"]
        .as_str()
        .expect("a reason");
    assert!(!reason.is_empty());
    let chinese = &children[2];
    let key = chinese["active_media_reference_key"]
        .as_str()
        .expect("a key");
    let url = &chinese["media_references"][key]["target_url"];
    assert_eq!(url, "%E9%95%9C%E5%A4%B4%E4%B8%80.mp4");
}

#[test]
fn every_take_is_an_alternate_reference_of_the_clip() {
    let stage = film();
    let again = stage.apply(&[
        "--force",
        "opening",
        "--seed",
        "7",
        "--scenario",
        "trouble.yaml",
    ]);
    assert_eq!(again.code, 100, "{}", again.stderr);
    let ran = stage.run(&[
        "export",
        "shots.yaml",
        "--simulate",
        "--only",
        "opening",
        "--out",
        "-",
    ]);
    let timeline: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let clip = &timeline["tracks"]["children"][0]["children"][0];
    let references = clip["media_references"].as_object().expect("references");
    assert_eq!(references.len(), 2);
    let active = &references[clip["active_media_reference_key"].as_str().expect("a key")];
    // From the folder that the program was called in.
    assert_eq!(active["target_url"], "out/simulated/opening.mp4");
    assert!(references.values().any(|reference| {
        let url = reference["target_url"].as_str().expect("an address");
        url.starts_with("out/simulated/takes/opening.")
    }));
}

#[test]
fn what_an_editor_changed_is_not_written_over() {
    let stage = film();
    let export = ["export", "shots.yaml", "--simulate", "--out", "film.otio"];
    assert_eq!(stage.run(&export).code, 0);
    assert_eq!(stage.run(&export).code, 0, "its own file");
    stage.write("film.otio", "an afternoon of work");
    let refused = stage.run(&export);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    assert_eq!(stage.read("film.otio"), b"an afternoon of work");
    let replaced = stage.run(&[&export[..], &["--overwrite"]].concat());
    assert_eq!(replaced.code, 0, "{}", replaced.stderr);

    // Not even with consent.
    let before = stage.read("out/simulated/opening.mp4");
    let video = [
        "export",
        "shots.yaml",
        "--simulate",
        "--format",
        "edl",
        "--overwrite",
    ];
    let refused = stage.run(&[&video[..], &["--out", "out/simulated/opening.mp4"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(stage.read("out/simulated/opening.mp4"), before);
}

#[test]
fn the_format_follows_the_name() {
    let stage = film();
    for (name, begins) in [
        ("a.edl", "TITLE: shots"),
        ("b.xml", "<?xml"),
        ("c.otio", "{"),
    ] {
        let ran = stage.run(&["export", "shots.yaml", "--simulate", "--out", name]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(stage.read(name).starts_with(begins.as_bytes()), "{name}");
    }
    let refused = stage.run(&["export", "shots.yaml", "--simulate", "--out", "film.mov"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(!stage.path("film.mov").exists());
    let drop = stage.run(&["export", "shots.yaml", "--simulate", "--drop-frame"]);
    assert_eq!(drop.code, 2, "{}", drop.stderr);
}

#[test]
fn a_film_that_was_never_made_is_a_timeline_of_gaps() {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    let ran = stage.run(&["export", "shots.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let timeline = json_of(&stage, "out/shots.otio");
    let children = timeline["tracks"]["children"][0]["children"]
        .as_array()
        .expect("a list");
    assert!(children.iter().all(|child| child["OTIO_SCHEMA"] == "Gap.1"));
    let broken = Stage::new();
    broken.write("shots.yaml", &FILM.replace("duration: 10", "duration: 11"));
    let refused = broken.run(&["export", "shots.yaml"]);
    assert_eq!(refused.code, 20, "{}", refused.stderr);
    assert!(
        fs::read_dir(broken.path("out")).is_err(),
        "nothing was written"
    );
}

/// The export with its clips changed as an editor would.
fn edited(stage: &Stage, change: impl FnOnce(&mut Vec<Value>)) {
    let ran = stage.run(&["export", "shots.yaml", "--simulate", "--out", "film.otio"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut timeline = json_of(stage, "film.otio");
    let children = timeline["tracks"]["children"][0]["children"].as_array_mut();
    change(children.expect("a track"));
    stage.write("edited.otio", &timeline.to_string());
}

fn length(clip: &mut Value, frames: f64) {
    clip["source_range"]["duration"]["value"] = json!(frames);
}

#[test]
fn an_edit_becomes_advice_with_the_lines_to_change() {
    let stage = film();
    edited(&stage, |clips| {
        // The gap needs less than was asked for, the first shot is out, the last twice.
        length(&mut clips[1], 96.0);
        length(&mut clips[2], 48.0);
        let mut again = clips[2].clone();
        again["source_range"]["start_time"]["value"] = json!(96.0);
        again["metadata"] = json!({});
        clips.push(again);
        clips.remove(0);
        clips.swap(0, 1);
    });
    let before = stage.read("shots.yaml");
    let ran = stage.run(&[
        "retime",
        "shots.yaml",
        "--simulate",
        "--from",
        "edited.otio",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(stage.read("shots.yaml"), before, "it only advises");
    let ran = stage.run(&[
        "retime",
        "shots.yaml",
        "--simulate",
        "--from",
        "edited.otio",
        "--json",
    ]);
    let told: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(told["unused"], json!(["opening"]));
    assert_eq!(told["order"]["edit"], json!(["镜头一", "doomed"]));
    let last = &told["shots"][2];
    assert_eq!(
        (&last["used_seconds"], &last["suggested_seconds"]),
        (&json!(4.0), &json!(6))
    );
    assert_eq!(told["changes"][0]["becomes"], "    duration: 6");
}

#[test]
fn clips_are_found_by_path_and_name_when_an_editor_drops_the_rest() {
    let stage = film();
    edited(&stage, |clips| {
        for clip in clips.iter_mut() {
            clip["metadata"] = json!({});
            if let Some(references) = clip["media_references"].as_object_mut() {
                for reference in references.values_mut() {
                    reference["metadata"] = json!({});
                }
            }
        }
        clips[0]["name"] = json!("clip 1");
        clips[2]["media_references"] = json!({});
        clips.push(json!({
            "OTIO_SCHEMA": "Clip.2", "name": "logo", "source_range": clips[0]["source_range"],
        }));
    });
    let ran = stage.run(&[
        "retime",
        "shots.yaml",
        "--simulate",
        "--from",
        "edited.otio",
        "--json",
    ]);
    let told: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(
        told["order"]["edit"],
        json!(["opening", "doomed", "镜头一"])
    );
    assert_eq!(
        (&told["unused"], &told["unknown"]),
        (&json!([]), &json!(["logo"]))
    );
    assert_eq!(told["changes"], json!([]), "nothing has changed");
}

#[test]
fn what_is_no_edit_is_refused_in_words() {
    let stage = film();
    stage.write("edited.otio", "{\"OTIO_SCHEMA\": \"Clip.2\"}");
    for from in ["edited.otio", "nothing.otio", "out"] {
        let ran = stage.run(&["retime", "shots.yaml", "--simulate", "--from", from]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    }
}
