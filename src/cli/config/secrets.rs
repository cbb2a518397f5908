//! Keys that were written where none belongs, blacked out before anything is shown.
//!
//! Owns how a key is known. A diagnostic shows the line that it is about, so the
//! text of a configuration file is blacked out before anybody reads it.

/// How keys of the service begin; the last is how a JWT does (minimax-api.md section 1).
const BEGINNINGS: [&str; 2] = ["sk-", "eyJ"];

/// Shorter than this it is a word.
const SHORTEST: usize = 12;

/// The same text, of the same length, with an x for every byte of what looks like a key.
pub(super) fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (start, end) in tokens(text).into_iter().chain(values(text)) {
        for byte in &mut bytes[start..end] {
            if *byte != b'\n' && *byte != b'\r' {
                // A star would be an alias to YAML.
                *byte = b'x';
            }
        }
    }
    // Whole characters were replaced, each byte by one that is a character.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a setting of this name would hold a secret; `key_env` names a variable.
pub(super) fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let secret = [
        "key",
        "token",
        "secret",
        "password",
        "authorization",
        "bearer",
    ];
    secret.iter().any(|end| plain.ends_with(end))
}

/// Words that look like a key, wherever they stand.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(|c: char| !part(c)) {
        let start = at;
        // Separators are as long as the character that they are.
        at += word.len()
            + text[at + word.len()..]
                .chars()
                .next()
                .map_or(0, char::len_utf8);
        let looks = BEGINNINGS.iter().any(|begin| word.starts_with(begin));
        if looks && word.len() >= SHORTEST {
            found.push((start, start + word.len()));
        }
    }
    found
}

/// What stands behind a name that says that it is a secret.
fn values(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let before = text[..colon].trim_end_matches([' ', '"', '\'']);
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        if !is_secret(&before[start..]) {
            continue;
        }
        let rest = &text[colon + 1..];
        let value = colon + 1 + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
        let length = text[value..]
            .find(['\n', ',', '}'])
            .unwrap_or(text.len() - value);
        found.push((value, value + length));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_blacked_out_and_nothing_moves() {
        for (text, shown) in [
            ("concurrency: 8\n", "concurrency: 8\n"),
            (
                "key_env: MINIMAX_CN_API_KEY\n",
                "key_env: MINIMAX_CN_API_KEY\n",
            ),
            ("api_key: hunter2 # 镜\n", "api_key: xxxxxxxxxxxxx\n"),
            (
                "{ cn: { Api-Key: 'a b', region: cn } }",
                "{ cn: { Api-Key: xxxxx, region: cn } }",
            ),
            ("x: [sk-api-0123456789]\n", "x: [xxxxxxxxxxxxxxxxx]\n"),
            ("镜头: eyJhbGciOi.J9.abc\n", "镜头: xxxxxxxxxxxxxxxxx\n"),
            ("sk-short", "sk-short"),
        ] {
            let masked = masked(text);
            assert_eq!(masked, shown);
            assert_eq!(masked.len(), text.len());
        }
    }
}
