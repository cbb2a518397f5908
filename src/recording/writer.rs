//! Writing a recording: a journal while a run goes on, and the HAR when it has ended.
//!
//! Owns the two files, and that the journal goes only when all of it is in the HAR.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, Unit};

use super::har::{self, CLOSING, Entry, Meta};
use super::known::Known;
use super::links::Links;
use super::past::Past;
use super::read::JournalHead;
use super::recorder::Trouble;
use super::{HAR, JOURNAL, Recording, RecordingError, bodies};
use crate::provider::exchange::Whole;
use crate::store;

/// The thread's part of a recorder.
pub(super) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) meta: Meta,
    journal: File,
    /// What was there before.
    pub(super) earlier: Vec<Entry>,
    pub(super) known: Known,
    pub(super) links: Links,
    pub(super) written: usize,
    pub(super) wall_clock: fn() -> Timestamp,
    pub(super) trouble: Arc<Trouble>,
}

impl Writer {
    pub(super) fn new(
        folder: &Path,
        meta: Meta,
        mut journal: File,
        earlier: Option<Recording>,
        wall_clock: fn() -> Timestamp,
        trouble: &Arc<Trouble>,
    ) -> Result<Self, RecordingError> {
        let path = folder.join(JOURNAL);
        let (meta, entries, cut_off) = match earlier {
            Some(earlier) => (earlier.meta, earlier.entries, earlier.cut_off),
            None => (meta, Vec::new(), false),
        };
        if cut_off {
            // What a run that was cut off heard becomes a part of the recording first.
            write_har(&folder.join(HAR), &meta, &entries, None)
                .map_err(|error| RecordingError::broken(&path, "its end", error))?;
        }
        let head = serde_json::to_string(&JournalHead { recording: &meta });
        let head = head.expect("it has text keys only");
        journal
            .set_len(0)
            .and_then(|()| journal.write_all(format!("{head}\n").as_bytes()))
            .map_err(RecordingError::io("write", &path))?;
        let (mut known, mut links) = (Known::default(), Links::default());
        for entry in &entries {
            known.note(entry);
            links.note(entry);
        }
        Ok(Self {
            folder: folder.to_owned(),
            meta,
            journal,
            earlier: entries,
            known,
            links,
            written: 0,
            wall_clock,
            trouble: Arc::clone(trouble),
        })
    }

    pub(super) fn take(&mut self, whole: Whole) {
        let entry = self.entry(whole);
        self.write(&entry);
    }

    fn write(&mut self, entry: &Entry) {
        self.known.note(entry);
        let mut line = serde_json::to_string(entry).expect("it has text keys only");
        line.push('\n');
        match self.journal.write_all(line.as_bytes()) {
            Ok(()) => self.written += 1,
            Err(error) => self
                .trouble
                .note(format!("{}: {error}", self.folder.join(JOURNAL).display())),
        }
    }

    /// Puts in what is missing of a shot that an earlier run made.
    pub(super) fn remember(&mut self, past: &Past) {
        let now = (self.wall_clock)();
        let now = now.round(Unit::Millisecond).unwrap_or(now);
        if let Some(video) = past.to_keep(&self.known)
            && let Err(why) = bodies::copy(&self.folder, &video.from, &video.sha256, video.bytes)
        {
            self.trouble.note(why);
            return;
        }
        for entry in past.entries(&self.meta.base_url, &self.known, now) {
            self.write(&entry);
        }
    }

    /// Writes the recording whole, and only then lets the journal go.
    pub(super) fn close(mut self) -> Result<(), String> {
        let path = self.folder.join(HAR);
        write_har(&path, &self.meta, &self.earlier, Some(&mut self.journal))?;
        let journal = self.folder.join(JOURNAL);
        fs::remove_file(&journal).map_err(|error| format!("{}: {error}", journal.display()))
    }
}

/// Writes a recording: what was there, then the lines of a journal, as they are.
fn write_har(
    path: &Path,
    meta: &Meta,
    earlier: &[Entry],
    journal: Option<&mut File>,
) -> Result<(), String> {
    let failed = |error: std::io::Error| store::StoreError::Io {
        operation: "write",
        path: path.to_owned(),
        source: error,
    };
    let written = store::write_atomic_with(path, |file| {
        let mut out = std::io::BufWriter::new(file);
        let mut write = |text: &str| out.write_all(text.as_bytes()).map_err(failed);
        write(&har::opening(meta))?;
        let mut first = true;
        for entry in earlier {
            let line = serde_json::to_string(entry).expect("it has text keys only");
            write(if std::mem::take(&mut first) {
                ""
            } else {
                ",\n"
            })?;
            write(&line)?;
        }
        if let Some(journal) = journal {
            let mut text = String::new();
            journal.seek(SeekFrom::Start(0)).map_err(failed)?;
            journal.read_to_string(&mut text).map_err(failed)?;
            for line in text.lines().skip(1) {
                write(if std::mem::take(&mut first) {
                    ""
                } else {
                    ",\n"
                })?;
                write(line)?;
            }
        }
        write(CLOSING)?;
        out.flush().map_err(failed)
    });
    written.map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}
