//! How a difference looks: a field before and after, a text word by word.
//!
//! Owns looks only, and how many are shown. With colour, what went is red and what came is green;
//! without, they stand in `[-…-]` and `{+…+}`, as in `git diff --word-diff`.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::check::link::{is_link, without_secrets};
use crate::cli::console::Console;
use crate::cli::render::calm;
use crate::event::FieldChange;
use crate::plan::changes::manifest_key;

/// Texts of more characters than this are compared word by word.
const SHORT: usize = 32;

/// What stays the same is shown this many characters before and behind a change.
const AROUND: usize = 30;

/// Things that are listed before a person has seen enough.
const SHOWN: usize = 20;

/// Digits that are shown of a digest.
const DIGITS: usize = 8;

/// How differences are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Marks {
    Colour,
    Signs,
}

impl Marks {
    fn gone(self, text: &str) -> String {
        match self {
            _ if text.is_empty() => String::new(),
            Self::Colour => format!("\x1b[31m{text}\x1b[0m"),
            Self::Signs => format!("[-{text}-]"),
        }
    }

    fn came(self, text: &str) -> String {
        match self {
            _ if text.is_empty() => String::new(),
            Self::Colour => format!("\x1b[32m{text}\x1b[0m"),
            Self::Signs => format!("{{+{text}+}}"),
        }
    }
}

/// What became of one thing, to be told.
pub(in crate::cli) struct Told<'a> {
    /// What it is, and what became of it.
    pub(in crate::cli) title: String,
    /// Field by field.
    pub(in crate::cli) changes: &'a [FieldChange],
    /// What follows from it.
    pub(in crate::cli) note: Option<&'a str>,
}

/// Says what differs, until a person has seen enough.
pub(in crate::cli) fn tell<'a>(
    all: impl ExactSizeIterator<Item = Told<'a>>,
    console: &mut Console,
) {
    let marks = if console.colour() {
        Marks::Colour
    } else {
        Marks::Signs
    };
    let left = all.len().saturating_sub(SHOWN);
    for told in all.take(SHOWN) {
        console.say(calm(&told.title));
        for change in told.changes {
            console.say(format!("    {}", field(change, marks)));
        }
        if let Some(note) = told.note {
            console.say(format!("    {}", calm(note)));
        }
    }
    if left > 0 {
        console.say(format!("and {left} more"));
    }
}

/// `resolution: 768P → 1080P`, or the words that differ.
pub(in crate::cli) fn field(change: &FieldChange, marks: Marks) -> String {
    let name = calm(manifest_key(&change.field));
    let difference = match (&change.before, &change.after) {
        (Some(Value::String(old)), Some(Value::String(new))) if in_words(change, old, new) => {
            words(old, new, marks)
        }
        (before, after) => {
            let (old, new) = (shown(before.as_ref()), shown(after.as_ref()));
            match marks {
                Marks::Colour => format!("{} → {}", marks.gone(&old), marks.came(&new)),
                Marks::Signs => format!("{old} → {new}"),
            }
        }
    };
    format!("{name}: {difference}")
}

fn in_words(change: &FieldChange, old: &str, new: &str) -> bool {
    let long = change.field == "prompt" || old.len().max(new.len()) > SHORT;
    long && !is_link(old) && !is_link(new)
}

/// A value as a person reads it: a picture by its digest.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    match without_secrets(value) {
        Value::String(text) => line(&text),
        Value::Array(items) if items.len() == 1 => shown(items.first()),
        Value::Object(object) => {
            let digest = |key: &str| object.get(key).and_then(Value::as_str);
            let short = |digest: &str| digest.chars().take(DIGITS).collect::<String>();
            let pixels = digest("pixels_sha256").map(|pixels| line(&short(pixels)));
            let frame = digest("shot").zip(digest("frame"));
            match (digest("sha256"), pixels, frame, object.get("image")) {
                (Some(sha256), ..) => format!("sha256 {}", line(&short(sha256))),
                (_, Some(pixels), Some((shot, at)), _) => {
                    line(&format!("{at} of {shot} (pixels {pixels})"))
                }
                (_, None, Some((shot, at)), _) => line(&format!("{at} of {shot}")),
                (_, Some(pixels), None, _) => format!("frame {pixels}"),
                (.., Some(image)) => shown(Some(image)),
                _ => line(&Value::Object(object).to_string()),
            }
        }
        other => line(&other.to_string()),
    }
}

/// One line, with line ends to be seen and nothing that steers a terminal.
fn line(text: &str) -> String {
    calm(text).replace('\n', "↵")
}

/// The words that went and came, with what is around them.
pub(in crate::cli) fn words(old: &str, new: &str, marks: Marks) -> String {
    let (old, new) = (line(old), line(new));
    let diff = TextDiff::from_unicode_words(old.as_str(), new.as_str());
    let mut runs: Vec<Run> = Vec::new();
    for change in diff.iter_all_changes() {
        push(&mut runs, change.tag(), change.value());
    }
    let last = runs.len().saturating_sub(1);
    let mut text = String::new();
    for (at, run) in runs.iter().enumerate() {
        match run {
            Run::Same(same) => text.push_str(&around(same, at > 0, at < last)),
            Run::Other { gone, new } => {
                text.push_str(&marks.gone(gone));
                text.push_str(&marks.came(new));
            }
        }
    }
    text
}

/// A stretch of the two texts.
enum Run {
    Same(String),
    Other { gone: String, new: String },
}

/// Takes a word in; a space alone between two changes belongs to them, so that a
/// sentence that was rewritten reads as one.
fn push(runs: &mut Vec<Run>, tag: ChangeTag, word: &str) {
    if tag == ChangeTag::Equal {
        match runs.last_mut() {
            Some(Run::Same(same)) => same.push_str(word),
            _ => runs.push(Run::Same(word.to_owned())),
        }
        return;
    }
    if let [.., Run::Other { gone, new }, Run::Same(same)] = runs.as_mut_slice()
        && same.trim().is_empty()
    {
        gone.push_str(same);
        new.push_str(same);
        runs.pop();
    }
    if !matches!(runs.last(), Some(Run::Other { .. })) {
        let (gone, new) = (String::new(), String::new());
        runs.push(Run::Other { gone, new });
    }
    if let Some(Run::Other { gone, new }) = runs.last_mut() {
        let side = if tag == ChangeTag::Delete { gone } else { new };
        side.push_str(word);
    }
}

/// What stays the same, as far as it is near to a change.
fn around(same: &str, after_change: bool, before_change: bool) -> String {
    let parts: Vec<&str> = same.graphemes(true).collect();
    let (head, tail) = (
        if after_change { AROUND } else { 0 },
        if before_change { AROUND } else { 0 },
    );
    if parts.len() <= head + tail + AROUND {
        return same.to_owned();
    }
    let tail = &parts[parts.len() - tail..];
    format!("{}…{}", parts[..head].concat(), tail.concat())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Marks, field, words};
    use crate::event::FieldChange;

    fn change(field: &str, before: serde_json::Value, after: serde_json::Value) -> FieldChange {
        FieldChange {
            field: field.to_owned(),
            before: Some(before).filter(|value| !value.is_null()),
            after: Some(after).filter(|value| !value.is_null()),
        }
    }

    #[test]
    fn words_are_compared_in_every_script() {
        let signs = |old: &str, new: &str| words(old, new, Marks::Signs);
        assert_eq!(
            signs("A red boat at dawn.", "A blue boat at dusk."),
            "A [-red-]{+blue+} boat at [-dawn-]{+dusk+}."
        );
        assert_eq!(
            signs("一只猫在雨中奔跑", "一只狗在雨中奔跑"),
            "一只[-猫-]{+狗+}在雨中奔跑"
        );
        assert_eq!(
            signs("A very old house.", "A quite new house."),
            "A [-very old-]{+quite new+} house."
        );
        assert_eq!(
            words("a b", "a c", Marks::Colour),
            "a \x1b[31mb\x1b[0m\x1b[32mc\x1b[0m"
        );
    }

    #[test]
    fn far_from_a_change_nothing_is_repeated() {
        let long = "word ".repeat(100);
        let shown = words(&format!("{long}one"), &format!("{long}two"), Marks::Signs);
        assert!(
            shown.starts_with('…') && shown.ends_with("word [-one-]{+two+}"),
            "{shown}"
        );
        assert!(shown.chars().count() < 60, "{shown}");
    }

    #[test]
    fn fields_are_named_as_authors_do_and_pictures_by_digest() {
        let digest = |digit: &str| json!({ "sha256": digit.repeat(64), "media_type": "image/png" });
        let shown = |change| field(&change, Marks::Signs);
        assert_eq!(
            shown(change("resolution", json!("768P"), json!("1080P"))),
            "resolution: 768P → 1080P"
        );
        assert_eq!(
            shown(change("first_frame_image", digest("a"), digest("b"))),
            "first_frame: sha256 aaaaaaaa → sha256 bbbbbbbb"
        );
        assert_eq!(
            shown(change("duration", json!(10), json!(null))),
            "duration: 10 → nothing"
        );
        assert_eq!(
            shown(change(
                "subject_reference",
                json!([{ "type": "character", "image": ["https://h/a.png?sig=1"] }]),
                json!([{ "type": "character", "image": [{ "sha256": "cc" }] }]),
            )),
            "subject: https://h/a.png?… → sha256 cc"
        );
        let hostile = change("prompt", json!("a\x1b[2J"), json!("b\nc"));
        assert!(!field(&hostile, Marks::Signs).contains(['\x1b', '\n']));
    }
}
