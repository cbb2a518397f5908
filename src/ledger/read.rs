//! Rows to records.
//!
//! Owns what is read back for a plan. Never writes, and never guesses: a word
//! that this program does not write is an error.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::LedgerError;
use super::standing::AttemptStanding;
use crate::event::{Failure, FailureClass, Video};
use crate::id::{AttemptId, FileId, Fingerprint, RunId, ShotId, TaskId};
use crate::money::Money;

/// One attempt to create a task, as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its name.
    pub attempt: AttemptId,
    /// Its number among the attempts for its fingerprint, from 1.
    pub number: u32,
    /// The run that made it.
    pub run: RunId,
    /// The shot that it was made for.
    pub shot: ShotId,
    /// What exactly was asked for.
    pub fingerprint: Fingerprint,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Where the service was: a task is known there only.
    pub base_url: String,
    /// How far it has come.
    pub state: AttemptStanding,
    /// The paid task, once the service named it.
    pub task: Option<TaskId>,
    /// The finished file at the service.
    pub file: Option<FileId>,
    /// The service's trace id of the last answer that had one.
    pub trace_id: Option<String>,
    /// What was put on disk.
    pub video: Option<Video>,
    /// When it was.
    pub saved_at: Option<Timestamp>,
    /// What went wrong last, if nothing good came after it.
    pub failure: Option<Failure>,
    /// The request's fields, media as digests.
    pub request: Arc<Map<String, Value>>,
    /// What it costs by the price table of its day.
    pub price: Option<Money>,
    /// When the intent became durable.
    pub intended_at: Timestamp,
    /// When the last fact about it was written.
    pub changed_at: Timestamp,
}

/// The standing record of every fingerprint and the latest of every shot.
#[derive(Debug, Clone, Default)]
pub struct Records {
    found: Vec<Record>,
    standing: HashMap<Fingerprint, usize>,
    latest: HashMap<ShotId, usize>,
    chosen: HashMap<Fingerprint, Record>,
    tasks: HashMap<TaskId, Fingerprint>,
    // Backend and path of every video, and the digest of each.
    paths: HashSet<(String, String)>,
    digests: HashSet<String>,
    numbers: HashMap<Fingerprint, u32>,
    frames: HashMap<(String, String), String>,
}

impl Records {
    /// SHA-256 of the pixels of every frame that a request was made with, by the
    /// video's SHA-256 and the place in it.
    pub fn frames(&self) -> &HashMap<(String, String), String> {
        &self.frames
    }

    /// The attempt that counts for a request: the one that holds money, else the
    /// latest.
    pub fn by_fingerprint(&self, fingerprint: &Fingerprint) -> Option<&Record> {
        self.standing.get(fingerprint).map(|&at| &self.found[at])
    }

    /// The attempt whose video a person chose for a request, if one was.
    pub fn chosen_for(&self, fingerprint: &Fingerprint) -> Option<&Record> {
        self.chosen.get(fingerprint)
    }

    /// Every request for which a video was chosen.
    pub fn choices(&self) -> impl Iterator<Item = (&Fingerprint, &Record)> {
        self.chosen.iter()
    }

    /// What each task was created for, whatever became of it.
    pub fn tasks(&self) -> &HashMap<TaskId, Fingerprint> {
        &self.tasks
    }

    /// Whether any run against this backend put a video under this name.
    pub fn knows_file(&self, backend: &str, path: &str) -> bool {
        self.paths.contains(&(backend.to_owned(), path.to_owned()))
    }

    /// Whether any run made a video of this digest.
    pub fn knows_video(&self, sha256: &str) -> bool {
        self.digests.contains(sha256)
    }

    /// The highest attempt number that was used for a request; 0 where none was.
    pub fn attempts_of(&self, fingerprint: &Fingerprint) -> u32 {
        self.numbers.get(fingerprint).copied().unwrap_or(0)
    }

    /// The latest attempt for a shot of this name, whatever was asked for then.
    pub fn latest_of_shot(&self, shot: &ShotId) -> Option<&Record> {
        self.latest.get(shot).map(|&at| &self.found[at])
    }

    /// Every record that stands for a fingerprint or is a shot's latest, newest
    /// first.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.found.iter()
    }

    /// How many records [`Self::iter`] gives.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is on record.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Takes the next older attempt in, if it matters. `read` is called only
    /// then: a run that was throttled a lot leaves many attempts that do not.
    fn offer(
        &mut self,
        key: Key,
        read: impl FnOnce() -> Result<Record, LedgerError>,
    ) -> Result<(), LedgerError> {
        let number = self.numbers.entry(key.fingerprint.clone()).or_default();
        *number = key.number.max(*number);
        let standing = self.standing.get(&key.fingerprint);
        let is_standing = standing
            .is_none_or(|&at| key.state.holds_money() && !self.found[at].state.holds_money());
        let is_latest = !self.latest.contains_key(&key.shot);
        if !is_standing && !is_latest {
            return Ok(());
        }
        let at = self.found.len();
        self.found.push(read()?);
        if is_standing {
            self.standing.insert(key.fingerprint, at);
        }
        if is_latest {
            self.latest.insert(key.shot, at);
        }
        Ok(())
    }
}

/// What decides whether an attempt matters.
struct Key {
    shot: ShotId,
    fingerprint: Fingerprint,
    number: u32,
    state: AttemptStanding,
}

/// The columns of a [`Record`]; what follows says of which attempts, in which order.
const SELECT: &str = "
    SELECT a.attempt_id, a.run_id, a.shot_id, a.fingerprint, a.number, a.backend, r.base_url, a.state,
           a.task_id, a.file_id, a.trace_id, a.failure_class, a.failure_code,
           a.failure_message, a.request_json, a.price_micros, a.currency, a.intended_at,
           a.changed_at, v.path, v.bytes, v.sha256, v.width, v.height, v.duration_ms, v.fps,
           v.codec, v.saved_at
    FROM attempts AS a JOIN runs AS r USING (run_id) LEFT JOIN videos AS v USING (attempt_id)";

pub(super) fn records(connection: &Connection, path: &Path) -> Result<Records, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let sql = format!("{SELECT} ORDER BY a.sequence DESC");
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut records = Records {
        frames: frames(connection, path)?,
        ..Records::default()
    };
    while let Some(row) = rows.next().map_err(failed)? {
        let cells = Cells { row, path };
        if let Some(path) = cells.get::<Option<String>>("path")? {
            records.paths.insert((cells.get("backend")?, path));
            records.digests.insert(cells.get("sha256")?);
        }
        if let Some(task) = cells.get::<Option<String>>("task_id")? {
            let fingerprint = Fingerprint::from_hex(cells.get::<String>("fingerprint")?);
            records.tasks.insert(TaskId::new(task), fingerprint);
        }
        records.offer(cells.key()?, || cells.record())?;
    }
    records.chosen = chosen(connection, path)?;
    Ok(records)
}

fn chosen(
    connection: &Connection,
    path: &Path,
) -> Result<HashMap<Fingerprint, Record>, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let mut statement = connection
        .prepare_cached("SELECT fingerprint, attempt_id FROM choices")
        .map_err(failed)?;
    let choices = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<(String, String)>>>)
        .map_err(failed)?;
    let mut chosen = HashMap::new();
    for (fingerprint, attempt) in choices {
        let condition = "WHERE a.attempt_id = ?1";
        for record in select(connection, path, condition, &attempt)? {
            chosen.insert(Fingerprint::from_hex(fingerprint.as_str()), record);
        }
    }
    Ok(chosen)
}

/// Every frame that a request was made with.
fn frames(
    connection: &Connection,
    path: &Path,
) -> Result<HashMap<(String, String), String>, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let mut statement = connection
        .prepare_cached("SELECT video_sha256, place, pixels_sha256 FROM frames")
        .map_err(failed)?;
    statement
        .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
        .and_then(Iterator::collect::<rusqlite::Result<_>>)
        .map_err(failed)
}

/// Every attempt for a shot of this name that has, or had, a video; newest first.
/// Every video that was made, and which of them a person accepted.
#[derive(Debug, Clone, Default)]
pub struct Takes {
    /// By shot, the newest first, each with what was asked for.
    pub made: HashMap<ShotId, Vec<(Fingerprint, Video)>>,
    /// The one that a person chose last for a shot.
    pub accepted: HashMap<ShotId, Video>,
}

pub(super) fn all_takes(
    connection: &Connection,
    path: &Path,
    backend: &str,
) -> Result<Takes, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let sql = "
        SELECT a.shot_id, a.fingerprint, c.attempt_id IS NOT NULL AS accepted,
               v.path, v.bytes, v.sha256, v.width, v.height, v.duration_ms, v.fps, v.codec
        FROM attempts AS a JOIN videos AS v USING (attempt_id)
        LEFT JOIN accepted AS c USING (attempt_id)
        WHERE a.backend = ?1 ORDER BY a.sequence DESC";
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query([backend]).map_err(failed)?;
    let mut takes = Takes::default();
    while let Some(row) = rows.next().map_err(failed)? {
        let cells = Cells { row, path };
        let Some(video) = cells.video()? else {
            continue;
        };
        let shot = cells.shot()?;
        if cells.get("accepted")? {
            takes.accepted.insert(shot.clone(), video.clone());
        }
        let fingerprint = Fingerprint::from_hex(cells.get::<String>("fingerprint")?);
        takes
            .made
            .entry(shot)
            .or_default()
            .push((fingerprint, video));
    }
    Ok(takes)
}

pub(super) fn takes(
    connection: &Connection,
    path: &Path,
    shot: &ShotId,
) -> Result<Vec<Record>, LedgerError> {
    let condition = "WHERE a.shot_id = ?1 AND v.path IS NOT NULL ORDER BY a.sequence DESC";
    select(connection, path, condition, shot.as_str())
}

/// Every attempt, in the order in which they were intended.
pub(super) fn all(connection: &Connection, path: &Path) -> Result<Vec<Record>, LedgerError> {
    select(connection, path, "WHERE ?1 = '' ORDER BY a.sequence", "")
}

/// The attempt of this name.
pub(super) fn named(
    connection: &Connection,
    path: &Path,
    attempt: &AttemptId,
) -> Result<Option<Record>, LedgerError> {
    let condition = "WHERE a.attempt_id = ?1";
    let found = select(connection, path, condition, attempt.as_str())?;
    Ok(found.into_iter().next())
}

/// Every attempt for a request, the first one first.
pub(super) fn of_request(
    connection: &Connection,
    path: &Path,
    fingerprint: &Fingerprint,
) -> Result<Vec<Record>, LedgerError> {
    let condition = "WHERE a.fingerprint = ?1 ORDER BY a.sequence";
    select(connection, path, condition, fingerprint.as_str())
}

fn select(
    connection: &Connection,
    path: &Path,
    condition: &str,
    value: &str,
) -> Result<Vec<Record>, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let mut statement = connection
        .prepare_cached(&format!("{SELECT} {condition}"))
        .map_err(failed)?;
    let mut rows = statement.query([value]).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push(Cells { row, path }.record()?);
    }
    Ok(found)
}

/// One row, and the file's name for what may be wrong with it.
struct Cells<'a> {
    row: &'a Row<'a>,
    path: &'a Path,
}

impl Cells<'_> {
    fn get<T: rusqlite::types::FromSql>(&self, column: &str) -> Result<T, LedgerError> {
        self.row
            .get(column)
            .map_err(|source| LedgerError::from_sqlite(self.path, "read", source))
    }

    fn value_error(&self, what: &'static str, value: String) -> LedgerError {
        LedgerError::Value {
            path: self.path.to_owned(),
            what,
            value,
        }
    }

    fn key(&self) -> Result<Key, LedgerError> {
        let state: String = self.get("state")?;
        Ok(Key {
            fingerprint: Fingerprint::from_hex(self.get::<String>("fingerprint")?),
            number: self.get("number")?,
            state: AttemptStanding::from_word(&state)
                .ok_or_else(|| self.value_error("state", state))?,
            shot: self.shot()?,
        })
    }

    fn shot(&self) -> Result<ShotId, LedgerError> {
        let shot: String = self.get("shot_id")?;
        ShotId::new(shot.as_str()).map_err(|_| self.value_error("shot id", shot))
    }

    fn record(&self) -> Result<Record, LedgerError> {
        let key = self.key()?;
        Ok(Record {
            attempt: AttemptId::new(self.get::<String>("attempt_id")?),
            number: key.number,
            run: RunId::new(self.get::<String>("run_id")?),
            shot: key.shot,
            fingerprint: key.fingerprint,
            backend: self.get("backend")?,
            base_url: self.get("base_url")?,
            state: key.state,
            task: self.get::<Option<String>>("task_id")?.map(TaskId::new),
            file: self.get::<Option<String>>("file_id")?.map(FileId::new),
            trace_id: self.get("trace_id")?,
            video: self.video()?,
            saved_at: self.saved_at()?,
            failure: self.failure()?,
            request: Arc::new(self.request()?),
            price: self.price()?,
            intended_at: self.time("intended_at")?,
            changed_at: self.time("changed_at")?,
        })
    }

    fn video(&self) -> Result<Option<Video>, LedgerError> {
        let Some(path) = self.get("path")? else {
            return Ok(None);
        };
        Ok(Some(Video {
            path,
            bytes: self.count("bytes")?,
            sha256: self.get("sha256")?,
            width: self.get("width")?,
            height: self.get("height")?,
            duration_ms: self.count("duration_ms")?,
            fps: self.get("fps")?,
            codec: self.get("codec")?,
        }))
    }

    fn saved_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        match self.get::<Option<String>>("saved_at")? {
            Some(_) => self.time("saved_at").map(Some),
            None => Ok(None),
        }
    }

    fn failure(&self) -> Result<Option<Failure>, LedgerError> {
        let Some(word) = self.get::<Option<String>>("failure_class")? else {
            return Ok(None);
        };
        let class = FailureClass::ALL
            .into_iter()
            .find(|class| class.as_str() == word)
            .ok_or_else(|| self.value_error("failure class", word))?;
        Ok(Some(Failure {
            class,
            code: self.get("failure_code")?,
            message: self.get("failure_message")?,
            retry_after: None,
            trace_id: self.get("trace_id")?,
        }))
    }

    fn request(&self) -> Result<Map<String, Value>, LedgerError> {
        let text: String = self.get("request_json")?;
        serde_json::from_str(&text).map_err(|_| self.value_error("request", text))
    }

    fn price(&self) -> Result<Option<Money>, LedgerError> {
        let micros: Option<i64> = self.get("price_micros")?;
        let currency: Option<String> = self.get("currency")?;
        Ok(micros
            .zip(currency)
            .map(|(micros, currency)| Money::from_micros(micros, currency)))
    }

    fn count(&self, column: &'static str) -> Result<u64, LedgerError> {
        let count: i64 = self.get(column)?;
        u64::try_from(count).map_err(|_| self.value_error(column, count.to_string()))
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, LedgerError> {
        let text: String = self.get(column)?;
        text.parse().map_err(|_| self.value_error("time", text))
    }
}

/// What `SQLite` finds wrong with its file.
pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA quick_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut found: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    found.retain(|line| line != "ok");
    Ok(found)
}
