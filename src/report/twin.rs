//! The shapes that report and event lines share.
//!
//! Owns the names of their fields; what is said of a field here is what the schemas
//! say. Twins of the vocabulary on purpose: renaming something there changes no file
//! format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{self, Failure};
use crate::money;
use crate::state::{self, RunState};

use super::words::failure_text;

/// Makes a twin of an enum whose variants have no fields: the words of a file format.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $from:ty { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl From<$from> for $name {
            fn from(word: $from) -> Self {
                match word { $(<$from>::$variant => Self::$variant,)* }
            }
        }

        impl $name {
            /// The word in the file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => <$from>::$variant.as_str(),)* }
            }
        }
    };
}

words! {
    /// What the plan decided.
    Decision = event::Decision {
        /// A task is created and paid.
        Create,
        /// The same, for a shot that has a video already; the old one is kept.
        Replace,
        /// It needs frames of videos that the run makes first, and is decided on then.
        Wait,
        /// The video is on disk; nothing is called.
        Reuse,
        /// A task was paid earlier; it is collected.
        Resume,
        /// A task may have been paid earlier; nothing is created until that is settled.
        Uncertain,
        /// It was paid earlier and failed at the service.
        Failed,
        /// A task was paid earlier at another address, and is known there only.
        Elsewhere,
        /// It waits for something that cannot happen in this run.
        Blocked,
    }
}

words! {
    /// How a shot ended.
    Outcome = state::Outcome {
        /// The video is on disk.
        Succeeded,
        /// Nothing was created; another run can.
        Skipped,
        /// Paid, and the next run collects it.
        Pending,
        /// It was refused, or failed at the service.
        Failed,
        /// It may have been paid: a person has to look.
        Uncertain,
    }
}

words! {
    /// What kind of failure it is, by what to do about it.
    ErrorClass = event::FailureClass {
        /// Refused for its rate; nothing was accepted, later is fine.
        Throttled,
        /// The connection was never made; nothing was sent.
        Unreachable,
        /// The key is not accepted.
        KeyRefused,
        /// Balance or quota is used up.
        OutOfCredit,
        /// The plan does not include this model.
        ModelNotOnPlan,
        /// The request itself is refused.
        Invalid,
        /// Nothing at this address speaks the API.
        WrongAddress,
        /// Prompt, picture or result was judged sensitive.
        Moderated,
        /// The request may have been accepted.
        Ambiguous,
        /// May pass by itself.
        Transient,
        /// The task ran and failed at the service.
        TaskFailed,
        /// What arrived is not the video.
        Damaged,
        /// This machine: disk, permissions, memory.
        Local,
    }
}

words! {
    /// A call to the service.
    Operation = event::Operation {
        /// Asks for the video, and pays.
        Create,
        /// Asks how far it is.
        Poll,
        /// Asks where the finished file is.
        Locate,
        /// Fetches the file.
        Download,
    }
}

/// An exact amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Money {
    /// The number as a decimal, never rounded.
    #[schemars(regex(pattern = r"^-?[0-9]+\.[0-9]{2,6}$"))]
    pub amount: String,
    /// ISO 4217 code.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

impl From<&money::Money> for Money {
    fn from(money: &money::Money) -> Self {
        Self {
            amount: money.decimal(),
            currency: money.currency().to_owned(),
        }
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// Amounts as people add them up: `1.12 USD + 3.00 CNY`, or `nothing`.
pub(super) fn sum(amounts: &[Money]) -> String {
    if amounts.is_empty() {
        return "nothing".to_owned();
    }
    let amounts: Vec<String> = amounts.iter().map(Money::to_string).collect();
    amounts.join(" + ")
}

fn amounts(total: &money::Total) -> Vec<Money> {
    total
        .amounts()
        .filter(|money| money.micros() != 0)
        .map(|money| Money::from(&money))
        .collect()
}

/// A call that did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CallError {
    /// What kind of failure it is, by what to do about it.
    pub class: ErrorClass,
    /// The service's status code, or the HTTP status where there is none.
    pub code: Option<i64>,
    /// What was said, without keys or signed links.
    pub message: String,
    /// What a person can do about it.
    pub advice: String,
    /// The service's trace id, which its support asks for.
    pub trace_id: Option<String>,
}

impl From<&Failure> for CallError {
    fn from(failure: &Failure) -> Self {
        let bare = Failure {
            code: None,
            ..failure.clone()
        };
        Self {
            class: failure.class.into(),
            code: failure.code,
            message: failure_text(&bare),
            advice: failure.class.advice().to_owned(),
            trace_id: failure.trace_id.clone(),
        }
    }
}

/// A video on disk, verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Video {
    /// Relative to the output folder, with forward slashes.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Frames per second.
    pub fps: f64,
    /// RFC 6381 codec string.
    pub codec: String,
}

impl From<&event::Video> for Video {
    fn from(video: &event::Video) -> Self {
        Self {
            path: video.path.clone(),
            bytes: video.bytes,
            sha256: video.sha256.clone(),
            width: video.width,
            height: video.height,
            duration_ms: video.duration_ms,
            fps: video.fps,
            codec: video.codec.clone(),
        }
    }
}

/// Counts and sums over all shots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Totals {
    /// All selected shots.
    pub shots: usize,
    /// Shots whose video is on disk.
    pub succeeded: usize,
    /// Of these, created in this run.
    pub created: usize,
    /// Of these, found on disk without any call.
    pub reused: usize,
    /// Of these, paid earlier and collected in this run.
    pub resumed: usize,
    /// Shots that were refused or failed.
    pub failed: usize,
    /// Shots that are paid and not collected yet.
    pub pending: usize,
    /// Shots that may have been paid without anybody knowing.
    pub uncertain: usize,
    /// Shots for which nothing was created.
    pub skipped: usize,
    /// Shots whose video was checked.
    pub checked: usize,
    /// Of these, not as expected.
    pub unexpected: usize,
    /// Of these, not all could be found out, and nothing was found wrong.
    pub unknown: usize,
    /// What the tasks created in this run cost by the price table, one sum for each currency.
    pub spent: Vec<Money>,
    /// The same at the prices of the service itself, also where nothing is charged.
    pub list_price: Vec<Money>,
    /// What is paid, by this run or an earlier one, and not collected yet.
    pub reserved: Vec<Money>,
    /// What was not paid again, because it was there or paid already.
    pub saved_by_reuse: Vec<Money>,
    /// What may have been paid for uncertain shots.
    pub at_risk: Vec<Money>,
    /// Created shots that `spent` leaves out, because the price table has none for them.
    pub created_without_price: usize,
}

impl From<&RunState> for Totals {
    fn from(state: &RunState) -> Self {
        let counts = state.counts();
        Self {
            shots: counts.total,
            succeeded: counts.succeeded,
            created: counts.created,
            reused: counts.reused,
            resumed: counts.resumed,
            failed: counts.failed,
            pending: counts.pending,
            uncertain: counts.uncertain,
            skipped: counts.skipped,
            checked: counts.checked,
            unexpected: counts.unexpected,
            unknown: counts.unknown,
            spent: amounts(&state.spent()),
            list_price: amounts(&state.list_price()),
            reserved: amounts(&state.reserved()),
            saved_by_reuse: amounts(&state.saved()),
            at_risk: amounts(&state.at_risk()),
            created_without_price: created_without_price(state),
        }
    }
}

fn created_without_price(state: &RunState) -> usize {
    let shots = state.shots.iter();
    shots
        .filter(|shot| shot.created() && shot.facts.price.is_none())
        .count()
}
