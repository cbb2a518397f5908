//! Who may still create: stop reasons, refused models, the budget.
//!
//! Owns the few facts that one shot's trouble tells all the others. A lock is
//! held for a comparison, never across a wait.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::event::{Failure, FailureClass, Operation, ShotFacts, Signal, SkipReason, StopReason};
use crate::id::ShotId;
use crate::money::Money;

/// Creates in a row without a connection before the run stops: every further
/// shot would only wait for the same.
const UNREACHABLE_IN_A_ROW: u32 = 4;

/// Shared by every life of a run.
#[derive(Debug)]
pub(super) struct Gate {
    /// Cancelled when a person or the system wants the run to end.
    pub(super) interrupted: CancellationToken,
    /// Cancelled as soon as nothing more is created, whatever the reason.
    pub(super) closed: CancellationToken,
    /// Cancelled when an answer or the ledger stops everything.
    pub(super) halted: CancellationToken,
    limit: Option<Money>,
    /// The places of shots in the film, where none may stop another.
    places: Option<HashMap<ShotId, usize>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stopping: Option<StopReason>,
    /// What the first shot of the film heard that would have stopped the others.
    heard: Option<(usize, StopReason)>,
    announced: bool,
    refused_models: HashSet<String>,
    reserved_micros: i64,
    /// Creates in a row for which no connection could be made.
    unreachable: u32,
}

impl Gate {
    pub(super) fn new(limit: Option<Money>, interrupted: CancellationToken) -> Self {
        Self {
            interrupted,
            closed: CancellationToken::new(),
            halted: CancellationToken::new(),
            limit,
            places: None,
            state: Mutex::default(),
        }
    }

    /// The same, where what one shot hears stops no other: it is only told at the end,
    /// of the first of these shots that heard any.
    pub(super) fn isolated(mut self, shots: &[ShotFacts]) -> Self {
        let places = shots.iter().enumerate();
        let places = places.map(|(place, shot)| (shot.id.clone(), place));
        self.places = Some(places.collect());
        self
    }

    /// Whether each shot lives as if it were alone.
    pub(super) fn is_isolated(&self) -> bool {
        self.places.is_some()
    }

    /// Whether this shot may be created as far as is known now.
    pub(super) fn may_enter(&self, shot: &ShotFacts) -> Result<(), SkipReason> {
        may_enter(&self.lock(), shot)
    }

    /// Whether this shot may be created now, and if so its price is reserved.
    pub(super) fn enter(&self, shot: &ShotFacts) -> Result<(), SkipReason> {
        let mut state = self.lock();
        may_enter(&state, shot)?;
        let Some((limit, price)) = self
            .limit
            .as_ref()
            .zip(price_micros(shot, self.limit.as_ref()))
        else {
            return Ok(());
        };
        if state.reserved_micros + price > limit.micros() {
            let limit = limit.clone();
            self.stop(&mut state, StopReason::Budget { limit });
            return Err(SkipReason::Budget);
        }
        state.reserved_micros += price;
        Ok(())
    }

    /// Takes in a failure: stops, remembers a model, gives a reservation back.
    pub(super) fn heed(&self, shot: &ShotFacts, failure: &Failure, operation: Operation) {
        if operation != Operation::Create && failure.class != FailureClass::KeyRefused {
            return;
        }
        let mut state = self.lock();
        if operation == Operation::Create && failure.class != FailureClass::Ambiguous {
            let price = price_micros(shot, self.limit.as_ref()).unwrap_or(0);
            state.reserved_micros -= price;
        }
        if operation == Operation::Create && failure.class != FailureClass::Unreachable {
            state.unreachable = 0;
        }
        match failure.class {
            FailureClass::Unreachable => {
                state.unreachable += 1;
                if state.unreachable >= UNREACHABLE_IN_A_ROW {
                    self.stop(&mut state, StopReason::Unreachable(failure.clone()));
                }
            }
            FailureClass::WrongAddress => {
                let reason = StopReason::WrongAddress(failure.clone());
                self.stop_for(&mut state, shot, reason);
            }
            FailureClass::KeyRefused => {
                let reason = StopReason::KeyRefused(failure.clone());
                if self.stop_for(&mut state, shot, reason) {
                    self.halted.cancel();
                }
            }
            FailureClass::OutOfCredit => {
                let reason = StopReason::OutOfCredit(failure.clone());
                self.stop_for(&mut state, shot, reason);
            }
            FailureClass::ModelNotOnPlan if self.places.is_none() => {
                state.refused_models.insert(shot.model.clone());
            }
            _ => {}
        }
    }

    /// The service answered: it can be reached.
    pub(super) fn reached(&self) {
        self.lock().unreachable = 0;
    }

    /// Nothing more is created from here on.
    pub(super) fn interrupt(&self, signal: Signal) {
        self.stop(&mut self.lock(), StopReason::Interrupted(signal));
    }

    /// The service asks for more time than a shot has.
    pub(super) fn throttled(&self, shot: &ShotFacts, failure: &Failure) {
        let reason = StopReason::Throttled(failure.clone());
        self.stop_for(&mut self.lock(), shot, reason);
    }

    /// The ledger cannot be written.
    pub(super) fn ledger_failed(&self, message: String) {
        self.stop(&mut self.lock(), StopReason::Ledger(message));
        self.halted.cancel();
    }

    /// The stop reason, the first time that it is asked for.
    pub(super) fn announce(&self) -> Option<StopReason> {
        let mut state = self.lock();
        if state.announced {
            return None;
        }
        let reason = state.stopping.clone();
        state.announced = reason.is_some();
        reason
    }

    /// What was heard is told after all, at the end of the run.
    pub(super) fn conclude(&self) {
        let mut state = self.lock();
        if let Some((_, reason)) = state.heard.take() {
            state.stopping.get_or_insert(reason);
        }
    }

    /// Stops what one shot's answer stops; says whether that is more than the shot.
    fn stop_for(&self, state: &mut State, shot: &ShotFacts, reason: StopReason) -> bool {
        let Some(places) = &self.places else {
            self.stop(state, reason);
            return true;
        };
        let place = places.get(&shot.id).copied().unwrap_or(usize::MAX);
        if state.heard.as_ref().is_none_or(|(first, _)| place < *first) {
            state.heard = Some((place, reason));
        }
        false
    }

    fn stop(&self, state: &mut State, reason: StopReason) {
        state.stopping.get_or_insert(reason);
        self.closed.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Plain data, changed in single steps: a panic elsewhere cannot tear it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn may_enter(state: &State, shot: &ShotFacts) -> Result<(), SkipReason> {
    match &state.stopping {
        Some(StopReason::Interrupted(_)) => Err(SkipReason::Interrupted),
        Some(StopReason::Budget { .. }) => Err(SkipReason::Budget),
        Some(_) => Err(SkipReason::Stopped),
        None if state.refused_models.contains(&shot.model) => Err(SkipReason::ModelNotOnPlan),
        None => Ok(()),
    }
}

/// The price in the limit's currency; another currency cannot be counted, and
/// is refused together with unknown prices before the run.
fn price_micros(shot: &ShotFacts, limit: Option<&Money>) -> Option<i64> {
    let price = shot.price.as_ref()?;
    (price.currency() == limit?.currency()).then(|| price.micros())
}
