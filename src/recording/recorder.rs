//! Keeping what a run says and hears.
//!
//! Owns the thread on which all of it is written. Nothing that goes wrong there reaches
//! the run: the first trouble is kept, and told at the end.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;

use super::bodies::{self, Incoming};
use super::har::Meta;
use super::past::Past;
use super::writer::Writer;
use super::{BODIES, JOURNAL, Recording, RecordingError};
use crate::provider::exchange::{KeptFile, Receiver, Recorder as Keeps, Whole};

/// Exchanges that wait to be written before whoever makes them waits, too.
const WAITING: usize = 256;

/// A recording that a run adds to.
pub struct Recorder {
    folder: PathBuf,
    sender: Mutex<Option<SyncSender<Whole>>>,
    writer: Mutex<Option<JoinHandle<Writer>>>,
    parts: AtomicU64,
    trouble: Arc<Trouble>,
}

/// The first thing that could not be kept.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    pub(super) fn note(&self, what: impl Into<String>) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(what.into());
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Exchanges of this run.
    pub heard: usize,
    /// Exchanges that were put in from the ledger.
    pub remembered: usize,
    /// All of the recording.
    pub exchanges: usize,
    /// What could not be kept, if anything.
    pub trouble: Option<String>,
}

impl Recorder {
    /// Begins to add to the recording of a folder, or begins one.
    ///
    /// # Errors
    ///
    /// That the folder cannot be used, or what is wrong with the recording in it:
    /// nothing was paid yet.
    pub fn open(
        folder: &Path,
        meta: Meta,
        wall_clock: fn() -> Timestamp,
    ) -> Result<Self, RecordingError> {
        let bodies = folder.join(BODIES);
        fs::create_dir_all(&bodies).map_err(RecordingError::io("create", &bodies))?;
        let path = folder.join(JOURNAL);
        let journal = locked(&path, folder)?;
        let earlier = Recording::find(folder)?;
        if let Some(earlier) = &earlier
            && earlier.meta.backend != meta.backend
        {
            return Err(RecordingError::OtherBackend {
                path: folder.to_owned(),
                recorded: earlier.meta.backend.clone(),
                asked: meta.backend,
            });
        }
        bodies::sweep(folder);
        let trouble = Arc::new(Trouble::default());
        let writer = Writer::new(folder, meta, journal, earlier, wall_clock, &trouble)?;
        let (sender, exchanges) = sync_channel(WAITING);
        let writing = std::thread::spawn(move || {
            let mut writer = writer;
            // Ends when the recorder lets the sender go.
            for whole in exchanges {
                writer.take(whole);
            }
            writer
        });
        Ok(Self {
            folder: folder.to_owned(),
            sender: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writing)),
            parts: AtomicU64::new(0),
            trouble,
        })
    }

    /// Ends the recording of a run. What the ledger remembers of its shots and nobody
    /// heard is put in.
    pub fn finish(&self, past: &[Past]) -> Kept {
        drop(lock(&self.sender).take());
        let writing = lock(&self.writer).take();
        let Some(Ok(mut writer)) = writing.map(JoinHandle::join) else {
            return Kept {
                heard: 0,
                remembered: 0,
                exchanges: 0,
                trouble: Some("the recorder ended early".to_owned()),
            };
        };
        let heard = writer.written;
        for past in past {
            writer.remember(past);
        }
        let remembered = writer.written - heard;
        let exchanges = writer.earlier.len() + writer.written;
        if let Err(error) = writer.close() {
            self.trouble.note(error);
        }
        Kept {
            heard,
            remembered,
            exchanges,
            trouble: self.trouble.take(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeps for Recorder {
    fn keep(&self, whole: Whole) {
        let sender = lock(&self.sender).clone();
        if sender.is_none_or(|sender| sender.send(whole).is_err()) {
            self.trouble.note("an exchange came after the end");
        }
    }

    fn receive(&self) -> Box<dyn Receiver> {
        let number = self.parts.fetch_add(1, Ordering::Relaxed);
        Box::new(Taking {
            incoming: Incoming::begin(&self.folder, number),
            trouble: Arc::clone(&self.trouble),
        })
    }
}

/// A file on its way into the recording.
struct Taking {
    incoming: Incoming,
    trouble: Arc<Trouble>,
}

impl Receiver for Taking {
    fn take(&mut self, bytes: &[u8]) {
        self.incoming.take(bytes);
    }

    fn end(self: Box<Self>) -> Option<KeptFile> {
        match self.incoming.end() {
            Ok(kept) => Some(kept),
            Err(why) => {
                self.trouble.note(why);
                None
            }
        }
    }
}

/// Opens the journal for one run alone. What an earlier one left in it stays.
fn locked(path: &Path, folder: &Path) -> Result<File, RecordingError> {
    let file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(RecordingError::io("write", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RecordingError::Busy {
            path: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(RecordingError::io("lock", path)(source)),
    }
}
