//! What one payment looks like in a shared store.
//!
//! Owns the form of an entry, what must hold in one before anything of it is
//! believed, and which of two entries for one payment says more. An entry holds no
//! key, no link that lets others in, and no path of a machine.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::names::is_digest;
use crate::check::link;
use crate::event::{Failure, FailureClass, Video};
use crate::id::{FileId, Fingerprint, RunId, ShotId, TaskId, sha256_hex};
use crate::ledger::{self, AttemptStanding, Record, RunEntry};
use crate::money::Money;

/// The form of entries that this program writes and reads.
const VERSION: u32 = 1;

/// No entry is larger: prompts have some thousand characters.
pub(super) const MAX_BYTES: u64 = 256 * 1024;

/// No video is larger: a hundred times what ten seconds of 1080P take.
pub(super) const MAX_VIDEO_BYTES: u64 = 512 * 1024 * 1024;

/// A name, an address, a code: longer ones are none.
const MAX_NAME_CHARS: usize = 400;

/// What a service says of a failure.
const MAX_TEXT_CHARS: usize = 4_000;

/// A price beyond this is a trick on sums.
const MAX_PRICE_MICROS: i64 = 1_000_000_000_000;

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
                message: failure.message.clone(),
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

    /// Reads what lies under the name of `fingerprint` and `digest`, and believes
    /// nothing of it before it was looked at.
    pub fn read(fingerprint: &Fingerprint, digest: &str, bytes: &[u8]) -> Result<Self, Broken> {
        if sha256_hex(bytes) != digest {
            return Err(Broken::Digest);
        }
        let entry: Self = match serde_json::from_slice(bytes) {
            Ok(entry) => entry,
            Err(_) => return Err(other_version(bytes).unwrap_or(Broken::Form)),
        };
        if entry.version != VERSION {
            return Err(Broken::Version(entry.version));
        }
        if entry.fingerprint != *fingerprint {
            return Err(Broken::Fingerprint);
        }
        entry.verify().map_err(Broken::Value)?;
        Ok(entry)
    }

    /// The first part of it that this program would never write.
    fn verify(&self) -> Result<(), &'static str> {
        let run = &self.run;
        let names = [
            ("shot", Some(&self.shot)),
            ("run", Some(&run.id)),
            ("manifest", Some(&run.manifest)),
            ("backend", Some(&run.backend)),
            ("address", Some(&run.base_url)),
            ("run", run.shared_id.as_ref()),
            ("version", Some(&run.runner_version)),
            ("version", Some(&run.spec_version)),
            ("task", self.task.as_ref()),
            ("file", self.file.as_ref()),
        ];
        for (what, name) in names {
            if name.is_some_and(|name| !is_name(name)) {
                return Err(what);
            }
        }
        if ShotId::new(self.shot.as_str()).is_err() {
            return Err("shot");
        }
        if self.number == 0 {
            return Err("number");
        }
        let has_task = self.task.is_some();
        let fits = match self.standing {
            Standing::Uncertain => !has_task && self.video.is_none(),
            Standing::Created | Standing::Succeeded => has_task && self.video.is_none(),
            Standing::Failed => self.failure.is_some(),
            Standing::Lost => true,
            Standing::Saved => self.video.is_some(),
        };
        if !fits {
            return Err("standing");
        }
        if self.price.as_ref().is_some_and(|price| !is_price(price)) {
            return Err("price");
        }
        let said = self.failure.as_ref().map(|failure| &failure.message);
        if said.is_some_and(|said| !is_text(said)) {
            return Err("failure");
        }
        self.video.as_ref().map_or(Ok(()), EntryVideo::verify)
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

    fn verify(&self) -> Result<(), &'static str> {
        if !is_digest(&self.sha256) {
            return Err("digest of the video");
        }
        if self.bytes == 0 || self.bytes > MAX_VIDEO_BYTES {
            return Err("size of the video");
        }
        let size = 1..=100_000;
        let whole = size.contains(&self.width)
            && size.contains(&self.height)
            && self.duration_ms <= 86_400_000
            && self.fps.is_finite()
            && (0.0..=1_000.0).contains(&self.fps)
            && is_name(&self.codec);
        whole.then_some(()).ok_or("property of the video")
    }
}

/// Folders of a machine are nobody else's business.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

/// What a later program writes may have fields that are not known here.
fn other_version(bytes: &[u8]) -> Option<Broken> {
    #[derive(Deserialize)]
    struct Head {
        #[allow(dead_code, reason = "only what has it is an entry")]
        format: Format,
        version: u32,
    }

    let head: Head = serde_json::from_slice(bytes).ok()?;
    (head.version != VERSION).then_some(Broken::Version(head.version))
}

/// A line that a terminal shows as it is.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MAX_NAME_CHARS
        && !text.chars().any(char::is_control)
}

fn is_text(text: &str) -> bool {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(odd)
}

fn is_price(price: &Money) -> bool {
    let currency = price.currency();
    (0..=MAX_PRICE_MICROS).contains(&price.micros())
        && currency.len() == 3
        && currency.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Nobody here gives that name.
    #[error("runner gives no such name")]
    Name,
    /// Its bytes are not those that its name promises.
    #[error("its content does not fit its name")]
    Digest,
    /// It has more bytes than there can be.
    #[error("it has {bytes} bytes, more than there can be")]
    Size {
        /// As many.
        bytes: u64,
    },
    /// It has another size than its entry says.
    #[error("it has {found} bytes, and {expected} were promised")]
    Length {
        /// As many as there are.
        found: u64,
        /// As many as there should be.
        expected: u64,
    },
    /// It is no entry.
    #[error("it is not an entry of runner")]
    Form,
    /// Another version of this program wrote it.
    #[error("it has version {0}, and this runner reads version 1")]
    Version(u32),
    /// It lies under another request's name.
    #[error("it is about another request than its folder")]
    Fingerprint,
    /// A part of it cannot be true.
    #[error("its {0} cannot be true")]
    Value(&'static str),
    /// It was made by another request than what has its fingerprint here.
    #[error("its request is not the one of its fingerprint")]
    Request,
    /// It is not there, although an entry says so.
    #[error("it is missing")]
    Missing,
    /// It is no video.
    #[error("it is not a whole video: {0}")]
    Video(String),
    /// There are more of them than anybody pays for.
    #[error("there are more than {0} entries for one request")]
    TooMany(usize),
}
