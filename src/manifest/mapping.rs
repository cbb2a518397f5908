//! One mapping while it is being read.
//!
//! Owns what makes a key a key: no duplicates, no lists, and `<<` for merging,
//! where own keys win. Never reads text.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span, Spanned};
use crate::manifest::lines::quoted;
use crate::manifest::places::shown;
use crate::manifest::tree::{Entry, Kind, Node};

/// A mapping that is still open.
pub(super) struct MapFrame {
    pub(super) start: usize,
    pub(super) anchor: usize,
    pub(super) entries: Vec<Entry>,
    /// Place of each key in `entries`.
    pub(super) known: HashMap<Arc<str>, usize>,
    /// What `<<` stood for, applied when the mapping ends: own keys win.
    pub(super) merges: Vec<Node>,
    /// The key whose value comes next.
    key: Option<Key>,
    pub(super) nodes: usize,
}

struct Key {
    text: Arc<str>,
    span: Span,
    role: Role,
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Plain,
    Merge,
    /// A duplicate, or something that cannot be a key: its value is dropped.
    Ignored,
}

impl MapFrame {
    pub(super) fn new(start: usize, anchor: usize) -> Self {
        Self {
            start,
            anchor,
            entries: Vec::new(),
            known: HashMap::new(),
            merges: Vec::new(),
            key: None,
            nodes: 1,
        }
    }

    /// Takes the next node, which is a key or the value of the last one.
    pub(super) fn take(&mut self, node: Node, plain: bool, source: &str) -> Option<Diagnostic> {
        match self.key.take() {
            None => self.begin(&node, plain, source),
            Some(key) => {
                self.end(key, node);
                None
            }
        }
    }

    /// Takes a node as the next key.
    fn begin(&mut self, node: &Node, plain: bool, source: &str) -> Option<Diagnostic> {
        let span = node.span;
        let text: Arc<str> = match &node.kind {
            Kind::Text(text) => text.clone(),
            Kind::Bool(_) | Kind::Number(_) => Arc::from(&source[span.start..span.end]),
            Kind::Null | Kind::List(_) | Kind::Map(_) => {
                let span = shown(source, span);
                self.key = Some(Key {
                    text: Arc::from(""),
                    span,
                    role: Role::Ignored,
                });
                return Some(self.no_key(node, span, source));
            }
        };
        let first = self.known.get(&text).map(|&at| self.entries[at].key.span);
        let role = match first {
            Some(_) => Role::Ignored,
            None if plain && &*text == "<<" => Role::Merge,
            None => Role::Plain,
        };
        let diagnostic = first.map(|first| {
            Diagnostic::error(Code::DuplicateKey, span, format!("`{text}` is given twice"))
                .label("given again here")
                .also(first, "first given here")
        });
        self.key = Some(Key { text, span, role });
        diagnostic
    }

    /// `{{ hero }}` without quotes is a mapping whose key is a mapping.
    fn no_key(&self, node: &Node, span: Span, source: &str) -> Diagnostic {
        let rest = &source[self.start..];
        if rest.starts_with("{{") {
            let end = rest.find("}}").map_or(span.end, |at| self.start + at + 2);
            let span = Span::new(span.file, self.start, end.max(span.end));
            let text = &source[span.start..span.end];
            let message = "a text that begins with `{` needs quotes";
            let diagnostic = Diagnostic::error(Code::Syntax, span, message);
            return diagnostic.help(format!("write `{}`", quoted(text)));
        }
        let message = format!("a key is a text, this is {}", node.describe());
        Diagnostic::error(Code::WrongType, span, message)
    }

    /// Takes a node as the value of the last key.
    fn end(&mut self, key: Key, mut value: Node) {
        // Where nothing was written, the key is the place to point at.
        if value.span.start == value.span.end {
            value.span = key.span;
        }
        match key.role {
            Role::Plain => {
                self.known.insert(key.text.clone(), self.entries.len());
                let key = Spanned::new(key.text, key.span);
                self.entries.push(Entry { key, value });
            }
            Role::Merge => self.merges.push(value),
            Role::Ignored => {}
        }
    }

    /// The entries with what `<<` stood for.
    pub(super) fn merged(self, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
        let MapFrame {
            mut entries,
            mut known,
            merges,
            ..
        } = self;
        let sources = merges.iter().flat_map(|node| match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        });
        for source in sources {
            if !matches!(source.kind, Kind::Map(_)) {
                let message = format!("`<<` merges mappings, this is {}", source.describe());
                let place = source.span;
                diagnostics.push(Diagnostic::error(Code::WrongType, place, message));
            }
            for entry in source.entries() {
                if !known.contains_key(&entry.key.value) {
                    known.insert(entry.key.value.clone(), entries.len());
                    entries.push(entry.clone());
                }
            }
        }
        entries
    }
}
