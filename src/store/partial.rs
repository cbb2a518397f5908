//! A video on its way: temporary until it is whole, then in its place at once.
//!
//! Owns the order of the last steps. Never leaves half a file under a final name,
//! and never loses the file that had the name before.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::disk::{create_new, digest, hex, sync_folder_of};
use super::error::StoreError;
use super::{Store, layout, not_in_the_way};

/// What was put in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Relative to the output folder, with forward slashes.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
    /// Where the file that had the name before is kept now, if there was another.
    pub previous: Option<String>,
}

/// A file that is being written. Dropping it removes it.
#[derive(Debug)]
pub struct Partial {
    // Keeps the lock while anything is being written.
    store: Store,
    relative: String,
    temporary: PathBuf,
    // Whether it goes to `takes/`, under a name with its digest.
    is_take: bool,
    // Set when the file has its name: nothing is left to remove.
    placed: bool,
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Partial {
    pub(super) fn create(
        store: Store,
        relative: String,
        temporary: PathBuf,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            file: create_new(&temporary)?,
            store,
            relative,
            temporary,
            is_take: false,
            placed: false,
            hasher: Sha256::new(),
            bytes: 0,
        })
    }

    pub(super) fn into_take(mut self) -> Self {
        self.is_take = true;
        self
    }

    /// Adds the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", &self.temporary))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// How many bytes were written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of what was written so far, as 64 hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex(self.hasher.clone())
    }

    /// Where the bytes are until [`Self::commit`].
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// A second handle at the first byte, to verify what was written.
    pub fn reopen(&self) -> Result<File, StoreError> {
        File::open(&self.temporary).map_err(StoreError::io("open", &self.temporary))
    }

    /// Makes the file as old as what it is a copy of.
    pub(super) fn date(&self, at: std::time::SystemTime) -> Result<(), StoreError> {
        self.file
            .set_modified(at)
            .map_err(StoreError::io("date", &self.temporary))
    }

    /// Forgets what was written, for a download that begins anew.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(StoreError::io("empty", &self.temporary))?;
        self.hasher = Sha256::new();
        self.bytes = 0;
        Ok(())
    }

    /// Puts the file under its name, durable when it returns.
    pub fn commit(mut self) -> Result<Saved, StoreError> {
        // Content before name: a name that is durable first could show a file of
        // zeros after a power cut.
        self.file
            .sync_all()
            .map_err(StoreError::io("sync", &self.temporary))?;
        let sha256 = self.sha256();
        if self.is_take {
            self.relative = take_name(&self.store, &self.relative, &sha256)?;
        }
        let path = self
            .store
            .prepare_folder(&self.relative)?
            .join(file_name(&self.relative));
        let previous = keep_previous(&self.store, &self.relative, &path, &sha256)?;
        fs::rename(&self.temporary, &path).map_err(StoreError::io("put in place", &path))?;
        self.placed = true;
        sync_folder_of(&path)?;
        Ok(Saved {
            path: self.relative.clone(),
            bytes: self.bytes,
            sha256,
            previous,
        })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.placed {
            return;
        }
        // What cannot be removed is cleared when the folder is opened next.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn file_name(relative: &str) -> &str {
    relative.rsplit('/').next().unwrap_or(relative)
}

/// Moves a file of other content out of the way of `path`; says where to.
fn keep_previous(
    store: &Store,
    relative: &str,
    path: &Path,
    sha256: &str,
) -> Result<Option<String>, StoreError> {
    not_in_the_way(path)?;
    if !path.exists() {
        return Ok(None);
    }
    let old = digest(path)?;
    if old == sha256 {
        return Ok(None);
    }
    let name = take_name(store, relative, &old)?;
    let take = store.prepare_folder(&name)?.join(file_name(&name));
    not_in_the_way(&take)?;
    fs::rename(path, &take).map_err(StoreError::io("keep", path))?;
    // Before the new file gets the name: a crash in between leaves both.
    sync_folder_of(&take)?;
    Ok(Some(name))
}

/// Where a video of this digest is kept among the takes of `relative`.
fn take_name(store: &Store, relative: &str, sha256: &str) -> Result<String, StoreError> {
    let name = layout::take(relative, sha256);
    Ok(if is_taken_by_other(store, &name, sha256)? {
        layout::long_take(relative, sha256)
    } else {
        name
    })
}

fn is_taken_by_other(store: &Store, name: &str, sha256: &str) -> Result<bool, StoreError> {
    let path = store.layout().path(name);
    Ok(path.exists() && digest(&path)? != sha256)
}
