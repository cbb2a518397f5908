//! Each way in which documents can be unusable, and what lowering leaves.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Document;
use super::lower::lower;
use super::merge::merge;
use super::preflight::preflight;

/// A document with one operation and whatever `change` does to it.
fn document(name: &str, change: impl FnOnce(&mut Value)) -> Document {
    let mut value = json!({
        "openapi": "3.1.0",
        "info": { "title": "Toy", "version": "1" },
        "paths": { "/toys": { "post": {
            "operationId": "makeToy",
            "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Toy" } } } },
            "responses": { "200": { "description": "made", "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Made" } } } } },
        } } },
        "components": { "schemas": {
            "Toy": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" } } },
            "Made": { "type": "object", "properties": {
                "id": { "type": ["string", "integer"] } } },
        } },
    });
    change(&mut value);
    (name.to_owned(), value)
}

fn operation(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/toys"]["post"]
}

/// The sentence that a set of documents ends with, if any.
fn verdict(documents: &[Document]) -> String {
    let checked = merge(documents).and_then(|bundle| {
        preflight(documents, &bundle)?;
        lower(&bundle)
    });
    checked.map_or_else(|error| error.to_string(), |_| "fine".to_owned())
}

fn one(change: impl FnOnce(&mut Value)) -> String {
    verdict(&[document("toys.yaml", change)])
}

#[test]
fn one_document_is_fine() {
    assert_eq!(one(|_| {}), "fine");
}

#[test]
fn documents_that_do_not_merge() {
    let plain = || document("a.yaml", |_| {});
    let verdicts = [
        one(|d| d["openapi"] = json!("3.0.3")),
        one(|d| *d = json!("text")),
        verdict(&[("shared.yaml".to_owned(), json!({ "openapi": "3.1.0" }))]),
        one(|d| {
            d["components"]["schemas"]["Toy"]["properties"]["size"] =
                json!({ "$ref": "#/components/schemas/Size" })
        }),
        one(|d| {
            d["components"]["schemas"]["Toy"]["properties"]["size"] =
                json!({ "$ref": "other.yaml#/components/schemas/Size" })
        }),
        one(|d| {
            d["components"]["schemas"]["Toy"]["properties"]["size"] =
                json!({ "$ref": "#/paths/~1toys" })
        }),
        one(|d| {
            d["components"]["schemas"]["Toy"]["properties"]["size"] = json!({ "$ref": "Size" })
        }),
        verdict(&[
            plain(),
            document("b.yaml", |d| {
                d["components"]["schemas"]["Toy"]["title"] = json!("T")
            }),
        ]),
        verdict(&[
            plain(),
            document("b.yaml", |d| d["info"]["version"] = json!("2")),
        ]),
        verdict(&[
            plain(),
            document("b.yaml", |d| operation(d)["operationId"] = json!("other")),
        ]),
        verdict(&[
            plain(),
            document("b.yaml", |d| {
                operation(d)["responses"]["200"]["description"] = json!("other")
            }),
        ]),
        verdict(&[plain(), plain()]),
        verdict(&[
            plain(),
            document("b.yaml", |d| {
                operation(d)["requestBody"]["content"] = json!({ "text/plain": { "schema": {} } })
            }),
        ]),
        verdict(&[
            plain(),
            document("b.yaml", |d| {
                operation(d)["requestBody"]["content"]["application/json"] = json!({})
            }),
        ]),
        verdict(&[
            plain(),
            document("b.yaml", |d| {
                let item = d["paths"]["/toys"].take();
                d["paths"] = json!({ "/games": item });
            }),
        ]),
    ];
    assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn documents_that_the_generator_cannot_take() {
    let parameter = |parameter: Value| one(|d| operation(d)["parameters"] = json!([parameter]));
    let text = json!({ "type": "string" });
    let verdicts = [
        one(|d| {
            drop(
                operation(d)
                    .as_object_mut()
                    .map(|o| o.remove("operationId")),
            )
        }),
        one(|d| d["paths"]["/toys"]["query"] = json!({})),
        one(|d| d["paths"]["/toys"]["$ref"] = json!("#/components/pathItems/Toys")),
        one(|d| {
            d["paths"]["/toys"]["parameters"] =
                json!([{ "name": "a", "in": "query", "schema": text }])
        }),
        parameter(json!({ "name": "a", "in": "cookie", "schema": text })),
        parameter(json!({ "name": "a", "in": "query" })),
        parameter(json!({ "name": "a", "in": "query", "style": "deepObject", "schema": text })),
        parameter(json!({ "name": "a", "in": "path", "schema": text })),
        parameter(json!({ "name": "a", "in": "path", "required": true, "schema": text })),
        one(|d| {
            let item = d["paths"]["/toys"].take();
            d["paths"] = json!({ "/toys/{id}": item });
        }),
        one(|d| operation(d)["requestBody"]["content"]["text/plain"] = json!({ "schema": text })),
        one(|d| {
            operation(d)["requestBody"]["content"] =
                json!({ "multipart/form-data": { "schema": text } })
        }),
        one(|d| operation(d)["requestBody"]["content"] = json!({})),
        one(|d| operation(d)["requestBody"]["content"]["application/json"] = json!({})),
        one(|d| operation(d)["requestBody"]["content"]["application/json"]["encoding"] = json!({})),
        one(|d| operation(d)["responses"] = json!({})),
        one(|d| operation(d)["responses"]["ok"] = json!({})),
        one(|d| operation(d)["responses"]["201"] = json!({ "description": "nothing" })),
        one(|d| {
            operation(d)["responses"]["400"] = json!({ "description": "nothing" });
            operation(d)["responses"]["500"] =
                json!({ "description": "text", "content": { "text/plain": {} } });
        }),
        one(|d| operation(d)["responses"]["200"]["content"]["application/json"] = json!({})),
        one(|d| d["components"]["schemas"]["Toy"]["properties"]["name"]["type"] = json!("text")),
    ];
    assert!(!verdicts.iter().any(|verdict| verdict == "fine"));
    assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn equal_components_merge_and_bodies_become_one_of() {
    let other = document("b.yaml", |d| {
        d["components"]["schemas"]["Car"] = json!({ "type": "object" });
        operation(d)["description"] = json!("Cars too.");
        operation(d)["requestBody"]["content"]["application/json"]["schema"] =
            json!({ "$ref": "#/components/schemas/Car" });
    });
    let third = document("c.yaml", |d| {
        d["components"]["schemas"]["Kite"] = json!({ "type": "object" });
        operation(d)["requestBody"]["content"]["application/json"]["schema"] =
            json!({ "$ref": "#/components/schemas/Kite" });
    });
    let bundle = merge(&[document("a.yaml", |_| {}), other, third]).expect("the toys merge");
    let schema = bundle.pointer("/paths/~1toys/post/requestBody/content/application~1json/schema");
    let choices = json!({ "oneOf": [
        { "$ref": "#/components/schemas/Toy" },
        { "$ref": "#/components/schemas/Car" },
        { "$ref": "#/components/schemas/Kite" },
    ] });
    assert_eq!(schema, Some(&choices));
}

#[test]
fn references_to_other_documents_become_local() {
    let shared = json!({ "openapi": "3.1.0", "components": { "schemas": {
        "Size": { "type": "integer" } } } });
    let toys = document("toys.yaml", |d| {
        d["components"]["schemas"]["Toy"]["properties"]["size"] =
            json!({ "$ref": "./shared.yaml#/components/schemas/Size" });
    });
    let bundle = merge(&[("shared.yaml".to_owned(), shared), toys]).expect("the toys merge");
    let size = bundle.pointer("/components/schemas/Toy/properties/size/$ref");
    assert_eq!(size, Some(&json!("#/components/schemas/Size")));
}

#[test]
fn lowering_keeps_the_shape_and_drops_the_rules() {
    let toys = document("toys.yaml", |d| {
        d["x-table"] = json!({});
        operation(d)["parameters"] = json!([
            { "name": "Content-Type", "in": "header", "schema": { "type": "string" } },
            { "name": "id", "in": "query", "schema": { "type": ["integer", "string"] } },
        ]);
        d["components"]["schemas"]["Toy"] = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "x-note": 1,
            "examples": [{ "name": "bear" }],
            "properties": {
                "name": { "type": "string", "maxLength": 9, "pattern": "^a", "enum": ["a"] },
                "kind": { "const": "toy", "type": "string", "default": "toy" },
                "x-ray": { "type": ["boolean", "null"] },
                "gone": false,
            },
            "allOf": [{ "description": "Why.", "if": true, "then": { "required": ["kind"] } }],
        });
        d["components"]["schemas"]["Made"] = json!({
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
                "id": { "type": ["string", "integer"], "format": "int64" },
                "state": { "type": "string", "enum": ["on", "off"] },
                "at": { "type": "string", "format": "date-time" },
            },
        });
    });
    let bundle = merge(&[toys]).expect("the toys merge");
    insta::assert_json_snapshot!(lower(&bundle).expect("the bundle lowers"));
}
