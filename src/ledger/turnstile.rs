//! How many creations the runs on this machine have asked for, by account.
//!
//! Owns a small database beside no output folder: the service counts an
//! account's creations wherever their videos go. Never holds a key, and nothing
//! that is lost with it costs money; so it is not synced, and a damaged one is
//! begun anew.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::error::LedgerError;
use crate::id::sha256_hex;

/// Longer than a take of another run, shorter than anybody notices.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What is older counts in no window that anybody sets.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS creates (
        sequence INTEGER PRIMARY KEY,
        account  TEXT NOT NULL,
        at_ms    INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS creates_of_account ON creates (account, at_ms);";

/// Counts the creations of one account.
#[derive(Debug)]
pub struct Turnstile {
    connection: Connection,
    account: String,
    // The row that was taken last, to be given back.
    last: Option<i64>,
}

impl Turnstile {
    /// Opens or begins the count at `path`, for whoever has this key at this
    /// address; what is written down does not tell the key.
    pub fn open(path: &Path, base_url: &str, key: &str) -> Result<Self, LedgerError> {
        let connection = match begin(path) {
            Err(source) if is_damage(&source) => {
                // Only counts are in it.
                for end in ["", "-wal", "-shm"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(end);
                    let _ = std::fs::remove_file(name);
                }
                begin(path)
            }
            begun => begun,
        };
        let failed = |source| LedgerError::from_sqlite(path, "open", source);
        Ok(Self {
            connection: connection.map_err(failed)?,
            account: sha256_hex(format!("{base_url}\n{key}").as_bytes())[..32].to_owned(),
            last: None,
        })
    }

    /// Takes one of `calls` turns in any `window`, or says how long there is none.
    pub fn take(
        &mut self,
        calls: usize,
        window: Duration,
        clock: impl FnOnce() -> Timestamp,
    ) -> Result<Option<Duration>, rusqlite::Error> {
        let window = millis(window);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read now that nobody else writes: what another run wrote meanwhile is past.
        let now = clock().as_millisecond();
        // What lies ahead was written before the clock was set back.
        transaction.execute(
            "DELETE FROM creates WHERE at_ms < ?1 OR at_ms > ?2",
            params![now - millis(KEPT).max(window), now],
        )?;
        let oldest: Option<i64> = transaction
            .query_row(
                "SELECT at_ms FROM creates WHERE account = ?1
                 ORDER BY at_ms DESC LIMIT 1 OFFSET ?2",
                params![self.account, calls.saturating_sub(1) as i64],
                |row| row.get(0),
            )
            .optional()?;
        let wait = oldest.map_or(0, |oldest| oldest + window - now);
        if wait > 0 {
            transaction.commit()?;
            return Ok(Some(Duration::from_millis(wait.unsigned_abs())));
        }
        transaction.execute(
            "INSERT INTO creates (account, at_ms) VALUES (?1, ?2)",
            params![self.account, now],
        )?;
        self.last = Some(transaction.last_insert_rowid());
        transaction.commit()?;
        Ok(None)
    }

    /// Gives the turn that was taken last back.
    pub fn give_back(&mut self) {
        if let Some(last) = self.last.take() {
            // A turn too many in the count only makes somebody wait.
            let _ = self
                .connection
                .execute("DELETE FROM creates WHERE sequence = ?1", [last]);
        }
    }
}

fn begin(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

fn is_damage(source: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};

    matches!(
        source.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::Turnstile;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("a time of our days")
    }

    #[test]
    fn runs_of_one_key_share_a_window_and_other_keys_have_their_own() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("creates.sqlite");
        let open = |key| Turnstile::open(&path, "https://service.example", key).expect("it opens");
        let (mut one, mut two, mut other) = (open("a"), open("a"), open("b"));
        let take = |turnstile: &mut Turnstile, seconds| {
            turnstile
                .take(2, MINUTE, || at(seconds))
                .expect("it can be written")
        };
        assert_eq!(take(&mut one, 0), None);
        assert_eq!(take(&mut two, 10), None);
        assert_eq!(take(&mut one, 20), Some(Duration::from_secs(40)));
        assert_eq!(take(&mut other, 20), None);
        two.give_back();
        assert_eq!(take(&mut one, 20), None);
        assert_eq!(take(&mut two, 59), Some(Duration::from_secs(1)));
        assert_eq!(take(&mut two, 60), None);
        // Somebody sets the clock back by a day: nobody waits for yesterday.
        assert_eq!(take(&mut two, -86_400), None);
    }

    #[test]
    fn no_key_is_in_the_file_and_rubbish_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("creates.sqlite");
        std::fs::write(&path, "rubbish, and a lot of it: ".repeat(100)).expect("it is ours");
        let key = "sk-api-of-a-test";
        let mut turnstile = Turnstile::open(&path, "https://x.example", key).expect("it opens");
        assert_eq!(turnstile.take(1, MINUTE, || at(0)).expect("it works"), None);
        drop(turnstile);
        let bytes = std::fs::read(&path).expect("it is there");
        assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()));
    }
}
