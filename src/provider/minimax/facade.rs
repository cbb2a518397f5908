//! [`Provider`] for MiniMax: thin, translating between our types and the
//! generated client's.
//!
//! Owns two HTTP clients: one with the key for the API, one without for links,
//! because a storage host must never see the key. No retries, no policy.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use progenitor_client::{ByteStream, ResponseValue};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::check::request::Request;
use crate::event::{Failure, FailureClass, Operation};
use crate::id::{FileId, TaskId};
use crate::provider::minimax::classify::classify;
use crate::provider::minimax::client::{self, Client, types};
use crate::provider::minimax::links::Reach;
use crate::provider::minimax::redact::Secret;
use crate::provider::minimax::reply::{self, Answered, Refused, Reply};
use crate::provider::minimax::status::{Meaning, meaning};
use crate::provider::{Body, Created, Location, Progress, Provider};

/// Making a connection, DNS and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long an open connection may be silent. A create with a large picture is
/// slow to be answered, and giving up on it leaves a task that may have been paid.
pub const SILENCE: Duration = Duration::from_secs(120);

/// Where the service is and who asks.
pub struct Settings {
    /// Scheme, host and path prefix, for example `https://gateway.example/minimaxi`.
    pub base_url: String,
    /// The key; sent to `base_url` only.
    pub key: String,
    /// Whether creates carry the shot's name in a header. For the simulator,
    /// which draws it into the clip; no other service is told.
    pub label_shots: bool,
    /// How long an open connection may be silent; [`SILENCE`] unless there is a reason.
    pub silence: Duration,
}

/// Why no client can be built.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The base URL is none.
    #[error("`{url}` is not a base URL like https://api.minimax.io")]
    BaseUrl {
        /// What was given.
        url: String,
    },
    /// The base URL names a user; it is not repeated, it may hold a password.
    #[error("a base URL cannot hold a user or password")]
    BaseUrlUser,
    /// The key cannot be a header.
    #[error("the key holds a character that no HTTP header can carry")]
    Key,
    /// The HTTP library refuses.
    #[error("the HTTP client cannot be built")]
    Client {
        /// Why.
        source: reqwest::Error,
    },
}

/// The MiniMax video API.
#[derive(Debug)]
pub struct MiniMax {
    api: Client,
    links: reqwest::Client,
    reach: Reach,
    label_shots: bool,
    secret: Secret,
}

impl MiniMax {
    /// Builds the clients; nothing is sent.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base_url = normalise(&settings.base_url)?;
        // A second provider installed by somebody else serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        // People paste the whole header as their key.
        let key = settings.key.trim();
        let key = key.strip_prefix("Bearer ").unwrap_or(key).trim();
        let secret = Secret::new(key);
        let mut key =
            HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| SettingsError::Key)?;
        key.set_sensitive(true);
        headers.insert(AUTHORIZATION, key);
        let api = builder(settings.silence)
            .default_headers(headers)
            // A redirected create could be sent twice, and a redirect could
            // carry the key to another host.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|source| SettingsError::Client { source })?;
        let reach = Reach::of_service(&base_url);
        let links = reach
            .follow(builder(settings.silence))
            .build()
            .map_err(|source| SettingsError::Client { source })?;
        Ok(Self {
            api: Client::new_with_client(&base_url, api),
            links,
            reach,
            label_shots: settings.label_shots,
            secret,
        })
    }

    /// Sends the create and reads its answer.
    async fn order(&self, request: Request) -> Result<Created, Failure> {
        let label = self.label_shots.then(|| request.shot().to_string());
        let body = Value::Object(request.into_body());
        let body: types::VideoGenerationBody = serde_json::from_value(body).map_err(|error| {
            let reason = format!("the request does not fit the generated client: {error}");
            Failure::new(FailureClass::Invalid, reason)
        })?;
        let call = self.api.video_generation().body(body).send();
        let answer = client::observed(label.as_deref(), call).await;
        read_create(answer).await
    }

    async fn link(&self, file: &FileId) -> Result<Location, Failure> {
        let call = self.api.retrieve_file().file_id(file.as_str());
        read_link(client::observed(None, call.send()).await).await
    }

    async fn follow(&self, location: &Location) -> Result<Body, Failure> {
        let Some(url) = self.reach.admit(location.expose()) else {
            return Err(Failure::new(
                FailureClass::Transient,
                "the link leads into this network, and is not opened",
            ));
        };
        match self.links.get(url).send().await {
            Ok(response) if response.status().is_success() => Ok(body_of(response)),
            Ok(response) => Err(refused_link(response).await),
            Err(error) => Err(classify(Operation::Download, reply::transport(&error))),
        }
    }

    async fn content(&self, file: &FileId) -> Result<Body, Failure> {
        let call = self.api.retrieve_file_content().file_id(file.as_str());
        match call.send().await {
            Ok(value) => content(value).await,
            Err(progenitor_client::Error::UnexpectedResponse(response)) => {
                Err(refused_link(response).await)
            }
            Err(error) => Err(classify(Operation::Download, reply::broken(error))),
        }
    }
}

fn builder(silence: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("runner/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(silence)
}

/// Checks a base URL and strips what people copy along with it.
pub fn normalise(url: &str) -> Result<String, SettingsError> {
    let error = || SettingsError::BaseUrl {
        url: url.to_owned(),
    };
    let trimmed = url.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/v1").unwrap_or(trimmed);
    let parsed = reqwest::Url::parse(trimmed).map_err(|_| error())?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(SettingsError::BaseUrlUser);
    }
    let usable = matches!(parsed.scheme(), "http" | "https")
        && parsed.has_host()
        && parsed.query().is_none()
        && parsed.fragment().is_none();
    usable
        .then(|| trimmed.trim_end_matches('/').to_owned())
        .ok_or_else(error)
}

impl Provider for MiniMax {
    async fn create(&self, request: Request) -> Result<Created, Failure> {
        self.secret.created(self.order(request).await)
    }

    async fn poll(&self, task: &TaskId) -> Result<Progress, Failure> {
        let call = self.api.query_video_generation().task_id(task.as_str());
        let answer = client::observed(None, call.send()).await;
        self.secret.progress(read_poll(answer).await)
    }

    async fn locate(&self, file: &FileId) -> Result<Location, Failure> {
        let link = self.link(file).await;
        link.map_err(|failure| self.secret.failure(failure))
    }

    async fn fetch(&self, location: &Location) -> Result<Body, Failure> {
        let body = self.follow(location).await;
        body.map_err(|failure| self.secret.failure(failure))
    }

    async fn fetch_content(&self, file: &FileId) -> Result<Body, Failure> {
        let body = self.content(file).await;
        body.map_err(|failure| self.secret.failure(failure))
    }
}

/// What a create came to.
pub(super) async fn read_create<T: Serialize>(answer: Answered<T>) -> Result<Created, Failure> {
    match reply::sort(answer).await {
        Ok(reply) => created(reply),
        Err(refused) => Err(not_created(refused)),
    }
}

/// How far a task is.
pub(super) async fn read_poll<T: Serialize>(answer: Answered<T>) -> Result<Progress, Failure> {
    match reply::sort(answer).await {
        Ok(reply) => progress(&reply),
        Err(refused) => failed_with_reason(refused),
    }
}

/// The link to a file.
pub(super) async fn read_link<T: Serialize>(answer: Answered<T>) -> Result<Location, Failure> {
    let reply = accept(Operation::Locate, reply::sort(answer).await)?;
    let link = ["/file/download_url", "/file/backup_download_url"]
        .iter()
        .find_map(|pointer| reply.text(pointer).filter(|link| !link.is_empty()));
    match link {
        Some(link) => Ok(Location::new(link)),
        None => Err(Failure::new(
            FailureClass::Transient,
            "the answer holds no link to the file",
        )),
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

fn accept(operation: Operation, sorted: Result<Reply, Refused>) -> Result<Reply, Failure> {
    sorted.map_err(|refused| classify(operation, *refused.answer))
}

fn progress(reply: &Reply) -> Result<Progress, Failure> {
    let status = reply.status();
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

pub(super) async fn refused_link(response: reqwest::Response) -> Failure {
    words_for_a_video(reply::unexpected(response).await)
}

/// The vendor's document promises bytes and defines no error body, so a refusal
/// arrives as JSON under status 200 (minimax-api.md 2.1, row 4).
async fn content(value: ResponseValue<ByteStream>) -> Result<Body, Failure> {
    let (status, headers) = (value.status().as_u16(), value.headers().clone());
    let length = value.content_length();
    let stream = value.into_inner().into_inner();
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let sorted = reply::words_instead(status, &headers, stream).await;
        return Err(words_for_a_video(sorted));
    }
    Ok(Body {
        length,
        bytes: translate(stream),
    })
}

fn words_for_a_video(sorted: Result<Reply, Refused>) -> Failure {
    match sorted {
        Err(refused) => classify(Operation::Download, *refused.answer),
        Ok(_) => Failure::new(
            FailureClass::Damaged,
            "an answer in words instead of a video",
        ),
    }
}

fn body_of(response: reqwest::Response) -> Body {
    Body {
        length: response.content_length(),
        bytes: translate(response.bytes_stream()),
    }
}

fn translate(
    stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
) -> BoxStream<'static, Result<Bytes, Failure>> {
    stream
        .map(|chunk| chunk.map_err(|error| classify(Operation::Download, reply::transport(&error))))
        .boxed()
}
