//! The shapes that appear in several places of a report.
//!
//! Owns their fields; the same as in `twin`, which the tests hold them to.

use serde_json::{Value, json};

use super::keywords::{digest, integer, object, or_null, text, word};
use crate::event::FailureClass;

pub(super) fn money() -> Value {
    object(
        "An exact amount of money.",
        vec![
            (
                "amount",
                json!({
                    "type": "string",
                    "pattern": r"^-?[0-9]+\.[0-9]{2,6}$",
                    "description": "The number as a decimal, never rounded.",
                }),
            ),
            (
                "currency",
                json!({
                    "type": "string",
                    "pattern": "^[A-Z]{3}$",
                    "description": "ISO 4217 code.",
                }),
            ),
        ],
    )
}

pub(super) fn error() -> Value {
    let classes = FailureClass::ALL.map(FailureClass::as_str);
    object(
        "A call that did not do what it was for.",
        vec![
            (
                "class",
                word(
                    "What kind of failure it is, by what to do about it.",
                    &classes,
                ),
            ),
            (
                "code",
                or_null(&json!({
                    "type": "integer",
                    "description": "The service's status code, or the HTTP status where there is none.",
                })),
            ),
            (
                "message",
                text("What was said, without keys or signed links."),
            ),
            ("advice", text("What a person can do about it.")),
            (
                "trace_id",
                or_null(&text("The service's trace id, which its support asks for.")),
            ),
        ],
    )
}

pub(super) fn video() -> Value {
    object(
        "A video on disk, verified.",
        vec![
            (
                "path",
                text("Relative to the output folder, with forward slashes."),
            ),
            ("bytes", integer("Size in bytes.")),
            ("sha256", digest("SHA-256 of the file.")),
            ("width", integer("Pixels across.")),
            ("height", integer("Pixels down.")),
            ("duration_ms", integer("Length in milliseconds.")),
            (
                "fps",
                json!({ "type": "number", "description": "Frames per second." }),
            ),
            ("codec", text("RFC 6381 codec string.")),
        ],
    )
}

pub(super) fn reason(description: &str, codes: &[&str]) -> Value {
    object(
        description,
        vec![
            ("code", word("Stable word for programs.", codes)),
            ("message", text("The same for people.")),
            ("advice", or_null(&text("What a person can do about it."))),
        ],
    )
}
