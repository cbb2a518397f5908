//! [`Provider`] for MiniMax: thin, translating between our types and the
//! generated client's.
//!
//! Owns two HTTP clients: one with the key for the API, one without for links,
//! because a storage host must never see the key. No retries, no policy.

use std::future::Future;
use std::time::{Duration, Instant};

use progenitor_client::{Error, ResponseValue};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::check::request::Request;
use crate::event::{Failure, FailureClass, Operation};
use crate::id::{FileId, TaskId};
use crate::provider::exchange::Witness;
use crate::provider::minimax::bounds::{bounded, start_of};
use crate::provider::minimax::classify::classify;
use crate::provider::minimax::client::{self, Client, types};
use crate::provider::minimax::links::Reach;
use crate::provider::minimax::redact::Secret;
use crate::provider::minimax::reply::{self, Refused, Reply};
use crate::provider::minimax::status::{Meaning, meaning};
use crate::provider::minimax::tell::{Said, Sent, Teller};
use crate::provider::minimax::transfer;
use crate::provider::{Body, Created, Location, Progress, Provider, Rest};

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
    /// How long an open connection may be silent, and how long an answer in words
    /// may take; [`SILENCE`] unless there is a reason.
    pub silence: Duration,
    /// Who is told of every exchange, if anybody is.
    pub witness: Option<Witness>,
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
    silence: Duration,
    teller: Teller,
    secret: Secret,
}

impl MiniMax {
    /// Builds the clients; nothing is sent.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base_url = normalise(&settings.base_url)?;
        // A second provider installed by somebody else serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = plain();
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
            .default_headers(plain())
            .build()
            .map_err(|source| SettingsError::Client { source })?;
        Ok(Self {
            api: Client::new_with_client(&base_url, api),
            links,
            reach,
            label_shots: settings.label_shots,
            silence: settings.silence,
            teller: Teller(settings.witness.clone()),
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
        match self.ask(Operation::Create, label.as_deref(), call).await {
            Ok(reply) => created(reply),
            Err(refused) => Err(not_created(refused)),
        }
    }

    /// Makes a call whose answer is JSON, and tells of it.
    async fn ask<T: Serialize>(
        &self,
        operation: Operation,
        label: Option<&str>,
        call: impl Future<Output = Result<ResponseValue<T>, Error<()>>>,
    ) -> Result<Reply, Refused> {
        let observed = client::observed(label, self.silence, call).await;
        let sorted = reply::sort(observed.result, &observed.headers).await;
        self.tell_of_call(operation, observed.sent, observed.begun, Said::of(&sorted));
        sorted
    }

    async fn link(&self, file: &FileId) -> Result<Location, Failure> {
        let call = self.api.retrieve_file().file_id(file.as_str()).send();
        let sorted = self.ask(Operation::Locate, None, call).await;
        let reply = sorted.map_err(|refused| classify(Operation::Locate, *refused.answer))?;
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

    async fn follow(&self, location: &Location, rest: Option<&Rest>) -> Result<Body, Failure> {
        let Some(url) = self.reach.admit(location.expose()) else {
            return Err(Failure::new(
                FailureClass::Transient,
                "the link leads into this network, and is not opened",
            ));
        };
        let sent = Sent {
            operation: Operation::Download,
            method: "GET".to_owned(),
            place: format!("{}/…", url.origin().ascii_serialization()),
            begun: Instant::now(),
        };
        let sorted = match transfer::ask(self.links.get(url), rest).send().await {
            Ok(response) if transfer::is_file(response.status(), response.headers()) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let length = response.content_length();
                self.teller
                    .tell(&self.secret, sent, Said::of_file(status, &headers));
                return transfer::body_of(status, &headers, length, response.bytes_stream());
            }
            Ok(response) => reply::unexpected(bounded(response, self.silence)).await,
            Err(error) => Err(reply::transport(&error).into()),
        };
        self.teller.tell(&self.secret, sent, Said::of(&sorted));
        Err(words_for_a_video(sorted))
    }

    /// The vendor's document promises bytes and defines no error body, so a refusal
    /// arrives as JSON under status 200 (minimax-api.md 2.1, row 4).
    async fn content(&self, file: &FileId) -> Result<Body, Failure> {
        let call = self.api.retrieve_file_content().file_id(file.as_str());
        let observed = client::observed(None, self.silence, call.send()).await;
        let tell = |said| {
            self.tell_of_call(Operation::Download, observed.sent, observed.begun, said);
        };
        let sorted = match observed.result {
            Ok(value) => {
                let (status, headers) = (value.status(), value.headers().clone());
                let length = value.content_length();
                let stream = value.into_inner_stream();
                if transfer::is_file(status, &headers) {
                    tell(Said::of_file(status, &headers));
                    let body = transfer::body_of(status, &headers, length, stream)?;
                    // The vendor does not say whether this call gives out parts.
                    return Ok(Body {
                        version: None,
                        ..body
                    });
                }
                let start = start_of(stream, self.silence);
                reply::words_instead(status.as_u16(), &headers, start).await
            }
            Err(Error::UnexpectedResponse(response)) => reply::unexpected(response).await,
            Err(error) => Err(reply::broken(error).into()),
        };
        tell(Said::of(&sorted));
        Err(words_for_a_video(sorted))
    }

    /// Tells of a call, if it came to a request.
    fn tell_of_call(
        &self,
        operation: Operation,
        sent: Option<(String, String)>,
        begun: Instant,
        said: Said,
    ) {
        let Some((method, place)) = sent else { return };
        let sent = Sent {
            operation,
            method,
            place,
            begun,
        };
        self.teller.tell(&self.secret, sent, said);
    }

    /// What the service says is shown and kept; a gateway repeats keys and links.
    fn clean(&self, failure: Failure) -> Failure {
        Failure {
            message: self.secret.hide(&failure.message),
            trace_id: self.hide(failure.trace_id),
            ..failure
        }
    }

    fn hide(&self, word: Option<String>) -> Option<String> {
        word.map(|word| self.secret.hide(&word))
    }
}

/// Bytes are wanted as they are: nothing here unpacks, so nothing can unpack to
/// more than was sent.
fn plain() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))])
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
        match self.order(request).await {
            Ok(created) => Ok(Created {
                trace_id: self.hide(created.trace_id),
                ..created
            }),
            Err(failure) => Err(self.clean(failure)),
        }
    }

    async fn poll(&self, task: &TaskId) -> Result<Progress, Failure> {
        let call = self.api.query_video_generation().task_id(task.as_str());
        let progress = match self.ask(Operation::Poll, None, call.send()).await {
            Ok(reply) => progress(&reply),
            Err(refused) => failed_with_reason(refused),
        };
        match progress {
            Ok(Progress::Failed { status, failure }) => Ok(Progress::Failed {
                status,
                failure: self.clean(failure),
            }),
            other => other.map_err(|failure| self.clean(failure)),
        }
    }

    async fn locate(&self, file: &FileId) -> Result<Location, Failure> {
        let link = self.link(file).await;
        link.map_err(|failure| self.clean(failure))
    }

    async fn fetch(&self, location: &Location, rest: Option<&Rest>) -> Result<Body, Failure> {
        let body = self.follow(location, rest).await;
        body.map_err(|failure| self.clean(failure))
    }

    async fn fetch_content(&self, file: &FileId) -> Result<Body, Failure> {
        let body = self.content(file).await;
        body.map_err(|failure| self.clean(failure))
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

fn progress(reply: &Reply) -> Result<Progress, Failure> {
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
fn failed_with_reason(refused: Refused) -> Result<Progress, Failure> {
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

/// Why there is no video in an answer in words.
fn words_for_a_video(sorted: Result<Reply, Refused>) -> Failure {
    match sorted {
        Err(refused) => classify(Operation::Download, *refused.answer),
        Ok(_) => Failure::new(
            FailureClass::Damaged,
            "an answer in words instead of a video",
        ),
    }
}
