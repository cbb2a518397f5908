//! What was measured of videos, by their digests, so that it is measured once.
//!
//! Owns a small database beside the ledger. Nothing in it costs money and all of
//! it can be measured again; so it is not synced, a damaged one is begun anew, and
//! one that cannot be used is done without. Knows nothing of what it keeps.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

/// Whoever waits longer measures again.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS measures (
        sha256  TEXT NOT NULL,                  -- of the video
        part    TEXT NOT NULL,                  -- what of it was measured
        version INTEGER NOT NULL,               -- of the way of measuring
        value   TEXT NOT NULL,
        PRIMARY KEY (part, sha256)
    ) STRICT, WITHOUT ROWID;";

/// What is kept of videos.
#[derive(Debug)]
pub struct MeasureBook {
    connection: Connection,
    version: u32,
}

impl MeasureBook {
    /// Opens or begins the book at `path`; what was measured in another way than
    /// `version` is not in it. `None` where it cannot be used.
    pub fn open(path: &Path, version: u32) -> Option<Self> {
        let connection = begin(path, version).or_else(|_| {
            for end in ["", "-wal", "-shm"] {
                let mut name = path.as_os_str().to_owned();
                name.push(end);
                let _ = std::fs::remove_file(name);
            }
            begin(path, version)
        });
        let connection = connection.ok()?;
        Some(Self {
            connection,
            version,
        })
    }

    /// To be looked at only; `None` where there is none.
    pub fn open_read(path: &Path, version: u32) -> Option<Self> {
        if !path.is_file() {
            return None;
        }
        // A book that is written at this moment has files beside it that a reader
        // has to be able to map, which SQLite calls writing.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)
            .or_else(|_| Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
            .ok()?;
        connection.busy_timeout(BUSY_TIMEOUT).ok()?;
        Some(Self {
            connection,
            version,
        })
    }

    /// A part of what is known of one video.
    pub fn get(&self, sha256: &str, part: &str) -> Option<String> {
        let sql = "SELECT value FROM measures WHERE part = ?1 AND sha256 = ?2 AND version = ?3";
        let mut statement = self.connection.prepare_cached(sql).ok()?;
        let found = statement.query_row(params![part, sha256, self.version], |row| row.get(0));
        found.optional().ok().flatten()
    }

    /// A part of what is known of every video, by their digests.
    pub fn all(&self, part: &str) -> HashMap<String, String> {
        let read = || -> rusqlite::Result<HashMap<String, String>> {
            let sql = "SELECT sha256, value FROM measures WHERE part = ?1 AND version = ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![part, self.version], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            rows.collect()
        };
        read().unwrap_or_default()
    }

    /// Keeps parts of what is known of a video; those that cannot be kept are
    /// measured again one day.
    pub fn keep(&mut self, sha256: &str, parts: &[(&str, String)]) {
        let version = self.version;
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            for (part, value) in parts {
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO measures (sha256, part, version, value)
                         VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![sha256, part, version, value])?;
            }
            transaction.commit()
        };
        let _ = write(&mut self.connection);
    }
}

fn begin(path: &Path, version: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(SCHEMA)?;
    connection.execute("DELETE FROM measures WHERE version <> ?1", [version])?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::MeasureBook;

    #[test]
    fn what_is_kept_is_there_and_another_way_of_measuring_begins_anew() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("measures.sqlite");
        assert!(MeasureBook::open_read(&path, 1).is_none());
        std::fs::write(&path, "rubbish, and a lot of it: ".repeat(100)).expect("it is ours");
        let mut book = MeasureBook::open(&path, 1).expect("it is begun anew");
        book.keep(
            "ab",
            &[("picture", "1".to_owned()), ("sound", "2".to_owned())],
        );
        book.keep("cd", &[("picture", "3".to_owned())]);
        assert_eq!(book.get("ab", "sound").as_deref(), Some("2"));
        assert_eq!(book.get("cd", "sound"), None);
        let reader = MeasureBook::open_read(&path, 1).expect("it is there");
        assert_eq!(reader.all("picture").len(), 2);
        assert_eq!(
            MeasureBook::open_read(&path, 2)
                .expect("it is there")
                .get("ab", "sound"),
            None
        );
        drop((book, reader));
        let later = MeasureBook::open(&path, 2).expect("it opens");
        drop(later);
        let back = MeasureBook::open(&path, 1).expect("it opens");
        assert!(back.all("picture").is_empty());
    }
}
