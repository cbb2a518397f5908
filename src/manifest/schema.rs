//! The manifest's own JSON Schema, and the request fields that it lets authors write.
//!
//! Owns the one schema that editors get and that `validate` uses. What is ours
//! stands in `manifest.schema.json`; what is the API's (models, resolutions,
//! lengths, every scalar field of a request, camera commands) comes from the
//! documents at run time and is never repeated here.

use serde_json::{Map, Value, json};

use crate::diag::{Code, Level};
use crate::spec::{Mode, Spec};

const OWN: &str = include_str!("manifest.schema.json");

/// Marks the schema of a request field, whose values `check` judges with better reasons.
pub(crate) const REQUEST_FIELD: &str = "x-request-field";

/// Lists, in the schema of included files, the keys that only manifests have.
pub(crate) const OF_RUN: &str = "x-of-run";

/// The keys of a manifest that an included file may have as well.
const OF_PARTS: [&str; 9] = [
    "version",
    "include",
    "vars",
    "fragments",
    "characters",
    "looks",
    "overrides",
    "scenes",
    "shots",
];

/// What a template looks like to a schema.
const TEMPLATE_PATTERN: &str = "\\{[{%]";

/// A field of a request that authors may set, as the documents have it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestField {
    /// Its name, in the documents and in the manifest.
    pub name: String,
    /// One schema, or several where the modes differ.
    pub schemas: Vec<Value>,
}

impl RequestField {
    /// Whether some mode gives the field this JSON type.
    pub fn has_type(&self, name: &str) -> bool {
        self.schemas
            .iter()
            .any(|schema| types(schema).any(|t| t == name))
    }
}

/// Every scalar request field once, in the order of the modes. Pictures have
/// keys of their own, and the `callback_url` of each creation comes from `callback`.
pub fn request_fields(spec: &Spec) -> Vec<RequestField> {
    let mut fields: Vec<RequestField> = Vec::new();
    for mode in Mode::ALL {
        for name in spec.fields(mode) {
            let Some(schema) = spec
                .field(mode, name)
                .filter(|schema| is_setting(name, schema))
            else {
                continue;
            };
            match fields.iter_mut().find(|field| field.name == name) {
                Some(field) => field.add(schema),
                None => fields.push(RequestField {
                    name: name.to_owned(),
                    schemas: vec![schema.clone()],
                }),
            }
        }
    }
    fields
}

fn is_setting(name: &str, schema: &Value) -> bool {
    const SCALARS: [&str; 4] = ["string", "integer", "number", "boolean"];
    name != "callback_url"
        && schema.get("x-image").is_none()
        && types(schema).all(|t| SCALARS.contains(&t))
        && types(schema).next().is_some()
}

fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let named = schema.get("type");
    let many = named
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    named.into_iter().chain(many).filter_map(Value::as_str)
}

impl RequestField {
    /// Joins the choices of two modes, so that editors offer each once.
    fn add(&mut self, schema: &Value) {
        if self.schemas.contains(schema) {
            return;
        }
        let choices = |schema: &Value| schema.get("enum").and_then(Value::as_array).cloned();
        let (Some(first), Some(more)) = (self.schemas.first_mut(), choices(schema)) else {
            self.schemas.push(schema.clone());
            return;
        };
        let Some(mut all) = choices(first) else {
            self.schemas.push(schema.clone());
            return;
        };
        let new: Vec<Value> = more
            .into_iter()
            .filter(|value| !all.contains(value))
            .collect();
        all.extend(new);
        first["enum"] = Value::Array(all);
    }

    fn schema(&self) -> Value {
        let described = self
            .schemas
            .iter()
            .find_map(|schema| schema.get("description"));
        let mut choices = self.schemas.clone();
        choices.push(json!({ "type": "string", "pattern": TEMPLATE_PATTERN }));
        let mut schema = json!({
            "title": self.name,
            "anyOf": choices,
            "x-expected": self.expected(),
        });
        schema[REQUEST_FIELD] = Value::Bool(true);
        if let Some(description) = described {
            schema["description"] = description.clone();
        }
        schema
    }

    fn expected(&self) -> &'static str {
        if self.has_type("integer") || self.has_type("number") {
            "a number"
        } else if self.has_type("boolean") {
            "true or false"
        } else {
            "a text"
        }
    }
}

/// The whole schema, draft 2020-12; `runner schema manifest` prints it.
pub fn manifest_schema(spec: &Spec) -> Value {
    let mut schema: Value = serde_json::from_str(OWN).expect("a test reads manifest.schema.json");
    let fields = request_fields(spec);
    for (place, unset) in [
        ("/$defs/shot/properties", true),
        ("/$defs/override/properties", true),
        ("/$defs/defaults/properties", false),
        ("/$defs/look/properties", false),
    ] {
        if let Some(Value::Object(properties)) = schema.pointer_mut(place) {
            insert_fields(properties, &fields, unset);
        }
    }
    schema["properties"]["lints"]["properties"] = lints();
    if let Some(choices) = schema.pointer_mut("/$defs/camera_command/anyOf/0/enum") {
        *choices = camera_names(spec);
    }
    for (key, values) in [
        ("resolution", choices(&fields, "resolution")),
        ("model", choices(&fields, "model")),
        ("duration", choices(&fields, "duration")),
    ] {
        // Offered, not required: a gateway sells what no document lists.
        let place = format!("/$defs/price/properties/{key}");
        if let Some(property) = schema.pointer_mut(&place) {
            property["examples"] = values;
        }
    }
    schema
}

/// The schema of what a manifest includes: its parts, and nothing of a run.
pub(crate) fn of_parts(manifest: &Value) -> Value {
    let mut schema = manifest.clone();
    let Some(object) = schema.as_object_mut() else {
        return schema;
    };
    object.remove("required");
    object.remove("anyOf");
    object.insert("x-expected".into(), "a mapping with parts of a film".into());
    let mut of_run = Vec::new();
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.retain(|key, _| {
            let stays = OF_PARTS.contains(&key.as_str());
            of_run.extend((!stays).then(|| Value::from(key.as_str())));
            stays
        });
    }
    object.insert(OF_RUN.into(), of_run.into());
    schema
}

/// On a shot, `null` takes a default away.
fn insert_fields(properties: &mut Map<String, Value>, fields: &[RequestField], unset: bool) {
    for field in fields {
        let mut schema = field.schema();
        if unset && let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
            choices.push(json!({
                "type": "null",
                "description": "Leaves the value of `defaults` out.",
            }));
        }
        properties.insert(field.name.clone(), schema);
    }
}

/// Every kind of mistake that may be a warning, with the level it may get.
fn lints() -> Value {
    let levels: Vec<&str> = Level::ALL.map(Level::as_str).to_vec();
    let lints = Code::ALL.iter().filter(|code| code.is_lint());
    let property = |code: &Code| {
        let level = json!({
            "title": code.as_str(),
            "description": format!("{}. `runner explain {code}` says more.", code.title()),
            "enum": levels,
        });
        (code.as_str().to_owned(), level)
    };
    Value::Object(lints.map(property).collect())
}

fn camera_names(spec: &Spec) -> Value {
    let commands = spec.camera_commands().iter();
    let english = commands.clone().map(|command| command.en.as_str());
    let chinese = commands.map(|command| command.zh.as_str());
    english.chain(chinese).collect()
}

fn choices(fields: &[RequestField], name: &str) -> Value {
    let field = fields.iter().find(|field| field.name == name);
    let values = field
        .into_iter()
        .flat_map(|field| &field.schemas)
        .filter_map(|schema| schema.get("enum").and_then(Value::as_array));
    values.flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{manifest_schema, request_fields};
    use crate::spec::Spec;

    #[test]
    fn fields_come_from_the_documents() {
        let fields = request_fields(Spec::bundled());
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        for name in [
            "model",
            "prompt",
            "duration",
            "resolution",
            "prompt_optimizer",
            "aigc_watermark",
        ] {
            assert!(names.contains(&name), "{name}");
        }
        for name in [
            "first_frame_image",
            "last_frame_image",
            "subject_reference",
            "callback_url",
        ] {
            assert!(!names.contains(&name), "{name}");
        }
        let duration = fields
            .iter()
            .find(|f| f.name == "duration")
            .expect("a field");
        assert!(duration.has_type("integer"));
    }

    #[test]
    fn the_schema_is_valid_and_described() {
        let schema = manifest_schema(Spec::bundled());
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        let mut models = Vec::new();
        collect(&schema["$defs"]["shot"]["properties"]["model"], &mut models);
        for model in Spec::bundled().all_models() {
            assert!(models.contains(&json!(model)), "{model}");
        }
        for place in [
            "",
            "/$defs/shot",
            "/$defs/scene",
            "/$defs/override",
            "/$defs/look",
            "/$defs/character",
            "/$defs/limits",
            "/$defs/output",
            "/$defs/defaults",
            "/$defs/backend",
            "/$defs/callback",
        ] {
            let properties = schema.pointer(&format!("{place}/properties"));
            for (key, value) in properties.and_then(Value::as_object).expect("properties") {
                let own = value.get("$ref").and_then(Value::as_str);
                let described = own.and_then(|r| schema.pointer(&r[1..])).unwrap_or(value);
                assert!(
                    value
                        .get("description")
                        .or(described.get("description"))
                        .is_some(),
                    "{key}"
                );
                assert!(
                    value.get("title").or(described.get("title")).is_some(),
                    "{key}"
                );
            }
        }
    }

    fn collect(schema: &Value, into: &mut Vec<Value>) {
        for choice in schema["anyOf"].as_array().into_iter().flatten() {
            into.extend(choice["enum"].as_array().into_iter().flatten().cloned());
        }
    }
}
