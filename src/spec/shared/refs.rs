//! `$ref`: checked against the documents, and rewritten to point into the bundle.

use serde_json::Value;

use super::Document;
use super::error::{SpecError, child};

/// Checks every `$ref` of one document and points all of them into the bundle.
///
/// A reference is `#/…` or `other.yaml#/…`. Where it leads must exist, in that
/// document: a name that happens to be defined elsewhere does not count.
pub fn localise(
    documents: &[Document],
    name: &str,
    value: &Value,
    path: &str,
) -> Result<Value, SpecError> {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| {
                let here = child(path, key);
                let inner = match (key.as_str(), inner) {
                    ("$ref", Value::String(target)) => {
                        Value::String(bundle_ref(documents, name, target, &here)?)
                    }
                    _ => localise(documents, name, inner, &here)?,
                };
                Ok((key.clone(), inner))
            })
            .collect::<Result<_, _>>()
            .map(Value::Object),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, inner)| localise(documents, name, inner, &child(path, &at.to_string())))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        scalar => Ok(scalar.clone()),
    }
}

/// The reference as it reads in the bundle, after a look at what it points to.
fn bundle_ref(
    documents: &[Document],
    name: &str,
    target: &str,
    here: &str,
) -> Result<String, SpecError> {
    let refuse = |reason: String| Err(SpecError::new(name, here, reason));
    let Some((file, pointer)) = target.split_once('#') else {
        return refuse(format!(
            "the reference {target} names no place in a document"
        ));
    };
    let file = file.strip_prefix("./").unwrap_or(file);
    let wanted = if file.is_empty() { name } else { file };
    let Some((_, document)) = documents.iter().find(|(other, _)| other == wanted) else {
        return refuse(format!(
            "the reference {target} names a document that is not here"
        ));
    };
    if !pointer.starts_with("/components/") {
        return refuse(format!(
            "the reference {target} points outside of components, which the generator cannot follow"
        ));
    }
    if document.pointer(pointer).is_none() {
        return refuse(format!("the reference {target} points to nothing"));
    }
    Ok(format!("#{pointer}"))
}

/// Follows a `$ref` within a bundle, and the references that it leads to.
///
/// Gives back a value without `$ref`, or nothing for a reference that dangles
/// or runs in a circle.
pub fn resolve<'v>(bundle: &'v Value, value: &'v Value) -> Option<&'v Value> {
    let mut at = value;
    // Longer chains than this exist only as circles.
    for _ in 0..32 {
        match at.get("$ref").and_then(Value::as_str) {
            None => return Some(at),
            Some(target) => at = bundle.pointer(target.strip_prefix('#')?)?,
        }
    }
    None
}
