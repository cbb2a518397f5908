//! Links in answers, and what stands for them in a recording.
//!
//! Owns the names: an address below `link.invalid`, a domain that never exists. The
//! same link has the same name, so that a download can be told from others.

use std::collections::HashMap;

use serde_json::Value;

use super::har::Entry;
use crate::check::link::is_link;
use crate::provider::exchange::Call;

/// What the names of links begin with.
pub const LINKS: &str = "https://link.invalid/";

/// The names that were given so far.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The link itself → its name. Never leaves this process.
    names: HashMap<String, String>,
    /// How many each file has.
    counts: HashMap<String, u64>,
}

impl Links {
    /// Goes on behind the names of an earlier run.
    pub(super) fn note(&mut self, entry: &Entry) {
        let text = entry.response.content.text.as_deref().unwrap_or_default();
        for part in text.split(LINKS).skip(1) {
            let mut parts = part.split(['/', '"']);
            let (Some(file), Some(number)) = (parts.next(), parts.next()) else {
                continue;
            };
            if let Ok(number) = number.parse::<u64>() {
                let count = self.counts.entry(file.to_owned()).or_default();
                *count = number.max(*count);
            }
        }
    }

    /// The name of a link that was opened.
    pub(super) fn name_of(&self, link: &str) -> String {
        let known = self.names.get(link).cloned();
        known.unwrap_or_else(|| format!("{LINKS}unknown/0"))
    }

    /// An answer with names for its links. `file` is what the call asked for.
    pub(super) fn replace(&mut self, call: Call, file: Option<&str>, text: &str) -> String {
        let Ok(mut body) = serde_json::from_str::<Value>(text) else {
            return text.to_owned();
        };
        let file = match (call, file) {
            (Call::Retrieve, Some(file)) => plain(file),
            _ => "other".to_owned(),
        };
        if self.replace_in(&mut body, &file) {
            body.to_string()
        } else {
            text.to_owned()
        }
    }

    fn replace_in(&mut self, value: &mut Value, file: &str) -> bool {
        match value {
            Value::String(link) if is_link(link) => {
                *link = self.name(link, file);
                true
            }
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |changed, item| self.replace_in(item, file) | changed),
            Value::Object(object) => object
                .values_mut()
                .fold(false, |changed, item| self.replace_in(item, file) | changed),
            _ => false,
        }
    }

    fn name(&mut self, link: &str, file: &str) -> String {
        if let Some(name) = self.names.get(link) {
            return name.clone();
        }
        let count = self.counts.entry(file.to_owned()).or_default();
        *count += 1;
        let name = format!("{LINKS}{file}/{count}");
        self.names.insert(link.to_owned(), name.clone());
        name
    }
}

/// A name of a file as a part of a path.
pub fn plain(file: &str) -> String {
    let decent = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    file.chars().map(decent).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::Links;
    use crate::provider::exchange::Call;

    #[test]
    fn links_have_names_and_nothing_of_them_is_left() {
        let mut links = Links::default();
        let link = "https://s.example/v.mp4?Signature=x";
        let text = format!(r#"{{"file":{{"file_id":7,"download_url":"{link}"}}}}"#);
        let kept = links.replace(Call::Retrieve, Some("7"), &text);
        assert_eq!(
            kept,
            r#"{"file":{"file_id":7,"download_url":"https://link.invalid/7/1"}}"#
        );
        assert_eq!(links.name_of(link), "https://link.invalid/7/1");
        let other = text.replace("=x", "=y");
        let kept = links.replace(Call::Retrieve, Some("7"), &other);
        assert!(kept.contains("link.invalid/7/2"), "{kept}");
        let same = links.replace(Call::Retrieve, Some("7"), &text);
        assert!(same.contains("link.invalid/7/1"), "{same}");
        assert_eq!(
            links.name_of("https://else.example/"),
            "https://link.invalid/unknown/0"
        );
        let words = r#"{ "status_msg": "no link" }"#;
        assert_eq!(links.replace(Call::Query, None, words), words);
    }
}
