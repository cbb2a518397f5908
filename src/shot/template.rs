//! Templates in manifests: compiled once, rendered for every combination.
//!
//! Owns the template language that authors get, its limits, and the way from
//! an engine's error to the words in the YAML. Never reads files: there is
//! nothing to include. Undefined names are errors, nothing is escaped.

use std::borrow::Cow;
use std::cell::Cell;
use std::io;
use std::sync::Arc;

use minijinja::{Environment, Template};

use crate::diag::{Code, Diagnostic, Sources, Span, Spanned};
use crate::manifest::text::TextMap;
use crate::shot::camera::Vocabulary;
use crate::shot::functions;
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
    vocabulary: Arc<Vocabulary>,
    sources: &'s Sources,
    fuel_left: Cell<u64>,
    output_left: Cell<usize>,
}

impl<'s> Engine<'s> {
    pub(super) fn new(sources: &'s Sources, vocabulary: Arc<Vocabulary>) -> Self {
        let mut env = functions::environment(vocabulary.clone());
        env.set_fuel(Some(FUEL));
        Self {
            env,
            vocabulary,
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
    ) -> Option<Result<Cow<'c, str>, Vec<Diagnostic>>> {
        match compiled {
            Compiled::Plain(written) => Some(Ok(Cow::Borrowed(written.text))),
            Compiled::Template(written, template) => {
                let rendered = self.run(*written, template, scope);
                Some(rendered.map(Cow::Owned))
            }
            Compiled::Broken => None,
        }
    }

    fn run(
        &self,
        written: Written<'_>,
        template: &Template<'_, '_>,
        scope: &Scope,
    ) -> Result<String, Vec<Diagnostic>> {
        if self.fuel_left.get() == 0 || self.output_left.get() == 0 {
            let message = "the templates of this manifest take too long or come to too much text";
            let too_large = Diagnostic::error(Code::TooLarge, written.span, message);
            return Err(vec![too_large]);
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
            Err(error) => Err(self.failures(written, template, &error, scope)),
        }
    }

    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The place of some bytes of a text.
    pub(super) fn place(&self, written: Written<'_>, range: std::ops::Range<usize>) -> Span {
        TextMap::new(self.sources, written.span, written.text).span(range)
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
