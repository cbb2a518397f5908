//! The format, and what becomes of facts that only one side knows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::see::{Seen, SeenShot, Video};
use super::{Api, Kind, Lock, LockedShot, NoLock, differences};

const BOAT: &str = "b0a7";
const OTHER: &str = "07he";

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn api() -> Api {
    Api {
        version: "2026-07-10".to_owned(),
        sha256: "aa".repeat(32),
    }
}

fn lock(shots: &[(&str, LockedShot)]) -> Lock {
    let mut lock = Lock::new("minimax".to_owned(), api());
    let shots = shots.iter();
    lock.shots = shots
        .map(|(id, shot)| ((*id).to_owned(), shot.clone()))
        .collect();
    lock
}

fn asks(prompt: &str) -> Map<String, Value> {
    object(json!({ "duration": 6, "model": "m", "prompt": prompt }))
}

fn locked(prompt: &str, take: Option<&str>) -> LockedShot {
    LockedShot {
        fingerprint: Some(prompt.to_owned()),
        take: take.map(ToOwned::to_owned),
        request: asks(prompt),
    }
}

fn chained(pixels: Option<&str>, take: Option<&str>) -> LockedShot {
    let mut frame = json!({ "frame": "last" });
    if let Some(pixels) = pixels {
        frame["pixels_sha256"] = json!(pixels);
    }
    frame["shot"] = json!("one");
    let mut request = object(json!({ "first_frame_image": frame }));
    request.extend(asks("on"));
    LockedShot {
        fingerprint: pixels.map(|pixels| format!("on after {pixels}")),
        take: take.map(ToOwned::to_owned),
        request,
    }
}

fn seen(shots: Vec<(&str, LockedShot, Video)>) -> Seen {
    let shots = shots.into_iter().map(|(id, shot, video)| {
        let shot = SeenShot {
            fingerprint: shot.fingerprint,
            request: shot.request,
            video,
            on_disk: None,
        };
        (id.to_owned(), shot)
    });
    Seen {
        backend: "minimax".to_owned(),
        api: api(),
        shots: shots.collect(),
        own: true,
        free: false,
        whole: true,
    }
}

fn there(sha256: &str) -> Video {
    Video::There(sha256.to_owned())
}

/// `one: prompt take` for each difference.
fn told(seen: &Seen, lock: &Lock) -> Vec<String> {
    let told = seen.held_to(lock).differences.into_iter();
    told.map(|difference| {
        let fields: Vec<&str> = difference
            .changes
            .iter()
            .map(|c| c.field.as_str())
            .collect();
        let id = difference.shot.unwrap_or_default();
        format!("{id}: {} {}", difference.kind.as_str(), fields.join(" "))
            .trim_end()
            .to_owned()
    })
    .collect()
}

#[test]
fn the_text_is_for_people_and_comes_back_whole() {
    let mut opening = locked(
        "A \"red\" boat leaves.\n\nIt's dawn: 雨 [Push in]",
        Some(BOAT),
    );
    let subject = json!([{ "image": [{ "sha256": "cc" }], "type": "character" }]);
    opening
        .request
        .insert("subject_reference".to_owned(), subject);
    opening
        .request
        .insert("prompt_optimizer".to_owned(), json!(false));
    let lock = lock(&[
        ("opening", opening),
        ("镜头三", chained(Some("dd"), None)),
        ("a.b", chained(None, None)),
    ]);
    let text = lock.to_text().expect("it can be written");
    let shown = text.replace(env!("CARGO_PKG_VERSION"), "[version]");
    insta::assert_snapshot!(shown);
    assert_eq!(Lock::parse(&text).expect("it is a lock"), lock);
    let windows = text.replace('\n', "\r\n");
    assert_eq!(Lock::parse(&windows).expect("it is a lock"), lock);
}

fn no_lock(text: &str) -> String {
    Lock::parse(text).expect_err("it is no lock").to_string()
}

#[test]
fn what_is_no_lock_is_refused_in_a_sentence() {
    let good = lock(&[("one", locked("a", None))]);
    let good = good.to_text().expect("it can be written");
    let list = [
        ("empty", String::new()),
        ("a manifest", "version: 1\nshots: []\n".to_owned()),
        (
            "the lock of cargo",
            "version = 4\n[[package]]\nname = \"a\"\n".to_owned(),
        ),
        (
            "newer",
            good.replace("version = 1\n", "version = 2\nmore = 1\n"),
        ),
        (
            "version as text",
            good.replace("version = 1\n", "version = \"1\"\n"),
        ),
        (
            "unmerged",
            good.replace("duration", "<<<<<<< HEAD\nduration"),
        ),
        ("doubled", format!("{good}\n[shots.one]\n")),
        ("unknown fact", good.replace("fingerprint", "finger_print")),
        (
            "no request",
            format!("{good}\n[shots.two]\ntake = \"aa\"\n"),
        ),
        ("cut off", good[..good.len() - 3].to_owned()),
    ];
    let told: Vec<String> = list
        .iter()
        .map(|(name, text)| format!("{name}: {}", no_lock(text)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// A lock may come from anybody. Whether a parser is quick is seen by this test
/// coming to an end.
#[test]
fn hostile_locks_are_refused() {
    let head = "format = \"runner lock\"\nversion = 1\n";
    let deep = 300_000;
    for text in [
        format!("{head}a = {}", "[".repeat(deep)),
        format!("{head}a = {}", "{a=".repeat(deep)),
        format!("{head}a{} = 1", ".a".repeat(deep)),
        format!("{head}[a{}]", ".a".repeat(deep)),
        format!("{head}[[a{}]]", ".a".repeat(deep)),
        format!("{head}a = {}", "\"".repeat(deep)),
        "=\n".repeat(deep),
        "\0".repeat(deep),
    ] {
        let error = Lock::parse(&text).expect_err("it is no lock").to_string();
        assert!(error.len() < 400, "{} bytes of error", error.len());
    }
}

#[test]
fn every_kind_of_difference_is_told() {
    let lock = lock(&[
        ("one", locked("a", Some(BOAT))),
        ("two", locked("b", None)),
        ("three", locked("c", Some(BOAT))),
        ("four", locked("d", None)),
    ]);
    let mut signed = locked("d", None);
    signed.fingerprint = Some("another query".to_owned());
    let mut now = seen(vec![
        ("one", locked("a", None), there(OTHER)),
        ("two", locked("B", None), Video::Made),
        ("four", signed, Video::Made),
        ("five", locked("e", None), Video::Made),
    ]);
    assert_eq!(
        told(&now, &lock),
        [
            "four: changed fingerprint",
            "one: changed take",
            "three: removed",
            "two: changed prompt",
            "five: added",
        ]
    );
    now.whole = false;
    assert_eq!(told(&now, &lock).len(), 4, "others were not looked at");
    now.backend = "gateway".to_owned();
    now.api.version = "2027-01-01".to_owned();
    assert_eq!(told(&now, &lock)[0], ": changed backend api.version");
}

#[test]
fn an_accepted_take_is_there_or_fetched_or_missed() {
    let lock = lock(&[("one", locked("a", Some(BOAT)))]);
    let now = |video| seen(vec![("one", locked("a", None), video)]);
    for fine in [there(BOAT), Video::Fetched] {
        assert!(told(&now(fine.clone()), &lock).is_empty(), "{fine:?}");
    }
    for missed in [there(OTHER), Video::Made, Video::None("no".to_owned())] {
        let told = told(&now(missed.clone()), &lock);
        assert_eq!(told, ["one: changed take"], "{missed:?}");
    }
    let made = now(Video::Made).held_to(&lock).differences;
    assert!(made[0].note.is_some(), "why is told");

    // A video that no ledger knows is the accepted one all the same.
    let mut stranger = now(Video::None("no run is on record".to_owned()));
    stranger.shots.get_mut("one").expect("it is there").on_disk = Some(BOAT.to_owned());
    assert!(told(&stranger, &lock).is_empty());
    let mut paid_again = now(Video::Made);
    paid_again
        .shots
        .get_mut("one")
        .expect("it is there")
        .on_disk = Some(BOAT.to_owned());
    assert_eq!(told(&paid_again, &lock), ["one: changed take"]);

    // The simulator makes it again, at no cost; another backend's videos are others.
    let mut free = now(Video::Made);
    free.free = true;
    assert!(told(&free, &lock).is_empty());
    let mut other = now(there(OTHER));
    other.own = false;
    assert!(told(&other, &lock).is_empty());
}

#[test]
fn frames_are_compared_when_both_know_them() {
    let with = lock(&[("on", chained(Some("dd"), Some(BOAT)))]);
    let without = lock(&[("on", chained(None, None))]);
    let now = |pixels| seen(vec![("on", chained(pixels, None), Video::Fetched)]);
    assert!(told(&now(None), &with).is_empty());
    assert!(told(&now(Some("dd")), &with).is_empty());
    assert!(told(&now(Some("dd")), &without).is_empty());
    assert_eq!(
        told(&now(Some("ee")), &with),
        ["on: changed first_frame_image"]
    );
    let mut elsewhere = now(None);
    let shot = elsewhere.shots.get_mut("on").expect("it is there");
    shot.request["first_frame_image"]["shot"] = json!("two");
    assert_eq!(
        told(&elsewhere, &without),
        ["on: changed first_frame_image"]
    );
}

/// Locking in a fresh checkout must not forget what was accepted elsewhere.
#[test]
fn locking_again_without_videos_changes_nothing() {
    let first = seen(vec![
        ("one", locked("a", None), there(BOAT)),
        ("on", chained(Some("dd"), None), there(OTHER)),
    ]);
    let whole = first.locked(None, &BTreeSet::new());
    assert_eq!(whole.takes(), 2);
    let bare = seen(vec![
        ("one", locked("a", None), Video::Made),
        ("on", chained(None, None), Video::Made),
    ]);
    assert_eq!(bare.locked(Some(&whole), &BTreeSet::new()), whole);

    let changed = seen(vec![
        ("one", locked("A", None), Video::Made),
        ("on", chained(None, None), Video::Made),
    ]);
    let now = changed.locked(Some(&whole), &BTreeSet::new());
    assert_eq!(now.shots["one"].take, None, "it was of another request");
    assert_eq!(now.shots["on"].take.as_deref(), Some(OTHER));

    let mut other = seen(vec![("one", locked("a", None), Video::Made)]);
    other.backend = "simulator".to_owned();
    let now = other.locked(Some(&whole), &BTreeSet::new());
    assert_eq!(now.takes(), 0, "another backend's videos are others");
}

#[test]
fn only_the_chosen_shots_move() {
    let old = lock(&[
        ("one", locked("a", Some(BOAT))),
        ("two", locked("b", Some(BOAT))),
        ("gone", locked("c", None)),
    ]);
    let mut now = seen(vec![("one", locked("A", None), there(OTHER))]);
    now.whole = false;
    now.api.version = "2027-01-01".to_owned();
    let kept = now.locked(Some(&old), &BTreeSet::new());
    assert_eq!(kept.shots["one"].take.as_deref(), Some(OTHER));
    assert_eq!(kept.shots["two"], old.shots["two"]);
    assert_eq!(kept.api, old.api, "the others were made by those documents");
    assert!(kept.shots.contains_key("gone"));
    let gone = now.locked(Some(&old), &["gone".to_owned()].into());
    assert!(!gone.shots.contains_key("gone"));
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["\\PC{0,40}", "[a-z\"'\\\\ \n\r\t]{0,40}", ".{0,20}"];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9_f64..1e9).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_lock() -> impl Strategy<Value = Lock> {
    let request = prop::collection::btree_map("[a-z_]{1,8}", any_value(), 0..5);
    let shot =
        (request, any::<bool>(), any::<bool>()).prop_map(|(request, known, taken)| LockedShot {
            fingerprint: known.then(|| "f".to_owned()),
            take: taken.then(|| "t".to_owned()),
            request: request.into_iter().collect(),
        });
    prop::collection::btree_map("\\PC{1,8}", shot, 0..5)
        .prop_map(|shots: BTreeMap<String, LockedShot>| Lock { shots, ..lock(&[]) })
}

proptest! {
    #[test]
    fn whatever_is_locked_comes_back(lock in any_lock()) {
        let text = lock.to_text().expect("it can be written");
        let back = Lock::parse(&text).expect("it is a lock");
        prop_assert_eq!(&back, &lock);
        prop_assert_eq!(back.to_text().expect("it can be written"), text);
    }

    #[test]
    fn a_lock_differs_from_others_only((one, two) in (any_lock(), any_lock())) {
        prop_assert!(differences(&one, &one).is_empty());
        let there = differences(&one, &two);
        let back = differences(&two, &one);
        prop_assert_eq!(there.len(), back.len());
        prop_assert_eq!(there.is_empty(), one == two);
        let count = |all: &[super::Difference], kind| all.iter().filter(|d| d.kind == kind).count();
        prop_assert_eq!(count(&there, Kind::Added), count(&back, Kind::Removed));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let head = format!("format = \"runner lock\"\nversion = 1\n{text}");
        for text in [text, head] {
            let parsed: Result<Lock, NoLock> = Lock::parse(&text);
            prop_assert!(parsed.is_err());
        }
    }
}
