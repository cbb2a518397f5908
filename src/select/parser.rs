//! Text → expression, or the first mistake with its place.
//!
//! Owns the grammar, loosest first: `or` `|`; then `and` `&` and `-`, from the
//! left; then `not` `!`; then names, predicates and brackets. A text may be
//! hostile: its length, its depth and the number of its parts are bounded.

mod stumble;

use std::ops::Range;

use crate::diag::{Code, Diagnostic, SourceId, Span};
use crate::event::Decision;
use crate::select::expr::{Expr, Field};
use crate::select::pattern::{LONGEST as LONGEST_PATTERN, Pattern};
use crate::select::scan::{Place, Scanner};
use crate::select::words::StatusWord;
use crate::spec::Mode;

/// The longest expression, in bytes.
const LONGEST: usize = 8_000;
/// The most names, predicates and operators.
const PARTS: usize = 500;
/// The most brackets and `not`s around one name.
const DEPTH: usize = 50;

/// Every predicate, in the order in which help lists them.
pub(super) const PREDICATES: [&str; 13] = [
    "id", "tag", "scene", "model", "mode", "status", "decision", "changed", "failed", "deps",
    "rdeps", "all", "none",
];

/// A mistake, on its way out.
type Mistake = Box<Diagnostic>;

/// Reads an expression; `file` is its text among the sources.
pub fn parse(text: &str, file: SourceId) -> Result<Expr, Box<Diagnostic>> {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        file,
        depth: 0,
        parts: 0,
    };
    if text.len() > LONGEST {
        let message = format!("an expression has at most {LONGEST} bytes");
        return Err(parser.mistake(0..0, message));
    }
    let expr = parser.any()?;
    if parser.scanner.rest().is_empty() {
        Ok(expr)
    } else {
        Err(parser.no_operator())
    }
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    file: SourceId,
    depth: usize,
    parts: usize,
}

impl Parser<'_> {
    /// `a | b | c`
    fn any(&mut self) -> Result<Expr, Mistake> {
        let mut left = self.every()?;
        while self.operator(&["||", "|"], "or") {
            let right = self.every()?;
            left = Expr::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// `a & b - c`
    fn every(&mut self) -> Result<Expr, Mistake> {
        let mut left = self.one()?;
        loop {
            if self.operator(&["&&", "&"], "and") {
                let right = self.one()?;
                left = Expr::And(Box::new(left), Box::new(right));
            } else if self.minus() {
                let right = self.one()?;
                left = Expr::Minus(Box::new(left), Box::new(right));
            } else {
                return Ok(left);
            }
        }
    }

    /// `not a`, `(a)`, a name, a predicate.
    fn one(&mut self) -> Result<Expr, Mistake> {
        self.scanner.skip_space();
        self.parts += 1;
        if self.parts > PARTS {
            let message = format!("an expression has at most {PARTS} parts");
            return Err(self.mistake(self.scanner.here(), message));
        }
        if self.scanner.eat("!") || self.word_operator("not") {
            let inner = self.deeper(Self::one)?;
            return Ok(Expr::Not(Box::new(inner)));
        }
        let open = self.scanner.here();
        if self.scanner.eat("(") {
            let inner = self.deeper(Self::any)?;
            self.close(&open)?;
            return Ok(inner);
        }
        self.name()
    }

    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Expr, Mistake>,
    ) -> Result<Expr, Mistake> {
        if self.depth == DEPTH {
            let message = format!("brackets and `not` nest at most {DEPTH} deep");
            return Err(self.mistake(self.scanner.here(), message));
        }
        self.depth += 1;
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    /// A quoted name, a bare one, or a predicate.
    fn name(&mut self) -> Result<Expr, Mistake> {
        if let Some(pattern) = self.quoted()? {
            return Ok(Expr::Name(Field::Id, pattern));
        }
        let span = self.scanner.word(Place::Open);
        let word = self.scanner.text(&span);
        if word.is_empty() || word.starts_with('-') || matches!(word, "and" | "or") {
            self.scanner.go_back(span.start);
            return Err(self.no_name());
        }
        let after = self.scanner.at();
        self.scanner.skip_space();
        let known = PREDICATES.contains(&word);
        let open = self.scanner.here();
        if (known || self.scanner.at() == after) && self.scanner.eat("(") {
            return self.predicate(&span, &open);
        }
        self.scanner.go_back(after);
        Ok(Expr::Name(Field::Id, self.pattern(span)?))
    }

    fn predicate(&mut self, name: &Range<usize>, open: &Range<usize>) -> Result<Expr, Mistake> {
        let word = self.scanner.text(name);
        let expr = match word {
            "id" => Expr::Name(Field::Id, self.content(word)?),
            "tag" => Expr::Name(Field::Tag, self.content(word)?),
            "scene" => Expr::Name(Field::Scene, self.content(word)?),
            "model" => Expr::Name(Field::Model, self.content(word)?),
            "mode" => {
                let known = |text: &str| {
                    let named = |mode: &Mode| mode.as_str().eq_ignore_ascii_case(text);
                    Mode::ALL.into_iter().find(named)
                };
                Expr::Mode(self.one_of(word, known, &Mode::ALL.map(Mode::as_str))?)
            }
            "status" => {
                let words: Vec<&str> = StatusWord::ALL.iter().map(|word| word.name).collect();
                Expr::Status(self.one_of(word, StatusWord::find, &words)?)
            }
            "decision" => {
                let known = |text: &str| {
                    let named = |one: &Decision| one.as_str().eq_ignore_ascii_case(text);
                    Decision::ALL.into_iter().find(named)
                };
                Expr::Decision(self.one_of(word, known, &Decision::ALL.map(Decision::as_str))?)
            }
            "deps" => Expr::Deps(Box::new(self.deeper(Self::any)?)),
            "rdeps" => Expr::Rdeps(Box::new(self.deeper(Self::any)?)),
            "changed" => self.nothing_in(word, Expr::Changed)?,
            "failed" => self.nothing_in(word, Expr::Failed)?,
            "all" => self.nothing_in(word, Expr::All)?,
            "none" => self.nothing_in(word, Expr::None)?,
            _ => return Err(self.no_predicate(name)),
        };
        self.close(open)?;
        Ok(expr)
    }

    /// The name or glob in the brackets of a predicate.
    fn content(&mut self, predicate: &str) -> Result<Pattern, Mistake> {
        self.scanner.skip_space();
        if let Some(pattern) = self.quoted()? {
            return Ok(pattern);
        }
        let span = self.scanner.word(Place::Brackets);
        if span.is_empty() {
            self.scanner.go_back(span.start);
            return Err(self.no_content(predicate));
        }
        self.pattern(span)
    }

    /// One of the words that a predicate knows.
    fn one_of<T>(
        &mut self,
        predicate: &str,
        known: impl Fn(&str) -> Option<T>,
        words: &[&str],
    ) -> Result<T, Mistake> {
        let pattern = self.content(predicate)?;
        known(pattern.text()).ok_or_else(|| self.no_word(predicate, &pattern, words))
    }

    fn nothing_in(&mut self, predicate: &str, expr: Expr) -> Result<Expr, Mistake> {
        self.scanner.skip_space();
        match self.scanner.peek() {
            Some(')') | None => Ok(expr),
            Some(_) => Err(self.too_much(predicate)),
        }
    }

    /// A text in quotes stands for itself.
    fn quoted(&mut self) -> Result<Option<Pattern>, Mistake> {
        let Some(quote) = self.scanner.peek().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok(None);
        };
        let open = self.scanner.here();
        match self.scanner.quoted(quote) {
            Some(content) => {
                let span = open.start..self.scanner.at();
                Ok(Some(Pattern::exact(content, span)))
            }
            None => Err(self.unclosed(&open, quote)),
        }
    }

    fn pattern(&self, span: Range<usize>) -> Result<Pattern, Mistake> {
        let text = self.scanner.text(&span);
        if text.len() > LONGEST_PATTERN {
            let message = format!("a name has at most {LONGEST_PATTERN} bytes");
            return Err(self.mistake(span, message));
        }
        Pattern::glob(text, span.clone()).map_err(|help| {
            let message = format!("`{text}` is no pattern");
            Box::new(self.mistake(span, message).help(help))
        })
    }

    fn close(&mut self, open: &Range<usize>) -> Result<(), Mistake> {
        self.scanner.skip_space();
        if self.scanner.eat(")") {
            return Ok(());
        }
        Err(self.not_closed(open))
    }

    /// Goes past an operator, if one is next.
    fn operator(&mut self, signs: &[&str], word: &str) -> bool {
        self.scanner.skip_space();
        signs.iter().any(|sign| self.scanner.eat(sign)) || self.word_operator(word)
    }

    fn word_operator(&mut self, word: &str) -> bool {
        let start = self.scanner.at();
        let span = self.scanner.word(Place::Open);
        let next = self.scanner.text(&span) == word;
        if !next {
            self.scanner.go_back(start);
        }
        next
    }

    /// A `-` alone; one that touches a name is a part of it.
    fn minus(&mut self) -> bool {
        self.scanner.skip_space();
        let alone = |rest: &str| {
            let next = rest.chars().nth(1);
            next.is_none_or(|next| next.is_whitespace() || next == '(')
        };
        alone(self.scanner.rest()) && self.scanner.eat("-")
    }

    fn mistake(&self, span: Range<usize>, message: impl Into<String>) -> Mistake {
        let span = Span::new(self.file, span.start, span.end);
        Box::new(Diagnostic::error(Code::Filter, span, message))
    }
}
