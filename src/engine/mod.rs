//! Carries a plan out: the only asynchronous part above the ports.
//!
//! Owns the loop that keeps `limits.concurrency` tasks in flight. Never prints,
//! and never decides what a shot's end means: that is the fold in `state`.

mod carry;
mod checks;
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
mod schedule;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::callback::Listener;
use crate::engine::dispatcher::Dispatcher;
pub use crate::engine::dispatcher::Observer;
use crate::engine::gate::Gate;
use crate::engine::host::Rules;
use crate::engine::local::Local;
use crate::engine::pace::Pace;
use crate::event::Signal;
use crate::id::{ShotId, TaskId};
use crate::ledger::{Ledger, LedgerError, Turnstile};
use crate::money::Money;
use crate::plan::Plan;
use crate::provider::Provider;
use crate::state::RunState;
use crate::store::Store;
use crate::verdict::Examiner;

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
    /// Who looks at videos, and judges them; `None` where nothing is expected.
    pub examiner: Option<Arc<Examiner>>,
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
    /// Whether each shot lives as if it were alone: what one hears stops no other, so
    /// that a run comes to the same whatever its order. For recordings, which cost nothing.
    pub isolated: bool,
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
    plan: Plan,
    ports: Ports<P>,
    settings: &Settings,
    shutdown: &Shutdown,
) -> Result<RunState, RunError> {
    let run_id = plan.facts.run_id.clone();
    let (dispatcher, recorder) =
        Dispatcher::new(ports.ledger, run_id, ports.observer, ports.wall_clock);
    let writing = tokio::spawn(dispatcher.run());
    let gate = Gate::new(settings.max_cost.clone(), CancellationToken::new());
    let gate = Arc::new(if settings.isolated {
        gate.isolated(&plan.facts.shots)
    } else {
        gate
    });
    let watching = tokio::spawn(watch(shutdown.clone(), Arc::clone(&gate)));
    let minute = Duration::from_secs(60) / settings.time_scale;
    let unit = Duration::from_secs(1) / settings.time_scale;
    let creates = Pace::new(settings.creates_per_minute, minute, unit);
    let local = Arc::new(Local {
        provider: ports.provider,
        store: ports.store,
        callbacks: ports.callbacks,
        tasks: Mutex::new(plan.later.context().history.tasks.clone()),
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
    let carried = carry::carry_out(plan, &local, rules, settings.concurrency, ports.examiner);
    let unrecorded = carried.await;
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
