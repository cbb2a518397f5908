//! One shot's life: create, wait, save; the only place that knows the order.
//!
//! Owns no clock, no randomness, no connection and no file: all of them come
//! through [`Host`], whose operations are named and take and give plain data,
//! so that another host (a durable-execution engine) can carry the same life.
//! The fence around create stands in `pay`.

use std::future::Future;
use std::time::Duration;

use crate::check::request::CheckedRequest;
use crate::engine::{pay, retry};
use crate::event::{
    EventKind, Failure, FailureClass, Operation, PendingReason, ShotFacts, SkipReason, Video,
};
use crate::id::{AttemptId, FileId, ShotId, TaskId};
use crate::plan::Job;
use crate::plan::decide::PaidTask;
use crate::provider::{Created, Progress};
use crate::store::Rescued;

/// The ledger cannot be written; nothing may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Halt;

/// How a pause ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// The time is over.
    Elapsed,
    /// A person or the system wants the run to end.
    Interrupted,
    /// The run was stopped by an answer.
    Stopped,
}

/// What a life needs from whatever carries it.
pub(super) trait Host: Send + Sync {
    /// Makes a fact durable; when it returns, a crash cannot undo it.
    fn record(&self, kind: EventKind) -> impl Future<Output = Result<(), Halt>> + Send;

    /// Waits until this shot may be created: rate, budget, and no stop.
    fn admit(&self, shot: &ShotFacts) -> impl Future<Output = Result<(), SkipReason>> + Send;

    /// Sends the create, exactly once.
    fn create(
        &self,
        request: &CheckedRequest,
        attempt: &AttemptId,
    ) -> impl Future<Output = Result<Created, Failure>> + Send;

    /// Asks how far a task is; fails when the run ends, or `patience` does, before
    /// the answer.
    fn poll(
        &self,
        task: &TaskId,
        patience: Duration,
    ) -> impl Future<Output = Result<Progress, Failure>> + Send;

    /// Fetches, verifies and keeps a finished video; the `turn`th try, from 0.
    /// Fails when it has not arrived after `patience`.
    fn save(
        &self,
        shot: &ShotFacts,
        file: &FileId,
        turn: u32,
        patience: Duration,
    ) -> impl Future<Output = Result<Video, Failure>> + Send;

    /// Pauses, unless the run ends first.
    fn sleep(&self, wait: Duration) -> impl Future<Output = Woken> + Send;

    /// Pauses, unless the run ends first, or the service calls back for this attempt.
    fn listen(&self, attempt: &AttemptId, wait: Duration) -> impl Future<Output = Woken> + Send;

    /// The task that a callback named for this attempt. No proof: anybody may
    /// have said so.
    fn named(&self, attempt: &AttemptId) -> Option<TaskId>;

    /// Whether the service can call back at all.
    fn is_listening(&self) -> bool;

    /// Since the run began, on a clock that never jumps.
    fn now(&self) -> Duration;

    /// Lets a failure act on the rest of the run: stop it, slow it, give a
    /// reservation back. Says how long it makes everybody wait.
    fn heed(&self, shot: &ShotFacts, failure: &Failure, operation: Operation) -> Duration;

    /// Keeps a paid task that the ledger cannot take anywhere else: the last
    /// resort, which may fail too.
    fn rescue(&self, rescued: &Rescued);
}

/// The rules of a life that a manifest can set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Between two polls of one task.
    pub(super) poll_interval: Duration,
    /// How long a task may take before it is left for another run.
    pub(super) deadline: Duration,
    /// One second of backing off, or less on scaled time.
    pub(super) unit: Duration,
}

/// A task that was paid and whose id could not be made durable: the one thing
/// that must be shouted.
pub(super) type Unrecorded = Option<TaskId>;

/// Lives one shot, which was admitted, to its end. `Err` only when the ledger failed.
pub(super) async fn run_shot<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    job: &Job,
) -> Result<(), Unrecorded> {
    let paid = match job {
        Job::Nothing => None,
        Job::Collect(paid) => Some(paid.clone()),
        Job::Create {
            request,
            next_attempt,
        } => pay::create(host, rules, facts, request, *next_attempt).await?,
        Job::Settle { attempt, patience } => {
            pay::settle_earlier(host, rules, facts, attempt, *patience).await?
        }
    };
    let Some(paid) = paid else { return Ok(()) };
    let file = match &paid.file {
        Some(file) => Some(file.clone()),
        None => wait(host, rules, facts, &paid).await.map_err(|_| None)?,
    };
    let Some(file) = file else { return Ok(()) };
    save(host, rules, facts, &paid.attempt, &file)
        .await
        .map_err(|_| None)
}

/// Polls until the task ends. No poll error ends a paid task; only its own
/// status does (DESIGN section 6, rule 4). `None` when there is no file.
async fn wait<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    paid: &PaidTask,
) -> Result<Option<FileId>, Halt> {
    let begun = host.now();
    let seed = seed(&paid.attempt);
    let mut last = String::new();
    let mut trouble = None;
    let mut failures = 0;
    let mut turn = 0;
    // A fresh task is never finished at once; a resumed one may be.
    let mut pause = if facts.paid_task.is_some() {
        Duration::ZERO
    } else {
        retry::jittered(rules.poll_interval, seed, turn)
    };
    loop {
        let nap = host.listen(&paid.attempt, pause);
        if let Some(reason) = rest(host, rules, begun, pause, nap, trouble.take()).await {
            leave(host, facts, reason).await?;
            return Ok(None);
        }
        turn += 1;
        pause = retry::jittered(rules.poll_interval, seed, turn);
        match host.poll(&paid.task, patience(host, rules, begun)).await {
            Ok(progress) => {
                failures = 0;
                if let Some(end) = advance(host, facts, paid, progress, &mut last).await? {
                    return Ok(end);
                }
            }
            Err(failure) if failure.class == FailureClass::KeyRefused => {
                host.heed(facts, &failure, Operation::Poll);
                leave(host, facts, PendingReason::Stopped).await?;
                return Ok(None);
            }
            Err(failure) => {
                failures += 1;
                let slowed = host.heed(facts, &failure, Operation::Poll);
                pause = pause
                    .max(retry::pause(&failure, failures, rules.unit))
                    .max(slowed);
                retrying(host, facts, Operation::Poll, failure.clone(), pause).await?;
                trouble = Some(failure);
            }
        }
    }
}

/// Takes in one answer: `Some(Some(file))` finished, `Some(None)` failed.
async fn advance<H: Host>(
    host: &H,
    facts: &ShotFacts,
    paid: &PaidTask,
    progress: Progress,
    last: &mut String,
) -> Result<Option<Option<FileId>>, Halt> {
    let shot = facts.id.clone();
    let attempt = paid.attempt.clone();
    match progress {
        Progress::Running { status, known } => {
            saw(host, &shot, status, known, last).await?;
            Ok(None)
        }
        Progress::Succeeded { status, file } => {
            saw(host, &shot, status, true, last).await?;
            host.record(EventKind::TaskSucceeded {
                shot,
                attempt,
                file: file.clone(),
            })
            .await?;
            Ok(Some(Some(file)))
        }
        Progress::Failed { status, failure } => {
            saw(host, &shot, status, true, last).await?;
            host.record(EventKind::TaskFailed {
                shot,
                attempt,
                failure,
            })
            .await?;
            Ok(Some(None))
        }
    }
}

async fn saw<H: Host>(
    host: &H,
    shot: &ShotId,
    status: String,
    known: bool,
    last: &mut String,
) -> Result<(), Halt> {
    if *last == status {
        return Ok(());
    }
    last.clone_from(&status);
    host.record(EventKind::StatusSeen {
        shot: shot.clone(),
        status,
        known,
    })
    .await
}

async fn save<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    attempt: &AttemptId,
    file: &FileId,
) -> Result<(), Halt> {
    let begun = host.now();
    let mut tries = 0;
    loop {
        let patience = patience(host, rules, begun);
        let failure = match host.save(facts, file, tries, patience).await {
            Ok(video) => {
                let (shot, attempt) = (facts.id.clone(), attempt.clone());
                let saved = EventKind::VideoSaved {
                    shot,
                    attempt,
                    video,
                };
                return host.record(saved).await;
            }
            Err(failure) => failure,
        };
        host.heed(facts, &failure, Operation::Download);
        tries += 1;
        let Some(wait) = retry::save_again(&failure, tries, rules.unit) else {
            return leave(host, facts, PendingReason::NotSaved(failure)).await;
        };
        retrying(host, facts, Operation::Download, failure.clone(), wait).await?;
        let nap = host.sleep(wait);
        if let Some(reason) = rest(host, rules, begun, wait, nap, Some(failure)).await {
            return leave(host, facts, reason).await;
        }
    }
}

/// What is left until the deadline.
pub(super) fn patience<H: Host>(host: &H, rules: &Rules, begun: Duration) -> Duration {
    (begun + rules.deadline).saturating_sub(host.now())
}

/// Pauses for `wait` at most; says why the task has to be left, if it has to.
async fn rest<H: Host>(
    host: &H,
    rules: &Rules,
    begun: Duration,
    wait: Duration,
    nap: impl Future<Output = Woken>,
    last: Option<Failure>,
) -> Option<PendingReason> {
    if host.now() + wait > begun + rules.deadline {
        return Some(PendingReason::Deadline { last });
    }
    match nap.await {
        Woken::Elapsed => None,
        Woken::Interrupted => Some(PendingReason::Interrupted),
        Woken::Stopped => Some(PendingReason::Stopped),
    }
}

async fn leave<H: Host>(host: &H, facts: &ShotFacts, reason: PendingReason) -> Result<(), Halt> {
    let shot = facts.id.clone();
    host.record(EventKind::ShotPending { shot, reason }).await
}

async fn retrying<H: Host>(
    host: &H,
    facts: &ShotFacts,
    operation: Operation,
    failure: Failure,
    wait: Duration,
) -> Result<(), Halt> {
    host.record(EventKind::Retrying {
        shot: facts.id.clone(),
        operation,
        failure,
        wait,
    })
    .await
}

/// A number that differs between attempts and never between runs.
fn seed(attempt: &AttemptId) -> u64 {
    attempt
        .as_str()
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
}
