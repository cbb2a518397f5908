//! The words for where a shot stands.
//!
//! Owns the vocabulary that `runner status` prints and `status(…)` asks for, so
//! that an author can ask for what he sees.

use std::fmt;

/// Where a shot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing was ever asked for under its name.
    New,
    /// Nothing is there for what it asks for now; there was for what it was.
    NotMade,
    /// Its video is there.
    Saved,
    /// Its video is there, and is not what is expected of it.
    Unexpected,
    /// Its video is there, and whether it is what is expected cannot be found out.
    Unchecked,
    /// The service works on it.
    Running,
    /// The service has it ready.
    Finished,
    /// It was saved, and its file is not there or was changed.
    FileGone,
    /// It may have been paid.
    Uncertain,
    /// It was paid and failed.
    Failed,
    /// The service did not take it, without cost.
    Refused,
    /// It waits for something that cannot happen.
    Blocked,
}

impl Status {
    /// The word that `runner status` prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New | Self::NotMade => "not made",
            Self::Saved => "saved",
            Self::Unexpected => "unexpected",
            Self::Unchecked => "unchecked",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::FileGone => "file gone",
            Self::Uncertain => "uncertain",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that `status(…)` takes, and what it covers.
#[derive(Debug)]
pub struct StatusWord {
    /// How it is written.
    pub name: &'static str,
    /// Where a shot may stand to be meant.
    pub covers: &'static [Status],
}

impl PartialEq for StatusWord {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Its video is there, whatever is thought of it.
const THERE: &[Status] = &[Status::Saved, Status::Unexpected, Status::Unchecked];

impl StatusWord {
    /// Every word: those of `runner status`, then those for several of them.
    pub const ALL: &'static [Self] = &[
        word("saved", THERE),
        word("unexpected", &[Status::Unexpected]),
        word("unchecked", &[Status::Unchecked]),
        word("running", &[Status::Running]),
        word("finished", &[Status::Finished]),
        word("file gone", &[Status::FileGone]),
        word("uncertain", &[Status::Uncertain]),
        word("failed", &[Status::Failed]),
        word("refused", &[Status::Refused]),
        word("blocked", &[Status::Blocked]),
        word("not made", &[Status::New, Status::NotMade]),
        word("new", &[Status::New]),
        word("done", THERE),
        word(
            "pending",
            &[Status::Running, Status::Finished, Status::FileGone],
        ),
    ];

    /// The word of this name, in any case.
    pub fn find(name: &str) -> Option<&'static Self> {
        let named = |word: &&Self| word.name.eq_ignore_ascii_case(name);
        Self::ALL.iter().find(named)
    }
}

const fn word(name: &'static str, covers: &'static [Status]) -> StatusWord {
    StatusWord { name, covers }
}
