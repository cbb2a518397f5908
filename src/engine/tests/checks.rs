//! Videos that are looked at while a run goes on: nobody waits for a verdict, and
//! no verdict loses a video.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{checked_lines, context, running, settings, word};
use crate::engine::{Ports, Settings, Shutdown, run};
use crate::event::{Event, EventKind, Judgement};
use crate::ledger::{Ledger, Takes};
use crate::media::measure::{Measures, What};
use crate::plan;
use crate::plan::frames::NoFrames;
use crate::plan::history::History;
use crate::provider::fake::{Fake, Script};
use crate::state::{Outcome, RunState};
use crate::store::Store;
use crate::verdict::{Examiner, Expectations, Measure};

fn measured(black: bool) -> Measures {
    let black = if black {
        serde_json::json!([{ "from_ms": 0, "to_ms": 6000 }])
    } else {
        serde_json::json!([])
    };
    let mut measures = crate::media::measure::Measures {
        width: 64,
        height: 36,
        duration_ms: 6_000,
        frames: 144,
        fps: 24.0,
        codec: "avc1.42C00B".into(),
        audio: None,
        picture: None,
        undecoded: None,
        decoder: None,
    };
    let picture = serde_json::json!({ "black": black, "frozen": [], "cuts": [], "glances": [] });
    measures.picture = Some(serde_json::from_value(picture).expect("it is a picture"));
    measures
}

/// Carries shots out, each a line of a manifest, and tells what happened.
async fn told(
    lines: &[&str],
    fake: &Arc<Fake>,
    settings: &Settings,
    measure: Measure,
    mut on_event: impl FnMut(&Event) + Send + 'static,
) -> (RunState, Vec<Event>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(folder.path()).expect("an empty folder can be used");
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let shots = checked_lines(&lines);
    let examiner = Examiner::new(
        Expectations::of(&shots),
        Takes::default(),
        Arc::new(NoFrames),
        store.clone(),
        measure,
    );
    let events = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let ports = Ports {
        provider: Arc::clone(fake),
        store: Arc::new(store),
        ledger: Ledger::in_memory().expect("a ledger in memory"),
        callbacks: None,
        turnstile: None,
        examiner: Some(Arc::new(examiner)),
        observer: Box::new(move |event: &Event, _: &RunState| {
            on_event(event);
            seen.lock().expect("no panic").push(event.clone());
        }),
        wall_clock: || jiff::Timestamp::UNIX_EPOCH,
    };
    let plan = plan::plan(shots, context(&History::default()));
    let state = run(plan, ports, settings, &Shutdown::default())
        .await
        .expect("the ledger works");
    let events = std::mem::take(&mut *events.lock().expect("no panic"));
    (state, events)
}

fn of(state: &RunState, shot: &str) -> (Outcome, Option<Judgement>) {
    let mut shots = state.shots.iter();
    let shot = shots.find(|one| one.facts.id.as_str() == shot);
    let shot = shot.expect("it is part of the run");
    (shot.outcome(), shot.judgement())
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_changes_nothing_but_the_verdict() {
    let fake = Arc::new(Fake::default());
    let lines = [
        "{ id: a, prompt: shot a, expect: { black: false } }",
        "{ id: b, prompt: shot b, expect: { black: 10s } }",
        "{ id: c, prompt: shot c }",
    ];
    let measure: Measure = Box::new(|_: &Path, _: What| Ok(measured(true)));
    let (state, events) = told(&lines, &fake, &settings(), measure, |_| {}).await;
    assert_eq!(
        of(&state, "a"),
        (Outcome::Succeeded, Some(Judgement::Failed))
    );
    assert_eq!(
        of(&state, "b"),
        (Outcome::Succeeded, Some(Judgement::Passed))
    );
    assert_eq!(of(&state, "c"), (Outcome::Succeeded, None));
    let counts = state.counts();
    assert_eq!(
        (counts.succeeded, counts.checked, counts.unexpected),
        (3, 2, 1)
    );
    assert!(state.finished);
    let intended = |event: &&Event| matches!(event.kind, EventKind::CreateIntended { .. });
    assert_eq!(
        events.iter().filter(intended).count(),
        3,
        "nothing is made again"
    );
    let last = events.last().map(|event| word(&event.kind));
    assert_eq!(last.as_deref(), Some("RunFinished"));
}

/// The one who looks does not come back until everybody else has ended. In true
/// time, because paused time stands still while somebody looks.
#[tokio::test]
async fn nobody_waits_for_a_verdict() {
    let fake = Arc::new(Fake::default());
    for shot in ["b", "c"] {
        let script = Script {
            polls: [running("Queueing"), running("Processing")].into(),
            ..Script::default()
        };
        fake.script(shot, script);
    }
    let lines = [
        "{ id: a, prompt: shot a, expect: { black: false } }",
        "{ id: b, prompt: shot b }",
        "{ id: c, prompt: shot c }",
    ];
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let measure: Measure = Box::new(move |_: &Path, _: What| {
        let patience = Duration::from_secs(60);
        let released = wait.lock().expect("no panic").recv_timeout(patience);
        released.map_err(|_| "the others wait for this".to_owned())?;
        Ok(measured(false))
    });
    let mut saved = 0;
    let count = move |event: &Event| {
        saved += usize::from(matches!(event.kind, EventKind::VideoSaved { .. }));
        if saved == 3 {
            // Who has looked already hears it no more.
            let _ = release.send(());
        }
    };
    let quick = Settings {
        poll_interval: Duration::from_millis(5),
        ..settings()
    };
    let (state, _) = told(&lines, &fake, &quick, measure, count).await;
    assert_eq!(
        of(&state, "a"),
        (Outcome::Succeeded, Some(Judgement::Passed))
    );
    assert_eq!(state.counts().succeeded, 3);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_measured_is_said_and_ends_nothing() {
    let fake = Arc::new(Fake::default());
    let lines = ["{ id: a, prompt: shot a, expect: { black: false, fps: 24 } }"];
    let times = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&times);
    let measure: Measure = Box::new(move |_: &Path, _: What| {
        count.fetch_add(1, Ordering::Relaxed);
        Err("no decoder knows it".to_owned())
    });
    let (state, events) = told(&lines, &fake, &settings(), measure, |_| {}).await;
    assert_eq!(
        of(&state, "a"),
        (Outcome::Succeeded, Some(Judgement::Unknown))
    );
    assert_eq!(state.counts().unknown, 1);
    let mut reasons = events.iter().filter_map(|event| match &event.kind {
        EventKind::ShotChecked { verdict, .. } => Some(verdict.reasons()),
        _ => None,
    });
    let reasons = reasons.next().expect("a verdict was told");
    assert_eq!(
        reasons,
        ["black cannot be checked: `a.mp4` cannot be measured: no decoder knows it"]
    );
    assert_eq!(times.load(Ordering::Relaxed), 1);
}
