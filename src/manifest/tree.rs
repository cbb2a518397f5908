//! A YAML document as a tree in which every node knows where it was written.
//!
//! Owns the nodes and how to look around in them. Never reads text (that is
//! `reader`) and knows nothing about manifests.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::diag::{Span, Spanned};

/// A value of the document with its place. Cheap to clone: an alias shares
/// the subtree of its anchor, and so keeps the anchor's places.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The bytes it was written with, without anchor and tag.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or a finite decimal.
    Number(Number),
    /// Every other scalar, and everything in quotes.
    Text(Arc<str>),
    /// A sequence.
    List(Arc<Vec<Node>>),
    /// A mapping, in written order, without duplicate keys.
    Map(Arc<Vec<Entry>>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key and its place.
    pub key: Spanned<Arc<str>>,
    /// What it stands for.
    pub value: Node,
}

impl Node {
    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Key and value together.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key.value == key)
    }

    /// The entries of a mapping; nothing for any other node.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; nothing for any other node.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a text node.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a text node with its place.
    pub fn spanned_text(&self) -> Option<Spanned<String>> {
        self.text()
            .map(|text| Spanned::new(text.to_owned(), self.span))
    }

    /// Whether it is neither list nor mapping nor nothing.
    pub fn is_scalar(&self) -> bool {
        matches!(self.kind, Kind::Bool(_) | Kind::Number(_) | Kind::Text(_))
    }

    /// Where to point when something is missing inside: the first key, or all of it.
    pub fn head(&self) -> Span {
        self.entries()
            .first()
            .map_or(self.span, |entry| entry.key.span)
    }

    /// What it is, in words that follow "found".
    pub fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// The node that a JSON pointer names.
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match &node.kind {
                Kind::List(items) => items.get(step.parse::<usize>().ok()?),
                _ => node.get(&step),
            }
        })
    }

    /// The same value without places.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String((**text).to_owned()),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => Value::Object(entries_to_json(entries)),
        }
    }
}

fn entries_to_json(entries: &[Entry]) -> Map<String, Value> {
    entries
        .iter()
        .map(|entry| ((*entry.key.value).to_owned(), entry.value.to_json()))
        .collect()
}
