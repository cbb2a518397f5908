//! A name, or a glob over names.
//!
//! Owns how a pattern matches and how it is written. `*` crosses every
//! character, since the names are no paths; `?` is one character of any script.

use std::fmt;
use std::ops::Range;

use glob::MatchOptions;

/// The longest pattern, in bytes; no name that it could mean is longer.
pub(super) const LONGEST: usize = 400;

/// A name, or a glob over names, and where it stands in the expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    form: Form,
    /// Bytes of the expression.
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Exact(String),
    Glob(glob::Pattern),
}

/// Two patterns are equal when they match the same, wherever they stand.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

/// Whether capitals make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// They do: names of the author's own.
    Sensitive,
    /// They do not: names of the service.
    Insensitive,
}

impl Pattern {
    /// A name as it is, with nothing special in it.
    pub fn exact(name: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            form: Form::Exact(name.into()),
            span,
        }
    }

    /// A name, or a glob where `*`, `?` or `[` is in it; the error says what is
    /// wrong with the glob.
    pub fn glob(text: &str, span: Range<usize>) -> Result<Self, &'static str> {
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::exact(text, span));
        }
        match glob::Pattern::new(text) {
            Ok(pattern) => Ok(Self {
                form: Form::Glob(pattern),
                span,
            }),
            Err(_) if text.contains("**") => Err("one `*` stands for any text; write it once"),
            Err(_) => Err("write a set of characters as `[abc]`, or the name in quotes"),
        }
    }

    /// The text, without quotes.
    pub fn text(&self) -> &str {
        match &self.form {
            Form::Exact(name) => name,
            Form::Glob(pattern) => pattern.as_str(),
        }
    }

    pub(super) fn matches(&self, name: &str, case: Case) -> bool {
        let case_sensitive = case == Case::Sensitive;
        match &self.form {
            Form::Exact(exact) if case_sensitive => exact == name,
            Form::Exact(exact) => exact.to_lowercase() == name.to_lowercase(),
            Form::Glob(pattern) => {
                let options = MatchOptions {
                    case_sensitive,
                    require_literal_separator: false,
                    require_literal_leading_dot: false,
                };
                pattern.matches_with(name, options)
            }
        }
    }
}

/// Characters that end a word: they mean something, or look as if they did.
pub(super) fn ends_a_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "()&|!,\"'（）＆｜！，“”‘’".contains(c)
}

/// Whether a name stands for itself without quotes, everywhere.
fn is_plain(name: &str) -> bool {
    let odd = |c: char| ends_a_word(c) || matches!(c, '*' | '?' | '[');
    let reserved = matches!(name, "and" | "or" | "not");
    !name.is_empty() && !name.starts_with('-') && !reserved && !name.contains(odd)
}

impl Pattern {
    /// Whether it can stand alone, without a predicate around it.
    pub(super) fn stands_alone(&self) -> bool {
        match &self.form {
            Form::Exact(_) => true,
            Form::Glob(glob) => {
                !glob.as_str().starts_with('-') && !glob.as_str().contains(ends_a_word)
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Glob(pattern) => f.write_str(pattern.as_str()),
            Form::Exact(name) if is_plain(name) => f.write_str(name),
            Form::Exact(name) => {
                let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "\"{escaped}\"")
            }
        }
    }
}
