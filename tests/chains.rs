//! A film whose shots hand a frame to each other, through the program itself.

mod support;

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use runner::id::sha256_hex;
use runner::media::frames::{self, Tools};
use runner::shot::FrameAt;
use runner::simulator::Simulator;
use serde_json::{Value, json};
use support::film::{billed, serving};
use support::{Ran, Stage, ran};
use tokio::runtime::Runtime;

/// A simulator in this process, so that it can be asked what was sent and billed,
/// and a folder with a film of three shots that follow each other.
struct Set {
    stage: Stage,
    simulator: Simulator,
    runtime: Runtime,
}

impl Set {
    fn new(rules: &Value) -> Self {
        let (runtime, simulator) = serving(rules);
        let set = Self {
            stage: Stage::new(),
            simulator,
            runtime,
        };
        set.film("dawn", "noon", "dusk");
        set
    }

    /// The film; the prompts are its shots' only difference.
    fn film(&self, opening: &str, after: &str, end: &str) {
        let text = format!(
            "version: 1\n\
             defaults: {{ model: MiniMax-Hailuo-2.3 }}\n\
             limits: {{ creates_per_minute: unlimited, poll_interval: 100ms }}\n\
             shots:\n  \
             - {{ id: end, prompt: {end}, first_frame: {{ shot: after, frame: 2.5s }} }}\n  \
             - {{ id: after, prompt: {after}, first_frame: {{ shot: opening, frame: last }} }}\n  \
             - {{ id: opening, prompt: {opening} }}\n  \
             - {{ id: alone, prompt: a boat }}\n"
        );
        self.stage.write("shots.yaml", &text);
    }

    fn command(&self) -> Command {
        let mut command = self.stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", self.simulator.base_url());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command().args(args))
    }

    fn apply(&self, args: &[&str]) -> Ran {
        ran(self.command().args(["apply", "shots.yaml"]).args(args))
    }

    fn plan(&self) -> Value {
        let plan = self.run(&["plan", "shots.yaml", "--json"]);
        serde_json::from_str(&plan.stdout).expect("a plan is JSON")
    }

    /// `id: decision` for each shot.
    fn decisions(&self) -> Vec<String> {
        let plan = self.plan();
        let shots = plan["shots"].as_array().expect("a list");
        let line = |shot: &Value| format!("{}: {}", text(&shot["id"]), text(&shot["decision"]));
        shots.iter().map(line).collect()
    }

    /// How many tasks were billed for each prompt, in a line.
    fn billed(&self) -> String {
        let mut billed: Vec<String> = billed(&self.simulator)
            .into_iter()
            .map(|(prompt, count)| format!("{prompt} {count}"))
            .collect();
        billed.sort();
        billed.join(", ")
    }

    /// The picture that the create with this prompt began from, as pixels.
    fn sent(&self, prompt: &str) -> (u32, u32, Vec<u8>) {
        let created = self.simulator.created();
        let task = created
            .iter()
            .rev()
            .find(|task| task.body["prompt"] == *prompt)
            .expect("it was created");
        // The simulator keeps long texts by their digest alone.
        let image = text(&task.body["first_frame_image"]).to_owned();
        let kept = self.stage.path("out/.runner/frames");
        for entry in fs::read_dir(kept).expect("frames were kept") {
            let path = entry.expect("it can be read").path();
            let bytes = fs::read(&path).expect("it can be read");
            let url = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(&bytes));
            if path.extension().is_some_and(|end| end == "png")
                && (image == url || image.contains(&sha256_hex(url.as_bytes())))
            {
                let image = image::load_from_memory(&bytes).expect("it is a picture");
                let image = image.into_rgb8();
                return (image.width(), image.height(), image.into_raw());
            }
        }
        panic!("no kept frame was sent for `{prompt}`: {image}");
    }

    fn frame(&self, shot: &str, at: FrameAt) -> (u32, u32, Vec<u8>) {
        let path = self.stage.path(&format!("out/{shot}.mp4"));
        let taken = frames::take(&path, &[at], &Tools { ffmpeg: None });
        let frame = taken.expect("a whole video").remove(0);
        (frame.width, frame.height, frame.rgb)
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn all_good(ran: &Ran) {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn each_shot_starts_from_the_frame_that_the_one_before_has() {
    let set = Set::new(&json!([]));
    assert_eq!(
        set.decisions(),
        [
            "end: wait",
            "after: wait",
            "opening: create",
            "alone: create"
        ]
    );
    assert_eq!(
        set.plan()["longest_chain"]["shots"],
        json!(["opening", "after", "end"])
    );
    all_good(&set.apply(&[]));
    assert_eq!(set.billed(), "a boat 1, dawn 1, dusk 1, noon 1");
    assert_eq!(set.sent("noon"), set.frame("opening", FrameAt::Last));
    let at = FrameAt::Time(std::time::Duration::from_millis(2_500));
    assert_eq!(set.sent("dusk"), set.frame("after", at));
    let report: Value =
        serde_json::from_slice(&set.stage.read("out/report.json")).expect("a report is JSON");
    let frame = &report["shots"][0]["frames"][0];
    assert_eq!(frame["shot"], "after");
    assert_eq!(frame["at"], "2500ms");
    assert_eq!(text(&frame["pixels_sha256"]).len(), 64);
    assert!(text(&frame["decoder"]).contains("built-in"), "{frame}");
}

#[test]
fn what_changed_and_what_hangs_on_it_is_made_anew() {
    let set = Set::new(&json!([]));
    all_good(&set.apply(&[]));
    all_good(&set.apply(&[]));
    assert_eq!(set.billed(), "a boat 1, dawn 1, dusk 1, noon 1");

    // The last of a chain alone.
    set.film("dawn", "noon", "night");
    assert_eq!(
        set.decisions(),
        [
            "end: replace",
            "after: reuse",
            "opening: reuse",
            "alone: reuse"
        ]
    );
    all_good(&set.apply(&[]));
    assert_eq!(set.billed(), "a boat 1, dawn 1, dusk 1, night 1, noon 1");

    // The first: then all behind it.
    set.film("morning", "noon", "night");
    assert_eq!(
        set.decisions(),
        [
            "end: wait",
            "after: wait",
            "opening: replace",
            "alone: reuse"
        ]
    );
    all_good(&set.apply(&[]));
    assert_eq!(
        set.billed(),
        "a boat 1, dawn 1, dusk 1, morning 1, night 2, noon 2"
    );

    // And back: all of that was paid for once.
    set.film("dawn", "noon", "dusk");
    all_good(&set.apply(&[]));
    assert_eq!(
        set.billed(),
        "a boat 1, dawn 1, dusk 1, morning 1, night 2, noon 2"
    );
}

#[test]
fn a_video_that_is_fetched_again_keeps_its_frames() {
    let set = Set::new(&json!([]));
    all_good(&set.apply(&[]));
    fs::remove_file(set.stage.path("out/opening.mp4")).expect("it is there");
    assert_eq!(
        set.decisions(),
        [
            "end: reuse",
            "after: reuse",
            "opening: resume",
            "alone: reuse"
        ]
    );
    // Without the frames too: then it is only known later.
    fs::remove_dir_all(set.stage.path("out/.runner/frames")).expect("it is there");
    assert_eq!(
        set.decisions(),
        [
            "end: wait",
            "after: wait",
            "opening: resume",
            "alone: reuse"
        ]
    );
    all_good(&set.apply(&[]));
    assert_eq!(set.billed(), "a boat 1, dawn 1, dusk 1, noon 1");
}

#[test]
fn a_source_that_fails_leaves_the_rest_and_says_so() {
    let set = Set::new(&json!([
        { "on": "create", "prompt_contains": "noon", "then": { "fail": 1027 } }
    ]));
    let ran = set.apply(&[]);
    assert_eq!(ran.code, 100, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("needs a frame of `after`, which has no video"),
        "{}",
        ran.stderr
    );
    assert_eq!(set.billed(), "a boat 1, dawn 1, noon 1");
    let plan = set.run(&["plan", "shots.yaml"]);
    assert!(
        plan.stdout
            .contains("needs a frame of `after`, which failed in an earlier run"),
        "{}",
        plan.stdout
    );
}

#[test]
fn a_shot_alone_needs_its_source_or_its_video() {
    let set = Set::new(&json!([]));
    let ran = set.apply(&["--only", "after"]);
    assert_eq!(ran.code, 100, "{}", ran.stderr);
    assert!(ran.stderr.contains("is not selected"), "{}", ran.stderr);
    all_good(&set.apply(&["--only", "opening"]));
    all_good(&set.apply(&["--only", "after"]));
    assert_eq!(set.billed(), "dawn 1, noon 1");
}

/// By its pixels, not by its being another one.
#[test]
fn another_take_makes_anew_what_hangs_on_it_where_its_frame_differs() {
    let set = Set::new(&json!([]));
    all_good(&set.apply(&[]));
    let mut seen = HashSet::from([set.frame("opening", FrameAt::Last)]);
    for takes in 2..6 {
        all_good(&set.apply(&["--force", "opening"]));
        seen.insert(set.frame("opening", FrameAt::Last));
        let billed = billed(&set.simulator);
        assert_eq!(billed["dawn"], takes);
        assert_eq!(
            billed["noon"],
            seen.len(),
            "one for each frame that was there"
        );
    }
}

#[test]
fn the_graph_is_drawn_in_three_ways() {
    let set = Set::new(&json!([]));
    for (format, has) in [
        ("mermaid", "s1 -- \"2500ms → first_frame\" --> s0"),
        ("dot", "\"opening\" -> \"after\""),
        ("svg", "</svg>"),
    ] {
        let drawn = set.run(&["graph", "shots.yaml", "--format", format]);
        assert_eq!(drawn.code, 0, "{}", drawn.stderr);
        assert!(drawn.stdout.contains(has), "{}", drawn.stdout);
    }
}
