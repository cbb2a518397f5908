//! The one way in which a document can be refused: a place and a reason.

use std::fmt;

/// A document that cannot be used: which one, where in it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// File name of the document.
    pub document: String,
    /// JSON pointer into the document; empty for the document as a whole.
    pub path: String,
    /// Why it cannot be used, in lower case, without a full stop.
    pub reason: String,
}

impl SpecError {
    /// Names a place in a document and what is wrong there.
    pub fn new(
        document: impl Into<String>,
        path: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            document: document.into(),
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            document,
            path,
            reason,
        } = self;
        if path.is_empty() {
            write!(f, "{document}: {reason}")
        } else {
            write!(f, "{document}: at {path}: {reason}")
        }
    }
}

impl std::error::Error for SpecError {}

/// Appends one step to a JSON pointer, escaped as RFC 6901 asks.
pub fn child(path: &str, step: &str) -> String {
    format!("{path}/{}", step.replace('~', "~0").replace('/', "~1"))
}
