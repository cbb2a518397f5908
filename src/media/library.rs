//! Local pictures, described: the [`MediaLibrary`] of real files.
//!
//! Owns reading and remembering; a picture that forty shots share is read once.
//! Never keeps the bytes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Cursor, Read as _};
use std::path::{Path, PathBuf};

use crate::check::media::{MediaFacts, MediaLibrary, MediaProblem};
use crate::diag::suggest;
use crate::id::sha256_hex;
use crate::media::still;

/// Pictures relative to one folder.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    known: RefCell<HashMap<PathBuf, Result<MediaFacts, MediaProblem>>>,
}

impl Folder {
    /// Pictures whose paths are relative to `root`, the manifest's folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            known: RefCell::default(),
        }
    }

    /// Every file that was asked for, there or not.
    pub fn asked(&self) -> Vec<PathBuf> {
        let known = self.known.borrow();
        known.keys().map(|path| self.root.join(path)).collect()
    }
}

impl MediaLibrary for Folder {
    fn describe(&self, path: &Path, max_bytes: u64) -> Result<MediaFacts, MediaProblem> {
        if let Some(known) = self.known.borrow().get(path) {
            return known.clone();
        }
        let described = describe(&self.root.join(path), path, max_bytes);
        self.known
            .borrow_mut()
            .insert(path.to_owned(), described.clone());
        described
    }
}

fn describe(path: &Path, written: &Path, max_bytes: u64) -> Result<MediaFacts, MediaProblem> {
    let shown = written.display().to_string();
    let bytes = read(path, &shown, max_bytes)?;
    let info = still::inspect(Cursor::new(&bytes)).map_err(|error| MediaProblem::NotAPicture {
        path: shown,
        reason: error.to_string(),
    })?;
    Ok(MediaFacts {
        path: path.to_owned(),
        sha256: sha256_hex(&bytes),
        media_type: info.format.media_type(),
        bytes: bytes.len() as u64,
        width: info.width,
        height: info.height,
    })
}

/// Reads at most one byte over the limit, whatever the file says of its size:
/// a device or a growing file must not fill the memory.
fn read(path: &Path, shown: &str, max_bytes: u64) -> Result<Vec<u8>, MediaProblem> {
    let unreadable = |error: &io::Error| MediaProblem::Unreadable {
        path: shown.to_owned(),
        reason: error.to_string(),
    };
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => MediaProblem::Missing {
            path: shown.to_owned(),
            similar: similar(path),
        },
        _ => unreadable(&error),
    };
    // Asked before it is opened: a pipe would not open until somebody writes.
    let facts = fs::metadata(path).map_err(refused)?;
    if !facts.is_file() {
        return Err(MediaProblem::Unreadable {
            path: shown.to_owned(),
            reason: "it is not a file".to_owned(),
        });
    }
    let file = File::open(path).map_err(refused)?;
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > max_bytes {
        return Err(MediaProblem::TooLarge {
            path: shown.to_owned(),
            bytes: facts.len(),
        });
    }
    Ok(bytes)
}

/// A file of a similar name in the same folder.
fn similar(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let names: Vec<String> = path
        .parent()?
        .read_dir()
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    suggest(wanted, names.iter().map(String::as_str)).map(ToOwned::to_owned)
}
