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

/// Puts a value at a JSON pointer; `@` stands for the one operation.
fn set(pointer: &str, value: Value) -> impl FnOnce(&mut Value) {
    let pointer = pointer.replace('@', "/paths/~1toys/post");
    move |document| {
        let (holder, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
        let holder = document.pointer_mut(holder).expect("the place is there");
        holder[key.replace("~1", "/")] = value;
    }
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
    let size = "/components/schemas/Toy/properties/size";
    let reference = |target: &str| one(set(size, json!({ "$ref": target })));
    let pair = |pointer: &str, value: Value| {
        let first = document("a.yaml", |_| {});
        verdict(&[first, document("b.yaml", set(pointer, value))])
    };
    let moved = |d: &mut Value| {
        let item = d["paths"]["/toys"].take();
        d["paths"] = json!({ "/games": item });
    };
    let shared = json!({ "openapi": "3.1.0" });
    let verdicts = [
        one(set("/openapi", json!("3.0.3"))),
        one(|d| *d = json!("text")),
        verdict(&[("shared.yaml".to_owned(), shared)]),
        one(set("/paths", json!([]))),
        reference("#/components/schemas/Size"),
        reference("other.yaml#/components/schemas/Size"),
        reference("#/paths/~1toys"),
        reference("Size"),
        pair("/components/schemas/Toy/title", json!("Bear")),
        pair("/info/version", json!("2")),
        pair("@/operationId", json!("other")),
        pair("@/responses/200/description", json!("other")),
        pair("/x-table", json!("the same body twice")),
        pair(
            "@/requestBody/content",
            json!({ "text/plain": { "schema": {} } }),
        ),
        pair("@/requestBody/content/application~1json", json!({})),
        verdict(&[document("a.yaml", |_| {}), document("b.yaml", moved)]),
    ];
    assert!(!verdicts.iter().any(|verdict| verdict == "fine"));
    assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn parameters_that_the_generator_cannot_take() {
    let text = json!({ "type": "string" });
    let parameter = |parameter: Value| one(set("@/parameters", json!([parameter])));
    let templated = |d: &mut Value| {
        let item = d["paths"]["/toys"].take();
        d["paths"] = json!({ "/toys/{id}": item });
    };
    let verdicts = [
        parameter(json!({ "name": "a", "in": "cookie", "schema": text })),
        parameter(json!({ "name": "a", "in": "query" })),
        parameter(json!({ "name": "a", "schema": text })),
        parameter(json!({ "name": "a", "in": "query", "style": "deepObject", "schema": text })),
        parameter(json!({ "name": "a", "in": "path", "schema": text })),
        parameter(json!({ "name": "a", "in": "path", "required": true, "schema": text })),
        one(templated),
        one(set(
            "/paths/~1toys/parameters",
            json!([{ "name": "a", "in": "query" }]),
        )),
    ];
    assert!(!verdicts.iter().any(|verdict| verdict == "fine"));
    assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn operations_that_the_generator_cannot_take() {
    let text = json!({ "schema": { "type": "string" } });
    let body = "@/requestBody/content";
    let two_failures = |d: &mut Value| {
        set("@/responses/400", json!({ "description": "nothing" }))(d);
        let bytes = json!({ "description": "text", "content": { "text/plain": {} } });
        set("@/responses/500", bytes)(d);
    };
    let json_without_schema = "@/responses/200/content/application~1json";
    let verdicts = [
        one(set("@/operationId", Value::Null)),
        one(set("/paths/~1toys/query", json!({}))),
        one(set("/paths/~1toys/$ref", json!("#/components/schemas/Toy"))),
        one(set("@/requestBody/content/text~1plain", text.clone())),
        one(set(body, json!({ "multipart/form-data": text }))),
        one(set(body, json!({}))),
        one(set("@/requestBody/content/application~1json", json!({}))),
        one(set(
            "@/requestBody/content/application~1json/encoding",
            json!({}),
        )),
        one(set("@/responses", json!({}))),
        one(set("@/responses/ok", json!({}))),
        one(set("@/responses/201", json!({ "description": "nothing" }))),
        one(two_failures),
        one(set(json_without_schema, json!({}))),
        one(set(
            "/components/schemas/Toy/properties/name/type",
            json!("text"),
        )),
    ];
    assert!(!verdicts.iter().any(|verdict| verdict == "fine"));
    assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn equal_components_merge_and_bodies_become_one_of() {
    let schema = "@/requestBody/content/application~1json/schema";
    let other = document("b.yaml", |d| {
        d["components"]["schemas"]["Car"] = json!({ "type": "object" });
        set("@/description", json!("Cars too."))(d);
        set(schema, json!({ "$ref": "#/components/schemas/Car" }))(d);
    });
    let third = document("c.yaml", |d| {
        d["components"]["schemas"]["Kite"] = json!({ "type": "object" });
        set(schema, json!({ "$ref": "#/components/schemas/Kite" }))(d);
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
        set(
            "@/parameters",
            json!([
                { "name": "Content-Type", "in": "header", "schema": { "type": "string" } },
                { "name": "id", "in": "query", "schema": { "type": ["integer", "string"] } },
            ]),
        )(d);
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
