//! The steps that make a file durable, in the order that survives a power cut.
//!
//! Owns syncing, atomic replacing and digests. Knows nothing of layout.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::StoreError;

/// One read of a file; large enough that the system calls do not count.
const CHUNK_BYTES: usize = 128 * 1024;

/// Puts `bytes` under `path`: whole and durable, or not at all. For what can be
/// made again; an earlier file of that name is replaced.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_atomic_with(path, |file| {
        file.write_all(bytes).map_err(StoreError::io("write", path))
    })
}

/// Adds to the end of a file that is somebody else's, and makes it where it is missing.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = File::options()
        .append(true)
        .create(true)
        .open(path)
        .map_err(StoreError::io("open", path))?;
    file.write_all(bytes).map_err(StoreError::io("write", path))
}

/// As [`write_atomic`], for what is written piece by piece: `write` gets an empty file.
pub fn write_atomic_with<E: From<StoreError>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let temporary = beside(path);
    let result = write_new(&temporary, path, write).and_then(|()| {
        fs::rename(&temporary, path)
            .map_err(StoreError::io("replace", path))
            .and_then(|()| sync_folder_of(path))
            .map_err(E::from)
    });
    if result.is_err() {
        // Nothing to add to the error that is being reported.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Gives a file that was written in the same folder its name; an earlier file of that
/// name is replaced. Not synced: for what is verified when it is read.
pub fn put_in_place(temporary: &Path, path: &Path) -> Result<(), StoreError> {
    fs::rename(temporary, path).map_err(StoreError::io("replace", path))
}

/// Puts `bytes` under `path` unless something has that name; says whether it did.
pub fn write_where_free(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        opened => opened.map_err(StoreError::io("create", path))?,
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // A half would be kept by the next try.
        let _ = fs::remove_file(path);
        return Err(StoreError::io("write", path)(error));
    }
    sync_folder_of(path)?;
    Ok(true)
}

/// In the same folder, because a rename across file systems is a copy; named
/// after the process, because `plan` and `apply` may write at once.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn write_new<E: From<StoreError>>(
    temporary: &Path,
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = File::create(temporary).map_err(StoreError::io("write", path))?;
    write(&mut file)?;
    file.sync_all()
        .map_err(|error| StoreError::io("write", path)(error).into())
}

/// A new or renamed file is durable only once its folder is.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    sync_folder(folder).map_err(StoreError::io("sync", folder))
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|file| file.sync_all()) {
        // Some network file systems know no such thing; the file itself is safe.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// Elsewhere a folder cannot be opened as a file, and a rename is durable alone.
#[cfg(not(unix))]
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A new file for writing, and for reading back what was written.
pub(super) fn create_new(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(StoreError::io("create", path))
}

/// SHA-256 of a file as 64 hexadecimal digits, without holding it in memory.
pub fn digest(path: &Path) -> Result<String, StoreError> {
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hex(hasher)),
            Ok(length) => hasher.update(&chunk[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(StoreError::io("read", path)(error)),
        }
    }
}

/// The digest of what was hashed, as 64 hexadecimal digits.
pub(super) fn hex(hasher: Sha256) -> String {
    crate::id::hex(&hasher.finalize())
}
