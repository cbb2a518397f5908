//! A recorded answer, put on the wire again.
//!
//! Owns what is different from what was heard: links lead here, nobody is asked to
//! wait unless that decides something, and lengths are those of what is sent.

use std::path::Path;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response as Answer, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::recording::{Break, Entry, LINKS};
use crate::simulator::storage;
use crate::simulator::trouble::{cut, cut_short};
use crate::simulator::wire::Line;

/// Where links lead, below the server's address.
pub(super) const PATH: &str = "/links/";

/// Longer than any shot is tried.
const FOR_EVER: &str = "86400";

/// What an answer needs beside the exchange.
pub(super) struct Scene<'s> {
    pub(super) line: &'s Line,
    pub(super) base_url: &'s str,
    pub(super) deadline: Duration,
}

/// The answer of an exchange. `file` is where its body is, if that is a file.
pub(super) async fn recorded(scene: &Scene<'_>, entry: &Entry, file: Option<&Path>) -> Response {
    if entry.broken == Some(Break::NoAnswer) {
        return cut(scene.line);
    }
    let body = match (file, &entry.response.content.text) {
        (Some(path), _) => match tokio::fs::read(path).await {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => return lost(path, &error),
        },
        (None, Some(text)) => {
            let links = format!("{}{PATH}", scene.base_url);
            Bytes::from(text.replace(LINKS, &links))
        }
        (None, None) => Bytes::new(),
    };
    let (mut head, ()) = Answer::new(()).into_parts();
    head.status = StatusCode::from_u16(entry.response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    head.headers = headers(entry, scene.deadline);
    if entry.broken == Some(Break::InBody) {
        let announced = entry
            .said("content-length")
            .and_then(|text| text.parse().ok());
        let length: usize = announced.unwrap_or(0);
        let length = length.max(body.len() + 1);
        return cut_short(head, &body, length);
    }
    Response::from_parts(head, Body::from(body))
}

fn headers(entry: &Entry, deadline: Duration) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in &entry.response.headers {
        let name: Result<HeaderName, _> = pair.name.parse();
        let value = HeaderValue::from_str(&pair.value);
        if let (Ok(name), Ok(value)) = (name, value)
            && ![header::CONTENT_LENGTH, header::RETRY_AFTER].contains(&name)
        {
            headers.insert(name, value);
        }
    }
    if entry.said("retry-after").is_some() {
        let wait = asked_wait(entry).filter(|wait| *wait > deadline);
        let wait = if wait.is_some() { FOR_EVER } else { "0" };
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(wait));
    }
    headers
}

/// How long the service asked to wait: seconds, or a date beside that of the answer.
fn asked_wait(entry: &Entry) -> Option<Duration> {
    let asked = entry.said("retry-after")?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok();
    let (until, now) = (date(asked)?, date(entry.said("date")?)?);
    until
        .timestamp()
        .duration_since(now.timestamp())
        .try_into()
        .ok()
}

/// All of a file, or the part that is asked for, whichever was recorded.
pub(super) async fn file(entry: &Entry, path: &Path, asked: &HeaderMap) -> Response {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) => return lost(path, &error),
    };
    let sha256 = entry.response.content.sha256.as_deref().unwrap_or_default();
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(sha256.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    storage::serve(bytes, &digest, asked, None)
}

/// The recording has no further answer: whoever asks leaves it for another run.
pub(super) fn end() -> Response {
    let body = json!({ "message": "the recording ends before this was answered" });
    let wait = [(header::RETRY_AFTER, FOR_EVER)];
    (StatusCode::SERVICE_UNAVAILABLE, wait, axum::Json(body)).into_response()
}

/// The recording ends where the service asked to come again later.
pub(super) async fn wait(scene: &Scene<'_>, entry: &Entry) -> Response {
    let mut response = recorded(scene, entry, None).await;
    let wait = HeaderValue::from_static(FOR_EVER);
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

/// Nothing like it was recorded.
pub(super) fn miss() -> Response {
    let verdict =
        json!({ "status_code": 2013, "status_msg": "the request is not in the recording" });
    let body = json!({ "task_id": "", "base_resp": verdict });
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(body)).into_response()
}

/// A body went away after it was looked at.
fn lost(path: &Path, error: &std::io::Error) -> Response {
    let message = format!("the body {} of the recording: {error}", path.display());
    let wait = [(header::RETRY_AFTER, FOR_EVER)];
    let body = axum::Json(json!({ "message": message }));
    (StatusCode::SERVICE_UNAVAILABLE, wait, body).into_response()
}
