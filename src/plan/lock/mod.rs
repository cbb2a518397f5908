//! The lock file: what a storyboard asked for, and which videos were accepted,
//! when somebody last said that it is right.
//!
//! Owns the format and its text. TOML, as of other lock files: one fact a line, no
//! indentation and no commas, so that two branches that change two shots merge; a
//! prompt of several lines stays one; a shot that a merge doubled is an error. In
//! order of shot ids, because a shot that moves in the film asks for the same video.
//! Never holds a time, a path of a machine, a key, or the query of a link.

mod compare;
mod hold;
mod see;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::compare::{Difference, Kind, differences};
pub use self::hold::Held;
pub use self::see::{Seen, View};

/// The only version of the format that there is.
pub const VERSION: u32 = 1;

/// The largest lock that is read, in bytes: about a hundred thousand shots.
pub const LARGEST: u64 = 64 * 1024 * 1024;

/// What a lock says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// The only kind.
    #[serde(rename = "runner lock")]
    RunnerLock,
}

/// A lock file. What a reader does not know it must not skip: a fact that is not
/// compared would not be held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shots.lock")]
pub struct Lock {
    /// What this file is.
    pub format: Format,
    /// Version of the format.
    pub version: u32,
    /// The version of the program that wrote it; another one is no difference.
    pub runner: String,
    /// The backend's name: fingerprints and takes are of it.
    pub backend: String,
    /// The documents of the API.
    pub api: Api,
    /// Every shot, by its id.
    #[serde(default)]
    pub shots: BTreeMap<String, LockedShot>,
}

/// Which documents of the API a request was made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Date of their facts.
    pub version: String,
    /// SHA-256 of their facts, whatever the prose around them.
    pub sha256: String,
}

/// One shot as it was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedShot {
    /// What is asked for, as a digest; not there while a frame of another shot's
    /// video is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// SHA-256 of the video that was accepted, as `runner takes` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
    /// The request: keys sorted, pictures as digests, links without their queries,
    /// frames of other shots by shot and place.
    pub request: Map<String, Value>,
}

/// Why a text is no lock that can be used.
#[derive(Debug, thiserror::Error)]
pub enum NoLock {
    /// Git left both sides in it.
    #[error("line {0}: two versions of it were not merged")]
    Unmerged(usize),
    /// It is another program's, or nobody's.
    #[error("it is no lock of this program")]
    Foreign,
    /// It was written by another generation of this program.
    #[error("its format has version {0}, and this program knows version {VERSION}")]
    Version(i64),
    /// It is no TOML, or something else is in it.
    #[error("line {line}: {message}")]
    Damaged {
        /// From 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A fact that the format cannot hold.
    #[error("it cannot be written")]
    Unwritable(#[source] toml::ser::Error),
}

impl Lock {
    /// A lock without shots.
    pub fn new(backend: String, api: Api) -> Self {
        Self {
            format: Format::RunnerLock,
            version: VERSION,
            runner: env!("CARGO_PKG_VERSION").to_owned(),
            backend,
            api,
            shots: BTreeMap::new(),
        }
    }

    /// How many shots have an accepted video.
    pub fn takes(&self) -> usize {
        let shots = self.shots.values();
        shots.filter(|shot| shot.take.is_some()).count()
    }
}
