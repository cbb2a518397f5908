//! Where an attempt stands, in the ledger's own words.
//!
//! Owns the words in the file and what they mean for money. Never changes one:
//! the moves between them are in `write`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far one attempt to create a task has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStanding {
    /// The intent is durable, no answer is on record. Left by a crash it means
    /// that the request may have been sent: as uncertain as [`Self::Uncertain`].
    Intended,
    /// The service took the task; it can be collected.
    Created,
    /// The video exists at the service; it can be fetched.
    Succeeded,
    /// The video was put on disk.
    Saved,
    /// The task ran and failed at the service.
    Failed,
    /// Nothing was accepted; proved by the answer.
    Refused,
    /// It may have been accepted, and nobody knows.
    Uncertain,
    /// A person found that no task came of it.
    Lost,
    /// A person asked for another take; this one stays on record only.
    Superseded,
}

impl AttemptStanding {
    /// Every standing.
    pub const ALL: [Self; 9] = [
        Self::Intended,
        Self::Created,
        Self::Succeeded,
        Self::Saved,
        Self::Failed,
        Self::Refused,
        Self::Uncertain,
        Self::Lost,
        Self::Superseded,
    ];

    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Created => "created",
            Self::Succeeded => "succeeded",
            Self::Saved => "saved",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Uncertain => "uncertain",
            Self::Lost => "lost",
            Self::Superseded => "superseded",
        }
    }

    /// The standing behind a word in the file.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.as_str() == word)
    }

    /// Whether money is, or may be, in it with no failure proved: while one such
    /// attempt stands, no other may be made for its fingerprint.
    pub fn holds_money(self) -> bool {
        match self {
            Self::Intended | Self::Created | Self::Succeeded | Self::Saved | Self::Uncertain => {
                true
            }
            Self::Failed | Self::Refused | Self::Lost | Self::Superseded => false,
        }
    }

    /// Whether money is, or may be, in it and no video has come of it yet.
    pub fn is_unsettled(self) -> bool {
        self.holds_money() && self != Self::Saved
    }

    /// Whether a video came of it, whichever take counts now.
    pub fn has_video(self) -> bool {
        matches!(self, Self::Saved | Self::Superseded)
    }

    /// Whether it may have been paid without a task id to prove it.
    pub fn is_uncertain(self) -> bool {
        matches!(self, Self::Intended | Self::Uncertain)
    }
}

impl fmt::Display for AttemptStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
