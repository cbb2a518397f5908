//! The latest run, for whoever looks on from another terminal.
//!
//! Owns what is read back of runs. Never decides whether a run still goes on: a
//! run that was killed looks like one that has not ended.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::LedgerError;
use crate::id::RunId;
use crate::state::PausedBy;

/// The run that began last.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestRun {
    /// Its name.
    pub id: RunId,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Whether nothing is charged there.
    pub free: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` where it goes on, or was cut off.
    pub finished_at: Option<Timestamp>,
    /// Until when it creates nothing, and who asked for that, as far as was said
    /// last.
    pub pause: Option<(Timestamp, PausedBy)>,
    /// What the service said last of each shot.
    pub statuses: HashMap<String, String>,
}

const RUN: &str = "
    SELECT run_id, backend, free, started_at, finished_at, paused_until, paused_by
    FROM runs ORDER BY started_at DESC, rowid DESC LIMIT 1";

const STATUSES: &str = "SELECT shot_id, status FROM statuses WHERE run_id = ?1";

struct Row {
    id: String,
    backend: String,
    free: bool,
    started_at: String,
    finished_at: Option<String>,
    paused_until: Option<String>,
    paused_by: Option<String>,
}

pub(super) fn latest_run(
    connection: &Connection,
    path: &Path,
) -> Result<Option<LatestRun>, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "read", source);
    let row = connection
        .query_row(RUN, [], |row| {
            Ok(Row {
                id: row.get(0)?,
                backend: row.get(1)?,
                free: row.get(2)?,
                started_at: row.get(3)?,
                finished_at: row.get(4)?,
                paused_until: row.get(5)?,
                paused_by: row.get(6)?,
            })
        })
        .optional()
        .map_err(failed)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut statement = connection.prepare(STATUSES).map_err(failed)?;
    let statuses = statement
        .query_map([&row.id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(failed)?;
    Ok(Some(LatestRun {
        started_at: time(path, &row.started_at)?,
        finished_at: row.finished_at.map(|at| time(path, &at)).transpose()?,
        pause: match (row.paused_until, row.paused_by) {
            (Some(until), Some(by)) => PausedBy::from_word(&by)
                .zip(Some(time(path, &until)?))
                .map(|(by, until)| (until, by)),
            _ => None,
        },
        statuses: statuses.into_iter().collect(),
        id: RunId::new(row.id),
        backend: row.backend,
        free: row.free,
    }))
}

fn time(path: &Path, text: &str) -> Result<Timestamp, LedgerError> {
    text.parse().map_err(|_| LedgerError::Value {
        path: path.to_owned(),
        what: "time",
        value: text.to_owned(),
    })
}
