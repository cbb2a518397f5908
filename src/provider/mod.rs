//! The seam to a video service: five calls and what can come back.
//!
//! Owns the trait and its vocabulary. Never retries, waits or decides: a
//! provider translates, the engine acts.

pub mod exchange;
#[cfg(test)]
pub(crate) mod fake;
pub mod minimax;

use std::fmt;
use std::future::Future;

use bytes::Bytes;
use futures::stream::BoxStream;

use crate::check::request::Request;
use crate::event::Failure;
use crate::id::{FileId, TaskId};

/// A video service.
pub trait Provider: Send + Sync + 'static {
    /// Asks for a video, and pays. Sent exactly once; whether it may be sent
    /// again is in the failure's class.
    fn create(&self, request: Request) -> impl Future<Output = Result<Created, Failure>> + Send;

    /// Asks how far a task is.
    fn poll(&self, task: &TaskId) -> impl Future<Output = Result<Progress, Failure>> + Send;

    /// Asks for a fresh link to a finished file.
    fn locate(&self, file: &FileId) -> impl Future<Output = Result<Location, Failure>> + Send;

    /// Opens a link, without the key. With `rest`, from where an earlier body
    /// broke off, if the file is still the same; else from its beginning.
    fn fetch(
        &self,
        location: &Location,
        rest: Option<&Rest>,
    ) -> impl Future<Output = Result<Body, Failure>> + Send;

    /// Opens a finished file through the API itself, for when the link fails.
    fn fetch_content(&self, file: &FileId) -> impl Future<Output = Result<Body, Failure>> + Send;
}

/// The service took the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The service's name for the task.
    pub task: TaskId,
    /// What its support asks for.
    pub trace_id: Option<String>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Not finished, or a status that nobody knows: that means the same.
    Running {
        /// The service's own word.
        status: String,
        /// Whether the word is known here.
        known: bool,
    },
    /// The video exists.
    Succeeded {
        /// The service's own word.
        status: String,
        /// Its name at the service.
        file: FileId,
    },
    /// The service gave up.
    Failed {
        /// The service's own word.
        status: String,
        /// Why, as far as it says.
        failure: Failure,
    },
}

/// A signed link: whoever has it has the video, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// Wraps a link as the service gave it.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The link itself, for the one who opens it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location(…)")
    }
}

/// What tells one content of a file from another, in the sender's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Wraps a word that two different contents never share.
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// The word itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is missing of a file whose body broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The first missing byte, counted from 0.
    pub start: u64,
    /// The size of the whole file in bytes.
    pub length: u64,
    /// The file that the bytes before `start` are of.
    pub version: Version,
}

/// A file on its way.
pub struct Body {
    /// Where in the file its first byte belongs: where the rest was asked for
    /// that is given, and otherwise at 0.
    pub start: u64,
    /// The size of the whole file in bytes, if the sender says.
    pub length: Option<u64>,
    /// By what its rest can be asked for, where the sender gives out rests.
    pub version: Option<Version>,
    /// Its bytes; a failure ends it.
    pub bytes: BoxStream<'static, Result<Bytes, Failure>>,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("start", &self.start)
            .field("length", &self.length)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
