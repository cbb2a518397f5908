//! Text to [`Manifest`]: every mistake at once, each with its place.
//!
//! Owns the reading of YAML, the manifest's own JSON Schema and the typed
//! model. Never opens a file (`files` is how it asks for one), never renders a template, never asks what the
//! API thinks of a value. Parsing stops early only for text that is not YAML.
//!
//! In reading order: `reader` makes a `tree` (with `mapping`,
//! `scalar`, `places` and `offsets`; `stumble` and `lines` explain what is no YAML),
//! `reading` follows includes, `rows` reads tables,
//! `schema` says what may stand where, `validate` compares, `lower` makes the
//! `model` (`address` its addresses, `film` its scenes and shots, which are `entry`'s). `text` leads from a scalar's value back to its source, for those
//! who find mistakes inside of it.

mod address;
mod entry;
pub mod expect;
pub mod files;
mod film;
mod lines;
mod lower;
mod lower_shot;
mod mapping;
pub mod model;
mod names;
mod offsets;
mod places;
mod reader;
mod reading;
mod rows;
mod scalar;
mod schema;
mod stumble;
pub mod text;
pub mod tree;
mod validate;

pub(crate) use address::{bad_base_url, is_loopback};
pub use files::{Files, NoFiles};
pub use lower::BUILT_IN_BACKENDS;
pub use model::Manifest;
pub use reader::{MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES, MAX_TOLD};
pub use reading::{MAX_FILES, MAX_INCLUDES};
pub(crate) use scalar::plain as plain_scalar;
pub use schema::{RequestField, manifest_schema, request_fields};
pub(crate) use validate::listed;

use serde_json::Value;

use crate::diag::{Code, Diagnostic, SourceId, Sources};
use crate::manifest::model::Var;
use crate::manifest::reading::Reading;
use crate::manifest::tree::{Kind, Node};
use crate::spec::Spec;

/// Reads a manifest with all that it includes. `None` when there is nothing to go on with.
pub fn parse(
    sources: &mut Sources,
    id: SourceId,
    spec: &Spec,
    files: &dyn Files,
) -> (Option<Manifest>, Vec<Diagnostic>) {
    let schema = manifest_schema(spec);
    let mut reading = Reading::new(sources, files, &schema);
    let part = reading.main(id);
    let manifest = part
        .filter(|part| matches!(part.root.kind, Kind::Map(_)))
        .map(|part| lower::lower(&part, &request_fields(spec), &mut reading));
    let mut diagnostics = reading.diagnostics;
    in_text_order(&mut diagnostics);
    (manifest, diagnostics)
}

/// A document that is no mapping for a reason that can be told better.
fn no_manifest(root: &Node, sources: &Sources, id: SourceId) -> Option<Diagnostic> {
    match root.kind {
        Kind::Null => Some(
            Diagnostic::error(Code::WrongType, root.span, "the file is empty")
                .help("begin with `version: 1` and a list of `shots:`"),
        ),
        Kind::Text(_) => Some(stumble::only_text(&sources.get(id).text)?.diagnostic(id)),
        _ => None,
    }
}

fn start(diagnostic: &Diagnostic) -> Option<(SourceId, usize)> {
    let label = diagnostic.primary.as_ref()?;
    Some((label.span.file, label.span.start))
}

/// Reads the variables of a vars file: one mapping, YAML or JSON.
pub fn parse_vars(sources: &Sources, id: SourceId) -> (Vec<Var>, Vec<Diagnostic>) {
    let (root, mut diagnostics) = reader::read(&sources.get(id).text, id);
    let Some(root) = root else {
        return (Vec::new(), diagnostics);
    };
    if !matches!(root.kind, Kind::Map(_) | Kind::Null) {
        let found = root.describe();
        let message = format!("a vars file is a mapping from names to values, this is {found}");
        diagnostics.push(Diagnostic::error(Code::WrongType, root.span, message));
    }
    let vars = lower::vars(&root, &mut diagnostics);
    (vars, diagnostics)
}

/// Reads any YAML or JSON text under the same budgets, without its places.
pub fn parse_json(sources: &Sources, id: SourceId) -> Result<Value, Vec<Diagnostic>> {
    let (root, diagnostics) = reader::read(&sources.get(id).text, id);
    match root {
        Some(root) if diagnostics.is_empty() => Ok(root.to_json()),
        _ => Err(diagnostics),
    }
}

/// Reads any YAML or JSON text under the same budgets, with its places.
pub(crate) fn parse_tree(sources: &Sources, id: SourceId) -> (Option<Node>, Vec<Diagnostic>) {
    reader::read(&sources.get(id).text, id)
}

/// Authors read from top to bottom, whatever stage found what.
fn in_text_order(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(start);
}

#[cfg(test)]
mod tests;
