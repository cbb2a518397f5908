//! The ledger: what was intended, paid, finished and saved, in one `SQLite` file.
//!
//! Owns every line of SQL and the file's own words for states and classes. Never
//! decides what to do with a record, never touches videos, never recreates a
//! ledger that it cannot read: an unread ledger is a reason not to pay.
//!
//! Invariant: at most one attempt for each fingerprint holds money (see
//! [`AttemptStanding::holds_money`]); the database itself refuses a second one,
//! so that two processes cannot pay for the same shot.

mod accounts;
mod error;
mod exchange;
mod latest;
mod measures;
mod memory;
mod open;
mod page;
mod read;
mod standing;
#[cfg(test)]
mod tests;
mod turnstile;
mod write;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use crate::event::Event;
use crate::id::{AttemptId, Fingerprint, RunId, ShotId, TaskId};

pub use self::accounts::Accounts;
pub use self::error::LedgerError;
pub use self::exchange::{
    Choice, Contents, Entry, EntryError, FrameEntry, RunCopy, RunEntry, TakenIn, Twice,
};
pub use self::latest::LatestRun;
pub use self::measures::MeasureBook;
use self::memory::Memory;
pub use self::memory::PastRun;
pub use self::read::{Record, Records, Takes};
pub use self::standing::AttemptStanding;
pub use self::turnstile::Turnstile;
use self::write::Writing;

/// One connection to the ledger. `Send`, not `Sync`: one writer owns it.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    // What `CreateIntended` writes beside its own fields; comes with `RunStarted`.
    writing: Writing,
    // Bytes of events of the run that writes which are not packed yet.
    loose: usize,
}

impl Ledger {
    /// Opens the ledger for writing, and creates it where there is none.
    ///
    /// Two processes may have it open; creating it is safe only under the lock
    /// of the output folder, which [`crate::store::Store::open`] takes.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let connection = open::for_writing(path)?;
        Ok(Self::over(connection, path))
    }

    /// A ledger that ends with the process, for tests.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Ok(Self::over(open::in_memory()?, Path::new(":memory:")))
    }

    /// Everything on record at `path`, without creating or changing anything;
    /// empty where there is no ledger yet.
    pub fn read(path: &Path) -> Result<Records, LedgerError> {
        match Self::open_read(path)? {
            Some(ledger) => ledger.records(),
            None => Ok(Records::default()),
        }
    }

    /// A ledger to be looked at; `None` where there is none. Nothing can be
    /// expected of writing to it.
    pub fn open_read(path: &Path) -> Result<Option<Self>, LedgerError> {
        let connection = open::for_reading(path)?;
        Ok(connection.map(|connection| Self::over(connection, path)))
    }

    fn over(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            writing: Writing::default(),
            loose: 0,
        }
    }

    /// Writes a batch in one transaction; durable when it returns.
    ///
    /// The inner results are one for each event, in order: a refused event (an
    /// intent for what is paid already) leaves the others of its batch in place.
    /// An outer error means that nothing of the batch is on disk.
    pub fn append(
        &mut self,
        run: &RunId,
        events: &[Event],
    ) -> Result<Vec<Result<(), LedgerError>>, LedgerError> {
        for event in events {
            self.writing.learn(&event.kind);
        }
        let failed = |operation, source| LedgerError::from_sqlite(&self.path, operation, source);
        let transaction = self
            .connection
            // Taking the write lock at once; upgrading later can fail half-way.
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|source| failed("begin writing to", source))?;
        let mut results = Vec::with_capacity(events.len());
        let mut memory = Memory::of(&transaction, &self.path, run);
        for event in events {
            step(&transaction, "SAVEPOINT event")
                .map_err(|source| failed("begin writing to", source))?;
            let result = write::event(&transaction, &self.path, &self.writing, run, event);
            if result.is_ok() {
                step(&transaction, "RELEASE event").map_err(|source| failed("write to", source))?;
            } else {
                // Fails only where the whole transaction is gone, which is seen below.
                let _ = step(&transaction, "ROLLBACK TO event")
                    .and_then(|()| step(&transaction, "RELEASE event"));
            }
            // A full disk makes SQLite roll the whole transaction back by itself;
            // going on would report events as durable that are gone.
            match result {
                Err(error) if transaction.is_autocommit() => return Err(error),
                Ok(()) => {
                    memory.take(event)?;
                    results.push(Ok(()));
                }
                Err(refused) => results.push(Err(refused)),
            }
        }
        memory.keep(&mut self.loose)?;
        transaction
            .commit()
            .map_err(|source| failed("commit to", source))?;
        Ok(results)
    }

    /// Gives an attempt of which nobody knew whether it was paid the task that came
    /// of it; an attempt that is settled keeps what it has. Whether there is such an
    /// attempt. Durable when it returns.
    pub fn settle(
        &mut self,
        attempt: &AttemptId,
        task: &TaskId,
        at: Timestamp,
    ) -> Result<bool, LedgerError> {
        let failed = |source| LedgerError::from_sqlite(&self.path, "write to", source);
        self.connection
            .execute(
                "UPDATE attempts SET state = ?1, task_id = ?2, changed_at = ?3,
                     failure_class = NULL, failure_code = NULL, failure_message = NULL
                 WHERE attempt_id = ?4 AND state IN ('intended', 'uncertain')",
                (
                    AttemptStanding::Created.as_str(),
                    task.as_str(),
                    at.to_string(),
                    attempt.as_str(),
                ),
            )
            .map_err(failed)?;
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM attempts WHERE attempt_id = ?1)",
                [attempt.as_str()],
                |row| row.get(0),
            )
            .map_err(failed)
    }

    /// Gives an attempt another task than the one that a person named before.
    /// Durable when it returns.
    pub fn correct(
        &mut self,
        attempt: &AttemptId,
        task: &TaskId,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.connection
            .execute(
                "UPDATE attempts SET state = 'created', task_id = ?2, file_id = NULL,
                     changed_at = ?3
                 WHERE attempt_id = ?1 AND state IN ('created', 'succeeded')",
                (attempt.as_str(), task.as_str(), at.to_string()),
            )
            .map(drop)
            .map_err(|source| LedgerError::from_sqlite(&self.path, "write to", source))
    }

    /// Gives an attempt up: a person says that no video will come of it. A take that
    /// was set aside for it counts again. Durable when it returns.
    pub fn give_up(&mut self, attempt: &AttemptId, at: Timestamp) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::from_sqlite(&self.path, "write to", source);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        transaction
            .execute(
                "UPDATE attempts SET state = 'lost', changed_at = ?2
                 WHERE attempt_id = ?1 AND state IN
                     ('intended', 'created', 'succeeded', 'saved', 'uncertain')",
                (attempt.as_str(), at.to_string()),
            )
            .map_err(failed)?;
        page::take_back(&transaction, &self.path, attempt, &at.to_string())?;
        transaction.commit().map_err(failed)
    }

    /// Writes off attempts of which it is known that no task will come: the way is
    /// free for another one. Durable when it returns.
    pub fn write_off(&mut self, attempts: &[AttemptId], at: Timestamp) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::from_sqlite(&self.path, "write to", source);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        for attempt in attempts {
            transaction
                .execute(
                    "UPDATE attempts SET state = ?1, changed_at = ?2 WHERE attempt_id = ?3",
                    (
                        AttemptStanding::Lost.as_str(),
                        at.to_string(),
                        attempt.as_str(),
                    ),
                )
                .map_err(failed)?;
            page::take_back(&transaction, &self.path, attempt, &at.to_string())?;
        }
        transaction.commit().map_err(failed)
    }

    /// Every attempt for a shot of this name that has, or had, a video; newest first.
    pub fn takes(&self, shot: &ShotId) -> Result<Vec<Record>, LedgerError> {
        read::takes(&self.connection, &self.path, shot)
    }

    /// Every video that was ever made against a backend, and which of them a person
    /// accepted.
    pub fn all_takes(&self, backend: &str) -> Result<Takes, LedgerError> {
        read::all_takes(&self.connection, &self.path, backend)
    }

    /// Makes the video of an attempt the one that counts for a request, until
    /// another is made for it; and for its shot the one that a person accepted, until
    /// another is chosen. Durable when it returns.
    pub fn choose(
        &mut self,
        fingerprint: &Fingerprint,
        attempt: &AttemptId,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::from_sqlite(&self.path, "write to", source);
        let transaction = self.connection.transaction().map_err(failed)?;
        let row = (fingerprint.as_str(), attempt.as_str(), at.to_string());
        transaction
            .execute(
                "INSERT OR REPLACE INTO choices (fingerprint, attempt_id, chosen_at)
                 VALUES (?1, ?2, ?3)",
                row,
            )
            .and_then(|_| {
                transaction.execute(
                    "INSERT OR REPLACE INTO accepted (shot_id, backend, attempt_id, accepted_at)
                     SELECT shot_id, backend, attempt_id, ?2 FROM attempts WHERE attempt_id = ?1",
                    (attempt.as_str(), at.to_string()),
                )
            })
            .map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// What was spent, is reserved, and was saved, over all runs.
    pub fn accounts(&self) -> Result<Accounts, LedgerError> {
        accounts::accounts(&self.connection, &self.path)
    }

    /// Every run on record, the latest first.
    pub fn runs(&self) -> Result<Vec<PastRun>, LedgerError> {
        memory::runs(&self.connection, &self.path)
    }

    /// What happened in a run, to be folded again, as far as it became durable. Nothing
    /// where it is so long ago that only its name is kept.
    pub fn events(&self, run: &RunId) -> Result<Vec<Event>, LedgerError> {
        memory::events(&self.connection, &self.path, run)
    }

    /// The run that began last, with what the service said in it; `None` where
    /// there was none.
    pub fn latest_run(&self) -> Result<Option<LatestRun>, LedgerError> {
        latest::latest_run(&self.connection, &self.path)
    }

    /// What is damaged in the file, as `SQLite` sees it; nothing is changed.
    pub fn damage(&self) -> Result<Vec<String>, LedgerError> {
        read::damage(&self.connection)
            .map_err(|source| LedgerError::from_sqlite(&self.path, "check", source))
    }

    /// The standing record of every fingerprint and the latest of every shot.
    pub fn records(&self) -> Result<Records, LedgerError> {
        read::records(&self.connection, &self.path)
    }
}

/// A statement of the transaction itself, compiled once: there are two for each
/// event, and compiling them took a quarter of the time of writing it.
fn step(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
