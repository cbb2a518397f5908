//! The files beside a manifest, on the disk.
//!
//! Owns the reading of included texts and tables, and remembers which were asked
//! for. Never decides what a manifest may include.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::diag::suggest;
use crate::manifest::files::{FileText, Files, Unreadable};

/// The files that a manifest's paths lead to.
pub(super) struct Beside {
    manifest: PathBuf,
    asked: RefCell<BTreeSet<PathBuf>>,
}

impl Beside {
    pub(super) fn new(manifest: &Path) -> Self {
        Self {
            manifest: manifest.to_owned(),
            asked: RefCell::default(),
        }
    }

    /// Every file that was asked for, there or not.
    pub(super) fn asked(self) -> BTreeSet<PathBuf> {
        self.asked.into_inner()
    }
}

/// A path relative to a manifest as one relative to where the program runs.
pub(super) fn join(manifest: &Path, path: &Path) -> PathBuf {
    manifest.parent().unwrap_or(Path::new("")).join(path)
}

impl Files for Beside {
    fn find(&self, path: &Path) -> Result<PathBuf, Unreadable> {
        let path = join(&self.manifest, path);
        self.asked.borrow_mut().insert(path.clone());
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Unreadable::Missing {
                similar: similar(&path),
            },
            _ => Unreadable::Refused(error.to_string()),
        };
        // Asked before it is opened: a pipe would not open until somebody writes.
        if !fs::metadata(&path).map_err(refused)?.is_file() {
            return Err(Unreadable::Refused("it is not a file".to_owned()));
        }
        fs::canonicalize(&path).map_err(refused)
    }

    fn read(&self, path: &Path, most: usize) -> Result<FileText, Unreadable> {
        let path = join(&self.manifest, path);
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| Unreadable::Refused(error.to_string()))?;
        // The last character of a text that goes on may be cut in two.
        let is_cut = bytes.len() > most;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) if is_cut => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            Err(_) => return Err(Unreadable::Refused("it is not UTF-8 text".to_owned())),
        };
        Ok(FileText {
            name: path.display().to_string(),
            text,
        })
    }

    fn main(&self) -> Option<PathBuf> {
        fs::canonicalize(&self.manifest).ok()
    }
}

/// The name of a file in the same folder that is nearly that of a path.
pub(super) fn similar(path: &Path) -> Option<String> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let wanted = path.file_name()?.to_str()?;
    let ends = ["yaml", "yml", "json", "csv"];
    let fits = |name: &String| {
        let end = Path::new(name).extension();
        end.and_then(|end| end.to_str())
            .is_some_and(|end| ends.contains(&end))
    };
    let names: Vec<String> = folder
        .unwrap_or(Path::new("."))
        .read_dir()
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(fits)
        .collect();
    suggest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}
