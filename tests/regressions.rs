//! What fuzzing once found, and the seeds that it starts from, against what has
//! to hold for any input. The same functions are fuzzed; see `fuzz/README.md`.

#[path = "../fuzz/holds/mod.rs"]
mod holds;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Every file of these folders, by name. A target without findings has no folder.
fn inputs(folders: &[&str]) -> Vec<PathBuf> {
    let mut inputs: Vec<PathBuf> = folders
        .iter()
        .filter(|folder| Path::new(folder).exists())
        .flat_map(|folder| fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder}: {e}")))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.is_file())
        .collect();
    inputs.sort();
    inputs
}

fn replay(hold: fn(&[u8]), folders: &[&str]) {
    let inputs = inputs(folders);
    assert!(!inputs.is_empty(), "nothing to replay in {folders:?}");
    let broken: Vec<&Path> = inputs
        .iter()
        .map(PathBuf::as_path)
        .filter(|path| {
            let bytes = fs::read(path).expect("it can be read");
            catch_unwind(|| hold(&bytes)).is_err()
        })
        .collect();
    assert!(broken.is_empty(), "broken by {broken:?}");
}

#[test]
fn any_manifest() {
    replay(
        holds::manifest,
        &[
            "manifests",
            "tests/fixtures/ok",
            "tests/fixtures/bad",
            "tests/fixtures/fuzz/manifest",
        ],
    );
}

#[test]
fn any_template() {
    replay(
        holds::template,
        &["fuzz/seeds/template", "tests/fixtures/fuzz/template"],
    );
}

#[test]
fn any_answer() {
    replay(
        holds::answers,
        &["fuzz/seeds/answers", "tests/fixtures/fuzz/answers"],
    );
}

#[test]
fn any_video() {
    replay(
        holds::probe,
        &["fuzz/seeds/probe", "tests/fixtures/fuzz/probe"],
    );
}

#[test]
fn any_frames() {
    replay(
        holds::frames,
        &[
            "fuzz/seeds/frames",
            "fuzz/seeds/probe",
            "tests/fixtures/fuzz/frames",
        ],
    );
}
