//! What a run does with a shot.
//!
//! Owns the decisions and what follows from each: whether money is spent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is done with a shot in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A task is created and paid.
    Create,
    /// The same, for a shot that has a video already: another one takes its name,
    /// and the old one is kept among the takes.
    Replace,
    /// The video is on disk; nothing is called.
    Reuse,
    /// A task was paid earlier; it is collected.
    Resume,
    /// A task may have been paid earlier; nothing is created until that is settled.
    Uncertain,
    /// It was paid earlier and failed at the service; it stays so unless asked.
    Failed,
    /// A task was paid earlier at another address, and is known there only.
    Elsewhere,
    /// It needs frames of videos that this run makes first, and is decided on
    /// then; it may have to be created.
    Wait,
    /// It waits for something that cannot happen in this run.
    Blocked,
}

impl Decision {
    /// Every decision, in the order in which a summary names them.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Replace,
        Self::Wait,
        Self::Reuse,
        Self::Resume,
        Self::Uncertain,
        Self::Failed,
        Self::Elsewhere,
        Self::Blocked,
    ];

    /// Whether a task is created, and paid, at once.
    pub fn pays(self) -> bool {
        matches!(self, Self::Create | Self::Replace)
    }

    /// Whether a task is created, or may have to be when more is known.
    pub fn may_pay(self) -> bool {
        self.pays() || self == Self::Wait
    }

    /// The word for it in plans and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Reuse => "reuse",
            Self::Resume => "resume",
            Self::Uncertain => "uncertain",
            Self::Failed => "failed",
            Self::Elsewhere => "elsewhere",
            Self::Wait => "wait",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
