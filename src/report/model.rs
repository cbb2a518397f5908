//! A run's report as data: the one thing that every form of it is made from.
//!
//! Owns the report's shape; what is said of a field here is what its schema says.
//! Everything that differs between two equal runs is under a key named `run`, in the
//! report and in each shot; ids that the service gave stay with the shot. Never
//! decides anything: it is filled from [`RunState`] in `fill`.
//!
//! Reading is open where the schema is closed: a report of a later minor version has
//! fields that this one skips.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::SCHEMA_VERSION;
use super::twin::{CallError, Decision, Money, Outcome, Totals, Video};
use super::verdict::Verdict;
use super::words::{EndingCode, Reason, StopCode};

#[cfg(doc)]
use crate::state::RunState;

/// What one run of `runner apply` did. Two runs that decide and reach the same
/// differ only under keys named `run` and in ids that the service gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Report {
    /// Version of this format: the minor number grows when fields are added, the
    /// major one when a reader must change.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: String,
    /// The manifest as it was named on the command line.
    pub manifest: Option<String>,
    /// The backend's name in the manifest.
    pub backend: Option<String>,
    /// Whether nothing was charged, because no real service was asked.
    pub simulated: bool,
    /// The version of the program that made the run.
    pub runner_version: Option<String>,
    /// Date of the facts in the bundled API documents.
    pub spec_version: Option<String>,
    /// Date of the price table.
    pub price_date: Option<String>,
    /// Which shots of the manifest it is about, where several runs shared them out;
    /// null where it is about all that were selected.
    pub shard: Option<Shard>,
    /// Shards that were not there when several were merged to this report.
    pub missing_shards: Vec<Shard>,
    /// Whether the run came to its own end; false after an abort.
    pub finished: bool,
    /// Why nothing more was created, if so.
    pub stopped: Option<Reason<StopCode>>,
    /// Counts and sums over all shots.
    pub totals: Totals,
    /// Every selected shot, in manifest order.
    pub shots: Vec<Shot>,
    /// What differs from run to run; not there in a stable report.
    #[serde(default = "Run::left_out", skip_serializing_if = "Run::is_left_out")]
    pub run: Run,
}

/// One of several parts that the shots of a manifest are dealt to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Shard {
    /// Which one, from 1.
    #[schemars(range(min = 1))]
    pub index: u32,
    /// How many there are.
    #[schemars(range(min = 1))]
    pub count: u32,
}

/// What differs from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Run {
    /// Whether it is left out of the report.
    #[serde(skip)]
    pub left_out: bool,
    /// This run's name; sorts by start time, unless `--run-id` gave it another.
    pub run_id: Option<String>,
    /// Host and path prefix of the service.
    pub base_url: Option<String>,
    /// When the run began.
    pub started_at: Option<Timestamp>,
    /// When the last event happened.
    pub updated_at: Option<Timestamp>,
    /// Time from the first to the last event, in milliseconds.
    pub elapsed_ms: u64,
}

/// One concrete shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Shot {
    /// Its name, unique in the manifest.
    pub id: String,
    /// The scene that it belongs to, if it was written in one.
    pub scene: Option<Scene>,
    /// The author's words to find it by.
    pub tags: Vec<String>,
    /// How it is made: `T2V`, `I2V`, `FL2V` or `S2V`.
    pub mode: String,
    /// The model that is asked for.
    pub model: String,
    /// The resolution that is asked for.
    pub resolution: String,
    /// The length that is asked for, in seconds.
    pub duration_s: u32,
    /// The rendered prompt, as sent.
    pub prompt: String,
    /// The request's fields; media as digests, never as bytes, and addresses without
    /// user, query and fragment.
    pub request: Arc<Map<String, Value>>,
    /// Hash of everything that the result depends on; null while a part is another
    /// shot's frame.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub fingerprint: Option<String>,
    /// Shots whose frames it starts from or ends with.
    pub depends_on: Vec<String>,
    /// These frames.
    pub frames: Vec<Frame>,
    /// Whether the manifest asks for something else by now; its video is kept among
    /// the takes.
    pub earlier_version: bool,
    /// What the plan decided.
    pub decision: Decision,
    /// Why, in a sentence.
    pub reason: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why there is no video; null where there is one.
    pub outcome_reason: Option<Reason<EndingCode>>,
    /// What creating it costs; null where the price table has no price.
    pub price: Option<Money>,
    /// The service's name for the paid task.
    pub task_id: Option<String>,
    /// The service's name for the finished file.
    pub file_id: Option<String>,
    /// The video, if it is on disk.
    pub video: Option<Video>,
    /// What the checks say of that video; null where nothing is expected of it, or it
    /// was not looked at.
    pub verdict: Option<Verdict>,
    /// What went wrong, unless it was got over.
    pub error: Option<CallError>,
    /// What differs from run to run; not there in a stable report.
    #[serde(
        default = "ShotRun::left_out",
        skip_serializing_if = "ShotRun::is_left_out"
    )]
    pub run: ShotRun,
}

/// A group of shots that belong together in the film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Scene {
    /// Its name in the manifest.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
}

/// A frame of another shot's video in the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Frame {
    /// What it is used as: `first_frame`, `last_frame` or `subject`.
    pub field: String,
    /// The other shot.
    pub shot: String,
    /// `first`, `middle`, `last`, or a time such as `2500ms`.
    pub at: String,
    /// SHA-256 of its pixels; null while the video is not there.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub pixels_sha256: Option<String>,
    /// What decoded it; null while the video is not there.
    pub decoder: Option<String>,
}

/// What differs from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShotRun {
    /// Whether it is left out of the report.
    #[serde(skip)]
    pub left_out: bool,
    /// Every attempt of this run, in order.
    pub attempts: Vec<Attempt>,
    /// Every change of status, in order.
    pub statuses: Vec<Status>,
    /// The service's trace id of the creation, which its support asks for.
    pub trace_id: Option<String>,
    /// Polls and downloads that were tried again.
    pub retries: u32,
    /// When the service took the task in this run.
    pub created_at: Option<Timestamp>,
    /// When the service was seen to be done with it, well or not.
    pub ended_at: Option<Timestamp>,
    /// When the video was put on disk in this run.
    pub saved_at: Option<Timestamp>,
    /// When it last changed, in milliseconds since the run began.
    pub changed_ms: u64,
}

/// One attempt to create the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Attempt {
    /// Its name: the fingerprint's first digits and a number.
    pub attempt_id: String,
    /// When the intent became durable.
    pub at: Timestamp,
    /// What came of it.
    pub result: AttemptResult,
    /// The task, if it was accepted.
    pub task_id: Option<String>,
    /// What was said, if it was not.
    pub error: Option<CallError>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptResult {
    /// No answer was seen.
    Open,
    /// The service took it.
    Accepted,
    /// It is proved that nothing was accepted.
    Refused,
    /// It may have been accepted.
    Uncertain,
}

/// One status of the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Status {
    /// The service's own word.
    pub status: String,
    /// When it was first seen.
    pub at: Timestamp,
}

/// Makes a part of a report one that can be left out.
macro_rules! can_be_left_out {
    ($($part:ident),*) => {
        $(impl $part {
            fn left_out() -> Self {
                Self { left_out: true, ..Self::default() }
            }

            fn is_left_out(&self) -> bool {
                self.left_out
            }
        })*
    };
}

can_be_left_out!(Run, ShotRun);

impl Report {
    /// The same without what differs between two equal runs: times, names of runs,
    /// retries, where the manifest is. Equal runs then have equal reports, byte for byte.
    #[must_use]
    pub fn stable(mut self) -> Self {
        self.run = Run::left_out();
        for shot in &mut self.shots {
            shot.run = ShotRun::left_out();
        }
        // A relative path is the author's; an absolute one is the machine's.
        let manifest = self.manifest.take();
        self.manifest = manifest.map(|manifest| {
            let path = std::path::Path::new(&manifest);
            match path.file_name() {
                Some(name) if path.is_absolute() => name.to_string_lossy().into_owned(),
                _ => manifest,
            }
        });
        self
    }
}
