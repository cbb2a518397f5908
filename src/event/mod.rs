//! What happens in a run, as facts: the one vocabulary between the engine and
//! everything that watches it.
//!
//! Owns plain data only, no presentation: the report has twins of its own. The ledger
//! keeps events in the form that they have here, so that a run can be told again: a
//! change of it is a change of the ledger's format, and a test of the ledger says so.

mod decision;
mod failure;
mod part;
mod verdict;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use decision::Decision;
pub use failure::{Failure, FailureClass, Operation};
pub use part::{RunNameError, RunPart, Shard, ShardError, run_name};
pub use verdict::{Check, Judgement, Quorum, Verdict};

use crate::id::{AttemptId, FileId, Fingerprint, RunId, ShotId, TaskId};
use crate::money::{Money, Total};

/// One fact, with when it became known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the run, from 0, without gaps.
    pub sequence: u64,
    /// Wall clock, for people.
    pub at: Timestamp,
    /// Since the run began, on a clock that never jumps.
    pub elapsed: Duration,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen. Events are past tense; everything a report needs is inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Always first: everything that was decided before the first call.
    RunStarted(Box<RunFacts>),
    /// A shot that waited for frames of others is decided on, now that they are
    /// there. What was paid for it earlier, and is not asked for, comes as a shot
    /// that the run did not name at its beginning.
    ShotDecided(Box<ShotFacts>),
    /// About to pay. Durable before the request leaves (DESIGN section 6, rule 1).
    CreateIntended {
        /// The shot to be made.
        shot: ShotId,
        /// This attempt's own name.
        attempt: AttemptId,
        /// What exactly is asked for.
        fingerprint: Fingerprint,
    },
    /// The service took the task. Durable before the first poll.
    CreateAccepted {
        /// The shot being made.
        shot: ShotId,
        /// The attempt that was taken.
        attempt: AttemptId,
        /// The service's name for it.
        task: TaskId,
        /// The service's trace id, if it gave one.
        trace_id: Option<String>,
    },
    /// The answer proves that nothing was accepted.
    CreateRefused {
        /// The shot.
        shot: ShotId,
        /// The attempt that came to nothing.
        attempt: AttemptId,
        /// Why.
        failure: Failure,
        /// How long until the next attempt; `None` when there is none.
        retry_in: Option<Duration>,
    },
    /// The request may have been accepted, and there is no way to ask.
    CreateUncertain {
        /// The shot.
        shot: ShotId,
        /// The attempt that may have been paid.
        attempt: AttemptId,
        /// What was seen instead of an answer.
        failure: Failure,
    },
    /// The service reported a status that differs from the last one.
    StatusSeen {
        /// The shot.
        shot: ShotId,
        /// The service's own word, for example `Queueing`.
        status: String,
        /// Whether this program knows that word.
        known: bool,
    },
    /// The video exists at the service.
    TaskSucceeded {
        /// The shot.
        shot: ShotId,
        /// The attempt that paid for it.
        attempt: AttemptId,
        /// Where to fetch it.
        file: FileId,
    },
    /// The service gave the task up.
    TaskFailed {
        /// The shot.
        shot: ShotId,
        /// The attempt that failed.
        attempt: AttemptId,
        /// Why, as far as the service says.
        failure: Failure,
    },
    /// A poll or a download went wrong and is tried again; the paid task stands.
    Retrying {
        /// The shot.
        shot: ShotId,
        /// What was being done.
        operation: Operation,
        /// What went wrong.
        failure: Failure,
        /// How long until the next try.
        wait: Duration,
    },
    /// The video is on disk under its final name, whole and verified.
    VideoSaved {
        /// The shot.
        shot: ShotId,
        /// The attempt that paid for it.
        attempt: AttemptId,
        /// What is on disk.
        video: Video,
    },
    /// The video was looked at, and is or is not what the author expects. Whatever
    /// it says, the video stays.
    ShotChecked {
        /// The shot.
        shot: ShotId,
        /// The video that was looked at: its SHA-256.
        video_sha256: String,
        /// What the checks said.
        verdict: Verdict,
    },
    /// The task is paid and not yet collected; running again collects it.
    ShotPending {
        /// The shot.
        shot: ShotId,
        /// Why it was left.
        reason: PendingReason,
    },
    /// Nothing was created for the shot in this run.
    ShotSkipped {
        /// The shot.
        shot: ShotId,
        /// Why not.
        reason: SkipReason,
    },
    /// As many tasks were created as `limits.creates_per_minute` allows: the next
    /// one has to wait. A pause that the service asks for is a `CreateRefused`.
    RateReached {
        /// For how long.
        wait: Duration,
    },
    /// No further task will be created in this run.
    RunStopping {
        /// Why.
        reason: StopReason,
    },
    /// Always last.
    RunFinished,
}

impl EventKind {
    /// The shot that it is about, if it is about one.
    pub fn shot(&self) -> Option<&ShotId> {
        match self {
            Self::CreateIntended { shot, .. }
            | Self::CreateAccepted { shot, .. }
            | Self::CreateRefused { shot, .. }
            | Self::CreateUncertain { shot, .. }
            | Self::StatusSeen { shot, .. }
            | Self::TaskSucceeded { shot, .. }
            | Self::TaskFailed { shot, .. }
            | Self::Retrying { shot, .. }
            | Self::VideoSaved { shot, .. }
            | Self::ShotChecked { shot, .. }
            | Self::ShotPending { shot, .. }
            | Self::ShotSkipped { shot, .. } => Some(shot),
            Self::ShotDecided(facts) => Some(&facts.id),
            Self::RunStarted(_)
            | Self::RateReached { .. }
            | Self::RunStopping { .. }
            | Self::RunFinished => None,
        }
    }
}

/// What is known before the first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// This run's own name, which no other has.
    pub run_id: RunId,
    /// The manifest as the author named it.
    pub manifest: String,
    /// The backend's name in the manifest, `minimax` or `simulator`.
    pub backend: String,
    /// Host and path prefix of the service, without any secret.
    pub base_url: String,
    /// Whether nothing is charged: prices are shown, nothing is spent.
    pub free: bool,
    /// This program's version.
    pub runner_version: String,
    /// Date of the facts in the bundled OpenAPI documents.
    pub spec_version: String,
    /// Date of the price table.
    pub price_date: String,
    /// What it is a part of; `None` for a run that is whole by itself.
    pub part: Option<RunPart>,
    /// Every selected shot, in manifest order.
    pub shots: Vec<ShotFacts>,
}

impl RunFacts {
    /// The same without its shots: ten thousand of them are not copied just to be
    /// left out.
    #[must_use]
    pub fn without_shots(&self) -> Self {
        Self {
            run_id: self.run_id.clone(),
            manifest: self.manifest.clone(),
            backend: self.backend.clone(),
            base_url: self.base_url.clone(),
            free: self.free,
            runner_version: self.runner_version.clone(),
            spec_version: self.spec_version.clone(),
            price_date: self.price_date.clone(),
            part: self.part.clone(),
            shots: Vec::new(),
        }
    }

    /// The name that people know the run by, and that its other parts have too.
    pub fn name(&self) -> &RunId {
        let part = self.part.as_ref();
        part.map_or(&self.run_id, |part| &part.of)
    }

    /// What is not paid for because it is there already.
    pub fn saved(&self) -> Total {
        self.shots
            .iter()
            .filter_map(|shot| shot.saved(self.free).cloned())
            .collect()
    }
}

impl ShotFacts {
    /// What is not paid for because its video is there already; nothing where the
    /// service is `free`.
    pub fn saved(&self, free: bool) -> Option<&Money> {
        let there = self.decision == Decision::Reuse && !self.earlier && !free;
        self.price.as_ref().filter(|_| there)
    }
}

/// A group of shots that belong together in the film.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scene {
    /// Its name in the manifest.
    pub id: String,
    /// What people call it, if the author says.
    pub title: Option<String>,
}

/// What is known of one shot before the first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShotFacts {
    /// Its name.
    pub id: ShotId,
    /// The scene that it belongs to, if it was written in one.
    pub scene: Option<Scene>,
    /// The author's words to find it by, in written order.
    pub tags: Vec<String>,
    /// `T2V`, `I2V`, `FL2V` or `S2V`.
    pub mode: String,
    /// The model that is asked for.
    pub model: String,
    /// The rendered prompt, as sent.
    pub prompt: String,
    /// The request's fields, media as `{"sha256": …, "media_type": …}` or a URL.
    pub request: Arc<serde_json::Map<String, serde_json::Value>>,
    /// `None` while a part of the request is another shot's frame, not made yet.
    pub fingerprint: Option<Fingerprint>,
    /// What will be done.
    pub decision: Decision,
    /// Why, in a sentence.
    pub reason: String,
    /// What its request asks for that the last one of its name did not; empty
    /// unless it may be created.
    pub changes: Vec<FieldChange>,
    /// What creating it costs; `None` where the table has no price.
    pub price: Option<Money>,
    /// The video's final name, relative to the output folder, with forward slashes.
    pub file: String,
    /// Shots whose frames it starts from or ends with.
    pub depends_on: Vec<ShotId>,
    /// These frames.
    pub frames: Vec<FrameUse>,
    /// The length that is asked for, in seconds.
    pub seconds: u32,
    /// The resolution that is asked for, for example `768P`.
    pub resolution: String,
    /// Whether the manifest asks for something else by now: it was paid for, so it
    /// is collected, and kept among the takes.
    pub earlier: bool,
    /// [`Decision::Replace`]: whether there is a take of this very request already, which is kept.
    pub another_take: bool,
    /// [`Decision::Reuse`]: the video that is on disk already.
    pub existing: Option<Video>,
    /// What the checks say of that video, where all is known that they ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// [`Decision::Resume`]: the task that was paid earlier.
    pub paid_task: Option<TaskId>,
}

/// A part of a request that differs from an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The request's field, for example `prompt`.
    pub field: String,
    /// What was asked for; `None` where the field was not there.
    pub before: Option<serde_json::Value>,
    /// What is asked for now; `None` where the field is not there any more.
    pub after: Option<serde_json::Value>,
}

/// A frame of another shot's video in a shot's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameUse {
    /// What it is used as: `first_frame`, `last_frame` or `subject`.
    pub field: Cow<'static, str>,
    /// The other shot.
    pub shot: ShotId,
    /// Which frame: `first`, `middle`, `last` or a time such as `2500ms`.
    pub at: String,
    /// SHA-256 of the video; `None` while it is not there.
    pub video_sha256: Option<String>,
    /// SHA-256 of its pixels; `None` while the video is not there.
    pub pixels_sha256: Option<String>,
    /// What decoded it, for example `built-in`; `None` while it is not there.
    pub decoder: Option<String>,
}

/// A video on disk, verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Relative to the output folder, with forward slashes.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Frames per second.
    pub fps: f64,
    /// RFC 6381 codec string, for example `avc1.42C01F`.
    pub codec: String,
}

/// Why a paid task was not collected in this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingReason {
    /// It took longer than `limits.deadline`.
    Deadline {
        /// What the last try said, if it failed.
        last: Option<Failure>,
    },
    /// The run was interrupted.
    Interrupted,
    /// The run was stopped, for example because the key was refused.
    Stopped,
    /// The file could not be fetched or written.
    NotSaved(Failure),
    /// Another address of the service knows the task.
    Elsewhere {
        /// Which one, in a sentence.
        why: String,
    },
}

/// Why nothing was created for a shot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The plan said so: an earlier creation is uncertain.
    Uncertain {
        /// What is known of it, in a sentence.
        why: String,
    },
    /// An earlier run paid for it, and the service failed it.
    FailedEarlier {
        /// What is known of it, in a sentence.
        why: String,
    },
    /// It cannot be made or collected in this run.
    Blocked {
        /// The first such shot.
        by: ShotId,
        /// Why that matters, in a sentence.
        why: String,
    },
    /// It needs a frame of a video that is paid and not collected yet.
    NotYet {
        /// The shot of that video.
        by: ShotId,
    },
    /// The run stopped before its turn.
    Stopped,
    /// The run was interrupted before its turn.
    Interrupted,
    /// Making it would exceed the budget.
    Budget,
    /// Its model was refused for an earlier shot.
    ModelNotOnPlan,
}

/// Why a run creates nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The key is not accepted.
    KeyRefused(Failure),
    /// Balance or quota is used up.
    OutOfCredit(Failure),
    /// The service asks to wait for longer than a shot is tried.
    Throttled(Failure),
    /// Nothing at the base URL speaks the API.
    WrongAddress(Failure),
    /// No connection to the service can be made.
    Unreachable(Failure),
    /// A person or the system asked for it.
    Interrupted(Signal),
    /// The ledger cannot be written: paying on would be blind.
    Ledger(String),
    /// The next creation would exceed `max_cost`.
    Budget {
        /// The limit.
        limit: Money,
    },
}

/// What interrupted the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or a closed terminal.
    Terminate,
}
