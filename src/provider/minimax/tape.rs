//! One exchange on its way to whoever keeps it.
//!
//! Owns what is taken of it: no header but those that say something, and never the
//! key. Changes nothing of what the exchange comes to; links stay as they are, and
//! what becomes of them is the recorder's matter.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use http::{HeaderMap, StatusCode};
use reqwest::{Body, Request, Response};
use serde_json::Value;

use crate::check::link::is_link;
use crate::provider::exchange::{Answer, Call, Came, Content, Order, Receiver, Recorder, Whole};
use crate::provider::minimax::classify;
use crate::provider::minimax::redact::Secret;
use crate::provider::minimax::reply;

/// Headers of a request that say something about it.
const ASKED: [&str; 3] = ["content-type", "if-range", "range"];

/// Headers of an answer that its reading depends on, and the one that support asks for.
const SAID: [&str; 9] = [
    "accept-ranges",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "retry-after",
];

/// Who keeps exchanges, and the key that is kept out of them.
#[derive(Clone)]
pub(super) struct Reel {
    pub(super) recorder: Arc<dyn Recorder>,
    pub(super) secret: Arc<Secret>,
}

impl fmt::Debug for Reel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reel(…)")
    }
}

impl Reel {
    /// Begins with a request that is about to be sent. Of a link, `place` is what the
    /// service gave; it may be opened under another address.
    pub(super) fn begin(
        &self,
        call: Call,
        order: Option<Order>,
        request: &Request,
        place: Option<&str>,
    ) -> Tape {
        let url = request.url();
        let place = place.map_or_else(
            || match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            },
            ToOwned::to_owned,
        );
        let body = request.body().and_then(Body::as_bytes);
        Tape {
            reel: self.clone(),
            call,
            order,
            method: request.method().to_string(),
            place,
            headers: chosen(request.headers(), &ASKED),
            body: body.map(Bytes::copy_from_slice),
            begun: Instant::now(),
            heard: None,
        }
    }
}

/// An exchange from its request on. It is kept when the answer has come to its end,
/// or when nobody wants the rest of it.
pub(super) struct Tape {
    reel: Reel,
    call: Call,
    order: Option<Order>,
    method: String,
    place: String,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
    begun: Instant,
    heard: Option<Heard>,
}

/// An answer so far.
struct Heard {
    status: u16,
    headers: Vec<(String, String)>,
    text: Vec<u8>,
    file: Option<Box<dyn Receiver>>,
    /// Whether something of the file came.
    begun: bool,
    end: Option<Result<(), String>>,
}

impl Heard {
    /// Whether what should be a video is a message: an MP4 begins with the size of its
    /// first box, whose first byte is 0. Words may repeat a key, and files are kept
    /// as they are. A rest of a file begins with anything.
    fn is_words(&self, first: &[u8]) -> bool {
        let whole = self.status != StatusCode::PARTIAL_CONTENT.as_u16();
        whole && !self.begun && first.first().is_some_and(|byte| *byte != 0)
    }
}

/// So much is kept of an answer in words; no message needs more.
const WORDS_MAX: usize = 8 << 20;

impl Tape {
    /// No answer came.
    pub(super) fn nothing(mut self, error: &reqwest::Error) {
        let came = match reply::transport(error) {
            classify::Answer::NotConnected(why) => Came::NotConnected(why),
            classify::Answer::Broken(why) => Came::Nothing(why),
            classify::Answer::Http { .. } => return,
        };
        self.keep(came);
    }

    /// The same answer, which is one in words.
    pub(super) fn words(self, response: Response) -> Response {
        let mut head = http::Response::new(());
        *head.status_mut() = response.status();
        *head.headers_mut() = response.headers().clone();
        let (status, headers) = (response.status(), response.headers().clone());
        let stream = self.text(status, &headers, response.bytes_stream());
        head.map(|()| Body::wrap_stream(stream)).into()
    }

    /// The same body, which is one in words.
    pub(super) fn text(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    ) -> Taped {
        self.over(status, headers, None, stream)
    }

    /// The same body, which is a file.
    pub(super) fn file(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    ) -> Taped {
        let file = self.reel.recorder.receive();
        self.over(status, headers, Some(file), stream)
    }

    fn over(
        mut self,
        status: StatusCode,
        headers: &HeaderMap,
        file: Option<Box<dyn Receiver>>,
        stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    ) -> Taped {
        let mut said = chosen(headers, &SAID);
        said.extend(reply::trace_id(headers).map(|id| ("trace-id".to_owned(), id)));
        self.heard = Some(Heard {
            status: status.as_u16(),
            headers: said,
            text: Vec::new(),
            file,
            begun: false,
            end: None,
        });
        Taped {
            inner: Box::pin(stream),
            tape: Some(self),
        }
    }

    fn hear(&mut self, chunk: &reqwest::Result<Bytes>) {
        let Some(heard) = &mut self.heard else { return };
        if let Ok(bytes) = chunk
            && heard.is_words(bytes)
        {
            heard.file = None;
        }
        match (chunk, &mut heard.file) {
            (Ok(bytes), Some(file)) => {
                file.take(bytes);
                heard.begun |= !bytes.is_empty();
            }
            (Ok(bytes), None) => {
                let room = WORDS_MAX.saturating_sub(heard.text.len()).min(bytes.len());
                heard.text.extend_from_slice(&bytes[..room]);
            }
            (Err(error), _) => {
                let why = match reply::transport(error) {
                    classify::Answer::NotConnected(why) | classify::Answer::Broken(why) => why,
                    classify::Answer::Http { message, .. } => message,
                };
                heard.end = Some(Err(why));
            }
        }
    }

    fn keep(&mut self, came: Came) {
        let secret = &self.reel.secret;
        let hidden = |headers: &mut Vec<(String, String)>| {
            for (_, value) in headers {
                *value = secret.hide_key(value);
            }
        };
        let came = match came {
            Came::NotConnected(why) => Came::NotConnected(secret.hide(&why)),
            Came::Nothing(why) => Came::Nothing(secret.hide(&why)),
            Came::Answer(mut answer) => {
                hidden(&mut answer.headers);
                Came::Answer(answer)
            }
        };
        self.reel.recorder.keep(Whole {
            call: self.call,
            order: self.order.take(),
            method: std::mem::take(&mut self.method),
            place: std::mem::take(&mut self.place),
            headers: std::mem::take(&mut self.headers),
            body: self.body.take(),
            came,
            took: self.begun.elapsed(),
        });
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        let Some(heard) = self.heard.take() else {
            return;
        };
        let secret = &self.reel.secret;
        let body = match heard.file {
            Some(file) => Content::File(file.end()),
            None => Content::Text(clean(secret, &String::from_utf8_lossy(&heard.text))),
        };
        let broken = match heard.end {
            Some(end) => end.err().map(|why| secret.hide(&why)),
            None => Some("the rest was not waited for".to_owned()),
        };
        self.keep(Came::Answer(Answer {
            status: heard.status,
            headers: heard.headers,
            body,
            broken,
        }));
    }
}

/// A body that is taken down while it is read.
pub(super) struct Taped {
    inner: BoxStream<'static, reqwest::Result<Bytes>>,
    tape: Option<Tape>,
}

impl Stream for Taped {
    type Item = reqwest::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.inner.as_mut().poll_next(context);
        match (&next, &mut self.tape) {
            (Poll::Ready(Some(chunk)), Some(tape)) => tape.hear(chunk),
            (Poll::Ready(None), Some(tape)) => {
                if let Some(heard) = &mut tape.heard {
                    heard.end.get_or_insert(Ok(()));
                }
                // Kept before whoever reads goes on.
                self.tape = None;
            }
            _ => {}
        }
        next
    }
}

/// The headers of these names, in this order.
fn chosen(headers: &HeaderMap, names: &[&str]) -> Vec<(String, String)> {
    let value = |name: &&str| {
        let value = headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    };
    names.iter().filter_map(value).collect()
}

/// Words without the key. Links that stand alone are left to the recorder, which needs
/// them to be told apart.
fn clean(secret: &Secret, text: &str) -> String {
    let Ok(mut body) = serde_json::from_str::<Value>(text) else {
        return secret.hide(text);
    };
    if clean_value(secret, &mut body) {
        body.to_string()
    } else {
        text.to_owned()
    }
}

/// Says whether anything was changed.
fn clean_value(secret: &Secret, value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let alone = is_link(text) && !text.contains(char::is_whitespace);
            let hidden = if alone || !text.contains([' ', ':']) {
                secret.hide_key(text)
            } else {
                secret.hide(text)
            };
            let changed = hidden != *text;
            *text = hidden;
            changed
        }
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |changed, item| clean_value(secret, item) | changed),
        Value::Object(object) => object
            .values_mut()
            .fold(false, |changed, item| clean_value(secret, item) | changed),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;
    use crate::provider::minimax::redact::Secret;

    #[test]
    fn words_lose_the_key_and_keep_what_they_are() {
        let secret = Secret::new("sk-api-1234567890");
        for (said, kept) in [
            (
                r#"{"a": "no key here", "b": 7}"#,
                r#"{"a": "no key here", "b": 7}"#,
            ),
            (
                r#"{"a":"bad sk-api-1234567890 here"}"#,
                r#"{"a":"bad [key] here"}"#,
            ),
            (
                r#"{"a":"see https://a.example/b?Signature=x now"}"#,
                r#"{"a":"see https://a.example/b… now"}"#,
            ),
            (
                r#"{"u":"https://a.example/b?Signature=x"}"#,
                r#"{"u":"https://a.example/b?Signature=x"}"#,
            ),
            // Names of tasks may be long, and are not tokens.
            (
                r#"{"task_id":"0123456789abcdef0123456789abcdef0123456789"}"#,
                r#"{"task_id":"0123456789abcdef0123456789abcdef0123456789"}"#,
            ),
            (
                "<a href='http://a/b?x=1'>sk-api-1234567890</a>",
                "<a href='http://a/b…'>[key]</a>",
            ),
        ] {
            assert_eq!(clean(&secret, said), kept);
        }
    }
}
