//! The rows that are written.
//!
//! Owns every `INSERT` and `UPDATE`. Never decides which event writes which.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::error::LedgerError;
use super::exchange::stand;
use super::write::ShotRow;
use crate::event::{Failure, RunFacts, ShotFacts, Video};
use crate::id::{AttemptId, Fingerprint, RunId, ShotId};
use crate::money::Money;
use crate::state::PausedBy;

/// Where one event is written.
pub(super) struct Page<'a> {
    pub(super) connection: &'a Connection,
    pub(super) path: &'a Path,
    pub(super) run: &'a RunId,
    pub(super) at: Timestamp,
}

impl Page<'_> {
    pub(super) fn run_started(&self, facts: &RunFacts) -> Result<(), LedgerError> {
        // The folder's report is of this run alone from now on.
        self.execute("UPDATE runs SET counts = 0 WHERE counts", [])?;
        let shared = facts.part.as_ref().map(|part| part.of.as_str());
        self.execute(
            "INSERT INTO runs (run_id, shared_id, counts, started_at, manifest, backend, base_url,
                               free, runner_version, spec_version)
             VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                self.run.as_str(),
                shared,
                self.now(),
                facts.manifest,
                facts.backend,
                facts.base_url,
                facts.free,
                facts.runner_version,
                facts.spec_version,
            ],
        )?;
        // Who looks on, looks at the latest run.
        self.execute("DELETE FROM statuses", [])?;
        facts.shots.iter().try_for_each(|shot| self.frames(shot))?;
        let saved = facts.saved();
        saved.amounts().try_for_each(|saved| self.saved(&saved))
    }

    /// The frames that a request is made with; the first word on each stands.
    pub(super) fn frames(&self, shot: &ShotFacts) -> Result<(), LedgerError> {
        for frame in &shot.frames {
            if let (Some(video), Some(pixels)) = (&frame.video_sha256, &frame.pixels_sha256) {
                let decoder = frame.decoder.as_deref().unwrap_or_default();
                self.execute(
                    "INSERT OR IGNORE INTO frames (video_sha256, place, pixels_sha256, decoder)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![video, frame.at, pixels, decoder],
                )?;
            }
        }
        Ok(())
    }

    /// What was not paid for because it was there already.
    pub(super) fn saved(&self, saved: &Money) -> Result<(), LedgerError> {
        self.execute(
            "INSERT INTO savings (run_id, currency, micros) VALUES (?1, ?2, ?3)",
            params![self.run.as_str(), saved.currency(), saved.micros()],
        )
        .map(drop)
    }

    pub(super) fn create_intended(
        &self,
        shot: &ShotId,
        attempt: &AttemptId,
        fingerprint: &Fingerprint,
        row: &ShotRow,
    ) -> Result<(), LedgerError> {
        let number = number_of(attempt)?;
        let result = self
            .connection
            .prepare_cached(
                "INSERT INTO attempts (attempt_id, run_id, shot_id, fingerprint, number, backend,
                                       state, intended_at, changed_at, request_json,
                                       price_micros, currency)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'intended', ?7, ?7, ?8, ?9, ?10)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    attempt.as_str(),
                    self.run.as_str(),
                    shot.as_str(),
                    fingerprint.as_str(),
                    number,
                    row.backend,
                    self.now(),
                    serde_json::to_string(&*row.request)
                        .expect("a JSON object can always be written as text"),
                    row.price.as_ref().map(Money::micros),
                    row.price.as_ref().map(Money::currency),
                ])
            });
        match result {
            Ok(_) => Ok(()),
            Err(error) if is_collision(&error) => Err(self.collision(attempt, fingerprint)?),
            Err(source) => Err(self.error(source)),
        }
    }

    /// Makes room for another take: the saved one stays on record only. In the
    /// same transaction as the intent, so that a crash cannot come between.
    pub(super) fn set_aside(&self, fingerprint: &Fingerprint) -> Result<(), LedgerError> {
        self.execute(
            "UPDATE attempts SET state = 'superseded', changed_at = ?2
             WHERE fingerprint = ?1 AND state = 'saved'",
            params![fingerprint.as_str(), self.now()],
        )
        .map(drop)
    }

    /// Nothing came of another take: the one before it counts again.
    pub(super) fn take_back(&self, attempt: &AttemptId) -> Result<(), LedgerError> {
        take_back(self.connection, self.path, attempt, &self.now())
    }

    /// Which of the two unique keys an intent ran into.
    fn collision(
        &self,
        attempt: &AttemptId,
        fingerprint: &Fingerprint,
    ) -> Result<LedgerError, LedgerError> {
        let standing: Option<String> = self
            .connection
            .query_row(
                "SELECT attempt_id FROM attempts WHERE fingerprint = ?1
                 AND state IN ('intended', 'created', 'succeeded', 'saved', 'uncertain')",
                [fingerprint.as_str()],
                |row| row.get(0),
            )
            .optional()
            .map_err(|source| self.error(source))?;
        Ok(match standing {
            Some(standing) => LedgerError::AlreadyPaid {
                fingerprint: fingerprint.clone(),
                attempt: AttemptId::new(standing),
            },
            None => LedgerError::AttemptName {
                attempt: attempt.clone(),
            },
        })
    }

    /// Moves an attempt in `from` on to `to`, and keeps why.
    pub(super) fn failed(
        &self,
        attempt: &AttemptId,
        failure: &Failure,
        from: &str,
        to: &str,
    ) -> Result<(), LedgerError> {
        let changed = self.execute(
            &format!(
                "UPDATE attempts SET changed_at = ?2, failure_class = ?3, failure_code = ?4,
                        failure_message = ?5, trace_id = coalesce(?6, trace_id),
                        state = CASE WHEN state IN ({from}) THEN '{to}' ELSE state END
                 WHERE attempt_id = ?1"
            ),
            params![
                attempt.as_str(),
                self.now(),
                failure.class.as_str(),
                failure.code,
                failure.message,
                failure.trace_id,
            ],
        )?;
        known(attempt, changed)
    }

    pub(super) fn change(
        &self,
        attempt: &AttemptId,
        assignments: &str,
        value: &str,
        more: Option<&str>,
    ) -> Result<(), LedgerError> {
        let changed = self.execute(
            &format!(
                "UPDATE attempts SET changed_at = :at, {assignments} WHERE attempt_id = :attempt"
            ),
            named_params! {
                ":at": self.now(),
                ":attempt": attempt.as_str(),
                ":value": value,
                ":more": more,
            },
        )?;
        known(attempt, changed)
    }

    pub(super) fn status_seen(&self, shot: &ShotId, status: &str) -> Result<(), LedgerError> {
        self.execute(
            "INSERT INTO statuses (run_id, shot_id, status) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET status = excluded.status",
            params![self.run.as_str(), shot.as_str(), status],
        )
        .map(drop)
    }

    pub(super) fn video_saved(
        &self,
        attempt: &AttemptId,
        video: &Video,
    ) -> Result<(), LedgerError> {
        let changed = self.execute(
            "UPDATE attempts SET changed_at = ?2, failure_class = NULL, failure_code = NULL,
                    failure_message = NULL,
                    state = CASE WHEN state IN ('intended', 'uncertain', 'created', 'succeeded')
                                 THEN 'saved' ELSE state END
             WHERE attempt_id = ?1",
            params![attempt.as_str(), self.now()],
        )?;
        known(attempt, changed)?;
        self.execute(
            "INSERT OR REPLACE INTO videos (attempt_id, path, bytes, sha256, width, height,
                                            duration_ms, fps, codec, saved_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                attempt.as_str(),
                video.path,
                video.bytes as i64,
                video.sha256,
                video.width,
                video.height,
                video.duration_ms as i64,
                video.fps,
                video.codec,
                self.now(),
            ],
        )?;
        // What was made after a choice is what counts.
        self.execute(
            "DELETE FROM choices WHERE attempt_id <> ?1 AND fingerprint =
                 (SELECT fingerprint FROM attempts WHERE attempt_id = ?1)",
            [attempt.as_str()],
        )?;
        stand::recall(self.connection, self.path, attempt).map(drop)
    }

    pub(super) fn run_finished(&self) -> Result<(), LedgerError> {
        self.execute(
            "UPDATE runs SET finished_at = ?2 WHERE run_id = ?1",
            params![self.run.as_str(), self.now()],
        )
        .map(drop)
    }

    /// For whoever looks on from another terminal; the longest wait counts.
    pub(super) fn paused(&self, wait: Duration, by: PausedBy) -> Result<(), LedgerError> {
        // A wait that no calendar holds is not worth a word.
        let Ok(until) = self.at.checked_add(wait) else {
            return Ok(());
        };
        self.execute(
            "UPDATE runs SET paused_until = ?2, paused_by = ?3
             WHERE run_id = ?1 AND (paused_until IS NULL OR
                 unixepoch(paused_until, 'subsec') < unixepoch(?2, 'subsec'))",
            params![self.run.as_str(), until.to_string(), by.as_str()],
        )
        .map(drop)
    }

    fn now(&self) -> String {
        self.at.to_string()
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .map_err(|source| self.error(source))
    }

    fn error(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::from_sqlite(self.path, "write to", source)
    }
}

fn known(attempt: &AttemptId, changed: usize) -> Result<(), LedgerError> {
    if changed == 0 {
        return Err(LedgerError::UnknownAttempt {
            attempt: attempt.clone(),
        });
    }
    Ok(())
}

/// The number at the end of an attempt's name, see [`Fingerprint::attempt`].
fn number_of(attempt: &AttemptId) -> Result<u32, LedgerError> {
    attempt
        .as_str()
        .rsplit_once('-')
        .and_then(|(_, number)| number.parse().ok())
        .ok_or_else(|| LedgerError::AttemptName {
            attempt: attempt.clone(),
        })
}

fn is_collision(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}

/// See [`Page::take_back`]. What waited beside the attempt comes first.
pub(super) fn take_back(
    connection: &Connection,
    path: &Path,
    attempt: &AttemptId,
    now: &str,
) -> Result<(), LedgerError> {
    if stand::recall(connection, path, attempt)? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "UPDATE attempts SET state = 'saved', changed_at = ?2
             WHERE sequence = (
                 SELECT max(old.sequence) FROM attempts AS old
                 JOIN attempts AS new ON new.fingerprint = old.fingerprint
                 WHERE new.attempt_id = ?1 AND old.state = 'superseded')
               AND NOT EXISTS (
                 SELECT 1 FROM attempts AS other
                 JOIN attempts AS new ON new.fingerprint = other.fingerprint
                 WHERE new.attempt_id = ?1 AND other.state IN
                     ('intended', 'created', 'succeeded', 'saved', 'uncertain'))",
        )
        .and_then(|mut update| update.execute(params![attempt.as_str(), now]))
        .map(drop)
        .map_err(|source| LedgerError::from_sqlite(path, "write to", source))
}
