//! What can be wrong with a recording.
//!
//! Owns the messages, each with the file and the place in it.

use std::io;
use std::path::{Path, PathBuf};

use super::FORMAT;

/// Why a recording cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is none.
    #[error("there is no recording in `{}`", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// Another version of the form.
    #[error(
        "`{}` is a recording of format {found}, and this program reads format {FORMAT}",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says of itself.
        found: u64,
    },
    /// Not what this program writes.
    #[error("`{}`, {place}: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where in it.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// It is of another service.
    #[error(
        "the recording in `{}` is of backend `{recorded}`, and this run talks to `{asked}`",
        path.display()
    )]
    OtherBackend {
        /// The folder.
        path: PathBuf,
        /// Of the recording.
        recorded: String,
        /// Of the run.
        asked: String,
    },
    /// Another run writes to it.
    #[error("another run is recording to `{}`", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl RecordingError {
    /// For `map_err`.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }

    pub(super) fn broken(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Broken {
            path: path.to_owned(),
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "make one: runner apply FILE --record DIR, with --simulate it costs nothing"
            }
            Self::Format { .. } => {
                "record again with this version into another folder: what is in the ledger is put into it and not paid again"
            }
            Self::Broken { .. } => {
                "take the folder from where it was whole, or record again into another one"
            }
            Self::OtherBackend { .. } => "name another folder: a recording is of one service",
            Self::Busy { .. } => "wait for it to end, or name another folder",
            Self::Io { .. } => "look at the folder and its permissions, or name another one",
        }
    }
}
