//! Bodies beside a recording, each under its digest.
//!
//! Owns their names and that nothing else is ever read or written by one: a recording
//! may come from anywhere, and a name in it leads nowhere but here.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::BODIES;
use crate::id::hex;
use crate::provider::exchange::KeptFile;
use crate::store;

/// Digits of a digest.
const DIGITS: usize = 64;

/// What a recording calls the body of this digest.
pub(super) fn name(sha256: &str) -> String {
    format!("{BODIES}/{sha256}")
}

/// Whether a name is the one that a digest has.
pub(super) fn is_name_of(name: &str, sha256: &str) -> bool {
    let digits = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    sha256.len() == DIGITS && sha256.bytes().all(digits) && name == self::name(sha256)
}

/// Where the body of a digest is.
pub(super) fn path(folder: &Path, sha256: &str) -> PathBuf {
    folder.join(BODIES).join(sha256)
}

/// Keeps bytes; says why not, where that cannot be.
pub(super) fn keep(folder: &Path, bytes: &[u8], sha256: &str) -> Result<(), String> {
    let path = path(folder, sha256);
    if is_there(&path, bytes.len() as u64) {
        return Ok(());
    }
    store::write_atomic(&path, bytes).map_err(|error| told(&error))
}

/// Keeps a copy of a file, if it is what its digest says.
pub(super) fn copy(folder: &Path, from: &Path, sha256: &str, bytes: u64) -> Result<(), String> {
    let path = path(folder, sha256);
    if is_there(&path, bytes) {
        return Ok(());
    }
    let found = store::digest(from).map_err(|error| told(&error))?;
    if found != sha256 {
        return Err(format!(
            "{} is not the video that was saved",
            from.display()
        ));
    }
    let mut source = File::open(from).map_err(|error| error.to_string())?;
    store::write_atomic_with(&path, |file| {
        std::io::copy(&mut source, file)
            .map(drop)
            .map_err(|source| store::StoreError::Io {
                operation: "write",
                path: path.clone(),
                source,
            })
    })
    .map_err(|error| told(&error))
}

/// Names are digests: a file of the right size is taken for what it says. A replay
/// looks closer.
fn is_there(path: &Path, bytes: u64) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == bytes)
}

/// An error with its cause.
fn told(error: &store::StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A body that comes in pieces; nothing of it is left where it is not ended.
pub(super) struct Incoming {
    folder: PathBuf,
    temporary: PathBuf,
    file: Option<File>,
    hash: Sha256,
    bytes: u64,
    trouble: Option<String>,
}

impl Incoming {
    pub(super) fn begin(folder: &Path, number: u64) -> Self {
        let name = format!(".{}-{number}.part", std::process::id());
        let temporary = folder.join(BODIES).join(name);
        let (file, trouble) = match File::create(&temporary) {
            Ok(file) => (Some(file), None),
            Err(error) => (None, Some(format!("{}: {error}", temporary.display()))),
        };
        Self {
            folder: folder.to_owned(),
            temporary,
            file,
            hash: Sha256::new(),
            bytes: 0,
            trouble,
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        if let Err(error) = file.write_all(bytes) {
            self.trouble = Some(format!("{}: {error}", self.temporary.display()));
            self.file = None;
        }
    }

    pub(super) fn end(mut self) -> Result<KeptFile, String> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        let (sha256, bytes) = (hex(&self.hash.clone().finalize()), self.bytes);
        let path = path(&self.folder, &sha256);
        if !is_there(&path, bytes) {
            store::put_in_place(&self.temporary, &path).map_err(|error| told(&error))?;
        }
        Ok(KeptFile { sha256, bytes })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.file = None;
        // Gone already, where it has its name.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Removes what a killed run left half written.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder.join(BODIES)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".part") {
            let _ = fs::remove_file(entry.path());
        }
    }
}
