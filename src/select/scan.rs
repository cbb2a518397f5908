//! The characters of an expression, one after the other.
//!
//! Owns where words, quotes and sets of characters end. Knows no predicate.

use std::ops::Range;

use crate::select::pattern::ends_a_word;

/// A place in an expression.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

/// Where a word may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among operators: it ends where they could begin.
    Open,
    /// In the brackets of a predicate: spaces, commas and `!` are part of it.
    Brackets,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn go_back(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn text(&self, span: &Range<usize>) -> &'t str {
        &self.text[span.clone()]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Goes past a text, if it is next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let next = self.rest().starts_with(text);
        if next {
            self.at += text.len();
        }
        next
    }

    /// The next character, or the end, to be pointed at.
    pub(super) fn here(&self) -> Range<usize> {
        let length = self.peek().map_or(0, char::len_utf8);
        self.at..self.at + length
    }

    /// A word without quotes; empty where none begins.
    pub(super) fn word(&mut self, place: Place) -> Range<usize> {
        let start = self.at;
        while let Some(c) = self.peek() {
            if let Some(set) = self.set() {
                self.at += set;
            } else if ends(c, place) {
                break;
            } else {
                self.at += c.len_utf8();
            }
        }
        let word = &self.text[start..self.at];
        start..start + word.trim_end().len()
    }

    /// The length of the `[!abc]` that is next, if one is.
    fn set(&self) -> Option<usize> {
        let inside = self.rest().strip_prefix('[')?;
        let content = inside.strip_prefix('!').unwrap_or(inside);
        let skipped = inside.len() - content.len();
        // A `]` that comes first is one of the set.
        let first = content.chars().next()?.len_utf8();
        let end = first + content[first..].find(']')?;
        let odd = |c: char| c.is_whitespace() || "()&|\"'".contains(c);
        let plain = !content[..end].contains(odd);
        plain.then_some('['.len_utf8() + skipped + end + ']'.len_utf8())
    }

    /// A text in quotes, without them; `None` where the closing one is missing.
    pub(super) fn quoted(&mut self, quote: char) -> Option<String> {
        let mut content = String::new();
        let mut rest = self.rest().char_indices().skip(1);
        while let Some((at, c)) = rest.next() {
            match c {
                '\\' => content.push(rest.next()?.1),
                c if c == quote => {
                    self.at += at + c.len_utf8();
                    return Some(content);
                }
                c => content.push(c),
            }
        }
        None
    }
}

fn ends(c: char, place: Place) -> bool {
    match place {
        Place::Open => ends_a_word(c),
        Place::Brackets => ends_a_word(c) && !matches!(c, ' ' | ',' | '!' | '，' | '！' | '’'),
    }
}
