//! The last resort for a paid task whose id the ledger cannot take.
//!
//! Owns a file whose room is taken before anything is paid, so that a few lines
//! can be written even on a disk that is full. Never read while the ledger
//! works; the next run hands its lines to the ledger and empties it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::disk::sync_folder_of;
use super::error::StoreError;
use crate::id::{AttemptId, ShotId, TaskId};

/// Room for the tasks of a thousand shots in flight, in bytes.
const ROOM: usize = 256 * 1024;

/// A paid task that is in no ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescued {
    /// The shot that it was created for.
    pub shot: ShotId,
    /// The attempt, whose intent the ledger has.
    pub attempt: AttemptId,
    /// The service's name for it.
    pub task: TaskId,
}

/// The open file. Shared by all lives of a run.
#[derive(Debug)]
pub(super) struct Rescue {
    file: Mutex<File>,
}

impl Rescue {
    /// Opens the file at its end, and takes its room where that is not taken.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::io("write to", path)(source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        if file.metadata().map_err(failed)?.len() < ROOM as u64 {
            clear(&file).map_err(failed)?;
            sync_folder_of(path)?;
        }
        let rescue = Self {
            file: Mutex::new(file),
        };
        // Leaves the position behind what is there.
        rescue.read().map_err(failed)?;
        Ok(rescue)
    }

    /// Writes a task down, durable when it returns.
    pub(super) fn keep(&self, rescued: &Rescued) -> std::io::Result<()> {
        // A line of its own, whatever a write that failed left before it.
        let line = format!("\n{}\n", serde_json::to_string(rescued)?);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_all()
    }

    /// Everything that was written down and not emptied.
    pub(super) fn read(&self) -> std::io::Result<Vec<Rescued>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_string(&mut text)?;
        let found = lines(&text);
        // What is written next goes behind it.
        file.seek(SeekFrom::Start(text.trim_end().len() as u64))?;
        Ok(found)
    }

    /// The same of a file that is only looked at, and that may not be there.
    pub(super) fn look(path: &Path) -> std::io::Result<Vec<Rescued>> {
        match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            text => Ok(lines(&text?)),
        }
    }

    /// Forgets every line: the ledger has them.
    pub(super) fn empty(&self) -> std::io::Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        clear(&file)
    }
}

fn lines(text: &str) -> Vec<Rescued> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // A line that was cut by a power cut holds no task to be trusted.
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// Blanks, which take room and say nothing; the position is at the first one.
fn clear(mut file: &File) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&vec![b' '; ROOM])?;
    file.set_len(ROOM as u64)?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0)).map(drop)
}
