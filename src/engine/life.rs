//! One shot's life: create, wait, save; the only place that knows the order.
//!
//! Owns no clock, no randomness, no connection and no file: all of them come
//! through [`Host`], whose operations are named and take and give plain data,
//! so that another host (a durable-execution engine) can carry the same life.
//! The fence around create stands in `pay`.

use std::future::Future;
use std::time::Duration;

use crate::engine::host::{Halt, Host, Rules, Unrecorded, Woken};
use crate::engine::schedule::End;
use crate::engine::{pay, retry};
use crate::event::{EventKind, Failure, FailureClass, Operation, PendingReason, ShotFacts};
use crate::id::{AttemptId, FileId, ShotId};
use crate::plan::Job;
use crate::plan::decide::PaidTask;
use crate::provider::Progress;

/// Lives one shot, which was admitted, to its end. `Err` only when the ledger failed.
pub(super) async fn run_shot<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    job: &Job,
) -> Result<End, Unrecorded> {
    let paid = match job {
        Job::Nothing | Job::Wait(_) => None,
        Job::Collect(paid) => Some(paid.clone()),
        Job::Create {
            request,
            next_attempt,
        } => pay::create(host, rules, facts, request, *next_attempt).await?,
        Job::Settle { attempt, patience } => {
            pay::settle_earlier(host, rules, facts, attempt, *patience).await?
        }
    };
    let Some(paid) = paid else {
        return Ok(End::Without);
    };
    let file = match &paid.file {
        Some(file) => Ok(file.clone()),
        None => wait(host, rules, facts, &paid).await.map_err(|_| None)?,
    };
    let file = match file {
        Ok(file) => file,
        Err(end) => return Ok(end),
    };
    save(host, rules, facts, &paid.attempt, &file)
        .await
        .map_err(|_| None)
}

/// Polls until the task ends. No poll error ends a paid task; only its own
/// status does (DESIGN section 6, rule 4). How it ended where there is no file.
async fn wait<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    paid: &PaidTask,
) -> Result<Result<FileId, End>, Halt> {
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
        if turn == 0 {
            // Asked once at least, however long the interval is.
            pause = pause.min(rules.deadline / 2);
        }
        let nap = host.listen(&paid.attempt, pause);
        if let Some(reason) = rest(host, rules, begun, pause, nap, trouble.take()).await {
            return leave(host, facts, reason).await.map(Err);
        }
        turn += 1;
        pause = retry::jittered(rules.poll_interval, seed, turn);
        match host.poll(&paid.task, rules.patience(host, begun)).await {
            Ok(progress) => {
                failures = 0;
                if let Some(end) = advance(host, facts, paid, progress, &mut last).await? {
                    return Ok(end);
                }
            }
            Err(failure) if failure.class == FailureClass::KeyRefused => {
                host.heed(facts, &failure, Operation::Poll);
                return leave(host, facts, PendingReason::Stopped).await.map(Err);
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

/// Takes in one answer: `None` while it is running, then the file or that there is none.
async fn advance<H: Host>(
    host: &H,
    facts: &ShotFacts,
    paid: &PaidTask,
    progress: Progress,
    last: &mut String,
) -> Result<Option<Result<FileId, End>>, Halt> {
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
            Ok(Some(Ok(file)))
        }
        Progress::Failed { status, failure } => {
            saw(host, &shot, status, true, last).await?;
            host.record(EventKind::TaskFailed {
                shot,
                attempt,
                failure,
            })
            .await?;
            Ok(Some(Err(End::Without)))
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
) -> Result<End, Halt> {
    let begun = host.now();
    let mut tries = 0;
    loop {
        let patience = rules.patience(host, begun);
        let failure = match host.save(facts, file, tries, patience).await {
            Ok(video) => {
                let (shot, attempt) = (facts.id.clone(), attempt.clone());
                let saved = EventKind::VideoSaved {
                    shot,
                    attempt,
                    video: video.clone(),
                };
                host.record(saved).await?;
                return Ok(End::Saved(video));
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

async fn leave<H: Host>(host: &H, facts: &ShotFacts, reason: PendingReason) -> Result<End, Halt> {
    let shot = facts.id.clone();
    let pending = EventKind::ShotPending { shot, reason };
    host.record(pending).await?;
    Ok(End::Pending)
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
