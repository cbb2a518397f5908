//! The default host of a life: this process, its ledger, its disk, its clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::time::Instant;

use crate::callback::Listener;
use crate::check::media::{CheckedMedia, MediaFacts};
use crate::check::request::{CheckedRequest, Request};
use crate::engine::dispatcher::Recorder;
use crate::engine::fetch::{self, Wanted};
use crate::engine::gate::Gate;
use crate::engine::host::{Halt, Host, Woken};
use crate::engine::pace::Pace;
use crate::engine::save;
use crate::event::{EventKind, Failure, FailureClass, Operation, ShotFacts, SkipReason, Video};
use crate::id::{AttemptId, FileId, Fingerprint, TaskId, sha256_hex};
use crate::provider::{Created, Progress, Provider};
use crate::store::{Rescued, Store};

/// Everything that the lives of one run share.
pub(super) struct Local<P> {
    pub(super) provider: Arc<P>,
    pub(super) store: Arc<Store>,
    pub(super) callbacks: Option<Arc<Listener>>,
    pub(super) recorder: Recorder,
    pub(super) gate: Arc<Gate>,
    /// Which request each task belongs to.
    pub(super) tasks: Mutex<HashMap<TaskId, Fingerprint>>,
    /// The turns of creations.
    pub(super) creates: Pace,
    /// The turns of questions.
    pub(super) polls: Pace,
    /// How long one shot is tried.
    pub(super) deadline: Duration,
    pub(super) begun: Instant,
}

impl<P: Provider> Host for Local<P> {
    async fn record(&self, kind: EventKind) -> Result<(), Halt> {
        let recorded = self.recorder.record(kind).await;
        if recorded.is_err() {
            self.gate
                .ledger_failed("the ledger cannot be written".into());
        }
        recorded
    }

    async fn admit(&self, shot: &ShotFacts) -> Result<(), SkipReason> {
        // Asked twice: who is not let in waits for no turn, and takes none.
        self.gate.may_enter(shot)?;
        if let Some(wait) = self.creates.exhausted() {
            // Watchers should know; that they do not changes nothing.
            let _ = self.recorder.record(EventKind::RateReached { wait }).await;
        }
        tokio::select! {
            biased;
            () = self.gate.closed.cancelled() => {}
            () = self.creates.turn() => {}
        }
        let entered = self.gate.enter(shot);
        if let Some(reason) = self.gate.announce() {
            // Watchers should know; that they do not is no reason to go on creating.
            let _ = self
                .recorder
                .record(EventKind::RunStopping { reason })
                .await;
        }
        entered
    }

    async fn create(
        &self,
        request: &CheckedRequest,
        attempt: &AttemptId,
    ) -> Result<Created, Failure> {
        let mut request = to_send(request).await?;
        if let Some(callbacks) = &self.callbacks {
            request = request.called_back_at(callbacks.url(attempt));
        }
        // Nothing here races this call: dropping it halfway is exactly the
        // state in which nobody knows whether it was paid.
        let created = self.provider.create(request).await;
        if created.is_ok() {
            self.gate.reached();
            self.creates.accepted();
        }
        created
    }

    async fn poll(&self, task: &TaskId, patience: Duration) -> Result<Progress, Failure> {
        let unanswered = |message: &str| Err(Failure::new(FailureClass::Transient, message));
        // Unlike a create, a question may be dropped: the task stands.
        tokio::select! {
            biased;
            answer = self.ask(task) => answer,
            () = self.gate.halted.cancelled() => unanswered("the run ended before the answer"),
            () = self.gate.interrupted.cancelled() => unanswered("the run ended before the answer"),
            () = tokio::time::sleep(patience) => unanswered("no answer before the deadline"),
        }
    }

    async fn save(
        &self,
        shot: &ShotFacts,
        file: &FileId,
        turn: u32,
        patience: Duration,
    ) -> Result<Video, Failure> {
        let wanted = Wanted {
            shot,
            file,
            turn,
            patience,
        };
        let arrive = fetch::fetch(&*self.provider, &self.store, &wanted);
        let Ok(arrived) = tokio::time::timeout(patience, arrive).await else {
            let message = "the video did not arrive before the deadline";
            return Err(Failure::new(FailureClass::Transient, message));
        };
        save::keep(arrived?, shot, turn).await
    }

    async fn sleep(&self, wait: Duration) -> Woken {
        tokio::select! {
            biased;
            () = self.gate.halted.cancelled() => Woken::Stopped,
            () = self.gate.interrupted.cancelled() => Woken::Interrupted,
            () = tokio::time::sleep(wait) => Woken::Elapsed,
        }
    }

    async fn listen(&self, attempt: &AttemptId, wait: Duration) -> Woken {
        match &self.callbacks {
            Some(callbacks) => tokio::select! {
                woken = self.sleep(wait) => woken,
                _ = callbacks.next(attempt) => Woken::Elapsed,
            },
            None => self.sleep(wait).await,
        }
    }

    fn named(&self, attempt: &AttemptId) -> Option<TaskId> {
        self.callbacks.as_ref()?.named(attempt)
    }

    fn is_listening(&self) -> bool {
        self.callbacks.is_some()
    }

    fn claim(&self, task: &TaskId, fingerprint: &Fingerprint) -> bool {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = tasks
            .entry(task.clone())
            .or_insert_with(|| fingerprint.clone());
        owner == fingerprint
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn heed(&self, shot: &ShotFacts, failure: &Failure, operation: Operation) -> Duration {
        self.gate.heed(shot, failure, operation);
        let create = operation == Operation::Create;
        match failure.class {
            FailureClass::Throttled if create => {
                // Alone, a shot that has to wait holds nobody up.
                let wait = if self.gate.is_isolated() {
                    failure.retry_after.unwrap_or_default()
                } else {
                    self.creates.refused(failure.retry_after)
                };
                if wait > self.deadline {
                    // Every other shot would only wait for the same.
                    self.gate.throttled(shot, failure);
                }
                return wait;
            }
            FailureClass::Throttled if self.gate.is_isolated() => {
                return failure.retry_after.unwrap_or_default();
            }
            FailureClass::Throttled => return self.polls.refused(failure.retry_after),
            FailureClass::Unreachable if create => self.creates.give_back(),
            _ => {}
        }
        Duration::ZERO
    }

    fn rescue(&self, rescued: &Rescued) {
        // The run's end names the task in any case.
        let _ = self.store.rescue(rescued);
    }
}

impl<P: Provider> Local<P> {
    /// Asks when it is its turn to.
    async fn ask(&self, task: &TaskId) -> Result<Progress, Failure> {
        self.polls.turn().await;
        let answer = self.provider.poll(task).await;
        if answer.is_ok() {
            self.polls.accepted();
        }
        answer
    }
}

/// The request to send, with its pictures read and inside.
async fn to_send(checked: &CheckedRequest) -> Result<Request, Failure> {
    // Most requests have no picture, and need no thread that may wait for a disk.
    if checked.media().is_empty() {
        return checked.to_send(load);
    }
    let checked = checked.clone();
    tokio::task::spawn_blocking(move || checked.to_send(load))
        .await
        .unwrap_or_else(|_| {
            Err(Failure::new(
                FailureClass::Local,
                "a picture cannot be read",
            ))
        })
}

/// The URL or data URL of a picture. It is read when its turn comes, and must
/// still be what was checked and fingerprinted.
fn load(media: &CheckedMedia) -> Result<String, Failure> {
    match media {
        CheckedMedia::Url(url) | CheckedMedia::Inline { url, .. } => Ok(url.clone()),
        CheckedMedia::File(facts) => load_file(facts),
        CheckedMedia::Taken(taken) => load_file(&taken.frame.picture),
        CheckedMedia::Frame { shot, .. } => Err(Failure::new(
            FailureClass::Local,
            format!("the frame of `{shot}` is not there"),
        )),
    }
}

fn load_file(facts: &MediaFacts) -> Result<String, Failure> {
    let path = facts.path.display();
    let bytes = std::fs::read(&facts.path).map_err(|error| {
        Failure::new(
            FailureClass::Local,
            format!("`{path}` cannot be read: {error}"),
        )
    })?;
    if sha256_hex(&bytes) != facts.sha256 {
        let message = format!("`{path}` changed after the plan was made");
        return Err(Failure::new(FailureClass::Local, message));
    }
    let mut url = format!("data:{};base64,", facts.media_type);
    BASE64_STANDARD.encode_string(&bytes, &mut url);
    Ok(url)
}
