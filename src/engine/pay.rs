//! The part of a life that costs money: one create, and what came of it.
//!
//! Owns the fence around create: intent before, no second attempt without proof
//! of refusal, and an answer that was lost is found again only where the service
//! itself confirms it. Like `life`, it owns no clock and no connection.

use std::time::Duration;

use crate::check::request::CheckedRequest;
use crate::engine::host::{Halt, Host, Rules, Unrecorded, Woken};
use crate::engine::retry;
use crate::event::{EventKind, Failure, FailureClass, Operation, ShotFacts, SkipReason};
use crate::id::{AttemptId, Fingerprint, ShotId, TaskId};
use crate::plan::decide::PaidTask;
use crate::provider::{Created, Progress};
use crate::store::Rescued;

/// Pays, once. `None` when nothing was accepted, or nobody knows.
pub(super) async fn create<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    request: &CheckedRequest,
    next_attempt: u32,
) -> Result<Option<PaidTask>, Unrecorded> {
    let Some(fingerprint) = &facts.fingerprint else {
        return Ok(None);
    };
    let begun = host.now();
    let mut tries = 0;
    loop {
        // The first admission came before this life: the host gives it in
        // manifest order. Every further try asks again.
        if tries > 0
            && let Err(reason) = host.admit(facts).await
        {
            let shot = facts.id.clone();
            let skipped = EventKind::ShotSkipped { shot, reason };
            host.record(skipped).await.map_err(|_| None)?;
            return Ok(None);
        }
        let attempt = fingerprint.attempt(next_attempt + tries);
        intend(host, facts, &attempt, fingerprint)
            .await
            .map_err(|_| None)?;
        tries += 1;
        let answer = host.create(request, &attempt).await;
        match answer.and_then(|created| unclaimed(host, fingerprint, created)) {
            Ok(created) => return accepted(host, facts, attempt, created).await.map(Some),
            Err(failure) => {
                let slowed = host.heed(facts, &failure, Operation::Create);
                let patience = rules.patience(host, begun);
                let again = retry::create_again(&failure, tries, rules.unit, slowed, patience);
                let unanswered = failure.class == FailureClass::Ambiguous;
                let again = refused(host, &facts.id, attempt.clone(), failure, again);
                if unanswered {
                    again.await.map_err(|_| None)?;
                    return settle(host, rules, facts, attempt, rules.deadline).await;
                }
                if !again.await.map_err(|_| None)? {
                    return Ok(None);
                }
            }
        }
    }
}

async fn intend<H: Host>(
    host: &H,
    facts: &ShotFacts,
    attempt: &AttemptId,
    fingerprint: &Fingerprint,
) -> Result<(), Halt> {
    host.record(EventKind::CreateIntended {
        shot: facts.id.clone(),
        attempt: attempt.clone(),
        fingerprint: fingerprint.clone(),
    })
    .await
}

async fn accepted<H: Host>(
    host: &H,
    facts: &ShotFacts,
    attempt: AttemptId,
    created: Created,
) -> Result<PaidTask, Unrecorded> {
    host.record(EventKind::CreateAccepted {
        shot: facts.id.clone(),
        attempt: attempt.clone(),
        task: created.task.clone(),
        trace_id: created.trace_id,
    })
    .await
    .map_err(|_| {
        host.rescue(&Rescued {
            shot: facts.id.clone(),
            attempt: attempt.clone(),
            task: created.task.clone(),
        });
        Some(created.task.clone())
    })?;
    Ok(PaidTask {
        attempt,
        task: created.task,
        file: None,
    })
}

/// Records a failed create and says whether it may be sent again.
async fn refused<H: Host>(
    host: &H,
    shot: &ShotId,
    attempt: AttemptId,
    failure: Failure,
    retry_in: Option<Duration>,
) -> Result<bool, Halt> {
    let shot = shot.clone();
    if failure.class == FailureClass::Ambiguous {
        let uncertain = EventKind::CreateUncertain {
            shot,
            attempt,
            failure,
        };
        host.record(uncertain).await?;
        return Ok(false);
    }
    host.record(EventKind::CreateRefused {
        shot: shot.clone(),
        attempt,
        failure,
        retry_in,
    })
    .await?;
    let Some(wait) = retry_in else {
        return Ok(false);
    };
    // When the run ends meanwhile, the next admission says so.
    host.sleep(wait).await;
    Ok(true)
}

/// An answer that names the task of another request is somebody else's: what came
/// of this create, nobody knows.
fn unclaimed<H: Host>(
    host: &H,
    fingerprint: &Fingerprint,
    created: Created,
) -> Result<Created, Failure> {
    if host.claim(&created.task, fingerprint) {
        return Ok(created);
    }
    let message = format!(
        "the answer names task {}, which belongs to another shot",
        created.task
    );
    Err(Failure {
        trace_id: created.trace_id,
        ..Failure::new(FailureClass::Ambiguous, message)
    })
}

/// Waits for a callback that names the task of a create that nobody answered,
/// and takes the task once the service itself knows it. `None` when nobody called
/// in time: then a person has to look.
async fn settle<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    attempt: AttemptId,
    patience: Duration,
) -> Result<Option<PaidTask>, Unrecorded> {
    if !host.is_listening() {
        return Ok(None);
    }
    let begun = host.now();
    loop {
        let left = (begun + patience).saturating_sub(host.now());
        if left.is_zero() {
            return Ok(None);
        }
        let mut pause = left;
        if let Some(task) = host.named(&attempt) {
            if let Some(created) = confirmed(host, facts, task, left).await {
                return accepted(host, facts, attempt, created).await.map(Some);
            }
            pause = left.min(rules.poll_interval);
        }
        if host.listen(&attempt, pause).await != Woken::Elapsed {
            return Ok(None);
        }
    }
}

/// What a callback says is asked of the service, with the key: it answers for
/// tasks of this account only.
async fn confirmed<H: Host>(
    host: &H,
    facts: &ShotFacts,
    task: TaskId,
    patience: Duration,
) -> Option<Created> {
    let fingerprint = facts.fingerprint.as_ref()?;
    match host.poll(&task, patience).await {
        // A word that nobody knows confirms nothing.
        Ok(Progress::Running { known: false, .. }) => None,
        Ok(_) => host.claim(&task, fingerprint).then_some(Created {
            task,
            trace_id: None,
        }),
        Err(failure) => {
            host.heed(facts, &failure, Operation::Poll);
            None
        }
    }
}

/// The same for a create of an earlier run, whose address the service still has.
pub(super) async fn settle_earlier<H: Host>(
    host: &H,
    rules: &Rules,
    facts: &ShotFacts,
    attempt: &AttemptId,
    patience: Duration,
) -> Result<Option<PaidTask>, Unrecorded> {
    let settled = settle(host, rules, facts, attempt.clone(), patience).await?;
    if settled.is_none() {
        let why = facts.reason.clone();
        host.record(EventKind::ShotSkipped {
            shot: facts.id.clone(),
            reason: SkipReason::Uncertain { why },
        })
        .await
        .map_err(|_| None)?;
    }
    Ok(settled)
}
