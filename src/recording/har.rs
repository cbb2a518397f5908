//! HAR 1.2 as far as it is written and read here.
//!
//! Owns names and shapes: those of <http://www.softwareishard.com/blog/har-12-spec/>,
//! and ours, which begin with `_` as the format wants it. Reading is open: what other
//! programs add is skipped.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::id::sha256_hex;
use crate::provider::exchange::Call;
use crate::spec::Spec;

/// What a recording says of itself, as `log._recording`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// [`FORMAT`] when it was written.
    pub format: u32,
    /// The backend's name, whose fingerprints the shots have.
    pub backend: String,
    /// Where the service was; a host in `.invalid` for the simulator.
    pub base_url: String,
    /// The program that began it.
    pub runner_version: String,
    /// Date of the API documents.
    pub spec_version: String,
    /// SHA-256 of these documents.
    pub spec_sha256: String,
}

impl Meta {
    /// Of a recording that this program begins.
    pub fn new(backend: &str, base_url: &str, spec: &Spec, spec_version: &str) -> Self {
        Self {
            format: FORMAT,
            backend: backend.to_owned(),
            base_url: base_url.to_owned(),
            runner_version: env!("CARGO_PKG_VERSION").to_owned(),
            spec_version: spec_version.to_owned(),
            spec_sha256: sha256_hex(spec.bundle().to_string().as_bytes()),
        }
    }
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When the request was sent.
    pub started_date_time: Timestamp,
    /// Milliseconds until the end of the answer.
    pub time: f64,
    /// What was asked.
    pub request: Request,
    /// What came; status 0 where nothing did.
    pub response: Response,
    /// Nothing here is cached.
    pub cache: Nothing,
    /// Where the time went.
    pub timings: Timings,
    /// Which call it is.
    #[serde(rename = "_call", with = "CallWord")]
    pub call: Call,
    /// The shot of a create.
    #[serde(rename = "_shot", default, skip_serializing_if = "Option::is_none")]
    pub shot: Option<String>,
    /// Where it is from, unless from the wire.
    #[serde(rename = "_source", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// How it went wrong on the wire, if it did.
    #[serde(rename = "_break", default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Break>,
    /// That in words.
    #[serde(rename = "_error", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where an exchange is from that was not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Put together from what the ledger remembers of an earlier run.
    Ledger,
}

/// How an exchange went wrong on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// No connection was made.
    NotConnected,
    /// No answer came.
    NoAnswer,
    /// The body ended too early.
    InBody,
}

/// The names of the calls.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Call", rename_all = "snake_case")]
enum CallWord {
    Create,
    Query,
    Retrieve,
    Content,
    Link,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// The address, without any secret.
    pub url: String,
    /// Not known here.
    pub http_version: String,
    /// None are kept.
    pub cookies: Vec<Pair>,
    /// Those that say something.
    pub headers: Vec<Pair>,
    /// The query, in parts.
    pub query_string: Vec<Pair>,
    /// The body of a create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_data: Option<PostData>,
    /// -1: not known.
    pub headers_size: i64,
    /// Bytes of the body as it was sent.
    pub body_size: i64,
}

/// The body of a create: what is asked for, media as digests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostData {
    /// JSON.
    pub mime_type: String,
    /// None: it is no form.
    pub params: Vec<Pair>,
    /// The fields.
    pub text: String,
    /// The pictures in it, in the order of the fields' names.
    #[serde(rename = "_media", default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Body>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status; 0 where nothing came.
    pub status: u16,
    /// Its usual words.
    pub status_text: String,
    /// Not known here.
    pub http_version: String,
    /// None are kept.
    pub cookies: Vec<Pair>,
    /// Those that say something.
    pub headers: Vec<Pair>,
    /// The body.
    pub content: Content,
    /// Not kept.
    #[serde(rename = "redirectURL")]
    pub redirect_url: String,
    /// -1: not known.
    pub headers_size: i64,
    /// Bytes of the body as far as it came.
    pub body_size: i64,
}

/// A body: words, or a file beside the recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// As the answer says.
    pub mime_type: String,
    /// Words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The file, relative to the recording.
    #[serde(rename = "_file", default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its digest.
    #[serde(rename = "_sha256", default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A body that is kept beside the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The file, relative to the recording.
    #[serde(rename = "_file")]
    pub file: String,
    /// Its digest.
    #[serde(rename = "_sha256")]
    pub sha256: String,
}

/// A name with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// An empty object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// Where the time went, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Not told from waiting.
    pub send: f64,
    /// All of it.
    pub wait: f64,
    /// Not told from waiting.
    pub receive: f64,
}

/// Pairs from what the wire has.
pub(super) fn pairs(pairs: Vec<(String, String)>) -> Vec<Pair> {
    let pair = |(name, value)| Pair { name, value };
    pairs.into_iter().map(pair).collect()
}

/// The value of this name.
pub(super) fn value<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p str> {
    let found = pairs
        .iter()
        .find(|pair| pair.name.eq_ignore_ascii_case(name));
    found.map(|pair| pair.value.as_str())
}

impl Entry {
    /// What a create asks for.
    pub fn order(&self) -> Option<super::Asked> {
        super::known::asked_of(self)
    }

    /// The file that it is about, as links name it, where it can carry one.
    pub fn file(&self) -> Option<String> {
        match self.call {
            Call::Content => self.parameter("file_id").map(super::plain),
            Call::Link => {
                let name = self.request.url.strip_prefix(super::LINKS)?;
                Some(name.split('/').next()?.to_owned())
            }
            Call::Create | Call::Query | Call::Retrieve => None,
        }
    }

    /// A parameter of the query, such as `task_id`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        value(&self.request.query_string, name)
    }

    /// A header of the request.
    pub fn asked(&self, name: &str) -> Option<&str> {
        value(&self.request.headers, name)
    }

    /// A header of the answer.
    pub fn said(&self, name: &str) -> Option<&str> {
        value(&self.response.headers, name)
    }

    /// The answer as JSON, where it is that.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.response.content.text.as_deref()?).ok()
    }

    /// Whether it carries a file from its first byte to its last.
    pub fn is_whole_file(&self) -> bool {
        self.response.status == 200
            && self.broken.is_none()
            && self.response.content.sha256.is_some()
    }
}

/// What stands before the entries, up to the bracket of their list.
pub(super) fn opening(meta: &Meta) -> String {
    let meta = serde_json::to_string(meta).expect("it has text keys only");
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"runner\",\"version\":\"{version}\"}},\n\
         \"_recording\":{meta},\n\"pages\":[],\n\"entries\":[\n"
    )
}

/// What stands behind them.
pub(super) const CLOSING: &str = "\n]}}\n";
