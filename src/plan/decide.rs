//! What to do with one shot, and why, in words.
//!
//! Owns the table from "what earlier runs left" to a decision. Pure; the order
//! of the arms is the order of the promises: never pay twice comes first.

use serde_json::{Map, Value};

use crate::event::{Decision, Video};
use crate::id::{AttemptId, FileId, ShotId, TaskId};
use crate::plan::Retry;
use crate::plan::changes;
use crate::plan::history::{Past, Presence, Standing};

/// A decision with its reason and what is needed to carry it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What will be done.
    pub decision: Decision,
    /// Why, in a sentence without a full stop.
    pub reason: String,
    /// Whether there is a take of this very request already, which is kept.
    pub another_take: bool,
    /// The video to use.
    pub existing: Option<Video>,
    /// The paid task to collect.
    pub paid: Option<PaidTask>,
}

/// A task that an earlier run paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidTask {
    /// The attempt that paid for it.
    pub attempt: AttemptId,
    /// The service's name for it.
    pub task: TaskId,
    /// The finished file, if it is known to be finished.
    pub file: Option<FileId>,
}

impl Decided {
    pub(super) fn new(decision: Decision, reason: impl Into<String>) -> Self {
        Self {
            decision,
            reason: reason.into(),
            another_take: false,
            existing: None,
            paid: None,
        }
    }
}

impl Decided {
    /// The same for a shot of which there is a video, of this request or of an
    /// earlier one: what is made takes its place.
    pub(super) fn over(self, has_video: bool) -> Self {
        match self.decision {
            Decision::Create if has_video || self.another_take => Self {
                decision: Decision::Replace,
                ..self
            },
            _ => self,
        }
    }
}

/// Decides on a request for which earlier runs left `past`; `base_url` is where
/// the service is now.
pub(super) fn on_past(past: &Past, retry: Retry, base_url: &str) -> Decided {
    let decided = by_standing(past, retry);
    if decided.decision == Decision::Resume && past.base_url != base_url {
        return Decided::new(
            Decision::Elsewhere,
            format!(
                "{}, and only {} knows the task; run against that address to collect it",
                decided.reason, past.base_url
            ),
        );
    }
    decided
}

/// Another take was asked for. Only what is settled is made once more: what is
/// under way or uncertain has to come to its end first.
pub(super) fn another_take(decided: Decided) -> Decided {
    match decided.decision {
        Decision::Reuse => Decided {
            another_take: true,
            ..Decided::new(
                Decision::Create,
                format!(
                    "another take was asked for; the one {} is kept",
                    decided.reason
                ),
            )
        },
        Decision::Failed => Decided::new(
            Decision::Create,
            format!("another try was asked for; {}", decided.reason),
        ),
        _ => decided,
    }
}

fn by_standing(past: &Past, retry: Retry) -> Decided {
    let date = &past.date;
    match &past.standing {
        Standing::Saved {
            video,
            presence,
            task,
            file,
        } => on_saved(past, video, *presence, task, file.as_ref()),
        Standing::Paid { task, file } => resume(
            past,
            task,
            file.as_ref(),
            format!("paid on {date}, not collected yet"),
        ),
        Standing::Uncertain { failure } => Decided::new(
            Decision::Uncertain,
            match failure {
                Some(failure) => format!("may have been paid on {date}: {failure}"),
                None => format!("may have been paid on {date}: the run ended before the answer"),
            },
        ),
        Standing::Failed(failure) if retry == Retry::Nothing => Decided::new(
            Decision::Failed,
            format!("failed on {date}: {failure}; `--retry failed` pays for another try"),
        ),
        Standing::Failed(failure) => Decided::new(
            Decision::Create,
            format!("failed on {date}: {failure}; another try was asked for"),
        ),
        Standing::Refused(failure) => Decided::new(
            Decision::Create,
            format!("refused on {date} without cost: {failure}"),
        ),
    }
}

fn on_saved(
    past: &Past,
    video: &Video,
    presence: Presence,
    task: &TaskId,
    file: Option<&FileId>,
) -> Decided {
    let date = &past.date;
    match presence {
        Presence::Present => Decided {
            existing: Some(video.clone()),
            ..Decided::new(Decision::Reuse, format!("made on {date}"))
        },
        Presence::Missing => resume(
            past,
            task,
            file,
            format!(
                "paid on {date}; `{}` is gone and is fetched again",
                video.path
            ),
        ),
        Presence::Altered => resume(
            past,
            task,
            file,
            format!(
                "paid on {date}; `{}` is not what was saved and is fetched again",
                video.path
            ),
        ),
    }
}

fn resume(past: &Past, task: &TaskId, file: Option<&FileId>, reason: String) -> Decided {
    Decided {
        paid: Some(PaidTask {
            attempt: past.attempt.clone(),
            task: task.clone(),
            file: file.cloned(),
        }),
        ..Decided::new(Decision::Resume, reason)
    }
}

/// A file has the shot's name, and no ledger says where it comes from.
pub(super) fn on_stranger(file: &str, shot: &ShotId) -> Decided {
    Decided::new(
        Decision::Blocked,
        format!(
            "`{file}` is there and in no ledger, so creating it may be paying twice; bring `.runner/` back, or move the file away, or make another take with `--force {shot}`"
        ),
    )
}

/// Why a request without a past is created: the shot is new, or it changed.
pub(super) fn on_new(request: &Map<String, Value>, last: Option<&Past>) -> Decided {
    let reason = match last.map(|past| changes::between(&past.request, request)) {
        None => "new".to_owned(),
        // The same fields under another fingerprint: backend or occurrence differ.
        Some(changes) if changes.is_empty() => "new for this backend".to_owned(),
        Some(changes) => format!("changed: {}", changes::names(&changes)),
    };
    Decided::new(Decision::Create, reason)
}
