//! What an answer says of a task: that it exists, how far it is, how it ended.
//!
//! Owns the cautious readings: what cannot be told apart from a paid task is
//! taken for one. Pure; the facade brings the answers.

use crate::event::{Failure, FailureClass, Operation};
use crate::id::{FileId, TaskId};
use crate::provider::minimax::classify::classify;
use crate::provider::minimax::reply::{self, Refused, Reply};
use crate::provider::minimax::status::{Meaning, meaning};
use crate::provider::{Created, Progress};

/// What a create came to.
pub(super) fn of_create(sorted: Result<Reply, Refused>) -> Result<Created, Failure> {
    match sorted {
        Ok(reply) => created(reply),
        Err(refused) => Err(not_created(refused)),
    }
}

/// How far a task is.
pub(super) fn of_poll(sorted: Result<Reply, Refused>) -> Result<Progress, Failure> {
    match sorted {
        Ok(reply) => progress(&reply),
        Err(refused) => failed_with_reason(refused),
    }
}

/// The task of an accepted create.
fn created(reply: Reply) -> Result<Created, Failure> {
    match reply.id("/task_id") {
        Some(task) => Ok(Created {
            task: TaskId::new(task),
            trace_id: reply.trace_id,
        }),
        None => Err(Failure {
            trace_id: reply.trace_id,
            ..Failure::new(
                FailureClass::Ambiguous,
                "accepted, but the answer names no task",
            )
        }),
    }
}

/// A refusal that names a task all the same proves nothing: the task may exist.
fn not_created(refused: Refused) -> Failure {
    let failure = classify(Operation::Create, *refused.answer);
    match refused.body {
        Some(body) if reply::has_id(&body, "/task_id") => {
            let task = reply::id(&body, "/task_id");
            let task = task.map_or_else(|| "a task".to_owned(), |id| format!("task {id}"));
            Failure {
                class: FailureClass::Ambiguous,
                message: format!("{}; yet the answer names {task}", failure.message),
                ..failure
            }
        }
        _ => failure,
    }
}

/// The progress that an accepted answer tells of.
fn progress(reply: &Reply) -> Result<Progress, Failure> {
    let status = reply::status(&reply.body);
    match meaning(&status) {
        Meaning::Succeeded => match reply.id("/file_id") {
            Some(file) => Ok(Progress::Succeeded {
                status,
                file: FileId::new(file),
            }),
            None => Err(Failure::new(
                FailureClass::Transient,
                "finished, but the answer names no file",
            )),
        },
        Meaning::Failed => Ok(Progress::Failed {
            failure: Failure::new(
                FailureClass::TaskFailed,
                "the service gave the task up without a reason",
            ),
            status,
        }),
        Meaning::Running => Ok(Progress::Running {
            status,
            known: true,
        }),
        Meaning::Unknown => Ok(Progress::Running {
            status,
            known: false,
        }),
    }
}

/// A failed task carries its reason as a non-zero code. The code alone would
/// only mean that the question was refused (minimax-api.md section 4).
fn failed_with_reason(refused: Refused) -> Result<Progress, Failure> {
    let status = refused.body.as_ref().map(reply::status).unwrap_or_default();
    let failure = classify(Operation::Poll, *refused.answer);
    match (meaning(&status), failure.class) {
        // A status that says "running" wins over the code beside it: taking it
        // for an end would abandon a paid task.
        (Meaning::Running, _) => Ok(Progress::Running {
            status,
            known: true,
        }),
        (_, FailureClass::Moderated) => Ok(Progress::Failed { status, failure }),
        (Meaning::Failed, _) => Ok(Progress::Failed {
            status,
            failure: Failure {
                class: FailureClass::TaskFailed,
                ..failure
            },
        }),
        _ => Err(failure),
    }
}
