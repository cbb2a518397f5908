//! `OpenAPI` 3.1 bundle → the `OpenAPI` 3.0 that the generator reads.
//!
//! The generated client is a carrier: it must send whatever the full schema
//! let through and decode whatever comes back. So only the shape of values
//! survives here. Enumerations, patterns, limits, defaults and conditions stay
//! in the bundle, where validation uses them. A keyword that is not known to be
//! shape is dropped, which also takes care of keywords that 3.0 lacks.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::error::{SpecError, child};
use super::refs::resolve;
use super::{BUNDLE, operations};

/// Header parameters that `OpenAPI` says are described elsewhere.
///
/// The generator would send them beside the ones that the HTTP library sets.
const IMPLIED_HEADERS: [&str; 3] = ["content-type", "accept", "authorization"];

/// Formats that choose a type; others would pull crates into the client.
const FORMATS: [&str; 5] = ["int32", "int64", "float", "double", "binary"];

/// Lowers a merged and checked bundle.
pub fn lower(bundle: &Value) -> Result<Value, SpecError> {
    let answers = answer_schemas(bundle);
    let mut schemas = Map::new();
    let defined = bundle
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (name, schema) in defined.into_iter().flatten() {
        let side = if answers.contains(name) {
            Side::Answer
        } else {
            Side::Request
        };
        schemas.insert(name.clone(), lower_schema(schema, side));
    }
    let mut paths = Map::new();
    for (path, method, operation) in operations(bundle) {
        let item = paths.entry(path.to_owned()).or_insert(json!({}));
        item[method] = lower_operation(bundle, path, method, operation)?;
    }
    Ok(json!({
        "openapi": "3.0.3",
        "info": bundle.get("info").cloned().unwrap_or(json!({ "title": "API", "version": "0" })),
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

/// Which way a value travels.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// We build it: `required` is part of what tells the bodies apart.
    Request,
    /// The service builds it: any field may be missing.
    Answer,
}

/// Names of the schemas that answers use, directly or not, and requests do not.
fn answer_schemas(bundle: &Value) -> BTreeSet<String> {
    let mut answers = BTreeSet::new();
    let mut requests = BTreeSet::new();
    for (_, _, operation) in operations(bundle) {
        for (key, value) in operation.as_object().into_iter().flatten() {
            let into = if key == "responses" {
                &mut answers
            } else {
                &mut requests
            };
            collect_refs(bundle, value, into);
        }
    }
    answers.difference(&requests).cloned().collect()
}

fn collect_refs(bundle: &Value, value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner.as_str()) {
                    ("$ref", Some(target)) => {
                        let name = target.rsplit('/').next().unwrap_or(target);
                        if into.insert(name.to_owned())
                            && let Some(found) = bundle.pointer(target.trim_start_matches('#'))
                        {
                            collect_refs(bundle, found, into);
                        }
                    }
                    _ => collect_refs(bundle, inner, into),
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|inner| collect_refs(bundle, inner, into)),
        _ => {}
    }
}

fn lower_operation(
    bundle: &Value,
    path: &str,
    method: &str,
    operation: &Value,
) -> Result<Value, SpecError> {
    let place = child(&child("/paths", path), method);
    let follow = |written| {
        resolve(bundle, written)
            .ok_or_else(|| SpecError::new(BUNDLE, &place, "a reference here leads nowhere"))
    };
    let mut out = Map::new();
    for key in ["operationId", "summary", "description", "tags"] {
        if let Some(value) = operation.get(key) {
            out.insert(key.to_owned(), value.clone());
        }
    }
    let mut parameters = Vec::new();
    for written in array(operation.get("parameters")) {
        parameters.extend(lower_parameter(follow(written)?));
    }
    out.insert("parameters".to_owned(), Value::Array(parameters));
    if let Some(written) = operation.get("requestBody") {
        let mut body = lower_content(follow(written)?, Side::Request);
        body["required"] = json!(true);
        out.insert("requestBody".to_owned(), body);
    }
    let mut responses = Map::new();
    let written = operation.get("responses").and_then(Value::as_object);
    for (status, response) in written.into_iter().flatten() {
        let mut response = lower_content(follow(response)?, Side::Answer);
        if response.get("description").is_none() {
            response["description"] = json!("");
        }
        responses.insert(status.clone(), response);
    }
    out.insert("responses".to_owned(), Value::Object(responses));
    Ok(Value::Object(out))
}

fn lower_parameter(parameter: &Value) -> Option<Value> {
    let text = |key: &str| parameter.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default().to_ascii_lowercase();
    if text("in") == Some("header") && IMPLIED_HEADERS.contains(&name.as_str()) {
        return None;
    }
    let mut out = keep(parameter, &["name", "in", "required", "description"]);
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    // In an address and in a header everything is text; a value that may be
    // text or number is sent as the text it came as.
    let lowered = match schema.get("type") {
        Some(Value::Array(_)) => json!({ "type": "string" }),
        _ => lower_schema(schema, Side::Request),
    };
    out.insert("schema".to_owned(), lowered);
    Some(Value::Object(out))
}

fn lower_content(holder: &Value, side: Side) -> Value {
    let mut out = keep(holder, &["description"]);
    let content = holder.get("content").and_then(Value::as_object);
    if let Some(content) = content {
        let media = content.iter().map(|(media, entry)| {
            let schema = entry.get("schema").unwrap_or(&Value::Null);
            (
                media.clone(),
                json!({ "schema": lower_schema(schema, side) }),
            )
        });
        out.insert("content".to_owned(), Value::Object(media.collect()));
    }
    Value::Object(out)
}

fn lower_schema(schema: &Value, side: Side) -> Value {
    let Some(schema) = schema.as_object() else {
        return json!({});
    };
    // 3.0 ignores whatever stands beside a reference.
    if let Some(target) = schema.get("$ref") {
        return json!({ "$ref": target });
    }
    let mut out = Map::new();
    for (key, value) in schema {
        match key.as_str() {
            "description" | "title" | "nullable" => {
                out.insert(key.clone(), value.clone());
            }
            "format" if FORMATS.iter().any(|known| value == known) => {
                out.insert(key.clone(), value.clone());
            }
            // What is left open in an answer stays so whatever the document says.
            "additionalProperties" if value.is_object() => {
                out.insert(key.clone(), lower_schema(value, side));
            }
            "required" | "additionalProperties" if side == Side::Request => {
                out.insert(key.clone(), value.clone());
            }
            "properties" => {
                out.insert(key.clone(), lower_properties(value, side));
            }
            "items" => {
                out.insert(key.clone(), lower_schema(value, side));
            }
            "oneOf" | "anyOf" | "allOf" => lower_list(key, value, side, &mut out),
            _ => {}
        }
    }
    lower_type(schema, out)
}

/// Settles `type`, which 3.1 allows to be a list and 3.0 does not.
fn lower_type(schema: &Map<String, Value>, mut out: Map<String, Value>) -> Value {
    let listed: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        several => array(several).iter().filter_map(Value::as_str).collect(),
    };
    let solid: Vec<&str> = listed.iter().copied().filter(|t| *t != "null").collect();
    match solid.as_slice() {
        [one] => {
            out.insert("type".to_owned(), json!(one));
            if listed.len() > 1 {
                out.insert("nullable".to_owned(), json!(true));
            }
        }
        [] if listed.is_empty() => {}
        // Text or number, and the like: any JSON value, told apart later.
        _ => return Value::Object(keep(&Value::Object(out), &["description", "title"])),
    }
    Value::Object(out)
}

fn lower_properties(value: &Value, side: Side) -> Value {
    let fields = value.as_object().into_iter().flatten();
    let kept = fields.filter(|(_, field)| **field != Value::Bool(false));
    Value::Object(
        kept.map(|(name, field)| (name.clone(), lower_schema(field, side)))
            .collect(),
    )
}

/// Lowers a list of alternatives; rules (`if`/`then`) leave nothing behind.
fn lower_list(key: &str, value: &Value, side: Side, out: &mut Map<String, Value>) {
    let shapes: Vec<Value> = array(Some(value))
        .iter()
        .filter(|entry| !is_rule(entry))
        .map(|entry| lower_schema(entry, side))
        .collect();
    if !shapes.is_empty() {
        out.insert(key.to_owned(), Value::Array(shapes));
    }
}

/// Whether an entry of `allOf` restricts values without giving them a shape.
fn is_rule(entry: &Value) -> bool {
    const SHAPE: [&str; 6] = ["$ref", "type", "properties", "items", "oneOf", "anyOf"];
    entry.get("if").is_some() || !SHAPE.iter().any(|key| entry.get(key).is_some())
}

fn keep(value: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), value.get(key)?.clone())))
        .collect()
}

fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
