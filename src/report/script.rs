//! Runs written down as events, for the tests of every sink.
//!
//! Owns the fixtures. The clock moves by a second with each event.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::event::{
    Check, Decision, Event, EventKind, Failure, FailureClass, Judgement, Operation, PendingReason,
    RunFacts, ShotFacts, Signal, SkipReason, StopReason, Verdict, Video,
};
use crate::id::{AttemptId, FileId, Fingerprint, RunId, ShotId, TaskId};
use crate::money::Money;
use crate::state::RunState;

use super::Sink;

pub(super) fn id(name: &str) -> ShotId {
    ShotId::new(name).expect("a good id")
}

/// A fingerprint that is told from others by the shot's name alone.
pub(super) fn print(name: &str) -> Fingerprint {
    let mut digits = String::new();
    // From the end, where the names differ: attempts are named after the start.
    for byte in name.bytes().rev().chain(std::iter::repeat(0)).take(32) {
        write!(digits, "{byte:02x}").expect("writing to a string cannot fail");
    }
    Fingerprint::from_hex(digits)
}

pub(super) fn attempt(name: &str, number: u32) -> AttemptId {
    print(name).attempt(number)
}

pub(super) fn facts(name: &str, decision: Decision) -> ShotFacts {
    let request = json!({
        "model": "MiniMax-Hailuo-2.3",
        "prompt": format!("the shot {name}"),
        "first_frame_image": { "sha256": "cd".repeat(32), "media_type": "image/png" },
    });
    ShotFacts {
        id: id(name),
        scene: None,
        tags: Vec::new(),
        mode: "I2V".into(),
        model: "MiniMax-Hailuo-2.3".into(),
        prompt: format!("the shot {name}"),
        request: request.as_object().cloned().expect("an object").into(),
        fingerprint: Some(print(name)),
        decision,
        reason: "it is new".into(),
        changes: Vec::new(),
        price: Some(Money::from_micros(280_000, "USD")),
        file: format!("{name}.mp4"),
        depends_on: Vec::new(),
        frames: Vec::new(),
        seconds: 6,
        resolution: "768P".into(),
        earlier: false,
        another_take: false,
        existing: (decision == Decision::Reuse).then(|| video(name)),
        verdict: None,
        paid_task: (decision == Decision::Resume).then(|| TaskId::new("106916112212001")),
    }
}

pub(super) fn video(name: &str) -> Video {
    Video {
        path: format!("{name}.mp4"),
        bytes: 1_234_567,
        sha256: "ab".repeat(32),
        width: 1366,
        height: 768,
        duration_ms: 5875,
        fps: 24.0,
        codec: "avc1.42C01F".into(),
    }
}

pub(super) fn failure(class: FailureClass, code: i64, message: &str) -> Failure {
    Failure {
        code: Some(code),
        trace_id: Some("04de1f".into()),
        ..Failure::new(class, message)
    }
}

pub(super) fn started(shots: Vec<ShotFacts>) -> EventKind {
    EventKind::RunStarted(Box::new(RunFacts {
        run_id: RunId::new("20260901T080000Z-1"),
        manifest: "shots.yaml".into(),
        backend: "minimax".into(),
        base_url: "https://api.minimax.io".into(),
        free: false,
        runner_version: "0.1.0".into(),
        spec_version: "2026-08-15".into(),
        price_date: "2026-08-01".into(),
        part: None,
        shots,
    }))
}

pub(super) fn intended(name: &str, number: u32) -> EventKind {
    EventKind::CreateIntended {
        shot: id(name),
        attempt: attempt(name, number),
        fingerprint: print(name),
    }
}

pub(super) fn accepted(name: &str, number: u32) -> EventKind {
    EventKind::CreateAccepted {
        shot: id(name),
        attempt: attempt(name, number),
        task: TaskId::new("106916112212032"),
        trace_id: None,
    }
}

pub(super) fn refused(name: &str, failure: Failure, retry_in: Option<Duration>) -> EventKind {
    EventKind::CreateRefused {
        shot: id(name),
        attempt: attempt(name, 1),
        failure,
        retry_in,
    }
}

pub(super) fn status(name: &str, word: &str, known: bool) -> EventKind {
    EventKind::StatusSeen {
        shot: id(name),
        status: word.into(),
        known,
    }
}

pub(super) fn succeeded(name: &str) -> EventKind {
    EventKind::TaskSucceeded {
        shot: id(name),
        attempt: attempt(name, 1),
        file: FileId::new("205258526306433"),
    }
}

pub(super) fn saved(name: &str) -> EventKind {
    EventKind::VideoSaved {
        shot: id(name),
        attempt: attempt(name, 1),
        video: video(name),
    }
}

pub(super) fn verdict(result: Judgement, found: &str) -> Verdict {
    let check = |name: &'static str, result: Judgement, expected: &str, found: &str| Check {
        name: name.into(),
        result,
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    Verdict {
        checks: vec![
            check("size", Judgement::Passed, "1366x768", "1366x768"),
            check("black", result, "none", found),
        ],
        takes: None,
    }
}

pub(super) fn checked(name: &str, verdict: Verdict) -> EventKind {
    EventKind::ShotChecked {
        shot: id(name),
        video_sha256: video(name).sha256,
        verdict,
    }
}

pub(super) fn retrying(name: &str) -> EventKind {
    EventKind::Retrying {
        shot: id(name),
        operation: Operation::Download,
        failure: Failure::new(FailureClass::Transient, "the connection\nwas reset"),
        wait: Duration::from_millis(1500),
    }
}

pub(super) fn task_failed(name: &str) -> EventKind {
    EventKind::TaskFailed {
        shot: id(name),
        attempt: attempt(name, 1),
        failure: failure(FailureClass::Moderated, 1027, "output is sensitive"),
    }
}

pub(super) fn uncertain(name: &str) -> EventKind {
    EventKind::CreateUncertain {
        shot: id(name),
        attempt: attempt(name, 1),
        failure: Failure::new(FailureClass::Ambiguous, "no answer within 60s"),
    }
}

pub(super) fn pending(name: &str, reason: PendingReason) -> EventKind {
    EventKind::ShotPending {
        shot: id(name),
        reason,
    }
}

pub(super) fn skipped(name: &str, reason: SkipReason) -> EventKind {
    EventKind::ShotSkipped {
        shot: id(name),
        reason,
    }
}

/// Events at one second's distance.
pub(super) fn events(kinds: Vec<EventKind>) -> Vec<Event> {
    let start: Timestamp = "2026-09-01T08:00:00Z".parse().expect("a time");
    kinds
        .into_iter()
        .zip(0_u32..)
        .map(|(kind, position)| Event {
            sequence: u64::from(position),
            at: start + SignedDuration::from_secs(i64::from(position)),
            elapsed: Duration::from_secs(u64::from(position)),
            kind,
        })
        .collect()
}

/// Tells a sink a run, as the host does; gives the state at its end.
pub(super) fn tell(sink: &mut dyn Sink, events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
        sink.on_event(event, &state);
    }
    sink.finish(&state).expect("a sink that can write");
    state
}

pub(super) fn fold(events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    state
}

/// A run in which a bit of everything happens.
pub(super) fn mixed() -> Vec<Event> {
    let shots = vec![
        facts("opening", Decision::Create),
        facts("weather-rain", Decision::Create),
        facts("weather-snow", Decision::Create),
        facts("grow", Decision::Reuse),
        facts("after", Decision::Resume),
        facts("portrait", Decision::Create),
        facts("镜头一", Decision::Create),
        ShotFacts {
            depends_on: vec![id("portrait")],
            fingerprint: None,
            price: None,
            ..facts("finale", Decision::Create)
        },
    ];
    let throttled = failure(FailureClass::Throttled, 1002, "rate limit");
    events(vec![
        started(shots),
        status("after", "Processing", true),
        intended("opening", 1),
        accepted("opening", 1),
        intended("weather-rain", 1),
        refused("weather-rain", throttled, Some(Duration::from_secs(12))),
        status("opening", "Queueing", true),
        intended("weather-snow", 1),
        accepted("weather-snow", 1),
        succeeded("after"),
        retrying("after"),
        intended("weather-rain", 2),
        accepted("weather-rain", 2),
        saved("after"),
        status("opening", "Dreaming", false),
        task_failed("weather-snow"),
        succeeded("opening"),
        saved("opening"),
        task_failed("weather-rain"),
        intended("portrait", 1),
        uncertain("portrait"),
        skipped(
            "finale",
            SkipReason::Blocked {
                by: id("portrait"),
                why: "its last frame is the first here".into(),
            },
        ),
        intended("镜头一", 1),
        accepted("镜头一", 1),
        EventKind::RunStopping {
            reason: StopReason::Interrupted(Signal::Interrupt),
        },
        pending("镜头一", PendingReason::Interrupted),
        EventKind::RunFinished,
    ])
}
