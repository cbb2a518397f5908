//! An answer that carries a file, or the rest of one.
//!
//! Owns what its headers mean (RFC 9110: validators in 8.8, `If-Range` in 13.1.5,
//! ranges in 14). Whether a part fits what is there already is decided by
//! whoever puts them together.

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use jiff::SignedDuration;
use reqwest::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, HeaderMap,
    HeaderName, IF_RANGE, LAST_MODIFIED, RANGE,
};
use reqwest::{RequestBuilder, StatusCode};

use crate::event::{Failure, FailureClass, Operation};
use crate::provider::minimax::classify::classify;
use crate::provider::minimax::reply;
use crate::provider::{Body, Rest, Version};

/// A date tells two contents apart only if it is this much older than the
/// answer: within it, the file could have changed twice under one date.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);

/// Asks for the rest of a file, or for all of it if it is another file by now.
pub(super) fn ask(request: RequestBuilder, rest: Option<&Rest>) -> RequestBuilder {
    let Some(rest) = rest else { return request };
    request
        .header(RANGE, format!("bytes={}-", rest.start))
        .header(IF_RANGE, rest.version.as_str())
}

/// Whether an answer carries a file. One that says of itself that it is words,
/// such as a page of a proxy, does not: it could go on for ever, and every byte
/// of it would be written down.
pub(super) fn is_file(status: StatusCode, headers: &HeaderMap) -> bool {
    let kind = text(headers, &CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let in_words = [
        "application/json",
        "application/xml",
        "text/html",
        "text/xml",
    ]
    .iter()
    .any(|words| kind.eq_ignore_ascii_case(words));
    status.is_success() && !in_words
}

/// Reads the head of an answer that carries a file; `length` is that of its body.
pub(super) fn body_of(
    status: StatusCode,
    headers: &HeaderMap,
    length: Option<u64>,
    stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
) -> Result<Body, Failure> {
    // Nobody asked for another encoding than none; its bytes are not the file's.
    if text(headers, &CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(damaged(
            "the file came in an encoding that was not asked for",
        ));
    }
    let (start, length) = match status {
        StatusCode::PARTIAL_CONTENT => part(headers)
            .ok_or_else(|| damaged("a part of the file came that does not say which"))?,
        _ => (0, length),
    };
    let bytes = stream.map(|chunk| {
        chunk.map_err(|error| classify(Operation::Download, reply::transport(&error)))
    });
    Ok(Body {
        start,
        length,
        version: version(headers),
        bytes: bytes.boxed(),
    })
}

/// The place of the first byte, and the size of the whole: `bytes 10-19/200`.
fn part(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = text(headers, &CONTENT_RANGE)?.strip_prefix("bytes ")?;
    let (places, size) = range.split_once('/')?;
    let (first, last) = places.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then(|| (first, size.trim().parse().ok()))
}

/// What the rest of this file can be asked for by: a strong validator, and only
/// where the sender does not say that it gives out no parts.
fn version(headers: &HeaderMap) -> Option<Version> {
    if text(headers, &ACCEPT_RANGES) == Some("none") {
        return None;
    }
    let Some(tag) = text(headers, &ETAG) else {
        return dated(headers);
    };
    // A weak one (`W/"…"`) says that two contents are as good, not that they are equal.
    let strong = tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"');
    strong.then(|| Version::new(tag))
}

fn dated(headers: &HeaderMap) -> Option<Version> {
    let modified = text(headers, &LAST_MODIFIED)?;
    let sent = reply::date(text(headers, &DATE)?)?;
    let age = sent.duration_since(reply::date(modified)?);
    (age >= SETTLED).then(|| Version::new(modified))
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn damaged(message: &str) -> Failure {
    Failure::new(FailureClass::Damaged, message)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderName};

    use super::body_of;
    use crate::event::{Failure, FailureClass};
    use crate::provider::{Body, Version};

    const LATER: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

    fn read(status: u16, headers: &[(&str, &str)]) -> Result<Body, Failure> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().expect("a name");
                (name, value.parse().expect("a value"))
            })
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        body_of(status, &headers, Some(7), futures::stream::empty())
    }

    #[test]
    fn only_what_tells_contents_apart_is_a_version() {
        let version = |headers: &[(&str, &str)]| read(200, headers).expect("a file").version;
        assert_eq!(version(&[("etag", "\"a\"")]), Some(Version::new("\"a\"")));
        let modified = "Fri, 20 Nov 2026 09:58:59 GMT";
        let settled = [("last-modified", modified), ("date", LATER)];
        assert_eq!(version(&settled), Some(Version::new(modified)));
        for none in [
            &[][..],
            &[("etag", "W/\"a\"")],
            &[("etag", "a")],
            &[("etag", "\"")],
            &[("etag", "\"\"")],
            &[("etag", "\"a\""), ("accept-ranges", "none")],
            &[("etag", "W/\"a\""), settled[0], settled[1]],
            &[settled[0]],
            &[("last-modified", LATER), ("date", LATER)],
            &[("last-modified", "yesterday"), ("date", LATER)],
        ] {
            assert_eq!(version(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_part_says_where_it_belongs() {
        let place = |range| {
            let body = read(206, &[("content-range", range)]);
            body.map(|body| (body.start, body.length)).ok()
        };
        assert_eq!(place("bytes 10-19/200"), Some((10, Some(200))));
        assert_eq!(place("bytes 10-19/*"), Some((10, None)));
        for none in [
            "",
            "bytes 10-",
            "bytes 19-10/200",
            "bytes */200",
            "10-19/200",
            "bytes -1-4/5",
        ] {
            assert_eq!(place(none), None, "{none:?}");
        }
        assert!(read(206, &[]).is_err());
        let whole = read(200, &[("content-range", "bytes 10-19/200")]).expect("a file");
        assert_eq!((whole.start, whole.length), (0, Some(7)));
    }

    #[test]
    fn an_encoded_body_is_not_the_file() {
        let encoded = read(200, &[("content-encoding", "gzip")]).expect_err("not a file");
        assert_eq!(encoded.class, FailureClass::Damaged);
        assert!(read(200, &[("content-encoding", "identity")]).is_ok());
    }
}
