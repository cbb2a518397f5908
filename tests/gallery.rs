//! `report.html` after runs of the real program: when it is there, and that it
//! never stands in the way of one. How it looks and acts is in `gallery/look.mjs`.

mod support;

use std::fs;

use support::Stage;

const TWO: &str = "
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }
limits: { creates_per_minute: unlimited }
shots:
  - { id: good, prompt: A boat. }
  - { id: doomed, prompt: Forbidden things. }
";

const TROUBLE: &str =
    "rules: [{ on: query, prompt_contains: Forbidden, then: { status: Fail } }]\n";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", TWO);
    stage.write("trouble.yaml", TROUBLE);
    stage
}

fn page(stage: &Stage) -> String {
    String::from_utf8(stage.read("out/simulated/report.html")).expect("a page is text")
}

fn stills(stage: &Stage) -> Vec<(String, std::time::SystemTime)> {
    let folder = stage.path("out/simulated/.runner/posters");
    let entries = fs::read_dir(folder).expect("stills were kept");
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let written = entry.metadata().and_then(|found| found.modified());
        (name, written.expect("the file has a time"))
    };
    entries.map(entry).collect()
}

#[test]
fn a_page_is_there_after_a_run_in_which_a_shot_fails() {
    let stage = stage();
    let ran = stage.apply(&["--scenario", "trouble.yaml"]);
    assert_eq!(ran.code, 100, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("to look at: ") && ran.stderr.contains("out/simulated/report.html"),
        "{}",
        ran.stderr
    );
    let first = page(&stage);
    assert!(first.contains("data:image/jpeg;base64,/9j/"));
    assert!(first.contains("runner apply shots.yaml --simulate --only doomed --retry failed"));
    // What is there is not decoded again.
    let kept = stills(&stage);
    assert_eq!(kept.len(), 1);
    let again = stage.apply(&["--scenario", "trouble.yaml"]);
    assert_eq!(again.code, 100, "{}", again.stderr);
    assert_eq!(stills(&stage), kept);
    assert!(page(&stage).contains("data:image/jpeg;base64,/9j/"));
}

#[test]
fn who_wants_none_gets_none() {
    let stage = stage();
    let ran = stage.apply(&["--no-gallery"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stderr.contains("to look at"));
    assert!(!stage.path("out/simulated/report.html").exists());
    assert!(!stage.path("out/simulated/.runner/posters").exists());
}

#[test]
fn a_page_that_cannot_be_written_is_a_word_and_no_failure() {
    let stage = stage();
    stage.write("out/simulated/report.html/in-the-way", "");
    // A file where the folder of the stills would be.
    stage.write("out/simulated/.runner/posters", "");
    let ran = stage.apply(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("cannot save the gallery"),
        "{}",
        ran.stderr
    );
    assert_eq!(stage.report()["totals"]["succeeded"], 2);
}
