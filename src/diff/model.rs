//! The difference as data: what `runner diff --format json` prints.
//!
//! Owns the names of its fields, which other programs rely on; what is said of a
//! field here is what its schema says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::Piece;

/// Rises by a minor number when fields are added, by a major one when a program
/// that reads them would be wrong.
pub const SCHEMA_VERSION: &str = "1.0";

/// What differs between two documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "runner diff", deny_unknown_fields)]
pub struct Diff {
    /// Version of this document.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: String,
    /// Whether nothing that counts differs.
    pub same: bool,
    /// The document that is compared from.
    pub before: Document,
    /// The document that is compared to.
    pub after: Document,
    /// What both documents tell, and so what was compared.
    pub compared: Vec<Group>,
    /// What was asked to be ignored: it is told, and does not count.
    pub ignored: Vec<Group>,
    /// How many shots differ, and by what.
    pub totals: Totals,
    /// What differs in the documents as a whole.
    pub changes: Vec<Change>,
    /// The shots that differ, in the order of the document after; one that was
    /// removed stands behind the one that it stood behind.
    pub shots: Vec<ShotDiff>,
}

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What a run did.
    Report,
    /// What a run would do.
    Plan,
    /// What a run must not change.
    Lock,
}

impl Kind {
    /// The word in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Plan => "plan",
            Self::Lock => "lock",
        }
    }

    /// The same at the beginning of a line.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Report => "Report",
            Self::Plan => "Plan",
            Self::Lock => "Lock",
        }
    }
}

/// One of the two documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Document {
    /// As it was named on the command line.
    pub name: String,
    /// What kind of document it is.
    pub kind: Kind,
    /// The manifest that it is of, where it says so.
    pub manifest: Option<String>,
    /// The run that it tells of, if it does.
    pub run_id: Option<String>,
    /// How many shots are in it.
    pub shots: usize,
}

/// What a fact is about. Each can be ignored by its name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What is asked for, in words.
    Prompt,
    /// What else is asked for: model, length, pictures, backend.
    Settings,
    /// Pixels of frames that are taken out of other shots' videos.
    Frames,
    /// Where the shot stands in the film.
    Order,
    /// Scene and tags.
    Labels,
    /// What the plan decided.
    Decision,
    /// How it ended, and why.
    Outcome,
    /// What creating it costs.
    Price,
    /// The verdicts of its checks.
    Checks,
    /// The video's size, length, frame rate and codec.
    Video,
    /// The video, byte for byte.
    Bytes,
    /// What the video's file is called.
    File,
    /// The program and its tables; never counts.
    Program,
    /// What differs between any two runs: times, names of runs and tasks; never
    /// counts.
    Run,
}

impl Group {
    /// Every one of them.
    pub const ALL: [Self; 14] = [
        Self::Prompt,
        Self::Settings,
        Self::Frames,
        Self::Order,
        Self::Labels,
        Self::Decision,
        Self::Outcome,
        Self::Price,
        Self::Checks,
        Self::Video,
        Self::Bytes,
        Self::File,
        Self::Program,
        Self::Run,
    ];

    /// The word in the document and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Settings => "settings",
            Self::Frames => "frames",
            Self::Order => "order",
            Self::Labels => "labels",
            Self::Decision => "decision",
            Self::Outcome => "outcome",
            Self::Price => "price",
            Self::Checks => "checks",
            Self::Video => "video",
            Self::Bytes => "bytes",
            Self::File => "file",
            Self::Program => "program",
            Self::Run => "run",
        }
    }

    /// Whether it makes a difference by itself.
    pub fn can_count(self) -> bool {
        !matches!(self, Self::Program | Self::Run)
    }
}

/// How many shots differ, and by what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Totals {
    /// Shots that were not there before.
    pub added: usize,
    /// Shots that are there no more.
    pub removed: usize,
    /// Shots that have another name, and ask for the same.
    pub renamed: usize,
    /// Shots that stand elsewhere in the film.
    pub moved: usize,
    /// Shots in both, of which a fact that counts differs.
    pub changed: usize,
    /// Shots in both that are as they were.
    pub unchanged: usize,
    /// For each kind of fact the number of shots in both that differ by it.
    pub by: BTreeMap<Group, usize>,
}

impl Totals {
    /// Whether no shot differs.
    pub fn is_none(&self) -> bool {
        self.added + self.removed + self.renamed + self.moved + self.changed == 0
    }

    pub(super) fn count(&mut self, shot: &ShotDiff) {
        match shot.status {
            Status::Added => self.added += 1,
            Status::Removed => self.removed += 1,
            Status::Kept => {
                self.renamed += usize::from(shot.was.is_some());
                self.moved += usize::from(shot.moved);
                self.changed += usize::from(shot.changes.iter().any(|change| change.counts));
                self.unchanged += usize::from(!shot.is_told());
            }
        }
        for group in &shot.differs {
            *self.by.entry(*group).or_default() += 1;
        }
    }
}

/// Whether a shot is in both documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Only in the one after.
    Added,
    /// Only in the one before.
    Removed,
    /// In both.
    Kept,
}

/// A shot that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShotDiff {
    /// Its name, after; of a removed one, before.
    pub id: String,
    /// Its name before, if it was another.
    pub was: Option<String>,
    /// Whether it is in both documents.
    pub status: Status,
    /// Whether it stands elsewhere in the film.
    pub moved: bool,
    /// What it differs by, as far as it counts.
    pub differs: Vec<Group>,
    /// The facts that differ, of a shot in both documents.
    pub changes: Vec<Change>,
    /// The shot before; null of an added one.
    pub before: Option<Seen>,
    /// The shot after; null of a removed one.
    pub after: Option<Seen>,
}

impl ShotDiff {
    /// Whether anything of it makes a difference.
    pub fn is_told(&self) -> bool {
        self.status != Status::Kept || self.was.is_some() || !self.differs.is_empty()
    }
}

/// A shot in one of the documents, as far as a person looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Seen {
    /// Its place in the document, from 1.
    pub position: usize,
    /// Whether it is what a shot was earlier.
    pub earlier_version: bool,
    /// Its prompt.
    pub prompt: Option<String>,
    /// What was decided, where that is told.
    pub decision: Option<String>,
    /// How it ended, where that is told.
    pub outcome: Option<String>,
    /// Why there is no video, in a sentence.
    pub why: Option<String>,
    /// What creating it costs, for example `0.28 USD`.
    pub price: Option<String>,
    /// Its video, where it is told of one with a file.
    pub video: Option<Clip>,
}

/// A video on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Clip {
    /// Relative to the output folder, with forward slashes.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// Frames per second.
    pub fps: f64,
}

/// A fact, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Change {
    /// What it is about.
    pub group: Group,
    /// Its name; the manifest's, where it has one.
    pub field: String,
    /// What it was; null where it was not there.
    pub before: Option<Value>,
    /// What it is; null where it is not there any more.
    pub after: Option<Value>,
    /// Whether it makes a difference by itself.
    pub counts: bool,
    /// Of a text, what stayed, went and came; null of what is no long text.
    pub words: Option<Vec<Piece>>,
}
