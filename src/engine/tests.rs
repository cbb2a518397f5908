//! The state machine against a scripted service, with time paused.

mod chains;
mod checks;
mod limits;
mod model;
mod rests;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use crate::check::media::{MediaFacts, MediaLibrary, MediaProblem};
use crate::check::{self, CheckedShot};
use crate::diag::{SourceFile, Sources};
use crate::engine::{Ports, Settings, Shutdown, run};
use crate::event::{Event, EventKind, FailureClass};
use crate::id::RunId;
use crate::ledger::Ledger;
use crate::money::Money;
use crate::plan::history::History;
use crate::plan::price::PriceTable;
use crate::plan::{self, Plan, Retry};
use crate::provider::Progress;
use crate::provider::fake::{Fake, Script};
use crate::shot::{self, Overrides};
use crate::spec::{Spec, Unlisted};
use crate::state::{Outcome, RunState};
use crate::store::Store;

struct NoMedia;

impl MediaLibrary for NoMedia {
    fn describe(&self, path: &std::path::Path, _: u64) -> Result<MediaFacts, MediaProblem> {
        Err(MediaProblem::Missing {
            path: path.display().to_string(),
            similar: None,
        })
    }
}

fn checked(shots: &[&str]) -> Vec<CheckedShot> {
    let lines = shots
        .iter()
        .map(|id| format!("{{ id: {id}, prompt: shot {id} }}"));
    checked_lines(&lines.collect::<Vec<_>>())
}

/// A shot in a line, as in a manifest.
fn checked_lines(shots: &[String]) -> Vec<CheckedShot> {
    let mut text = "version: 1\ndefaults: { model: MiniMax-Hailuo-2.3 }\nshots:\n".to_owned();
    for shot in shots {
        let _ = writeln!(text, "  - {shot}");
    }
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", text));
    let spec = Spec::bundled();
    let (manifest, _) = crate::manifest::parse(&mut sources, id, spec, &crate::manifest::NoFiles);
    let manifest = manifest.expect("the manifest above is whole");
    let (shots, _) = shot::expand(&manifest, &sources, &Overrides::default(), spec);
    let context = check::Context {
        spec,
        media: &NoMedia,
        unlisted: Unlisted::Refuse,
    };
    check::check(&shots, &context).0
}

fn plan(shots: &[&str], history: &History) -> Plan {
    plan::plan(checked(shots), context(history))
}

fn context(history: &History) -> plan::Context {
    plan::Context {
        run_id: RunId::new("test"),
        manifest: "shots.yaml".to_owned(),
        backend: "minimax".to_owned(),
        base_url: "https://service.example".to_owned(),
        free: false,
        spec_version: "1".to_owned(),
        prices: PriceTable::bundled("USD"),
        history: history.clone(),
        retry: Retry::Nothing,
        now: Timestamp::UNIX_EPOCH,
        deadline: Duration::from_secs(1_800),
        selected: None,
        strangers: std::collections::HashSet::new(),
        force: std::collections::HashSet::new(),
        frames: Arc::new(crate::plan::frames::NoFrames),
    }
}

fn settings() -> Settings {
    Settings {
        concurrency: 4,
        creates_per_minute: None,
        polls_per_minute: None,
        poll_interval: Duration::from_secs(10),
        deadline: Duration::from_secs(1_800),
        max_cost: None,
        time_scale: 1,
        isolated: false,
    }
}

struct Ran {
    state: RunState,
    events: Vec<Event>,
}

impl Ran {
    /// `elapsed shot what`, one line for each event about a shot.
    fn story(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            if let Some(shot) = event.kind.shot() {
                let _ = writeln!(
                    text,
                    "{:>4} {shot} {}",
                    event.elapsed.as_secs(),
                    word(&event.kind)
                );
            }
        }
        text
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.state
            .shots
            .iter()
            .map(super::super::state::ShotState::outcome)
            .collect()
    }
}

fn word(kind: &EventKind) -> String {
    match kind {
        EventKind::CreateIntended { attempt, .. } => {
            format!(
                "intended {}",
                attempt.as_str().rsplit('-').next().unwrap_or_default()
            )
        }
        EventKind::ShotDecided(facts) => format!("decided {}: {}", facts.decision, facts.reason),
        EventKind::CreateAccepted { .. } => "accepted".to_owned(),
        EventKind::CreateRefused {
            failure, retry_in, ..
        } => {
            let again = if retry_in.is_some() { ", again" } else { "" };
            format!("refused {}{again}", failure.class.as_str())
        }
        EventKind::CreateUncertain { .. } => "uncertain".to_owned(),
        EventKind::StatusSeen { status, known, .. } => {
            format!("status {status}{}", if *known { "" } else { " (unknown)" })
        }
        EventKind::TaskSucceeded { .. } => "succeeded".to_owned(),
        EventKind::TaskFailed { failure, .. } => format!("failed {}", failure.class.as_str()),
        EventKind::Retrying {
            operation, failure, ..
        } => {
            format!(
                "retrying {} after {}",
                operation.as_str(),
                failure.class.as_str()
            )
        }
        EventKind::VideoSaved { .. } => "saved".to_owned(),
        EventKind::ShotPending { reason, .. } => format!("pending {reason:?}"),
        EventKind::ShotSkipped { reason, .. } => format!("skipped {reason:?}"),
        other => format!("{other:?}"),
    }
}

async fn ran(plan: Plan, fake: &Arc<Fake>, settings: &Settings, shutdown: &Shutdown) -> Ran {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(folder.path()).expect("an empty folder can be used");
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let ports = Ports {
        provider: Arc::clone(fake),
        store: Arc::new(store),
        ledger: Ledger::in_memory().expect("a ledger in memory"),
        callbacks: None,
        turnstile: None,
        examiner: None,
        observer: Box::new(move |event, _| {
            seen.lock().expect("no panic").push(event.clone());
        }),
        wall_clock: || Timestamp::UNIX_EPOCH,
        examiner: None,
    };
    let state = run(plan, ports, settings, shutdown)
        .await
        .expect("the ledger works");
    let events = std::mem::take(&mut *events.lock().expect("no panic"));
    Ran { state, events }
}

async fn ran_with(shots: &[&str], fake: &Arc<Fake>) -> Ran {
    ran(
        plan(shots, &History::default()),
        fake,
        &settings(),
        &Shutdown::default(),
    )
    .await
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a script's list holds failures beside it"
)]
fn running(status: &str) -> Result<Progress, FailureClass> {
    Ok(Progress::Running {
        status: status.to_owned(),
        known: status != "Thinking",
    })
}

#[tokio::test(start_paused = true)]
async fn a_quiet_life() {
    let fake = Arc::new(Fake::default());
    let polls = [
        running("Queueing"),
        running("Processing"),
        running("Processing"),
    ];
    fake.script(
        "a",
        Script {
            polls: polls.into(),
            ..Script::default()
        },
    );
    let ran = ran_with(&["a"], &fake).await;
    insta::assert_snapshot!(ran.story(), @r"
       0 a intended 1
       0 a accepted
      10 a status Queueing
      21 a status Processing
      40 a status Success
      40 a succeeded
      40 a saved
    ");
    assert_eq!(fake.billed(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn only_proved_refusals_are_sent_again() {
    for class in FailureClass::ALL {
        let fake = Arc::new(Fake::default());
        fake.script(
            "a",
            Script {
                creates: [class].into(),
                ..Script::default()
            },
        );
        let ran = ran_with(&["a"], &fake).await;
        let creates = fake
            .calls()
            .iter()
            .filter(|call| *call == "create a")
            .count();
        let again = matches!(class, FailureClass::Throttled | FailureClass::Unreachable);
        assert_eq!(
            creates,
            if again { 2 } else { 1 },
            "{class:?}\n{}",
            ran.story()
        );
        let expected = match class {
            _ if again => Outcome::Succeeded,
            FailureClass::Ambiguous => Outcome::Uncertain,
            _ => Outcome::Failed,
        };
        assert_eq!(ran.outcomes(), [expected], "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_not_asked_for_again() {
    let fake = Arc::new(Fake::default());
    fake.script(
        "a",
        Script {
            lost_answer: true,
            ..Script::default()
        },
    );
    let ran = ran_with(&["a", "b"], &fake).await;
    assert_eq!(ran.outcomes(), [Outcome::Uncertain, Outcome::Succeeded]);
    assert_eq!(fake.billed().len(), 2, "one each, and never a second");
    assert_eq!(ran.state.at_risk().to_string(), "0.28 USD");
}

#[tokio::test(start_paused = true)]
async fn trouble_while_polling_never_fails_a_paid_task() {
    let fake = Arc::new(Fake::default());
    let polls: VecDeque<_> = FailureClass::ALL
        .into_iter()
        .filter(|class| *class != FailureClass::KeyRefused)
        .map(Err)
        .chain([running("Thinking")])
        .collect();
    fake.script(
        "a",
        Script {
            polls,
            ..Script::default()
        },
    );
    let ran = ran_with(&["a"], &fake).await;
    assert_eq!(ran.outcomes(), [Outcome::Succeeded], "{}", ran.story());
    assert!(ran.story().contains("status Thinking (unknown)"));
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_a_task_is_left_for_another_run() {
    let fake = Arc::new(Fake::default());
    let polls = std::iter::repeat_with(|| running("Processing"))
        .take(1_000)
        .collect();
    fake.script(
        "a",
        Script {
            polls,
            ..Script::default()
        },
    );
    let ran = ran_with(&["a"], &fake).await;
    assert_eq!(ran.outcomes(), [Outcome::Pending]);
    assert!(ran.state.elapsed <= Duration::from_secs(1_800));
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_fails_its_shot_only() {
    let fake = Arc::new(Fake::default());
    let failed = Ok(Progress::Failed {
        status: "Fail".to_owned(),
        failure: crate::provider::fake::failure(FailureClass::Moderated),
    });
    fake.script(
        "b",
        Script {
            polls: [failed].into(),
            ..Script::default()
        },
    );
    let ran = ran_with(&["a", "b", "c"], &fake).await;
    assert_eq!(
        ran.outcomes(),
        [Outcome::Succeeded, Outcome::Failed, Outcome::Succeeded]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_video_is_fetched_again() {
    let fake = Arc::new(Fake::default());
    let whole = crate::provider::fake::video();
    let downloads = [
        b"<html>not yet</html>".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        Vec::new(),
    ];
    fake.script(
        "a",
        Script {
            downloads: downloads.map(|bytes| Ok(bytes.into())).into(),
            ..Script::default()
        },
    );
    let ran = ran_with(&["a"], &fake).await;
    insta::assert_snapshot!(ran.story(), @r"
       0 a intended 1
       0 a accepted
      10 a status Success
      10 a succeeded
      10 a retrying download after damaged
      12 a retrying download after damaged
      16 a retrying download after damaged
      24 a saved
    ");
    assert_eq!(fake.billed(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_stops_the_run_and_keeps_what_was_paid() {
    let fake = Arc::new(Fake::default());
    fake.script(
        "b",
        Script {
            creates: [FailureClass::KeyRefused].into(),
            ..Script::default()
        },
    );
    let one_at_a_time = Settings {
        concurrency: 2,
        ..settings()
    };
    let plan = plan(&["a", "b", "c"], &History::default());
    let ran = ran(plan, &fake, &one_at_a_time, &Shutdown::default()).await;
    assert_eq!(
        ran.outcomes(),
        [Outcome::Pending, Outcome::Failed, Outcome::Skipped],
        "{}",
        ran.story()
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_balance_stops_creating_and_goes_on_collecting() {
    let fake = Arc::new(Fake::default());
    fake.script(
        "b",
        Script {
            creates: [FailureClass::OutOfCredit].into(),
            ..Script::default()
        },
    );
    let two_at_a_time = Settings {
        concurrency: 2,
        ..settings()
    };
    let plan = plan(&["a", "b", "c"], &History::default());
    let ran = ran(plan, &fake, &two_at_a_time, &Shutdown::default()).await;
    assert_eq!(
        ran.outcomes(),
        [Outcome::Succeeded, Outcome::Failed, Outcome::Skipped],
        "{}",
        ran.story()
    );
    assert_eq!(fake.billed(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_not_on_the_plan_is_asked_for_once() {
    let fake = Arc::new(Fake::default());
    let creates = [FailureClass::ModelNotOnPlan].into();
    fake.script(
        "a",
        Script {
            creates,
            ..Script::default()
        },
    );
    let one = Settings {
        concurrency: 1,
        ..settings()
    };
    let ran = ran(
        plan(&["a", "b"], &History::default()),
        &fake,
        &one,
        &Shutdown::default(),
    )
    .await;
    assert_eq!(ran.outcomes(), [Outcome::Failed, Outcome::Skipped]);
    assert_eq!(fake.calls(), ["create a"]);
}

#[tokio::test(start_paused = true)]
async fn the_budget_holds_at_every_create() {
    let fake = Arc::new(Fake::default());
    let limit: Money = "0.60 USD".parse().expect("an amount");
    let tight = Settings {
        max_cost: Some(limit),
        ..settings()
    };
    let plan = plan(&["a", "b", "c", "d"], &History::default());
    let ran = ran(plan, &fake, &tight, &Shutdown::default()).await;
    assert_eq!(
        fake.billed().len(),
        2,
        "two of 0.28 fit under 0.60\n{}",
        ran.story()
    );
    assert_eq!(ran.state.spent().to_string(), "0.56 USD");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_leaves_tasks_resumable() {
    let fake = Arc::new(Fake::default());
    let polls = std::iter::repeat_with(|| running("Processing"))
        .take(100)
        .collect();
    fake.script(
        "a",
        Script {
            polls,
            ..Script::default()
        },
    );
    let shutdown = Shutdown::default();
    let interrupt = shutdown.interrupt.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(25)).await;
        interrupt.cancel();
    });
    let one = Settings {
        concurrency: 1,
        ..settings()
    };
    let ran = ran(
        plan(&["a", "b"], &History::default()),
        &fake,
        &one,
        &shutdown,
    )
    .await;
    assert_eq!(
        ran.outcomes(),
        [Outcome::Pending, Outcome::Skipped],
        "{}",
        ran.story()
    );
    assert_eq!(ran.state.elapsed.as_secs(), 25);
}
