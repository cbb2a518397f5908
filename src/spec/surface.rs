//! The bundle as a short text: what a refreshed document changes shows here.
//!
//! One fact a line, in the order of the documents. Prose is left out, except
//! the reasons of rules, which authors of manifests read.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::shared::operations;

/// Lists operations, parameters, schemas, rules and tables.
pub(super) fn list(bundle: &Value) -> String {
    let mut out = String::new();
    let info = |key| text(bundle.pointer("/info").and_then(|info| info.get(key)));
    line(
        &mut out,
        0,
        &format!("{} {}", info("title"), info("version")),
    );
    for server in array(bundle.get("servers")) {
        line(&mut out, 0, &format!("server {}", text(server.get("url"))));
    }
    for (path, method, operation) in operations(bundle) {
        list_operation(&mut out, path, method, operation);
    }
    let schemas = bundle.pointer("/components/schemas");
    for (name, schema) in object(schemas) {
        list_schema(&mut out, name, schema);
    }
    for (key, value) in object(Some(bundle)) {
        if key.starts_with("x-") {
            list_table(&mut out, key, value);
        }
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{:1$}{text}", "", depth * 2);
}

fn list_operation(out: &mut String, path: &str, method: &str, operation: &Value) {
    let id = text(operation.get("operationId"));
    let method = method.to_uppercase();
    line(out, 0, &format!("\n{method} {path} ({id})"));
    for parameter in array(operation.get("parameters")) {
        let required = parameter.get("required") == Some(&Value::Bool(true));
        let place = text(parameter.get("in"));
        let name = text(parameter.get("name"));
        let facts = facts(parameter.get("schema").unwrap_or(&Value::Null));
        line(
            out,
            1,
            &format!("{place} {name}{}: {facts}", mark(required)),
        );
    }
    let body = operation.pointer("/requestBody/content");
    for (media, entry) in object(body) {
        let facts = facts(entry.get("schema").unwrap_or(&Value::Null));
        line(out, 1, &format!("body {media}: {facts}"));
    }
    for (status, response) in object(operation.get("responses")) {
        for (media, entry) in object(response.get("content")) {
            let facts = facts(entry.get("schema").unwrap_or(&Value::Null));
            line(out, 1, &format!("{status} {media}: {facts}"));
        }
    }
}

fn list_schema(out: &mut String, name: &str, schema: &Value) {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let closed = if closed { ", closed" } else { "" };
    line(out, 0, &format!("\n{name}: {}{closed}", facts(schema)));
    let required = array(schema.get("required"));
    for (field, inner) in object(schema.get("properties")) {
        let required = required.iter().any(|name| name == field);
        line(
            out,
            1,
            &format!("{field}{}: {}", mark(required), facts(inner)),
        );
    }
    for rule in array(schema.get("allOf")) {
        line(out, 1, &format!("rule: {}", text(rule.get("description"))));
        for key in ["if", "then", "else"] {
            if let Some(part) = rule.get(key) {
                line(out, 2, &format!("{key} {part}"));
            }
        }
    }
    for (key, value) in object(Some(schema)) {
        if key.starts_with("x-") {
            line(out, 1, &format!("{key}: {value}"));
        }
    }
}

fn list_table(out: &mut String, key: &str, value: &Value) {
    line(out, 0, &format!("\n{key}"));
    for (name, entry) in object(Some(value)) {
        line(out, 1, &format!("{name}: {entry}"));
    }
    for entry in array(Some(value)) {
        let fields = object(Some(entry)).map(|(_, value)| text(Some(value)));
        line(out, 1, &fields.collect::<Vec<_>>().join(" | "));
    }
}

/// Type, reference and limits of a schema on one line.
fn facts(schema: &Value) -> String {
    const SAID_ELSEWHERE: [&str; 8] = [
        "description",
        "properties",
        "required",
        "additionalProperties",
        "allOf",
        "examples",
        "type",
        "items",
    ];
    let mut facts = types(schema);
    for (key, value) in object(Some(schema)) {
        match key.as_str() {
            "$ref" => facts.push(
                text(Some(value))
                    .rsplit('/')
                    .next()
                    .unwrap_or("")
                    .to_owned(),
            ),
            "oneOf" | "anyOf" => {
                let choices = array(Some(value)).iter().map(self::facts);
                facts.push(format!("{key} {}", choices.collect::<Vec<_>>().join(" | ")));
            }
            "items" => facts.push(format!("of ({})", self::facts(value))),
            key if SAID_ELSEWHERE.contains(&key) || key.starts_with("x-") => {}
            key => facts.push(format!("{key} {value}")),
        }
    }
    if facts.is_empty() {
        "anything".to_owned()
    } else {
        facts.join(", ")
    }
}

/// The types that a schema names, as one fact.
fn types(schema: &Value) -> Vec<String> {
    match schema.get("type") {
        None => Vec::new(),
        Some(Value::String(one)) => vec![one.clone()],
        several => {
            let names = array(several).iter().map(|name| text(Some(name)));
            vec![names.collect::<Vec<_>>().join(" or ")]
        }
    }
}

/// A star marks what is required.
fn mark(required: bool) -> &'static str {
    if required { "*" } else { "" }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.and_then(Value::as_object).unwrap_or(&NONE).iter()
}
