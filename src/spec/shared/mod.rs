//! From the documents in `openapi/` to one bundle, and from it to what the generator reads.
//!
//! Owns the three steps `merge` → `preflight` → `lower` as pure functions over
//! JSON values. `build.rs` compiles this folder too, so it uses nothing but
//! `std` and `serde_json`, and no path of the crate. It never reads a file.

pub mod error;
pub mod lower;
pub mod merge;
pub mod preflight;
pub mod refs;
pub mod vocabulary;

#[cfg(test)]
mod tests;

use error::SpecError;
use serde_json::Value;

/// A document's file name and its content.
pub type Document = (String, Value);

/// The methods that a path item may define in `OpenAPI` 3.1.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The request schemas, one for each mode of `/v1/video_generation`.
pub const REQUESTS: [&str; 4] = [
    "TextToVideoRequest",
    "ImageToVideoRequest",
    "FirstLastFrameRequest",
    "SubjectReferenceRequest",
];

/// The file that a place in the bundle was written in, as far as one has it.
pub fn owner<'d>(documents: &'d [Document], place: &str) -> &'d str {
    documents
        .iter()
        .find(|(_, document)| document.pointer(place).is_some())
        .map_or(BUNDLE, |(name, _)| name.as_str())
}

/// Lays an error about the bundle at the door of the document it came from.
pub fn located(documents: &[Document], mut error: SpecError) -> SpecError {
    if error.document == BUNDLE {
        error.document = owner(documents, &error.path).to_owned();
    }
    error
}

/// What errors call the bundle where no single document is to blame.
pub const BUNDLE: &str = "the merged bundle";

/// Lists the operations of a document or bundle as `(path, method, operation)`.
pub fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let entries = item.as_object().into_iter().flatten();
        entries
            .filter(|(method, _)| METHODS.contains(&method.as_str()))
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}
