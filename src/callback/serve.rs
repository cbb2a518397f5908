//! What is answered to whom.
//!
//! Owns the rules of a request: its method, its path, its size, its time and
//! what may be understood from it. Strangers learn nothing: every path that
//! is not expected is as absent as every other.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures::StreamExt as _;
use serde_json::{Map, Value, json};

use super::board::{Board, Said};
use crate::id::TaskId;

/// The most bytes of a body that is read. Callbacks have a few hundred.
const BODY_LIMIT: usize = 64 << 10;

/// The most bytes of a body that is too large which are taken and thrown away.
/// Without that the connection would break before its sender has read why.
const DRAIN_LIMIT: usize = 1 << 20;

/// How long a body may take; as long as the service waits for a challenge.
pub(super) const BODY_TIME: Duration = Duration::from_secs(3);

/// The longest challenge that is sent back, in bytes.
const CHALLENGE_LIMIT: usize = 1 << 10;

/// The longest name of a task, in bytes; the service's have 15 to 18 digits.
const TASK_LIMIT: usize = 64;

/// The longest status, in bytes.
const STATUS_LIMIT: usize = 32;

/// One handler for every path: a proxy may put its own parts before ours.
pub(super) fn router(board: Arc<Board>) -> Router {
    Router::new().fallback(answer).with_state(board)
}

async fn answer(State(board): State<Arc<Board>>, request: Request) -> Response {
    let mut response = respond(&board, request).await;
    // One request for each connection, so that its life can be bounded as a whole.
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

async fn respond(board: &Board, request: Request) -> Response {
    let token = request.uri().path().rsplit('/').next().unwrap_or_default();
    let slot = board.slot(token);
    let Some(slot) = slot.filter(|_| request.method() == Method::POST) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = tokio::time::timeout(BODY_TIME, read(request.into_body())).await;
    let body = match body {
        Ok(Ok(body)) => body,
        Ok(Err(status)) => return status.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match fields.get("challenge") {
        Some(challenge) if returnable(challenge) => {
            Json(json!({ "challenge": challenge })).into_response()
        }
        Some(_) => StatusCode::BAD_REQUEST.into_response(),
        None => {
            slot.hear(said(&fields));
            Json(json!({})).into_response()
        }
    }
}

/// The whole body, or the status that says why not.
async fn read(body: Body) -> Result<Vec<u8>, StatusCode> {
    let mut parts = body.into_data_stream();
    let (mut whole, mut length) = (Vec::new(), 0);
    while let Some(part) = parts.next().await {
        // A sender that breaks off hears no answer anyway.
        let part = part.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += part.len();
        if length > DRAIN_LIMIT {
            break;
        }
        if length <= BODY_LIMIT {
            whole.extend_from_slice(&part);
        }
    }
    if length > BODY_LIMIT {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(whole)
}

/// The documents do not say what a challenge is, so a text and a number both do.
fn returnable(challenge: &Value) -> bool {
    match challenge {
        Value::String(text) => text.len() <= CHALLENGE_LIMIT,
        Value::Number(_) => true,
        _ => false,
    }
}

/// What is kept of a callback; a field that makes no sense is as good as none.
fn said(fields: &Map<String, Value>) -> Said {
    let task = match fields.get("task_id") {
        Some(Value::String(text)) => Some(text.clone()),
        // Other numbers than whole ones would come out as another name.
        Some(Value::Number(number)) => number.as_u64().map(|number| number.to_string()),
        _ => None,
    };
    let task = task.filter(|name| is_word(name, TASK_LIMIT, false));
    let status = fields.get("status").and_then(Value::as_str);
    let status = status.filter(|word| is_word(word, STATUS_LIMIT, true));
    Said {
        task: task.map(TaskId::new),
        status: status.map(str::to_owned),
    }
}

/// Letters and digits, so that nothing that is shown or sent on can mean more.
fn is_word(text: &str, limit: usize, joined: bool) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || joined && b"-_".contains(&byte);
    (1..=limit).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(body: &Value) -> (Option<String>, Option<String>) {
        let said = said(body.as_object().expect("an object"));
        (said.task.map(|task| task.to_string()), said.status)
    }

    #[test]
    fn names_are_words_and_anything_else_is_left_out() {
        let some = |text: &str| Some(text.to_owned());
        for (body, task, status) in [
            (
                json!({ "task_id": "176843862716480", "status": "success" }),
                some("176843862716480"),
                some("success"),
            ),
            (
                json!({ "task_id": 176_843_862_716_480_u64 }),
                some("176843862716480"),
                None,
            ),
            (json!({ "task_id": "aB3" }), some("aB3"), None),
            (json!({ "task_id": "" }), None, None),
            (json!({ "task_id": 1.5, "status": 7 }), None, None),
            (json!({ "task_id": -1 }), None, None),
            (
                json!({ "task_id": "1&x=2", "status": "in_progress" }),
                None,
                some("in_progress"),
            ),
            (json!({ "task_id": "../1" }), None, None),
            (
                json!({ "task_id": "7".repeat(65), "status": "x".repeat(33) }),
                None,
                None,
            ),
            (json!({ "status": "done\u{1b}[2J" }), None, None),
            (json!({ "task_id": ["1"], "status": null }), None, None),
        ] {
            assert_eq!(understood(&body), (task, status), "{body}");
        }
    }
}
