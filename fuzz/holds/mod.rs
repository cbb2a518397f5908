//! What has to hold for any input, one function for each target.
//!
//! Shared by the fuzz targets in `fuzz/targets/` and by `tests/regressions.rs`,
//! so that what is fuzzed and what is replayed cannot drift apart.

#![allow(dead_code, unused_imports, reason = "each target uses one of them")]

mod answers;
mod frames;
mod manifest;
mod probe;
mod stage;
mod template;

pub(crate) use answers::answers;
pub(crate) use frames::frames;
pub(crate) use manifest::manifest;
pub(crate) use probe::probe;
pub(crate) use template::template;

/// Whether a text can be shown without moving anybody's cursor.
fn is_calm(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
