//! One entry under `shots`, tree to model.
//!
//! Owns the shapes of shots and of what they share: matrix, camera list, pictures, tags. Judges
//! nothing; what has the wrong shape was reported by `validate`.

use crate::diag::Spanned;
use crate::manifest::expect;
use crate::manifest::lower::key;
use crate::manifest::model::{
    Axis, CameraItem, Combination, Field, Matrix, PictureSource, Settings, ShotEntry,
};
use crate::manifest::names;
use crate::manifest::schema::RequestField;
use crate::manifest::tree::{Entry, Kind, Node};

/// The keys of a shot that are no request fields.
const OWN: [&str; 10] = [
    "id",
    "matrix",
    "foreach",
    "look",
    "tags",
    "camera",
    "first_frame",
    "last_frame",
    "subject",
    "expect",
];

/// `None` for an entry that has no id to speak of it by.
pub(crate) fn shot(
    node: &Node,
    request: &[RequestField],
    scene: Option<usize>,
) -> Option<ShotEntry> {
    Some(ShotEntry {
        id: filled(node, "id")?,
        span: node.span,
        scene,
        settings: settings(node, request),
        matrix: node.get("matrix").map(matrix),
        foreach: None,
    })
}

/// A text that is there and says something.
pub(crate) fn filled(node: &Node, key: &str) -> Option<Spanned<String>> {
    let text = node.get(key).and_then(Node::spanned_text);
    text.filter(|text| !text.value.is_empty())
}

/// What a shot says of its video, or `defaults` of many.
pub(crate) fn settings(node: &Node, request: &[RequestField]) -> Settings {
    let names = request.iter().map(|field| field.name.as_str());
    let known: Vec<&str> = OWN.into_iter().chain(names).collect();
    Settings {
        fields: fields(node, request),
        unset: unset(node, request),
        broken: broken(node, &known, request),
        tags: node.get("tags").map_or_else(Vec::new, words),
        look: node.get("look").and_then(look),
        camera: node.get("camera").map(camera),
        first_frame: node.get("first_frame").and_then(picture),
        last_frame: node.get("last_frame").and_then(picture),
        subject: node.get("subject").and_then(picture),
        expect: expect::lower(node.get("expect")),
    }
}

/// Nothing in its place takes the look of others away.
fn look(node: &Node) -> Option<Spanned<String>> {
    match node.kind {
        Kind::Null => Some(Spanned::new(String::new(), node.span)),
        _ => node.spanned_text(),
    }
}

/// The texts of a list, or a text alone.
pub(crate) fn texts(node: &Node) -> Vec<Spanned<String>> {
    list(node).iter().filter_map(Node::spanned_text).collect()
}

/// One text is a list of one.
fn list(node: &Node) -> &[Node] {
    match node.kind {
        Kind::Text(_) => std::slice::from_ref(node),
        _ => node.items(),
    }
}

/// Each word once, in written order.
pub(crate) fn words(node: &Node) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in list(node).iter().filter_map(Node::text) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// Keys that were told to be wrong: of a shape that nothing can be made of, or
/// misspelt. Nobody has to hear that they are missing as well.
fn broken(node: &Node, known: &[&str], request: &[RequestField]) -> Vec<String> {
    let mut broken = Vec::new();
    for entry in node.entries() {
        let name: &str = &entry.key.value;
        let value = &entry.value;
        if !known.contains(&name) {
            let meant = names::meant(name, known).filter(|meant| node.get(meant).is_none());
            broken.extend(meant.map(str::to_owned));
            continue;
        }
        let sound = match name {
            _ if request.iter().any(|field| field.name == name) => {
                value.is_scalar() || value.kind == Kind::Null
            }
            "first_frame" | "last_frame" | "subject" => picture(value).is_some(),
            _ => true,
        };
        if !sound {
            broken.push(name.to_owned());
        }
    }
    broken
}

/// Request fields set to nothing, which leaves their default out.
fn unset(node: &Node, request: &[RequestField]) -> Vec<String> {
    let nothing = |entry: &&Entry| {
        let name: &str = &entry.key.value;
        entry.value.kind == Kind::Null && request.iter().any(|field| field.name == name)
    };
    let entries = node.entries().iter().filter(nothing);
    entries.map(|entry| (*entry.key.value).to_owned()).collect()
}

/// The scalar request fields of a shot or of `defaults`.
fn fields(node: &Node, request: &[RequestField]) -> Vec<Field> {
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
    let items = list(node).iter().map(|item| CameraItem {
        span: item.span,
        commands: texts(item),
    });
    items.filter(|item| !item.commands.is_empty()).collect()
}

fn picture(node: &Node) -> Option<PictureSource> {
    if let Some(location) = node.spanned_text() {
        if location.value.is_empty() {
            return None;
        }
        return Some(PictureSource::Location(location));
    }
    if let Some(name) = node.get("character") {
        return name.spanned_text().map(PictureSource::Character);
    }
    Some(PictureSource::Frame {
        span: node.span,
        shot: node.get("shot")?.spanned_text()?,
        frame: node.get("frame").and_then(Node::spanned_text),
    })
}
