//! Diagnostics of an expansion, each said once.
//!
//! Owns the folding of what many combinations have in common: a mistake in a
//! template is one mistake, whether a matrix repeats it twice or a thousand
//! times. Never decides what is a mistake.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::MAX_TOLD;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Found>,
    known: HashMap<(Code, Option<Span>, String), usize>,
}

#[derive(Debug)]
struct Found {
    diagnostic: Diagnostic,
    /// The first shot that has it, where shots share the place.
    first: Option<String>,
    shots: usize,
}

/// The shot that is being made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within<'a> {
    pub(super) id: &'a str,
    /// Whether other shots come from the same text.
    pub(super) shared: bool,
}

impl Findings {
    /// A mistake that belongs to no single shot.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.insert(diagnostic, None);
    }

    /// A mistake in one shot, perhaps in others alike.
    pub(super) fn within(&mut self, shot: Within<'_>, diagnostic: Diagnostic) {
        self.insert(diagnostic, Some(shot));
    }

    /// Several mistakes in one shot.
    pub(super) fn all_within(&mut self, shot: Within<'_>, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.insert(diagnostic, Some(shot));
        }
    }

    fn insert(&mut self, diagnostic: Diagnostic, shot: Option<Within<'_>>) {
        let place = diagnostic.primary.as_ref().map(|label| label.span);
        // What a template says varies with the values; the place is the mistake.
        let words = match diagnostic.code {
            Code::Template | Code::UndefinedVariable | Code::DuplicateId | Code::OutputPath
                if place.is_some() =>
            {
                String::new()
            }
            _ => diagnostic.message.clone(),
        };
        let key = (diagnostic.code, place, words);
        if let Some(&at) = self.known.get(&key) {
            self.found[at].shots += 1;
            return;
        }
        if self.found.len() >= MAX_TOLD {
            return;
        }
        self.known.insert(key, self.found.len());
        self.found.push(Found {
            diagnostic,
            first: shot
                .filter(|shot| shot.shared)
                .map(|shot| shot.id.to_owned()),
            shots: 1,
        });
    }

    /// All of them, those of one file in the order of its text.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = self.found.into_iter().map(Found::finish).collect();
        diagnostics.sort_by_key(|d| {
            d.primary
                .as_ref()
                .map(|label| (label.span.file, label.span.start))
        });
        diagnostics
    }
}

impl Found {
    fn finish(self) -> Diagnostic {
        match self.first {
            None => self.diagnostic,
            Some(first) if self.shots == 1 => self.diagnostic.note(format!("in `{first}`")),
            Some(first) => {
                let more = self.shots - 1;
                self.diagnostic
                    .note(format!("in `{first}` and {more} more"))
            }
        }
    }
}
