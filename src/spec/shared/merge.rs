//! Documents → one `OpenAPI` 3.1 bundle.
//!
//! Documents may define the same operation with different request bodies: the
//! bundle then has one operation whose body is a `oneOf`. Anything else that
//! two documents define must be the same in both; the first one is never
//! preferred in silence.

use serde_json::{Map, Value, json};

use super::error::{SpecError, child};
use super::refs::localise;
use super::{Document, METHODS};

/// Merges the documents, in the order given, into one self-contained bundle.
pub fn merge(documents: &[Document]) -> Result<Value, SpecError> {
    let mut bundle = Bundle::default();
    for (name, document) in documents {
        check_version(name, document)?;
        let document = localise(documents, name, document, "")?;
        bundle.add(name, &document)?;
    }
    bundle.finish()
}

fn check_version(name: &str, document: &Value) -> Result<(), SpecError> {
    let version = document.get("openapi").and_then(Value::as_str);
    match version {
        Some(version) if version.starts_with("3.1.") => Ok(()),
        Some(version) => Err(SpecError::new(
            name,
            "/openapi",
            format!("the document is OpenAPI {version}; 3.1 is read here"),
        )),
        None => Err(SpecError::new(
            name,
            "",
            "this is not an OpenAPI document: it has no text under openapi",
        )),
    }
}

/// The bundle as it grows, with the document that each part came from.
#[derive(Default)]
struct Bundle {
    root: Map<String, Value>,
    servers: Vec<Value>,
    paths: Map<String, Value>,
    components: Map<String, Value>,
    /// Operation ids seen, each with its path and method.
    ids: Vec<(String, String)>,
}

impl Bundle {
    fn add(&mut self, name: &str, document: &Value) -> Result<(), SpecError> {
        let Some(document) = document.as_object() else {
            return Err(SpecError::new(name, "", "this is not an OpenAPI document"));
        };
        // Components first: operations that use one name for two things would
        // otherwise be refused for what follows from it.
        if let Some(components) = document.get("components") {
            self.add_components(name, components)?;
        }
        for (key, value) in document {
            match key.as_str() {
                "openapi" | "components" => {}
                "servers" => self.add_servers(value),
                "paths" => self.add_paths(name, value)?,
                _ => insert_equal(&mut self.root, name, "", key, value)?,
            }
        }
        Ok(())
    }

    fn add_servers(&mut self, servers: &Value) {
        for server in servers.as_array().into_iter().flatten() {
            if !self.servers.contains(server) {
                self.servers.push(server.clone());
            }
        }
    }

    fn add_components(&mut self, name: &str, sections: &Value) -> Result<(), SpecError> {
        for (section, entries) in members(name, "/components", sections)? {
            let path = child("/components", section);
            let known = self.components.entry(section.clone()).or_insert(json!({}));
            let Some(known) = known.as_object_mut() else {
                continue;
            };
            for (key, value) in members(name, &path, entries)? {
                insert_equal(known, name, &path, key, value)?;
            }
        }
        Ok(())
    }

    fn add_paths(&mut self, name: &str, paths: &Value) -> Result<(), SpecError> {
        for (path, item) in members(name, "/paths", paths)? {
            let here = child("/paths", path);
            for (key, value) in members(name, &here, item)? {
                let place = child(&here, key);
                if METHODS.contains(&key.as_str()) {
                    self.claim_id(name, &place, value)?;
                }
                let known = self.paths.entry(path.clone()).or_insert(json!({}));
                let Some(known) = known.as_object_mut() else {
                    continue;
                };
                match known.get_mut(key) {
                    Some(first) if METHODS.contains(&key.as_str()) => {
                        join_operation(name, &place, first, value)?;
                    }
                    _ => insert_equal(known, name, &here, key, value)?,
                }
            }
        }
        Ok(())
    }

    /// One id names one operation, wherever its parts are written.
    fn claim_id(&mut self, name: &str, place: &str, operation: &Value) -> Result<(), SpecError> {
        let Some(id) = operation.get("operationId").and_then(Value::as_str) else {
            return Ok(());
        };
        match self.ids.iter().find(|(known, _)| known == id) {
            Some((_, other)) if other != place => Err(SpecError::new(
                name,
                child(place, "operationId"),
                format!("the operation id {id} is taken by {other}"),
            )),
            Some(_) => Ok(()),
            None => {
                self.ids.push((id.to_owned(), place.to_owned()));
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<Value, SpecError> {
        if self.paths.is_empty() {
            return Err(SpecError::new("openapi/", "", "no document defines a path"));
        }
        let mut bundle = Map::new();
        bundle.insert("openapi".to_owned(), json!("3.1.0"));
        bundle.extend(self.root);
        bundle.insert("servers".to_owned(), Value::Array(self.servers));
        bundle.insert("paths".to_owned(), Value::Object(self.paths));
        bundle.insert("components".to_owned(), Value::Object(self.components));
        Ok(Value::Object(bundle))
    }
}

/// Adds the request body of one more document to an operation.
fn join_operation(
    name: &str,
    place: &str,
    first: &mut Value,
    other: &Value,
) -> Result<(), SpecError> {
    let other = members(name, place, other)?;
    let Some(first) = first.as_object_mut() else {
        return Err(SpecError::new(name, place, "an operation is a mapping"));
    };
    let mut keys: Vec<String> = first.keys().cloned().collect();
    keys.extend(
        other
            .keys()
            .filter(|key| !first.contains_key(*key))
            .cloned(),
    );
    // The body comes last: a conflict elsewhere says more about what happened.
    keys.sort_by_key(|key| key == "requestBody");
    for key in keys {
        match (key.as_str(), first.get(&key), other.get(&key)) {
            // Prose may differ; what all say in common is the summary.
            ("description", ..) => {
                first.remove(&key);
            }
            ("requestBody", Some(mine), Some(theirs)) => {
                let joined = join_bodies(name, &child(place, &key), mine, theirs)?;
                first.insert(key, joined);
            }
            (_, mine, theirs) if mine == theirs => {}
            _ => {
                return Err(SpecError::new(
                    name,
                    child(place, &key),
                    "another document describes this operation differently here",
                ));
            }
        }
    }
    Ok(())
}

/// Two request bodies of one media type → one body whose schema is a `oneOf`.
fn join_bodies(name: &str, place: &str, mine: &Value, theirs: &Value) -> Result<Value, SpecError> {
    let (media, mine_schema) = only_schema(name, place, mine)?;
    let (other_media, their_schema) = only_schema(name, place, theirs)?;
    if media != other_media {
        return Err(SpecError::new(
            name,
            child(place, "content"),
            format!("the body is {other_media} here and {media} in another document"),
        ));
    }
    let mut choices = match mine_schema.get("oneOf").and_then(Value::as_array) {
        Some(choices) => choices.clone(),
        None => vec![mine_schema.clone()],
    };
    if choices.contains(their_schema) {
        return Err(SpecError::new(
            name,
            child(place, "content"),
            "another document gives this operation the same body",
        ));
    }
    choices.push(their_schema.clone());
    let mut joined = mine.clone();
    joined["content"][media] = json!({ "schema": { "oneOf": choices } });
    Ok(joined)
}

fn only_schema<'v>(
    name: &str,
    place: &str,
    body: &'v Value,
) -> Result<(&'v str, &'v Value), SpecError> {
    let content = body.get("content").and_then(Value::as_object);
    let mut entries = content.into_iter().flatten();
    match (entries.next(), entries.next()) {
        (Some((media, entry)), None) => match entry.get("schema") {
            Some(schema) => Ok((media.as_str(), schema)),
            None => Err(SpecError::new(
                name,
                place,
                "a body that is to be merged needs a schema",
            )),
        },
        _ => Err(SpecError::new(
            name,
            place,
            "a body that is to be merged needs exactly one media type",
        )),
    }
}

/// Adds an entry, or checks that the one that is there says the same.
fn insert_equal(
    into: &mut Map<String, Value>,
    name: &str,
    path: &str,
    key: &str,
    value: &Value,
) -> Result<(), SpecError> {
    match into.get(key) {
        None => {
            into.insert(key.to_owned(), value.clone());
            Ok(())
        }
        Some(known) if known == value => Ok(()),
        Some(_) => Err(SpecError::new(
            name,
            child(path, key),
            format!("another document defines {key} differently"),
        )),
    }
}

fn members<'v>(
    name: &str,
    path: &str,
    value: &'v Value,
) -> Result<&'v Map<String, Value>, SpecError> {
    value
        .as_object()
        .ok_or_else(|| SpecError::new(name, path, "a mapping is expected here"))
}
