//! The shape of an `OpenTimelineIO` file, as far as it is read back.
//!
//! Owns limits on what strangers' files may cost: their size, the number of their
//! objects and their depth are bounded before anything is kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::edit::EditError;

/// The largest file that is read, in bytes; ten thousand shots take a third of it.
pub(super) const MAX_BYTES: usize = 96 << 20;
/// The most objects in a file. Each takes some hundred bytes of memory.
const MAX_OBJECTS: usize = 600_000;

/// Any object that can stand in a timeline. Fields that others have are empty; what
/// nobody asks for is skipped while reading.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    #[serde(rename = "OTIO_SCHEMA")]
    pub(super) schema: String,
    pub(super) name: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) source_range: Option<Range>,
    pub(super) tracks: Option<Box<Node>>,
    #[serde(deserialize_with = "or_nothing")]
    pub(super) children: Vec<Node>,
    #[serde(deserialize_with = "or_nothing")]
    pub(super) effects: Vec<Effect>,
    #[serde(deserialize_with = "or_nothing")]
    pub(super) media_references: BTreeMap<String, Option<Media>>,
    pub(super) active_media_reference_key: Option<String>,
    /// Of clips before Clip.2.
    pub(super) media_reference: Option<Media>,
    /// Of transitions.
    pub(super) in_offset: Option<Time>,
    pub(super) out_offset: Option<Time>,
    #[serde(deserialize_with = "or_nothing")]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Media {
    pub(super) name: Option<String>,
    pub(super) target_url: Option<String>,
    pub(super) available_range: Option<Range>,
    #[serde(deserialize_with = "or_nothing")]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Effect {
    #[serde(rename = "OTIO_SCHEMA")]
    pub(super) schema: String,
    pub(super) time_scalar: Option<f64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Range {
    pub(super) start_time: Time,
    pub(super) duration: Time,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Time {
    pub(super) value: f64,
    pub(super) rate: f64,
}

/// What this program wrote.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) runner: Option<Ours>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ours {
    pub(super) shot: Option<String>,
    pub(super) sha256: Option<String>,
}

/// Some writers put null where others put nothing.
fn or_nothing<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a file's text. The reader itself ends at 128 levels.
pub(super) fn parse(text: &[u8]) -> Result<Node, EditError> {
    if text.len() > MAX_BYTES {
        return Err(EditError::TooLarge {
            most: MAX_BYTES >> 20,
        });
    }
    // Every object begins with a brace, so that there cannot be more of them.
    if text
        .split(|byte| *byte == b'{')
        .nth(MAX_OBJECTS + 1)
        .is_some()
    {
        return Err(EditError::TooMany { most: MAX_OBJECTS });
    }
    serde_json::from_slice(text).map_err(|source| EditError::NotOtio { source })
}
