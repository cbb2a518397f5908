//! What is on record, as values that travel from one folder to another.
//!
//! Owns their shape, reading all of them, and what of an entry from elsewhere is
//! refused. How they come together with what a ledger has is in `union`, and which
//! of several attempts for one request stands is in `stand`.
//!
//! An attempt's name is unique in its ledger only: two folders that begin with the
//! same request call their attempts alike. What tells attempts apart everywhere is
//! the run that made them, together with the name: see [`Entry::key`].

mod join;
mod name;
pub(super) mod stand;
#[cfg(test)]
mod tests;
mod union;

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::error::LedgerError;
use super::read::{self, Record};
use super::standing::AttemptStanding;
use super::{Ledger, memory};
use crate::event::Event;
use crate::id::{AttemptId, FileId, Fingerprint, RunId, ShotId, TaskId};
use crate::money::Money;
use crate::store;

/// Longest text of any kind that an entry may have, in bytes.
const TEXT_MAX: usize = 16 * 1024;

/// Most bytes of a request; media are digests in it.
const REQUEST_MAX: usize = 256 * 1024;

/// One attempt, with all that is known of it, and the run that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The run that made it.
    pub run: RunEntry,
    /// How far it came. An attempt that waits beside another has its own state here.
    pub record: Record,
}

/// A run, without what happened in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// Its own name, which no other run has.
    pub run_id: RunId,
    /// The name that it shares with the other parts of a larger run.
    pub shared_id: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it came to its own end.
    pub finished_at: Option<Timestamp>,
    /// The manifest as the author named it.
    pub manifest: String,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Where the service was.
    pub base_url: String,
    /// Whether nothing is charged there.
    pub free: bool,
    /// The version of the program that made it.
    pub runner_version: String,
    /// Date of the facts in the documents.
    pub spec_version: String,
}

/// A run with what happened in it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCopy {
    /// The run.
    pub run: RunEntry,
    /// Whether the folder's report is of it, alone or with others.
    pub counts: bool,
    /// What it did not pay for because it was there already.
    pub savings: Vec<Money>,
    /// What happened in it; nothing where only its name is kept.
    pub events: Vec<Event>,
}

/// The take that a person chose for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The request.
    pub fingerprint: Fingerprint,
    /// The attempt whose video it is.
    pub attempt: AttemptId,
    /// The run that made the attempt.
    pub run: RunId,
    /// When it was chosen.
    pub chosen_at: Timestamp,
}

/// The take that a person accepted last for a shot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The attempt whose video it is.
    pub attempt: AttemptId,
    /// The run that made the attempt.
    pub run: RunId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

/// A frame that a request was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameEntry {
    /// SHA-256 of the video that it is of.
    pub video_sha256: String,
    /// `first`, `middle`, `last`, or a time.
    pub place: String,
    /// SHA-256 of its pixels.
    pub pixels_sha256: String,
    /// What decoded it.
    pub decoder: String,
}

/// All that one ledger has to give to another; parts may be left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// Every attempt, in the order in which they were intended.
    pub entries: Vec<Entry>,
    /// Every run, the first one first.
    pub runs: Vec<RunCopy>,
    /// Every choice.
    pub choices: Vec<Choice>,
    /// Every take that was accepted.
    pub accepted: Vec<Acceptance>,
    /// Every frame.
    pub frames: Vec<FrameEntry>,
}

/// What taking in the contents of another ledger changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Attempts that were not on record.
    pub added: usize,
    /// Attempts of which the other ledger knew more.
    pub advanced: usize,
    /// Requests that were paid for in both, without one knowing of the other.
    pub twice: Vec<Twice>,
}

/// A request that two folders paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    /// The shot, by the name that it had in the folder that came last.
    pub shot: ShotId,
    /// The request.
    pub fingerprint: Fingerprint,
    /// The attempt that was on record.
    pub known: AttemptId,
    /// The attempt that came.
    pub came: AttemptId,
    /// Whether one of the two is not settled yet.
    pub unsettled: bool,
}

/// What is wrong with an entry that came from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} of the entry is not what runner writes")]
pub struct EntryError {
    /// Which part of it.
    pub what: &'static str,
}

impl Entry {
    /// A name that no other attempt of any folder has, and that can name a file.
    pub fn key(&self) -> String {
        name::full(&self.record.attempt, &self.run.run_id)
    }

    /// Refuses what this program never writes: for entries from where others write.
    pub fn check(&self) -> Result<(), EntryError> {
        let (record, run) = (&self.record, &self.run);
        let bad = |what| Err(EntryError { what });
        if !is_digest(record.fingerprint.as_str()) {
            return bad("the fingerprint");
        }
        if !name::is_of(record, &run.run_id) {
            return bad("the attempt's name");
        }
        if record.run != run.run_id || record.base_url != run.base_url {
            return bad("the run");
        }
        if ShotId::new(record.shot.as_str()).is_err() {
            return bad("the shot's id");
        }
        if self.texts().any(|text| text.len() > TEXT_MAX) {
            return bad("a text");
        }
        if serde_json::to_vec(&*record.request).map_or(usize::MAX, |text| text.len()) > REQUEST_MAX
        {
            return bad("the request");
        }
        let has_task = record.task.is_some();
        let needs_task = matches!(
            record.state,
            AttemptStanding::Created | AttemptStanding::Succeeded
        );
        if needs_task && !has_task {
            return bad("the task");
        }
        if record.state.has_video() && (record.video.is_none() || record.saved_at.is_none()) {
            return bad("the video");
        }
        match &record.video {
            Some(video) if !is_digest(&video.sha256) || !video.fps.is_finite() => bad("the video"),
            Some(video)
                if store::check_name(&store::name_of(&video.path, &video.sha256)).is_err() =>
            {
                bad("the video's name")
            }
            _ => Ok(()),
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let (record, run) = (&self.record, &self.run);
        let failure = record.failure.as_ref();
        let video = record.video.as_ref();
        [
            Some(run.run_id.as_str()),
            run.shared_id.as_deref(),
            Some(run.manifest.as_str()),
            Some(run.backend.as_str()),
            Some(run.base_url.as_str()),
            Some(run.runner_version.as_str()),
            Some(run.spec_version.as_str()),
            Some(record.backend.as_str()),
            record.task.as_ref().map(TaskId::as_str),
            record.file.as_ref().map(FileId::as_str),
            record.trace_id.as_deref(),
            failure.map(|failure| failure.message.as_str()),
            video.map(|video| video.path.as_str()),
            video.map(|video| video.codec.as_str()),
        ]
        .into_iter()
        .flatten()
    }
}

fn is_digest(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    text.len() == 64 && text.bytes().all(digit)
}

impl Contents {
    /// Takes in the task of an attempt that the ledger could not write down when it
    /// was paid. Whether there is such an attempt; one that is settled stays as it is.
    pub fn rescue(&mut self, attempt: &AttemptId, task: &TaskId) -> bool {
        let mut entries = self.entries.iter_mut();
        let Some(entry) = entries.find(|entry| entry.record.attempt == *attempt) else {
            return false;
        };
        let record = &mut entry.record;
        if record.state.is_uncertain() {
            record.state = AttemptStanding::Created;
            record.task = Some(task.clone());
            record.failure = None;
        }
        true
    }
}

impl Ledger {
    /// Every attempt on record, in the order in which they were intended.
    pub fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        let runs = self.run_entries()?;
        let runs: HashMap<&RunId, &RunEntry> =
            runs.iter().map(|(run, _)| (&run.run_id, run)).collect();
        let waiting = stand::waiting(&self.connection, &self.path)?;
        let records = read::all(&self.connection, &self.path)?;
        let entry = |mut record: Record| {
            let run = (*runs.get(&record.run)?).clone();
            if let Some(state) = waiting.get(&record.attempt) {
                record.state = *state;
            }
            Some(Entry { run, record })
        };
        Ok(records.into_iter().filter_map(entry).collect())
    }

    /// Everything that another ledger can take in.
    pub fn contents(&self) -> Result<Contents, LedgerError> {
        let mut runs = Vec::new();
        for (run, counts) in self.run_entries()? {
            runs.push(RunCopy {
                savings: self.savings(&run.run_id)?,
                events: memory::events(&self.connection, &self.path, &run.run_id)?,
                run,
                counts,
            });
        }
        Ok(Contents {
            entries: self.entries()?,
            runs,
            choices: self.choices()?,
            accepted: self.accepted()?,
            frames: self.frame_entries()?,
        })
    }

    /// The runs that the folder's report is made of, the first one first.
    pub fn counting_runs(&self) -> Result<Vec<RunId>, LedgerError> {
        let runs = self.run_entries()?;
        let runs = runs.into_iter().filter(|(_, counts)| *counts);
        Ok(runs.map(|(run, _)| run.run_id).collect())
    }

    fn run_entries(&self) -> Result<Vec<(RunEntry, bool)>, LedgerError> {
        let sql = "SELECT run_id, shared_id, started_at, finished_at, manifest, backend, base_url,
                          free, runner_version, spec_version, counts
                   FROM runs ORDER BY rowid";
        self.rows(sql, |row| {
            let entry = (|| {
                Ok(RunEntry {
                    run_id: RunId::new(row.get::<_, String>(0)?),
                    shared_id: row.get(1)?,
                    started_at: Timestamp::UNIX_EPOCH,
                    finished_at: None,
                    manifest: row.get(4)?,
                    backend: row.get(5)?,
                    base_url: row.get(6)?,
                    free: row.get(7)?,
                    runner_version: row.get(8)?,
                    spec_version: row.get(9)?,
                })
            })();
            let entry: RunEntry = entry.map_err(|source| self.unread(source))?;
            let entry = RunEntry {
                started_at: self.time(row, 2)?.unwrap_or_default(),
                finished_at: self.time(row, 3)?,
                ..entry
            };
            let counts = row.get(10).map_err(|source| self.unread(source))?;
            Ok((entry, counts))
        })
    }

    fn savings(&self, run: &RunId) -> Result<Vec<Money>, LedgerError> {
        self.connection
            .prepare_cached("SELECT micros, currency FROM savings WHERE run_id = ?1")
            .and_then(|mut select| {
                let rows = select.query_map([run.as_str()], |row| {
                    Ok(Money::from_micros(row.get(0)?, row.get::<_, String>(1)?))
                })?;
                rows.collect()
            })
            .map_err(|source| self.unread(source))
    }

    fn choices(&self) -> Result<Vec<Choice>, LedgerError> {
        let sql = "SELECT c.fingerprint, c.attempt_id, a.run_id, c.chosen_at
                   FROM choices AS c JOIN attempts AS a USING (attempt_id) ORDER BY c.fingerprint";
        self.rows(sql, |row| {
            let text = |at: usize| -> Result<String, LedgerError> {
                row.get(at).map_err(|source| self.unread(source))
            };
            Ok(Choice {
                fingerprint: Fingerprint::from_hex(text(0)?),
                attempt: AttemptId::new(text(1)?),
                run: RunId::new(text(2)?),
                chosen_at: self.time(row, 3)?.unwrap_or_default(),
            })
        })
    }

    fn accepted(&self) -> Result<Vec<Acceptance>, LedgerError> {
        let sql = "SELECT c.attempt_id, a.run_id, c.accepted_at
                   FROM accepted AS c JOIN attempts AS a USING (attempt_id)
                   ORDER BY c.shot_id, c.backend";
        self.rows(sql, |row| {
            let text = |at: usize| -> Result<String, LedgerError> {
                row.get(at).map_err(|source| self.unread(source))
            };
            Ok(Acceptance {
                attempt: AttemptId::new(text(0)?),
                run: RunId::new(text(1)?),
                accepted_at: self.time(row, 2)?.unwrap_or_default(),
            })
        })
    }

    /// Every frame that a request on record was made with.
    pub fn frame_entries(&self) -> Result<Vec<FrameEntry>, LedgerError> {
        let sql = "SELECT video_sha256, place, pixels_sha256, decoder FROM frames
                   ORDER BY video_sha256, place";
        self.rows(sql, |row| {
            let text = |at: usize| -> Result<String, LedgerError> {
                row.get(at).map_err(|source| self.unread(source))
            };
            Ok(FrameEntry {
                video_sha256: text(0)?,
                place: text(1)?,
                pixels_sha256: text(2)?,
                decoder: text(3)?,
            })
        })
    }

    fn rows<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut select = self
            .connection
            .prepare_cached(sql)
            .map_err(|source| self.unread(source))?;
        let mut rows = select.query([]).map_err(|source| self.unread(source))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|source| self.unread(source))? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    fn time(&self, row: &Row<'_>, at: usize) -> Result<Option<Timestamp>, LedgerError> {
        let text: Option<String> = row.get(at).map_err(|source| self.unread(source))?;
        let parse = |text: String| {
            text.parse().map_err(|_| LedgerError::Value {
                path: self.path.clone(),
                what: "time",
                value: text,
            })
        };
        text.map(parse).transpose()
    }

    fn unread(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::from_sqlite(&self.path, "read", source)
    }
}
