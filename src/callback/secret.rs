//! The secret that paths are derived from.
//!
//! Owns its making and its file. Whoever has it can name tasks to a run, but
//! cannot make it pay: what a callback says is asked of the service first.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::store::sync_folder;

/// Bytes of the secret.
pub const KEY_BYTES: usize = 32;

/// The secret in this file, which is made by the first who asks.
///
/// Random bytes of the system's, readable by the user alone where the system
/// knows users. Of two who ask at once, both get the same. Its folder has to be
/// there. A file of another length is refused with [`ErrorKind::InvalidData`]:
/// to replace it would leave every address that the service has without answer.
pub fn secret(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => create(path),
        result => result,
    }
}

fn read(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let bytes = fs::read(path)?;
    <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| {
        let reason = "the key of callbacks is damaged; without it a new one is made";
        io::Error::new(ErrorKind::InvalidData, reason)
    })
}

fn create(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Such files have mode 0600 from their first moment.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        // Lets the new name survive a power cut: the service gets addresses that
        // are made from this secret only after this.
        Ok(_) => sync_folder(folder).map(|()| bytes),
        // Somebody was quicker, and both have to have the same.
        Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => read(path),
        Err(failed) => Err(failed.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_for_the_user_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("callback.key");
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || secret(&path).expect("a secret"))
            })
            .collect();
        let mut secrets: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect();
        secrets.dedup();
        assert_eq!(secrets, [secret(&path).expect("it is kept")]);
        assert_ne!(secrets[0], [0; KEY_BYTES]);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let other = folder.path().join("other.key");
        assert_ne!(secret(&other).expect("a secret"), secrets[0]);
    }

    #[test]
    fn a_damaged_one_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("callback.key");
        fs::write(&path, b"short").expect("a file");
        let error = secret(&path).expect_err("it is damaged");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(fs::read(&path).expect("it is there"), b"short");
        let nowhere = folder.path().join("missing/callback.key");
        let error = secret(&nowhere).expect_err("there is no folder");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
