//! [`Provider`] for MiniMax: thin, translating between our types and the
//! generated client's.
//!
//! Owns two HTTP clients: one with the key for the API, one without for links,
//! because a storage host must never see the key. No retries, no policy.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use progenitor_client::{Error, ResponseValue};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, RequestBuilder, Response};
use serde::Serialize;
use serde_json::Value;

use crate::check::request::Request;
use crate::event::{Failure, FailureClass, Operation};
use crate::id::{FileId, TaskId};
use crate::provider::exchange::{Call, Order};
use crate::provider::minimax::bounds::{bounded, start_of};
use crate::provider::minimax::classify::classify;
use crate::provider::minimax::client::{self, About, Client, types};
use crate::provider::minimax::links::{Reach, is_here};
use crate::provider::minimax::redact::Secret;
use crate::provider::minimax::reply::{self, Refused, Reply};
use crate::provider::minimax::settings::{Settings, SettingsError, normalise};
use crate::provider::minimax::tape::{Reel, Tape};
use crate::provider::minimax::task;
use crate::provider::minimax::tell::{Said, Sent, Teller};
use crate::provider::minimax::transfer;
use crate::provider::{Body, Created, Location, Progress, Provider, Rest};

/// Making a connection, DNS and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// The MiniMax video API.
#[derive(Debug)]
pub struct MiniMax {
    api: Client,
    orders: Client,
    links: reqwest::Client,
    reach: Reach,
    label_shots: bool,
    silence: Duration,
    teller: Teller,
    reel: Option<Reel>,
    secret: Arc<Secret>,
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
        let secret = Arc::new(Secret::new(key));
        let mut key =
            HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| SettingsError::Key)?;
        key.set_sensitive(true);
        headers.insert(AUTHORIZATION, key);
        let client = |builder: ClientBuilder| {
            let built = builder.build();
            built.map_err(|source| SettingsError::Client { source })
        };
        let with_key = || {
            builder(settings.silence, &base_url)
                .default_headers(headers.clone())
                // A redirected create could be sent twice, and a redirect could
                // carry the key to another host.
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
        };
        let reach = Reach::of_service(&base_url);
        let links = reach.follow(builder(settings.silence, &base_url));
        let api = client(with_key())?;
        // A connection that has been idle may be gone without a word, and then
        // nobody knows whether the create arrived: each has one of its own.
        let orders = client(with_key().pool_max_idle_per_host(0))?;
        let links = client(links.default_headers(plain()))?;
        Ok(Self {
            api: Client::new_with_client(&base_url, api),
            orders: Client::new_with_client(&base_url, orders),
            links,
            reach,
            label_shots: settings.label_shots,
            silence: settings.silence,
            teller: Teller(settings.witness.clone()),
            reel: settings.recorder.clone().map(|recorder| Reel {
                recorder,
                secret: Arc::clone(&secret),
            }),
            secret,
        })
    }

    /// Sends the create and reads its answer.
    async fn order(&self, request: Request) -> Result<Created, Failure> {
        let label = self.label_shots.then(|| request.shot().to_string());
        let order = self.reel.as_ref().map(|_| Order {
            shot: request.shot().clone(),
            shown: request.shown().clone(),
        });
        let body = Value::Object(request.into_body());
        let body: types::VideoGenerationBody = serde_json::from_value(body).map_err(|error| {
            let reason = format!("the request does not fit the generated client: {error}");
            Failure::new(FailureClass::Invalid, reason)
        })?;
        let call = self.orders.video_generation().body(body).send();
        let about = About {
            label: label.as_deref(),
            ..self.about(Call::Create, order)
        };
        task::of_create(self.ask(Operation::Create, about, call).await)
    }

    fn about(&self, call: Call, order: Option<Order>) -> About<'static> {
        About {
            label: None,
            patience: self.silence,
            kept: self.reel.clone().map(|reel| (reel, call, order)),
        }
    }

    /// Makes a call whose answer is JSON, and tells of it.
    async fn ask<T: Serialize>(
        &self,
        operation: Operation,
        about: About<'_>,
        call: impl Future<Output = Result<ResponseValue<T>, Error<()>>>,
    ) -> Result<Reply, Refused> {
        let observed = client::observed(about, call).await;
        let sorted = reply::sort(observed.result, &observed.headers).await;
        self.tell_of_call(operation, observed.sent, observed.begun, Said::of(&sorted));
        sorted
    }

    async fn link(&self, file: &FileId) -> Result<Location, Failure> {
        let call = self.api.retrieve_file().file_id(file.as_str()).send();
        let about = self.about(Call::Retrieve, None);
        link_in(self.ask(Operation::Locate, about, call).await)
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
        let (answer, tape) = self
            .open(location, transfer::ask(self.links.get(url), rest))
            .await;
        let sorted = match answer {
            Ok(response) if transfer::is_file(response.status(), response.headers()) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let length = response.content_length();
                self.teller
                    .tell(&self.secret, sent, Said::of_file(status, &headers));
                let stream = match tape {
                    Some(tape) => tape.file(status, &headers, response.bytes_stream()).boxed(),
                    None => response.bytes_stream().boxed(),
                };
                return transfer::body_of(status, &headers, length, stream);
            }
            Ok(response) => {
                let words = bounded(response, self.silence);
                reply::unexpected(match tape {
                    Some(tape) => tape.words(words),
                    None => words,
                })
                .await
            }
            Err(error) => {
                let answer = reply::transport(&error);
                if let Some(tape) = tape {
                    tape.nothing(&error);
                }
                Err(answer.into())
            }
        };
        self.teller.tell(&self.secret, sent, Said::of(&sorted));
        let failure = words_for_a_video(sorted);
        Err(match failure.class {
            // No key was sent there: a host of links cannot refuse it.
            FailureClass::KeyRefused => Failure {
                class: FailureClass::Transient,
                ..failure
            },
            _ => failure,
        })
    }

    /// Opens a link, and begins to keep what comes.
    async fn open(
        &self,
        location: &Location,
        request: RequestBuilder,
    ) -> (reqwest::Result<Response>, Option<Tape>) {
        let request = match request.build() {
            Ok(request) => request,
            Err(error) => return (Err(error), None),
        };
        let place = Some(location.expose());
        let reel = self.reel.as_ref();
        let tape = reel.map(|reel| reel.begin(Call::Link, None, &request, place));
        (self.links.execute(request).await, tape)
    }

    /// The vendor's document promises bytes and defines no error body, so a refusal
    /// arrives as JSON under status 200 (minimax-api.md 2.1, row 4).
    async fn content(&self, file: &FileId) -> Result<Body, Failure> {
        let call = self.api.retrieve_file_content().file_id(file.as_str());
        let about = self.about(Call::Content, None);
        let observed = client::observed(about, call.send()).await;
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
                    let stream = match observed.tape {
                        Some(tape) => tape.file(status, &headers, stream).boxed(),
                        None => stream.boxed(),
                    };
                    let body = transfer::body_of(status, &headers, length, stream)?;
                    // The vendor does not say whether this call gives out parts.
                    return Ok(Body {
                        version: None,
                        ..body
                    });
                }
                let start = start_of(stream, self.silence);
                let start = match observed.tape {
                    Some(tape) => tape.text(status, &headers, start).boxed(),
                    None => start.boxed(),
                };
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
}

/// Bytes are wanted as they are: nothing here unpacks, so nothing can unpack to
/// more than was sent.
fn plain() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))])
}

/// What every client here has in common.
pub(super) fn builder(silence: Duration, base_url: &str) -> ClientBuilder {
    let builder = reqwest::Client::builder();
    // No proxy knows this machine, and what is simulated stays here.
    let builder = if is_here(base_url) {
        builder.no_proxy()
    } else {
        builder
    };
    builder
        .user_agent(concat!("runner/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(silence)
}

impl Provider for MiniMax {
    async fn create(&self, request: Request) -> Result<Created, Failure> {
        self.secret.created(self.order(request).await)
    }

    async fn poll(&self, task: &TaskId) -> Result<Progress, Failure> {
        let call = self.api.query_video_generation().task_id(task.as_str());
        let about = self.about(Call::Query, None);
        let sorted = self.ask(Operation::Poll, about, call.send()).await;
        self.secret.progress(task::of_poll(sorted))
    }

    async fn locate(&self, file: &FileId) -> Result<Location, Failure> {
        let link = self.link(file).await;
        link.map_err(|failure| self.secret.failure(failure))
    }

    async fn fetch(&self, location: &Location, rest: Option<&Rest>) -> Result<Body, Failure> {
        let body = self.follow(location, rest).await;
        body.map_err(|failure| self.secret.failure(failure))
    }

    async fn fetch_content(&self, file: &FileId) -> Result<Body, Failure> {
        let body = self.content(file).await;
        body.map_err(|failure| self.secret.failure(failure))
    }
}

/// The link to a file.
pub(super) fn link_in(sorted: Result<Reply, Refused>) -> Result<Location, Failure> {
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

/// Why there is no video in an answer in words.
pub(super) fn words_for_a_video(sorted: Result<Reply, Refused>) -> Failure {
    match sorted {
        Err(refused) => classify(Operation::Download, *refused.answer),
        Ok(_) => Failure::new(
            FailureClass::Damaged,
            "an answer in words instead of a video",
        ),
    }
}
