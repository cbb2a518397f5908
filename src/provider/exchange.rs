//! What was said over HTTP, as far as it may be told.
//!
//! Owns the choice: a path without its query, of a link its host only, and never
//! a key or a body. How it looks is decided by whoever shows it.

use std::sync::Arc;
use std::time::Duration;

use crate::event::Operation;

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
