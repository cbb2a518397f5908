//! Why a call failed, as far as anything acts differently on it.
//!
//! Owns the classes, their stable words and what a person can do. Which answer
//! belongs to which class is the provider's table.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The calls that a shot's life consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Asks for the video, and pays.
    Create,
    /// Asks how far it is.
    Poll,
    /// Asks where the finished file is.
    Locate,
    /// Fetches the file.
    Download,
}

impl Operation {
    /// The word for it in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Poll => "poll",
            Self::Locate => "locate",
            Self::Download => "download",
        }
    }
}

/// Why a call failed, as far as anything acts differently on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Refused for its rate; nothing was accepted, later is fine.
    Throttled,
    /// The connection was never made; nothing was sent.
    Unreachable,
    /// The key is not accepted: the run stops.
    KeyRefused,
    /// Balance or quota is used up: nothing more is created, the rest is collected.
    OutOfCredit,
    /// The plan does not include this model.
    ModelNotOnPlan,
    /// The request itself is refused.
    Invalid,
    /// Nothing at this address speaks the API: the run stops.
    WrongAddress,
    /// Prompt, picture or result was judged sensitive.
    Moderated,
    /// The request may have been accepted; on a create this is what costs twice.
    Ambiguous,
    /// May pass by itself; nothing is known to be lost.
    Transient,
    /// The task ran and failed at the service.
    TaskFailed,
    /// What arrived is not the video.
    Damaged,
    /// This machine: disk, permissions, memory.
    Local,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 13] = [
        Self::Throttled,
        Self::Unreachable,
        Self::KeyRefused,
        Self::OutOfCredit,
        Self::ModelNotOnPlan,
        Self::Invalid,
        Self::WrongAddress,
        Self::Moderated,
        Self::Ambiguous,
        Self::Transient,
        Self::TaskFailed,
        Self::Damaged,
        Self::Local,
    ];

    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::KeyRefused => "key_refused",
            Self::OutOfCredit => "out_of_credit",
            Self::ModelNotOnPlan => "model_not_on_plan",
            Self::Invalid => "invalid",
            Self::WrongAddress => "wrong_address",
            Self::Moderated => "moderated",
            Self::Ambiguous => "ambiguous",
            Self::Transient => "transient",
            Self::TaskFailed => "task_failed",
            Self::Damaged => "damaged",
            Self::Local => "local",
        }
    }

    /// What a person can do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Throttled => "lower limits.creates_per_minute, or run again later",
            Self::Unreachable => "check the network and the backend's base URL, then run again",
            Self::KeyRefused => {
                "check the key (MINIMAX_API_KEY, or the backend's key_env), and that it belongs to the region of the host: a key of the other region looks just like a wrong one"
            }
            Self::OutOfCredit => {
                "top up or wait for the quota's window, then run again: what is paid is kept"
            }
            Self::ModelNotOnPlan => "choose a model that the account's plan includes",
            Self::Invalid => "change the shot as the message says, then run again",
            Self::WrongAddress => {
                "check the base URL: the backend's base_url, MINIMAX_BASE_URL or MINIMAX_API_HOST; a gateway's path prefix is a part of it"
            }
            Self::Moderated => {
                "change the prompt or the picture; a clip that was judged after it was made may pass with --retry failed, which pays for another try"
            }
            Self::Ambiguous => {
                "a task may have been created and paid, and nothing is sent again by itself: look in the vendor's console, then settle it with `runner resolve`"
            }
            Self::Transient => "run again: it may pass by itself",
            Self::TaskFailed => "change the prompt, or pay for another try with --retry failed",
            Self::Damaged => "run again: the file is fetched once more, without paying",
            Self::Local => "make room or mend the permissions of the output folder, then run again",
        }
    }
}

/// One call that did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What to do about it.
    pub class: FailureClass,
    /// The service's `base_resp.status_code`, or the HTTP status where there is none.
    pub code: Option<i64>,
    /// What was said, without keys or signed links.
    pub message: String,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
    /// The service's trace id, which its support asks for.
    pub trace_id: Option<String>,
}

impl Failure {
    /// A failure of which only class and words are known.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            code: None,
            message: message.into(),
            retry_after: None,
            trace_id: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            // Words like `HTTP 404 with a page` say it already.
            Some(code) if !self.message.contains(&code.to_string()) => {
                write!(f, "{} ({code})", self.message)
            }
            _ => f.write_str(&self.message),
        }
    }
}
