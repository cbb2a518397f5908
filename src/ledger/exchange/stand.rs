//! Which of several attempts for one request stands.
//!
//! Owns the table `waiting`. In one folder the order of events keeps at most one
//! attempt for each request with money in it; when folders are merged there may be
//! more, and none of them may be lost. What is not settled stands first, because it
//! has to come to its end, one after the other; then the latest video does.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::id::{AttemptId, Fingerprint};
use crate::ledger::error::LedgerError;
use crate::ledger::standing::AttemptStanding;

/// One attempt, as far as it matters here.
struct Candidate {
    attempt: String,
    /// The state in its row.
    written: AttemptStanding,
    /// Its own state, which is another one where it waits.
    own: AttemptStanding,
    free: bool,
    intended_at: Timestamp,
    run: String,
}

impl Candidate {
    /// The greatest of a request's attempts stands.
    fn rank(&self) -> Option<(u8, u8, i128, &str, &str)> {
        let nanos = self.intended_at.as_nanosecond();
        let (class, within, time) = match self.own {
            // A simulator's tasks end with it: a video that is there is worth more.
            state if state.is_unsettled() && self.free => (1, collectable(state), -nanos),
            state if state.has_video() => (2, 0, nanos),
            state if state.is_unsettled() => (3, collectable(state), -nanos),
            _ => return None,
        };
        Some((class, within, time, &self.run, &self.attempt))
    }
}

/// What the program can settle by itself comes before what needs a person.
fn collectable(state: AttemptStanding) -> u8 {
    match state {
        AttemptStanding::Succeeded => 2,
        AttemptStanding::Created => 1,
        _ => 0,
    }
}

/// Decides which attempt for a request stands; the others wait, or are takes.
pub(in crate::ledger) fn settle(
    connection: &Connection,
    path: &Path,
    fingerprint: &Fingerprint,
) -> Result<(), LedgerError> {
    let found = candidates(connection, path, fingerprint)?;
    let standing = found
        .iter()
        .filter(|candidate| candidate.rank().is_some())
        .max_by(|one, other| one.rank().cmp(&other.rank()));
    let Some(standing) = standing else {
        return Ok(());
    };
    let write = |sql: &str, values: &[&str]| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
            .map(drop)
            .map_err(|source| LedgerError::from_sqlite(path, "write to", source))
    };
    // First all others make room: the database holds that one stands at most.
    for other in &found {
        if other.attempt == standing.attempt || other.rank().is_none() {
            continue;
        }
        if other.own.is_unsettled() {
            write(
                "INSERT OR REPLACE INTO waiting (attempt_id, state) VALUES (?1, ?2)",
                &[&other.attempt, other.own.as_str()],
            )?;
        }
        if other.written != AttemptStanding::Superseded {
            write(SET_STATE, &[&other.attempt, "superseded"])?;
        }
    }
    let state = if standing.own.has_video() {
        AttemptStanding::Saved
    } else {
        standing.own
    };
    write(
        "DELETE FROM waiting WHERE attempt_id = ?1",
        &[&standing.attempt],
    )?;
    if standing.written != state {
        write(SET_STATE, &[&standing.attempt, state.as_str()])?;
    }
    Ok(())
}

/// When it changed stays: nothing new is known of it.
const SET_STATE: &str = "UPDATE attempts SET state = ?2 WHERE attempt_id = ?1";

/// An attempt was settled: what waited beside it has its turn. Whether anything did.
pub(in crate::ledger) fn recall(
    connection: &Connection,
    path: &Path,
    attempt: &AttemptId,
) -> Result<bool, LedgerError> {
    let waited: Option<String> = connection
        .prepare_cached(
            "SELECT a.fingerprint FROM waiting JOIN attempts AS a USING (attempt_id)
             WHERE a.fingerprint = (SELECT fingerprint FROM attempts WHERE attempt_id = ?1)
             LIMIT 1",
        )
        .and_then(|mut select| {
            let mut rows = select.query(params![attempt.as_str()])?;
            rows.next()?.map(|row| row.get(0)).transpose()
        })
        .map_err(|source| LedgerError::from_sqlite(path, "read", source))?;
    match waited {
        Some(fingerprint) => {
            settle(connection, path, &Fingerprint::from_hex(fingerprint)).map(|()| true)
        }
        None => Ok(false),
    }
}

fn candidates(
    connection: &Connection,
    path: &Path,
    fingerprint: &Fingerprint,
) -> Result<Vec<Candidate>, LedgerError> {
    let rows = connection
        .prepare_cached(
            "SELECT a.attempt_id, a.state, coalesce(w.state, a.state), r.free, a.intended_at,
                    a.run_id
             FROM attempts AS a JOIN runs AS r USING (run_id)
                  LEFT JOIN waiting AS w USING (attempt_id)
             WHERE a.fingerprint = ?1",
        )
        .and_then(|mut select| {
            let rows = select.query_map([fingerprint.as_str()], |row| {
                let texts: [String; 3] = [row.get(1)?, row.get(2)?, row.get(4)?];
                Ok((row.get(0)?, texts, row.get(3)?, row.get(5)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<(String, _, bool, String)>>>()
        })
        .map_err(|source| LedgerError::from_sqlite(path, "read", source))?;
    rows.into_iter()
        .map(|(attempt, [written, own, intended_at], free, run)| {
            Ok(Candidate {
                attempt,
                written: state(path, written)?,
                own: state(path, own)?,
                free,
                intended_at: intended_at.parse().map_err(|_| LedgerError::Value {
                    path: path.to_owned(),
                    what: "time",
                    value: intended_at,
                })?,
                run,
            })
        })
        .collect()
}

fn state(path: &Path, word: String) -> Result<AttemptStanding, LedgerError> {
    AttemptStanding::from_word(&word).ok_or_else(|| LedgerError::Value {
        path: path.to_owned(),
        what: "state",
        value: word,
    })
}

/// The own state of every attempt that waits.
pub(super) fn waiting(
    connection: &Connection,
    path: &Path,
) -> Result<HashMap<AttemptId, AttemptStanding>, LedgerError> {
    let rows = connection
        .prepare_cached("SELECT attempt_id, state FROM waiting")
        .and_then(|mut select| {
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<(String, String)>>>()
        })
        .map_err(|source| LedgerError::from_sqlite(path, "read", source))?;
    rows.into_iter()
        .map(|(attempt, word)| Ok((AttemptId::new(attempt), state(path, word)?)))
        .collect()
}

/// The own state of an attempt, if it waits.
pub(super) fn waiting_of(
    connection: &Connection,
    path: &Path,
    attempt: &AttemptId,
) -> Result<Option<AttemptStanding>, LedgerError> {
    let word: Option<String> = connection
        .prepare_cached("SELECT state FROM waiting WHERE attempt_id = ?1")
        .and_then(|mut select| {
            select
                .query_row([attempt.as_str()], |row| row.get(0))
                .optional()
        })
        .map_err(|source| LedgerError::from_sqlite(path, "read", source))?;
    word.map(|word| state(path, word)).transpose()
}
