//! The scenario at work: whose turn it is, and what happens to an answer.
//!
//! Owns the counts of rules and what is done around an operation. What changes
//! an answer from within (a status, a link, a video) is left to the operation,
//! which is handed the action.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::response::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::answer;
use super::scenario::{Action, Operation, Page, Rule, Scenario, Then, Turn};
use super::wire::Line;
use super::world::locked;
use crate::spec::Spec;

/// How long half an answer gets to leave before the connection ends.
const FLUSH: Duration = Duration::from_millis(20);

/// How much of half an answer leaves at once.
const PIECE: usize = 16 << 10;

/// The rules and what they have counted.
#[derive(Debug)]
pub(super) struct Troubles {
    rules: Vec<(Rule, Mutex<HashMap<u64, Count>>)>,
    over: AtomicBool,
}

#[derive(Debug, Default)]
struct Count {
    seen: u64,
    acted: u64,
}

/// A request as rules see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) operation: Operation,
    /// The prompt of the task; nothing if the request is of no task.
    pub(super) prompt: Option<&'a str>,
    /// Tells tasks apart for rules that count by task.
    pub(super) task: u64,
}

impl Troubles {
    pub(super) fn new(scenario: Scenario) -> Self {
        let rules = scenario.rules.into_iter();
        Self {
            rules: rules.map(|rule| (rule, Mutex::default())).collect(),
            over: AtomicBool::new(false),
        }
    }

    /// Nothing goes wrong from here on.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// What happens to this request. Every rule counts it, the first in turn acts.
    pub(super) fn next(&self, subject: Subject<'_>) -> Option<&Then> {
        if self.over.load(Ordering::Acquire) {
            return None;
        }
        let mut next = None;
        for (rule, counts) in &self.rules {
            if !matches(rule, subject) {
                continue;
            }
            let key = if rule.per_task { subject.task } else { 0 };
            let mut counts = locked(counts);
            let count = counts.entry(key).or_default();
            count.seen += 1;
            let turn = match rule.turn {
                Turn::Nth(nth) => count.seen == nth,
                Turn::Every(every) => count.seen.is_multiple_of(every),
            };
            if next.is_none() && turn && rule.times.is_none_or(|times| count.acted < times) {
                count.acted += 1;
                next = Some(&rule.then);
            }
        }
        next
    }
}

fn matches(rule: &Rule, subject: Subject<'_>) -> bool {
    let wanted = rule.prompt_contains.as_deref();
    let spoken =
        wanted.is_none_or(|wanted| subject.prompt.is_some_and(|prompt| prompt.contains(wanted)));
    rule.on == subject.operation && spoken
}

/// The connection of a request, and the end of the server.
pub(super) struct Scene<'a> {
    pub(super) spec: &'a Spec,
    pub(super) operation: Operation,
    pub(super) line: &'a Line,
    pub(super) stop: &'a CancellationToken,
}

/// Whether what a request is for is done, whatever is answered.
pub(super) fn takes_effect(then: Option<&Then>) -> bool {
    let replaced = |action: &Action| {
        matches!(
            action,
            Action::Refuse { .. } | Action::Http { .. } | Action::Cut | Action::Stall
        )
    };
    then.is_none_or(|then| then.accepted || !then.action.as_ref().is_some_and(replaced))
}

/// Answers a request in the way the scenario wants it.
///
/// `effect` does what the request is for and is handed the action, of which it
/// does what lies within the answer. It is not called for what comes before.
pub(super) async fn answer(
    scene: Scene<'_>,
    then: Option<&Then>,
    effect: impl FnOnce(Option<&Action>) -> Response,
) -> Response {
    let Some(then) = then else {
        return effect(None);
    };
    if then.accepted {
        let response = effect(then.action.as_ref());
        tokio::time::sleep(then.delay).await;
        return replaced(&scene, then.action.as_ref(), |_| response).await;
    }
    tokio::time::sleep(then.delay).await;
    replaced(&scene, then.action.as_ref(), effect).await
}

/// The action's own answer, or the effect's.
async fn replaced(
    scene: &Scene<'_>,
    action: Option<&Action>,
    effect: impl FnOnce(Option<&Action>) -> Response,
) -> Response {
    match action {
        Some(Action::Refuse { code }) => {
            answer::refused_by_scenario(scene.spec, scene.operation, *code)
        }
        Some(Action::Http {
            status,
            page,
            retry_after,
            location,
        }) => {
            let mut response = other_page(*status, page, *retry_after);
            // What is no header is left out: the page alone is trouble enough.
            if let Some(Ok(location)) = location.as_ref().map(|to| HeaderValue::from_str(to)) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Some(Action::Cut) => cut(scene.line),
        Some(Action::CutBody) => halved(effect(action), tokio::time::sleep(FLUSH)).await,
        Some(Action::StallBody) => {
            let stop = scene.stop.clone();
            halved(effect(action), stop.cancelled_owned()).await
        }
        Some(Action::Stall) => {
            // Ends when the client hangs up, which drops this future, or when the server stops.
            scene.stop.cancelled().await;
            cut(scene.line)
        }
        _ => effect(action),
    }
}

/// Ends the connection; the answer that is returned does not leave.
pub(crate) fn cut(line: &Line) -> Response {
    line.cut();
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn other_page(status: u16, page: &Page, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let (kind, body) = match page {
        Page::Text(text) => ("text/plain; charset=utf-8", text.clone()),
        Page::Html => (
            "text/html; charset=utf-8",
            format!(
                "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\n<body><h1>{status}</h1></body></html>\n"
            ),
        ),
    };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    if let Some(seconds) = retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The first half of an answer under the length of the whole, and after a while the connection's end.
///
/// Without a while the end would overtake what was written before it.
async fn halved(
    response: Response,
    while_open: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let length = HeaderValue::from(whole.len());
    head.headers.insert(header::CONTENT_LENGTH, length);
    let half = whole.slice(..whole.len() / 2);
    broken_off(head, &half, while_open)
}

/// An answer that announces more than the part of it that comes.
pub(crate) fn cut_short(mut head: Parts, part: &Bytes, length: usize) -> Response {
    let length = HeaderValue::from(length);
    head.headers.insert(header::CONTENT_LENGTH, length);
    broken_off(head, part, tokio::time::sleep(FLUSH))
}

/// In pieces, so that nearly all has left before the connection ends.
fn broken_off(
    head: Parts,
    part: &Bytes,
    while_open: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let pieces = part.chunks(PIECE).map(|piece| Ok(part.slice_ref(piece)));
    let pieces: Vec<Result<Bytes, io::Error>> = pieces.collect();
    let broken = stream::once(async move {
        while_open.await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    let body = stream::iter(pieces).chain(broken);
    Response::from_parts(head, Body::from_stream(body))
}
