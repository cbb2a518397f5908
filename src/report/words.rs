//! Why a shot or a run ended as it did: a stable word and a sentence.
//!
//! Owns the wording, once for every sink. Never decides an outcome.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Failure, FailureClass, PendingReason, Signal, SkipReason, StopReason};
use crate::state::{Outcome, Phase, ShotState};

use super::text::{one_line, wait};

/// A reason in its two forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline, deny_unknown_fields)]
pub struct Reason<C> {
    /// Stable word for programs.
    pub code: C,
    /// The same for people.
    pub message: String,
    /// What a person can do about it.
    pub advice: Option<String>,
}

impl<C> Reason<C> {
    fn new(code: C, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            advice: None,
        }
    }

    fn of(code: C, failure: &Failure) -> Self {
        Self::new(code, failure_text(failure)).advised(failure.class.advice())
    }

    fn advised(self, advice: &str) -> Self {
        Self {
            advice: Some(advice.to_owned()),
            ..self
        }
    }
}

/// Why a shot has no video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndingCode {
    /// It takes longer than `limits.deadline`.
    Deadline,
    /// The run was interrupted.
    Interrupted,
    /// The run was stopped.
    Stopped,
    /// The file could not be fetched or written.
    NotSaved,
    /// Another address of the service knows the task.
    Elsewhere,
    /// An earlier creation is uncertain.
    Uncertain,
    /// An earlier run paid for it, and the service failed it.
    FailedEarlier,
    /// It cannot be made or collected in this run.
    Blocked,
    /// It needs a frame of a video that is not there yet.
    NotYet,
    /// It would exceed `limits.max_cost`.
    Budget,
    /// Its model was refused for an earlier shot.
    ModelNotOnPlan,
    /// The run ended before its turn.
    NotStarted,
    /// Nobody knows what came of its creation.
    Unanswered,
    /// The run ended while it was being collected.
    Running,
    /// It was refused, or failed at the service.
    Failed,
}

impl EndingCode {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::NotSaved => "not_saved",
            Self::Elsewhere => "elsewhere",
            Self::Uncertain => "uncertain",
            Self::FailedEarlier => "failed_earlier",
            Self::Blocked => "blocked",
            Self::NotYet => "not_yet",
            Self::Budget => "budget",
            Self::ModelNotOnPlan => "model_not_on_plan",
            Self::NotStarted => "not_started",
            Self::Unanswered => "unanswered",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

/// Why a run creates nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopCode {
    /// The key is not accepted.
    KeyRefused,
    /// Balance or quota is used up.
    OutOfCredit,
    /// The service asks to wait for longer than a shot is tried.
    Throttled,
    /// Nothing at the address speaks the API.
    WrongAddress,
    /// No connection to the service can be made.
    Unreachable,
    /// A person or the system asked for it.
    Interrupted,
    /// The ledger cannot be written.
    Ledger,
    /// The next creation would exceed `limits.max_cost`.
    Budget,
}

const BUDGET_ADVICE: &str = "raise limits.max_cost, or select fewer shots";

/// What a failure says, in one line.
pub(super) fn failure_text(failure: &Failure) -> String {
    one_line(&failure.to_string())
}

/// Why a shot has no video; `None` where it has one. Covers shots that a killed
/// run left in the middle.
pub(super) fn ending(shot: &ShotState) -> Option<Reason<EndingCode>> {
    match &shot.phase {
        Phase::Done => None,
        Phase::Failed => Some(match &shot.failure {
            Some(failure) => Reason::of(EndingCode::Failed, failure),
            None => Reason::new(EndingCode::Failed, "it failed"),
        }),
        Phase::Uncertain => Some(Reason {
            advice: Some(FailureClass::Ambiguous.advice().to_owned()),
            ..match &shot.failure {
                Some(failure) => Reason::of(EndingCode::Unanswered, failure),
                None => Reason::new(EndingCode::Unanswered, "no answer came"),
            }
        }),
        Phase::Pending(reason) => Some(pending(reason)),
        Phase::Skipped(reason) => Some(skip(reason)),
        Phase::Running | Phase::Saving => Some(Reason::new(
            EndingCode::Running,
            "the run ended while it was being collected",
        )),
        Phase::Creating if shot.outcome() == Outcome::Uncertain => Some(Reason {
            advice: Some(FailureClass::Ambiguous.advice().to_owned()),
            ..Reason::new(
                EndingCode::Unanswered,
                "the run ended before the answer came",
            )
        }),
        Phase::Creating | Phase::Waiting => Some(Reason::new(
            EndingCode::NotStarted,
            "the run ended before its turn",
        )),
    }
}

/// Why a paid task was not collected.
pub(super) fn pending(reason: &PendingReason) -> Reason<EndingCode> {
    match reason {
        PendingReason::Deadline { last: None } => {
            Reason::new(EndingCode::Deadline, "it takes longer than limits.deadline")
        }
        PendingReason::Deadline {
            last: Some(failure),
        } => Reason {
            message: format!(
                "not collected within limits.deadline; last: {}",
                failure_text(failure)
            ),
            ..Reason::of(EndingCode::Deadline, failure)
        },
        PendingReason::Interrupted => {
            Reason::new(EndingCode::Interrupted, "the run was interrupted")
        }
        PendingReason::Stopped => Reason::new(EndingCode::Stopped, "the run was stopped"),
        PendingReason::NotSaved(failure) => Reason::of(EndingCode::NotSaved, failure),
        PendingReason::Elsewhere { why } => Reason::new(EndingCode::Elsewhere, one_line(why)),
    }
}

/// Why nothing was created.
pub(super) fn skip(reason: &SkipReason) -> Reason<EndingCode> {
    match reason {
        SkipReason::Uncertain { why } => Reason {
            advice: Some(FailureClass::Ambiguous.advice().to_owned()),
            ..Reason::new(EndingCode::Uncertain, one_line(why))
        },
        SkipReason::FailedEarlier { why } => Reason {
            advice: Some(FailureClass::TaskFailed.advice().to_owned()),
            ..Reason::new(EndingCode::FailedEarlier, one_line(why))
        },
        SkipReason::Blocked { why, .. } => Reason::new(EndingCode::Blocked, one_line(why)),
        SkipReason::NotYet { by } => Reason {
            advice: Some("run again: what is paid is collected, and this shot follows".to_owned()),
            ..Reason::new(
                EndingCode::NotYet,
                format!("it needs a frame of `{by}`, which is not there yet"),
            )
        },
        SkipReason::Stopped => Reason::new(EndingCode::Stopped, "the run stopped before its turn"),
        SkipReason::Interrupted => Reason::new(
            EndingCode::Interrupted,
            "the run was interrupted before its turn",
        ),
        SkipReason::Budget => Reason {
            advice: Some(BUDGET_ADVICE.to_owned()),
            ..Reason::new(EndingCode::Budget, "it would exceed limits.max_cost")
        },
        SkipReason::ModelNotOnPlan => Reason {
            advice: Some(FailureClass::ModelNotOnPlan.advice().to_owned()),
            ..Reason::new(
                EndingCode::ModelNotOnPlan,
                "its model was refused for an earlier shot",
            )
        },
    }
}

/// Why a run creates nothing more.
pub(super) fn stop(reason: &StopReason) -> Reason<StopCode> {
    match reason {
        StopReason::KeyRefused(failure) => Reason {
            message: format!("the key is refused: {}", failure_text(failure)),
            ..Reason::of(StopCode::KeyRefused, failure)
        },
        StopReason::OutOfCredit(failure) => Reason {
            message: format!("balance or quota is used up: {}", failure_text(failure)),
            ..Reason::of(StopCode::OutOfCredit, failure)
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
            advice: Some("run again when the wait is over: what is paid is kept".to_owned()),
            ..Reason::of(StopCode::Throttled, failure)
        },
        StopReason::WrongAddress(failure) => Reason {
            message: format!("nothing there speaks the API: {}", failure_text(failure)),
            ..Reason::of(StopCode::WrongAddress, failure)
        },
        StopReason::Unreachable(failure) => Reason {
            message: format!("the service cannot be reached: {}", failure_text(failure)),
            ..Reason::of(StopCode::Unreachable, failure)
        },
        StopReason::Interrupted(signal) => Reason::new(
            StopCode::Interrupted,
            match signal {
                Signal::Interrupt => "interrupted by Ctrl-C",
                Signal::Terminate => "asked to end by the system",
            },
        ),
        StopReason::Ledger(message) => Reason {
            advice: Some(FailureClass::Local.advice().to_owned()),
            ..Reason::new(
                StopCode::Ledger,
                format!("the ledger cannot be written: {}", one_line(message)),
            )
        },
        StopReason::Budget { limit } => Reason {
            advice: Some(BUDGET_ADVICE.to_owned()),
            ..Reason::new(
                StopCode::Budget,
                format!("the next shot would exceed limits.max_cost ({limit})"),
            )
        },
    }
}
