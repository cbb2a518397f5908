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
use jiff::Timestamp;
use progenitor_client::{Error, ResponseValue};
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde_json::Value;

use crate::provider::minimax::body::json;
use crate::provider::minimax::classify::Answer;

/// Longest message taken from a service, in characters.
const MESSAGE_LIMIT: usize = 300;

/// Longest id taken from a service, in characters; the known ones have 18 digits.
const ID_LIMIT: usize = 200;

/// The longest wait that a service is believed to mean.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// An accepted answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    /// The JSON body.
    pub(super) body: Value,
    /// The HTTP status.
    pub(super) status: u16,
    /// What the vendor's support asks for.
    pub(super) trace_id: Option<String>,
}

impl Reply {
    /// An id that may be text or a number; an empty one is none, and so is zero.
    pub(super) fn id(&self, pointer: &str) -> Option<String> {
        id(&self.body, pointer)
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

/// Some services write a zero where there is nothing.
fn is_nothing(id: &str) -> bool {
    matches!(id, "" | "0")
}

/// The service's word for where a task is, fit to be shown.
pub(super) fn status(body: &Value) -> String {
    let word = body.get("status").and_then(Value::as_str);
    shorten(word.unwrap_or_default())
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

/// Sorts a result of the generated client into accepted and not.
pub(super) async fn sort<T: Serialize>(
    result: Result<ResponseValue<T>, Error<()>>,
    headers: &HeaderMap,
) -> Result<Reply, Refused> {
    match result {
        Ok(value) => {
            let status = value.status().as_u16();
            let body = serde_json::to_value(value.into_inner()).ok();
            accepted(status, headers, body, "an empty answer")
        }
        Err(Error::InvalidResponsePayload(bytes, _)) => {
            let body = json(&bytes);
            accepted(200, headers, body, body_kind(&bytes))
        }
        Err(Error::UnexpectedResponse(response)) => unexpected(response).await,
        Err(error) => Err(broken(error).into()),
    }
}

/// Reads an answer with a status that no document lists; its body must be bounded.
pub(super) async fn unexpected(response: reqwest::Response) -> Result<Reply, Refused> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    words_instead(status, &headers, response.bytes_stream()).await
}

/// Reads a bounded body that should not be there.
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
    }
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
    let trace_id = trace_id(headers);
    let code = body.as_ref().and_then(status_code);
    match body {
        Some(body)
            if body.is_object() && code.unwrap_or(0) == 0 && (200..300).contains(&status) =>
        {
            Ok(Reply {
                body,
                status,
                trace_id,
            })
        }
        body => Err(Refused {
            answer: Box::new(Answer::Http {
                status,
                code,
                message: message(status, body.as_ref(), kind),
                retry_after: retry_after(headers),
                trace_id,
            }),
            body,
        }),
    }
}

/// The `Trace-Id` header.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<String> {
    headers.get("trace-id")?.to_str().ok().map(shorten)
}

/// `base_resp.status_code`, as a number or as text.
pub(super) fn status_code(body: &Value) -> Option<i64> {
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

/// A date as headers have it (RFC 9110 5.6.7), in its one form that is not obsolete.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|date| date.timestamp())
}

/// Seconds, or a date (RFC 9110 10.2.3). A date counts from the answer's own: the
/// clock of this machine may be wrong, and is asked only where there is none.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = header("retry-after")?;
    let wait = if let Some(wait) = seconds(asked) {
        wait
    } else {
        let now = header("date").and_then(date).unwrap_or_else(Timestamp::now);
        let wait = date(asked)?.duration_since(now);
        // A time that has passed is a leave to go on.
        wait.try_into().unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Whole seconds. Fewer than none mean none, and more than can be counted mean long.
fn seconds(text: &str) -> Option<Duration> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = if negative {
        0
    } else {
        digits.parse().unwrap_or(u64::MAX)
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::retry_after;

    fn asked(retry: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", retry.parse().expect("a value"));
        if let Some(date) = date {
            headers.insert("date", date.parse().expect("a value"));
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_read_in_seconds_or_up_to_a_date() {
        const DAY: u64 = 86_400;
        let now = Some("Fri, 20 Nov 2026 10:00:00 GMT");
        for (retry, wait) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", Some(0)),
            ("-5", Some(0)),
            ("86401", Some(DAY)),
            ("99999999999999999999999999", Some(DAY)),
            ("Fri, 20 Nov 2026 10:01:30 GMT", Some(90)),
            ("Fri, 20 Nov 2026 10:00:00 GMT", Some(0)),
            ("Fri, 20 Nov 2026 09:00:00 GMT", Some(0)),
            ("Sun, 20 Nov 2033 10:00:00 GMT", Some(DAY)),
            ("", None),
            ("-", None),
            ("soon", None),
            ("1.5", None),
            ("+5", None),
            ("Fri, 32 Nov 2026 10:00:00 GMT", None),
        ] {
            assert_eq!(asked(retry, now), wait, "{retry}");
        }
    }

    #[test]
    fn a_date_without_the_answer_s_own_counts_by_this_machine_s_clock() {
        assert_eq!(asked("Mon, 20 Nov 2000 10:01:30 GMT", None), Some(0));
        assert_eq!(
            asked("Fri, 20 Nov 2893 10:01:30 GMT", Some("today")),
            Some(86_400)
        );
        assert_eq!(asked("30", None), Some(30));
        assert_eq!(retry_after(&HeaderMap::new()), None::<Duration>);
    }
}
