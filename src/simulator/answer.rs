//! Answers in the API's own shapes.
//!
//! Owns the JSON of every operation, refusals included: HTTP 200 with the
//! verdict in `base_resp`, and empty values beside it, as the service has them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::scenario::Operation;
use super::task::{State, Task};
use crate::spec::Spec;

/// What the API has against a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
}

impl Refusal {
    /// Something in the request is wrong.
    pub(super) fn params(message: &str) -> Self {
        let message = format!("invalid params, {message}");
        Self {
            code: 2013,
            message,
        }
    }
}

/// The verdict of an answer.
fn verdict(code: i64, message: &str) -> Value {
    json!({ "status_code": code, "status_msg": message })
}

/// What a code means, for people.
fn meaning(spec: &Spec, code: i64) -> &str {
    spec.status_meaning(code).unwrap_or("unnamed error")
}

/// The verdict that all is well.
fn success() -> Value {
    verdict(0, "success")
}

/// A refusal in the shape of an operation's answer.
pub(super) fn refused(operation: Operation, refusal: &Refusal) -> Response {
    let base_resp = verdict(refusal.code, &refusal.message);
    let body = match operation {
        Operation::Create => json!({ "task_id": "", "base_resp": base_resp }),
        Operation::Query => json!({
            "task_id": "", "status": "", "file_id": "",
            "video_width": 0, "video_height": 0, "base_resp": base_resp,
        }),
        Operation::Retrieve | Operation::Content | Operation::Download | Operation::Callback => {
            json!({ "base_resp": base_resp })
        }
    };
    Json(body).into_response()
}

/// A refusal that only the scenario knows a reason for.
pub(super) fn refused_by_scenario(spec: &Spec, operation: Operation, code: i64) -> Response {
    let message = meaning(spec, code).to_owned();
    refused(operation, &Refusal { code, message })
}

/// The answer to a create that was accepted.
pub(super) fn created(task: &Task) -> Response {
    let body = json!({ "task_id": task.id.to_string(), "base_resp": success() });
    Json(body).into_response()
}

/// How a status is spelled.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spelling<'a> {
    /// As documented.
    Documented,
    /// In lower case.
    Lower,
    /// As in callbacks: in lower case, and another word for a failure.
    Callback,
    /// By another word, as for a task that still runs.
    Other(&'a str),
}

/// The answer to a question for a task's state.
pub(super) fn state(
    spec: &Spec,
    task: &Task,
    state: &State<'_>,
    spelling: Spelling<'_>,
) -> Response {
    Json(state_body(spec, task, state, spelling)).into_response()
}

/// What is said of a task's state, to those who ask and to those who are called back.
pub(super) fn state_body(
    spec: &Spec,
    task: &Task,
    state: &State<'_>,
    spelling: Spelling<'_>,
) -> Value {
    let running = State::Processing;
    let state = match spelling {
        Spelling::Other(_) => &running,
        Spelling::Documented | Spelling::Lower | Spelling::Callback => state,
    };
    let (mut file, mut size, mut base_resp) = (String::new(), (0, 0), success());
    let name = match state {
        State::Preparing => "Preparing",
        State::Queueing => "Queueing",
        State::Processing => "Processing",
        State::Success(clip) => {
            file = task.file.to_string();
            size = clip.size();
            "Success"
        }
        State::Fail { code, message } => {
            base_resp = verdict(*code, message.unwrap_or_else(|| meaning(spec, *code)));
            "Fail"
        }
    };
    let name = match spelling {
        Spelling::Documented => name.to_owned(),
        Spelling::Callback if name == "Fail" => "failed".to_owned(),
        Spelling::Lower | Spelling::Callback => name.to_lowercase(),
        Spelling::Other(word) => word.to_owned(),
    };
    json!({
        "task_id": task.id.to_string(), "status": name, "file_id": file,
        "video_width": size.0, "video_height": size.1, "base_resp": base_resp,
    })
}

/// The answer to a question for a file: its id is a number here, its length is not told.
pub(super) fn file(task: &Task, link: &str) -> Response {
    let body = json!({
        "file": {
            "file_id": task.file, "bytes": 0, "created_at": task.created_at,
            "filename": "output_aigc.mp4", "purpose": "video_generation",
            "download_url": link,
        },
        "base_resp": success(),
    });
    Json(body).into_response()
}
