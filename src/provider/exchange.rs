//! What was said over HTTP, as far as it may be told, and whole, for those who keep it.
//!
//! Owns the choice: a [`Witness`] is told a path without its query, of a link its host
//! only, and never a key or a body. A [`Recorder`] gets all but the key, cookies and
//! headers that say nothing; links are as they were given, and it must not keep them.
//! How it looks is decided by whoever shows it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::event::Operation;
use crate::id::ShotId;

/// One request, and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What it was for.
    pub operation: Operation,
    /// The HTTP method.
    pub method: String,
    /// The path of a call; of a link, its scheme and host.
    pub place: String,
    /// What came back.
    pub heard: Heard,
    /// The service's own code, where the answer has one.
    pub code: Option<i64>,
    /// What its support asks for.
    pub trace_id: Option<String>,
    /// From the beginning to the end of the answer; where that is a file, to its
    /// first byte.
    pub took: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An answer with this HTTP status.
    Status(u16),
    /// No answer that can be read, and why.
    Nothing(String),
}

/// Whoever is told of every exchange, on the task that makes it.
pub type Witness = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// The five calls of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// A task is asked for, and paid.
    Create,
    /// How far a task is.
    Query,
    /// Where a file is.
    Retrieve,
    /// A file, through the API.
    Content,
    /// A file, by a link and without the key.
    Link,
}

/// A request and all that came back.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Which call it was.
    pub call: Call,
    /// Whom a create is for, and its request as it is hashed.
    pub order: Option<Order>,
    /// The HTTP method.
    pub method: String,
    /// Path and query of a call; of a link, all of it.
    pub place: String,
    /// The headers of the request that say something, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of the request, if it has one.
    pub body: Option<Bytes>,
    /// What came back.
    pub came: Came,
    /// From the beginning to the end of the answer.
    pub took: Duration,
}

/// What a create asks for, beside what is sent.
#[derive(Debug, Clone)]
pub struct Order {
    /// The shot.
    pub shot: ShotId,
    /// The request's fields, media as digests.
    pub shown: Map<String, Value>,
}

/// What came back for a request.
#[derive(Debug, Clone)]
pub enum Came {
    /// No connection was made, and nothing was sent.
    NotConnected(String),
    /// It was sent, and no answer came.
    Nothing(String),
    /// An answer.
    Answer(Answer),
}

/// An answer as far as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that say something, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Content,
    /// Why it broke off, if it did.
    pub broken: Option<String>,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Content {
    /// Words, without the key.
    Text(String),
    /// A file; `None` where it could not be kept.
    File(Option<KeptFile>),
}

/// A file that a [`Receiver`] took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// SHA-256 of what came of it, 64 hexadecimal digits.
    pub sha256: String,
    /// How many bytes came.
    pub bytes: u64,
}

/// Whoever keeps every exchange. Never fails: that something could not be kept is no
/// matter of the exchange.
pub trait Recorder: Send + Sync {
    /// Takes an exchange that came to its end.
    fn keep(&self, whole: Whole);

    /// Begins to take a file that comes in pieces.
    fn receive(&self) -> Box<dyn Receiver>;
}

/// Takes one file.
pub trait Receiver: Send {
    /// The next bytes.
    fn take(&mut self, bytes: &[u8]);

    /// There are no more; `None` where it could not be kept.
    fn end(self: Box<Self>) -> Option<KeptFile>;
}
