//! Whether files are what they were.
//!
//! Owns the comparison. Reads no content: size, time and identity are enough,
//! because a save changes one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::PathBuf;
use std::time::SystemTime;

/// What files were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamps(BTreeMap<PathBuf, Option<Stamp>>);

/// One file; editors put another one in its place, which has another identity.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    identity: (u64, u64),
}

impl Stamps {
    pub(super) fn of(files: &BTreeSet<PathBuf>) -> Self {
        let stamp = |path: &PathBuf| {
            let found = fs::metadata(path).ok();
            (path.clone(), found.map(|found| Stamp::of(&found)))
        };
        Self(files.iter().map(stamp).collect())
    }

    /// These stamps for these files, and new ones for those that are new.
    pub(super) fn and(self, files: &BTreeSet<PathBuf>) -> Self {
        let Self(now) = Self::of(files);
        let mut before = self.0;
        let kept = now.into_iter().map(|(path, stamp)| {
            let stamp = before.remove(&path).unwrap_or(stamp);
            (path, stamp)
        });
        Self(kept.collect())
    }
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            bytes: found.len(),
            modified: found.modified().ok(),
            identity: identity(found),
        }
    }
}

/// Which file it is, and when anything about it changed last.
#[cfg(unix)]
fn identity(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    // A device and its files are seldom both exchanged; the time of change also
    // moves where a program sets the time of modification back.
    (found.ino(), found.ctime_nsec() as u64)
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::Stamps;

    #[test]
    fn a_file_that_is_exchanged_appears_or_goes_is_another() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shots.yaml");
        let files = BTreeSet::from([path.clone()]);
        let nothing = Stamps::of(&files);
        fs::write(&path, "a: 1").expect("it can be written");
        let first = Stamps::of(&files);
        assert_ne!(nothing, first);
        assert_eq!(first, Stamps::of(&files));
        // As editors save: another file of the same size, under the same name.
        let beside = folder.path().join("shots.yaml~");
        fs::write(&beside, "a: 2").expect("it can be written");
        fs::rename(&beside, &path).expect("it can be renamed");
        let second = Stamps::of(&files);
        assert_ne!(first, second);
        fs::remove_file(&path).expect("it can be removed");
        assert_eq!(nothing, Stamps::of(&files));
    }

    #[test]
    fn what_was_seen_before_is_kept_for_files_that_are_still_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let before = Stamps::of(&BTreeSet::from([a.clone()]));
        fs::write(&a, "while it was read").expect("it can be written");
        let both = BTreeSet::from([a, b]);
        assert_ne!(before.and(&both), Stamps::of(&both));
    }
}
