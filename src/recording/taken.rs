//! From what a provider tells to an exchange as it is kept.
//!
//! Owns what stands in each field: pictures as digests with their bytes beside it,
//! links by their names, addresses without the prefix of a gateway.

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::Value;

use super::asked::Asked;
use super::bodies;
use super::har::{
    self, Body, Break, Content, Entry, Nothing, PostData, Request, Response, Timings,
};
use super::writer::Writer;
use crate::provider::exchange::{self, Answer, Call, Came, Whole};

impl Writer {
    pub(super) fn entry(&mut self, whole: Whole) -> Entry {
        let took = whole.took;
        let begun = (self.wall_clock)()
            .checked_sub(SignedDuration::try_from(took).unwrap_or_default())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        // Some viewers read no finer ones.
        let begun = begun.round(Unit::Millisecond).unwrap_or(begun);
        let milliseconds = took.as_secs_f64() * 1_000.0;
        let (call, shot) = (whole.call, self.shot_of(&whole));
        let file = parameter(&whole.place, "file_id");
        let (request, came) = self.request(whole);
        let (response, broken, error) = self.response(call, file.as_deref(), came);
        Entry {
            started_date_time: begun,
            time: milliseconds,
            request,
            response,
            cache: Nothing {},
            timings: Timings {
                send: 0.0,
                wait: milliseconds,
                receive: 0.0,
            },
            call,
            shot,
            source: None,
            broken,
            error,
        }
    }

    /// Whom a call is for, for people who read the recording.
    fn shot_of(&self, whole: &Whole) -> Option<String> {
        match &whole.order {
            Some(order) => Some(order.shot.to_string()),
            None => self.known.shot_of(&parameter(&whole.place, "task_id")?),
        }
    }

    fn request(&mut self, whole: Whole) -> (Request, Came) {
        let url = match whole.call {
            Call::Link => self.links.name_of(&whole.place),
            call => address(&self.meta.base_url, call, &whole.place),
        };
        let query = match whole.call {
            Call::Link => Vec::new(),
            _ => parameters(&whole.place),
        };
        let body_size = whole.body.as_ref().map_or(0, bytes::Bytes::len) as i64;
        let post_data = whole
            .body
            .as_deref()
            .map(|body| self.post_data(body, whole.order.as_ref()));
        let request = Request {
            method: whole.method,
            url,
            http_version: UNKNOWN.to_owned(),
            cookies: Vec::new(),
            headers: har::pairs(whole.headers),
            query_string: har::pairs(query),
            post_data,
            headers_size: -1,
            body_size,
        };
        (request, whole.came)
    }

    fn post_data(&mut self, body: &[u8], order: Option<&exchange::Order>) -> PostData {
        let mut media = Vec::new();
        let mut text = String::new();
        if let Some((asked, pictures)) = Asked::of_body(body) {
            let shown = order.and_then(|order| Asked::of_shown(&order.shown));
            text = Value::Object(shown.unwrap_or(asked).shown).to_string();
            for picture in pictures {
                if let Err(why) = bodies::keep(&self.folder, &picture.bytes, &picture.sha256) {
                    self.trouble.note(why);
                }
                media.push(Body {
                    file: bodies::name(&picture.sha256),
                    sha256: picture.sha256,
                });
            }
        }
        PostData {
            mime_type: "application/json".to_owned(),
            params: Vec::new(),
            text,
            media,
        }
    }

    fn response(
        &mut self,
        call: Call,
        file: Option<&str>,
        came: Came,
    ) -> (Response, Option<Break>, Option<String>) {
        match came {
            Came::NotConnected(why) => (nothing(), Some(Break::NotConnected), Some(why)),
            Came::Nothing(why) => (nothing(), Some(Break::NoAnswer), Some(why)),
            Came::Answer(answer) => {
                let broken = answer.broken.as_ref().map(|_| Break::InBody);
                let error = answer.broken.clone();
                (self.answer(call, file, answer), broken, error)
            }
        }
    }

    fn answer(&mut self, call: Call, file: Option<&str>, answer: Answer) -> Response {
        let headers = har::pairs(answer.headers);
        let mime_type = har::value(&headers, "content-type").unwrap_or("x-unknown");
        let mut content = Content {
            size: 0,
            mime_type: mime_type.to_owned(),
            text: None,
            file: None,
            sha256: None,
        };
        match answer.body {
            exchange::Content::Text(text) => {
                let text = self.links.replace(call, file, &text);
                content.size = text.len() as u64;
                content.text = Some(text);
            }
            exchange::Content::File(Some(kept)) => {
                content.size = kept.bytes;
                content.file = Some(bodies::name(&kept.sha256));
                content.sha256 = Some(kept.sha256);
            }
            // It was said what could not be kept; the answer stands without its body.
            exchange::Content::File(None) => {}
        }
        response(answer.status, headers, content)
    }
}

/// What HAR has for what is not known.
pub(super) const UNKNOWN: &str = "unknown";

fn nothing() -> Response {
    let content = Content {
        size: 0,
        mime_type: "x-unknown".to_owned(),
        text: None,
        file: None,
        sha256: None,
    };
    response(0, Vec::new(), content)
}

pub(super) fn response(status: u16, headers: Vec<har::Pair>, content: Content) -> Response {
    let words = http::StatusCode::from_u16(status).ok();
    let words = words.and_then(|status| status.canonical_reason());
    Response {
        status,
        status_text: words.unwrap_or_default().to_owned(),
        http_version: UNKNOWN.to_owned(),
        cookies: Vec::new(),
        headers,
        body_size: content.size as i64,
        content,
        redirect_url: String::new(),
        headers_size: -1,
    }
}

/// The address of a call, whatever prefix a gateway has.
pub(super) fn address(base_url: &str, call: Call, place: &str) -> String {
    let path = match call {
        Call::Create => "/v1/video_generation",
        Call::Query => "/v1/query/video_generation",
        Call::Retrieve => "/v1/files/retrieve",
        Call::Content => "/v1/files/retrieve_content",
        Call::Link => "",
    };
    match place.split_once('?') {
        Some((_, query)) => format!("{base_url}{path}?{query}"),
        None => format!("{base_url}{path}"),
    }
}

fn parameters(place: &str) -> Vec<(String, String)> {
    let query = place.split_once('?').map_or("", |(_, query)| query);
    serde_urlencoded::from_str(query).unwrap_or_default()
}

fn parameter(place: &str, name: &str) -> Option<String> {
    let found = parameters(place).into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}
