//! `--progress json`: one object for each event, one line for each object.
//!
//! Owns the shape of a line. A reader skips events and fields that it does not
//! know; what is there keeps its name and meaning within a major version.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use crate::event::{Event, EventKind, RunFacts, ShotFacts};
use crate::id::{Fingerprint, ShotId};
use crate::state::RunState;

use super::output::Output;
use super::twin::{ErrorTwin, MoneyTwin, ReasonTwin, TotalsTwin, VideoTwin};
use super::words::{pending, skip, stop};
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
    fn on_event(&mut self, event: &Event, state: &RunState) {
        let line = Line {
            schema_version: SCHEMA_VERSION,
            sequence: event.sequence,
            at: event.at.to_string(),
            elapsed_ms: millis(event.elapsed),
            shot: event.kind.shot().map(ShotId::as_str),
            what: What::of(&event.kind, state),
        };
        let text =
            serde_json::to_string(&line).expect("a line has only text keys and finite numbers");
        self.output.write(&format!("{text}\n"));
    }

    fn finish(&mut self, _: &RunState) -> Result<(), SinkError> {
        self.output.finish()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: &'static str,
    sequence: u64,
    at: String,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shot: Option<&'a str>,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum What<'a> {
    RunStarted(Started<'a>),
    ShotDecided {
        decision: &'static str,
        reason: &'a str,
        fingerprint: Option<&'a str>,
        file: &'a str,
    },
    CreateIntended {
        attempt_id: &'a str,
        fingerprint: &'a str,
    },
    CreateAccepted {
        attempt_id: &'a str,
        task_id: &'a str,
        trace_id: Option<&'a str>,
    },
    CreateRefused {
        attempt_id: &'a str,
        error: ErrorTwin,
        retry_in_ms: Option<u64>,
    },
    CreateUncertain {
        attempt_id: &'a str,
        error: ErrorTwin,
    },
    StatusSeen {
        status: &'a str,
        known: bool,
    },
    TaskSucceeded {
        attempt_id: &'a str,
        file_id: &'a str,
    },
    TaskFailed {
        attempt_id: &'a str,
        error: ErrorTwin,
    },
    Retrying {
        operation: &'static str,
        error: ErrorTwin,
        wait_ms: u64,
    },
    VideoSaved {
        attempt_id: &'a str,
        video: VideoTwin,
    },
    ShotPending {
        reason: ReasonTwin,
    },
    ShotSkipped {
        reason: ReasonTwin,
    },
    RateReached {
        wait_ms: u64,
    },
    RunStopping {
        reason: ReasonTwin,
    },
    RunFinished {
        totals: Box<TotalsTwin>,
    },
}

impl<'a> What<'a> {
    /// A table on purpose: one arm for each event, nothing decided.
    fn of(kind: &'a EventKind, state: &RunState) -> Self {
        match kind {
            EventKind::RunStarted(facts) => Self::RunStarted(Started::from(facts.as_ref())),
            EventKind::ShotDecided(facts) => Self::ShotDecided {
                decision: facts.decision.as_str(),
                reason: &facts.reason,
                fingerprint: facts.fingerprint.as_ref().map(Fingerprint::as_str),
                file: &facts.file,
            },
            EventKind::CreateIntended {
                attempt,
                fingerprint,
                ..
            } => Self::CreateIntended {
                attempt_id: attempt.as_str(),
                fingerprint: fingerprint.as_str(),
            },
            EventKind::CreateAccepted {
                attempt,
                task,
                trace_id,
                ..
            } => Self::CreateAccepted {
                attempt_id: attempt.as_str(),
                task_id: task.as_str(),
                trace_id: trace_id.as_deref(),
            },
            EventKind::CreateRefused {
                attempt,
                failure,
                retry_in,
                ..
            } => Self::CreateRefused {
                attempt_id: attempt.as_str(),
                error: failure.into(),
                retry_in_ms: retry_in.map(millis),
            },
            EventKind::CreateUncertain {
                attempt, failure, ..
            } => Self::CreateUncertain {
                attempt_id: attempt.as_str(),
                error: failure.into(),
            },
            EventKind::StatusSeen { status, known, .. } => Self::StatusSeen {
                status,
                known: *known,
            },
            EventKind::TaskSucceeded { attempt, file, .. } => Self::TaskSucceeded {
                attempt_id: attempt.as_str(),
                file_id: file.as_str(),
            },
            EventKind::TaskFailed {
                attempt, failure, ..
            } => Self::TaskFailed {
                attempt_id: attempt.as_str(),
                error: failure.into(),
            },
            EventKind::Retrying {
                operation,
                failure,
                wait,
                ..
            } => Self::Retrying {
                operation: operation.as_str(),
                error: failure.into(),
                wait_ms: millis(*wait),
            },
            EventKind::VideoSaved { attempt, video, .. } => Self::VideoSaved {
                attempt_id: attempt.as_str(),
                video: video.into(),
            },
            EventKind::ShotPending { reason, .. } => Self::ShotPending {
                reason: pending(reason).into(),
            },
            EventKind::ShotSkipped { reason, .. } => Self::ShotSkipped {
                reason: skip(reason).into(),
            },
            EventKind::RateReached { wait } => Self::RateReached {
                wait_ms: millis(*wait),
            },
            EventKind::RunStopping { reason } => Self::RunStopping {
                reason: stop(reason).into(),
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

#[derive(Serialize)]
struct Started<'a> {
    run_id: &'a str,
    manifest: &'a str,
    backend: &'a str,
    base_url: &'a str,
    runner_version: &'a str,
    shots: Vec<Shot<'a>>,
}

impl<'a> From<&'a RunFacts> for Started<'a> {
    fn from(facts: &'a RunFacts) -> Self {
        Self {
            run_id: facts.run_id.as_str(),
            manifest: &facts.manifest,
            backend: &facts.backend,
            base_url: &facts.base_url,
            runner_version: &facts.runner_version,
            shots: facts.shots.iter().map(Shot::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct Shot<'a> {
    id: &'a str,
    mode: &'a str,
    model: &'a str,
    decision: &'static str,
    reason: &'a str,
    price: Option<MoneyTwin>,
    file: &'a str,
}

impl<'a> From<&'a ShotFacts> for Shot<'a> {
    fn from(shot: &'a ShotFacts) -> Self {
        Self {
            id: shot.id.as_str(),
            mode: &shot.mode,
            model: &shot.model,
            decision: shot.decision.as_str(),
            reason: &shot.reason,
            price: shot.price.as_ref().map(MoneyTwin::from),
            file: &shot.file,
        }
    }
}
