//! An answer of the API, read leniently.
//!
//! Owns getting from the generated client's result to either a JSON body that
//! says "accepted" or an [`Answer`] to classify. Gateways answer with other
//! statuses, numbers as text and fields of their own; none of that may turn a
//! paid task into a lost one, so a body that the generated types cannot decode
//! is still looked at for what matters.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use progenitor_client::{Error, ResponseValue};
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde_json::Value;

use crate::provider::minimax::body::json;
use crate::provider::minimax::classify::Answer;

/// How much of an unexpected body is read, in bytes; the rest says nothing more.
const UNEXPECTED_BODY_LIMIT: usize = 64 * 1024;

/// Longest message taken from a service, in characters.
const MESSAGE_LIMIT: usize = 300;

/// Longest id taken from a service, in characters; the known ones have 18 digits.
const ID_LIMIT: usize = 200;

/// Longest time that a service can ask for, because whatever waits adds it to a
/// clock, and clocks end.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// An accepted answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    /// The JSON body.
    pub(super) body: Value,
    /// What the vendor's support asks for.
    pub(super) trace_id: Option<String>,
}

impl Reply {
    /// An id that may be text or a number; an empty one is none, and so is zero.
    pub(super) fn id(&self, pointer: &str) -> Option<String> {
        id(&self.body, pointer)
    }

    /// The service's word for where a task is, fit to be shown.
    pub(super) fn status(&self) -> String {
        status(&self.body)
    }

    /// A text.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }
}

/// An id in any body; see [`Reply::id`]. What is no word of a decent length can
/// neither be shown nor asked for.
pub(super) fn id(body: &Value, pointer: &str) -> Option<String> {
    let id = match body.pointer(pointer)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let decent = id.chars().count() <= ID_LIMIT && !id.chars().any(char::is_control);
    (decent && !is_nothing(&id)).then_some(id)
}

/// Whether anything stands where an id belongs, be it one or not.
pub(super) fn has_id(body: &Value, pointer: &str) -> bool {
    match body.pointer(pointer) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !is_nothing(text.trim()),
        Some(Value::Number(number)) => !is_nothing(&number.to_string()),
        Some(_) => true,
    }
}

/// See [`Reply::status`].
pub(super) fn status(body: &Value) -> String {
    let word = body.get("status").and_then(Value::as_str);
    shorten(word.unwrap_or_default())
}

/// Some services write a zero where there is nothing.
fn is_nothing(id: &str) -> bool {
    matches!(id, "" | "0")
}

/// An answer that is not "accepted".
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    /// To be classified.
    pub(super) answer: Box<Answer>,
    /// The JSON body, where there was one: a failed task says so beside a code.
    pub(super) body: Option<Value>,
}

impl From<Answer> for Refused {
    fn from(answer: Answer) -> Self {
        Self {
            answer: Box::new(answer),
            body: None,
        }
    }
}

/// A result of the generated client, with the headers that it drops.
pub(super) type Answered<T> = (Result<ResponseValue<T>, Error<()>>, HeaderMap);

/// Sorts a result of the generated client into accepted and not.
pub(super) async fn sort<T: Serialize>((result, headers): Answered<T>) -> Result<Reply, Refused> {
    match result {
        Ok(value) => {
            let status = value.status().as_u16();
            let body = serde_json::to_value(value.into_inner()).ok();
            accepted(status, &headers, body, "an empty answer")
        }
        Err(Error::InvalidResponsePayload(bytes, _)) => {
            let body = json(&bytes);
            accepted(200, &headers, body, body_kind(&bytes))
        }
        Err(Error::UnexpectedResponse(response)) => unexpected(response).await,
        Err(error) => Err(broken(error).into()),
    }
}

/// Reads the start of an answer with a status that no document lists.
pub(super) async fn unexpected(response: reqwest::Response) -> Result<Reply, Refused> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    words_instead(status, &headers, response.bytes_stream()).await
}

/// Reads the start of a body that should not be there.
pub(super) async fn words_instead(
    status: u16,
    headers: &HeaderMap,
    stream: impl Stream<Item = reqwest::Result<Bytes>>,
) -> Result<Reply, Refused> {
    let mut stream = std::pin::pin!(stream);
    let mut bytes = Vec::new();
    // A body that breaks off changes nothing about the status.
    while let Some(Ok(chunk)) = stream.next().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= UNEXPECTED_BODY_LIMIT {
            break;
        }
    }
    bytes.truncate(UNEXPECTED_BODY_LIMIT);
    let body = json(&bytes);
    accepted(status, headers, body, body_kind(&bytes))
}

/// What a failed call without any usable answer means.
pub(super) fn broken(error: Error<()>) -> Answer {
    match error {
        Error::CommunicationError(error)
        | Error::ResponseBodyError(error)
        | Error::InvalidUpgrade(error) => transport(&error),
        // Raised before anything is sent.
        Error::InvalidRequest(reason) | Error::Custom(reason) => Answer::NotConnected(reason),
        Error::ErrorResponse(_)
        | Error::InvalidResponsePayload(..)
        | Error::UnexpectedResponse(_) => Answer::Broken("an answer that cannot be read".into()),
    }
}

/// What a failed connection means.
pub(super) fn transport(error: &reqwest::Error) -> Answer {
    let words = words(error);
    if error.is_connect() || error.is_builder() {
        Answer::NotConnected(words)
    } else {
        Answer::Broken(words)
    }
}

/// The error and its causes without the URL, which may be signed.
fn words(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the connection broke".to_owned()
    };
    let mut deepest = error.source();
    while let Some(next) = deepest.and_then(std::error::Error::source) {
        deepest = Some(next);
    }
    if let Some(cause) = deepest {
        let _ = write!(text, ": {cause}");
    }
    shorten(&text)
}

fn accepted(
    status: u16,
    headers: &HeaderMap,
    body: Option<Value>,
    kind: &str,
) -> Result<Reply, Refused> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let trace_id = header("trace-id").map(shorten);
    let code = body.as_ref().and_then(status_code);
    match body {
        Some(body)
            if body.is_object() && code.unwrap_or(0) == 0 && (200..300).contains(&status) =>
        {
            Ok(Reply { body, trace_id })
        }
        body => Err(Refused {
            answer: Box::new(Answer::Http {
                status,
                code,
                message: message(status, body.as_ref(), kind),
                retry_after: header("retry-after").and_then(retry_after),
                trace_id,
            }),
            body,
        }),
    }
}

/// `base_resp.status_code`, as a number or as text.
fn status_code(body: &Value) -> Option<i64> {
    match body.pointer("/base_resp/status_code")? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn message(status: u16, body: Option<&Value>, kind: &str) -> String {
    let said = body.and_then(|body| {
        [
            "/base_resp/status_msg",
            "/error/message",
            "/message",
            "/error",
        ]
        .iter()
        .find_map(|pointer| body.pointer(pointer).and_then(Value::as_str))
    });
    match said {
        Some(text) if !text.trim().is_empty() => shorten(text.trim()),
        _ if body.is_some() => format!("HTTP {status} without a reason"),
        _ => format!("HTTP {status} with {kind}"),
    }
}

/// One line of bounded length.
fn shorten(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE_LIMIT)
        .collect()
}

fn body_kind(bytes: &[u8]) -> &'static str {
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        "an empty body"
    } else if start.starts_with(b"<") {
        "a page instead of JSON"
    } else if start.starts_with(b"{") {
        "JSON that breaks off"
    } else {
        "a body that is not JSON"
    }
}

/// Seconds, or a date (RFC 9110 10.2.3); dates are read by their distance from
/// the service's own clock elsewhere, so only seconds count here.
fn retry_after(value: &str) -> Option<Duration> {
    let seconds = value.trim().parse().ok().map(Duration::from_secs)?;
    Some(seconds.min(LONGEST_WAIT))
}
