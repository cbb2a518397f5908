//! Templates in manifests: compiled once, rendered for every combination.
//!
//! Owns the template language that authors get (with the texts of `library`),
//! its limits, and the way from an engine's error to the words in the YAML. Never reads files: there is
//! nothing to include. Undefined names are errors, nothing is escaped.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use minijinja::Template;

use crate::diag::{Code, Diagnostic, Sources, Span, Spanned};
use crate::manifest::Manifest;
use crate::manifest::text::TextMap;
use crate::shot::camera::Vocabulary;
use crate::shot::findings::Findings;
use crate::shot::functions;
use crate::shot::growth;
use crate::shot::library::{Fault, Library};
use crate::shot::scope::Scope;
use crate::shot::tokens::is_template;

/// Instructions that one rendering may take.
pub(super) const FUEL: u64 = 50_000;

/// Instructions that all renderings of a manifest may take together.
pub(super) const TOTAL_FUEL: u64 = 50_000_000;

/// Bytes that one rendering may come to; the longest prompt has 2000 characters.
pub(super) const MAX_OUTPUT: usize = 64 * 1024;

/// Bytes that all renderings of a manifest may come to.
pub(super) const TOTAL_OUTPUT: usize = 256 * 1024 * 1024;

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
    library: Arc<Library>,
    vocabulary: Arc<Vocabulary>,
    sources: &'s Sources,
}

impl<'s> Engine<'s> {
    /// The language with the texts that a manifest gives names to.
    pub(super) fn new(
        manifest: &Manifest,
        sources: &'s Sources,
        vocabulary: Arc<Vocabulary>,
        findings: &mut Findings,
    ) -> Self {
        let mut env = functions::environment(vocabulary.clone());
        env.set_fuel(Some(FUEL));
        let (mut library, faults) = Library::new(manifest, env);
        for cycle in library.break_cycles() {
            findings.push(cycle);
        }
        let engine = Self {
            library: Arc::new(library),
            vocabulary,
            sources,
        };
        for (key, fault) in faults {
            if let Some(written) = engine.library.written(&key) {
                findings.push(match fault {
                    Fault::Refused(refusal) => engine.refused(written, refusal),
                    Fault::Syntax(error) => engine.explain(written, &error, None),
                });
            }
        }
        engine
    }

    /// The texts that templates of shots can use.
    pub(super) fn library(&self) -> &Arc<Library> {
        &self.library
    }

    fn refused(&self, written: Written<'_>, refusal: growth::Refusal) -> Diagnostic {
        let span = self.place(written, refusal.at..refusal.at + refusal.len);
        Diagnostic::error(Code::Template, span, refusal.message).help(refusal.help)
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
        let largest = if self.library.is_empty() {
            largest
        } else {
            largest.max(MAX_OUTPUT)
        };
        growth::check(written.text, largest)
            .map_err(|refusal| Box::new(self.refused(written, refusal)))?;
        match self.library.env().template_from_str(written.text) {
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
        if self.library.is_spent() {
            let message = "the templates of this manifest take too long or come to too much text";
            let too_large = Diagnostic::error(Code::TooLarge, written.span, message);
            return Err(vec![too_large]);
        }
        self.library
            .run(template, scope)
            .map_err(|error| self.failures(written, template, &error, scope))
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
pub(super) struct Limited {
    pub(super) bytes: Vec<u8>,
    pub(super) limit: usize,
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
