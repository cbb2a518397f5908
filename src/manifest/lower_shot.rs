//! One entry under `shots`, tree to model.
//!
//! Owns the shapes that only shots have: matrix, camera list, pictures. Judges
//! nothing; what has the wrong shape was reported by `validate`.

use crate::diag::Spanned;
use crate::manifest::lower::key;
use crate::manifest::model::{
    Axis, CameraItem, Combination, Field, Matrix, PictureSource, ShotEntry,
};
use crate::manifest::schema::RequestField;
use crate::manifest::tree::{Entry, Node};

/// `None` for an entry that has no id to speak of it by.
pub(crate) fn shot(node: &Node, request: &[RequestField]) -> Option<ShotEntry> {
    Some(ShotEntry {
        id: node.get("id")?.spanned_text()?,
        span: node.span,
        fields: fields(node, request),
        matrix: node.get("matrix").map(matrix),
        camera: node.get("camera").map_or_else(Vec::new, camera),
        first_frame: node.get("first_frame").and_then(picture),
        last_frame: node.get("last_frame").and_then(picture),
        subject: node.get("subject").and_then(picture),
    })
}

/// The scalar request fields of a shot or of `defaults`.
pub(crate) fn fields(node: &Node, request: &[RequestField]) -> Vec<Field> {
    let known = |entry: &&Entry| {
        let name: &str = &entry.key.value;
        entry.value.is_scalar() && request.iter().any(|field| field.name == name)
    };
    let entries = node.entries().iter().filter(known);
    entries
        .map(|entry| Field {
            name: key(entry),
            value: entry.value.clone(),
        })
        .collect()
}

fn matrix(node: &Node) -> Matrix {
    let is_axis = |entry: &&Entry| !matches!(&*entry.key.value, "include" | "exclude");
    let axes = node.entries().iter().filter(is_axis).map(|entry| Axis {
        name: key(entry),
        values: scalars(&entry.value),
    });
    let combinations = |key: &str| {
        let items = node.get(key).map_or(&[][..], Node::items);
        items.iter().map(combination).collect()
    };
    Matrix {
        span: node.span,
        axes: axes.collect(),
        include: combinations("include"),
        exclude: combinations("exclude"),
    }
}

fn scalars(node: &Node) -> Vec<Node> {
    let items = node.items().iter().filter(|item| item.is_scalar());
    items.cloned().collect()
}

fn combination(node: &Node) -> Combination {
    let entries = node
        .entries()
        .iter()
        .filter(|entry| entry.value.is_scalar());
    Combination {
        span: node.span,
        values: entries
            .map(|entry| (key(entry), entry.value.clone()))
            .collect(),
    }
}

fn camera(node: &Node) -> Vec<CameraItem> {
    let texts = |node: &Node| -> Vec<Spanned<String>> {
        match node.spanned_text() {
            Some(text) => vec![text],
            None => node.items().iter().filter_map(Node::spanned_text).collect(),
        }
    };
    let items = node.items().iter().map(|item| CameraItem {
        span: item.span,
        commands: texts(item),
    });
    items.filter(|item| !item.commands.is_empty()).collect()
}

fn picture(node: &Node) -> Option<PictureSource> {
    if let Some(location) = node.spanned_text() {
        return Some(PictureSource::Location(location));
    }
    Some(PictureSource::Frame {
        span: node.span,
        shot: node.get("shot")?.spanned_text()?,
        frame: node.get("frame").and_then(Node::spanned_text),
    })
}
