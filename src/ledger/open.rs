//! Opening the ledger's file: creating, recognising, setting up.
//!
//! Owns the format's version and the settings of a connection. A ledger appears
//! under its name complete or not at all, so that an empty or headless file is
//! always damage and is never taken for a new ledger.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::LedgerError;

/// `PRAGMA user_version`: the format that this program writes.
pub(super) const FORMAT: i64 = 5;

/// `PRAGMA application_id`: `RUNR`, tells a ledger from other databases.
const APPLICATION: i64 = 0x5255_4e52;

const SCHEMA: &str = include_str!("schema.sql");

/// Longer than any commit of another process, shorter than a person's patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn for_writing(path: &Path) -> Result<Connection, LedgerError> {
    if !exists(path)? {
        create(path)?;
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    recognise(&connection, path)?;
    connection
        // FULL: a commit is on disk when it returns, in WAL mode too.
        // fullfsync: on macOS a plain fsync leaves it in the drive's cache.
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;",
        )
        .map_err(|source| LedgerError::from_sqlite(path, "set up", source))?;
    Ok(connection)
}

pub(super) fn in_memory() -> Result<Connection, LedgerError> {
    let path = Path::new(":memory:");
    let failed = |source| LedgerError::from_sqlite(path, "create", source);
    let connection = Connection::open_in_memory().map_err(failed)?;
    write_schema(&connection).map_err(failed)?;
    connection
        .execute_batch("PRAGMA foreign_keys = ON;")
        .map_err(failed)?;
    Ok(connection)
}

/// A connection that changes nothing; `None` where there is no ledger.
pub(super) fn for_reading(path: &Path) -> Result<Option<Connection>, LedgerError> {
    if !exists(path)? {
        return Ok(None);
    }
    // Not read-only: the last reader of a WAL database tidies up after it.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    match recognise(&connection, path) {
        Err(LedgerError::Sqlite { source, .. }) if needs_files_of_its_own(&source) => {
            let connection = connect_to_write_protected(path)?;
            recognise(&connection, path)?;
            Ok(Some(connection))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(Some(connection)),
    }
}

fn needs_files_of_its_own(source: &rusqlite::Error) -> bool {
    matches!(
        source.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Where `SQLite` cannot put its `-wal` and `-shm` files beside the ledger, it can
/// read the ledger only as a file that nobody changes.
fn connect_to_write_protected(path: &Path) -> Result<Connection, LedgerError> {
    if has_content(&write_ahead_log(path)) {
        // Reading past it would miss payments.
        return Err(LedgerError::Io {
            operation: "read the unfinished part of",
            path: path.to_owned(),
            source: io::Error::from(io::ErrorKind::PermissionDenied),
        });
    }
    let name = path.to_string_lossy();
    let escaped = name
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    Connection::open_with_flags(
        format!("file:{escaped}?immutable=1"),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
    )
    .map_err(|source| LedgerError::from_sqlite(path, "open", source))
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, LedgerError> {
    let failed = |source| LedgerError::from_sqlite(path, "open", source);
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    Ok(connection)
}

/// Refuses what is not a ledger of a format that is known here.
fn recognise(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let number = |pragma: &str| {
        connection
            .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map_err(|source| LedgerError::from_sqlite(path, "read", source))
    };
    let path = path.to_owned();
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, FORMAT) => Ok(()),
        (APPLICATION, found) if found > FORMAT => Err(LedgerError::Newer {
            path,
            found,
            supported: FORMAT,
        }),
        (APPLICATION, _) => Err(LedgerError::Damaged { path, source: None }),
        _ => Err(LedgerError::Foreign { path }),
    }
}

/// Whether there is a ledger; refuses the remains of one.
fn exists(path: &Path) -> Result<bool, LedgerError> {
    let damaged = || LedgerError::Damaged {
        path: path.to_owned(),
        source: None,
    };
    match fs::metadata(path) {
        Ok(found) if found.len() == 0 => Err(damaged()),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Only the ledger itself was removed: what is left holds payments,
            // and SQLite would replay it into the next ledger of this name.
            if has_content(&write_ahead_log(path)) {
                return Err(damaged());
            }
            Ok(false)
        }
        Err(source) => Err(LedgerError::Io {
            operation: "open",
            path: path.to_owned(),
            source,
        }),
    }
}

fn write_ahead_log(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() > 0)
}

/// Builds an empty ledger beside its place and moves it there.
fn create(path: &Path) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::Io {
        operation: "create",
        path: path.to_owned(),
        source,
    };
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    build(&fresh).map_err(|source| LedgerError::from_sqlite(path, "create", source))?;
    File::open(&fresh)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    fs::rename(&fresh, path).map_err(failed)?;
    sync_folder(path).map_err(failed)
}

fn build(fresh: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(fresh)?;
    write_schema(&connection)?;
    connection.close().map_err(|(_, error)| error)
}

fn write_schema(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN; {SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; COMMIT;"
    ))
}

/// A new name is durable only once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) && !folder.as_os_str().is_empty() => {
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}
