//! Which event changes what.
//!
//! Owns the moves between standings; the rows are in `page`. A late or repeated fact
//! never takes a standing back: task and file ids are kept whatever the standing.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::error::LedgerError;
use super::page::Page;
use crate::event::{Event, EventKind, ShotFacts};
use crate::id::{RunId, ShotId};
use crate::money::Money;
use crate::state::asks_to_wait;

/// What an attempt's row holds beside what its events say.
#[derive(Debug)]
pub(super) struct ShotRow {
    pub(super) backend: String,
    pub(super) request: Arc<Map<String, Value>>,
    pub(super) price: Option<Money>,
    pub(super) another_take: bool,
}

/// What is known of the run that writes.
#[derive(Debug, Default)]
pub(super) struct Writing {
    backend: String,
    free: bool,
    /// The part of each shot that its attempts are recorded with.
    shots: HashMap<ShotId, ShotRow>,
}

impl Writing {
    /// Takes in what was decided, before it is acted on.
    pub(super) fn learn(&mut self, event: &EventKind) {
        match event {
            EventKind::RunStarted(facts) => {
                self.backend.clone_from(&facts.backend);
                self.free = facts.free;
                self.shots.clear();
                facts.shots.iter().for_each(|shot| self.note(shot));
            }
            EventKind::ShotDecided(shot) => self.note(shot),
            _ => {}
        }
    }

    /// Only what is to be created is ever intended.
    fn note(&mut self, shot: &ShotFacts) {
        if !shot.decision.pays() {
            return;
        }
        let row = ShotRow {
            backend: self.backend.clone(),
            request: Arc::clone(&shot.request),
            price: shot.price.clone(),
            another_take: shot.another_take,
        };
        self.shots.insert(shot.id.clone(), row);
    }
}

/// Writes what one event changes; those that no later run needs change nothing.
pub(super) fn event(
    connection: &Connection,
    path: &Path,
    writing: &Writing,
    run: &RunId,
    event: &Event,
) -> Result<(), LedgerError> {
    let page = Page {
        connection,
        path,
        run,
        at: event.at,
    };
    if let Some((wait, by)) = asks_to_wait(&event.kind) {
        page.paused(wait, by)?;
    }
    match &event.kind {
        EventKind::RunStarted(facts) => page.run_started(facts),
        EventKind::ShotDecided(shot) => {
            page.frames(shot)?;
            match shot.saved(writing.free) {
                Some(saved) => page.saved(saved),
                None => Ok(()),
            }
        }
        EventKind::CreateIntended {
            shot,
            attempt,
            fingerprint,
        } => {
            let row = writing
                .shots
                .get(shot)
                .ok_or_else(|| LedgerError::UnknownShot { shot: shot.clone() })?;
            if row.another_take {
                page.set_aside(fingerprint)?;
            }
            page.create_intended(shot, attempt, fingerprint, row)
        }
        EventKind::CreateAccepted {
            attempt,
            task,
            trace_id,
            ..
        } => page.change(
            attempt,
            "task_id = :value, trace_id = coalesce(:more, trace_id),
             failure_class = NULL, failure_code = NULL, failure_message = NULL,
             state = CASE WHEN state IN ('intended', 'uncertain') THEN 'created' ELSE state END",
            task.as_str(),
            trace_id.as_deref(),
        ),
        EventKind::CreateRefused {
            attempt, failure, ..
        } => {
            page.failed(attempt, failure, "'intended'", "refused")?;
            page.take_back(attempt)
        }
        EventKind::CreateUncertain {
            attempt, failure, ..
        } => page.failed(attempt, failure, "'intended'", "uncertain"),
        EventKind::TaskSucceeded { attempt, file, .. } => page.change(
            attempt,
            "file_id = :value, trace_id = coalesce(:more, trace_id),
             state = CASE WHEN state IN ('intended', 'uncertain', 'created') THEN 'succeeded' ELSE state END",
            file.as_str(),
            None,
        ),
        EventKind::TaskFailed {
            attempt, failure, ..
        } => {
            page.failed(
                attempt,
                failure,
                "'intended', 'uncertain', 'created', 'succeeded', 'saved'",
                "failed",
            )?;
            page.take_back(attempt)
        }
        EventKind::VideoSaved { attempt, video, .. } => page.video_saved(attempt, video),
        EventKind::RunFinished => page.run_finished(),
        EventKind::StatusSeen { shot, status, .. } => page.status_seen(shot, status),
        EventKind::Retrying { .. }
        | EventKind::ShotPending { .. }
        | EventKind::ShotChecked { .. }
        | EventKind::ShotSkipped { .. }
        | EventKind::RateReached { .. }
        | EventKind::RunStopping { .. } => Ok(()),
    }
}
