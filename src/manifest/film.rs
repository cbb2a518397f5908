//! Scenes and shots, tree to model.
//!
//! Owns the order of the film: what is written first comes first. Judges only
//! what no schema can: names that are given twice.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Span, Spanned};
use crate::manifest::lower::{self, vars};
use crate::manifest::lower_shot::{self, filled, words};
use crate::manifest::model::{Manifest, SceneEntry};
use crate::manifest::schema::RequestField;
use crate::manifest::tree::Node;

/// Most scenes of one manifest; each may have variables of its own.
const MAX_SCENES: usize = 1_000;

/// Adds the scenes and shots of a text, in the order of its keys.
pub(super) fn lower(
    root: &Node,
    request: &[RequestField],
    manifest: &mut Manifest,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut known = HashMap::new();
    for entry in root.entries() {
        match &*entry.key.value {
            "shots" => shots(&entry.value, request, None, manifest),
            "scenes" => {
                for node in entry.value.items() {
                    scene(node, request, &mut known, manifest, diagnostics);
                }
            }
            _ => {}
        }
    }
}

fn shots(list: &Node, request: &[RequestField], scene: Option<usize>, manifest: &mut Manifest) {
    let shots = list.items().iter();
    let shots = shots.filter_map(|node| lower_shot::shot(node, request, scene));
    manifest.shots.extend(shots);
}

/// A scene that cannot be spoken of still lends its shots to the film.
fn scene(
    node: &Node,
    request: &[RequestField],
    known: &mut HashMap<String, Span>,
    manifest: &mut Manifest,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut place = None;
    if let Some(id) = filled(node, "id") {
        if manifest.scenes.len() == MAX_SCENES {
            let message = format!("a manifest has {MAX_SCENES} scenes at most");
            diagnostics.push(Diagnostic::error(Code::TooLarge, id.span, message));
            return;
        }
        if let Some(first) = known.insert(id.value.to_lowercase(), id.span) {
            let message = format!("two scenes are called `{}`", id.value);
            diagnostics.push(
                Diagnostic::error(Code::DuplicateId, id.span, message)
                    .label("called so again here")
                    .also(first, "first called so here"),
            );
        }
        place = Some(manifest.scenes.len());
        manifest.scenes.push(SceneEntry {
            id,
            title: title(node, diagnostics),
            tags: node.get("tags").map_or_else(Vec::new, words),
            vars: node
                .get("vars")
                .map_or_else(Vec::new, |node| vars(node, diagnostics)),
            defaults: lower::defaults(node, request),
        });
    }
    if let Some(list) = node.get("shots") {
        shots(list, request, place, manifest);
    }
}

/// A title is for cards and lists as it stands.
fn title(scene: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let title = filled(scene, "title")?;
    if title.value.contains("{{") || title.value.contains("{%") {
        let message = "the `title` of a scene takes no templates";
        diagnostics.push(Diagnostic::error(Code::BadValue, title.span, message));
    }
    Some(title)
}
