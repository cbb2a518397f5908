//! Templates in manifests: compiled once, rendered for every combination.
//!
//! Owns the template language that authors get, its limits, and the way from
//! an engine's error to the words in the YAML. Never reads files: there is
//! nothing to include. Undefined names are errors, nothing is escaped.

use std::borrow::Cow;
use std::cell::Cell;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use minijinja::value::{Rest, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Template, UndefinedBehavior};

use crate::diag::{Code, Diagnostic, Sources, Span, Spanned};
use crate::manifest::nearest;
use crate::manifest::text::TextMap;
use crate::shot::camera::{UnknownCommand, Vocabulary};
use crate::shot::growth;
use crate::shot::scope::Scope;
use crate::shot::tokens::is_template;

/// Instructions that one rendering may take.
const FUEL: u64 = 50_000;

/// Instructions that all renderings of a manifest may take together.
const TOTAL_FUEL: u64 = 50_000_000;

/// Bytes that one rendering may come to; the longest prompt has 2000 characters.
pub(super) const MAX_OUTPUT: usize = 64 * 1024;

/// Bytes that all renderings of a manifest may come to.
const TOTAL_OUTPUT: usize = 256 * 1024 * 1024;

/// Most items that `range` gives.
const MAX_RANGE: i64 = 10_000;

/// Filters of the engine that can make a text of any size out of a small one.
const REMOVED: [&str; 10] = [
    "batch", "chain", "e", "escape", "format", "indent", "pprint", "safe", "slice", "sum",
];

/// A text of the manifest with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

impl<'a> From<&'a Spanned<String>> for Written<'a> {
    fn from(text: &'a Spanned<String>) -> Self {
        Self {
            text: &text.value,
            span: text.span,
        }
    }
}

/// A text that is ready to be rendered as often as needed.
#[derive(Debug)]
pub(super) enum Compiled<'e> {
    /// No template syntax in it: the common case costs nothing.
    Plain(Written<'e>),
    /// A template.
    Template(Written<'e>, Template<'e, 'e>),
    /// Does not compile, which was reported.
    Broken,
}

/// The template language, set up once for a manifest.
pub(super) struct Engine<'s> {
    env: Environment<'static>,
    sources: &'s Sources,
    fuel_left: Cell<u64>,
    output_left: Cell<usize>,
}

impl<'s> Engine<'s> {
    pub(super) fn new(sources: &'s Sources, vocabulary: Arc<Vocabulary>) -> Self {
        let mut env = Environment::new();
        env.set_debug(true);
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(50);
        for name in REMOVED {
            env.remove_filter(name);
        }
        for name in ["debug", "namespace"] {
            env.remove_global(name);
        }
        env.add_filter("replace", replace);
        env.add_filter("join", join);
        env.add_function("range", range);
        env.add_function("camera", move |names: Rest<String>| {
            camera(&vocabulary, &names)
        });
        Self {
            env,
            sources,
            fuel_left: Cell::new(TOTAL_FUEL),
            output_left: Cell::new(TOTAL_OUTPUT),
        }
    }

    /// Prepares a text; `largest` bounds the texts that it can draw on.
    pub(super) fn compile<'e>(
        &'e self,
        written: Written<'e>,
        largest: usize,
    ) -> Result<Compiled<'e>, Box<Diagnostic>> {
        if !is_template(written.text) {
            return Ok(Compiled::Plain(written));
        }
        if written.text.len() > MAX_OUTPUT {
            let message = format!("a template has {MAX_OUTPUT} bytes at most");
            return Err(Box::new(Diagnostic::error(
                Code::Template,
                written.span,
                message,
            )));
        }
        growth::check(written.text, largest).map_err(|refusal| {
            let span = self.place(written, refusal.at..refusal.at + refusal.len);
            Diagnostic::error(Code::Template, span, refusal.message).help(refusal.help)
        })?;
        match self.env.template_from_str(written.text) {
            Ok(template) => Ok(Compiled::Template(written, template)),
            Err(error) => Err(Box::new(self.explain(written, &error, None))),
        }
    }

    /// The text for one combination. `None` for what did not compile.
    pub(super) fn render<'c>(
        &self,
        compiled: &'c Compiled<'_>,
        scope: &Scope,
    ) -> Option<Result<Cow<'c, str>, Box<Diagnostic>>> {
        match compiled {
            Compiled::Plain(written) => Some(Ok(Cow::Borrowed(written.text))),
            Compiled::Template(written, template) => {
                let rendered = self.run(*written, template, scope);
                Some(rendered.map(Cow::Owned).map_err(Box::new))
            }
            Compiled::Broken => None,
        }
    }

    fn run(
        &self,
        written: Written<'_>,
        template: &Template<'_, '_>,
        scope: &Scope,
    ) -> Result<String, Diagnostic> {
        if self.fuel_left.get() == 0 || self.output_left.get() == 0 {
            let message = "the templates of this manifest take too long or come to too much text";
            return Err(Diagnostic::error(Code::TooLarge, written.span, message));
        }
        let mut output = Limited {
            bytes: Vec::new(),
            limit: MAX_OUTPUT.min(self.output_left.get()),
        };
        let outcome = template.render_captured_to(scope.value(), &mut output);
        let used = match &outcome {
            Ok(captured) => captured.state().fuel_levels().map_or(0, |(used, _)| used),
            Err(_) => FUEL,
        };
        self.fuel_left
            .set(self.fuel_left.get().saturating_sub(used));
        self.output_left
            .set(self.output_left.get().saturating_sub(output.bytes.len()));
        match outcome {
            Ok(_) => Ok(String::from_utf8_lossy(&output.bytes).into_owned()),
            Err(error) => Err(self.explain(written, &error, Some(scope))),
        }
    }

    fn place(&self, written: Written<'_>, range: std::ops::Range<usize>) -> Span {
        TextMap::new(self.sources, written.span, written.text).span(range)
    }

    fn explain(&self, written: Written<'_>, error: &Error, scope: Option<&Scope>) -> Diagnostic {
        let range = error.range().unwrap_or(0..written.text.len());
        let range = whole_expression(written.text, range);
        match error.kind() {
            ErrorKind::UndefinedError => self.undefined(written, error, range, scope),
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

    fn plain(
        &self,
        written: Written<'_>,
        range: std::ops::Range<usize>,
        message: &str,
    ) -> Diagnostic {
        Diagnostic::error(Code::Template, self.place(written, range), message)
    }

    fn undefined(
        &self,
        written: Written<'_>,
        error: &Error,
        range: std::ops::Range<usize>,
        scope: Option<&Scope>,
    ) -> Diagnostic {
        let detail = error.detail().unwrap_or_default();
        let name = detail.split('`').nth(1).unwrap_or_default();
        if name.is_empty() {
            return self.plain(written, range, "something here is undefined");
        }
        let range = where_written(written.text, name, range);
        let span = self.place(written, range);
        let message = format!("`{name}` is not defined");
        let diagnostic = Diagnostic::error(Code::UndefinedVariable, span, message);
        match scope.and_then(|scope| scope.near(name)) {
            Some(near) => diagnostic.help(near),
            None => diagnostic,
        }
    }

    fn unknown(
        &self,
        written: Written<'_>,
        error: &Error,
        range: std::ops::Range<usize>,
    ) -> Diagnostic {
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
            "filter" => nearest(name, FILTERS),
            "function" => nearest(name, FUNCTIONS),
            _ => None,
        };
        match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }
    }

    fn other(
        &self,
        written: Written<'_>,
        error: &Error,
        range: std::ops::Range<usize>,
    ) -> Diagnostic {
        let cause = error
            .source()
            .and_then(|source| source.downcast_ref::<UnknownCommand>());
        if let Some(unknown) = cause {
            return unknown.diagnostic(self.place(written, range));
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

const FUNCTIONS: [&str; 3] = ["camera", "dict", "range"];

/// The engine marks a statement from its opening brace where it has nothing better.
fn whole_expression(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let fits = range.start < range.end && text.get(range.clone()).is_some();
    if fits { range } else { 0..text.len() }
}

/// Where a name is written, given where the engine noticed it: inside the
/// range, or before it, when a filter or an operator met the undefined value.
fn where_written(text: &str, name: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let inside = text[range.clone()].find(name).map(|at| range.start + at);
    let before = || text[..range.end].rfind(name);
    let anywhere = || text.find(name);
    match inside.or_else(before).or_else(anywhere) {
        Some(at) => at..at + name.len(),
        None => range,
    }
}

/// A writer that has had enough at some point.
struct Limited {
    bytes: Vec<u8>,
    limit: usize,
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::Error::other("too much text"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_much() -> Error {
    Error::new(ErrorKind::InvalidOperation, "the text becomes too long")
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let hits = text.matches(from).count();
    if text.len().saturating_add(hits.saturating_mul(to.len())) > MAX_OUTPUT {
        return Err(too_much());
    }
    Ok(text.replace(from, to))
}

fn join(list: &Value, between: Option<String>) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (position, item) in list.try_iter()?.enumerate() {
        if position > 0 {
            joined.push_str(&between);
        }
        if item.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        write!(joined, "{item}").map_err(|_| too_much())?;
        if joined.len() > MAX_OUTPUT {
            return Err(too_much());
        }
    }
    Ok(joined)
}

fn range(lower: i64, upper: Option<i64>, step: Option<i64>) -> Result<Value, Error> {
    let (from, to) = upper.map_or((0, lower), |upper| (lower, upper));
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "a range needs a step other than 0",
        ));
    }
    let distance = i128::from(to) - i128::from(from);
    let items = (distance / i128::from(step)).max(0);
    if items > i128::from(MAX_RANGE) {
        let message = format!("a range has {MAX_RANGE} items at most");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    let mut values = Vec::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        values.push(Value::from(at));
        let Some(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    Ok(Value::from(values))
}

fn camera(vocabulary: &Vocabulary, names: &[String]) -> Result<String, Error> {
    if names.is_empty() {
        return Err(Error::new(
            ErrorKind::MissingArgument,
            "`camera` needs a command, such as `camera('push in')`",
        ));
    }
    vocabulary
        .bracket(names.iter().map(String::as_str))
        .map_err(|unknown| {
            Error::new(ErrorKind::InvalidOperation, unknown.message()).with_source(unknown)
        })
}
