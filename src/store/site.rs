//! The place where an output folder is or would be, looked at before anything is paid.
//!
//! Owns finding out what a file system does. Leaves nothing behind: what it writes
//! to try it has no name, or goes away at once.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What is known of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The folder itself, or the nearest one above it that is there.
    pub folder: PathBuf,
    /// Why nothing can be written there, if so.
    pub unwritable: Option<String>,
    /// Bytes that are free for this user, where the system says so.
    pub free: Option<u64>,
    /// The kind of file system, where it is one that other machines share.
    pub network: Option<&'static str>,
    /// Whether `Boat.mp4` and `boat.mp4` are one file.
    pub folds_case: bool,
}

/// Looks at the place of a folder, which need not be there yet.
pub fn survey(folder: &Path) -> Site {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let nearest = whole.ancestors().find(|folder| folder.exists());
    let nearest = nearest.unwrap_or(&whole).to_owned();
    let unwritable = written(&nearest).err().map(|error| error.to_string());
    Site {
        free: free(&nearest),
        network: network(&nearest),
        folds_case: unwritable.is_none() && folds_case(&nearest),
        unwritable,
        folder: nearest,
    }
}

fn written(folder: &Path) -> std::io::Result<()> {
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(b"runner")?;
    file.sync_all()
}

fn folds_case(folder: &Path) -> bool {
    let named = tempfile::Builder::new()
        .prefix(".runner-Case-")
        .tempfile_in(folder);
    named.is_ok_and(|file| {
        let name = file
            .path()
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase());
        name.is_some_and(|name| folder.join(name).exists())
    })
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

/// File systems of other machines, by the numbers of statfs(2).
#[cfg(target_os = "linux")]
fn network(folder: &Path) -> Option<&'static str> {
    const KNOWN: [(u32, &str); 8] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9p"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x6573_5546, "FUSE"),
    ];
    let found = rustix::fs::statfs(folder).ok()?;
    let kind = found.f_type as u32;
    KNOWN
        .iter()
        .find(|(number, _)| *number == kind)
        .map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn network(_folder: &Path) -> Option<&'static str> {
    None
}
