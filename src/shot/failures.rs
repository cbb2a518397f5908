//! Everything that is wrong with a template that did not render.
//!
//! The engine stops at the first mistake; authors want all of them. Owns the
//! search for names that nobody defines and for camera commands that are none.
//! Looks only where the engine found fault already, so it never refuses what
//! would render.

use std::collections::HashSet;
use std::error::Error as _;
use std::ops::Range;

use minijinja::{Error, Template};

use crate::diag::{Code, Diagnostic};
use crate::shot::explain::{FUNCTIONS, whole_expression};
use crate::shot::library::Inside;
use crate::shot::scope::Scope;
use crate::shot::template::{Engine, Written};
use crate::shot::tokens::{Block, Token, blocks};

impl Engine<'_> {
    /// The engine's own error, and every other one that can be seen in the text.
    pub(super) fn failures(
        &self,
        written: Written<'_>,
        template: &Template<'_, '_>,
        error: &Error,
        scope: &Scope,
    ) -> Vec<Diagnostic> {
        let blocks = blocks(written.text);
        let mut found = self.unknown_commands(written, &blocks);
        for (name, range) in undefined(&blocks, template, scope) {
            found.push(self.undefined(written, &name, range, Some(scope)));
        }
        let inside = error
            .source()
            .and_then(|cause| cause.downcast_ref::<Inside>());
        if let Some(inside) = inside {
            found.extend(self.failures_inside(written, error, inside));
            return found;
        }
        let first = self.explain(written, error, Some(scope));
        let known = found.iter().any(|other| {
            let same = other.message == first.message || first.code == Code::UnknownCamera;
            other.code == first.code && same
        });
        if !known {
            found.push(first);
        }
        found
    }

    /// What is wrong in a text that this one uses, at its own place.
    fn failures_inside(
        &self,
        user: Written<'_>,
        error: &Error,
        inside: &Inside,
    ) -> Vec<Diagnostic> {
        let Some((written, template)) = self.library().get(&inside.key) else {
            return Vec::new();
        };
        let range = error.range().unwrap_or(0..user.text.len());
        let used = self.place(user, whole_expression(user.text, range));
        let found = self.failures(written, &template, &inside.error, &inside.scope);
        let found = found.into_iter();
        found.map(|told| told.also(used, "used here")).collect()
    }

    /// The words of `camera('…')` that are no commands.
    fn unknown_commands(&self, written: Written<'_>, blocks: &[Block<'_>]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (text, start) in blocks.iter().flat_map(arguments) {
            let mut from = 0;
            for word in text.split([',', '，', '、']).map(str::trim) {
                let at = text[from..].find(word).map_or(from, |at| from + at);
                from = at + word.len();
                if self.vocabulary().find(word).is_none() {
                    let span = self.place(written, start + at..start + from);
                    found.push(self.vocabulary().unknown(word).diagnostic(span));
                }
            }
        }
        found
    }
}

/// The literal arguments of every call of `camera`, with their places.
fn arguments<'a>(block: &Block<'a>) -> Vec<(&'a str, usize)> {
    let tokens = &block.tokens;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if *token != Token::Word("camera") || tokens.get(at + 1) != Some(&Token::Sign("(")) {
            continue;
        }
        let mut next = at + 2;
        while let Some(Token::Text(text)) = tokens.get(next) {
            let after = tokens.get(next + 1);
            if !matches!(after, Some(Token::Sign("," | ")"))) {
                break;
            }
            found.push((*text, block.places[next]));
            next += 2;
        }
    }
    found
}

/// Every name that the scope does not hold, with the first place of each.
fn undefined(
    blocks: &[Block<'_>],
    template: &Template<'_, '_>,
    scope: &Scope,
) -> Vec<(String, Range<usize>)> {
    let global = template.undeclared_variables(false);
    let paths: Vec<Path> = blocks.iter().flat_map(paths).collect();
    let guarded: HashSet<&str> = paths
        .iter()
        .filter(|path| path.guarded)
        .map(|path| path.name.as_str())
        .collect();
    let mut told = HashSet::new();
    let mut found = Vec::new();
    for path in &paths {
        let root = path.name.split('.').next().unwrap_or_default();
        if !global.contains(root)
            || FUNCTIONS.contains(&root)
            || guarded.contains(path.name.as_str())
        {
            continue;
        }
        if let Some(len) = scope.missing(&path.name)
            && told.insert(&path.name[..len])
        {
            found.push((path.name[..len].to_owned(), path.at..path.at + len));
        }
    }
    found
}

/// A name with dots in it, such as `matrix.sky`.
struct Path {
    name: String,
    at: usize,
    /// Followed by `is` or by a filter that takes what is not there.
    guarded: bool,
}

fn paths(block: &Block<'_>) -> Vec<Path> {
    let tokens = &block.tokens;
    let sign = |at: usize, sign: &str| tokens.get(at) == Some(&Token::Sign(sign));
    let mut found = Vec::new();
    let mut at = usize::from(block.statement);
    while at < tokens.len() {
        let Token::Word(word) = tokens[at] else {
            at += 1;
            continue;
        };
        let attribute = at > 0 && (sign(at - 1, ".") || sign(at - 1, "|"));
        let start = block.places[at];
        let mut name = word.to_owned();
        at += 1;
        while sign(at, ".")
            && let Some(Token::Word(next)) = tokens.get(at + 1)
            // White space around the dot would make the place another one.
            && block.places[at + 1] == start + name.len() + 1
        {
            name = format!("{name}.{next}");
            at += 2;
        }
        let bound = sign(at, "=") && !sign(at + 1, "=");
        if attribute || bound || sign(at, "(") {
            continue;
        }
        let filter = matches!(tokens.get(at + 1), Some(Token::Word("default" | "d")));
        let guarded = tokens.get(at) == Some(&Token::Word("is")) || sign(at, "|") && filter;
        found.push(Path {
            name,
            at: start,
            guarded,
        });
    }
    found
}
