//! The JSON Schema of `report.json`.
//!
//! Owns what the report promises to its readers. Closed on purpose
//! (`additionalProperties: false`): the tests hold the report to it, and a field
//! that is added changes it in the same commit.

use serde_json::{Map, Value, json};

use crate::event::{Decision, FailureClass};
use crate::state::Outcome;

use super::SCHEMA_VERSION;
use super::words::{ENDING_CODES, STOP_CODES};

const DECISIONS: [Decision; 5] = [
    Decision::Create,
    Decision::Reuse,
    Decision::Resume,
    Decision::Uncertain,
    Decision::Blocked,
];

const OUTCOMES: [Outcome; 5] = [
    Outcome::Succeeded,
    Outcome::Skipped,
    Outcome::Pending,
    Outcome::Failed,
    Outcome::Uncertain,
];

/// The report's schema, JSON Schema 2020-12, as `runner schema report` prints it.
pub fn report_schema() -> Value {
    let mut schema = object(
        "What one run of `runner apply` did. Two runs that decide and reach the same differ only under keys named `run` and in ids that the service gives.",
        vec![
            (
                "schema_version",
                json!({
                    "const": SCHEMA_VERSION,
                    "description": "Version of this format: the minor number grows when fields are added, the major one when a reader must change.",
                }),
            ),
            (
                "manifest",
                or_null(text("The manifest as it was named on the command line.")),
            ),
            (
                "backend",
                or_null(text("The backend's name in the manifest.")),
            ),
            (
                "runner_version",
                or_null(text("The version of the program that wrote this.")),
            ),
            (
                "spec_version",
                or_null(text("Date of the facts in the bundled API documents.")),
            ),
            ("price_date", or_null(text("Date of the price table."))),
            (
                "finished",
                boolean("Whether the run came to its own end; false after an abort."),
            ),
            (
                "stopped",
                or_null(reason("Why nothing more was created, if so.", &STOP_CODES)),
            ),
            ("totals", totals()),
            (
                "shots",
                list("Every selected shot, in manifest order.", shot()),
            ),
            ("run", run()),
        ],
    );
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("runner report");
    schema["$defs"] = json!({ "money": money(), "error": error(), "video": video() });
    schema
}

fn totals() -> Value {
    let sum = |description| list(description, reference("money"));
    object(
        "Counts and sums over all shots.",
        vec![
            ("shots", integer("All selected shots.")),
            ("succeeded", integer("Shots whose video is on disk.")),
            ("created", integer("Of these, created in this run.")),
            (
                "reused",
                integer("Of these, found on disk without any call."),
            ),
            (
                "resumed",
                integer("Of these, paid earlier and collected in this run."),
            ),
            ("failed", integer("Shots that were refused or failed.")),
            (
                "pending",
                integer("Shots that are paid and not collected yet."),
            ),
            (
                "uncertain",
                integer("Shots that may have been paid without anybody knowing."),
            ),
            ("skipped", integer("Shots for which nothing was created.")),
            (
                "spent",
                sum(
                    "What the tasks created in this run cost by the price table, one sum for each currency.",
                ),
            ),
            (
                "saved_by_reuse",
                sum("What was not paid again, because it was there or paid already."),
            ),
            (
                "at_risk",
                sum("What may have been paid for uncertain shots."),
            ),
            (
                "created_without_price",
                integer(
                    "Created shots that `spent` leaves out, because the price table has none for them.",
                ),
            ),
        ],
    )
}

fn run() -> Value {
    object(
        "What differs from run to run.",
        vec![
            (
                "run_id",
                or_null(text("This run's name; sorts by start time.")),
            ),
            (
                "base_url",
                or_null(text("Host and path prefix of the service.")),
            ),
            ("started_at", or_null(time("When the run began."))),
            ("updated_at", or_null(time("When the last event happened."))),
            (
                "elapsed_ms",
                integer("Time from the first to the last event, in milliseconds."),
            ),
        ],
    )
}

fn shot() -> Value {
    object(
        "One concrete shot.",
        vec![
            ("id", text("Its name, unique in the manifest.")),
            (
                "mode",
                text("How it is made: `T2V`, `I2V`, `FL2V` or `S2V`."),
            ),
            ("model", text("The model that is asked for.")),
            ("resolution", text("The resolution that is asked for.")),
            (
                "seconds",
                integer("The length that is asked for, in seconds."),
            ),
            ("prompt", text("The rendered prompt, as sent.")),
            (
                "request",
                json!({
                    "type": "object",
                    "description": "The request's fields; media as digests, never as bytes.",
                }),
            ),
            (
                "fingerprint",
                or_null(digest(
                    "Hash of everything that the result depends on; null while a part is another shot's frame.",
                )),
            ),
            (
                "depends_on",
                list(
                    "Shots whose frames it starts from or ends with.",
                    text("A shot's id."),
                ),
            ),
            (
                "decision",
                word(
                    "What the plan decided.",
                    DECISIONS.map(Decision::as_str).to_vec(),
                ),
            ),
            ("reason", text("Why, in a sentence.")),
            (
                "outcome",
                word("How it ended.", OUTCOMES.map(Outcome::as_str).to_vec()),
            ),
            (
                "outcome_reason",
                or_null(reason(
                    "Why there is no video; null where there is one.",
                    &ENDING_CODES,
                )),
            ),
            ("price", or_null(reference("money"))),
            (
                "task_id",
                or_null(text("The service's name for the paid task.")),
            ),
            (
                "file_id",
                or_null(text("The service's name for the finished file.")),
            ),
            ("video", or_null(reference("video"))),
            ("error", or_null(reference("error"))),
            ("run", shot_run()),
        ],
    )
}

fn shot_run() -> Value {
    let attempt = object(
        "One attempt to create the task.",
        vec![
            (
                "attempt_id",
                text("Its name: the fingerprint's first digits and a number."),
            ),
            ("at", time("When the intent became durable.")),
            (
                "result",
                word(
                    "What came of it.",
                    vec!["open", "accepted", "refused", "uncertain"],
                ),
            ),
            ("task_id", or_null(text("The task, if it was accepted."))),
            ("error", or_null(reference("error"))),
        ],
    );
    let status = object(
        "One status of the task.",
        vec![
            ("status", text("The service's own word.")),
            ("at", time("When it was first seen.")),
        ],
    );
    object(
        "What differs from run to run.",
        vec![
            (
                "attempts",
                list("Every attempt of this run, in order.", attempt),
            ),
            (
                "statuses",
                list("Every change of status, in order.", status),
            ),
            (
                "retries",
                integer("Polls and downloads that were tried again."),
            ),
            (
                "changed_ms",
                integer("When it last changed, in milliseconds since the run began."),
            ),
        ],
    )
}

fn money() -> Value {
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

fn error() -> Value {
    let classes = FailureClass::ALL.map(FailureClass::as_str).to_vec();
    object(
        "A call that did not do what it was for.",
        vec![
            (
                "class",
                word(
                    "What kind of failure it is, by what to do about it.",
                    classes,
                ),
            ),
            (
                "code",
                or_null(json!({
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
                or_null(text("The service's trace id, which its support asks for.")),
            ),
        ],
    )
}

fn video() -> Value {
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

fn reason(description: &str, codes: &[&str]) -> Value {
    object(
        description,
        vec![
            ("code", word("Stable word for programs.", codes.to_vec())),
            ("message", text("The same for people.")),
            ("advice", or_null(text("What a person can do about it."))),
        ],
    )
}

/// Every field is always there; one that does not apply is null.
fn object(description: &str, fields: Vec<(&str, Value)>) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn time(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

fn digest(description: &str) -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": description })
}

fn word(description: &str, words: Vec<&str>) -> Value {
    json!({ "enum": words, "description": description })
}

fn integer(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

fn boolean(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

fn list(description: &str, items: Value) -> Value {
    json!({ "type": "array", "description": description, "items": items })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}
