//! What can go wrong with files.
//!
//! Owns the messages and what to do about each.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::layout::NameError;

/// Why a file cannot be read or put in its place.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the output folder.
    #[error("another run is using {}", path.display())]
    Busy {
        /// The output folder.
        path: PathBuf,
    },
    /// Opened for looking only.
    #[error("{} was opened for reading only", path.display())]
    NotLocked {
        /// The output folder.
        path: PathBuf,
    },
    /// A name that cannot be a video's.
    #[error("`{name}` cannot be a file in the output folder")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        source: NameError,
    },
    /// A symbolic link on the way leads elsewhere.
    #[error("{} leads out of the output folder", path.display())]
    Outside {
        /// The folder that does.
        path: PathBuf,
    },
    /// A folder, link or device stands where a file would be put.
    #[error("{} is in the way: it is not a file", path.display())]
    InTheWay {
        /// What is there.
        path: PathBuf,
    },
    /// A file for other programs would take the place of somebody's work.
    #[error("{} was not written by this program, or was changed since", path.display())]
    NotOurs {
        /// What is there.
        path: PathBuf,
    },
    /// A file for other programs would take the place of a paid video.
    #[error("{} is a video that was paid for", path.display())]
    Video {
        /// What is there.
        path: PathBuf,
    },
    /// A folder that would be emptied may hold what was paid for.
    #[error("{} holds other results, and a replay begins with an empty folder", path.display())]
    NotAnew {
        /// The output folder.
        path: PathBuf,
    },
    /// No copy of a video is left in the output folder.
    #[error("no copy of {} is left", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// A file of another folder that should be a saved video is another one.
    #[error("{} is not the video that was saved", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl StoreError {
    /// For `map_err`: the operation and the path of a failure of the system.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }

    /// What a person can do about it; printed after the message.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Busy { .. } => Some("wait for it to end, or choose another folder with --out"),
            Self::Name { .. } => Some("change output.file or the shot's id"),
            Self::Outside { .. } => {
                Some("replace the link by a folder, or set output.dir to where it leads")
            }
            Self::InTheWay { .. } => Some("move it away, then run again"),
            Self::Io { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    Some("make room on the disk, then run again: what is paid is fetched then")
                }
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    Some("mend the permissions of the output folder, or choose another with --out")
                }
                _ => None,
            },
            Self::NotOurs { .. } => {
                Some("choose another name with --out, or replace it with --overwrite")
            }
            Self::Video { .. } => Some("choose another name with --out"),
            Self::NotAnew { .. } => Some("name a folder that does not exist yet with --out"),
            Self::NotLocked { .. } | Self::Gone { .. } | Self::Damaged { .. } => None,
        }
    }
}
