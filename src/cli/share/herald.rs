//! Word of every task to the shared store, while the run goes on.
//!
//! Owns telling others of what was paid at the moment at which it was: a machine that is
//! gone the next moment leaves its tasks to whoever comes next. Never stops a run and
//! never waits: what does not arrive is sent again at the end.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::runtime::Handle;

use crate::event::{Event, EventKind, Failure, RunFacts, ShotFacts};
use crate::id::{AttemptId, Fingerprint, ShotId, TaskId};
use crate::ledger::{self, AttemptStanding, Record, RunEntry};
use crate::money::Money;
use crate::report::{Sink, SinkError};
use crate::share::{Entry, Share};
use crate::state::RunState;

/// Tells a shared store of tasks.
pub(super) struct Herald {
    share: Share,
    /// Of the runtime that lives as long as the command.
    runtime: Handle,
    run: Option<RunEntry>,
    shots: HashMap<ShotId, Asked>,
    intents: HashMap<AttemptId, Intent>,
}

/// What a shot asks for.
struct Asked {
    request: Arc<Map<String, Value>>,
    price: Option<Money>,
}

/// A creation that was begun.
struct Intent {
    fingerprint: Fingerprint,
    at: Timestamp,
}

impl Herald {
    pub(super) fn new(share: Share, runtime: Handle) -> Self {
        Self {
            share,
            runtime,
            run: None,
            shots: HashMap::new(),
            intents: HashMap::new(),
        }
    }

    fn begins(&mut self, facts: &RunFacts, at: Timestamp) {
        // A simulator's tasks end with it.
        if facts.free {
            return;
        }
        facts.shots.iter().for_each(|shot| self.asks(shot));
        self.run = Some(RunEntry {
            run_id: facts.run_id.clone(),
            shared_id: facts.part.as_ref().map(|part| part.of.as_str().to_owned()),
            started_at: at,
            finished_at: None,
            manifest: facts.manifest.clone(),
            backend: facts.backend.clone(),
            base_url: facts.base_url.clone(),
            free: facts.free,
            runner_version: facts.runner_version.clone(),
            spec_version: facts.spec_version.clone(),
        });
    }

    fn asks(&mut self, shot: &ShotFacts) {
        if shot.decision.may_pay() {
            let asked = Asked {
                request: Arc::clone(&shot.request),
                price: shot.price.clone(),
            };
            self.shots.insert(shot.id.clone(), asked);
        }
    }

    /// Sends word of a creation that took effect, or may have.
    fn tell(
        &mut self,
        shot: &ShotId,
        attempt: &AttemptId,
        result: Result<&TaskId, &Failure>,
    ) -> Option<()> {
        let (run, asked) = (self.run.clone()?, self.shots.get(shot)?);
        let intent = self.intents.remove(attempt)?;
        let number = attempt.as_str().rsplit_once('-')?.1.parse().ok()?;
        let record = Record {
            attempt: attempt.clone(),
            number,
            run: run.run_id.clone(),
            shot: shot.clone(),
            fingerprint: intent.fingerprint,
            backend: run.backend.clone(),
            base_url: run.base_url.clone(),
            state: match result {
                Ok(_) => AttemptStanding::Created,
                Err(_) => AttemptStanding::Uncertain,
            },
            task: result.ok().cloned(),
            file: None,
            trace_id: None,
            video: None,
            saved_at: None,
            failure: result.err().cloned(),
            request: Arc::clone(&asked.request),
            price: asked.price.clone(),
            intended_at: intent.at,
            changed_at: intent.at,
        };
        let entry = Entry::from(&ledger::Entry { run, record });
        let share = self.share.clone();
        // Nobody waits for it: what fails here is sent at the end of the run, which
        // also says so if it fails once more. It ends with the runtime of the command.
        drop(self.runtime.spawn(async move { share.note(&entry).await }));
        Some(())
    }
}

impl Sink for Herald {
    fn on_event(&mut self, event: &Event, _: &RunState) {
        match &event.kind {
            EventKind::RunStarted(facts) => self.begins(facts, event.at),
            EventKind::ShotDecided(shot) => self.asks(shot),
            EventKind::CreateIntended {
                attempt,
                fingerprint,
                ..
            } => {
                let intent = Intent {
                    fingerprint: fingerprint.clone(),
                    at: event.at,
                };
                self.intents.insert(attempt.clone(), intent);
            }
            EventKind::CreateAccepted {
                shot,
                attempt,
                task,
                ..
            } => drop(self.tell(shot, attempt, Ok(task))),
            EventKind::CreateUncertain {
                shot,
                attempt,
                failure,
            } => drop(self.tell(shot, attempt, Err(failure))),
            _ => {}
        }
    }

    fn finish(&mut self, _: &RunState) -> Result<(), SinkError> {
        Ok(())
    }
}
