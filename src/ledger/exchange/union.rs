//! The contents of another ledger come into this one.
//!
//! Owns the rows that are written for it, in one transaction: all of it or nothing.
//! Taking in is idempotent, and the order in which several ledgers are taken in
//! changes no attempt's state. Nothing on record is ever removed or taken back.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::join::join;
use super::{
    Acceptance, Choice, Contents, Entry, FrameEntry, RunCopy, RunEntry, TakenIn, Twice, name, stand,
};
use crate::event::Event;
use crate::id::{AttemptId, Fingerprint, RunId};
use crate::ledger::Ledger;
use crate::ledger::error::LedgerError;
use crate::ledger::memory::{self, Memory};
use crate::ledger::read::{self, Record};
use crate::ledger::standing::AttemptStanding;
use crate::money::Money;

impl Ledger {
    /// Takes in what another ledger has; durable when it returns. Entries from where
    /// others write are to be [checked](Entry::check) before.
    pub fn take_in(&mut self, contents: &Contents) -> Result<TakenIn, LedgerError> {
        let failed = |source| LedgerError::from_sqlite(&self.path, "write to", source);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut union = Union {
            connection: &transaction,
            path: &self.path,
            names: HashMap::new(),
            touched: BTreeSet::new(),
            added: HashSet::new(),
            taken: TakenIn::default(),
        };
        let news = union.runs(contents)?;
        for entry in &contents.entries {
            union.entry(entry)?;
        }
        union.settle()?;
        union.twice(contents)?;
        contents
            .frames
            .iter()
            .try_for_each(|frame| union.frame(frame))?;
        contents
            .choices
            .iter()
            .try_for_each(|choice| union.choice(choice))?;
        contents
            .accepted
            .iter()
            .try_for_each(|accepted| union.accepted(accepted))?;
        for copy in news {
            union.events(&copy.run.run_id, &copy.events)?;
        }
        let taken = union.taken;
        memory::forget_the_oldest(&transaction, &self.path)?;
        transaction.commit().map_err(failed)?;
        Ok(taken)
    }
}

struct Union<'a> {
    connection: &'a Connection,
    path: &'a Path,
    /// What each attempt that came is called here, by its name everywhere.
    names: HashMap<String, AttemptId>,
    /// Requests of which an attempt came or changed.
    touched: BTreeSet<Fingerprint>,
    /// Names, here, of the attempts that were not on record.
    added: HashSet<AttemptId>,
    taken: TakenIn,
}

impl Union<'_> {
    /// Brings the runs in; gives those of which more is known now than before.
    fn runs<'c>(&self, contents: &'c Contents) -> Result<Vec<&'c RunCopy>, LedgerError> {
        let mut news = Vec::new();
        for copy in &contents.runs {
            let is_news = self.is_news(copy)?;
            self.run(&copy.run)?;
            if is_news {
                self.savings(&copy.run.run_id, &copy.savings)?;
                news.push(copy);
            }
            if copy.counts {
                let sql = "UPDATE runs SET counts = 1 WHERE run_id = ?1";
                self.execute(sql, [copy.run.run_id.as_str()])?;
            }
        }
        let mut seen = HashSet::new();
        for entry in &contents.entries {
            if seen.insert(&entry.run.run_id) {
                self.run(&entry.run)?;
            }
        }
        in_order(self.connection, self.path, "runs", "rowid", "started_at")?;
        Ok(news)
    }

    fn run(&self, run: &RunEntry) -> Result<(), LedgerError> {
        self.execute(
            "INSERT OR IGNORE INTO runs (run_id, shared_id, counts, started_at, manifest, backend,
                                         base_url, free, runner_version, spec_version)
             VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                run.run_id.as_str(),
                run.shared_id,
                run.started_at.to_string(),
                run.manifest,
                run.backend,
                run.base_url,
                run.free,
                run.runner_version,
                run.spec_version,
            ],
        )?;
        let finished = run.finished_at.map(|at| at.to_string());
        self.execute(
            "UPDATE runs SET finished_at = coalesce(finished_at, ?2) WHERE run_id = ?1",
            params![run.run_id.as_str(), finished],
        )
        .map(drop)
    }

    /// Whether a copy of a run tells more than is on record: the run is new, or one
    /// of the two copies was made while it went on.
    fn is_news(&self, copy: &RunCopy) -> Result<bool, LedgerError> {
        let run = copy.run.run_id.as_str();
        let known: Option<bool> = self
            .connection
            .prepare_cached(
                "SELECT finished_at IS NOT NULL AND EXISTS
                     (SELECT 1 FROM events WHERE events.run_id = runs.run_id)
                 FROM runs WHERE run_id = ?1",
            )
            .and_then(|mut select| select.query_row([run], |row| row.get(0)).optional())
            .map_err(|source| self.error(source))?;
        match known {
            None => Ok(true),
            Some(true) => Ok(false),
            Some(false) => {
                let known = memory::events(self.connection, self.path, &copy.run.run_id)?;
                Ok(copy.events.len() > known.len())
            }
        }
    }

    fn savings(&self, run: &RunId, savings: &[Money]) -> Result<(), LedgerError> {
        self.execute("DELETE FROM savings WHERE run_id = ?1", [run.as_str()])?;
        for saved in savings {
            self.execute(
                "INSERT INTO savings (run_id, currency, micros) VALUES (?1, ?2, ?3)",
                params![run.as_str(), saved.currency(), saved.micros()],
            )?;
        }
        Ok(())
    }

    fn events(&self, run: &RunId, events: &[Event]) -> Result<(), LedgerError> {
        for table in ["events", "run_casts"] {
            let sql = format!("DELETE FROM {table} WHERE run_id = ?1");
            self.execute(&sql, [run.as_str()])?;
        }
        let mut memory = Memory::of(self.connection, self.path, run);
        for event in events {
            memory.take(event)?;
        }
        memory.keep_packed()
    }

    /// Brings an attempt in, or what is new of it.
    fn entry(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let key = entry.key();
        let found = self.find(entry)?;
        let name = match found {
            Some(known) => {
                let name = known.attempt.clone();
                let came = Record {
                    attempt: name.clone(),
                    ..entry.record.clone()
                };
                let joined = join(known.clone(), &came);
                if joined != known {
                    self.write(&joined)?;
                    self.taken.advanced += 1;
                    self.touched.insert(joined.fingerprint);
                }
                name
            }
            None => self.add(entry)?,
        };
        self.names.insert(key, name);
        Ok(())
    }

    /// The attempt under either of its names, in its own state.
    fn find(&self, entry: &Entry) -> Result<Option<Record>, LedgerError> {
        let run = &entry.run.run_id;
        let plain = name::plain(&entry.record.attempt, run);
        for name in [plain, entry.key()] {
            let name = AttemptId::new(name);
            let found = read::named(self.connection, self.path, &name)?;
            if let Some(mut record) = found.filter(|record| record.run == *run) {
                if let Some(state) = stand::waiting_of(self.connection, self.path, &name)? {
                    record.state = state;
                }
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn add(&mut self, entry: &Entry) -> Result<AttemptId, LedgerError> {
        let plain = AttemptId::new(name::plain(&entry.record.attempt, &entry.run.run_id));
        let taken = read::named(self.connection, self.path, &plain)?.is_some();
        let name = if taken {
            AttemptId::new(entry.key())
        } else {
            plain
        };
        let record = Record {
            attempt: name.clone(),
            ..entry.record.clone()
        };
        self.execute(
            "INSERT INTO attempts (attempt_id, run_id, shot_id, fingerprint, number, backend, state,
                                   intended_at, changed_at, request_json, price_micros, currency)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'lost', ?7, ?7, ?8, ?9, ?10)",
            params![
                record.attempt.as_str(),
                entry.run.run_id.as_str(),
                record.shot.as_str(),
                record.fingerprint.as_str(),
                record.number,
                record.backend,
                record.intended_at.to_string(),
                serde_json::to_string(&*record.request)
                    .expect("a JSON object can always be written as text"),
                record.price.as_ref().map(Money::micros),
                record.price.as_ref().map(Money::currency),
            ],
        )?;
        self.write(&record)?;
        self.taken.added += 1;
        self.added.insert(name.clone());
        self.touched.insert(record.fingerprint);
        Ok(name)
    }

    /// What is known of an attempt. What holds money is put aside until it is
    /// decided which attempt of its request stands.
    fn write(&self, record: &Record) -> Result<(), LedgerError> {
        let aside = if record.state.holds_money() {
            AttemptStanding::Superseded
        } else {
            record.state
        };
        let sql = if record.state.is_unsettled() {
            "INSERT OR REPLACE INTO waiting (attempt_id, state) VALUES (?1, ?2)"
        } else {
            "DELETE FROM waiting WHERE attempt_id = ?1 AND ?2 <> ''"
        };
        self.execute(sql, [record.attempt.as_str(), record.state.as_str()])?;
        let failure = record.failure.as_ref();
        self.execute(
            "UPDATE attempts SET state = ?2, changed_at = ?3, task_id = ?4, file_id = ?5,
                    trace_id = ?6, failure_class = ?7, failure_code = ?8, failure_message = ?9
             WHERE attempt_id = ?1",
            params![
                record.attempt.as_str(),
                aside.as_str(),
                record.changed_at.to_string(),
                record.task.as_ref().map(crate::id::TaskId::as_str),
                record.file.as_ref().map(crate::id::FileId::as_str),
                record.trace_id,
                failure.map(|failure| failure.class.as_str()),
                failure.and_then(|failure| failure.code),
                failure.map(|failure| failure.message.as_str()),
            ],
        )?;
        self.video(record)
    }

    fn video(&self, record: &Record) -> Result<(), LedgerError> {
        let (Some(video), Some(saved_at)) = (&record.video, record.saved_at) else {
            return Ok(());
        };
        self.execute(
            "INSERT OR REPLACE INTO videos (attempt_id, path, bytes, sha256, width, height,
                                            duration_ms, fps, codec, saved_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                record.attempt.as_str(),
                video.path,
                video.bytes as i64,
                video.sha256,
                video.width,
                video.height,
                video.duration_ms as i64,
                video.fps,
                video.codec,
                saved_at.to_string(),
            ],
        )
        .map(drop)
    }

    /// Decides for every request that was touched which attempt stands.
    fn settle(&self) -> Result<(), LedgerError> {
        for fingerprint in &self.touched {
            stand::settle(self.connection, self.path, fingerprint)?;
        }
        in_order(
            self.connection,
            self.path,
            "attempts",
            "sequence",
            "intended_at",
        )
    }

    /// Finds requests that both ledgers paid for, the one without knowing of the
    /// other: a take that was asked for knows the one before it.
    fn twice(&mut self, contents: &Contents) -> Result<(), LedgerError> {
        let came: HashSet<&AttemptId> = self.names.values().collect();
        let waiting = stand::waiting(self.connection, self.path)?;
        let mut found = Vec::new();
        for entry in &contents.entries {
            let name = &self.names[&entry.key()];
            let state = entry.record.state;
            if !self.added.contains(name) || !(state.has_video() || state.is_unsettled()) {
                continue;
            }
            let fingerprint = &entry.record.fingerprint;
            let known = read::of_request(self.connection, self.path, fingerprint)?;
            let known = known
                .into_iter()
                .find(|known| known.state.holds_money() || known.state.has_video())
                .filter(|known| !came.contains(&known.attempt));
            let told = |told: &Twice| told.fingerprint == *fingerprint;
            if let Some(known) = known.filter(|_| !found.iter().any(told)) {
                found.push(Twice {
                    shot: entry.record.shot.clone(),
                    fingerprint: fingerprint.clone(),
                    unsettled: state.is_unsettled()
                        || known.state.is_unsettled()
                        || waiting.contains_key(&known.attempt),
                    known: known.attempt,
                    came: name.clone(),
                });
            }
        }
        self.taken.twice = found;
        Ok(())
    }

    /// The first word on a frame stands.
    fn frame(&self, frame: &FrameEntry) -> Result<(), LedgerError> {
        self.execute(
            "INSERT OR IGNORE INTO frames (video_sha256, place, pixels_sha256, decoder)
             VALUES (?1, ?2, ?3, ?4)",
            params![
                frame.video_sha256,
                frame.place,
                frame.pixels_sha256,
                frame.decoder
            ],
        )
        .map(drop)
    }

    /// The latest word of a person stands, unless a video was made after it.
    fn choice(&self, choice: &Choice) -> Result<(), LedgerError> {
        let Some(attempt) = self.names.get(&name::full(&choice.attempt, &choice.run)) else {
            return Ok(());
        };
        let newer = |sql: &str| -> Result<bool, LedgerError> {
            let texts: Vec<String> = self
                .connection
                .prepare_cached(sql)
                .and_then(|mut select| {
                    let values = params![choice.fingerprint.as_str(), attempt.as_str()];
                    let rows = select.query_map(values, |row| row.get(0))?;
                    rows.collect()
                })
                .map_err(|source| self.error(source))?;
            let times = texts.iter().filter_map(|text| text.parse().ok());
            Ok({ times }.any(|at: jiff::Timestamp| at > choice.chosen_at))
        };
        let chosen = "SELECT chosen_at FROM choices WHERE fingerprint = ?1 AND ?2 <> ''";
        let made = "SELECT a.intended_at FROM attempts AS a JOIN videos USING (attempt_id)
                    WHERE a.fingerprint = ?1 AND a.attempt_id <> ?2";
        if newer(chosen)? || newer(made)? {
            return Ok(());
        }
        self.execute(
            "INSERT OR REPLACE INTO choices (fingerprint, attempt_id, chosen_at)
             VALUES (?1, ?2, ?3)",
            params![
                choice.fingerprint.as_str(),
                attempt.as_str(),
                choice.chosen_at.to_string()
            ],
        )
        .map(drop)
    }

    /// Of two takes of one shot, the one that was accepted later.
    fn accepted(&self, accepted: &Acceptance) -> Result<(), LedgerError> {
        let Some(attempt) = self
            .names
            .get(&name::full(&accepted.attempt, &accepted.run))
        else {
            return Ok(());
        };
        let known = "SELECT c.accepted_at FROM accepted AS c JOIN attempts AS a
                     ON a.shot_id = c.shot_id AND a.backend = c.backend WHERE a.attempt_id = ?1";
        let known: Option<String> = self
            .connection
            .query_row(known, [attempt.as_str()], |row| row.get(0))
            .optional()
            .map_err(|source| self.error(source))?;
        let known: Option<jiff::Timestamp> = known.and_then(|text| text.parse().ok());
        if known.is_some_and(|known| known >= accepted.accepted_at) {
            return Ok(());
        }
        self.execute(
            "INSERT OR REPLACE INTO accepted (shot_id, backend, attempt_id, accepted_at)
             SELECT shot_id, backend, attempt_id, ?2 FROM attempts WHERE attempt_id = ?1",
            params![attempt.as_str(), accepted.accepted_at.to_string()],
        )
        .map(drop)
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, LedgerError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(|source| self.error(source))
    }

    fn error(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::from_sqlite(self.path, "write to", source)
    }
}

/// Numbers the rows of a table by their times: what reads them takes the numbers
/// for the order in which things happened.
fn in_order(
    connection: &Connection,
    path: &Path,
    table: &str,
    number: &str,
    time: &str,
) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "write to", source);
    let rows = connection
        .prepare_cached(&format!(
            "SELECT {number}, {time}, run_id FROM {table} ORDER BY {number}"
        ))
        .and_then(|mut select| {
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<rusqlite::Result<Vec<(i64, String, String)>>>()
        })
        .map_err(failed)?;
    let mut timed = Vec::with_capacity(rows.len());
    for (at, text, run) in rows {
        let time: jiff::Timestamp = text.parse().map_err(|_| LedgerError::Value {
            path: path.to_owned(),
            what: "time",
            value: text,
        })?;
        timed.push((time, run, at));
    }
    timed.sort();
    let moved = |(position, row): (usize, &(jiff::Timestamp, String, i64))| {
        let place = position as i64 + 1;
        (row.2 != place).then_some((row.2, place))
    };
    let moved: Vec<(i64, i64)> = timed.iter().enumerate().filter_map(moved).collect();
    let sql = format!("UPDATE {table} SET {number} = ?2 WHERE {number} = ?1");
    let mut update = connection.prepare_cached(&sql).map_err(failed)?;
    // Below zero first, where nobody is: a number is one row's at any moment.
    for (from, to) in &moved {
        update.execute([*from, -to]).map_err(failed)?;
    }
    for (_, to) in &moved {
        update.execute([-to, *to]).map_err(failed)?;
    }
    Ok(())
}
