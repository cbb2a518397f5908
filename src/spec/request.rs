//! One mode's request schema, compiled once: validator, fields, rules, defaults.
//!
//! Reads the schema the way `openapi/README.md` says rules are written. It
//! never words a message.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::mode::Mode;
use super::shared::error::{SpecError, child};
use super::shared::refs::resolve;
use super::shared::{BUNDLE, vocabulary};

/// The compiled request schema of one mode.
#[derive(Debug)]
pub(super) struct RequestSchema {
    pub(super) mode: Mode,
    /// The schema that `validator` was compiled from; error paths lead into it.
    pub(super) schema: Value,
    pub(super) validator: Validator,
    /// The fields, each with what it refers to written out.
    pub(super) properties: Map<String, Value>,
    pub(super) models: Vec<String>,
    pub(super) camera_models: Vec<String>,
    pub(super) retired_models: Vec<String>,
    pub(super) output_seconds: Option<u32>,
    pub(super) output_resolution: Option<String>,
    rules: Vec<Rule>,
}

/// One `if`/`then` of a schema's `allOf`.
#[derive(Debug)]
struct Rule {
    condition: Validator,
    then: Map<String, Value>,
}

impl RequestSchema {
    pub(super) fn compile(bundle: &Value, mode: Mode) -> Result<Self, SpecError> {
        let component = mode.component();
        let place = child("/components/schemas", component);
        let refuse = |reason: String| SpecError::new(BUNDLE, &place, reason);
        let models = vocabulary::models(bundle, component)?;
        let written = bundle.pointer(&place).unwrap_or(&Value::Null);
        let schema = standalone(bundle, written);
        let validator = compile(&schema).map_err(&refuse)?;
        let properties = resolved_properties(bundle, written);
        let seconds = written.get("x-output-seconds").and_then(Value::as_u64);
        let resolution = written.get("x-output-resolution").and_then(Value::as_str);
        Ok(Self {
            mode,
            models,
            camera_models: texts(written.get("x-camera-models")),
            retired_models: texts(written.get("x-retired-models")),
            output_seconds: seconds.and_then(|seconds| u32::try_from(seconds).ok()),
            output_resolution: resolution.map(str::to_owned),
            rules: rules(bundle, written).map_err(refuse)?,
            schema,
            validator,
            properties,
        })
    }

    /// The values that the base schema lists for a field.
    pub(super) fn choices(&self, field: &str) -> &[Value] {
        let listed = self.properties.get(field).and_then(|f| f.get("enum"));
        listed.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The default of a field: the base's, or that of the last rule for this model.
    pub(super) fn default_for(&self, model: &str, field: &str) -> Option<&Value> {
        let mut found = self.properties.get(field)?.get("default");
        let speaks = |rule: &&Rule| rule.then.contains_key(field);
        if self.rules.iter().any(|rule| speaks(&rule)) {
            let request = json!({ "model": model });
            let holding = self.rules.iter().filter(speaks);
            for rule in holding.filter(|rule| rule.condition.is_valid(&request)) {
                match rule.then.get(field) {
                    Some(Value::Bool(false)) => return None,
                    Some(then) => found = then.get("default").or(found),
                    None => {}
                }
            }
        }
        found
    }

    /// What a field amounts to: its value in the body, or its default for the body's model.
    pub(super) fn effective<'v>(&'v self, body: &'v Value, field: &str) -> Option<&'v Value> {
        let model = body.get("model").and_then(Value::as_str);
        body.get(field)
            .or_else(|| self.default_for(model.unwrap_or_default(), field))
    }
}

/// A component as a schema of its own, with the components it may refer to.
fn standalone(bundle: &Value, schema: &Value) -> Value {
    let mut root = schema.as_object().cloned().unwrap_or_default();
    root.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    let schemas = bundle.pointer("/components/schemas").cloned();
    root.insert("components".to_owned(), json!({ "schemas": schemas }));
    Value::Object(root)
}

/// Compiles a schema; patterns run in linear time, as prompts and images are long.
fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::draft202012::options()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("this is no valid JSON Schema: {error}"))
}

fn rules(bundle: &Value, schema: &Value) -> Result<Vec<Rule>, String> {
    let entries = schema.get("allOf").and_then(Value::as_array);
    let mut rules = Vec::new();
    for entry in entries.into_iter().flatten() {
        let (Some(condition), Some(then)) = (
            entry.get("if"),
            entry.pointer("/then/properties").and_then(Value::as_object),
        ) else {
            continue;
        };
        rules.push(Rule {
            condition: compile_condition(bundle, condition)?,
            then: then.clone(),
        });
    }
    Ok(rules)
}

/// Conditions rarely refer to anything; only those that do carry the components.
fn compile_condition(bundle: &Value, condition: &Value) -> Result<Validator, String> {
    if condition.to_string().contains("\"$ref\"") {
        compile(&standalone(bundle, condition))
    } else {
        compile(condition)
    }
}

fn resolved_properties(bundle: &Value, schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let fields = properties.into_iter().flatten();
    fields
        .map(|(name, field)| (name.clone(), written_out(bundle, field)))
        .collect()
}

/// A field with the keywords of what it refers to under its own.
fn written_out(bundle: &Value, field: &Value) -> Value {
    let Some(target) = resolve(bundle, field).and_then(Value::as_object) else {
        return field.clone();
    };
    let mut out = target.clone();
    for (key, value) in field.as_object().into_iter().flatten() {
        if key != "$ref" {
            out.insert(key.clone(), value.clone());
        }
    }
    Value::Object(out)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}
