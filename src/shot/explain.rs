//! The engine's errors to diagnostics at the words that are wrong.
//!
//! Owns the wording of template errors and their advice. Never renders, and
//! never shows the engine's dump of values.

use std::error::Error as _;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use crate::diag::{Code, Diagnostic, suggest};
use crate::shot::camera::UnknownCommand;
use crate::shot::scope::Scope;
use crate::shot::template::{Engine, MAX_OUTPUT, Written};
use crate::shot::tokens::{Token, blocks};

impl Engine<'_> {
    /// The diagnostic for an error in `written`; a scope lends its names to advice.
    pub(super) fn explain(
        &self,
        written: Written<'_>,
        error: &Error,
        scope: Option<&Scope>,
    ) -> Diagnostic {
        let range = error.range().unwrap_or(0..written.text.len());
        let range = whole_expression(written.text, range);
        match error.kind() {
            ErrorKind::UndefinedError => self.undefined_value(written, error, range, scope),
            ErrorKind::OutOfFuel => self
                .plain(written, range, "this template does not come to an end")
                .help("loop over fewer items"),
            ErrorKind::WriteFailure => self.plain(
                written,
                0..written.text.len(),
                &format!("this template makes more than {MAX_OUTPUT} bytes of text"),
            ),
            ErrorKind::UnknownFilter
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownMethod => self.unknown(written, error, range),
            _ => self.other(written, error, range),
        }
    }

    fn plain(&self, written: Written<'_>, range: Range<usize>, message: &str) -> Diagnostic {
        Diagnostic::error(Code::Template, self.place(written, range), message)
    }

    fn undefined_value(
        &self,
        written: Written<'_>,
        error: &Error,
        range: Range<usize>,
        scope: Option<&Scope>,
    ) -> Diagnostic {
        let detail = error.detail().unwrap_or_default();
        let name = detail.split('`').nth(1).unwrap_or_default();
        if name.is_empty() {
            return self.plain(written, range, "something here is undefined");
        }
        let range = where_written(written.text, name, range);
        self.undefined(written, name, range, scope)
    }

    /// A name that nobody defines, with the best advice that the scope can give.
    pub(super) fn undefined(
        &self,
        written: Written<'_>,
        name: &str,
        range: Range<usize>,
        scope: Option<&Scope>,
    ) -> Diagnostic {
        let span = self.place(written, range);
        if let Some((message, help)) = scope.and_then(|scope| scope.too_early(name)) {
            return Diagnostic::error(Code::UndefinedVariable, span, message).help(help);
        }
        let message = format!("`{name}` is not defined");
        let diagnostic = Diagnostic::error(Code::UndefinedVariable, span, message);
        match scope.and_then(|scope| scope.near(name)) {
            Some(near) => diagnostic.help(near),
            None => diagnostic,
        }
    }

    fn unknown(&self, written: Written<'_>, error: &Error, range: Range<usize>) -> Diagnostic {
        let words = &written.text[range.clone()];
        let name = words.split(['(', ' ']).next().unwrap_or(words);
        let range = range.start..range.start + name.len();
        let what = match error.kind() {
            ErrorKind::UnknownFilter => "filter",
            ErrorKind::UnknownTest => "test",
            ErrorKind::UnknownMethod => "method",
            _ => "function",
        };
        let diagnostic = self.plain(written, range, &format!("there is no {what} `{name}`"));
        let near = match what {
            "filter" => suggest(name, FILTERS),
            "function" => suggest(name, FUNCTIONS),
            _ => None,
        };
        match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }
    }

    fn other(&self, written: Written<'_>, error: &Error, range: Range<usize>) -> Diagnostic {
        let cause = error
            .source()
            .and_then(|source| source.downcast_ref::<UnknownCommand>());
        if let Some(unknown) = cause {
            return unknown.diagnostic(self.place(written, range));
        }
        if error.kind() == ErrorKind::SyntaxError
            && let Some((at, end)) = unclosed(written.text)
        {
            let message = format!("`{end}` is missing");
            return self
                .plain(written, at, &message)
                .label("opened here")
                .help(format!("close it with `{end}`"));
        }
        if error.kind() == ErrorKind::BadSerialization
            && let Some(detail) = error.detail()
        {
            let diagnostic = self.plain(written, range, detail);
            return diagnostic.help(match detail.rsplit(' ').next() {
                Some("list") => "`|join(', ')` makes a text of a list",
                Some("mapping") => "name the value in it, as in `{{ hero.name }}`",
                Some("nothing") => "give it a value",
                _ => "call it, as in `camera('push in')`",
            });
        }
        let detail = error
            .detail()
            .map_or_else(|| error.kind().to_string(), str::to_owned);
        self.plain(
            written,
            range,
            &format!("this template does not work: {detail}"),
        )
    }
}

const FILTERS: [&str; 24] = [
    "abs",
    "capitalize",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "title",
    "trim",
    "upper",
];

pub(super) const FUNCTIONS: [&str; 3] = ["camera", "dict", "range"];

/// The first delimiter or block that nothing closes, and what would.
fn unclosed(text: &str) -> Option<(Range<usize>, &'static str)> {
    let mut open: Vec<(Range<usize>, &'static str)> = Vec::new();
    for block in blocks(text) {
        let (sign, end) = if block.statement {
            ("{%", "%}")
        } else {
            ("{{", "}}")
        };
        if !block.closed {
            let start = text[..block.at].rfind(sign).unwrap_or(block.at);
            return Some((start..start + sign.len(), end));
        }
        let Some(Token::Word(word)) = block.tokens.first().filter(|_| block.statement) else {
            continue;
        };
        let place = block.at..block.at + word.len();
        match *word {
            "if" => open.push((place, "{% endif %}")),
            "for" => open.push((place, "{% endfor %}")),
            "endif" | "endfor" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The engine marks a statement from its opening brace where it has nothing better.
pub(super) fn whole_expression(text: &str, range: Range<usize>) -> Range<usize> {
    let fits = range.start < range.end && text.get(range.clone()).is_some();
    if !fits {
        return 0..text.len();
    }
    // A call of what something owns is marked from its dot on.
    let named = |c: char| c.is_alphanumeric() || "._".contains(c);
    let owner = match text[range.start..].starts_with('.') {
        true => text[..range.start].trim_end_matches(named).len(),
        false => range.start,
    };
    owner..range.end
}

/// Where a name is written, given where the engine noticed it: inside the
/// range, or before it, when a filter or an operator met the undefined value.
fn where_written(text: &str, name: &str, range: Range<usize>) -> Range<usize> {
    let inside = text[range.clone()].find(name).map(|at| range.start + at);
    let before = || text[..range.end].rfind(name);
    let anywhere = || text.find(name);
    match inside.or_else(before).or_else(anywhere) {
        Some(at) => at..at + name.len(),
        None => range,
    }
}
