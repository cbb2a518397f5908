//! Which facts differ, and that both directions say the same.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::plan::lock::{Api, Lock, LockedShot};

fn request(prompt: &str, seconds: u32) -> Map<String, Value> {
    let request = json!({ "model": "m", "prompt": prompt, "duration": seconds });
    request.as_object().cloned().expect("it is an object")
}

fn shot(id: &str, prompt: &str, seconds: u32, bytes: &str) -> SideShot {
    let mut facts = request_facts(&request(prompt, seconds), []);
    facts.extend(Fact::new(Group::Bytes, "video", json!({ "sha256": bytes })));
    facts.extend(Fact::new(Group::Run, "time_ms", seconds * 1000 + 7));
    SideShot {
        id: id.to_owned(),
        facts,
        ..SideShot::default()
    }
}

fn side(kind: Kind, shots: Vec<SideShot>) -> Side {
    let tells = match kind {
        Kind::Report => BTreeSet::from(Group::ALL),
        Kind::Plan | Kind::Lock => [Group::Prompt, Group::Settings, Group::Bytes].into(),
    };
    Side {
        document: Document {
            name: "a".to_owned(),
            kind,
            manifest: None,
            run_id: None,
            shots: shots.len(),
        },
        backend: Some("minimax".to_owned()),
        tells,
        facts: Vec::new(),
        shots,
    }
}

fn report(shots: Vec<SideShot>) -> Side {
    side(Kind::Report, shots)
}

fn compared(before: &Side, after: &Side) -> Diff {
    diff(before, after, &BTreeSet::new())
}

/// `prompt, bytes` for each shot that differs.
fn told(diff: &Diff) -> Vec<String> {
    let line = |shot: &ShotDiff| {
        let groups: Vec<&str> = shot.differs.iter().map(|group| group.as_str()).collect();
        let was = shot.was.as_ref().map(|was| format!(" was {was}"));
        format!(
            "{:?} {}{}: {}",
            shot.status,
            shot.id,
            was.unwrap_or_default(),
            groups.join(", ")
        )
    };
    diff.shots.iter().map(line).collect()
}

#[test]
fn what_came_went_moved_and_changed_is_told_once() {
    let before = report(vec![
        shot("a", "one", 6, "aa"),
        shot("b", "two", 6, "bb"),
        shot("c", "three", 6, "cc"),
        shot("d", "four", 6, "dd"),
    ]);
    let after = report(vec![
        shot("c", "three", 6, "cc"),
        shot("a", "one more", 10, "a1"),
        shot("e", "five", 6, "ee"),
        shot("d", "four", 6, "dd"),
    ]);
    let found = compared(&before, &after);
    assert_eq!(
        told(&found),
        [
            "Kept c: order",
            "Kept a: prompt, settings, bytes",
            "Removed b: ",
            "Added e: "
        ]
    );
    assert!(!found.same);
    let totals = &found.totals;
    assert_eq!((totals.added, totals.removed, totals.moved), (1, 1, 1));
    assert_eq!((totals.changed, totals.unchanged), (1, 1));
    assert_eq!(totals.by[&Group::Prompt], 1);
}

#[test]
fn a_shot_that_asks_for_the_same_under_another_name_was_renamed() {
    let before = report(vec![shot("a", "one", 6, "aa"), shot("b", "two", 6, "bb")]);
    let after = report(vec![shot("x", "one", 6, "aa"), shot("y", "two", 10, "bb")]);
    let found = compared(&before, &after);
    assert_eq!(told(&found), ["Kept x was a: ", "Kept y was b: settings"]);
    assert_eq!((found.totals.renamed, found.totals.changed), (2, 1));
    // Of two that are alike nobody knows which is which, once something else differs.
    let twins = |seconds| {
        let names = if seconds == 6 { ["a", "b"] } else { ["x", "y"] };
        report(names.map(|id| shot(id, "one", seconds, id)).into())
    };
    assert_eq!(compared(&twins(6), &twins(10)).totals.renamed, 0);
}

#[test]
fn times_are_told_and_never_count() {
    let mut other = shot("a", "one", 6, "aa");
    other.facts.retain(|fact| fact.group != Group::Run);
    other.facts.extend(Fact::new(Group::Run, "time_ms", 1));
    let (before, after) = (report(vec![shot("a", "one", 6, "aa")]), report(vec![other]));
    assert!(compared(&before, &after).same);
}

#[test]
fn what_is_ignored_is_told_beside() {
    let before = report(vec![shot("a", "one", 6, "aa"), shot("b", "two", 6, "bb")]);
    let after = report(vec![shot("b", "two!", 6, "b1"), shot("a", "one", 6, "a1")]);
    let ignored = [Group::Bytes, Group::Order].into();
    let found = diff(&before, &after, &ignored);
    assert_eq!(told(&found), ["Kept b: prompt"]);
    assert!(found.shots[0].changes.iter().any(|change| !change.counts));
    assert_eq!(found.totals.moved, 0);
    let all = [Group::Bytes, Group::Order, Group::Prompt].into();
    assert!(diff(&before, &after, &all).same);
}

#[test]
fn only_what_both_documents_tell_is_compared() {
    let one = shot("a", "one", 6, "aa");
    let mut ended = one.clone();
    ended
        .facts
        .extend(Fact::new(Group::Outcome, "outcome", "succeeded"));
    let mut without = one.clone();
    without.facts.retain(|fact| fact.group != Group::Bytes);
    let lock = |shot: &SideShot| side(Kind::Lock, vec![shot.clone()]);
    assert!(compared(&report(vec![ended.clone()]), &lock(&one)).same);
    // A lock without a take does not deny one, and another lock does.
    assert!(compared(&report(vec![ended]), &lock(&without)).same);
    assert!(!compared(&lock(&one), &lock(&without)).same);
}

#[test]
fn an_equal_request_of_another_fingerprint_differs() {
    let with = |print: &str| {
        let mut shot = shot("a", "one", 6, "aa");
        shot.fingerprint = Some(print.to_owned());
        shot
    };
    let (before, mut after) = (report(vec![with("11")]), report(vec![with("22")]));
    assert_eq!(told(&compared(&before, &after)), ["Kept a: settings"]);
    // Another backend has other fingerprints for the same requests.
    after.backend = Some("simulator".to_owned());
    assert!(compared(&before, &after).same);
}

#[test]
fn a_frame_is_compared_by_its_shot_and_its_pixels_when_both_are_known() {
    let chained = |shot: &'static str, pixels: Option<&'static str>| {
        let mut request = request("on", 6);
        let value = pixels.map_or(
            json!({ "shot": shot, "frame": "last" }),
            |pixels| json!({ "pixels_sha256": pixels }),
        );
        request.insert("first_frame_image".to_owned(), value);
        let frame = FrameOf {
            field: "first_frame",
            shot,
            at: "last",
            pixels_sha256: pixels,
        };
        report(vec![SideShot {
            id: "b".to_owned(),
            facts: request_facts(&request, [frame]),
            ..SideShot::default()
        }])
    };
    let known = chained("a", Some("11"));
    assert!(compared(&known, &chained("a", None)).same);
    assert_eq!(
        told(&compared(&known, &chained("a", Some("22")))),
        ["Kept b: frames"]
    );
    assert_eq!(
        told(&compared(&known, &chained("c", None))),
        ["Kept b: settings"]
    );
}

#[test]
fn locks_differ_by_requests_takes_and_documents_of_the_api() {
    let lock = |prompt: &str, take: &str, api: &str| {
        let api = Api {
            version: "2026-07-10".to_owned(),
            sha256: api.to_owned(),
        };
        let mut lock = Lock::new("minimax".to_owned(), api);
        let locked = LockedShot {
            fingerprint: None,
            take: Some(take.to_owned()),
            request: request(prompt, 6),
        };
        lock.shots.insert("a".to_owned(), locked);
        Side::of_lock("shots.lock", &lock)
    };
    let one = lock("one", "aa", "11");
    assert!(compared(&one, &one).same);
    assert_eq!(
        told(&compared(&one, &lock("two", "aa", "11"))),
        ["Kept a: prompt"]
    );
    assert_eq!(
        told(&compared(&one, &lock("one", "bb", "11"))),
        ["Kept a: bytes"]
    );
    let api = compared(&one, &lock("one", "aa", "22"));
    assert!(!api.same && api.totals.is_none());
    assert_eq!(api.changes[0].field, "api");
}

/// The same difference seen from the other side.
fn mirrored(diff: &Diff) -> Diff {
    let change = |change: &Change| Change {
        before: change.after.clone(),
        after: change.before.clone(),
        words: None,
        ..change.clone()
    };
    let changes = |changes: &[Change]| changes.iter().map(change).collect();
    let shot = |shot: &ShotDiff| ShotDiff {
        id: shot.was.clone().unwrap_or_else(|| shot.id.clone()),
        was: shot.was.as_ref().map(|_| shot.id.clone()),
        status: match shot.status {
            Status::Added => Status::Removed,
            Status::Removed => Status::Added,
            Status::Kept => Status::Kept,
        },
        changes: changes(&shot.changes),
        before: shot.after.clone(),
        after: shot.before.clone(),
        ..shot.clone()
    };
    Diff {
        before: diff.after.clone(),
        after: diff.before.clone(),
        totals: Totals {
            added: diff.totals.removed,
            removed: diff.totals.added,
            ..diff.totals.clone()
        },
        changes: changes(&diff.changes),
        shots: diff.shots.iter().map(shot).collect(),
        ..diff.clone()
    }
}

/// Without what depends on the direction: the order in which things are told.
fn sorted(mut diff: Diff) -> Diff {
    let by_name = |changes: &mut Vec<Change>| {
        changes.sort_by(|one, other| (one.group, &one.field).cmp(&(other.group, &other.field)));
        for change in changes {
            change.words = None;
        }
    };
    by_name(&mut diff.changes);
    for shot in &mut diff.shots {
        by_name(&mut shot.changes);
    }
    diff.shots.sort_by_cached_key(|shot| {
        let earlier =
            [&shot.before, &shot.after].map(|seen| seen.as_ref().map(|seen| seen.earlier_version));
        (shot.id.clone(), shot.was.clone(), earlier)
    });
    diff
}

fn shots() -> impl Strategy<Value = Vec<SideShot>> {
    let one = (0..7_usize, 0..4_usize, 0..2_u32, 0..3_usize, any::<bool>());
    let one = one.prop_map(|(id, prompt, seconds, bytes, earlier)| {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let prompts = ["one", "two", "three", ""];
        let mut shot = shot(
            names[id],
            prompts[prompt],
            6 + seconds,
            ["x", "y", "z"][bytes],
        );
        shot.earlier = earlier && id > 4;
        shot
    });
    prop::collection::vec(one, 0..9).prop_map(|shots| {
        let mut seen = BTreeSet::new();
        let first = |shot: &SideShot| seen.insert((shot.id.clone(), shot.earlier));
        shots.into_iter().filter(first).collect()
    })
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(shots in shots()) {
        let side = report(shots);
        let found = compared(&side, &side);
        prop_assert!(found.same && found.shots.is_empty() && found.changes.is_empty());
        prop_assert_eq!(found.totals.unchanged, side.shots.len());
    }

    #[test]
    fn both_directions_say_the_same(before in shots(), after in shots()) {
        let (before, after) = (report(before), report(after));
        let forward = compared(&before, &after);
        let backward = compared(&after, &before);
        prop_assert_eq!(sorted(mirrored(&forward)), sorted(backward));
    }

    #[test]
    fn every_shot_is_counted_once(before in shots(), after in shots()) {
        let found = compared(&report(before.clone()), &report(after.clone()));
        let kept = |shot: &&ShotDiff| shot.status == Status::Kept;
        let told = found.shots.iter().filter(kept).count();
        let totals = &found.totals;
        prop_assert_eq!(totals.removed + told + totals.unchanged, before.len());
        prop_assert_eq!(totals.added + told + totals.unchanged, after.len());
        prop_assert_eq!(found.same, totals.is_none());
    }

    /// Carrying out what is told on the document before gives the one after.
    #[test]
    fn what_is_told_is_enough(before in shots(), after in shots()) {
        let found = compared(&report(before.clone()), &report(after.clone()));
        let mut made: BTreeSet<String> = BTreeSet::new();
        let name = |shot: &SideShot| (shot.id.clone(), shot.earlier);
        let line = |shot: &SideShot, prompt: Option<&Value>, bytes: Option<&Value>| {
            format!("{:?} {prompt:?} {bytes:?}", name(shot))
        };
        let whole = |shot: &SideShot| {
            line(shot, shot.fact(Group::Prompt, "prompt"), shot.fact(Group::Bytes, "video"))
        };
        for old in &before {
            let is_it = |shot: &&ShotDiff| {
                let named = shot.was.as_ref().unwrap_or(&shot.id) == &old.id;
                let earlier = shot.before.as_ref().is_some_and(|seen| seen.earlier_version == old.earlier);
                shot.status != Status::Added && named && earlier
            };
            let Some(told) = found.shots.iter().find(is_it) else {
                made.insert(whole(old));
                continue;
            };
            let Some(new) = told.after.as_ref() else { continue };
            let fact = |group, field: &str| {
                let changed = told.changes.iter().find(|change| change.group == group && change.field == field);
                match changed {
                    Some(change) => change.after.clone(),
                    None => old.fact(group, field).cloned(),
                }
            };
            let renamed = SideShot { id: told.id.clone(), earlier: new.earlier_version, ..old.clone() };
            made.insert(line(&renamed, fact(Group::Prompt, "prompt").as_ref(), fact(Group::Bytes, "video").as_ref()));
        }
        for told in found.shots.iter().filter(|shot| shot.status == Status::Added) {
            let at = told.after.as_ref().map_or(0, |seen| seen.position - 1);
            made.insert(whole(&after[at]));
        }
        let wanted: BTreeSet<String> = after.iter().map(whole).collect();
        prop_assert_eq!(made, wanted);
    }
}
