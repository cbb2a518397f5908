//! `--progress json`: one object for each event, one line for each object.
//!
//! Owns the shape of a line; what is said of a field here is what its schema says. A
//! reader skips events and fields that it does not know; what is there keeps its name
//! and meaning within a major version.

use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{self, EventKind, RunFacts, ShotFacts};
use crate::id::{Fingerprint, ShotId};
use crate::state::RunState;

use super::output::Output;
use super::twin::{CallError, Decision, Money, Operation, Totals, Video};
use super::verdict::Verdict;
use super::words::{EndingCode, Reason, StopCode, pending, skip, stop};
use super::{SCHEMA_VERSION, Sink, SinkError};

/// A sink of JSON lines.
pub struct JsonLines {
    output: Output,
}

impl JsonLines {
    /// Writes to `stream`.
    pub fn new(stream: Box<dyn Write + Send>) -> Self {
        Self {
            output: Output::new(stream, "progress events"),
        }
    }
}

impl Sink for JsonLines {
    fn on_event(&mut self, event: &event::Event, state: &RunState) {
        self.output.write(&Line::of(event, state).to_json());
    }

    fn finish(&mut self, _: &RunState) -> Result<(), SinkError> {
        self.output.finish()
    }
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Line {
    /// Version of this format: the minor number grows when events and fields are
    /// added, the major one when a reader must change.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: String,
    /// Position in the run, from 0, without gaps.
    pub sequence: u64,
    /// When it became known.
    pub at: Timestamp,
    /// Time since the run began, in milliseconds.
    pub elapsed_ms: u64,
    /// The shot that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shot: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// Always first: what was decided before the first call.
    RunStarted(Started),
    /// A shot that waited for frames of others is decided on, or one that was paid
    /// earlier comes to the others.
    ShotDecided {
        /// What will be done.
        decision: Decision,
        /// Why, in a sentence.
        reason: String,
        /// Hash of everything that the result depends on.
        fingerprint: Option<String>,
        /// The video's name, relative to the output folder.
        file: String,
    },
    /// A request that pays is about to leave.
    CreateIntended {
        /// The attempt's name.
        attempt_id: String,
        /// Hash of everything that the result depends on.
        fingerprint: String,
    },
    /// The service took the task.
    CreateAccepted {
        /// The attempt's name.
        attempt_id: String,
        /// The service's name for the paid task.
        task_id: String,
        /// The service's trace id, if it gave one.
        trace_id: Option<String>,
    },
    /// The answer proves that nothing was accepted.
    CreateRefused {
        /// The attempt's name.
        attempt_id: String,
        /// What was said.
        error: CallError,
        /// How long until the next attempt; null when there is none.
        retry_in_ms: Option<u64>,
    },
    /// The request may have been accepted, and there is no way to ask.
    CreateUncertain {
        /// The attempt's name.
        attempt_id: String,
        /// What was seen instead of an answer.
        error: CallError,
    },
    /// The service reported a status that differs from the last one.
    StatusSeen {
        /// The service's own word.
        status: String,
        /// Whether this program knows that word.
        known: bool,
    },
    /// The video exists at the service.
    TaskSucceeded {
        /// The attempt's name.
        attempt_id: String,
        /// The service's name for the finished file.
        file_id: String,
    },
    /// The service gave the task up.
    TaskFailed {
        /// The attempt's name.
        attempt_id: String,
        /// Why, as far as the service says.
        error: CallError,
    },
    /// A poll or a download went wrong and is tried again; the paid task stands.
    Retrying {
        /// What was being done.
        operation: Operation,
        /// What went wrong.
        error: CallError,
        /// How long until the next try.
        wait_ms: u64,
    },
    /// The video is on disk under its final name, whole and verified.
    VideoSaved {
        /// The attempt's name.
        attempt_id: String,
        /// What is on disk.
        video: Video,
    },
    /// The video was looked at, and is or is not what the author expects.
    ShotChecked {
        /// SHA-256 of the video.
        video_sha256: String,
        /// What the checks said.
        verdict: Verdict,
    },
    /// The task is paid and not yet collected.
    ShotPending {
        /// Why it was left.
        reason: Reason<EndingCode>,
    },
    /// Nothing was created for the shot in this run.
    ShotSkipped {
        /// Why not.
        reason: Reason<EndingCode>,
    },
    /// As many tasks were created as `limits.creates_per_minute` allows.
    RateReached {
        /// How long until the next one.
        wait_ms: u64,
    },
    /// No further task will be created in this run.
    RunStopping {
        /// Why.
        reason: Reason<StopCode>,
    },
    /// Always last.
    RunFinished {
        /// Counts and sums over all shots.
        totals: Box<Totals>,
    },
}

/// What is known before the first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// This run's name; sorts by start time.
    pub run_id: String,
    /// The manifest as it was named on the command line.
    pub manifest: String,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Host and path prefix of the service.
    pub base_url: String,
    /// The version of the program.
    pub runner_version: String,
    /// Every selected shot, in manifest order.
    pub shots: Vec<StartedShot>,
}

/// What is known of one shot before the first call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StartedShot {
    /// Its name, unique in the manifest.
    pub id: String,
    /// How it is made: `T2V`, `I2V`, `FL2V` or `S2V`.
    pub mode: String,
    /// The model that is asked for.
    pub model: String,
    /// What will be done.
    pub decision: Decision,
    /// Why, in a sentence.
    pub reason: String,
    /// What creating it costs; null where the price table has no price.
    pub price: Option<Money>,
    /// The video's name, relative to the output folder.
    pub file: String,
}

impl Line {
    /// An event as a line; `state` has it in already.
    pub fn of(event: &event::Event, state: &RunState) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            sequence: event.sequence,
            at: event.at,
            elapsed_ms: millis(event.elapsed),
            shot: event.kind.shot().map(ShotId::to_string),
            what: What::of(&event.kind, state),
        }
    }

    /// One line of JSON, with its end.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string(self).expect("a line has only text keys and finite numbers");
        text.push('\n');
        text
    }
}

impl What {
    /// A table on purpose: one arm for each event, nothing decided.
    fn of(kind: &EventKind, state: &RunState) -> Self {
        match kind {
            EventKind::RunStarted(facts) => Self::RunStarted(Started::from(facts.as_ref())),
            EventKind::ShotDecided(facts) => Self::ShotDecided {
                decision: facts.decision.into(),
                reason: facts.reason.clone(),
                fingerprint: facts.fingerprint.as_ref().map(Fingerprint::to_string),
                file: facts.file.clone(),
            },
            EventKind::CreateIntended {
                attempt,
                fingerprint,
                ..
            } => Self::CreateIntended {
                attempt_id: attempt.to_string(),
                fingerprint: fingerprint.to_string(),
            },
            EventKind::CreateAccepted {
                attempt,
                task,
                trace_id,
                ..
            } => Self::CreateAccepted {
                attempt_id: attempt.to_string(),
                task_id: task.to_string(),
                trace_id: trace_id.clone(),
            },
            EventKind::CreateRefused {
                attempt,
                failure,
                retry_in,
                ..
            } => Self::CreateRefused {
                attempt_id: attempt.to_string(),
                error: failure.into(),
                retry_in_ms: retry_in.map(millis),
            },
            EventKind::CreateUncertain {
                attempt, failure, ..
            } => Self::CreateUncertain {
                attempt_id: attempt.to_string(),
                error: failure.into(),
            },
            EventKind::StatusSeen { status, known, .. } => Self::StatusSeen {
                status: status.clone(),
                known: *known,
            },
            EventKind::TaskSucceeded { attempt, file, .. } => Self::TaskSucceeded {
                attempt_id: attempt.to_string(),
                file_id: file.to_string(),
            },
            EventKind::TaskFailed {
                attempt, failure, ..
            } => Self::TaskFailed {
                attempt_id: attempt.to_string(),
                error: failure.into(),
            },
            EventKind::Retrying {
                operation,
                failure,
                wait,
                ..
            } => Self::Retrying {
                operation: (*operation).into(),
                error: failure.into(),
                wait_ms: millis(*wait),
            },
            EventKind::VideoSaved { attempt, video, .. } => Self::VideoSaved {
                attempt_id: attempt.to_string(),
                video: video.into(),
            },
            EventKind::ShotChecked {
                video_sha256,
                verdict,
                ..
            } => Self::ShotChecked {
                video_sha256: video_sha256.clone(),
                verdict: verdict.into(),
            },
            EventKind::ShotPending { reason, .. } => Self::ShotPending {
                reason: pending(reason),
            },
            EventKind::ShotSkipped { reason, .. } => Self::ShotSkipped {
                reason: skip(reason),
            },
            EventKind::RateReached { wait } => Self::RateReached {
                wait_ms: millis(*wait),
            },
            EventKind::RunStopping { reason } => Self::RunStopping {
                reason: stop(reason),
            },
            EventKind::RunFinished => Self::RunFinished {
                totals: Box::new(state.into()),
            },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

impl From<&RunFacts> for Started {
    fn from(facts: &RunFacts) -> Self {
        Self {
            run_id: facts.name().to_string(),
            manifest: facts.manifest.clone(),
            backend: facts.backend.clone(),
            base_url: facts.base_url.clone(),
            runner_version: facts.runner_version.clone(),
            shots: facts.shots.iter().map(StartedShot::from).collect(),
        }
    }
}

impl From<&ShotFacts> for StartedShot {
    fn from(shot: &ShotFacts) -> Self {
        Self {
            id: shot.id.to_string(),
            mode: shot.mode.clone(),
            model: shot.model.clone(),
            decision: shot.decision.into(),
            reason: shot.reason.clone(),
            price: shot.price.as_ref().map(Money::from),
            file: shot.file.clone(),
        }
    }
}
