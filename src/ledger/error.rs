//! What can go wrong with the ledger.
//!
//! Owns the messages and the way back from each. Never hides a damaged file.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::id::{AttemptId, Fingerprint, ShotId};

/// Why the ledger cannot be read or written, or refuses an event.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another attempt for this fingerprint holds money.
    #[error("`{fingerprint}` is being, or was, paid for by attempt {attempt}")]
    AlreadyPaid {
        /// What would have been paid for twice.
        fingerprint: Fingerprint,
        /// The attempt that stands.
        attempt: AttemptId,
    },
    /// An intent under a name that is on record, or under no name of ours.
    #[error("attempt {attempt} cannot be recorded under this name")]
    AttemptName {
        /// The name.
        attempt: AttemptId,
    },
    /// A result for an attempt whose intent is not on record.
    #[error("attempt {attempt} is not on record")]
    UnknownAttempt {
        /// The attempt.
        attempt: AttemptId,
    },
    /// An intent for a shot that the run did not begin with.
    #[error("shot {shot} is not part of this run")]
    UnknownShot {
        /// The shot.
        shot: ShotId,
    },
    /// `SQLite` cannot make sense of the file.
    #[error("the ledger {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says, where it got as far.
        source: Option<rusqlite::Error>,
    },
    /// The file is a database of something else.
    #[error("{} is a database, but not a ledger of runner", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program wrote the file.
    #[error(
        "the ledger {} has format {found}, this version of runner reads up to {supported}",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format's number in the file.
        found: i64,
        /// The newest number that is known here.
        supported: i64,
    },
    /// A value in the file that this program never writes.
    #[error("the ledger {} holds `{value}` as a {what}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Which kind of value.
        what: &'static str,
        /// What is there.
        value: String,
    },
    /// Another process keeps writing.
    #[error("the ledger {} is held by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// `SQLite` failed.
    #[error("cannot {operation} the ledger {}", path.display())]
    Sqlite {
        /// What was being done.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// The file system failed.
    #[error("cannot {operation} the ledger {}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl LedgerError {
    /// The right variant for what `SQLite` said.
    pub(super) fn from_sqlite(
        path: &Path,
        operation: &'static str,
        source: rusqlite::Error,
    ) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged {
                path,
                source: Some(source),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Sqlite {
                operation,
                path,
                source,
            },
        }
    }

    /// What a person can do about it; printed after the message.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Damaged { .. } | Self::Value { .. } => Some(
                "nothing is paid while it cannot be read: put a backup of it back, or move it away after looking in the vendor's console, because without it every shot is new and is paid for again",
            ),
            Self::Foreign { .. } => Some("choose another output folder"),
            Self::Newer { .. } => Some("use the version of runner that wrote it, or a later one"),
            Self::Busy { .. } => Some("wait for the other run to end, then run again"),
            Self::Sqlite { .. } | Self::Io { .. } => {
                Some("make room or mend the permissions of the output folder, then run again")
            }
            Self::AlreadyPaid { .. } => Some("run again: what was paid is collected"),
            Self::AttemptName { .. } | Self::UnknownAttempt { .. } | Self::UnknownShot { .. } => {
                None
            }
        }
    }
}
