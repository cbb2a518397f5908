//! The one writer of facts: numbers them, makes them durable, folds them, and
//! tells whoever watches, always in this order.
//!
//! Owns ledger and state of the run. Facts that arrive together are written in
//! one transaction (group commit), so that a thousand shots do not wait for a
//! thousand syncs.

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::engine::host::Halt;
use crate::event::{Event, EventKind};
use crate::id::RunId;
use crate::ledger::{Ledger, LedgerError};
use crate::state::RunState;

/// The most facts in one transaction.
const BATCH: usize = 512;

/// Facts that may wait; a full queue makes lives wait, which is what slows a
/// run down to the speed of its disk.
const QUEUE: usize = 1024;

/// Watches a run: called for every event, after it is durable and folded.
pub type Observer = Box<dyn FnMut(&Event, &RunState) + Send>;

struct Message {
    kind: EventKind,
    // Held by the life that waits; dropping it unanswered means the ledger failed.
    durable: oneshot::Sender<()>,
}

/// Hands facts to the dispatcher.
#[derive(Clone)]
pub(super) struct Recorder {
    sender: mpsc::Sender<Message>,
}

impl Recorder {
    /// Returns when the fact is durable.
    pub(super) async fn record(&self, kind: EventKind) -> Result<(), Halt> {
        let (durable, answer) = oneshot::channel();
        let message = Message { kind, durable };
        self.sender.send(message).await.map_err(|_| Halt)?;
        answer.await.map_err(|_| Halt)
    }
}

/// What is left when the last fact is written.
pub(super) struct Finished {
    pub(super) state: RunState,
    pub(super) error: Option<LedgerError>,
}

/// Writes facts until every [`Recorder`] is gone, or the ledger fails.
pub(super) struct Dispatcher {
    receiver: mpsc::Receiver<Message>,
    ledger: Ledger,
    run: RunId,
    state: RunState,
    observer: Observer,
    begun: Instant,
    sequence: u64,
    wall_clock: fn() -> Timestamp,
}

impl Dispatcher {
    pub(super) fn new(
        ledger: Ledger,
        run: RunId,
        observer: Observer,
        wall_clock: fn() -> Timestamp,
    ) -> (Self, Recorder) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let dispatcher = Self {
            receiver,
            ledger,
            run,
            state: RunState::default(),
            observer,
            begun: Instant::now(),
            sequence: 0,
            wall_clock,
        };
        (dispatcher, Recorder { sender })
    }

    pub(super) async fn run(mut self) -> Finished {
        let mut batch = Vec::with_capacity(BATCH);
        while self.receiver.recv_many(&mut batch, BATCH).await > 0 {
            let (kinds, waiting): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|m| (m.kind, m.durable)).unzip();
            let events = self.number(kinds);
            let (ledger, run) = (self.ledger, self.run.clone());
            let written = tokio::task::spawn_blocking(move || append(ledger, &run, events)).await;
            let (ledger, events, result) = match written {
                Ok(written) => written,
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            };
            self.ledger = ledger;
            match result {
                Err(error) => {
                    return Finished {
                        state: self.state,
                        error: Some(error),
                    };
                }
                Ok(results) => {
                    if let Some(error) = tell(
                        &mut self.state,
                        &mut self.observer,
                        &events,
                        waiting,
                        results,
                    ) {
                        return Finished {
                            state: self.state,
                            error: Some(error),
                        };
                    }
                }
            }
        }
        Finished {
            state: self.state,
            error: None,
        }
    }

    fn number(&mut self, kinds: Vec<EventKind>) -> Vec<Event> {
        let at = (self.wall_clock)();
        let elapsed = self.begun.elapsed();
        kinds
            .into_iter()
            .map(|kind| {
                let sequence = self.sequence;
                self.sequence += 1;
                Event {
                    sequence,
                    at,
                    elapsed,
                    kind,
                }
            })
            .collect()
    }
}

type Written = Result<Vec<Result<(), LedgerError>>, LedgerError>;

fn append(mut ledger: Ledger, run: &RunId, events: Vec<Event>) -> (Ledger, Vec<Event>, Written) {
    let result = ledger.append(run, &events);
    (ledger, events, result)
}

/// Folds, shows and answers, in the order in which the facts were written. A
/// fact that the ledger refused is not folded and not answered; the first such
/// refusal ends the run.
fn tell(
    state: &mut RunState,
    observer: &mut Observer,
    events: &[Event],
    waiting: Vec<oneshot::Sender<()>>,
    results: Vec<Result<(), LedgerError>>,
) -> Option<LedgerError> {
    let mut refused = None;
    for ((event, durable), result) in events.iter().zip(waiting).zip(results) {
        match result {
            Ok(()) => {
                state.apply(event);
                observer(event, state);
                // The life may be gone; the fact stands all the same.
                let _ = durable.send(());
            }
            Err(error) => {
                refused.get_or_insert(error);
            }
        }
    }
    refused
}
