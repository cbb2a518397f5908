//! Names that travel through the whole program, each a type of its own.
//!
//! Owns the rules of what a name may look like. Never looks anything up.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest shot id, in characters; file names stay under every file system's limit.
pub const SHOT_ID_MAX_CHARS: usize = 100;

/// Why a text is no shot id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShotIdError {
    /// Nothing was written.
    #[error("a shot id cannot be empty")]
    Empty,
    /// More than [`SHOT_ID_MAX_CHARS`].
    #[error("a shot id has at most {SHOT_ID_MAX_CHARS} characters, this one has {chars}")]
    TooLong {
        /// How many there are.
        chars: usize,
    },
    /// A character that a file name or a command line would trip over.
    #[error("a shot id is made of letters, digits, `-`, `_` and `.`, not `{character}`")]
    Character {
        /// The first offender.
        character: char,
    },
    /// A leading dot hides the file, a leading dash reads as a flag.
    #[error("a shot id begins with a letter or a digit, not with `{character}`")]
    Start {
        /// The first character.
        character: char,
    },
    /// Names that one of the common systems keeps for devices.
    #[error("`{name}` is a device name on Windows and cannot name a file there")]
    Reserved {
        /// The name as written.
        name: String,
    },
}

/// The name of one concrete shot: unique in a manifest, safe as a file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShotId(Arc<str>);

impl ShotId {
    /// Accepts letters and digits of any script, `-`, `_` and `.`.
    pub fn new(text: impl Into<String>) -> Result<Self, ShotIdError> {
        let text = text.into();
        let first = text.chars().next().ok_or(ShotIdError::Empty)?;
        let chars = text.chars().count();
        if chars > SHOT_ID_MAX_CHARS {
            return Err(ShotIdError::TooLong { chars });
        }
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if let Some(character) = text.chars().find(|&c| !allowed(c)) {
            return Err(ShotIdError::Character { character });
        }
        if !first.is_alphanumeric() {
            return Err(ShotIdError::Start { character: first });
        }
        if is_device_name(&text) {
            return Err(ShotIdError::Reserved { name: text });
        }
        Ok(Self(text.into()))
    }

    /// The name of what this shot was when it asked for something else: no shot
    /// of a manifest can have it, because no id holds an `@`.
    #[must_use]
    pub fn earlier(&self, fingerprint: &Fingerprint) -> Self {
        let digits = fingerprint.as_str().get(..8).unwrap_or_default();
        Self(format!("{self}@{digits}").into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_device_name(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or(text).to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

impl fmt::Display for ShotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// One execution of `runner apply`; sorts by start time.
    RunId
}
text_id! {
    /// The service's name for a paid task (`task_id`), kept as text.
    TaskId
}
text_id! {
    /// The service's name for a finished file (`file_id`): text in one answer
    /// and a number in another (minimax-api.md 2.5), kept as text.
    FileId
}
text_id! {
    /// One attempt to create a task: the fingerprint's first 16 digits and a number.
    AttemptId
}

/// SHA-256 of some bytes as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};

    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Hash of everything that a paid result depends on, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(Arc<str>);

impl Fingerprint {
    /// Takes 64 hexadecimal digits as they come out of SHA-256.
    pub fn from_hex(hex: impl Into<Arc<str>>) -> Self {
        Self(hex.into())
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, enough for a person to tell two apart.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    /// The name of the `number`th attempt (from 1) to create this request.
    pub fn attempt(&self, number: u32) -> AttemptId {
        AttemptId::new(format!("{}-{number}", self.0.get(..16).unwrap_or(&self.0)))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ShotId, ShotIdError};

    #[test]
    fn ids_are_file_names_everywhere() {
        for good in ["opening", "weather-rain-35mm", "镜头一", "a.b_c", "1"] {
            assert!(ShotId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", "../up", "a/b", "a\\b", ".hidden", "-flag", "a b", "nul", "com1.x", "a\0",
        ] {
            assert!(ShotId::new(bad).is_err(), "{bad}");
        }
        assert_eq!(
            ShotId::new("x".repeat(101)),
            Err(ShotIdError::TooLong { chars: 101 })
        );
    }
}
