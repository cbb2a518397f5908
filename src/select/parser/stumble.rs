//! What is said where the grammar does not go on.
//!
//! Owns the words for mistakes, and the guess at what was meant.

use std::ops::Range;

use super::{Mistake, PREDICATES, Parser};
use crate::diag::{Diagnostic, Span, suggest};
use crate::select::pattern::Pattern;
use crate::select::scan::Place;

/// Characters that a Chinese keyboard gives for those of the language.
const FULL_WIDTH: [(char, char); 10] = [
    ('（', '('),
    ('）', ')'),
    ('＆', '&'),
    ('｜', '|'),
    ('！', '!'),
    ('，', '|'),
    ('“', '"'),
    ('”', '"'),
    ('‘', '\''),
    ('’', '\''),
];

impl Parser<'_> {
    /// An expression ended, and something else follows.
    pub(super) fn no_operator(&mut self) -> Mistake {
        if let Some(told) = self.full_width() {
            return told;
        }
        let here = self.scanner.here();
        let next = self.scanner.peek();
        if next == Some(')') {
            return self.helped(here, "this `)` closes nothing", "leave it out");
        }
        if next == Some(',') {
            let help = "write `|` for either of two, or --only twice";
            return self.helped(here, "a comma joins nothing", help);
        }
        let before = self.scanner.text(&(0..here.start)).trim_end().len();
        let touched = self.scanner.text(&(0..before)).ends_with('-');
        let span = self.word_here();
        let word = self.scanner.text(&span);
        let message = format!("there is no operator before `{word}`");
        let help = if word.starts_with('-') || touched {
            "a minus needs a space on each side: `a - b`".to_owned()
        } else if let Some(operator) = capitals(word) {
            format!("write `{operator}` in small letters")
        } else {
            "write `&` where both are needed, `|` where either is enough".to_owned()
        };
        self.helped(span, message, help)
    }

    /// A name should stand here, and none does.
    pub(super) fn no_name(&mut self) -> Mistake {
        if let Some(told) = self.full_width() {
            return told;
        }
        let here = self.scanner.here();
        let Some(next) = self.scanner.peek() else {
            let text = self.scanner.text(&(0..here.start));
            return if text.trim().is_empty() {
                self.helped(
                    here,
                    "the expression is empty",
                    "name a shot, or leave it out",
                )
            } else {
                let help = "name a shot, or a predicate such as `tag(night)`";
                self.helped(here, "something is missing at the end", help)
            };
        };
        let span = self.word_here();
        let word = self.scanner.text(&span);
        if matches!(word, "and" | "or") {
            let message = format!("`{word}` stands between two expressions");
            let help = format!("for a shot of that name write `\"{word}\"`");
            return self.helped(span, message, help);
        }
        if next == '-' {
            let message = format!("no name begins with `-`, as `{word}` does");
            return self.helped(span, message, "a minus needs a space on each side: `a - b`");
        }
        let message = format!("a name is missing before `{next}`");
        self.helped(
            here,
            message,
            "name a shot, or a predicate such as `tag(night)`",
        )
    }

    /// A word with brackets that is no predicate.
    pub(super) fn no_predicate(&self, name: &Range<usize>) -> Mistake {
        let word = self.scanner.text(name);
        let message = format!("there is no predicate `{word}`");
        let help = match suggest(word, PREDICATES) {
            Some(near) => format!("did you mean `{near}(…)`?"),
            None => format!("there is {}", PREDICATES.join(", ")),
        };
        self.helped(name.clone(), message, help)
    }

    /// Nothing in the brackets of a predicate that needs something.
    pub(super) fn no_content(&mut self, predicate: &str) -> Mistake {
        if let Some(told) = self.full_width() {
            return told;
        }
        let example = match predicate {
            "tag" => "tag(night)",
            "scene" => "scene(bridge)",
            "model" => "model(*-Fast)",
            "mode" => "mode(i2v)",
            "status" => "status(uncertain)",
            "decision" => "decision(create)",
            _ => "id(opening)",
        };
        let message = format!("`{predicate}` needs a name in its brackets");
        self.helped(
            self.scanner.here(),
            message,
            format!("for example `{example}`"),
        )
    }

    /// A word that a predicate does not know.
    pub(super) fn no_word(&self, predicate: &str, found: &Pattern, words: &[&str]) -> Mistake {
        let word = found.text();
        let message = format!("there is no {predicate} `{word}`");
        let help = match suggest(word, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", words.join(", ")),
        };
        self.helped(found.span.clone(), message, help)
    }

    /// Something in brackets that are to be empty.
    pub(super) fn too_much(&mut self, predicate: &str) -> Mistake {
        let message = format!("`{predicate}` takes nothing in its brackets");
        let span = self.scanner.word(Place::Brackets);
        let span = if span.is_empty() {
            self.scanner.here()
        } else {
            span
        };
        self.helped(span, message, format!("write `{predicate}()`"))
    }

    pub(super) fn unclosed(&self, open: &Range<usize>, quote: char) -> Mistake {
        let message = format!("this `{quote}` is never closed");
        self.helped(open.clone(), message, format!("close it with `{quote}`"))
    }

    /// An opening bracket without its end.
    pub(super) fn not_closed(&mut self, open: &Range<usize>) -> Mistake {
        if let Some(told) = self.full_width() {
            return told;
        }
        if self.scanner.peek().is_none() {
            return self.helped(
                open.clone(),
                "this `(` is never closed",
                "close it with `)`",
            );
        }
        let text = self.scanner.text(&(0..open.start));
        let one_name = ["id", "tag", "scene", "model", "mode", "status", "decision"];
        if let Some(name) = one_name
            .into_iter()
            .find(|name| text.trim_end().ends_with(name))
        {
            let message = format!("`{name}` takes one name in its brackets");
            let help = format!("write `{name}(…) | {name}(…)`, or the name in quotes");
            return self.helped(self.scanner.here(), message, help);
        }
        let mut told = self.no_operator();
        let open = Span::new(self.file, open.start, open.end);
        *told = told.also(open, "in these brackets");
        told
    }

    /// A character of another keyboard, if that is what is next.
    fn full_width(&self) -> Option<Mistake> {
        let next = self.scanner.peek()?;
        let (_, plain) = FULL_WIDTH.iter().find(|(wide, _)| *wide == next)?;
        let message = format!("`{next}` means nothing here");
        Some(self.helped(self.scanner.here(), message, format!("write `{plain}`")))
    }

    /// The next word, or at least the next character.
    fn word_here(&mut self) -> Range<usize> {
        let word = self.scanner.word(Place::Open);
        if word.is_empty() {
            self.scanner.here()
        } else {
            word
        }
    }

    fn helped(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Mistake {
        let told: Diagnostic = *self.mistake(span, message);
        Box::new(told.help(help))
    }
}

/// The operator that a word would be, were it not for its capitals.
fn capitals(word: &str) -> Option<&'static str> {
    let operators = ["and", "or", "not"];
    operators
        .into_iter()
        .find(|operator| word.eq_ignore_ascii_case(operator))
}
