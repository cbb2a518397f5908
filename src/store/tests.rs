//! Whole or not at all, never overwritten, never outside.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::{Presence, Saved, Store, StoreError, digest, write_atomic};
use crate::event::Video;

fn save(store: &Store, name: &str, content: &str) -> Saved {
    let mut partial = store.begin(name).expect("a free name");
    for part in content.as_bytes().chunks(3) {
        partial.write(part).expect("room on the disk");
    }
    partial.commit().expect("a place")
}

fn video(saved: &Saved) -> Video {
    Video {
        path: saved.path.clone(),
        bytes: saved.bytes,
        sha256: saved.sha256.clone(),
        width: 1366,
        height: 768,
        duration_ms: 5875,
        fps: 24.0,
        codec: "avc1.42C01F".into(),
    }
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_video_appears_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    let mut partial = store.begin("scenes/opening.mp4").expect("a free name");
    partial.write(b"half of").expect("room");
    let mut seen = String::new();
    let mut file = partial.reopen().expect("a handle");
    file.read_to_string(&mut seen).expect("text");
    assert_eq!((seen.as_str(), partial.bytes()), ("half of", 7));
    assert!(!dir.path().join("scenes").exists());
    drop(partial);
    assert!(files(&store.layout().temporary()).is_empty());

    let saved = save(&store, "scenes/opening.mp4", "the whole of it");
    let path = dir.path().join("scenes/opening.mp4");
    assert_eq!(saved.bytes, 15);
    assert_eq!(saved.previous, None);
    assert_eq!(digest(&path).expect("a digest"), saved.sha256);
    assert!(files(&store.layout().temporary()).is_empty());
}

#[test]
fn a_download_can_begin_anew() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    let mut partial = store.begin("a.mp4").expect("a free name");
    partial.write(b"a false start").expect("room");
    partial.restart().expect("an empty file");
    partial.write(b"abc").expect("room");
    let saved = partial.commit().expect("a place");
    assert_eq!(
        saved.sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(fs::read(dir.path().join("a.mp4")).expect("a file"), b"abc");
}

#[test]
fn an_earlier_video_is_kept_as_a_take() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    let first = save(&store, "opening.mp4", "first");
    let again = save(&store, "opening.mp4", "first");
    assert_eq!(again.previous, None);
    let second = save(&store, "opening.mp4", "other");
    let take = format!("takes/opening.{}.mp4", &first.sha256[..8]);
    assert_eq!(second.previous.as_deref(), Some(take.as_str()));
    let kept = fs::read_to_string(dir.path().join(&take)).expect("the take");
    assert_eq!(kept, "first");

    // The same size under the same name, and still not taken for the first.
    assert_eq!(store.is_whole(&video(&first)), Presence::Altered);
    assert_eq!(store.is_whole(&video(&second)), Presence::Present);
    assert_eq!(store.take_of(&video(&first)), Some(take));

    // Back under its name without paying; the other one becomes a take.
    let back = store.adopt(&video(&first), "opening.mp4").expect("a copy");
    assert_eq!(back.sha256, first.sha256);
    assert_eq!(store.is_whole(&video(&first)), Presence::Present);
    assert_eq!(store.is_whole(&video(&second)), Presence::Altered);
    assert!(store.take_of(&video(&second)).is_some());
}

#[test]
fn takes_that_begin_alike_are_both_kept() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    let first = save(&store, "a.mp4", "first");
    let take = dir.path().join(super::layout::take("a.mp4", &first.sha256));
    fs::create_dir(dir.path().join("takes")).expect("a folder");
    fs::write(&take, "not the first").expect("a file");
    let second = save(&store, "a.mp4", "second");
    let long = format!("takes/a.{}.mp4", first.sha256);
    assert_eq!(second.previous, Some(long));
    assert_eq!(fs::read_to_string(take).expect("a file"), "not the first");
}

#[test]
fn presence_is_told_from_name_and_size() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    let saved = video(&save(&store, "a.mp4", "content"));
    assert_eq!(store.is_whole(&saved), Presence::Present);
    fs::write(dir.path().join("a.mp4"), "cut").expect("a change");
    assert_eq!(store.is_whole(&saved), Presence::Altered);
    assert!(matches!(
        store.adopt(&saved, "b.mp4"),
        Err(StoreError::Gone { .. })
    ));
    assert!(!dir.path().join("b.mp4").exists());
    fs::remove_file(dir.path().join("a.mp4")).expect("a removal");
    assert_eq!(store.is_whole(&saved), Presence::Missing);
}

#[test]
fn one_run_at_a_time() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().join("deep/out");
    let store = Store::open(&out).expect("a store");
    let error = Store::open(&out).expect_err("a held lock");
    assert!(matches!(error, StoreError::Busy { .. }));
    assert!(error.to_string().starts_with("another run is using"));
    let reader = Store::open_read(&out).expect("a look");
    assert!(matches!(
        reader.begin("a.mp4"),
        Err(StoreError::NotLocked { .. })
    ));
    let partial = store.begin("a.mp4").expect("a free name");
    drop(store);
    assert!(Store::open(&out).is_err(), "a partial keeps the lock");
    drop(partial);
    assert!(Store::open(&out).is_ok());
}

#[test]
fn looking_creates_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().join("out");
    let store = Store::open_read(&out).expect("a look");
    store.check("scenes/a.mp4").expect("a free name");
    assert!(!out.exists());
}

#[test]
fn opening_clears_what_a_crash_left() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    drop(Store::open(dir.path()).expect("a store"));
    let left = dir.path().join(".runner/tmp/0.part");
    fs::write(&left, "half").expect("a file");
    let store = Store::open(dir.path()).expect("a store");
    assert!(!left.exists());
    assert!(store.begin("a.mp4").is_ok());
}

#[test]
fn a_folder_in_the_way_is_refused_before_paying() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    fs::create_dir(dir.path().join("a.mp4")).expect("a folder");
    fs::write(dir.path().join("file"), "").expect("a file");
    for name in ["a.mp4", "file/a.mp4"] {
        let error = store.check(name).expect_err(name);
        assert!(matches!(error, StoreError::InTheWay { .. }), "{error:?}");
    }
    assert!(matches!(
        store.begin("../a.mp4"),
        Err(StoreError::Name { .. })
    ));
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path()).expect("a store");
    symlink(elsewhere.path(), dir.path().join("scenes")).expect("a link");
    symlink(elsewhere.path().join("a"), dir.path().join("a.mp4")).expect("a link");
    for name in ["scenes/a.mp4", "scenes/deeper/a.mp4"] {
        let error = store.begin(name).expect_err(name);
        assert!(matches!(error, StoreError::Outside { .. }), "{error:?}");
    }
    let error = store.begin("a.mp4").expect_err("a link");
    assert!(matches!(error, StoreError::InTheWay { .. }), "{error:?}");

    // The link appears while the video is on its way.
    let mut partial = store.begin("late/a.mp4").expect("a free name");
    partial.write(b"content").expect("room");
    symlink(elsewhere.path(), dir.path().join("late")).expect("a link");
    assert!(matches!(partial.commit(), Err(StoreError::Outside { .. })));
    assert!(files(elsewhere.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn a_state_folder_elsewhere_is_refused() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    symlink(elsewhere.path(), dir.path().join(".runner")).expect("a link");
    let error = Store::open(dir.path()).expect_err("a link");
    assert!(matches!(error, StoreError::Outside { .. }), "{error:?}");
}

#[test]
fn a_report_is_replaced_at_once() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("report.json");
    write_atomic(&path, b"{}").expect("a report");
    write_atomic(&path, b"[]").expect("a report");
    assert_eq!(fs::read(&path).expect("a file"), b"[]");
    assert_eq!(files(dir.path()), ["report.json"]);
    let error = write_atomic(&dir.path().join("none/report.json"), b"").expect_err("no folder");
    assert!(error.to_string().starts_with("cannot write"));
}

#[test]
fn a_rescued_task_outlives_the_process_and_is_forgotten_once() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let rescued = |number: u32| super::Rescued {
        shot: crate::id::ShotId::new("opening").expect("an id"),
        attempt: crate::id::AttemptId::new(format!("{number:016x}-1")),
        task: crate::id::TaskId::new(number.to_string()),
    };
    let store = Store::open(dir.path()).expect("a folder");
    assert_eq!(store.rescued().expect("readable"), []);
    store.rescue(&rescued(1)).expect("room was taken");
    drop(store);
    let store = Store::open(dir.path()).expect("a folder");
    store.rescue(&rescued(2)).expect("room was taken");
    let kept = [rescued(1), rescued(2)];
    assert_eq!(store.rescued().expect("readable"), kept);
    store.forget_rescued().expect("writable");
    drop(store);
    let store = Store::open(dir.path()).expect("a folder");
    assert_eq!(store.rescued().expect("readable"), []);
}
