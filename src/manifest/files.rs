//! The files beside a manifest, as reading it needs them.
//!
//! Owns the words for asking. Never opens anything: who calls `parse` brings
//! the files, from a disk or from a test's memory.

#[cfg(test)]
pub(crate) mod memory;

use std::fmt;
use std::path::{Path, PathBuf};

/// Where included texts come from.
pub trait Files {
    /// The file that a path relative to the manifest's folder leads to, by a
    /// name that is the same for every path to it.
    fn find(&self, path: &Path) -> Result<PathBuf, Unreadable>;

    /// Reads the text of such a path, or the beginning of one that has more
    /// than `most` bytes.
    fn read(&self, path: &Path, most: usize) -> Result<FileText, Unreadable>;

    /// What the manifest itself is called, in the sense of [`Files::find`].
    fn main(&self) -> Option<PathBuf>;
}

/// A text that was read.
#[derive(Debug, Clone)]
pub struct FileText {
    /// Its path for display.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Why a text was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// There is no such file.
    Missing {
        /// The name of one in the same folder that is nearly the same.
        similar: Option<String>,
    },
    /// It is there, and cannot be read for this reason.
    Refused(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { .. } => f.write_str("there is no such file"),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

/// A manifest that stands alone.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn find(&self, _path: &Path) -> Result<PathBuf, Unreadable> {
        Err(Unreadable::Missing { similar: None })
    }

    fn read(&self, _path: &Path, _most: usize) -> Result<FileText, Unreadable> {
        Err(Unreadable::Missing { similar: None })
    }

    fn main(&self) -> Option<PathBuf> {
        None
    }
}
