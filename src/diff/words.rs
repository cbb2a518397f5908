//! Two texts word by word, in every script.
//!
//! Owns which words stay together. Never says how a difference looks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::check::link::is_link;

/// A stretch of two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Piece {
    /// What stayed.
    Same {
        /// The words.
        same: String,
    },
    /// What stands in another's place; one of the two may be empty.
    Other {
        /// The words that went.
        gone: String,
        /// The words that came.
        came: String,
    },
}

/// Texts of more characters than this are no prompts: to find the shortest way
/// between two of them could take minutes.
const LARGEST: usize = 20_000;

/// What stays the same is shown this many characters before and behind a change.
const AROUND: usize = 30;

/// What stayed, what went and what came, in the order of reading.
pub fn pieces(old: &str, new: &str) -> Vec<Piece> {
    if old.len().max(new.len()) > LARGEST {
        let (gone, came) = (old.to_owned(), new.to_owned());
        return vec![Piece::Other { gone, came }];
    }
    let diff = TextDiff::from_unicode_words(old, new);
    let mut pieces: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        push(&mut pieces, change.tag(), change.value());
    }
    pieces
}

/// Values of more characters than this are compared word by word, a prompt always.
const SHORT: usize = 32;

/// The pieces of two values of a field, where they are written in words.
pub fn between(field: &str, before: &Value, after: &Value) -> Option<Vec<Piece>> {
    let (before, after) = (before.as_str()?, after.as_str()?);
    let long = field == "prompt" || before.len().max(after.len()) > SHORT;
    (long && !is_link(before) && !is_link(after)).then(|| pieces(before, after))
}

/// Takes a word in; a space alone between two changes belongs to them, so that a
/// sentence that was rewritten reads as one.
fn push(pieces: &mut Vec<Piece>, tag: ChangeTag, word: &str) {
    if tag == ChangeTag::Equal {
        match pieces.last_mut() {
            Some(Piece::Same { same }) => same.push_str(word),
            _ => pieces.push(Piece::Same {
                same: word.to_owned(),
            }),
        }
        return;
    }
    if let [.., Piece::Other { gone, came }, Piece::Same { same }] = pieces.as_mut_slice()
        && same.trim().is_empty()
    {
        gone.push_str(same);
        came.push_str(same);
        pieces.pop();
    }
    if !matches!(pieces.last(), Some(Piece::Other { .. })) {
        let (gone, came) = (String::new(), String::new());
        pieces.push(Piece::Other { gone, came });
    }
    if let Some(Piece::Other { gone, came }) = pieces.last_mut() {
        let side = if tag == ChangeTag::Delete { gone } else { came };
        side.push_str(word);
    }
}

/// The same, and of what stayed only what is near to a change.
pub fn near(pieces: &[Piece]) -> Vec<Piece> {
    let last = pieces.len().saturating_sub(1);
    let shorter = |(at, piece): (usize, &Piece)| match piece {
        Piece::Same { same } => Piece::Same {
            same: around(same, at > 0, at < last),
        },
        other @ Piece::Other { .. } => other.clone(),
    };
    pieces.iter().enumerate().map(shorter).collect()
}

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
    use proptest::prelude::*;

    use super::{LARGEST, Piece, pieces};

    /// What stood before and what stands after, put together again.
    fn sides(pieces: &[Piece]) -> (String, String) {
        let (mut old, mut new) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Same { same } => {
                    old.push_str(same);
                    new.push_str(same);
                }
                Piece::Other { gone, came } => {
                    old.push_str(gone);
                    new.push_str(came);
                }
            }
        }
        (old, new)
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_two_texts(old in "[ab 猫狗,.]{0,60}", new in "[ab 猫狗,.]{0,60}") {
            prop_assert_eq!(sides(&pieces(&old, &new)), (old, new));
        }
    }

    #[test]
    fn what_is_no_prompt_is_one_piece() {
        let (old, new) = ("a ".repeat(LARGEST), "b ".repeat(LARGEST));
        let found = pieces(&old, &new);
        assert_eq!(found.len(), 1);
        assert_eq!(sides(&found), (old, new));
    }
}
