//! The fingerprint: a hash of everything that a paid result depends on.
//!
//! Problem: the API has no idempotency key, so "was this paid already?" must be
//! answered here, for ever, by comparing requests. Decision: SHA-256 over the
//! canonical JSON of what will be sent, media replaced by the digests of their
//! bytes, plus backend and API version. Not in it: the shot's id, the file's
//! path, order, limits; so renaming a shot or moving a picture pays nothing.
//! Two shots with the very same request in one manifest are two videos that the
//! author asked for: the second carries its occurrence number.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::id::{Fingerprint, sha256_hex};

/// Changes when the meaning of a fingerprint changes; old ledgers then do not match.
const VERSION: u32 = 1;

/// Everything that a paid result depends on.
#[derive(Debug)]
pub struct Key<'a> {
    /// The backend's name: a simulated clip is never taken for a paid one.
    pub backend: &'a str,
    /// The generation of the API, for example `v1`.
    pub api: &'a str,
    /// The request, media as digests.
    pub request: &'a Map<String, Value>,
    /// 1 for the first shot with this request in the manifest, 2 for the second.
    pub occurrence: u32,
}

impl Key<'_> {
    /// The hash of the key.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut text = String::new();
        let _ = write!(
            text,
            "runner/{VERSION}\n{}\n{}\n{}\n",
            self.backend, self.api, self.occurrence
        );
        canonical_object(self.request, &mut text);
        Fingerprint::from_hex(sha256_hex(text.as_bytes()))
    }
}

/// A request as it is hashed: the same for two that ask for the same.
pub fn canonical_text(request: &Map<String, Value>) -> String {
    let mut text = String::new();
    canonical_object(request, &mut text);
    text
}

/// JSON with sorted keys and no spaces, so that the order in which an author
/// writes fields changes nothing.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => canonical_object(object, text),
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                canonical(item, text);
            }
            text.push(']');
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

fn canonical_object(object: &Map<String, Value>, text: &mut String) {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    text.push('{');
    for (position, (key, value)) in entries.into_iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        let _ = write!(text, "{}:", Value::String(key.clone()));
        canonical(value, text);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Key;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            _ => Map::new(),
        }
    }

    fn print(request: &Map<String, Value>, backend: &str, occurrence: u32) -> String {
        let key = Key {
            backend,
            api: "v1",
            request,
            occurrence,
        };
        key.fingerprint().as_str().to_owned()
    }

    #[test]
    fn order_of_fields_changes_nothing_and_everything_else_does() {
        let one = object(json!({"model": "m", "prompt": "p", "n": {"a": 1, "b": [2, 3]}}));
        let same = object(json!({"n": {"b": [2, 3], "a": 1}, "prompt": "p", "model": "m"}));
        let other = object(json!({"model": "m", "prompt": "p", "n": {"a": 1, "b": [3, 2]}}));
        assert_eq!(print(&one, "minimax", 1), print(&same, "minimax", 1));
        assert_ne!(print(&one, "minimax", 1), print(&other, "minimax", 1));
        assert_ne!(print(&one, "minimax", 1), print(&one, "simulator", 1));
        assert_ne!(print(&one, "minimax", 1), print(&one, "minimax", 2));
    }

    /// A change of this value makes every paid video of every user be paid again.
    #[test]
    fn the_meaning_of_a_fingerprint_stands_still() {
        let request =
            object(json!({"model": "MiniMax-Hailuo-2.3", "prompt": "雨 [Push in]", "duration": 6}));
        insta::assert_snapshot!(print(&request, "minimax", 1));
    }
}
