//! Parts in any order and in any number of copies tell one and the same run, in
//! which no shot is missing and none comes twice.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::event::{Failure, FailureClass, ShotFacts, Signal, SkipReason, StopReason, Video};
use crate::id::{FileId, Fingerprint, TaskId};
use crate::money::Money;

const SHOTS: u8 = 6;

fn id(number: u8) -> ShotId {
    ShotId::new(format!("shot-{number}")).expect("a good id")
}

fn print(number: u8, version: u8) -> Fingerprint {
    Fingerprint::from_hex(format!("{number:02x}{version:02x}").repeat(16))
}

fn facts(number: u8, version: u8, decision: Decision) -> ShotFacts {
    ShotFacts {
        id: id(number),
        scene: None,
        tags: Vec::new(),
        mode: "T2V".into(),
        model: "MiniMax-Hailuo-2.3".into(),
        prompt: format!("{number} {version}"),
        request: Arc::new(Map::new()),
        fingerprint: Some(print(number, version)),
        decision,
        reason: "new".into(),
        changes: Vec::new(),
        price: Some(Money::from_micros(1_000_000, "USD")),
        file: format!("shot-{number}.mp4"),
        depends_on: Vec::new(),
        frames: Vec::new(),
        seconds: 6,
        resolution: "768P".into(),
        earlier: false,
        another_take: false,
        verdict: None,
        existing: (decision == Decision::Reuse).then(|| video(number)),
        paid_task: None,
    }
}

fn video(number: u8) -> Video {
    Video {
        path: format!("shot-{number}.mp4"),
        bytes: 1,
        sha256: format!("{number:064x}"),
        width: 1,
        height: 1,
        duration_ms: 1,
        fps: 24.0,
        codec: "avc1".into(),
    }
}

/// What a part did with a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Nothing,
    Skip,
    Reuse,
    Make,
    Fail,
    Leave,
    Doubt,
}

#[derive(Debug, Clone)]
struct Script {
    shard: Option<(u32, u32)>,
    film: bool,
    begun: i64,
    // Shots in the order of the manifest, with which version was asked for.
    shots: Vec<(u8, u8, Did)>,
    stops: bool,
    // Events that a kill leaves; more than there are where nobody killed it.
    kept: usize,
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let did = prop_oneof![
        1 => Just(Did::Nothing),
        1 => Just(Did::Skip),
        1 => Just(Did::Reuse),
        4 => Just(Did::Make),
        1 => Just(Did::Fail),
        1 => Just(Did::Leave),
        1 => Just(Did::Doubt),
    ];
    let shots = proptest::collection::vec((0..2_u8, did, any::<bool>()), usize::from(SHOTS));
    let script = (
        proptest::option::of((1..3_u32, Just(2_u32))),
        any::<bool>(),
        0..20_i64,
        shots,
        any::<bool>(),
        prop_oneof![Just(100_usize), 1..20_usize],
    );
    let script = script.prop_map(|(shard, film, begun, shots, stops, kept)| Script {
        shard,
        film,
        begun,
        shots: (0..SHOTS)
            .zip(shots)
            .filter(|(_, (.., there))| *there)
            .map(|(number, (version, did, _))| (number, version, did))
            .collect(),
        stops,
        kept,
    });
    proptest::collection::vec(script, 1..6)
}

/// The events of a part.
fn played(script: &Script, number: usize) -> Vec<Event> {
    let begun = Timestamp::from_second(1_700_000_000 + script.begun).expect("a time");
    let decision = |did| match did {
        Did::Reuse => Decision::Reuse,
        _ => Decision::Create,
    };
    let shots = script.shots.iter();
    let part = script.shard.map(|(index, count)| RunPart {
        of: RunId::new("ci"),
        shard: Shard::new(index, count).ok(),
        film: (0..SHOTS).filter(|_| script.film).map(id).collect(),
        missing: Vec::new(),
    });
    let started = RunFacts {
        run_id: RunId::new(format!("run-{number}")),
        manifest: "shots.yaml".into(),
        backend: "minimax".into(),
        base_url: "https://api.minimax.io".into(),
        free: false,
        runner_version: "0.1.0".into(),
        spec_version: "1".into(),
        price_date: "1".into(),
        part,
        shots: shots
            .map(|(number, version, did)| facts(*number, *version, decision(*did)))
            .collect(),
    };
    let mut kinds = vec![EventKind::RunStarted(Box::new(started))];
    for (shot, version, did) in &script.shots {
        kinds.extend(life(*shot, *version, number, *did));
    }
    if script.stops {
        let reason = StopReason::Interrupted(Signal::Interrupt);
        kinds.push(EventKind::RunStopping { reason });
    }
    kinds.push(EventKind::RunFinished);
    kinds.truncate(script.kept);
    let event = |(sequence, kind): (u64, EventKind)| Event {
        sequence,
        at: begun + jiff::SignedDuration::from_millis(sequence.cast_signed()),
        elapsed: Duration::from_millis(sequence),
        kind,
    };
    (0..).zip(kinds).map(event).collect()
}

fn life(shot: u8, version: u8, part: usize, did: Did) -> Vec<EventKind> {
    let attempt = print(shot, version).attempt(1);
    let failure = Failure::new(FailureClass::TaskFailed, "it failed");
    let intended = EventKind::CreateIntended {
        shot: id(shot),
        attempt: attempt.clone(),
        fingerprint: print(shot, version),
    };
    let accepted = EventKind::CreateAccepted {
        shot: id(shot),
        attempt: attempt.clone(),
        task: TaskId::new(format!("{part}-{shot}")),
        trace_id: None,
    };
    let mut told = match did {
        Did::Nothing | Did::Reuse => return Vec::new(),
        Did::Skip => {
            return vec![EventKind::ShotSkipped {
                shot: id(shot),
                reason: SkipReason::Stopped,
            }];
        }
        _ => vec![intended],
    };
    match did {
        Did::Doubt => told.push(EventKind::CreateUncertain {
            shot: id(shot),
            attempt,
            failure,
        }),
        Did::Leave => told.push(accepted),
        Did::Fail => told.extend([
            accepted,
            EventKind::TaskFailed {
                shot: id(shot),
                attempt,
                failure,
            },
        ]),
        _ => told.extend([
            accepted,
            EventKind::TaskSucceeded {
                shot: id(shot),
                attempt: attempt.clone(),
                file: FileId::new("1"),
            },
            EventKind::VideoSaved {
                shot: id(shot),
                attempt,
                video: video(shot),
            },
        ]),
    }
    told
}

fn folded(events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    state
}

proptest! {
    #[test]
    fn the_order_of_parts_does_not_matter_and_every_shot_is_there_once(
        scripts in scripts(),
        seed in any::<prop::sample::Index>(),
    ) {
        let parts: Vec<Vec<Event>> = scripts
            .iter()
            .enumerate()
            .map(|(number, script)| played(script, number))
            .collect();
        let told = together(&parts);
        // What any part paid is paid, and nothing is twice.
        let paid = |state: &RunState| state.shots.iter().map(ShotState::paid).sum::<usize>();
        let mut turned = parts.clone();
        turned.rotate_left(seed.index(parts.len()));
        turned.reverse();
        turned.push(parts[seed.index(parts.len())].clone());
        // A copy that was made before the part came to its end.
        let cut = &parts[seed.index(parts.len())];
        turned.push(cut[..cut.len().div_ceil(2)].to_vec());
        prop_assert_eq!(&told, &together(&turned));
        let sequences: Vec<u64> = told.iter().map(|event| event.sequence).collect();
        prop_assert_eq!(sequences, (0..told.len() as u64).collect::<Vec<_>>());
        prop_assert!(told.windows(2).all(|pair| pair[0].elapsed <= pair[1].elapsed));

        let state = folded(&told);
        let ids: Vec<&ShotId> = state.shots.iter().map(|shot| &shot.facts.id).collect();
        let all: BTreeSet<&ShotId> = ids.iter().copied().collect();
        prop_assert_eq!(all.len(), ids.len());
        // Shards know the whole film; a few shots alone do not know their places.
        let knows = |script: &Script| script.film && script.shard.is_some() && script.kept > 0;
        if scripts.iter().any(knows) {
            prop_assert!(ids.is_sorted(), "in the order of the manifest: {:?}", ids);
        }
        let states: Vec<RunState> = parts.iter().map(|part| folded(part)).collect();
        let named = states.iter().flat_map(|state| &state.shots);
        prop_assert_eq!(paid(&state), states.iter().map(paid).sum::<usize>());
        prop_assert_eq!(all, named.map(|shot| &shot.facts.id).collect::<BTreeSet<_>>());
        for shot in &state.shots {
            let tellers = states.iter().filter_map(|state| state.shot(&shot.facts.id));
            let same = tellers.clone().any(|told| format!("{told:?}") == at_its_own_time(shot, told));
            prop_assert!(same, "no part told this of {}", shot.facts.id);
            let made = tellers.filter(|told| told.facts.fingerprint == shot.facts.fingerprint);
            let made = made.clone().any(|told| told.outcome() == Outcome::Succeeded);
            prop_assert_eq!(made, shot.outcome() == Outcome::Succeeded);
        }
    }
}

/// The shot as it would be told by a part of its own: when it changed is counted
/// from another beginning.
fn at_its_own_time(shot: &ShotState, told: &ShotState) -> String {
    let shot = ShotState {
        attempts: told.attempts.clone(),
        changed: told.changed,
        ..shot.clone()
    };
    format!("{shot:?}")
}

fn part(shard: Option<(u32, u32)>, begun: i64, shots: &[(u8, Did)], stops: bool) -> Vec<Event> {
    let script = Script {
        shard,
        film: true,
        begun,
        shots: shots.iter().map(|(shot, did)| (*shot, 0, *did)).collect(),
        stops,
        kept: 100,
    };
    played(&script, begun as usize)
}

#[test]
fn a_shard_that_is_not_there_is_missing_as_long_as_its_shots_are() {
    let one = part(Some((1, 2)), 1, &[(0, Did::Make), (2, Did::Make)], false);
    let state = folded(&together(std::slice::from_ref(&one)));
    let missing: Vec<String> = state
        .missing_shards()
        .iter()
        .map(Shard::to_string)
        .collect();
    assert_eq!(missing, ["2/2"]);
    assert!(!state.finished);
    let rest: Vec<(u8, Did)> = [1, 3, 4, 5].map(|shot| (shot, Did::Make)).into();
    for shard in [Some((2, 2)), None] {
        let state = folded(&together(&[one.clone(), part(shard, 2, &rest, false)]));
        assert!(state.missing_shards().is_empty());
        assert!(state.finished);
        assert_eq!(state.counts().created, 6);
    }
}

#[test]
fn a_stop_is_told_as_long_as_something_is_left_of_it() {
    let stopped = part(None, 1, &[(0, Did::Make), (1, Did::Skip)], true);
    assert!(
        folded(&together(&[
            stopped.clone(),
            part(None, 2, &[(2, Did::Make)], false)
        ]))
        .stopping
        .is_some()
    );
    let again = part(None, 2, &[(0, Did::Reuse), (1, Did::Make)], false);
    let state = folded(&together(&[stopped, again]));
    assert!(state.stopping.is_none() && state.finished);
    // What one part made and another found is what was made.
    assert_eq!((state.counts().created, state.counts().reused), (2, 0));
}

#[test]
fn a_later_try_has_the_word_unless_it_did_nothing_or_the_video_is_there() {
    let outcome = |first, second| {
        let parts = [
            part(None, 1, &[(0, first)], false),
            part(None, 2, &[(0, second)], false),
        ];
        folded(&together(&parts)).shots[0].outcome()
    };
    assert_eq!(outcome(Did::Fail, Did::Make), Outcome::Succeeded);
    assert_eq!(outcome(Did::Make, Did::Fail), Outcome::Succeeded);
    assert_eq!(outcome(Did::Fail, Did::Skip), Outcome::Failed);
    assert_eq!(outcome(Did::Fail, Did::Leave), Outcome::Pending);
    assert_eq!(outcome(Did::Leave, Did::Nothing), Outcome::Pending);
    assert_eq!(outcome(Did::Skip, Did::Nothing), Outcome::Skipped);
}
