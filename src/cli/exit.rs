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
    /// `diff`: something that counts differs.
    Differs,
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
    /// What a plan was made from moved, or the lock says something else; nothing was
    /// created.
    PlanStale,
    /// `--replay`: a request is not in the recording.
    NotRecorded,
    /// `plan --detailed-exitcode`: something would be made or collected.
    Changes,
    /// What would be spent is over the limit, or unknown; nothing was created.
    Budget,
    /// Some shots failed.
    ShotsFailed,
    /// A video is not what is expected of it, or damaged, or not all of it is there.
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
    /// Every one of them, in the order of their numbers.
    pub const ALL: [Exit; 19] = [
        Self::Success,
        Self::Internal,
        Self::Differs,
        Self::Usage,
        Self::Changes,
        Self::Key,
        Self::Quota,
        Self::Network,
        Self::ManifestInvalid,
        Self::NothingSelected,
        Self::PlanStale,
        Self::NotRecorded,
        Self::Budget,
        Self::ShotsFailed,
        Self::ChecksFailed,
        Self::Unfinished,
        Self::Uncertain,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What happened, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all good",
            Self::Internal => {
                "internal: a mistake of this program, or of its ledger or output folder; something that `doctor` found"
            }
            Self::Differs => "with `diff`: something that counts differs",
            Self::Usage => {
                "usage: the command line, a variable or a configuration file is wrong; with `diff`: it could not be compared"
            }
            Self::Changes => {
                "with `plan --detailed-exitcode`: something would be made or collected"
            }
            Self::Key => "the key is refused, or there is none",
            Self::Quota => "balance or quota is used up, or the service asks to wait for too long",
            Self::Network => "the network failed before anything ran",
            Self::ManifestInvalid => "the manifest is invalid; nothing was created",
            Self::NothingSelected => "nothing selected",
            Self::PlanStale => {
                "the plan file is stale, or the lock file does not hold: something is not as it was kept; nothing was created"
            }
            Self::NotRecorded => "a request is not in the recording that is replayed",
            Self::Budget => "the budget refuses it; nothing more was created",
            Self::ShotsFailed => "some shots failed or were left out",
            Self::ChecksFailed => {
                "only checks failed: a video is not what is expected of it, or that cannot be found out; or it is damaged, not whole, or of a kind that cannot be decoded; it is not the one that the lock accepted; or something in the shared store is not what its name says"
            }
            Self::Unfinished => "unfinished: what is paid for is not collected yet",
            Self::Uncertain => "a creation is uncertain: a person has to look",
            Self::Interrupted => "interrupted with Ctrl-C",
            Self::Terminated => "interrupted by the system",
        }
    }

    /// What to do next.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Success => "There is nothing to do.",
            Self::Internal => "Read the message: it names the file or the folder. Nothing is paid twice by running again.",
            Self::Differs => "`runner diff A B` says what; `--ignore WHAT` tells it without counting it.",
            Self::Usage => "`runner COMMAND --help` shows every flag and an example; `runner config --origin` says where
each setting comes from.",
            Self::Changes => "`runner apply FILE` makes and collects what the plan lists.",
            Self::Key => "Put the key into the environment or into a `.env` file beside the manifest, as
`MINIMAX_API_KEY=…`, or try without one: `--simulate`. Keys of the global and of the
mainland service do not work with each other.",
            Self::Quota => "Top up the account, or wait for the next window of the plan, and run the same command
again: what is there stays, what is paid for is collected.",
            Self::Network => "Look at the connection and at `base_url`, and run the same command again.",
            Self::ManifestInvalid => "`runner check FILE` shows every mistake at its place; `runner explain CODE` says more.",
            Self::NothingSelected => "`runner check FILE` lists the shots; `--only` takes ids, patterns such as `'night-*'`, and
expressions such as `'tag(night)'`.",
            Self::PlanStale => "What differs was said, field by field. A plan is made again with the same flags, and looked
at: `runner plan FILE --save PLAN`. With `--locked`, or `lock --check`: undo what differs, or
accept it with `runner lock FILE --update SHOT`; a lock that is missing, damaged or of a newer
version holds nothing, and nothing is created.",
            Self::NotRecorded => "What is listed differs from everything that was recorded: undo it, or record again with
`runner apply FILE --record DIR`, which adds to the recording.",
            Self::Budget => "`runner plan FILE` shows what costs how much. Raise `--max-cost`, choose fewer shots with
`--only`, or allow what has no known price with `--allow-unpriced`.",
            Self::ShotsFailed => "`runner status FILE` says why, shot by shot. Change what was refused and run again; what
is there is not paid again. `--retry failed` pays once more for what failed at the service.",
            Self::ChecksFailed => "`runner status FILE` says what is not as expected. Look at the video: change what is
expected of it, or make another take with `--force 'status(unexpected)'`, which is paid for. A
video that is not as it was paid for is fetched again by `runner apply`. What is wrong in the
shared store is named; whoever keeps the store has to look at it.",
            Self::Unfinished => "Run the same command again later: it collects, and pays for nothing twice.",
            Self::Uncertain => "Nobody knows whether the service took a creation. Look at the account, then say
`runner resolve FILE SHOT --task ID` or `runner resolve FILE SHOT --lost`.",
            Self::Interrupted | Self::Terminated => "Run the same command again: it goes on where it stopped, and collects what is paid for.",
        }
    }

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal | Self::Differs => 1,
            Self::Usage | Self::Changes => 2,
            Self::Key => 3,
            Self::Quota => 4,
            Self::Network => 6,
            Self::ManifestInvalid => 20,
            Self::NothingSelected => 21,
            Self::PlanStale => 22,
            Self::NotRecorded => 23,
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
        } else if counts.unexpected + counts.unknown > 0 {
            Self::ChecksFailed
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
