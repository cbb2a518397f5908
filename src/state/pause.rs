//! Times in which nothing is created.
//!
//! Owns which events begin one. Never waits.

use std::time::Duration;

use super::RunState;
use crate::event::{EventKind, FailureClass};

/// A time in which nothing is created, and what is under way goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it ends, since the run began.
    pub until: Duration,
    /// Who asked for it.
    pub by: PausedBy,
}

/// Who asked for a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PausedBy {
    /// The service, by refusing a creation for its rate.
    Service,
    /// `limits.creates_per_minute`.
    Limit,
}

impl PausedBy {
    /// The word for it in ledger and status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Limit => "limit",
        }
    }

    /// Whoever is behind a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Service, Self::Limit]
            .into_iter()
            .find(|each| each.as_str() == word)
    }
}

/// How long an event says that nothing is created, and who asks for it.
pub fn asks_to_wait(kind: &EventKind) -> Option<(Duration, PausedBy)> {
    match kind {
        EventKind::RateReached { wait } => Some((*wait, PausedBy::Limit)),
        EventKind::CreateRefused {
            failure,
            retry_in: Some(wait),
            ..
        } if failure.class == FailureClass::Throttled => Some((*wait, PausedBy::Service)),
        _ => None,
    }
}

impl RunState {
    /// The longest wait that was asked for counts.
    pub(super) fn wait_until(&mut self, until: Duration, by: PausedBy) {
        if self.pause.is_none_or(|pause| pause.until < until) {
            self.pause = Some(Pause { until, by });
        }
    }
}
