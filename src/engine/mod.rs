//! Carries a plan out: the only asynchronous part above the ports.
//!
//! Owns the loop that keeps `limits.concurrency` tasks in flight. Never prints,
//! and never decides what a shot's end means: that is the fold in `state`.

mod dispatcher;
mod fetch;
mod gate;
mod host;
mod life;
mod local;
mod pace;
mod pay;
pub mod retry;
mod save;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::callback::Listener;
pub use crate::engine::dispatcher::Observer;
use crate::engine::dispatcher::{Dispatcher, Recorder};
use crate::engine::gate::Gate;
use crate::engine::host::{Host as _, Rules};
use crate::engine::local::Local;
use crate::engine::pace::Pace;
use crate::event::{Decision, EventKind, PendingReason, ShotFacts, Signal, SkipReason};
use crate::id::{ShotId, TaskId};
use crate::ledger::{Ledger, LedgerError, Turnstile};
use crate::money::Money;
use crate::plan::{Job, Plan};
use crate::provider::Provider;
use crate::state::RunState;
use crate::store::Store;

/// What a run needs from outside.
pub struct Ports<P> {
    /// The service.
    pub provider: Arc<P>,
    /// Where videos go.
    pub store: Arc<Store>,
    /// Where facts go.
    pub ledger: Ledger,
    /// Where the service calls back; without it, it is only asked.
    pub callbacks: Option<Arc<Listener>>,
    /// What counts the creations of all runs with this account; `None` where
    /// there are no others.
    pub turnstile: Option<Turnstile>,
    /// Who watches.
    pub observer: Observer,
    /// The time of day, for people; nothing is measured with it.
    pub wall_clock: fn() -> Timestamp,
}

/// The rules of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Tasks in flight.
    pub concurrency: usize,
    /// Creates in any minute; `None` is without limit.
    pub creates_per_minute: Option<f64>,
    /// Questions about tasks in any minute; `None` is without limit.
    pub polls_per_minute: Option<f64>,
    /// Between two polls of one task.
    pub poll_interval: Duration,
    /// How long a task may take before it is left for another run.
    pub deadline: Duration,
    /// What this run may spend.
    pub max_cost: Option<Money>,
    /// How much faster time goes: 1 at a real service, more at a simulated one.
    pub time_scale: u32,
}

/// How the run is asked to end early.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Cancelled by Ctrl-C: stop creating, leave the rest resumable.
    pub interrupt: CancellationToken,
    /// Cancelled by SIGTERM or a closed terminal; the same, said differently.
    pub terminate: CancellationToken,
}

/// The run could not keep its books.
#[derive(Debug, thiserror::Error)]
#[error("the ledger cannot be written, so nothing more was created")]
pub struct RunError {
    /// Why.
    pub source: LedgerError,
    /// As far as the run came.
    pub state: Box<RunState>,
    /// Tasks that were paid and could not be written down.
    pub unrecorded: Vec<(ShotId, TaskId)>,
}

/// Carries a plan out to its end.
///
/// # Errors
///
/// Only when the ledger fails; everything else is in the returned state.
pub async fn run<P: Provider>(
    mut plan: Plan,
    ports: Ports<P>,
    settings: &Settings,
    shutdown: &Shutdown,
) -> Result<RunState, RunError> {
    let run_id = plan.facts.run_id.clone();
    let (dispatcher, recorder) =
        Dispatcher::new(ports.ledger, run_id, ports.observer, ports.wall_clock);
    let writing = tokio::spawn(dispatcher.run());
    let gate = Arc::new(Gate::new(
        settings.max_cost.clone(),
        CancellationToken::new(),
    ));
    let watching = tokio::spawn(watch(shutdown.clone(), Arc::clone(&gate)));
    let minute = Duration::from_secs(60) / settings.time_scale;
    let unit = Duration::from_secs(1) / settings.time_scale;
    let creates = Pace::new(settings.creates_per_minute, minute, unit);
    let local = Arc::new(Local {
        provider: ports.provider,
        store: ports.store,
        callbacks: ports.callbacks,
        tasks: Mutex::new(std::mem::take(&mut plan.tasks)),
        recorder: recorder.clone(),
        gate,
        creates: match ports.turnstile {
            Some(turnstile) => creates.shared(turnstile, ports.wall_clock),
            None => creates,
        },
        polls: Pace::new(settings.polls_per_minute, minute, unit),
        deadline: settings.deadline,
        begun: Instant::now(),
    });
    let rules = Rules {
        poll_interval: settings.poll_interval,
        deadline: settings.deadline,
        unit,
    };
    let unrecorded = carry_out(plan, &local, rules, settings.concurrency, &recorder).await;
    watching.abort();
    // The dispatcher ends when the last recorder is gone.
    drop((local, recorder));
    let finished = match writing.await {
        Ok(finished) => finished,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    match finished.error {
        None => Ok(finished.state),
        Some(source) => Err(RunError {
            source,
            state: Box::new(finished.state),
            unrecorded,
        }),
    }
}

/// Turns a request to end into a closed gate; aborted when the run is over.
async fn watch(shutdown: Shutdown, gate: Arc<Gate>) {
    let signal = tokio::select! {
        () = shutdown.interrupt.cancelled() => Signal::Interrupt,
        () = shutdown.terminate.cancelled() => Signal::Terminate,
    };
    gate.interrupt(signal);
    gate.interrupted.cancel();
}

/// Tells the facts, lives every shot, and says that it is over. Returns the
/// paid tasks that could not be written down.
async fn carry_out<P: Provider>(
    plan: Plan,
    local: &Arc<Local<P>>,
    rules: Rules,
    concurrency: usize,
    recorder: &Recorder,
) -> Vec<(ShotId, TaskId)> {
    // What is there already needs no second copy: in most runs that is nearly all.
    let to_do: Vec<(ShotFacts, Job)> = plan
        .facts
        .shots
        .iter()
        .zip(plan.jobs)
        .filter(|(shot, _)| shot.decision != Decision::Reuse)
        .map(|(shot, job)| (shot.clone(), job))
        .collect();
    if recorder
        .record(EventKind::RunStarted(Box::new(plan.facts)))
        .await
        .is_err()
    {
        return Vec::new();
    }
    let mut waiting = VecDeque::new();
    let mut unanswered = Vec::new();
    for (shot, job) in to_do {
        if local.is_listening() && matches!(job, Job::Settle { .. }) {
            unanswered.push((shot, job));
            continue;
        }
        match decided_end(&shot) {
            None => waiting.push_back((shot, job)),
            Some(end) => {
                if recorder.record(end).await.is_err() {
                    return Vec::new();
                }
            }
        }
    }
    // They wait for a call and take nobody's place.
    let listening = live_all(unanswered.into(), local, rules, usize::MAX);
    let living = live_all(waiting, local, rules, concurrency);
    let (mut unrecorded, more) = tokio::join!(living, listening);
    unrecorded.extend(more);
    if let Some(reason) = local.gate.announce() {
        let _ = recorder.record(EventKind::RunStopping { reason }).await;
    }
    // When the ledger failed this cannot be written either, and need not be.
    let _ = recorder.record(EventKind::RunFinished).await;
    unrecorded
}

/// Keeps up to `concurrency` lives going. What is paid is collected first; then
/// shots are admitted one after the other, in manifest order: where money or
/// patience ends, it is the end of the film that is missing.
async fn live_all<P: Provider>(
    waiting: VecDeque<(ShotFacts, Job)>,
    local: &Arc<Local<P>>,
    rules: Rules,
    concurrency: usize,
) -> Vec<(ShotId, TaskId)> {
    let (mut paid, new): (VecDeque<_>, VecDeque<_>) = waiting
        .into_iter()
        .partition(|(shot, job)| matches!(job, Job::Collect(_)) && !shot.earlier);
    // What no shot asks for any more keeps nobody waiting.
    let (earlier, new): (Vec<_>, Vec<_>) = new.into_iter().partition(|(shot, _)| shot.earlier);
    paid.extend(new.into_iter().chain(earlier));
    let mut lives = JoinSet::new();
    let mut unrecorded = Vec::new();
    loop {
        while lives.len() < concurrency
            && let Some((shot, job)) = paid.pop_front()
        {
            if let Some(end) = turned_away(local, &shot).await {
                if local.recorder.record(end).await.is_err() {
                    break;
                }
                continue;
            }
            let local = Arc::clone(local);
            // Awaited just below: no life outlives this function.
            lives.spawn(async move {
                let end = life::run_shot(&*local, &rules, &shot, &job).await;
                end.map_err(|task| task.map(|task| (shot.id, task)))
            });
        }
        match lives.join_next().await {
            None => return unrecorded,
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(lost))) => unrecorded.extend(lost),
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

/// Waits for a shot's admission; says what becomes of it when there is none.
async fn turned_away<P: Provider>(local: &Local<P>, shot: &ShotFacts) -> Option<EventKind> {
    if let Some(end) = too_late(local, shot) {
        return Some(end);
    }
    if shot.decision != Decision::Create {
        return None;
    }
    let reason = local.admit(shot).await.err()?;
    let shot = shot.id.clone();
    Some(EventKind::ShotSkipped { shot, reason })
}

/// What becomes of a shot whose turn comes after the run was told to end.
fn too_late<P>(local: &Local<P>, shot: &ShotFacts) -> Option<EventKind> {
    let interrupted = local.gate.interrupted.is_cancelled();
    if !interrupted && !local.gate.halted.is_cancelled() {
        return None;
    }
    let id = shot.id.clone();
    Some(match (shot.decision, interrupted) {
        (Decision::Uncertain, _) => return decided_end(shot),
        (Decision::Resume, true) => EventKind::ShotPending {
            shot: id,
            reason: PendingReason::Interrupted,
        },
        (Decision::Resume, false) => EventKind::ShotPending {
            shot: id,
            reason: PendingReason::Stopped,
        },
        (_, true) => EventKind::ShotSkipped {
            shot: id,
            reason: SkipReason::Interrupted,
        },
        (_, false) => EventKind::ShotSkipped {
            shot: id,
            reason: SkipReason::Stopped,
        },
    })
}

/// The end of a shot for which the plan already said that nothing will be called.
fn decided_end(shot: &ShotFacts) -> Option<EventKind> {
    let id = shot.id.clone();
    let why = shot.reason.clone();
    let reason = match shot.decision {
        Decision::Create | Decision::Reuse | Decision::Resume => return None,
        Decision::Elsewhere => {
            return Some(EventKind::ShotPending {
                shot: id,
                reason: PendingReason::Elsewhere { why },
            });
        }
        Decision::Uncertain => SkipReason::Uncertain { why },
        Decision::Failed => SkipReason::FailedEarlier { why },
        Decision::Blocked => SkipReason::Blocked {
            by: shot.depends_on.first().unwrap_or(&shot.id).clone(),
            why,
        },
    };
    Some(EventKind::ShotSkipped { shot: id, reason })
}
