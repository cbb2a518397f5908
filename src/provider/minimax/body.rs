//! A body as JSON, when it almost is.
//!
//! Owns what gateways do to texts: words of another encoding, and characters
//! that were cut in half. The task beside such words is paid all the same.

use serde_json::Value;

/// Reads a body; `None` for what is no JSON even so.
pub(super) fn json(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let strict = serde_json::from_str(&text);
    strict
        .or_else(|_| serde_json::from_str(&mended(&text)))
        .ok()
}

/// The text without halves of characters. Languages that count in UTF-16 cut a
/// message after the first half of an emoji, and write that as `\ud83d`.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let (kept, length) = match (half(escape), escape.get(6..).and_then(half)) {
            (Some(Half::First), Some(Half::Second)) => (&escape[..12], 12),
            (Some(_), _) => ("\\ufffd", 6),
            // Whatever is escaped is no beginning of an escape itself.
            (None, _) => {
                let next = escape[1..].chars().next().map_or(0, char::len_utf8);
                (&escape[..=next], 1 + next)
            }
        };
        mended.push_str(kept);
        rest = &escape[length..];
    }
    mended.push_str(rest);
    mended
}

/// One of the two halves of which UTF-16 makes a rare character.
enum Half {
    First,
    Second,
}

fn half(escape: &str) -> Option<Half> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..0xDC00 => Some(Half::First),
        0xDC00..0xE000 => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::json;

    #[test]
    fn halves_of_characters_do_not_hide_what_is_beside_them() {
        for (said, read) in [
            (
                &br#"{"a":"x\ud83d","b":7}"#[..],
                json!({ "a": "x\u{fffd}", "b": 7 }),
            ),
            (
                br#"{"a":"\udc00\ud83d\ude00\n"}"#,
                json!({ "a": "\u{fffd}😀\n" }),
            ),
            (
                br#"{"a":"\\ud83d\ud83d\u0041"}"#,
                json!({ "a": "\\ud83d\u{fffd}A" }),
            ),
            (b"{\"a\":\"\xb3\xc9\"}", json!({ "a": "\u{fffd}\u{fffd}" })),
        ] {
            assert_eq!(json(said), Some(read));
        }
        for none in [&b""[..], b"{", b"\\", b"{\"a\":\"\\ud83", b"\"\\\xff"] {
            assert_eq!(json(none), None);
        }
    }
}
