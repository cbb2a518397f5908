//! The routes of a replay: those of the API, and the links that it gives.
//!
//! Owns reading requests. No key is asked for: there is nothing to pay.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::answer::{self, Scene};
use super::deck::{Deck, Given};
use crate::provider::exchange::Call;
use crate::recording::{Asked, Entry, Media};
use crate::simulator::prompt;
use crate::simulator::wire::Line;

/// The most bytes of a body: two images of 20 MB as data URLs, and more.
const BODY_LIMIT: usize = 64 << 20;

/// Bodies of more bytes are read on a blocking thread: decoding takes its time.
const LARGE: usize = 128 << 10;

/// What every answer needs.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) deck: Arc<Deck>,
    pub(super) base_url: String,
    pub(super) deadline: Duration,
}

pub(super) fn router(stage: Stage) -> Router {
    Router::new()
        .route("/v1/video_generation", post(create))
        .route("/v1/query/video_generation", get(query))
        .route("/v1/files/retrieve", get(retrieve))
        .route("/v1/files/retrieve_content", get(content))
        .route("/links/{*name}", get(link))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::new(stage))
}

async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found").into_response()
}

type Place = State<Arc<Stage>>;

async fn create(
    State(stage): Place,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let shot = headers.get("x-shot-id");
    let shot = shot.and_then(|name| prompt::shot_name(name.as_bytes()));
    let shot = shot.unwrap_or_default();
    let Some((asked, media)) = read(body).await else {
        return answer::miss();
    };
    let given = stage.deck.create(&shot, asked, &media);
    stage.answer(&line, given, &headers).await
}

/// Reads a create's body, out of the way if it is large.
async fn read(body: Bytes) -> Option<(Asked, Vec<Media>)> {
    if body.len() <= LARGE {
        return Asked::of_body(&body);
    }
    let reading = tokio::task::spawn_blocking(move || Asked::of_body(&body));
    reading.await.ok()?
}

/// The query of an operation on a task or a file.
#[derive(Debug, Deserialize)]
struct Wanted {
    task_id: Option<String>,
    file_id: Option<String>,
}

async fn query(
    State(stage): Place,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let task = wanted.task_id.unwrap_or_default();
    let given = stage.deck.call(Call::Query, &task, "");
    stage.answer(&line, given, &headers).await
}

async fn retrieve(
    State(stage): Place,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let file = wanted.file_id.unwrap_or_default();
    let given = stage.deck.call(Call::Retrieve, &file, "");
    stage.answer(&line, given, &headers).await
}

async fn content(
    State(stage): Place,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let file = wanted.file_id.unwrap_or_default();
    let given = stage.deck.call(Call::Content, &file, range(&headers));
    stage.answer(&line, given, &headers).await
}

async fn link(
    State(stage): Place,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let given = stage.deck.call(Call::Link, &name, range(&headers));
    stage.answer(&line, given, &headers).await
}

fn range(headers: &HeaderMap) -> &str {
    let range = headers.get(header::RANGE);
    range
        .and_then(|range| range.to_str().ok())
        .unwrap_or_default()
}

impl Stage {
    async fn answer(&self, line: &Line, given: Given<'_>, asked: &HeaderMap) -> Response {
        let scene = Scene {
            line,
            base_url: &self.base_url,
            deadline: self.deadline,
        };
        match given {
            Given::Entry(entry) => {
                let file = self.file_of(entry);
                answer::recorded(&scene, entry, file.as_deref()).await
            }
            Given::File(entry) => match self.file_of(entry) {
                Some(path) => answer::file(entry, &path, asked).await,
                None => answer::end(),
            },
            Given::End => answer::end(),
            Given::Wait(entry) => answer::wait(&scene, entry).await,
            Given::Miss => answer::miss(),
        }
    }

    fn file_of(&self, entry: &Entry) -> Option<PathBuf> {
        let sha256 = entry.response.content.sha256.as_deref()?;
        Some(self.deck.recording().body(sha256))
    }
}
