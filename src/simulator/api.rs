//! The routes: who may ask, what is asked, and which answer it gets.
//!
//! Owns paths, keys and the order in which a request is looked at: the key, then
//! the scenario, then the request itself.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::answer::{self, Refusal, Spelling};
use super::callback;
use super::order::{self, Order, Reading};
use super::prompt;
use super::scenario::{Action, Operation};
use super::storage::{self, Denial, Ticket};
use super::studio::Clip;
use super::task::{State as TaskState, Task};
use super::trouble::{self, Scene, Subject};
use super::wire::Line;
use super::world::World;

/// The most bytes of a body: two images of 20 MB as data URLs, and more.
const BODY_LIMIT: usize = 64 << 20;
/// Bodies of more bytes are read on a blocking thread: decoding takes its time.
const LARGE: usize = 128 << 10;

/// The API under a prefix.
pub(super) fn router(world: Arc<World>, prefix: &str) -> Router {
    let routes = Router::new()
        .route("/v1/video_generation", post(create))
        .route("/v1/query/video_generation", get(query))
        .route("/v1/files/retrieve", get(retrieve))
        .route("/v1/files/retrieve_content", get(content))
        .route("/storage/{file}/output_aigc.mp4", get(download))
        .method_not_allowed_fallback(unknown);
    let routes = match prefix {
        "" => routes,
        prefix => Router::new().nest(prefix, routes),
    };
    routes
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(map_response_with_state(Arc::clone(&world), trace))
        .with_state(world)
}

/// Gives an answer the number that the vendor's support would ask for.
async fn trace(State(world): State<Arc<World>>, mut response: Response) -> Response {
    let number = HeaderValue::from(world.next_trace());
    response.headers_mut().insert("trace-id", number);
    response
}

/// A path that the API does not have.
async fn unknown(State(world): State<Arc<World>>) -> Response {
    world.count(None);
    (StatusCode::NOT_FOUND, "404 page not found").into_response()
}

async fn create(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let operation = Operation::Create;
    if let Err(refusal) = admit(&world, operation, &headers) {
        return answer::refused(operation, &refusal);
    }
    let Reading { prompt, key, order } = read(&world, &headers, body).await;
    let subject = Subject {
        operation,
        prompt: Some(&prompt),
        task: key,
    };
    let then = world.troubles.next(subject);
    let order = match order {
        Ok(order) if trouble::takes_effect(then) => callback::checked(&world, order).await,
        order => order,
    };
    let effect = |action: Option<&Action>| match order {
        Err(refusal) => answer::refused(operation, &refusal),
        Ok(order) => answer::created(&accept(&world, prompt.clone(), order, action)),
    };
    trouble::answer(scene(&world, operation, &line), then, effect).await
}

/// Creates a task and tells those who want to hear of it.
fn accept(
    world: &Arc<World>,
    prompt: String,
    mut order: Order,
    action: Option<&Action>,
) -> Arc<Task> {
    let failure = match action {
        Some(Action::Fail { code }) => Some(*code),
        _ => None,
    };
    if let Some(Action::Show(flaw)) = action {
        order.flaw = Some(*flaw);
    }
    let url = order.callback.take();
    let task = world.accept(prompt, order, failure);
    if let Some(url) = url {
        callback::follow(world, Arc::clone(&task), url);
    }
    task
}

/// Reads a create's body, out of the way if it is large.
async fn read(world: &Arc<World>, headers: &HeaderMap, body: Bytes) -> Reading {
    let shot = headers.get("x-shot-id");
    let shot = shot.and_then(|name| prompt::shot_name(name.as_bytes()));
    let rules = world.rules.clone();
    if body.len() <= LARGE {
        return order::read(&rules, shot, &body);
    }
    let reading = tokio::task::spawn_blocking(move || order::read(&rules, shot, &body));
    reading.await.unwrap_or_else(|_| Reading {
        prompt: String::new(),
        key: 0,
        order: Err(Refusal {
            code: 1000,
            message: "the request could not be read".to_owned(),
        }),
    })
}

/// The query of an operation on a task or a file.
#[derive(Debug, Deserialize)]
struct Wanted {
    task_id: Option<String>,
    file_id: Option<String>,
}

async fn query(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let operation = Operation::Query;
    if let Err(refusal) = admit(&world, operation, &headers) {
        return answer::refused(operation, &refusal);
    }
    let task = wanted.task_id.and_then(|id| world.task_of(&id));
    let then = world.troubles.next(subject(operation, task.as_deref()));
    let effect = |action: Option<&Action>| {
        let Some(task) = &task else {
            return answer::refused(operation, &Refusal::params("there is no such task"));
        };
        if let Some(Action::Fail { code }) = action {
            task.failure.get_or_init(|| *code);
        }
        let spelling = match action {
            Some(Action::Status(name)) => Spelling::Other(name),
            Some(Action::LowerCase) => Spelling::Lower,
            _ => Spelling::Documented,
        };
        let state = task.state(world.settings.time_scale);
        answer::state(world.spec, task, &state, spelling)
    };
    trouble::answer(scene(&world, operation, &line), then, effect).await
}

async fn retrieve(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let operation = Operation::Retrieve;
    if let Err(refusal) = admit(&world, operation, &headers) {
        return answer::refused(operation, &refusal);
    }
    let task = wanted.file_id.and_then(|id| world.task_of_file(&id));
    let then = world.troubles.next(subject(operation, task.as_deref()));
    let effect = |action: Option<&Action>| match finished(&world, task.as_deref()) {
        Err(refusal) => answer::refused(operation, &refusal),
        Ok((task, _)) => {
            let expired = action == Some(&Action::ExpiredLink);
            answer::file(task, &world.storage.link(task.file, expired))
        }
    };
    trouble::answer(scene(&world, operation, &line), then, effect).await
}

async fn content(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let operation = Operation::Content;
    if let Err(refusal) = admit(&world, operation, &headers) {
        return answer::refused(operation, &refusal);
    }
    let task = wanted.file_id.and_then(|id| world.task_of_file(&id));
    let then = world.troubles.next(subject(operation, task.as_deref()));
    let effect = |action: Option<&Action>| match finished(&world, task.as_deref()) {
        Err(refusal) => answer::refused(operation, &refusal),
        Ok((task, clip)) => storage::serve(clip.file(), &task.digest, &headers, action),
    };
    trouble::answer(scene(&world, operation, &line), then, effect).await
}

async fn download(
    State(world): State<Arc<World>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(file): Path<String>,
    Query(ticket): Query<Ticket>,
    headers: HeaderMap,
) -> Response {
    let operation = Operation::Download;
    world.count(Some(operation));
    let task = world.task_of_file(&file);
    let then = world.troubles.next(subject(operation, task.as_deref()));
    let effect = |action: Option<&Action>| {
        let Ok((task, clip)) = finished(&world, task.as_deref()) else {
            return Denial::NO_LINK.into_response();
        };
        match world.storage.check(task.file, &ticket) {
            Err(denial) => denial.into_response(),
            Ok(()) => storage::serve(clip.file(), &task.digest, &headers, action),
        }
    };
    trouble::answer(scene(&world, operation, &line), then, effect).await
}

/// Counts a request and looks at its key.
fn admit(world: &World, operation: Operation, headers: &HeaderMap) -> Result<(), Refusal> {
    world.count(Some(operation));
    let value = headers.get(header::AUTHORIZATION);
    let bearer = value.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match (bearer.map(str::trim), &world.settings.key) {
        (None | Some(""), _) => Err(Refusal {
            code: 1004,
            message: "login fail: the Authorization header holds no key".to_owned(),
        }),
        (Some(key), Some(only)) if key != only => Err(Refusal {
            code: 2049,
            message: "invalid api key".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn subject(operation: Operation, task: Option<&Task>) -> Subject<'_> {
    Subject {
        operation,
        prompt: task.map(|task| task.prompt.as_str()),
        task: task.map_or(0, |task| task.id),
    }
}

fn scene<'a>(world: &'a World, operation: Operation, line: &'a Line) -> Scene<'a> {
    Scene {
        spec: world.spec,
        operation,
        line,
        stop: &world.stop,
    }
}

/// The task of a file with its clip, once the task has succeeded.
fn finished<'t>(world: &World, task: Option<&'t Task>) -> Result<(&'t Task, &'t Clip), Refusal> {
    let task = task.ok_or_else(|| Refusal::params("there is no such file"))?;
    match task.state(world.settings.time_scale) {
        TaskState::Success(clip) => Ok((task, clip)),
        _ => Err(Refusal::params("the file is not ready")),
    }
}
