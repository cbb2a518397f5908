//! A lock as one side of a comparison.

use serde_json::{Map, Value, json};

use super::model::{Document, Group, Kind};
use super::side::{Fact, FrameOf, Side, SideShot, request_facts};
use crate::plan::changes::manifest_key;
use crate::plan::lock::{Lock, LockedShot};

/// What a lock tells.
const TELLS: [Group; 5] = [
    Group::Prompt,
    Group::Settings,
    Group::Frames,
    Group::Bytes,
    Group::Program,
];

impl Side {
    /// A lock, called `name`.
    pub fn of_lock(name: &str, lock: &Lock) -> Self {
        let api = json!({ "sha256": lock.api.sha256 });
        let facts = [
            Fact::new(Group::Settings, "backend", &*lock.backend),
            // No other kind of document has the digest.
            Fact::new(Group::Settings, "api", api).map(Fact::unknown_elsewhere),
            Fact::new(Group::Program, "runner_version", &*lock.runner),
            Fact::new(Group::Program, "spec_version", &*lock.api.version),
        ];
        let shots = lock.shots.iter();
        Self {
            document: Document {
                name: name.to_owned(),
                kind: Kind::Lock,
                manifest: None,
                run_id: None,
                shots: lock.shots.len(),
            },
            backend: Some(lock.backend.clone()),
            tells: TELLS.into(),
            facts: facts.into_iter().flatten().collect(),
            shots: shots.map(|(id, locked)| shot(id, locked)).collect(),
        }
    }
}

fn shot(id: &str, locked: &LockedShot) -> SideShot {
    let frames = locked.request.iter().filter_map(frame);
    let mut facts = request_facts(&locked.request, frames);
    let take = locked.take.as_ref();
    let take = take.map(|sha256| json!({ "sha256": sha256 }));
    facts.extend(Fact::new(Group::Bytes, "video", take));
    SideShot {
        id: id.to_owned(),
        fingerprint: locked.fingerprint.clone(),
        facts,
        ..SideShot::default()
    }
}

/// The frame of another shot that a field is, alone or inside of a list.
fn frame<'a>((field, value): (&'a String, &'a Value)) -> Option<FrameOf<'a>> {
    let found = inside(value)?;
    let text = |key: &str| found.get(key).and_then(Value::as_str);
    Some(FrameOf {
        field: manifest_key(field),
        shot: text("shot")?,
        at: text("frame")?,
        pixels_sha256: text("pixels_sha256"),
    })
}

fn inside(value: &Value) -> Option<&Map<String, Value>> {
    match value {
        Value::Object(object) if object.contains_key("shot") => Some(object),
        Value::Object(object) => object.values().find_map(inside),
        Value::Array(items) => items.iter().find_map(inside),
        _ => None,
    }
}
