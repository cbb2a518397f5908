//! What a clip is called: by the header that names its shot, or by its prompt.

/// The most characters of a title.
const TITLE: usize = 80;
/// The most words of a prompt that stand in for a title.
const WORDS: usize = 6;

/// The heading of a clip whose request names no shot.
pub(super) fn title(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
    let title: String = words.join(" ").chars().take(TITLE).collect();
    title
        .trim_end_matches([',', '.', ';', ':', '，', '。'])
        .to_owned()
}

/// The shot that a header names: percent-encoded UTF-8, as RFC 8187 has it.
///
/// A plain name is taken as well; what is not UTF-8 names nothing.
pub(crate) fn shot_name(header: &[u8]) -> Option<String> {
    let marked = |mark: &&[u8]| {
        header.len() >= mark.len() && header[..mark.len()].eq_ignore_ascii_case(mark)
    };
    let mark: &[u8] = b"utf-8''";
    let encoded = if marked(&mark) {
        &header[mark.len()..]
    } else {
        header
    };
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(&byte) = encoded.get(at) {
        let pair = encoded.get(at + 1..at + 3).filter(|_| byte == b'%');
        let escaped =
            pair.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    let name = String::from_utf8(bytes).ok()?;
    let name: String = name.trim().chars().take(TITLE).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shots_are_named_by_the_header_or_by_the_first_words() {
        assert_eq!(
            shot_name(b"weather%20%E9%9B%A8").as_deref(),
            Some("weather 雨")
        );
        assert_eq!(shot_name(b"UTF-8''a%2Fb").as_deref(), Some("a/b"));
        assert_eq!(shot_name(b"100%").as_deref(), Some("100%"));
        assert_eq!(shot_name(b"%ff"), None);
        assert_eq!(
            title("One two three four five six, seven"),
            "One two three four five six"
        );
    }
}
