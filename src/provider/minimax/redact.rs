//! What may not be repeated: the key, and what makes a signed link work.
//!
//! Owns cleaning the words of a service before anybody sees or keeps them.

use std::fmt;

use crate::event::Failure;
use crate::provider::{Created, Progress};

/// Keys shorter than this are words of a test, and would blank out sentences.
const SHORTEST: usize = 8;

/// What stands where a key was.
const HIDDEN: &str = "[key]";

/// A key that is to be kept out of messages.
pub(super) struct Secret(Option<String>);

impl Secret {
    pub(super) fn new(key: &str) -> Self {
        Self((key.len() >= SHORTEST).then(|| key.to_owned()))
    }

    /// What a create came to, as it may be shown and kept.
    pub(super) fn created(&self, answer: Result<Created, Failure>) -> Result<Created, Failure> {
        match answer {
            Ok(created) => Ok(Created {
                trace_id: self.hide_in(created.trace_id),
                ..created
            }),
            Err(failure) => Err(self.failure(failure)),
        }
    }

    /// How far a task is, as it may be shown and kept.
    pub(super) fn progress(&self, answer: Result<Progress, Failure>) -> Result<Progress, Failure> {
        let progress = answer.map_err(|failure| self.failure(failure))?;
        Ok(match progress {
            Progress::Running { status, known } => Progress::Running {
                status: self.hide(&status),
                known,
            },
            Progress::Succeeded { status, file } => Progress::Succeeded {
                status: self.hide(&status),
                file,
            },
            Progress::Failed { status, failure } => Progress::Failed {
                status: self.hide(&status),
                failure: self.failure(failure),
            },
        })
    }

    /// What the service says is shown and kept; a gateway repeats keys and links.
    pub(super) fn failure(&self, failure: Failure) -> Failure {
        Failure {
            message: self.hide(&failure.message),
            trace_id: self.hide_in(failure.trace_id),
            ..failure
        }
    }

    fn hide_in(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.hide(&text))
    }

    /// The text without the key and without the query of any link.
    pub(super) fn hide(&self, text: &str) -> String {
        self.hide_key(&without_tokens(&without_queries(text)))
    }

    /// The text without the key, and with all else that is in it.
    pub(super) fn hide_key(&self, text: &str) -> String {
        let Some(key) = &self.0 else {
            return text.to_owned();
        };
        let mut text = text.replace(key.as_str(), HIDDEN);
        // A message is cut to a length, perhaps in the middle of a key.
        let begun = (SHORTEST..key.len())
            .rev()
            .find_map(|length| text.strip_suffix(key.get(..length)?).map(str::len));
        if let Some(start) = begun {
            text.replace_range(start.., HIDDEN);
        }
        text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Digits of the token in the address of a callback; see [`crate::callback`].
const TOKEN_DIGITS: usize = 40;

/// Without the last part of the addresses that callbacks go to: whoever has it
/// can pretend to be the service.
fn without_tokens(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        // The end of a text may be the beginning of a token that was cut.
        let cut = word.len() == part.len() && word.len() >= TOKEN_DIGITS / 2;
        if word.len() >= TOKEN_DIGITS || cut {
            kept.push_str("[token]");
            kept.push_str(&part[word.len()..]);
        } else {
            kept.push_str(part);
        }
    }
    kept
}

/// Every link up to its `?`: what comes after it may be a signature.
fn without_queries(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, link) = rest.split_at(start);
        let end = link
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`'))
            .unwrap_or(link.len());
        kept.push_str(before);
        match link[..end].find('?') {
            Some(query) => {
                kept.push_str(&link[..query]);
                kept.push('…');
            }
            None => kept.push_str(&link[..end]),
        }
        rest = &link[end..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn keys_and_signatures_are_hidden_and_the_rest_is_left() {
        let secret = Secret::new("sk-api-1234567890");
        for (said, shown) in [
            ("bad key sk-api-1234567890, sorry", "bad key [key], sorry"),
            ("cut off at sk-api-1234", "cut off at [key]"),
            (
                "no echo from https://me.example/x/0123456789abcdef0123456789abcdef01234567!",
                "no echo from https://me.example/x/[token]!",
            ),
            (
                "see https://a.example/b?Signature=x now",
                "see https://a.example/b… now",
            ),
            (
                "<a href='http://a/b?x=1'>or</a>",
                "<a href='http://a/b…'>or</a>",
            ),
            (
                "is it https://a.example/b? no",
                "is it https://a.example/b… no",
            ),
            ("nothing to hide?", "nothing to hide?"),
        ] {
            assert_eq!(secret.hide(said), shown);
        }
        assert_eq!(Secret::new("any").hide("any word"), "any word");
        assert!(!format!("{secret:?}").contains("sk"));
    }
}
