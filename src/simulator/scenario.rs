//! What shall go wrong, and when: the typed form of a scenario file.
//!
//! Owns the file's keys and refuses rules that could never act. Pure data; the
//! counting and the acting are in `trouble`.
//!
//! A rule watches one operation (`on`: create, query, retrieve, content,
//! download, or callback, which the simulator sends itself), counts the requests that match it (all, or those whose prompt has
//! the text of `prompt_contains`; each task on its own with `per_task`), and acts
//! on the `nth` or `every` so-many-th of them, at most `times` times. `then` is
//! one of these, with or without `delay_ms`, or a delay alone:
//!
//! | key | what happens | on |
//! |---|---|---|
//! | `code: 1002` | HTTP 200 with that `base_resp` code | all but download |
//! | `http: 503`, with `body`, `html`, `retry_after`, `location` | a proxy's answer | all |
//! | `html` | a page instead of the answer, under HTTP 200 | all |
//! | `cut: before`, `cut: after` | the connection ends, before or after a create took effect | all, create |
//! | `cut: body` | the connection ends in the middle of the body | all |
//! | `stall`, `stall_body` | nothing ever comes, or nothing after half the body | all |
//! | `status: Thinking` | another word for the state, as of a task that still runs | query, callback |
//! | `lower_case` | the state in lower case | query |
//! | `fail: 1027` | the task ends as failed with that code | create, query |
//! | `show: black`, `frozen`, `cut`, `small` | a whole video that shows nothing, does not move, has a cut, or has half the size | create |
//! | `expired_link` | the link has expired when it is given | retrieve |
//! | `truncated`, `truncated: lying` | half a video, as announced or not | content, download |
//! | `empty` | a video without bytes | content, download |
//! | `drop`, `duplicate` | a callback that is never sent, or twice | callback |
//! | `task_id: 12345` | a callback that names that task instead | callback |
//!
//! "All" is all but callback: those are not answered but sent, one when a task
//! begins to be processed and one when it has ended. A delay holds up the later
//! ones of its task too. The challenge that proves an address is no callback.
//!
//! On create, `accepted: true` lets the task come to be (and be billed) before
//! any of it happens. A key that takes `true` may stand alone: `then: stall`.
//!
//! ```yaml
//! rules:
//!   - { on: create, nth: 2, then: { code: 1002 } }
//!   - { on: create, prompt_contains: harbour, times: 1, then: { cut: after } }
//!   - { on: query, every: 3, then: { status: Thinking } }
//!   - { on: download, per_task: true, nth: 1, then: truncated }
//!   - { on: callback, prompt_contains: harbour, nth: 1, then: drop }
//! ```

mod written;

use std::time::Duration;

use serde::Deserialize;

use crate::media::clip::Flaw;

use written::{WrittenRule, WrittenThen};

/// A list of rules; the first whose turn it is acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The rules, in order. Each counts every request that it matches.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// Where trouble can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/video_generation`.
    Create,
    /// `GET /v1/query/video_generation`.
    Query,
    /// `GET /v1/files/retrieve`.
    Retrieve,
    /// `GET /v1/files/retrieve_content`.
    Content,
    /// The signed link.
    Download,
    /// What is posted to the `callback_url` of a create.
    Callback,
}

impl Operation {
    /// Every operation, in the order of a task's life.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Query,
        Self::Retrieve,
        Self::Content,
        Self::Download,
        Self::Callback,
    ];
}

/// Which of the requests that a rule matches it acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// That one alone, counted from 1.
    Nth(u64),
    /// Each that many-th.
    Every(u64),
}

/// One kind of trouble and its time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenRule")]
pub struct Rule {
    /// The operation it watches.
    pub on: Operation,
    /// Which of the matching requests it acts on.
    pub turn: Turn,
    /// Text that the prompt of the task must hold.
    pub prompt_contains: Option<String>,
    /// The most times that it acts.
    pub times: Option<u64>,
    /// Whether it counts for each task on its own, or for each distinct create body.
    pub per_task: bool,
    /// What it does.
    pub then: Then,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Then {
    /// How long the answer waits.
    pub delay: Duration,
    /// Whether a create takes effect before the trouble; always true of the other operations.
    pub accepted: bool,
    /// What is done to the answer, besides waiting.
    pub action: Option<Action>,
}

/// What is done to an answer, or to a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// HTTP 200 with this `base_resp.status_code`.
    Refuse {
        /// The code.
        code: i64,
    },
    /// Another HTTP status or page, as proxies answer.
    Http {
        /// The HTTP status.
        status: u16,
        /// What the answer says.
        page: Page,
        /// The `Retry-After` header, in seconds.
        retry_after: Option<u64>,
        /// The `Location` header: where a redirect leads.
        location: Option<String>,
    },
    /// The connection ends without an answer.
    Cut,
    /// The connection ends in the middle of the answer's body.
    CutBody,
    /// No answer ever comes.
    Stall,
    /// Half of the answer's body comes, and then nothing more.
    StallBody,
    /// The answer names this status, and no file.
    Status(String),
    /// The status is spelled in lower case.
    LowerCase,
    /// The task ends as failed with this code.
    Fail {
        /// The code.
        code: i64,
    },
    /// The link has expired when it is given.
    ExpiredLink,
    /// The task ends well, and something is wrong with what the video shows.
    Show(Flaw),
    /// The video is cut off, and its announced length fits.
    Truncated,
    /// The video has no bytes.
    Empty,
    /// The callback is never sent.
    Drop,
    /// The callback is sent twice.
    Duplicate,
    /// The callback names this task.
    TaskId(String),
}

/// The body of an [`Action::Http`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// A proxy's page about its status.
    Html,
    /// Plain text.
    Text(String),
}

impl TryFrom<WrittenThen> for Then {
    type Error = String;

    fn try_from(written: WrittenThen) -> Result<Self, String> {
        let accepted = written.accepts();
        let delay = Duration::from_millis(written.delay_ms);
        let action = written.action()?;
        if action.is_none() && delay.is_zero() {
            return Err("`then` says nothing to do".to_owned());
        }
        Ok(Self {
            delay,
            accepted,
            action,
        })
    }
}

impl TryFrom<WrittenRule> for Rule {
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let turn = match (written.nth, written.every) {
            (Some(0), _) | (_, Some(0)) => return Err("`nth` and `every` count from 1".to_owned()),
            (Some(_), Some(_)) => return Err("`nth` and `every` exclude each other".to_owned()),
            (Some(nth), None) => Turn::Nth(nth),
            (None, every) => Turn::Every(every.unwrap_or(1)),
        };
        let then = Then::try_from(written.then)?;
        if let Some(action) = &then.action
            && !acts_on(action, written.on)
        {
            let on = written.on;
            return Err(format!("{action:?} cannot happen on {on:?}"));
        }
        if then.accepted && written.on != Operation::Create {
            return Err("only a create can be `accepted` or cut `after`".to_owned());
        }
        Ok(Self {
            on: written.on,
            turn,
            prompt_contains: written.prompt_contains,
            times: written.times,
            per_task: written.per_task,
            then,
        })
    }
}

/// Whether an operation has what an action changes.
fn acts_on(action: &Action, on: Operation) -> bool {
    match action {
        Action::Http { .. } | Action::Cut | Action::CutBody | Action::Stall | Action::StallBody => {
            on != Operation::Callback
        }
        Action::Refuse { .. } => !matches!(on, Operation::Download | Operation::Callback),
        Action::Status(_) => matches!(on, Operation::Query | Operation::Callback),
        Action::LowerCase => on == Operation::Query,
        Action::Drop | Action::Duplicate | Action::TaskId(_) => on == Operation::Callback,
        Action::Show(_) => on == Operation::Create,
        Action::Fail { .. } => matches!(on, Operation::Create | Operation::Query),
        Action::ExpiredLink => on == Operation::Retrieve,
        Action::Truncated | Action::Empty => {
            matches!(on, Operation::Content | Operation::Download)
        }
    }
}

#[cfg(test)]
mod tests;
