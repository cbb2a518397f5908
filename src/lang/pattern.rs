//! A message with holes: the form in which format strings and catalogues agree.
//!
//! Owns reading `{name}`, finding a pattern in a sentence, and filling one. Time
//! and memory grow with the product of sentence and pattern at most.

use std::collections::HashMap;

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Words that are always the same.
    Words(String),
    /// Something that differs; holes without a name are called `0`, `1`, ….
    Hole(String),
}

/// A message in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a format string: `{}`, `{name}`, `{name:>3}`, and `{{` for a brace.
    pub(super) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut unnamed = 0;
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                words.push_str(brace);
                rest = after;
            } else if let (true, Some((inside, after))) = (brace == "{", rest.split_once('}')) {
                let name = inside.split(':').next().unwrap_or_default().trim();
                let name = if name.is_empty() {
                    unnamed += 1;
                    (unnamed - 1).to_string()
                } else {
                    name.to_owned()
                };
                if !words.is_empty() {
                    pieces.push(Piece::Words(std::mem::take(&mut words)));
                }
                pieces.push(Piece::Hole(name));
                rest = after;
            } else {
                words.push_str(brace);
            }
        }
        words.push_str(rest);
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        Self { pieces }
    }

    /// The same with a hole for what stands before it, and one for what follows.
    pub(super) fn open(mut self, before: bool, after: bool) -> Self {
        if before {
            self.pieces.insert(0, Piece::Hole("before".to_owned()));
        }
        if after {
            self.pieces.push(Piece::Hole("after".to_owned()));
        }
        self
    }

    /// The names of its holes, in order.
    pub(super) fn holes(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(name) => Some(name.as_str()),
            Piece::Words(_) => None,
        })
    }

    /// The words of it.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Words(words) => Some(words.as_str()),
            Piece::Hole(_) => None,
        })
    }

    /// How much it says: what fits by more words fits better, and a sentence is
    /// known by its beginning sooner than by its end.
    pub(super) fn weight(&self) -> usize {
        const BEGINNING: usize = 8;
        let begins = matches!(self.pieces.first(), Some(Piece::Words(_)));
        self.words().map(str::len).sum::<usize>() + usize::from(begins) * BEGINNING
    }

    /// What stands in the holes if the sentence is this message: everything
    /// between one piece of words and the first place where the next one stands.
    pub(super) fn find<'t>(&self, sentence: &'t str) -> Option<HashMap<&str, &'t str>> {
        let mut found = HashMap::new();
        let mut rest = sentence;
        let mut hole: Option<&str> = None;
        for (place, piece) in self.pieces.iter().enumerate() {
            match (piece, hole.take()) {
                (Piece::Hole(name), None) => hole = Some(name),
                // Two holes side by side cannot be told apart.
                (Piece::Hole(_), Some(_)) => return None,
                (Piece::Words(words), None) => rest = rest.strip_prefix(words.as_str())?,
                (Piece::Words(words), Some(name)) => {
                    let last = place + 1 == self.pieces.len();
                    let at = if last {
                        rest.ends_with(words.as_str())
                            .then(|| rest.len() - words.len())?
                    } else {
                        rest.find(words.as_str())?
                    };
                    found.insert(name, Some(&rest[..at]).filter(|text| is_value(text))?);
                    rest = &rest[at + words.len()..];
                }
            }
        }
        match hole {
            Some(name) if is_value(rest) => {
                found.insert(name, rest);
                Some(found)
            }
            None if rest.is_empty() => Some(found),
            _ => None,
        }
    }

    /// The message with its holes filled.
    pub(super) fn fill(&self, mut value: impl FnMut(&str) -> String) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Hole(name) => value(name),
        });
        pieces.collect()
    }
}

/// What can stand in a hole: something, and on one line.
fn is_value(text: &str) -> bool {
    !text.is_empty() && !text.contains('\n')
}
