//! `report.json`: the whole run as data.
//!
//! Owns the report's shape; its schema is in `schema`. Built from any state of a
//! run, so that an aborted run has a report as good as a finished one. Everything
//! that differs between two equal runs is under a key named `run`, in the report
//! and in each shot; ids that the service gave stay with the shot.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::event::{Event, FrameUse, RunFacts, Scene};
use crate::id::{FileId, Fingerprint, ShotId, TaskId};
use crate::state::{AttemptResult, AttemptState, Outcome, RunState, ShotState};
use crate::store::write_atomic;

use super::twin::{ErrorTwin, MoneyTwin, ReasonTwin, TotalsTwin, VideoTwin};
use super::words::{ending, stop};
use super::{SCHEMA_VERSION, Sink, SinkError};

/// A sink that puts the report in its place when the run ends.
pub struct ReportFile {
    path: PathBuf,
}

impl ReportFile {
    /// Replaces the file at `path`, whole or not at all.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl Sink for ReportFile {
    fn on_event(&mut self, _: &Event, _: &RunState) {}

    fn finish(&mut self, state: &RunState) -> Result<(), SinkError> {
        write_atomic(&self.path, report(state).as_bytes()).map_err(|source| SinkError::File {
            what: "the report",
            source,
        })
    }
}

/// The report of a run, however far it came, as JSON text.
pub fn report(state: &RunState) -> String {
    let mut text = serde_json::to_string_pretty(&Report::from(state))
        .expect("a report has only text keys and finite numbers");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Report<'a> {
    schema_version: &'static str,
    manifest: Option<&'a str>,
    backend: Option<&'a str>,
    simulated: bool,
    runner_version: Option<&'a str>,
    spec_version: Option<&'a str>,
    price_date: Option<&'a str>,
    finished: bool,
    stopped: Option<ReasonTwin>,
    totals: TotalsTwin,
    shots: Vec<Shot<'a>>,
    run: Run<'a>,
}

impl<'a> From<&'a RunState> for Report<'a> {
    fn from(state: &'a RunState) -> Self {
        let fact = |get: fn(&RunFacts) -> &String| state.facts.as_ref().map(|f| get(f).as_str());
        Self {
            schema_version: SCHEMA_VERSION,
            manifest: fact(|facts| &facts.manifest),
            backend: fact(|facts| &facts.backend),
            simulated: state.is_free(),
            runner_version: fact(|facts| &facts.runner_version),
            spec_version: fact(|facts| &facts.spec_version),
            price_date: fact(|facts| &facts.price_date),
            finished: state.finished,
            stopped: state.stopping.as_ref().map(|reason| stop(reason).into()),
            totals: TotalsTwin::from(state),
            shots: state.shots.iter().map(Shot::from).collect(),
            run: Run {
                run_id: state.facts.as_ref().map(|facts| facts.run_id.as_str()),
                base_url: fact(|facts| &facts.base_url),
                started_at: state.started_at.map(|at| at.to_string()),
                updated_at: state.updated_at.map(|at| at.to_string()),
                elapsed_ms: state.elapsed.as_millis() as u64,
            },
        }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "fields are named as in the file")]
struct Run<'a> {
    run_id: Option<&'a str>,
    base_url: Option<&'a str>,
    started_at: Option<String>,
    updated_at: Option<String>,
    elapsed_ms: u64,
}

#[derive(Serialize)]
struct Shot<'a> {
    id: &'a str,
    scene: Option<SceneTwin<'a>>,
    tags: &'a [String],
    mode: &'a str,
    model: &'a str,
    resolution: &'a str,
    duration_s: u32,
    prompt: &'a str,
    request: &'a Map<String, Value>,
    fingerprint: Option<&'a str>,
    depends_on: Vec<&'a str>,
    frames: Vec<Frame<'a>>,
    earlier_version: bool,
    decision: &'static str,
    reason: &'a str,
    outcome: &'static str,
    outcome_reason: Option<ReasonTwin>,
    price: Option<MoneyTwin>,
    task_id: Option<&'a str>,
    file_id: Option<&'a str>,
    video: Option<VideoTwin>,
    error: Option<ErrorTwin>,
    run: ShotRun<'a>,
}

impl<'a> From<&'a ShotState> for Shot<'a> {
    fn from(shot: &'a ShotState) -> Self {
        let facts = &shot.facts;
        let outcome = shot.outcome();
        // A failure that was got over is no error of the shot.
        let error = shot
            .failure
            .as_ref()
            .filter(|_| outcome != Outcome::Succeeded);
        Self {
            id: facts.id.as_str(),
            scene: facts.scene.as_ref().map(SceneTwin::from),
            tags: &facts.tags,
            mode: &facts.mode,
            model: &facts.model,
            resolution: &facts.resolution,
            duration_s: facts.seconds,
            prompt: &facts.prompt,
            request: &facts.request,
            fingerprint: facts.fingerprint.as_ref().map(Fingerprint::as_str),
            depends_on: facts.depends_on.iter().map(ShotId::as_str).collect(),
            frames: facts.frames.iter().map(Frame::from).collect(),
            earlier_version: facts.earlier,
            decision: facts.decision.as_str(),
            reason: &facts.reason,
            outcome: outcome.as_str(),
            outcome_reason: ending(shot).map(ReasonTwin::from),
            price: facts.price.as_ref().map(MoneyTwin::from),
            task_id: shot.task.as_ref().map(TaskId::as_str),
            file_id: shot.file.as_ref().map(FileId::as_str),
            video: shot.video.as_ref().map(VideoTwin::from),
            error: error.map(ErrorTwin::from),
            run: ShotRun::from(shot),
        }
    }
}

/// The group that the shot belongs to.
#[derive(Serialize)]
struct SceneTwin<'a> {
    id: &'a str,
    title: Option<&'a str>,
}

impl<'a> From<&'a Scene> for SceneTwin<'a> {
    fn from(scene: &'a Scene) -> Self {
        Self {
            id: &scene.id,
            title: scene.title.as_deref(),
        }
    }
}

/// A frame of another shot's video in the request.
#[derive(Serialize)]
struct Frame<'a> {
    field: &'a str,
    shot: &'a str,
    at: &'a str,
    pixels_sha256: Option<&'a str>,
    decoder: Option<&'a str>,
}

impl<'a> From<&'a FrameUse> for Frame<'a> {
    fn from(frame: &'a FrameUse) -> Self {
        Self {
            field: frame.field,
            shot: frame.shot.as_str(),
            at: &frame.at,
            pixels_sha256: frame.pixels_sha256.as_deref(),
            decoder: frame.decoder.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct ShotRun<'a> {
    attempts: Vec<Attempt<'a>>,
    statuses: Vec<Status<'a>>,
    trace_id: Option<&'a str>,
    retries: u32,
    changed_ms: u64,
}

impl<'a> From<&'a ShotState> for ShotRun<'a> {
    fn from(shot: &'a ShotState) -> Self {
        let status = |(status, at): &'a (String, jiff::Timestamp)| Status {
            status,
            at: at.to_string(),
        };
        Self {
            attempts: shot.attempts.iter().map(Attempt::from).collect(),
            statuses: shot.statuses.iter().map(status).collect(),
            trace_id: shot.trace_id.as_deref(),
            retries: shot.retries,
            changed_ms: shot.changed.as_millis() as u64,
        }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "fields are named as in the file")]
struct Attempt<'a> {
    attempt_id: &'a str,
    at: String,
    result: &'static str,
    task_id: Option<&'a str>,
    error: Option<ErrorTwin>,
}

impl<'a> From<&'a AttemptState> for Attempt<'a> {
    fn from(attempt: &'a AttemptState) -> Self {
        let (result, task, failure) = match &attempt.result {
            AttemptResult::Open => ("open", None, None),
            AttemptResult::Accepted(task) => ("accepted", Some(task), None),
            AttemptResult::Refused(failure) => ("refused", None, Some(failure)),
            AttemptResult::Uncertain(failure) => ("uncertain", None, Some(failure)),
        };
        Self {
            attempt_id: attempt.id.as_str(),
            at: attempt.at.to_string(),
            result,
            task_id: task.map(TaskId::as_str),
            error: failure.map(ErrorTwin::from),
        }
    }
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'a str,
    at: String,
}
