//! From a run's state to its report, however far the run came.
//!
//! Owns which field of the state becomes which of the report. Never counts.

use std::sync::Arc;

use crate::check::link;
use crate::event::{FrameUse, RunFacts, Scene, Shard};
use crate::id::{FileId, Fingerprint, RunId, ShotId, TaskId};
use crate::state::{self, AttemptState, RunState, ShotState};

use super::SCHEMA_VERSION;
use super::model::{self, Attempt, AttemptResult, Frame, Report, Run, Shot, ShotRun, Status};
use super::twin::{CallError, Money, Outcome, Totals, Video};
use super::verdict::Verdict;
use super::words::{ending, stop};

impl Report {
    /// The report of a run as far as it came: an aborted run has a report as good as
    /// a finished one.
    pub fn of(state: &RunState) -> Self {
        let facts = state.facts.as_ref();
        let fact = |get: fn(&RunFacts) -> &String| facts.map(|facts| get(facts).clone());
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            manifest: fact(|facts| &facts.manifest),
            backend: fact(|facts| &facts.backend),
            simulated: state.is_free(),
            runner_version: fact(|facts| &facts.runner_version),
            spec_version: fact(|facts| &facts.spec_version),
            price_date: fact(|facts| &facts.price_date),
            shard: facts
                .and_then(|facts| facts.part.as_ref()?.shard)
                .map(model::Shard::from),
            missing_shards: state
                .missing_shards()
                .iter()
                .map(|shard| model::Shard::from(*shard))
                .collect(),
            finished: state.finished,
            stopped: state.stopping.as_ref().map(stop),
            totals: Totals::from(state),
            shots: state.shots.iter().map(Shot::from).collect(),
            run: Run {
                left_out: false,
                run_id: facts.map(|facts| owned(facts.name(), RunId::as_str)),
                base_url: fact(|facts| &facts.base_url),
                started_at: state.started_at,
                updated_at: state.updated_at,
                elapsed_ms: state.elapsed.as_millis() as u64,
            },
        }
    }
}

fn owned<T>(name: &T, text: fn(&T) -> &str) -> String {
    text(name).to_owned()
}

impl From<&ShotState> for Shot {
    fn from(shot: &ShotState) -> Self {
        let facts = &shot.facts;
        let outcome = shot.outcome();
        // A failure that was got over is no error of the shot.
        let failure = shot.failure.as_ref();
        let error = failure.filter(|_| outcome != state::Outcome::Succeeded);
        let fingerprint = facts.fingerprint.as_ref();
        Self {
            id: owned(&facts.id, ShotId::as_str),
            scene: facts.scene.as_ref().map(model::Scene::from),
            tags: facts.tags.clone(),
            mode: facts.mode.clone(),
            model: facts.model.clone(),
            resolution: facts.resolution.clone(),
            duration_s: facts.seconds,
            prompt: facts.prompt.clone(),
            request: Arc::new(link::shown(&facts.request)),
            fingerprint: fingerprint.map(|print| owned(print, Fingerprint::as_str)),
            depends_on: facts.depends_on.iter().map(ShotId::to_string).collect(),
            frames: facts.frames.iter().map(Frame::from).collect(),
            earlier_version: facts.earlier,
            decision: facts.decision.into(),
            reason: facts.reason.clone(),
            outcome: Outcome::from(outcome),
            outcome_reason: ending(shot),
            price: facts.price.as_ref().map(Money::from),
            task_id: shot.task.as_ref().map(|task| owned(task, TaskId::as_str)),
            file_id: shot.file.as_ref().map(|file| owned(file, FileId::as_str)),
            video: shot.video.as_ref().map(Video::from),
            verdict: shot.verdict.as_ref().map(Verdict::from),
            error: error.map(CallError::from),
            run: ShotRun::from(shot),
        }
    }
}

impl From<Shard> for model::Shard {
    fn from(shard: Shard) -> Self {
        Self {
            index: shard.index(),
            count: shard.count(),
        }
    }
}

impl From<&Scene> for model::Scene {
    fn from(scene: &Scene) -> Self {
        Self {
            id: scene.id.clone(),
            title: scene.title.clone(),
        }
    }
}

impl From<&FrameUse> for Frame {
    fn from(frame: &FrameUse) -> Self {
        Self {
            field: frame.field.to_string(),
            shot: owned(&frame.shot, ShotId::as_str),
            at: frame.at.clone(),
            pixels_sha256: frame.pixels_sha256.clone(),
            decoder: frame.decoder.clone(),
        }
    }
}

impl From<&ShotState> for ShotRun {
    fn from(shot: &ShotState) -> Self {
        let statuses = shot.statuses.iter();
        Self {
            left_out: false,
            attempts: shot.attempts.iter().map(Attempt::from).collect(),
            statuses: statuses
                .map(|(status, at)| Status {
                    status: status.clone(),
                    at: *at,
                })
                .collect(),
            trace_id: shot.trace_id.clone(),
            retries: shot.retries,
            created_at: shot.times.created,
            ended_at: shot.times.ended,
            saved_at: shot.times.saved,
            changed_ms: shot.changed.as_millis() as u64,
        }
    }
}

impl From<&AttemptState> for Attempt {
    fn from(attempt: &AttemptState) -> Self {
        let (result, task, failure) = match &attempt.result {
            state::AttemptResult::Open => (AttemptResult::Open, None, None),
            state::AttemptResult::Accepted(task) => (AttemptResult::Accepted, Some(task), None),
            state::AttemptResult::Refused(failure) => (AttemptResult::Refused, None, Some(failure)),
            state::AttemptResult::Uncertain(failure) => {
                (AttemptResult::Uncertain, None, Some(failure))
            }
        };
        Self {
            attempt_id: attempt.id.to_string(),
            at: attempt.at,
            result,
            task_id: task.map(TaskId::to_string),
            error: failure.map(CallError::from),
        }
    }
}
