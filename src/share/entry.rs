//! What one payment looks like in a shared store.
//!
//! Owns the form of an entry, the way from a ledger and back to one, and which of two
//! entries for one payment says more. What is believed of one that comes is decided in
//! `verify`. An entry holds no key, no link that lets others in, and no path of a machine.

mod verify;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::verify::Broken;
pub(super) use self::verify::MAX_BYTES;
use crate::check::link;
use crate::event::{Failure, FailureClass, Video};
use crate::id::{FileId, Fingerprint, RunId, ShotId, TaskId, sha256_hex};
use crate::ledger::{self, AttemptStanding, Record, RunEntry};
use crate::money::Money;

/// The form of entries that this program writes and reads.
const VERSION: u32 = 1;

/// Longest text that is written, in characters.
const LONGEST: usize = 400;

/// What an object says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "runner entry")]
    RunnerEntry,
}

/// How far a payment has come. Later ones say more: what was paid goes from left to
/// right and never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may have been paid, and nobody knows.
    Uncertain,
    /// The service took the task.
    Created,
    /// The video exists at the service.
    Succeeded,
    /// The task failed at the service.
    Failed,
    /// A person gave it up.
    Lost,
    /// There is a video of it.
    Saved,
}

/// One payment, as far as it had come when somebody wrote it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    format: Format,
    version: u32,
    /// What exactly was asked for.
    pub fingerprint: Fingerprint,
    /// Its number among the attempts of its run's folder for the request, from 1.
    pub number: u32,
    /// How far it has come.
    pub standing: Standing,
    /// The shot that it was made for, by the name that it had.
    pub shot: String,
    /// The run that made it.
    pub run: EntryRun,
    /// When the intent became durable.
    pub intended_at: Timestamp,
    /// The paid task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The finished file at the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What it costs by the price table of its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// What went wrong, where something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<EntryFailure>,
    /// The video that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<EntryVideo>,
    /// The request's fields, media as digests.
    pub request: Map<String, Value>,
}

/// The run that paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRun {
    /// Its name.
    pub id: String,
    /// The name that it shares with the other parts of a larger run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_id: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// The manifest's file name.
    pub manifest: String,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Where the service was: a task is known there only.
    pub base_url: String,
    /// Whether nothing is charged there.
    pub free: bool,
    /// The version of this program.
    pub runner_version: String,
    /// The version of the API's documents.
    pub spec_version: String,
}

/// Why a payment came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryFailure {
    /// Of which kind.
    pub class: FailureClass,
    /// The service's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// What was said.
    pub message: String,
}

/// A video, whatever its name is on a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryVideo {
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Frames per second.
    pub fps: f64,
    /// RFC 6381 codec string.
    pub codec: String,
}

/// What an entry is about: two with the same are one payment. The latest comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payment {
    intended_at: Timestamp,
    run: String,
    number: u32,
    fingerprint: Fingerprint,
}

impl From<&ledger::Entry> for Entry {
    /// Leaves out what only a machine knows: where the video is, and when it came there.
    fn from(known: &ledger::Entry) -> Self {
        let (run, record) = (&known.run, &known.record);
        Self {
            format: Format::RunnerEntry,
            version: VERSION,
            fingerprint: record.fingerprint.clone(),
            number: record.number,
            standing: Standing::of(record),
            shot: record.shot.as_str().to_owned(),
            run: EntryRun {
                id: run.run_id.as_str().to_owned(),
                shared_id: run.shared_id.clone(),
                started_at: run.started_at,
                manifest: file_name(&run.manifest),
                backend: run.backend.clone(),
                base_url: run.base_url.clone(),
                free: run.free,
                runner_version: run.runner_version.clone(),
                spec_version: run.spec_version.clone(),
            },
            intended_at: record.intended_at,
            task: record.task.as_ref().map(|task| task.as_str().to_owned()),
            file: record.file.as_ref().map(|file| file.as_str().to_owned()),
            price: record.price.clone(),
            failure: record.failure.as_ref().map(|failure| EntryFailure {
                class: failure.class,
                code: failure.code,
                message: plain(&failure.message),
            }),
            video: record.video.as_ref().map(EntryVideo::of),
            request: link::shown(&record.request),
        }
    }
}

impl Standing {
    /// Whether a video counts or is a take of its own is decided where it is taken in.
    fn of(record: &Record) -> Self {
        match record.state {
            AttemptStanding::Intended | AttemptStanding::Uncertain => Self::Uncertain,
            AttemptStanding::Created => Self::Created,
            AttemptStanding::Succeeded => Self::Succeeded,
            AttemptStanding::Saved | AttemptStanding::Superseded => Self::Saved,
            AttemptStanding::Failed | AttemptStanding::Refused => Self::Failed,
            AttemptStanding::Lost => Self::Lost,
        }
    }

    fn as_attempt(self) -> AttemptStanding {
        match self {
            Self::Uncertain => AttemptStanding::Uncertain,
            Self::Created => AttemptStanding::Created,
            Self::Succeeded => AttemptStanding::Succeeded,
            Self::Failed => AttemptStanding::Failed,
            Self::Lost => AttemptStanding::Lost,
            Self::Saved => AttemptStanding::Saved,
        }
    }
}

impl Entry {
    /// The bytes of it, which are the same wherever the same is written down.
    pub fn bytes(&self) -> Vec<u8> {
        let mut ordered =
            serde_json::to_value(self).expect("an entry is plain data, and that is always JSON");
        ordered.sort_all_objects();
        ordered.to_string().into_bytes()
    }

    /// The digest that names it.
    pub fn digest(&self) -> String {
        sha256_hex(&self.bytes())
    }

    /// Which payment it is about.
    pub fn payment(&self) -> Payment {
        Payment {
            intended_at: self.intended_at,
            run: self.run.id.clone(),
            number: self.number,
            fingerprint: self.fingerprint.clone(),
        }
    }

    /// Whether it says more than another one for the same payment. The same on every
    /// machine, in whatever order they are read.
    pub fn says_more_than(&self, other: &Self) -> bool {
        (self.knowledge(), self.digest()) > (other.knowledge(), other.digest())
    }

    /// How much is known: less may not take the place of more. A video says more than
    /// that somebody gave its task up, unless the video itself was given up.
    pub fn knowledge(&self) -> (bool, Standing) {
        let given_up = self.standing == Standing::Lost && self.video.is_some();
        (given_up, self.standing)
    }

    /// The video that can be fetched from the store.
    pub fn saved(&self) -> Option<&EntryVideo> {
        let video = self.video.as_ref();
        video.filter(|_| self.standing == Standing::Saved)
    }

    /// Whether `request` is what it was paid for.
    pub fn answers(&self, request: &Map<String, Value>) -> bool {
        self.request == link::shown(request)
    }

    /// The same payment before its video was fetched, for whoever has no video to give:
    /// the service still has it. `None` where it is not known by which task.
    #[must_use]
    pub fn without_video(mut self) -> Option<Self> {
        self.task.as_ref()?;
        if self.video.take().is_some() {
            self.standing = if self.file.is_some() {
                Standing::Succeeded
            } else {
                Standing::Created
            };
        }
        Some(self)
    }

    /// As the ledger of this machine has it from `now` on: with the request as it is sent
    /// from here, and the path under which the video is here.
    pub fn at_home(
        &self,
        request: Arc<Map<String, Value>>,
        path: &str,
        now: Timestamp,
    ) -> ledger::Entry {
        let run = RunId::new(self.run.id.as_str());
        let record = Record {
            attempt: self.fingerprint.attempt(self.number),
            number: self.number,
            run: run.clone(),
            // Looked at when it was read.
            shot: ShotId::new(self.shot.as_str()).expect("an entry that was read has a shot"),
            fingerprint: self.fingerprint.clone(),
            backend: self.run.backend.clone(),
            base_url: self.run.base_url.clone(),
            state: self.standing.as_attempt(),
            task: self.task.as_deref().map(TaskId::new),
            file: self.file.as_deref().map(FileId::new),
            trace_id: None,
            video: self.video.as_ref().map(|video| video.at(path)),
            saved_at: self.video.as_ref().map(|_| now),
            failure: self.failure.as_ref().map(EntryFailure::failure),
            request,
            price: self.price.clone(),
            intended_at: self.intended_at,
            // What comes knows more than what is here, and so it is the later fact.
            changed_at: now,
        };
        let run = RunEntry {
            run_id: run,
            shared_id: self.run.shared_id.clone(),
            started_at: self.run.started_at,
            // What it did after this is not known here; it does not go on here.
            finished_at: Some(self.intended_at),
            manifest: self.run.manifest.clone(),
            backend: self.run.backend.clone(),
            base_url: self.run.base_url.clone(),
            free: self.run.free,
            runner_version: self.run.runner_version.clone(),
            spec_version: self.run.spec_version.clone(),
        };
        ledger::Entry { run, record }
    }
}

impl EntryFailure {
    fn failure(&self) -> Failure {
        Failure {
            code: self.code,
            ..Failure::new(self.class, self.message.as_str())
        }
    }
}

impl EntryVideo {
    fn of(video: &Video) -> Self {
        Self {
            sha256: video.sha256.clone(),
            bytes: video.bytes,
            width: video.width,
            height: video.height,
            duration_ms: video.duration_ms,
            fps: video.fps,
            codec: video.codec.clone(),
        }
    }

    /// As it is known where it lies.
    pub fn at(&self, path: &str) -> Video {
        Video {
            path: path.to_owned(),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            width: self.width,
            height: self.height,
            duration_ms: self.duration_ms,
            fps: self.fps,
            codec: self.codec.clone(),
        }
    }
}

/// Folders of a machine are nobody else's business.
fn file_name(path: &str) -> String {
    plain(path.rsplit(['/', '\\']).next().unwrap_or(path))
}

/// What others would not believe is not written either: nothing that steers a terminal,
/// and nothing of any length.
fn plain(text: &str) -> String {
    let shown = text.chars().filter(|c| !c.is_control());
    shown.take(LONGEST).collect()
}
