//! An output folder that is begun anew each time, for what can be made again.
//!
//! Owns the mark of such folders: a folder without it may hold what was paid for, and
//! nothing in it is ever removed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::disk::write_atomic;
use super::{Store, StoreError};

/// Says in `.runner/` that the folder may be emptied.
const MARK: &str = "begun-anew";

/// What stays in `.runner/` while the folder is held.
const HELD: [&str; 4] = ["lock", "rescue", "tmp", MARK];

impl Store {
    /// Opens a folder of its own and empties it. One that holds anything and was not
    /// begun so is refused, untouched.
    pub fn open_anew(dir: &Path) -> Result<Self, StoreError> {
        let marked = |dir: &Path| dir.join(".runner").join(MARK).is_file();
        if !is_empty(dir)? && !marked(dir) {
            return Err(StoreError::NotAnew {
                path: dir.to_owned(),
            });
        }
        let store = Self::open(dir)?;
        let state = store.layout().state();
        for entry in entries(store.layout().root())? {
            if entry != state {
                remove(&entry)?;
            }
        }
        for entry in entries(&state)? {
            let name = entry.file_name().unwrap_or_default();
            if !HELD.iter().any(|held| name == *held) {
                remove(&entry)?;
            }
        }
        write_atomic(&state.join(MARK), b"")?;
        Ok(store)
    }
}

fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, StoreError> {
    let read = || StoreError::io("read", folder);
    let entries = fs::read_dir(folder).map_err(read())?;
    entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(read())
}

fn is_empty(dir: &Path) -> Result<bool, StoreError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(StoreError::io("read", dir)(error)),
    }
}

/// A link is removed, and never what it leads to.
fn remove(path: &Path) -> Result<(), StoreError> {
    let found = path
        .symlink_metadata()
        .map_err(StoreError::io("look at", path))?;
    let removed = if found.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    removed.map_err(StoreError::io("remove", path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_was_begun_anew_is_emptied() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (paid, again) = (folder.path().join("out"), folder.path().join("again"));
        drop(Store::open(&paid).expect("it is ours"));
        fs::write(paid.join("a.mp4"), b"paid").expect("it is ours");
        let refused = Store::open_anew(&paid).expect_err("it was not begun anew");
        assert!(matches!(refused, StoreError::NotAnew { .. }));
        assert_eq!(fs::read(paid.join("a.mp4")).expect("it stays"), b"paid");

        let store = Store::open_anew(&again).expect("there is nothing yet");
        fs::create_dir(again.join("scenes")).expect("it is ours");
        fs::write(again.join("scenes/b.mp4"), b"free").expect("it is ours");
        fs::write(store.layout().ledger(), b"old").expect("it is ours");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&paid, again.join("link")).expect("it is ours");
        assert!(Store::open_anew(&again).is_err(), "it is in use");
        drop(store);
        let store = Store::open_anew(&again).expect("it was begun anew");
        assert!(!again.join("scenes").exists() && !store.layout().ledger().exists());
        assert!(!again.join("link").exists());
        assert!(paid.join("a.mp4").exists());
    }
}
