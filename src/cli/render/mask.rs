//! The author's own lines without keys and signatures of links.
//!
//! Owns what of a line is covered before it is shown: a signed link is a key,
//! and a build server keeps what is printed. Never changes how long a line is,
//! so that carets stay where they are.

use std::borrow::Cow;

/// Parameters whose values let anybody in, in lower case.
const KEYS: [&str; 9] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "x-oss-signature",
    "signature",
    "ossaccesskeyid",
    "sig",
    "token",
];

/// The text with `*` in place of what is secret of its links.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let starts = text.char_indices().filter_map(|(at, c)| match c {
        '?' | '&' => secret(text, at + 1),
        's' | 'e' => key(text, at),
        ':' => user(text, at),
        _ => None,
    });
    let mut secrets: Vec<std::ops::Range<usize>> = Vec::new();
    for range in starts {
        if secrets.last().is_none_or(|last| last.end <= range.start) {
            secrets.push(range);
        }
    }
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for range in secrets {
        masked.push_str(&text[copied..range.start]);
        masked.extend(std::iter::repeat_n('*', range.len()));
        copied = range.end;
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// The value of a parameter that begins here, if it is a key.
fn secret(text: &str, start: usize) -> Option<std::ops::Range<usize>> {
    let rest = &text[start..];
    let name = rest.split('=').next()?;
    if name.len() == rest.len() || !KEYS.iter().any(|key| name.eq_ignore_ascii_case(key)) {
        return None;
    }
    let from = start + name.len() + 1;
    Some(from..from + word(&text[from..]))
}

/// Who asks, and with which password, between `://` and `@`.
fn user(text: &str, start: usize) -> Option<std::ops::Range<usize>> {
    let rest = text[start..].strip_prefix("://")?;
    let host_ends = rest.find(|c: char| !c.is_ascii_graphic() || "/?#\"'".contains(c));
    let name = rest[..host_ends.unwrap_or(rest.len())].rfind('@')?;
    let from = start + "://".len();
    Some(from..from + name)
}

/// A word that begins as keys do, and is as long as they are.
fn key(text: &str, start: usize) -> Option<std::ops::Range<usize>> {
    const SHORTEST: usize = 20;
    let inside = text[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
    let rest = &text[start..];
    let begins = ["sk-", "eyJ"].iter().any(|begin| rest.starts_with(begin));
    let length = if begins && !inside { word(rest) } else { 0 };
    (length >= SHORTEST).then(|| start + 3..start + length)
}

/// How long a word is. One byte for one character is what keeps the columns.
fn word(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_graphic() || "&#\"'`,}]<>|".contains(c));
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn keys_are_covered_and_nothing_moves() {
        let text = "a: 'https://x/y.png?Expires=1&Signature=aB%2F&z=1' # 雪\nb: &sig x\n";
        let masked = mask(text);
        assert_eq!(
            masked,
            "a: 'https://x/y.png?Expires=1&Signature=*****&z=1' # 雪\nb: &sig x\n"
        );
        assert_eq!(masked.len(), text.len());
        assert_eq!(
            mask("a: https://me:pass@x/y@2.png # b@c"),
            "a: https://*******@x/y@2.png # b@c"
        );
        let key = "api_key: sk-api-0123456789abcdefghij # ask-me-nothing-about-it-at-all";
        let covered = "api_key: sk-************************ # ask-me-nothing-about-it-at-all";
        assert_eq!(mask(key), covered);
        assert!(matches!(
            mask("what? no = 1 & more"),
            std::borrow::Cow::Borrowed(_)
        ));
    }
}
