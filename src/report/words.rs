//! Why a shot or a run ended as it did: a stable word and a sentence.
//!
//! Owns the wording, once for every sink. Never decides an outcome.

use crate::event::{Failure, FailureClass, PendingReason, Signal, SkipReason, StopReason};
use crate::state::{Outcome, Phase, ShotState};

use super::text::{one_line, wait};

/// A reason in its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// For programs; stable.
    pub(super) code: &'static str,
    /// For people.
    pub(super) message: String,
    /// What to do about it, where there is something.
    pub(super) advice: Option<&'static str>,
}

impl Reason {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            advice: None,
        }
    }

    fn of(code: &'static str, failure: &Failure) -> Self {
        Self {
            code,
            message: failure_text(failure),
            advice: Some(failure.class.advice()),
        }
    }
}

/// Every code that [`ending`] can give, for the schema.
pub(super) const ENDING_CODES: [&str; 15] = [
    "deadline",
    "interrupted",
    "stopped",
    "not_saved",
    "elsewhere",
    "uncertain",
    "failed_earlier",
    "blocked",
    "not_yet",
    "budget",
    "model_not_on_plan",
    "not_started",
    "unanswered",
    "running",
    "failed",
];

/// Every code that [`stop`] can give, for the schema.
pub(super) const STOP_CODES: [&str; 8] = [
    "key_refused",
    "out_of_credit",
    "throttled",
    "wrong_address",
    "unreachable",
    "interrupted",
    "ledger",
    "budget",
];

const BUDGET_ADVICE: &str = "raise limits.max_cost, or select fewer shots";

/// What a failure says, in one line.
pub(super) fn failure_text(failure: &Failure) -> String {
    one_line(&failure.to_string())
}

/// Why a shot has no video; `None` where it has one. Covers shots that a killed
/// run left in the middle.
pub(super) fn ending(shot: &ShotState) -> Option<Reason> {
    match &shot.phase {
        Phase::Done => None,
        Phase::Failed => Some(match &shot.failure {
            Some(failure) => Reason::of("failed", failure),
            None => Reason::new("failed", "it failed"),
        }),
        Phase::Uncertain => Some(Reason {
            advice: Some(FailureClass::Ambiguous.advice()),
            ..match &shot.failure {
                Some(failure) => Reason::of("unanswered", failure),
                None => Reason::new("unanswered", "no answer came"),
            }
        }),
        Phase::Pending(reason) => Some(pending(reason)),
        Phase::Skipped(reason) => Some(skip(reason)),
        Phase::Running | Phase::Saving => Some(Reason::new(
            "running",
            "the run ended while it was being collected",
        )),
        Phase::Creating if shot.outcome() == Outcome::Uncertain => Some(Reason {
            advice: Some(FailureClass::Ambiguous.advice()),
            ..Reason::new("unanswered", "the run ended before the answer came")
        }),
        Phase::Creating | Phase::Waiting => {
            Some(Reason::new("not_started", "the run ended before its turn"))
        }
    }
}

/// Why a paid task was not collected.
pub(super) fn pending(reason: &PendingReason) -> Reason {
    match reason {
        PendingReason::Deadline { last: None } => {
            Reason::new("deadline", "it takes longer than limits.deadline")
        }
        PendingReason::Deadline {
            last: Some(failure),
        } => Reason {
            message: format!(
                "not collected within limits.deadline; last: {}",
                failure_text(failure)
            ),
            ..Reason::of("deadline", failure)
        },
        PendingReason::Interrupted => Reason::new("interrupted", "the run was interrupted"),
        PendingReason::Stopped => Reason::new("stopped", "the run was stopped"),
        PendingReason::NotSaved(failure) => Reason::of("not_saved", failure),
        PendingReason::Elsewhere { why } => Reason::new("elsewhere", one_line(why)),
    }
}

/// Why nothing was created.
pub(super) fn skip(reason: &SkipReason) -> Reason {
    match reason {
        SkipReason::Uncertain { why } => Reason {
            advice: Some(FailureClass::Ambiguous.advice()),
            ..Reason::new("uncertain", one_line(why))
        },
        SkipReason::FailedEarlier { why } => Reason {
            advice: Some(FailureClass::TaskFailed.advice()),
            ..Reason::new("failed_earlier", one_line(why))
        },
        SkipReason::Blocked { why, .. } => Reason::new("blocked", one_line(why)),
        SkipReason::NotYet { by } => Reason {
            advice: Some("run again: what is paid is collected, and this shot follows"),
            ..Reason::new(
                "not_yet",
                format!("it needs a frame of `{by}`, which is not there yet"),
            )
        },
        SkipReason::Stopped => Reason::new("stopped", "the run stopped before its turn"),
        SkipReason::Interrupted => {
            Reason::new("interrupted", "the run was interrupted before its turn")
        }
        SkipReason::Budget => Reason {
            advice: Some(BUDGET_ADVICE),
            ..Reason::new("budget", "it would exceed limits.max_cost")
        },
        SkipReason::ModelNotOnPlan => Reason {
            advice: Some(FailureClass::ModelNotOnPlan.advice()),
            ..Reason::new(
                "model_not_on_plan",
                "its model was refused for an earlier shot",
            )
        },
    }
}

/// Why a run creates nothing more.
pub(super) fn stop(reason: &StopReason) -> Reason {
    match reason {
        StopReason::KeyRefused(failure) => Reason {
            message: format!("the key is refused: {}", failure_text(failure)),
            ..Reason::of("key_refused", failure)
        },
        StopReason::OutOfCredit(failure) => Reason {
            message: format!("balance or quota is used up: {}", failure_text(failure)),
            ..Reason::of("out_of_credit", failure)
        },
        StopReason::Throttled(failure) => Reason {
            message: match failure.retry_after {
                Some(asked) => format!(
                    "the service asks to wait for {}: {}",
                    wait(asked),
                    failure_text(failure)
                ),
                None => failure_text(failure),
            },
            advice: Some("run again when the wait is over: what is paid is kept"),
            ..Reason::of("throttled", failure)
        },
        StopReason::WrongAddress(failure) => Reason {
            message: format!("nothing there speaks the API: {}", failure_text(failure)),
            ..Reason::of("wrong_address", failure)
        },
        StopReason::Unreachable(failure) => Reason {
            message: format!("the service cannot be reached: {}", failure_text(failure)),
            ..Reason::of("unreachable", failure)
        },
        StopReason::Interrupted(signal) => Reason::new(
            "interrupted",
            match signal {
                Signal::Interrupt => "interrupted by Ctrl-C",
                Signal::Terminate => "asked to end by the system",
            },
        ),
        StopReason::Ledger(message) => Reason {
            advice: Some(FailureClass::Local.advice()),
            ..Reason::new(
                "ledger",
                format!("the ledger cannot be written: {}", one_line(message)),
            )
        },
        StopReason::Budget { limit } => Reason {
            advice: Some(BUDGET_ADVICE),
            ..Reason::new(
                "budget",
                format!("the next shot would exceed limits.max_cost ({limit})"),
            )
        },
    }
}
