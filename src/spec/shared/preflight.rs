//! What the generator cannot take, said in a sentence before it is asked.
//!
//! progenitor panics on some legal documents and silently mistakes others.
//! Each check here stands for one such case that was met or read in its
//! source. Runs on the merged bundle, and names the document that an operation
//! or component came from.

use serde_json::Value;

use super::error::{SpecError, child};
use super::refs::resolve;
use super::{Document, METHODS, operations, owner};

/// Refuses a bundle that the generator would choke on.
///
/// `documents` are the parts of the bundle; they only serve to name the file.
pub fn preflight(documents: &[Document], bundle: &Value) -> Result<(), SpecError> {
    check_paths(documents, bundle)?;
    for (path, method, operation) in operations(bundle) {
        let place = child(&child("/paths", path), method);
        let site = Site {
            bundle,
            document: owner(documents, &place),
            place,
        };
        site.check_id(operation)?;
        site.check_parameters(path, operation)?;
        site.check_request(operation)?;
        site.check_responses(operation)?;
    }
    for section in ["schemas", "parameters", "requestBodies", "responses"] {
        let path = child("/components", section);
        let entries = bundle.pointer(&path).and_then(Value::as_object);
        for (name, entry) in entries.into_iter().flatten() {
            let place = child(&path, name);
            let document = owner(documents, &place);
            check_types(document, &place, entry)?;
        }
    }
    Ok(())
}

fn check_paths(documents: &[Document], bundle: &Value) -> Result<(), SpecError> {
    let paths = bundle.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let place = child("/paths", path);
        let refuse = |step: &str, reason: String| {
            let place = child(&place, step);
            Err(SpecError::new(owner(documents, &place), place, reason))
        };
        for (key, value) in item.as_object().into_iter().flatten() {
            match key.as_str() {
                "summary" | "description" | "servers" => {}
                key if METHODS.contains(&key) || key.starts_with("x-") => {}
                "parameters" if value.as_array().is_some_and(Vec::is_empty) => {}
                "parameters" => {
                    let reason = "write parameters at the operation, not at the path";
                    return refuse(key, reason.to_owned());
                }
                _ => return refuse(key, format!("{key} is no method that the generator knows")),
            }
        }
    }
    Ok(())
}

/// One operation under examination.
struct Site<'v> {
    bundle: &'v Value,
    document: &'v str,
    place: String,
}

impl Site<'_> {
    fn refuse<T>(&self, step: &str, reason: impl Into<String>) -> Result<T, SpecError> {
        let place = if step.is_empty() {
            self.place.clone()
        } else {
            format!("{}/{step}", self.place)
        };
        Err(SpecError::new(self.document, place, reason))
    }

    fn check_id(&self, operation: &Value) -> Result<(), SpecError> {
        match operation.get("operationId").and_then(Value::as_str) {
            Some(id) if !id.is_empty() => Ok(()),
            _ => self.refuse(
                "",
                "the operation has no operationId, which names its method",
            ),
        }
    }

    fn check_parameters(&self, path: &str, operation: &Value) -> Result<(), SpecError> {
        let list = operation.get("parameters").and_then(Value::as_array);
        let mut in_path = Vec::new();
        for (at, written) in list.into_iter().flatten().enumerate() {
            let step = format!("parameters/{at}");
            let Some(parameter) = resolve(self.bundle, written) else {
                return self.refuse(&step, "the reference leads nowhere");
            };
            let text = |key: &str| parameter.get(key).and_then(Value::as_str);
            let name = text("name").unwrap_or_default();
            if parameter.get("schema").is_none() {
                return self.refuse(&step, format!("the parameter {name} needs a schema"));
            }
            match (text("in"), text("style")) {
                (Some("query"), None | Some("form")) | (Some("header"), None | Some("simple")) => {}
                (Some("path"), None | Some("simple")) => {
                    if parameter.get("required") != Some(&Value::Bool(true)) {
                        return self
                            .refuse(&step, format!("the path parameter {name} must be required"));
                    }
                    in_path.push(name);
                }
                (Some(place @ ("query" | "header" | "path")), Some(style)) => {
                    return self.refuse(
                        &step,
                        format!("the generator has no style {style} for a {place} parameter"),
                    );
                }
                (None, _) => {
                    return self.refuse(&step, format!("the parameter {name} has no place"));
                }
                (Some(place), _) => {
                    return self.refuse(&step, format!("the generator takes no {place} parameter"));
                }
            }
        }
        self.check_template(path, &in_path)
    }

    /// The names in `/a/{b}` and the path parameters must be the same.
    fn check_template(&self, path: &str, declared: &[&str]) -> Result<(), SpecError> {
        let mut named = Vec::new();
        let mut rest = path;
        while let Some((_, tail)) = rest.split_once('{') {
            let Some((name, tail)) = tail.split_once('}') else {
                return self.refuse(
                    "",
                    format!("the path {path} opens a brace and never closes it"),
                );
            };
            named.push(name);
            rest = tail;
        }
        if let Some(name) = named.iter().find(|name| !declared.contains(name)) {
            return self.refuse(
                "",
                format!("the path names {name}, and no parameter describes it"),
            );
        }
        match declared.iter().find(|name| !named.contains(name)) {
            Some(name) => self.refuse("", format!("the path parameter {name} is not in the path")),
            None => Ok(()),
        }
    }

    fn check_request(&self, operation: &Value) -> Result<(), SpecError> {
        let Some(written) = operation.get("requestBody") else {
            return Ok(());
        };
        let body = resolve(self.bundle, written);
        let content = body.and_then(|body| body.get("content")?.as_object());
        let Some(content) = content.filter(|content| !content.is_empty()) else {
            return self.refuse("requestBody", "the request body has no content");
        };
        if content.len() > 1 {
            let media: Vec<_> = content.keys().map(String::as_str).collect();
            return self.refuse(
                "requestBody/content",
                format!(
                    "the generator takes one media type, not {}",
                    media.join(" and ")
                ),
            );
        }
        for (media, entry) in content {
            if bare(media) != "application/json" {
                return self.refuse(
                    "requestBody/content",
                    format!("this program sends JSON; it has no body of type {media}"),
                );
            }
            if entry.get("schema").is_none() {
                return self.refuse("requestBody/content", "the request body has no schema");
            }
            if entry.get("encoding").is_some() {
                return self.refuse("requestBody/content", "the generator reads no encoding");
            }
        }
        Ok(())
    }

    fn check_responses(&self, operation: &Value) -> Result<(), SpecError> {
        let responses = operation.get("responses").and_then(Value::as_object);
        let mut good = Vec::new();
        let mut bad = Vec::new();
        for (status, written) in responses.into_iter().flatten() {
            let step = format!("responses/{status}");
            let Some(response) = resolve(self.bundle, written) else {
                return self.refuse(&step, "the reference leads nowhere");
            };
            let numeric = status.len() == 3 && status.starts_with(|c: char| c.is_ascii_digit());
            if status != "default" && !numeric {
                return self.refuse(&step, format!("{status} is no HTTP status"));
            }
            let body = self.body_of(&step, response)?;
            if status == "default" || status.starts_with('2') {
                good.push(body.clone());
            }
            if status == "default" || status.starts_with(['4', '5']) {
                bad.push(body);
            }
        }
        if good.is_empty() {
            return self.refuse("responses", "no response describes success");
        }
        for (kind, bodies) in [("success", good), ("failure", bad)] {
            if bodies.iter().any(|body| body != &bodies[0]) {
                return self.refuse(
                    "responses",
                    format!("the generator takes one body for {kind}, and there are several"),
                );
            }
        }
        Ok(())
    }

    /// What the generator makes of a response: nothing, bytes, or a schema.
    fn body_of(&self, step: &str, response: &Value) -> Result<Option<Value>, SpecError> {
        let content = response.get("content").and_then(Value::as_object);
        let Some(content) = content.filter(|content| !content.is_empty()) else {
            return Ok(None);
        };
        let json = content
            .iter()
            .find(|(media, _)| bare(media) == "application/json");
        match json {
            None => Ok(Some(Value::Null)),
            Some((_, entry)) => match entry.get("schema") {
                Some(schema) => Ok(Some(schema.clone())),
                None => self.refuse(step, "the JSON response has no schema"),
            },
        }
    }
}

/// A media type without its parameters.
fn bare(media: &str) -> &str {
    media.split(';').next().unwrap_or(media).trim()
}

/// Refuses a `type` that JSON Schema does not have, and a name that cannot be one.
fn check_types(document: &str, place: &str, schema: &Value) -> Result<(), SpecError> {
    const TYPES: [&str; 7] = [
        "string", "integer", "number", "boolean", "object", "array", "null",
    ];
    let Some(map) = schema.as_object() else {
        return Ok(());
    };
    for (key, value) in map {
        let here = child(place, key);
        match (key.as_str(), value) {
            ("type", Value::String(_) | Value::Array(_)) => {
                let listed = value
                    .as_array()
                    .map_or(std::slice::from_ref(value), Vec::as_slice);
                let strange = listed
                    .iter()
                    .find(|name| !name.as_str().is_some_and(|name| TYPES.contains(&name)));
                if let Some(name) = strange {
                    let reason = format!("{name} is no type of JSON Schema");
                    return Err(SpecError::new(document, here, reason));
                }
            }
            ("properties", Value::Object(fields)) => {
                for (name, field) in fields {
                    check_types(document, &child(&here, name), field)?;
                }
            }
            ("items" | "additionalProperties" | "schema", field) => {
                check_types(document, &here, field)?;
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(list)) => {
                for (at, field) in list.iter().enumerate() {
                    check_types(document, &child(&here, &at.to_string()), field)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
