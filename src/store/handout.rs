//! Files that are made for other programs: timelines, rough cuts.
//!
//! Owns the rule of what they may replace: only what this program wrote and nobody
//! changed since, unless a person says otherwise; a video that is on record never.
//! Whole or not at all, like everything else here.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::disk::{self, hex};
use super::error::StoreError;
use super::layout::check_name;
use super::{Store, create_all};

/// Digests that are remembered; older ones need consent again.
const REMEMBERED: usize = 500;

/// Whether a file that somebody else made may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Only what this program wrote, as it wrote it.
    OwnOnly,
    /// A person said so.
    Any,
}

/// A file on its way; gone unless [`Handout::commit`] is called.
#[derive(Debug)]
pub struct Handout {
    store: Store,
    path: PathBuf,
    temporary: PathBuf,
    file: Option<File>,
    hasher: Sha256,
}

impl Store {
    /// Begins a file for other programs. `is_video` says of a digest whether a
    /// video of it is on record: such a file is never replaced.
    pub fn hand_out(
        &self,
        path: &Path,
        consent: Consent,
        is_video: impl Fn(&str) -> bool,
    ) -> Result<Handout, StoreError> {
        let name = path.file_name().ok_or_else(|| StoreError::InTheWay {
            path: path.to_owned(),
        })?;
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() && self.is_inside(folder) {
            create_all(folder)?;
        }
        let real = folder
            .canonicalize()
            .map_err(StoreError::io("open", folder))?
            .join(name);
        self.may_replace(&real, consent, is_video)?;
        let temporary = beside(&real);
        // What a crash of another process of this number left.
        let _ = fs::remove_file(&temporary);
        let file = disk::create_new(&temporary)?;
        Ok(Handout {
            store: self.clone(),
            path: real,
            temporary,
            file: Some(file),
            hasher: Sha256::new(),
        })
    }

    fn is_inside(&self, folder: &Path) -> bool {
        folder.starts_with(self.layout().root())
    }

    fn may_replace(
        &self,
        path: &Path,
        consent: Consent,
        is_video: impl Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        if let Ok(relative) = path.strip_prefix(self.layout().root()) {
            let name = relative.to_string_lossy().replace('\\', "/");
            check_name(&name).map_err(|source| StoreError::Name { name, source })?;
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::io("look at", path)(error)),
            Ok(found) if !found.is_file() => {
                return Err(StoreError::InTheWay {
                    path: path.to_owned(),
                });
            }
            Ok(_) => {}
        }
        let sha256 = disk::digest(path)?;
        let path = path.to_owned();
        if is_video(&sha256) {
            return Err(StoreError::Video { path });
        }
        if consent == Consent::OwnOnly && !self.handed_out().contains(&sha256) {
            return Err(StoreError::NotOurs { path });
        }
        Ok(())
    }

    /// Digests of what was handed out, oldest first.
    fn handed_out(&self) -> Vec<String> {
        let text = fs::read_to_string(self.layout().exports()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn remember(&self, sha256: String) -> Result<(), StoreError> {
        let mut known = self.handed_out();
        known.retain(|each| *each != sha256);
        known.push(sha256);
        let first = known.len().saturating_sub(REMEMBERED);
        create_all(&self.layout().state())?;
        let text = known[first..].join("\n") + "\n";
        disk::write_atomic(&self.layout().exports(), text.as_bytes())
    }
}

impl Handout {
    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name; durable when it returns.
    pub fn commit(mut self) -> Result<PathBuf, StoreError> {
        if let Some(file) = self.file.take() {
            file.sync_all()
                .map_err(StoreError::io("write", &self.path))?;
        }
        // Known first: a crash in between leaves a digest too many, which is harmless.
        self.store.remember(hex(std::mem::take(&mut self.hasher)))?;
        fs::rename(&self.temporary, &self.path).map_err(StoreError::io("replace", &self.path))?;
        disk::sync_folder_of(&self.path)?;
        Ok(self.path.clone())
    }
}

impl Write for Handout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let written = file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

impl Drop for Handout {
    fn drop(&mut self) {
        // After a commit there is nothing of that name any more.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// In the same folder, because a rename across file systems is a copy.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &Store, path: &Path, text: &str, consent: Consent) -> Result<(), StoreError> {
        let mut handout = store.hand_out(path, consent, |_| false)?;
        handout.write_all(text.as_bytes()).expect("there is room");
        handout.commit().map(drop)
    }

    #[test]
    fn only_what_was_written_here_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_read(folder.path()).expect("it is there");
        let path = folder.path().join("film.otio");
        put(&store, &path, "one", Consent::OwnOnly).expect("it is free");
        put(&store, &path, "two", Consent::OwnOnly).expect("it is ours");
        fs::write(&path, "an editor's work").expect("it can be written");
        let refused = put(&store, &path, "three", Consent::OwnOnly);
        assert!(matches!(refused, Err(StoreError::NotOurs { .. })));
        assert_eq!(fs::read(&path).expect("it is there"), b"an editor's work");
        put(&store, &path, "three", Consent::Any).expect("a person said so");
        assert_eq!(fs::read(&path).expect("it is there"), b"three");
        let left = fs::read_dir(folder.path())
            .expect("it can be listed")
            .count();
        assert_eq!(left, 2, "the file and .runner");
    }

    #[test]
    fn videos_and_the_folders_own_files_are_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_read(folder.path()).expect("it is there");
        let video = folder.path().join("a.mp4");
        fs::write(&video, "a video").expect("it can be written");
        let refused = store.hand_out(&video, Consent::Any, |_| true);
        assert!(matches!(refused, Err(StoreError::Video { .. })));
        for name in ["report.json", "takes/a.mp4", ".runner/ledger.sqlite"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            let refused = store.hand_out(&path, Consent::Any, |_| false);
            assert!(matches!(refused, Err(StoreError::Name { .. })), "{name}");
        }
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_read(folder.path()).expect("it is there");
        let path = folder.path().join("film.mp4");
        let mut handout = store
            .hand_out(&path, Consent::OwnOnly, |_| false)
            .expect("it is free");
        handout.write_all(b"half").expect("there is room");
        drop(handout);
        let left = fs::read_dir(folder.path())
            .expect("it can be listed")
            .count();
        assert_eq!(left, 0);
    }
}
