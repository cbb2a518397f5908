//! What happened in each run, event by event, so that it can be told again.
//!
//! Owns the form in which events are kept, how they are packed, and how many runs are
//! remembered. Never read to decide what is paid, and never a second opinion of how a
//! run went: whoever reads it folds the events by [`crate::state`].
//!
//! Events are written in the transaction of the facts that they belong to: a run that
//! was killed is remembered up to its last durable event.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use rusqlite::{Connection, ToSql, params};
use serde::de::DeserializeOwned;

use super::error::LedgerError;
use crate::event::{Event, EventKind, RunFacts, ShotFacts};
use crate::id::{RunId, sha256_hex};

/// Runs whose events are kept; of older ones only the name is.
const REMEMBERED: u32 = 100;

/// Shots that are kept together: enough to be packed well, and few enough that a
/// change to one shot writes little again.
const CAST: usize = 250;

/// Bytes of events that lie about unpacked. Packing makes them a tenth, and costs a
/// few milliseconds.
const LOOSE: usize = 256 * 1024;

/// A run on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// Its name, which its parts share where it has several.
    pub id: RunId,
    /// The own name of each of its parts, the first one first.
    pub parts: Vec<RunId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it came to its own end; `None` where it was cut off, or still goes on.
    pub finished_at: Option<Timestamp>,
    /// The manifest as the author named it.
    pub manifest: String,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Whether its events are still kept.
    pub remembered: bool,
}

/// The events of one transaction on their way into the ledger.
pub(super) struct Memory<'a> {
    connection: &'a Connection,
    path: &'a Path,
    run: &'a RunId,
    lines: Vec<u8>,
    ends: bool,
}

impl<'a> Memory<'a> {
    pub(super) fn of(connection: &'a Connection, path: &'a Path, run: &'a RunId) -> Self {
        Self {
            connection,
            path,
            run,
            lines: Vec::new(),
            ends: false,
        }
    }

    /// Takes an event in; its shots, where it names them all, are kept apart.
    pub(super) fn take(&mut self, event: &Event) -> Result<(), LedgerError> {
        match &event.kind {
            EventKind::RunStarted(facts) => {
                forget_the_oldest(self.connection, self.path)?;
                self.cast(facts)?;
                self.line(&Event {
                    sequence: event.sequence,
                    at: event.at,
                    elapsed: event.elapsed,
                    kind: EventKind::RunStarted(Box::new(facts.without_shots())),
                });
            }
            kind => {
                self.ends |= *kind == EventKind::RunFinished;
                self.line(event);
            }
        }
        Ok(())
    }

    fn line(&mut self, event: &Event) {
        self.lines.extend(json(event));
        self.lines.push(b'\n');
    }

    /// Writes what was taken in. `loose` is what the run's earlier transactions left
    /// unpacked, in bytes.
    pub(super) fn keep(self, loose: &mut usize) -> Result<(), LedgerError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        *loose += self.lines.len();
        self.insert(false, &self.lines)?;
        if self.ends || *loose > LOOSE {
            self.pack()?;
            *loose = 0;
        }
        Ok(())
    }

    /// The same for a run that is told as a whole.
    pub(super) fn keep_packed(self) -> Result<(), LedgerError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        self.insert(true, &deflated(&self.lines))
    }

    fn insert(&self, packed: bool, lines: &[u8]) -> Result<(), LedgerError> {
        self.execute(
            "INSERT INTO events (run_id, packed, lines) VALUES (?1, ?2, ?3)",
            params![self.run.as_str(), packed, lines],
        )
    }

    /// One packed row instead of many small ones.
    fn pack(&self) -> Result<(), LedgerError> {
        let loose = self
            .connection
            .prepare_cached(
                "SELECT lines FROM events WHERE run_id = ?1 AND packed = 0 ORDER BY position",
            )
            .and_then(|mut select| {
                let rows = select.query_map([self.run.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(|source| self.error(source))?;
        self.execute(
            "DELETE FROM events WHERE run_id = ?1 AND packed = 0",
            [self.run.as_str()],
        )?;
        self.insert(true, &deflated(&loose.concat()))
    }

    /// The shots that the run began with; those that an earlier run began with in just
    /// the same way are on record.
    fn cast(&self, facts: &RunFacts) -> Result<(), LedgerError> {
        for (position, shots) in facts.shots.chunks(CAST).enumerate() {
            let text = json(shots);
            let digest = sha256_hex(&text);
            let known: bool = self
                .connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM casts WHERE digest = ?1)")
                .and_then(|mut select| select.query_row([&digest], |row| row.get(0)))
                .map_err(|source| self.error(source))?;
            if !known {
                self.execute(
                    "INSERT INTO casts (digest, shots) VALUES (?1, ?2)",
                    params![digest, deflated(&text)],
                )?;
            }
            self.execute(
                "INSERT INTO run_casts (run_id, position, digest) VALUES (?1, ?2, ?3)",
                params![self.run.as_str(), position as i64, digest],
            )?;
        }
        Ok(())
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map(drop)
            .map_err(|source| self.error(source))
    }

    fn error(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::from_sqlite(self.path, "write to", source)
    }
}

/// Only the names stay of runs that are long past, and that no report is made of.
pub(super) fn forget_the_oldest(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let execute = |sql: &str, values: &[u32]| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
            .map(drop)
            .map_err(|source| LedgerError::from_sqlite(path, "write to", source))
    };
    for table in ["events", "run_casts"] {
        let sql = format!(
            "DELETE FROM {table} WHERE run_id NOT IN
                 (SELECT run_id FROM runs ORDER BY rowid DESC LIMIT ?1)
             AND run_id NOT IN (SELECT run_id FROM runs WHERE counts)"
        );
        execute(&sql, &[REMEMBERED])?;
    }
    execute(
        "DELETE FROM casts WHERE digest NOT IN (SELECT digest FROM run_casts)",
        &[],
    )
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("events have only text keys")
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing to memory cannot fail")
}

/// Every run, the latest first; parts that share a name are one run.
pub(super) fn runs(connection: &Connection, path: &Path) -> Result<Vec<PastRun>, LedgerError> {
    let mut runs: Vec<PastRun> = Vec::new();
    let mut known: HashMap<RunId, usize> = HashMap::new();
    for (shared, part) in parts(connection, path)? {
        let name = shared.unwrap_or_else(|| part.id.clone());
        if let Some(run) = known.get(&name).and_then(|at| runs.get_mut(*at)) {
            run.parts.insert(0, part.id);
            run.started_at = run.started_at.min(part.started_at);
            run.finished_at = run.finished_at.max(part.finished_at).filter(|_| {
                // One that was cut off is not made good by another that was not.
                run.finished_at.is_some() && part.finished_at.is_some()
            });
            run.remembered &= part.remembered;
        } else {
            known.insert(name.clone(), runs.len());
            runs.push(PastRun { id: name, ..part });
        }
    }
    Ok(runs)
}

/// Every part of a run, the latest first, with the name that it shares.
fn parts(
    connection: &Connection,
    path: &Path,
) -> Result<Vec<(Option<RunId>, PastRun)>, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let mut select = connection
        .prepare(
            "SELECT run_id, started_at, finished_at, manifest, backend,
                    EXISTS (SELECT 1 FROM events WHERE events.run_id = runs.run_id), shared_id
             FROM runs ORDER BY rowid DESC",
        )
        .map_err(failed)?;
    let mut rows = select.query([]).map_err(failed)?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let text = |at| row.get::<_, Option<String>>(at).map_err(failed);
        let time = |text: Option<String>| text.map(|text| time(path, text)).transpose();
        let id = RunId::new(text(0)?.unwrap_or_default());
        let part = PastRun {
            parts: vec![id.clone()],
            id,
            started_at: time(text(1)?)?.unwrap_or_default(),
            finished_at: time(text(2)?)?,
            manifest: text(3)?.unwrap_or_default(),
            backend: text(4)?.unwrap_or_default(),
            remembered: row.get(5).map_err(failed)?,
        };
        runs.push((text(6)?.map(RunId::new), part));
    }
    Ok(runs)
}

fn time(path: &Path, text: String) -> Result<Timestamp, LedgerError> {
    text.parse().map_err(|_| LedgerError::Value {
        path: path.to_owned(),
        what: "time",
        value: text,
    })
}

/// The events of one run, in order.
pub(super) fn events(
    connection: &Connection,
    path: &Path,
    run: &RunId,
) -> Result<Vec<Event>, LedgerError> {
    let rows = pairs(
        connection,
        path,
        "SELECT packed, lines FROM events WHERE run_id = ?1 ORDER BY position",
        run,
    )?;
    let mut events: Vec<Event> = Vec::new();
    for (packed, lines) in rows {
        let lines = if packed {
            inflated(path, &lines)?
        } else {
            lines
        };
        for line in lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            events.push(read(path, "event", line)?);
        }
    }
    if let Some(EventKind::RunStarted(facts)) = events.first_mut().map(|first| &mut first.kind) {
        facts.shots = shots(connection, path, run)?;
    }
    Ok(events)
}

fn shots(connection: &Connection, path: &Path, run: &RunId) -> Result<Vec<ShotFacts>, LedgerError> {
    let casts = pairs(
        connection,
        path,
        "SELECT 1, shots FROM run_casts JOIN casts USING (digest)
         WHERE run_id = ?1 ORDER BY position",
        run,
    )?;
    let mut shots = Vec::new();
    for (_, cast) in casts {
        let text = inflated(path, &cast)?;
        shots.append(&mut read::<Vec<ShotFacts>>(path, "list of shots", &text)?);
    }
    Ok(shots)
}

/// Rows of a flag and some bytes.
fn pairs(
    connection: &Connection,
    path: &Path,
    sql: &str,
    run: &RunId,
) -> Result<Vec<(bool, Vec<u8>)>, LedgerError> {
    let run: &dyn ToSql = &run.as_str();
    connection
        .prepare_cached(sql)
        .and_then(|mut select| {
            let rows = select.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .map_err(|source| LedgerError::from_sqlite(path, "read", source))
}

fn inflated(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, LedgerError> {
    let mut text = Vec::new();
    match ZlibDecoder::new(bytes).read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(_) => Err(LedgerError::Damaged {
            path: path.to_owned(),
            source: None,
        }),
    }
}

fn read<T: DeserializeOwned>(
    path: &Path,
    what: &'static str,
    text: &[u8],
) -> Result<T, LedgerError> {
    serde_json::from_slice(text).map_err(|error| LedgerError::Value {
        path: path.to_owned(),
        what,
        value: error.to_string(),
    })
}
