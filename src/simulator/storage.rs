//! Signed links to videos, and the object store behind them.
//!
//! Owns signatures, expiry, ranges and the store's XML. Links need no key; they
//! hold until they expire, and each is a new one.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::order::hexadecimal;
use super::scenario::Action;

/// Seconds of life that a link holds, before the scale of time.
const LIFE: i64 = 3600;
/// The least real seconds that a link holds: time to download something.
const LEAST_LIFE: i64 = 60;

/// The query of a signed link.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ticket {
    #[serde(rename = "Expires")]
    expires: Option<String>,
    #[serde(rename = "OSSAccessKeyId")]
    access: Option<String>,
    #[serde(rename = "Signature")]
    signature: Option<String>,
}

/// The store that links lead to.
#[derive(Debug)]
pub(super) struct Storage {
    base_url: String,
    secret: u64,
    /// Real seconds that a link holds.
    life: i64,
    /// Counts links, so that no two are the same.
    links: AtomicU64,
}

impl Storage {
    pub(super) fn new(base_url: String, secret: u64, time_scale: u32) -> Self {
        let life = (LIFE / i64::from(time_scale.max(1))).max(LEAST_LIFE);
        Self {
            base_url,
            secret,
            life,
            links: AtomicU64::new(0),
        }
    }

    /// A new link to a file; an expired one has been so for a minute.
    pub(super) fn link(&self, file: u64, stale: bool) -> String {
        let now = Timestamp::now().as_second();
        let expires = if stale {
            now - LEAST_LIFE
        } else {
            now + self.life
        };
        let access = format!("SIM{:08X}", self.links.fetch_add(1, Ordering::Relaxed));
        let signature = self.signature(file, &expires.to_string(), &access);
        let signature = signature
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        format!(
            "{}/storage/{file}/output_aigc.mp4?Expires={expires}&OSSAccessKeyId={access}&Signature={signature}",
            self.base_url
        )
    }

    /// Refuses a link that was not given or has expired.
    pub(super) fn check(&self, file: u64, ticket: &Ticket) -> Result<(), Denial> {
        let (Some(expires), Some(access), Some(signature)) =
            (&ticket.expires, &ticket.access, &ticket.signature)
        else {
            return Err(Denial::UNSIGNED);
        };
        if *signature != self.signature(file, expires, access) {
            return Err(Denial::FORGED);
        }
        let now = Timestamp::now().as_second();
        if expires.parse().is_ok_and(|end: i64| now < end) {
            return Ok(());
        }
        Err(Denial {
            expires: Some(expires.clone()),
            ..Denial::EXPIRED
        })
    }

    fn signature(&self, file: u64, expires: &str, access: &str) -> String {
        let text = format!("{}\n{file}\n{expires}\n{access}", self.secret);
        STANDARD.encode(&Sha256::digest(text.as_bytes())[..20])
    }
}

/// The store's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    code: &'static str,
    message: &'static str,
    /// When the link expired, in Unix seconds.
    expires: Option<String>,
}

impl Denial {
    pub(super) const NO_LINK: Self = Self::new("AccessDenied", "there is no such link");
    const UNSIGNED: Self = Self::new("AccessDenied", "the link is not signed");
    const EXPIRED: Self = Self::new("AccessDenied", "the link has expired");
    const FORGED: Self = Self::new(
        "SignatureDoesNotMatch",
        "the signature does not fit the link",
    );

    const fn new(code: &'static str, message: &'static str) -> Self {
        Self {
            code,
            message,
            expires: None,
        }
    }
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let Self { code, message, .. } = self;
        let expires = self.expires.map_or_else(String::new, |expires| {
            format!("\n  <Expires>{expires}</Expires>")
        });
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>{code}</Code>\n  \
             <Message>{message}</Message>{expires}\n</Error>\n"
        );
        let kind = [(header::CONTENT_TYPE, "application/xml")];
        (StatusCode::FORBIDDEN, kind, xml).into_response()
    }
}

/// A video's bytes, or the part that is asked for.
pub(crate) fn serve(
    file: Bytes,
    digest: &[u8; 32],
    headers: &HeaderMap,
    action: Option<&Action>,
) -> Response {
    let whole = match action {
        Some(Action::Truncated) => file.slice(..file.len() / 2),
        Some(Action::Empty) => Bytes::new(),
        _ => file,
    };
    let tag = format!("\"{}\"", hexadecimal(&digest[..16]).to_uppercase());
    let length = whole.len();
    let common = [
        (header::CONTENT_TYPE, "video/mp4"),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    let (status, range, part) = match asked_range(headers, &tag, length) {
        Range::Whole => (StatusCode::OK, None, whole),
        Range::Part(first, last) => {
            let range = format!("bytes {first}-{last}/{length}");
            (
                StatusCode::PARTIAL_CONTENT,
                Some(range),
                whole.slice(first..=last),
            )
        }
        Range::Outside => {
            let range = format!("bytes */{length}");
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(range), Bytes::new())
        }
    };
    let tag = [(header::ETAG, tag)];
    let range = range.map(|range| [(header::CONTENT_RANGE, range)]);
    let mut response = (status, common, tag, Body::from(part)).into_response();
    for (name, value) in range.into_iter().flatten() {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    /// From the first byte to the last, both included.
    Part(usize, usize),
    Outside,
}

/// What part is asked for. What is not understood, and lists of parts, mean the whole.
fn asked_range(headers: &HeaderMap, tag: &str, length: usize) -> Range {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return Range::Whole;
    }
    let asked = text(header::RANGE).and_then(|range| range.trim().strip_prefix("bytes="));
    let Some((first, last)) = asked.and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first > last => Range::Whole,
        (Ok(first), _) if first >= length => Range::Outside,
        (Ok(first), Ok(last)) => Range::Part(first, last.min(length - 1)),
        (Ok(first), Err(_)) if last.trim().is_empty() => Range::Part(first, length - 1),
        (Err(_), Ok(count)) if first.trim().is_empty() => match count.min(length) {
            0 => Range::Outside,
            count => Range::Part(length - count, length - 1),
        },
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        let range = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, text.parse().expect("a header of plain text"));
            asked_range(&headers, "\"tag\"", 100)
        };
        assert_eq!(range("bytes=0-9"), Range::Part(0, 9));
        assert_eq!(range("bytes=90-"), Range::Part(90, 99));
        assert_eq!(range("bytes=90-900"), Range::Part(90, 99));
        assert_eq!(range("bytes=-10"), Range::Part(90, 99));
        assert_eq!(range("bytes=-900"), Range::Part(0, 99));
        assert_eq!(range("bytes=100-"), Range::Outside);
        assert_eq!(range("bytes=-0"), Range::Outside);
        assert_eq!(range("bytes=0-1,5-6"), Range::Whole);
        assert_eq!(range("bytes=9-0"), Range::Whole);
        assert_eq!(range("pages=1-2"), Range::Whole);
    }
}
