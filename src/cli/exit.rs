//! What the exit code says. Documented in the README; a test holds them equal.

use crate::event::{FailureClass, Signal, SkipReason, StopReason};
use crate::state::{Phase, RunState};

/// Every way in which the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All good.
    Success,
    /// A mistake of this program, or of its ledger.
    Internal,
    /// The command line is wrong.
    Usage,
    /// The key is refused, or there is none.
    Key,
    /// Balance or quota is used up.
    Quota,
    /// The network failed before anything ran.
    Network,
    /// The manifest is invalid; nothing was created.
    ManifestInvalid,
    /// No shot matches what was selected.
    NothingSelected,
    /// What a plan was made from moved; nothing was created.
    PlanStale,
    /// `plan --detailed-exitcode`: something would be made or collected.
    Changes,
    /// What would be spent is over the limit, or unknown; nothing was created.
    Budget,
    /// Some shots failed.
    ShotsFailed,
    /// A video is damaged, or not all of it is there.
    ChecksFailed,
    /// Paid tasks are not collected yet: run again.
    Unfinished,
    /// A creation is uncertain: a person has to look.
    Uncertain,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::Usage | Self::Changes => 2,
            Self::Key => 3,
            Self::Quota => 4,
            Self::Network => 6,
            Self::ManifestInvalid => 20,
            Self::NothingSelected => 21,
            Self::PlanStale => 22,
            Self::Budget => 30,
            Self::ShotsFailed => 100,
            Self::ChecksFailed => 101,
            Self::Unfinished => 102,
            Self::Uncertain => 103,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What a run's end means to the shell: the worst that a person has to act
    /// on comes first; the report lists everything.
    pub fn of_run(state: &RunState) -> Self {
        let counts = state.counts();
        if counts.uncertain > 0 {
            return Self::Uncertain;
        }
        match &state.stopping {
            Some(StopReason::Interrupted(Signal::Interrupt)) => return Self::Interrupted,
            Some(StopReason::Interrupted(Signal::Terminate)) => return Self::Terminated,
            Some(StopReason::KeyRefused(_)) => return Self::Key,
            Some(StopReason::OutOfCredit(_) | StopReason::Throttled(_)) => return Self::Quota,
            Some(StopReason::WrongAddress(_)) => return Self::Network,
            Some(StopReason::Unreachable(_)) if counts.succeeded + counts.pending == 0 => {
                return Self::Network;
            }
            Some(StopReason::Ledger(_)) => return Self::Internal,
            Some(StopReason::Budget { .. }) => return Self::Budget,
            Some(StopReason::Unreachable(_)) | None => {}
        }
        let nothing_ran = counts.succeeded == 0 && counts.pending == 0 && counts.failed > 0;
        if nothing_ran && only_unreachable(state) {
            return Self::Network;
        }
        if counts.failed > 0 || counts.skipped > not_yet(state) {
            Self::ShotsFailed
        } else if counts.pending > 0 {
            Self::Unfinished
        } else {
            Self::Success
        }
    }
}

/// Shots that only wait for the next run to collect another shot's video.
fn not_yet(state: &RunState) -> usize {
    let waits = |phase: &Phase| matches!(phase, Phase::Skipped(SkipReason::NotYet { .. }));
    state.shots.iter().filter(|shot| waits(&shot.phase)).count()
}

/// What failed in an earlier run failed for other reasons.
fn only_unreachable(state: &RunState) -> bool {
    let mut failures = state.shots.iter().filter_map(|shot| shot.failure.as_ref());
    failures
        .next()
        .is_some_and(|first| first.class == FailureClass::Unreachable)
        && failures.all(|failure| failure.class == FailureClass::Unreachable)
}
