//! The tables that the documents carry beside the schemas.
//!
//! Shared with `build.rs`, so that a table that cannot be read ends the build.
//! `openapi/README.md` describes each `x-` key. A table that is missing is
//! empty; one that is written wrongly is an error with its place.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::{SpecError, child};
use super::{BUNDLE, REQUESTS};

/// One camera command that models read in square brackets in a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraCommand {
    /// Our name for it, such as `truck_left`.
    pub id: String,
    /// The movement that it belongs to, such as `truck`.
    pub group: String,
    /// The listed English spelling, without brackets.
    pub en: String,
    /// The listed Chinese spelling, without brackets.
    pub zh: String,
}

/// What an image file must be like, as far as JSON Schema cannot say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRules {
    /// Media types, such as `image/png`.
    pub types: Vec<String>,
    /// The most bytes that a file may have.
    pub max_bytes: u64,
    /// The short side must be longer than this many pixels.
    pub min_short_side_px_exclusive: u32,
    /// The narrowest shape, as width to height.
    pub min_ratio: (u32, u32),
    /// The widest shape, as width to height.
    pub max_ratio: (u32, u32),
}

/// Refuses a bundle that lacks a request schema or has a table that cannot be read.
pub fn check(bundle: &Value) -> Result<(), SpecError> {
    for name in REQUESTS {
        models(bundle, name)?;
    }
    camera_commands(bundle)?;
    image_rules(bundle)?;
    output_sizes(bundle)?;
    status_codes(bundle)?;
    Ok(())
}

/// The models that a request schema lists; one that lists none is of no use.
pub fn models(bundle: &Value, request: &str) -> Result<Vec<String>, SpecError> {
    let place = child("/components/schemas", request);
    let schema = bundle.pointer(&place);
    let schema = schema.ok_or_else(|| refuse(&place, "no document defines this request"))?;
    let listed = schema
        .pointer("/properties/model/enum")
        .and_then(Value::as_array);
    let names = listed.into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() {
        return Err(refuse(
            &place,
            "the request lists no models under properties/model/enum",
        ));
    }
    Ok(names)
}

fn refuse(place: &str, reason: impl Into<String>) -> SpecError {
    SpecError::new(BUNDLE, place, reason)
}

/// The camera commands, in the order of the document.
pub fn camera_commands(bundle: &Value) -> Result<Vec<CameraCommand>, SpecError> {
    const PLACE: &str = "/x-camera-commands";
    let listed = bundle.pointer(PLACE).and_then(Value::as_array);
    let read = |(at, entry): (usize, &Value)| {
        let text = |key: &str| {
            let value = entry.get(key).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| {
                let place = child(PLACE, &at.to_string());
                refuse(&place, format!("a camera command needs a text under {key}"))
            })
        };
        Ok(CameraCommand {
            id: text("id")?,
            group: text("group")?,
            en: text("en")?,
            zh: text("zh")?,
        })
    };
    listed.into_iter().flatten().enumerate().map(read).collect()
}

/// Finds the one set of image limits; several schemas may repeat it.
pub fn image_rules(bundle: &Value) -> Result<ImageRules, SpecError> {
    const PLACE: &str = "/components/schemas";
    let schemas = bundle.pointer(PLACE).and_then(Value::as_object);
    let mut found: Option<(&Value, ImageRules)> = None;
    for (name, schema) in schemas.into_iter().flatten() {
        let Some(written) = schema.get("x-image") else {
            continue;
        };
        let place = child(&child(PLACE, name), "x-image");
        match &found {
            Some((first, _)) if *first != written => {
                return Err(refuse(&place, "another schema limits images differently"));
            }
            Some(_) => {}
            None => found = Some((written, read_image_rules(&place, written)?)),
        }
    }
    let rules = found.map(|(_, rules)| rules);
    rules.ok_or_else(|| refuse(PLACE, "no schema limits images with x-image"))
}

fn read_image_rules(place: &str, written: &Value) -> Result<ImageRules, SpecError> {
    let missing = |key: &str| refuse(&child(place, key), "this limit is missing or malformed");
    let number = |key: &str| {
        let value = written.get(key).and_then(Value::as_u64);
        value.ok_or_else(|| missing(key))
    };
    let ratio = |key: &str| {
        let text = written.get(key).and_then(Value::as_str);
        let parts = text.and_then(|text| text.split_once(':'));
        parts
            .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
            .ok_or_else(|| missing(key))
    };
    let types = written.get("types").and_then(Value::as_array);
    let types = types.ok_or_else(|| missing("types"))?.iter();
    let side = number("min_short_side_px_exclusive")?;
    Ok(ImageRules {
        types: types
            .filter_map(|t| t.as_str().map(str::to_owned))
            .collect(),
        max_bytes: number("max_bytes")?,
        min_short_side_px_exclusive: u32::try_from(side)
            .map_err(|_| missing("min_short_side_px_exclusive"))?,
        min_ratio: ratio("min_ratio")?,
        max_ratio: ratio("max_ratio")?,
    })
}

/// Width and height by resolution.
pub fn output_sizes(bundle: &Value) -> Result<BTreeMap<String, (u32, u32)>, SpecError> {
    const PLACE: &str = "/x-output-sizes";
    let listed = bundle.pointer(PLACE).and_then(Value::as_object);
    let read = |(resolution, size): (&String, &Value)| {
        let pixels = |at: usize| u32::try_from(size.get(at)?.as_u64()?).ok();
        let pair = pixels(0).zip(pixels(1));
        pair.map(|pair| (resolution.clone(), pair))
            .ok_or_else(|| refuse(&child(PLACE, resolution), "a size is [width, height]"))
    };
    listed.into_iter().flatten().map(read).collect()
}

/// Meanings of the codes in `base_resp`.
pub fn status_codes(bundle: &Value) -> Result<BTreeMap<i64, String>, SpecError> {
    const PLACE: &str = "/x-status-codes";
    let listed = bundle.pointer(PLACE).and_then(Value::as_object);
    let read = |(code, meaning): (&String, &Value)| {
        let pair = code.parse().ok().zip(meaning.as_str().map(str::to_owned));
        pair.ok_or_else(|| refuse(&child(PLACE, code), "a code is a number with a meaning"))
    };
    listed.into_iter().flatten().map(read).collect()
}
