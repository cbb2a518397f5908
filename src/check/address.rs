//! Addresses of pictures, as far as they can be judged without asking them.
//!
//! Owns what tells a signed link from an ordinary one. Never sends, never reads
//! a clock, and never repeats an address: a signed one is a key.

use jiff::{Timestamp, ToSpan as _};

use crate::diag::{Code, Diagnostic, Span};

/// Parameters that only signed links have, in lower case.
const SIGNED: [&str; 8] = [
    "x-amz-signature",
    "x-goog-signature",
    "x-oss-signature",
    "x-tos-signature",
    "q-signature",
    "signature",
    "sig",
    "ossaccesskeyid",
];

/// What is doubtful about the address of a picture.
pub(super) fn lint(url: &str, span: Span) -> Option<Diagnostic> {
    let warn = |message: &str| Diagnostic::warning(Code::PictureAddress, span, message);
    if url.starts_with("data:") {
        return None;
    }
    let parameters: Vec<(String, &str)> = parameters(url).collect();
    let signed = parameters
        .iter()
        .any(|(name, _)| SIGNED.contains(&name.as_str()));
    if signed {
        let told = warn("this is a signed link, which works for a limited time")
            .note("the service fetches the picture when the shot is created; with a new link the shot counts as changed, and is paid for again")
            .help("save the picture beside the manifest and write its path");
        return Some(match expiry(&parameters) {
            Some(end) => told.note(format!("this one expires at {end}")),
            None => told,
        });
    }
    let plain = url
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("http:"));
    plain.then(|| {
        warn("the picture would travel in the open")
            .note("who stands between could read or change it, and some services refuse to fetch it")
            .help("write the https address, or save the picture beside the manifest and write its path")
    })
}

fn parameters(url: &str) -> impl Iterator<Item = (String, &str)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_ascii_lowercase(), value))
}

/// When a link ends: a second of the epoch, or a time and a length behind it.
fn expiry(parameters: &[(String, &str)]) -> Option<Timestamp> {
    let value = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| *value)
    };
    if let Some(second) = value("expires") {
        return Timestamp::from_second(second.parse().ok()?).ok();
    }
    for kind in ["amz", "goog", "oss", "tos"] {
        let (Some(date), Some(length)) = (
            value(&format!("x-{kind}-date")),
            value(&format!("x-{kind}-expires")),
        ) else {
            continue;
        };
        let start = Timestamp::strptime("%Y%m%dT%H%M%S%z", date.replace('Z', "+0000")).ok()?;
        let seconds: u32 = length.parse().ok()?;
        return start.checked_add(i64::from(seconds).seconds()).ok();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{expiry, lint, parameters};
    use crate::diag::{SourceId, Span};

    fn message(url: &str) -> Option<String> {
        lint(url, Span::new(SourceId(0), 0, 1)).map(|told| told.message)
    }

    fn end(url: &str) -> Option<String> {
        let parameters: Vec<(String, &str)> = parameters(url).collect();
        expiry(&parameters).map(|end| end.to_string())
    }

    #[test]
    fn signed_links_are_told_from_others() {
        assert_eq!(message("https://a.example/x.png?width=3&v=2"), None);
        assert_eq!(message("data:image/png;base64,AAAA"), None);
        assert!(message("HTTP://a.example/x.png").is_some());
        let told = message("https://b.oss.example/x.png?Expires=1&OSSAccessKeyId=k&Signature=s");
        assert!(told.is_some_and(|told| told.contains("signed")));
    }

    #[test]
    fn the_end_of_a_link_is_read() {
        let amz = "https://a/x?X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-Signature=s";
        assert_eq!(end(amz).as_deref(), Some("2026-01-02T04:04:05Z"));
        let oss = "https://a/x?Expires=1700000000&Signature=s";
        assert_eq!(end(oss).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(end("https://a/x?X-Amz-Date=soon&X-Amz-Expires=1"), None);
        assert_eq!(end("https://a/x?Expires=99999999999999999"), None);
    }
}
