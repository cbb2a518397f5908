//! How a difference looks: a field before and after, a text word by word.
//!
//! Owns looks only, and how many are shown. With colour, what went is red and what came
//! is green; without, they stand in `[-…-]` and `{+…+}`, as in `git diff --word-diff`.

use crate::cli::console::Console;
use crate::cli::render::calm;
use crate::diff::shown;
use crate::diff::words::{Piece, between, near};
use crate::event::FieldChange;
use crate::plan::changes::manifest_key;

/// Things that are listed before a person has seen enough.
const SHOWN: usize = 20;

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

    /// One value in another's place.
    pub(in crate::cli) fn arrow(self, old: &str, new: &str) -> String {
        let (old, new) = (line(old), line(new));
        match self {
            Self::Colour => format!("{} → {}", self.gone(&old), self.came(&new)),
            Self::Signs => format!("{old} → {new}"),
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
    let values = change.before.as_ref().zip(change.after.as_ref());
    let words = values.and_then(|(before, after)| between(&change.field, before, after));
    let difference = match words {
        Some(pieces) => marked(&pieces, marks),
        None => marks.arrow(
            &shown(change.before.as_ref()),
            &shown(change.after.as_ref()),
        ),
    };
    format!("{name}: {difference}")
}

/// One line, with line ends to be seen and nothing that steers a terminal.
fn line(text: &str) -> String {
    calm(text).replace('\n', "↵")
}

/// The words that went and came, with what is around them.
pub(in crate::cli) fn marked(pieces: &[Piece], marks: Marks) -> String {
    let mut text = String::new();
    for piece in near(pieces) {
        match piece {
            Piece::Same { same } => text.push_str(&line(&same)),
            Piece::Other { gone, came } => {
                text.push_str(&marks.gone(&line(&gone)));
                text.push_str(&marks.came(&line(&came)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Marks, field, marked};
    use crate::diff::words::pieces;
    use crate::event::FieldChange;

    fn words(old: &str, new: &str, marks: Marks) -> String {
        marked(&pieces(old, new), marks)
    }

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
