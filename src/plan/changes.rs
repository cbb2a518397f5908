//! What differs between two requests, field by field.
//!
//! Owns which fields count and what authors call them. Never says how a
//! difference looks.

use serde_json::{Map, Value};

use crate::check::media::MediaField;
use crate::event::FieldChange;

/// The fields that differ, in the order of the new request. A frame that is not
/// there yet is compared when it is.
pub fn between(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<FieldChange> {
    let mut changes = all(old, new);
    changes.retain(|change| !change.after.as_ref().is_some_and(is_to_come));
    changes
}

/// The same with every field, whatever stands in it.
pub fn all(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<FieldChange> {
    let change = |field: &String| FieldChange {
        field: field.clone(),
        before: old.get(field).cloned(),
        after: new.get(field).cloned(),
    };
    let changed = new
        .iter()
        .filter(|(field, value)| old.get(*field) != Some(*value));
    let removed = old.keys().filter(|field| !new.contains_key(*field));
    let fields = changed.map(|(field, _)| field).chain(removed);
    fields.map(change).collect()
}

/// The names of what changed, as authors write them.
pub fn names(changes: &[FieldChange]) -> String {
    let name = |change: &FieldChange| {
        let name = manifest_key(&change.field);
        match &change.after {
            Some(_) => name.to_owned(),
            None => format!("{name} (removed)"),
        }
    };
    let names: Vec<String> = changes.iter().map(name).collect();
    names.join(", ")
}

/// What the manifest calls a field of the request.
pub fn manifest_key(field: &str) -> &str {
    let media = [
        MediaField::FirstFrame,
        MediaField::LastFrame,
        MediaField::Subject,
    ];
    let found = media
        .into_iter()
        .find(|media| media.request_field() == field);
    match found {
        Some(media) => media.manifest_key(),
        None => field,
    }
}

/// A frame of a video that has to be made first, alone or inside of a list.
fn is_to_come(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.contains_key("shot") || object.values().any(is_to_come),
        Value::Array(items) => items.iter().any(is_to_come),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{between, names};

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            _ => Map::new(),
        }
    }

    #[test]
    fn what_changed_came_and_went_is_named_as_authors_do() {
        let old = object(json!({
            "model": "m", "prompt": "a", "duration": 6,
            "last_frame_image": { "sha256": "aa" },
        }));
        let new = object(json!({
            "prompt": "b", "model": "m",
            "first_frame_image": { "sha256": "bb" },
            "last_frame_image": { "shot": "one", "frame": "last" },
        }));
        let changes = between(&old, &new);
        assert_eq!(names(&changes), "prompt, first_frame, duration (removed)");
        assert_eq!(changes[0].before, Some(json!("a")));
        assert_eq!(changes[1].before, None);
        assert_eq!(changes[2].after, None);
        assert!(between(&old, &old).is_empty());
    }
}
