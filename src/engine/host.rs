//! What a life needs from whatever carries it, and the words between the two.
//!
//! Owns the trait only. Its operations are named and take and give plain data, so
//! that this process can carry a life, and a durable-execution engine too.

use std::future::Future;
use std::time::Duration;

use crate::check::request::CheckedRequest;
use crate::event::{EventKind, Failure, Operation, ShotFacts, SkipReason, Video};
use crate::id::{AttemptId, FileId, Fingerprint, TaskId};
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

    /// Takes a task for a request; false where it belongs to another one already,
    /// so that whoever named it cannot be right.
    fn claim(&self, task: &TaskId, fingerprint: &Fingerprint) -> bool;

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

impl Rules {
    /// What is left until the deadline of what began at `begun`.
    pub(super) fn patience<H: Host>(&self, host: &H, begun: Duration) -> Duration {
        (begun + self.deadline).saturating_sub(host.now())
    }
}

/// A task that was paid and whose id could not be made durable: the one thing
/// that must be shouted.
pub(super) type Unrecorded = Option<TaskId>;
