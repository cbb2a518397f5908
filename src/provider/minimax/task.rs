//! What an answer says of a task: that it exists, how far it is, how it ended.
//!
//! Owns the cautious readings: what cannot be told apart from a paid task is
//! taken for one. Pure; the facade brings the answers.

use serde_json::Value;

use crate::event::{Failure, FailureClass, Operation};
use crate::id::{FileId, TaskId};
use crate::provider::minimax::classify::classify;
use crate::provider::minimax::reply::{self, Refused, Reply};
use crate::provider::minimax::status::{Meaning, meaning};
use crate::provider::{Created, Progress};

/// The task of an accepted create.
pub(super) fn created(reply: Reply) -> Result<Created, Failure> {
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
pub(super) fn not_created(refused: Refused) -> Failure {
    let task = refused
        .body
        .as_ref()
        .and_then(|body| reply::id(body, "/task_id"));
    let failure = classify(Operation::Create, *refused.answer);
    match task {
        // Some services write a zero where there is nothing.
        Some(task) if task != "0" => Failure {
            class: FailureClass::Ambiguous,
            message: format!("{}; yet the answer names task {task}", failure.message),
            ..failure
        },
        _ => failure,
    }
}

/// How far a task is.
pub(super) fn progress(reply: &Reply) -> Result<Progress, Failure> {
    let status = reply.text("/status").unwrap_or_default().to_owned();
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
pub(super) fn failed_with_reason(refused: Refused) -> Result<Progress, Failure> {
    let status = refused
        .body
        .as_ref()
        .and_then(|body| body.get("status"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
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
