//! The output folder: videos that appear whole or not at all, and are never lost.
//!
//! Owns writing, naming and checking files. Never overwrites and never deletes a
//! video: when another takes its name, it moves to `takes/`. Blocking I/O, in
//! chunks that the caller sizes.
//!
//! Invariant: one process at a time writes to a folder; it holds the lock.

mod disk;
mod error;
mod fresh;
mod handout;
mod layout;
mod partial;
mod rescue;
mod site;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::event::Video;

pub use self::disk::{
    append, digest, put_in_place, sync_folder, write_atomic, write_atomic_with, write_where_free,
};
pub use self::error::StoreError;
pub use self::handout::{Consent, Handout};
pub use self::layout::{Layout, NameError, check_name, name_of};
pub use self::partial::{Partial, Saved};
use self::rescue::Rescue;
pub use self::rescue::Rescued;
pub use self::site::{Site, survey};

/// How long a taken lock is tried again before the folder counts as busy.
const LOCK_PATIENCE: Duration = Duration::from_millis(400);

/// A file is older than its record; clocks of disks and of this machine differ.
const TOUCHED: SignedDuration = SignedDuration::from_secs(2);

/// Whether a video that was saved is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// A file of its size has its name, and no sign speaks against it.
    Present,
    /// Nothing has its name.
    Missing,
    /// Something else has its name.
    Altered,
}

/// One output folder. Cheap to clone; the last clone lets the lock go.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    layout: Layout,
    // Held, never read: closing the file lets the lock go, so does a crash.
    lock: Option<File>,
    // There as long as the lock is.
    rescue: Option<Rescue>,
    partials: AtomicU64,
}

impl Store {
    /// Whether this process may write into the folder, and nobody else does.
    pub fn is_locked(&self) -> bool {
        self.shared.lock.is_some()
    }

    /// Creates what is missing, takes the lock, and clears what a crash left.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        create_all(dir)?;
        // Canonical, so that "inside" can be decided by comparing.
        let root = dir.canonicalize().map_err(StoreError::io("open", dir))?;
        let layout = Layout::new(root);
        create_all(&layout.state())?;
        inside(&layout, &layout.state())?;
        let lock = take_lock(&layout.lock(), dir)?;
        create_all(&layout.temporary())?;
        inside(&layout, &layout.temporary())?;
        clear(&layout.temporary());
        let rescue = Rescue::open(&layout.rescue())?;
        Ok(Self::over(layout, Some((lock, rescue))))
    }

    /// For looking only: creates nothing, takes no lock, the folder may be missing.
    pub fn open_read(dir: &Path) -> Result<Self, StoreError> {
        let root = match dir.canonicalize() {
            Ok(root) => root,
            Err(error) if error.kind() == ErrorKind::NotFound => dir.to_owned(),
            Err(error) => return Err(StoreError::io("open", dir)(error)),
        };
        Ok(Self::over(Layout::new(root), None))
    }

    /// Whether a run is writing to the folder at this moment.
    pub fn is_in_use(&self) -> bool {
        // Shared, so that several may look at once.
        File::open(self.layout().lock())
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn over(layout: Layout, held: Option<(File, Rescue)>) -> Self {
        let (lock, rescue) = held.unzip();
        Self {
            shared: Arc::new(Shared {
                layout,
                lock,
                rescue,
                partials: AtomicU64::new(0),
            }),
        }
    }

    /// Where everything is.
    pub fn layout(&self) -> &Layout {
        &self.shared.layout
    }

    /// Writes a paid task down that the ledger cannot take; durable when it
    /// returns. Works on a full disk, too.
    pub fn rescue(&self, rescued: &Rescued) -> std::io::Result<()> {
        match &self.shared.rescue {
            Some(rescue) => rescue.keep(rescued),
            None => Err(ErrorKind::PermissionDenied.into()),
        }
    }

    /// The paid tasks that were written down so.
    pub fn rescued(&self) -> std::io::Result<Vec<Rescued>> {
        self.shared
            .rescue
            .as_ref()
            .map_or(Ok(Vec::new()), Rescue::read)
    }

    /// The paid tasks that a folder has so written down, for one who only looks.
    pub fn look_at_rescued(&self) -> std::io::Result<Vec<Rescued>> {
        Rescue::look(&self.layout().rescue())
    }

    /// Forgets them: the ledger has them now.
    pub fn forget_rescued(&self) -> std::io::Result<()> {
        self.shared.rescue.as_ref().map_or(Ok(()), Rescue::empty)
    }

    /// Whether a video could be put under this name, as far as can be told
    /// without writing. To be asked before paying.
    pub fn check(&self, relative: &str) -> Result<(), StoreError> {
        check_name(relative).map_err(|source| StoreError::Name {
            name: relative.to_owned(),
            source,
        })?;
        let path = self.layout().path(relative);
        let mut folder = path.parent();
        while let Some(each) = folder.filter(|each| each.starts_with(self.layout().root())) {
            if exists(each)? {
                return inside(self.layout(), each).and_then(|()| not_in_the_way(&path));
            }
            folder = each.parent();
        }
        Ok(())
    }

    /// Begins a video that will be put under `relative` when it is whole.
    pub fn begin(&self, relative: &str) -> Result<Partial, StoreError> {
        if self.shared.lock.is_none() {
            return Err(StoreError::NotLocked {
                path: self.layout().root().to_owned(),
            });
        }
        self.check(relative)?;
        let number = self.shared.partials.fetch_add(1, Ordering::Relaxed);
        let temporary = self.layout().temporary().join(format!("{number}.part"));
        Partial::create(self.clone(), relative.to_owned(), temporary)
    }

    /// Begins a video that is kept among the takes of `relative` when it is whole.
    pub fn begin_take(&self, relative: &str) -> Result<Partial, StoreError> {
        Ok(self.begin(relative)?.into_take())
    }

    /// Whether a saved video is still there; looks at names, sizes and times, and
    /// reads the file only where these leave a doubt: where it was touched after
    /// it was saved, or moved away once.
    pub fn is_whole(&self, video: &Video, saved_at: Option<Timestamp>) -> Presence {
        let path = self.layout().path(&video.path);
        match fs::metadata(&path) {
            Err(_) => Presence::Missing,
            Ok(found) if !found.is_file() || found.len() != video.bytes => Presence::Altered,
            Ok(found) if was_touched(&found, saved_at) || self.take_of(video).is_some() => {
                match digest(&path) {
                    Ok(sha256) if sha256 == video.sha256 => Presence::Present,
                    _ => Presence::Altered,
                }
            }
            Ok(_) => Presence::Present,
        }
    }

    /// Where a saved video was kept when another took its name, relative to the
    /// folder; `None` where it was not.
    pub fn take_of(&self, video: &Video) -> Option<String> {
        let is_it = |take: &String| {
            fs::metadata(self.layout().path(take))
                .is_ok_and(|found| found.is_file() && found.len() == video.bytes)
        };
        [layout::take, layout::long_take]
            .into_iter()
            .map(|name| name(&video.path, &video.sha256))
            .find(is_it)
    }

    /// Puts a copy of a saved video under another name, or back under its own,
    /// from wherever it is kept; the digest is verified on the way.
    pub fn adopt(&self, video: &Video, relative: &str) -> Result<Saved, StoreError> {
        let places = [Some(video.path.clone()), self.take_of(video)];
        for place in places.into_iter().flatten() {
            let path = self.layout().path(&place);
            if !path.is_file() {
                continue;
            }
            let partial = self.copy(&path, relative)?;
            if partial.sha256() == video.sha256 {
                return partial.commit();
            }
        }
        Err(StoreError::Gone {
            path: self.layout().path(&video.path),
        })
    }

    /// Puts a copy of a saved video of another folder under its name here, or among
    /// its takes; the digest is verified on the way, and the copy is as old as the
    /// record says, so that it is not taken for one that somebody touched.
    pub fn receive(
        &self,
        other: &Store,
        video: &Video,
        saved_at: Option<Timestamp>,
        among_takes: bool,
    ) -> Result<Saved, StoreError> {
        let places = [Some(video.path.clone()), other.take_of(video)];
        let name = name_of(&video.path, &video.sha256);
        // What was saved as a take is one here, too.
        let among_takes = among_takes || name != video.path;
        let mut damaged = None;
        for place in places.into_iter().flatten() {
            let path = other.layout().path(&place);
            if !path.is_file() {
                continue;
            }
            let partial = self.copy(&path, &name)?;
            if partial.sha256() != video.sha256 {
                damaged = Some(path);
                continue;
            }
            if let Some(saved_at) = saved_at {
                partial.date(saved_at.into())?;
            }
            let partial = if among_takes {
                partial.into_take()
            } else {
                partial
            };
            return partial.commit();
        }
        Err(match damaged {
            Some(path) => StoreError::Damaged { path },
            None => StoreError::Gone {
                path: other.layout().path(&video.path),
            },
        })
    }

    fn copy(&self, from: &Path, relative: &str) -> Result<Partial, StoreError> {
        let mut partial = self.begin(relative)?;
        let mut source = File::open(from).map_err(StoreError::io("open", from))?;
        let mut chunk = vec![0; 128 * 1024];
        loop {
            match source
                .read(&mut chunk)
                .map_err(StoreError::io("read", from))?
            {
                0 => return Ok(partial),
                length => partial.write(&chunk[..length])?,
            }
        }
    }

    /// Creates the folder that `relative` is in, step by step, and refuses a step
    /// that a symbolic link leads out of the output folder.
    fn prepare_folder(&self, relative: &str) -> Result<PathBuf, StoreError> {
        let mut folder = self.layout().root().to_owned();
        if let Some((parents, _)) = relative.rsplit_once('/') {
            for part in parents.split('/').filter(|part| !part.is_empty()) {
                folder.push(part);
                create_one(&folder)?;
                inside(self.layout(), &folder)?;
            }
        }
        Ok(folder)
    }
}

/// Whether somebody wrote to a file after it was saved.
fn was_touched(found: &fs::Metadata, saved_at: Option<Timestamp>) -> bool {
    let modified = found
        .modified()
        .ok()
        .and_then(|at| Timestamp::try_from(at).ok());
    modified
        .zip(saved_at)
        .is_none_or(|(modified, saved_at)| modified.duration_since(saved_at) > TOUCHED)
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(StoreError::io("look at", path)(error)),
    }
}

/// Refuses a folder that is not one, or that lies elsewhere in truth.
fn inside(layout: &Layout, folder: &Path) -> Result<(), StoreError> {
    let real = folder
        .canonicalize()
        .map_err(StoreError::io("open", folder))?;
    if !real.starts_with(layout.root()) {
        return Err(StoreError::Outside {
            path: folder.to_owned(),
        });
    }
    if !real.is_dir() {
        return Err(StoreError::InTheWay {
            path: folder.to_owned(),
        });
    }
    Ok(())
}

/// Whether `path` is free, or taken by a file that can be moved to `takes/`.
fn not_in_the_way(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::InTheWay {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Each step durable: a power cut must not take the ledger's folder away from
/// under a payment.
fn create_all(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| *parent != Path::new("")) {
        create_all(parent)?;
    }
    create_one(folder)
}

fn create_one(folder: &Path) -> Result<(), StoreError> {
    match fs::create_dir(folder) {
        Ok(()) => disk::sync_folder_of(folder),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io("create", folder)(error)),
    }
}

fn take_lock(path: &Path, dir: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(StoreError::io("write to", dir))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // Whoever only looks holds it for a moment.
            Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_PATIENCE / 20);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Busy {
                    path: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(StoreError::io("lock", path)(source)),
        }
    }
}

/// Removes what a crash left on its way; the lock is held, so nobody writes it.
fn clear(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        // Rubbish that cannot be removed is no reason not to run.
        let _ = fs::remove_file(entry.path());
    }
}
