//! The JSON Schemas of `report.json` and of event lines, made from their types.
//!
//! Owns the dialect. Closed on purpose (`additionalProperties: false`): the tests hold
//! what is written to it, and a field that is added changes it in the same commit.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::{Line, Report};
use crate::diff::Diff;

/// The report's schema, JSON Schema 2020-12, as `runner schema report` prints it.
pub fn report_schema() -> Value {
    schema::<Report>("runner report")
}

/// The schema of one line of `--progress json`, as `runner schema events` prints it.
pub fn events_schema() -> Value {
    schema::<Line>("runner event")
}

/// The schema of `runner diff --format json`, as `runner schema diff` prints it.
pub fn diff_schema() -> Value {
    schema::<Diff>("runner diff")
}

/// Of what is written, not of what is understood: every field is always there.
fn schema<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(schemars::transform::RecursiveTransform(flow))
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), json!(title));
    schema.into()
}

/// Comments are broken into lines where the source ends, which means nothing to
/// whoever reads the schema.
fn flow(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}
