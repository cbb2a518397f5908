//! The state of a run: a pure fold of its events.
//!
//! The one place that defines "done", "failed", "pending" and "spent". Progress,
//! the report, the summary and the exit code all read it and never count again.

mod overlay;
mod pause;
mod tally;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

pub use self::overlay::together;
pub use self::pause::{Pause, PausedBy, asks_to_wait};
pub use self::tally::Tally;
use crate::event::{
    Decision, Event, EventKind, Failure, Judgement, PendingReason, RunFacts, ShotFacts, SkipReason,
    StopReason, Verdict, Video,
};
use crate::id::{AttemptId, FileId, ShotId, TaskId};
use crate::money::Total;

/// Everything that is known of a run so far.
#[derive(Debug, Clone, Default)]
pub struct RunState {
    /// What was decided before the first call; `None` before the first event.
    pub facts: Option<RunFacts>,
    /// One entry for each selected shot, in manifest order.
    pub shots: Vec<ShotState>,
    /// When the first event happened.
    pub started_at: Option<Timestamp>,
    /// When the last event happened.
    pub updated_at: Option<Timestamp>,
    /// Since the first event.
    pub elapsed: Duration,
    /// Why nothing more is created, if so.
    pub stopping: Option<StopReason>,
    /// Until when nothing is created, as far as was said last.
    pub pause: Option<Pause>,
    /// Whether the last event of a whole run was seen.
    pub finished: bool,
    positions: HashMap<ShotId, usize>,
}

/// Everything that is known of one shot so far.
#[derive(Debug, Clone)]
pub struct ShotState {
    /// What was decided before the first call.
    pub facts: ShotFacts,
    /// Where it stands.
    pub phase: Phase,
    /// Every attempt to create it in this run.
    pub attempts: Vec<AttemptState>,
    /// The task that is being, or was, collected.
    pub task: Option<TaskId>,
    /// The trace id of the accepted creation, which the service's support asks for.
    pub trace_id: Option<String>,
    /// The finished file at the service.
    pub file: Option<FileId>,
    /// Every status that was seen, with when.
    pub statuses: Vec<(String, Timestamp)>,
    /// Polls and downloads that were tried again.
    pub retries: u32,
    /// The video, once it is on disk.
    pub video: Option<Video>,
    /// What the checks said of that video, once they did.
    pub verdict: Option<Verdict>,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
    /// When the steps that it came to happened.
    pub times: Times,
    /// When it last changed, since the run began.
    pub changed: Duration,
}

/// When the steps of one shot's life happened in this run, by the wall clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// The service took the task.
    pub created: Option<Timestamp>,
    /// The service was seen to be done with it, well or not.
    pub ended: Option<Timestamp>,
    /// The video was put on disk.
    pub saved: Option<Timestamp>,
}

/// One attempt to create a task.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptState {
    /// Its name.
    pub id: AttemptId,
    /// When the intent became durable.
    pub at: Timestamp,
    /// What came of it.
    pub result: AttemptResult,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptResult {
    /// No answer yet.
    Open,
    /// The service took it.
    Accepted(TaskId),
    /// Proved not accepted.
    Refused(Failure),
    /// May have been accepted.
    Uncertain(Failure),
}

/// Where a shot stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Its turn has not come.
    Waiting,
    /// A create is under way, or will be tried again.
    Creating,
    /// The service works on it.
    Running,
    /// The video is being fetched.
    Saving,
    /// The video is on disk.
    Done,
    /// It will not be made in this run.
    Failed,
    /// It may have been paid, and nobody knows.
    Uncertain,
    /// Paid, not collected.
    Pending(PendingReason),
    /// Nothing was created.
    Skipped(SkipReason),
}

/// How a shot ended, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The video is on disk.
    Succeeded,
    /// Nothing was created; another run can.
    Skipped,
    /// Paid, and the next run collects it.
    Pending,
    /// It was refused, or failed at the service.
    Failed,
    /// It may have been paid: a person has to look.
    Uncertain,
}

impl Outcome {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
        }
    }
}

impl ShotState {
    fn new(facts: ShotFacts) -> Self {
        let phase = match (facts.decision, &facts.existing) {
            (Decision::Reuse, Some(_)) => Phase::Done,
            (Decision::Resume, _) => Phase::Running,
            _ => Phase::Waiting,
        };
        Self {
            phase,
            attempts: Vec::new(),
            task: facts.paid_task.clone(),
            trace_id: None,
            file: None,
            statuses: Vec::new(),
            retries: 0,
            video: facts.existing.clone(),
            verdict: facts.verdict.clone(),
            facts,
            failure: None,
            times: Times::default(),
            changed: Duration::ZERO,
        }
    }

    /// How it ended; a shot that is still under way counts as what it would be
    /// if the run were cut off now.
    pub fn outcome(&self) -> Outcome {
        match &self.phase {
            Phase::Done => Outcome::Succeeded,
            Phase::Failed | Phase::Skipped(SkipReason::FailedEarlier { .. }) => Outcome::Failed,
            Phase::Uncertain | Phase::Skipped(SkipReason::Uncertain { .. }) => Outcome::Uncertain,
            Phase::Pending(_) | Phase::Running | Phase::Saving => Outcome::Pending,
            Phase::Creating if self.has_open_attempt() => Outcome::Uncertain,
            Phase::Creating | Phase::Waiting | Phase::Skipped(_) => Outcome::Skipped,
        }
    }

    /// What the checks came to; nothing where none was made.
    pub fn judgement(&self) -> Option<Judgement> {
        self.verdict.as_ref().map(Verdict::result)
    }

    /// Whether a task was created, and so paid, in this run.
    pub fn created(&self) -> bool {
        self.paid() > 0
    }

    /// How many tasks were created, and so paid, in this run: more than one only
    /// where parts of it did not know of each other.
    fn paid(&self) -> usize {
        let accepted =
            |attempt: &&AttemptState| matches!(attempt.result, AttemptResult::Accepted(_));
        self.attempts.iter().filter(accepted).count()
    }

    fn has_open_attempt(&self) -> bool {
        self.attempts
            .iter()
            .any(|attempt| attempt.result == AttemptResult::Open)
    }

    fn settle(&mut self, id: &AttemptId, result: AttemptResult) {
        // The last one: parts of a run that did not know of each other call theirs alike.
        let mut attempts = self.attempts.iter_mut().rev();
        if let Some(attempt) = attempts.find(|attempt| attempt.id == *id) {
            attempt.result = result;
        }
    }
}

/// How many shots ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub total: usize,
    /// Videos on disk.
    pub succeeded: usize,
    /// Of these, found on disk without any call.
    pub reused: usize,
    /// Of these, paid by an earlier run and collected by this one.
    pub resumed: usize,
    /// Of these, created by this run.
    pub created: usize,
    /// Refused or failed.
    pub failed: usize,
    /// Paid, not collected.
    pub pending: usize,
    /// Maybe paid.
    pub uncertain: usize,
    /// Nothing created.
    pub skipped: usize,
    /// Of those with a video, how many were checked.
    pub checked: usize,
    /// Of these, not as expected.
    pub unexpected: usize,
    /// Of these, not all could be found out, and nothing was found wrong.
    pub unknown: usize,
}

impl RunState {
    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        self.started_at.get_or_insert(event.at);
        self.updated_at = Some(event.at);
        self.elapsed = event.elapsed;
        match &event.kind {
            EventKind::RunStarted(facts) => self.start(facts),
            EventKind::RunStopping { reason } => {
                self.stopping.get_or_insert_with(|| reason.clone());
            }
            EventKind::RunFinished => self.finished = true,
            EventKind::ShotDecided(facts) => self.decide(facts, event.elapsed),
            kind => self.apply_to_shot(kind, event),
        }
        if let Some((wait, by)) = asks_to_wait(&event.kind) {
            self.wait_until(event.elapsed + wait, by);
        }
    }

    fn start(&mut self, facts: &RunFacts) {
        self.positions = facts
            .shots
            .iter()
            .enumerate()
            .map(|(position, shot)| (shot.id.clone(), position))
            .collect();
        self.shots = facts.shots.iter().cloned().map(ShotState::new).collect();
        // The shots live in their states from here on.
        self.facts = Some(facts.without_shots());
    }

    /// A shot that waited knows its request now, or one that nobody waited for
    /// comes to the others.
    fn decide(&mut self, facts: &ShotFacts, elapsed: Duration) {
        let mut decided = ShotState::new(facts.clone());
        decided.changed = elapsed;
        let known = self.positions.get(&facts.id).copied();
        if let Some(shot) = known.and_then(|at| self.shots.get_mut(at)) {
            decided.attempts = std::mem::take(&mut shot.attempts);
            *shot = decided;
        } else {
            self.positions.insert(facts.id.clone(), self.shots.len());
            self.shots.push(decided);
        }
    }

    fn apply_to_shot(&mut self, kind: &EventKind, event: &Event) {
        let position = kind.shot().and_then(|shot| self.positions.get(shot));
        let Some(shot) = position.and_then(|&at| self.shots.get_mut(at)) else {
            return;
        };
        shot.changed = event.elapsed;
        match kind {
            EventKind::CreateIntended { attempt, .. } => {
                shot.phase = Phase::Creating;
                shot.attempts.push(AttemptState {
                    id: attempt.clone(),
                    at: event.at,
                    result: AttemptResult::Open,
                });
            }
            EventKind::CreateAccepted {
                attempt,
                task,
                trace_id,
                ..
            } => {
                shot.times.created = Some(event.at);
                shot.trace_id.clone_from(trace_id);
                shot.settle(attempt, AttemptResult::Accepted(task.clone()));
                shot.task = Some(task.clone());
                shot.phase = Phase::Running;
            }
            EventKind::CreateRefused {
                attempt,
                failure,
                retry_in,
                ..
            } => {
                shot.settle(attempt, AttemptResult::Refused(failure.clone()));
                if retry_in.is_none() {
                    shot.phase = Phase::Failed;
                    shot.failure = Some(failure.clone());
                }
            }
            EventKind::CreateUncertain {
                attempt, failure, ..
            } => {
                shot.settle(attempt, AttemptResult::Uncertain(failure.clone()));
                shot.phase = Phase::Uncertain;
                shot.failure = Some(failure.clone());
            }
            EventKind::StatusSeen { status, .. } => {
                shot.statuses.push((status.clone(), event.at));
                shot.phase = Phase::Running;
            }
            EventKind::TaskSucceeded { file, .. } => {
                shot.times.ended = Some(event.at);
                shot.file = Some(file.clone());
                shot.phase = Phase::Saving;
            }
            EventKind::TaskFailed { failure, .. } => {
                shot.times.ended = Some(event.at);
                shot.phase = Phase::Failed;
                shot.failure = Some(failure.clone());
            }
            EventKind::Retrying { .. } => shot.retries += 1,
            EventKind::VideoSaved { video, .. } => {
                shot.times.saved = Some(event.at);
                shot.video = Some(video.clone());
                shot.verdict = None;
                shot.phase = Phase::Done;
            }
            EventKind::ShotChecked {
                video_sha256,
                verdict,
                ..
            } => {
                // A word on a video that another one followed says nothing of that one.
                let shown = shot.video.as_ref();
                if shown.is_some_and(|video| video.sha256 == *video_sha256) {
                    shot.verdict = Some(verdict.clone());
                }
            }
            EventKind::ShotPending { reason, .. } => {
                if let PendingReason::NotSaved(failure)
                | PendingReason::Deadline {
                    last: Some(failure),
                } = reason
                {
                    shot.failure = Some(failure.clone());
                }
                shot.phase = Phase::Pending(reason.clone());
            }
            EventKind::ShotSkipped { reason, .. } => shot.phase = Phase::Skipped(reason.clone()),
            EventKind::RunStarted(_)
            | EventKind::ShotDecided(_)
            | EventKind::RateReached { .. }
            | EventKind::RunStopping { .. }
            | EventKind::RunFinished => {}
        }
    }

    /// The shot of this name, if it is part of the run.
    pub fn shot(&self, id: &ShotId) -> Option<&ShotState> {
        self.positions.get(id).and_then(|&at| self.shots.get(at))
    }

    /// How many shots ended how, as of now.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            total: self.shots.len(),
            ..Counts::default()
        };
        for shot in &self.shots {
            let judged = shot.judgement();
            counts.checked += usize::from(judged.is_some());
            counts.unexpected += usize::from(judged == Some(Judgement::Failed));
            counts.unknown += usize::from(judged == Some(Judgement::Unknown));
            match shot.outcome() {
                Outcome::Succeeded => {
                    counts.succeeded += 1;
                    match shot.facts.decision {
                        _ if shot.created() => counts.created += 1,
                        Decision::Reuse => counts.reused += 1,
                        _ => counts.resumed += 1,
                    }
                }
                Outcome::Failed => counts.failed += 1,
                Outcome::Pending => counts.pending += 1,
                Outcome::Uncertain => counts.uncertain += 1,
                Outcome::Skipped => counts.skipped += 1,
            }
        }
        counts
    }

    /// What the tasks created in this run cost by the price table, failed ones
    /// included: whether they are refunded is not published (minimax-api.md 11.7).
    /// Nothing at a backend that is free.
    pub fn spent(&self) -> Total {
        if self.is_free() {
            return Total::default();
        }
        self.list_price()
    }

    /// What the tasks created in this run cost at the service itself.
    pub fn list_price(&self) -> Total {
        let price = |shot: &ShotState| shot.facts.price.clone();
        self.shots
            .iter()
            .filter_map(|shot| Some(std::iter::repeat_n(price(shot)?, shot.paid())))
            .flatten()
            .collect()
    }

    /// What is paid, by this run or an earlier one, and not collected yet.
    pub fn reserved(&self) -> Total {
        self.shots
            .iter()
            .filter(|_| !self.is_free())
            .filter(|shot| shot.outcome() == Outcome::Pending)
            .filter_map(|shot| shot.facts.price.clone())
            .collect()
    }

    /// What may have been paid without anybody knowing.
    pub fn at_risk(&self) -> Total {
        self.shots
            .iter()
            .filter(|_| !self.is_free())
            .filter(|shot| shot.outcome() == Outcome::Uncertain)
            .filter_map(|shot| shot.facts.price.clone())
            .collect()
    }

    /// What was not paid again because it was there already.
    pub fn saved(&self) -> Total {
        self.shots
            .iter()
            .filter(|_| !self.is_free())
            .filter(|shot| matches!(shot.facts.decision, Decision::Reuse | Decision::Resume))
            .filter(|shot| shot.outcome() == Outcome::Succeeded)
            .filter(|shot| !shot.created() && !shot.facts.earlier)
            .filter_map(|shot| shot.facts.price.clone())
            .collect()
    }

    /// Whether the backend charges nothing.
    pub fn is_free(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.free)
    }
}
