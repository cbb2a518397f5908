//! Signed links in the author's own lines, without their signatures.
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
    let secrets: Vec<_> = text
        .char_indices()
        .filter(|(_, c)| matches!(c, '?' | '&'))
        .filter_map(|(at, _)| secret(text, at + 1))
        .collect();
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
    let value = &text[from..];
    // One byte for one character is what keeps the columns.
    let end = value.find(|c: char| !c.is_ascii_graphic() || "&#\"'`,}]<>|".contains(c));
    Some(from..from + end.unwrap_or(value.len()))
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
        assert!(matches!(mask("what? no = 1 & more"), std::borrow::Cow::Borrowed(_)));
    }
}
