//! The JSON Schema of `report.json`.
//!
//! Owns what the report promises to its readers. Closed on purpose
//! (`additionalProperties: false`): the tests hold the report to it, and a field
//! that is added changes it in the same commit.

mod definitions;
mod keywords;

use serde_json::{Value, json};

use crate::event::Decision;
use crate::state::Outcome;

use self::definitions::{error, money, reason, video};
use self::keywords::{
    boolean, digest, integer, list, object, or_null, reference, text, time, word,
};
use super::SCHEMA_VERSION;
use super::words::{ENDING_CODES, STOP_CODES};

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
                or_null(&text("The manifest as it was named on the command line.")),
            ),
            (
                "backend",
                or_null(&text("The backend's name in the manifest.")),
            ),
            (
                "simulated",
                boolean("Whether nothing was charged, because no real service was asked."),
            ),
            (
                "runner_version",
                or_null(&text("The version of the program that wrote this.")),
            ),
            (
                "spec_version",
                or_null(&text("Date of the facts in the bundled API documents.")),
            ),
            ("price_date", or_null(&text("Date of the price table."))),
            (
                "finished",
                boolean("Whether the run came to its own end; false after an abort."),
            ),
            (
                "stopped",
                or_null(&reason("Why nothing more was created, if so.", &STOP_CODES)),
            ),
            ("totals", totals()),
            (
                "shots",
                list("Every selected shot, in manifest order.", &shot()),
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
    let sum = |description| list(description, &reference("money"));
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
                "reserved",
                sum("What is paid, by this run or an earlier one, and not collected yet."),
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
                or_null(&text("This run's name; sorts by start time.")),
            ),
            (
                "base_url",
                or_null(&text("Host and path prefix of the service.")),
            ),
            ("started_at", or_null(&time("When the run began."))),
            (
                "updated_at",
                or_null(&time("When the last event happened.")),
            ),
            (
                "elapsed_ms",
                integer("Time from the first to the last event, in milliseconds."),
            ),
        ],
    )
}

fn frame() -> Value {
    object(
        "A frame of another shot's video in the request.",
        vec![
            (
                "field",
                text("What it is used as: `first_frame`, `last_frame` or `subject`."),
            ),
            ("shot", text("The other shot.")),
            (
                "at",
                text("`first`, `middle`, `last`, or a time such as `2500ms`."),
            ),
            (
                "pixels_sha256",
                or_null(&digest(
                    "SHA-256 of its pixels; null while the video is not there.",
                )),
            ),
            (
                "decoder",
                or_null(&text("What decoded it; null while the video is not there.")),
            ),
        ],
    )
}

fn scene() -> Value {
    object(
        "A group of shots that belong together in the film.",
        vec![
            ("id", text("Its name in the manifest.")),
            ("title", or_null(&text("What people call it."))),
        ],
    )
}

fn shot() -> Value {
    object(
        "One concrete shot.",
        vec![
            ("id", text("Its name, unique in the manifest.")),
            ("scene", or_null(&scene())),
            (
                "tags",
                list("The author's words to find it by.", &text("A tag.")),
            ),
            (
                "mode",
                text("How it is made: `T2V`, `I2V`, `FL2V` or `S2V`."),
            ),
            ("model", text("The model that is asked for.")),
            ("resolution", text("The resolution that is asked for.")),
            (
                "duration_s",
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
                or_null(&digest(
                    "Hash of everything that the result depends on; null while a part is another shot's frame.",
                )),
            ),
            (
                "depends_on",
                list(
                    "Shots whose frames it starts from or ends with.",
                    &text("A shot's id."),
                ),
            ),
            ("frames", list("These frames.", &frame())),
            (
                "earlier_version",
                boolean(
                    "Whether the manifest asks for something else by now; its video is kept among the takes.",
                ),
            ),
            (
                "decision",
                word(
                    "What the plan decided.",
                    &Decision::ALL.map(Decision::as_str),
                ),
            ),
            ("reason", text("Why, in a sentence.")),
            (
                "outcome",
                word("How it ended.", &OUTCOMES.map(Outcome::as_str)),
            ),
            (
                "outcome_reason",
                or_null(&reason(
                    "Why there is no video; null where there is one.",
                    &ENDING_CODES,
                )),
            ),
            ("price", or_null(&reference("money"))),
            (
                "task_id",
                or_null(&text("The service's name for the paid task.")),
            ),
            (
                "file_id",
                or_null(&text("The service's name for the finished file.")),
            ),
            ("video", or_null(&reference("video"))),
            ("error", or_null(&reference("error"))),
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
                    &["open", "accepted", "refused", "uncertain"],
                ),
            ),
            ("task_id", or_null(&text("The task, if it was accepted."))),
            ("error", or_null(&reference("error"))),
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
                list("Every attempt of this run, in order.", &attempt),
            ),
            (
                "statuses",
                list("Every change of status, in order.", &status),
            ),
            (
                "trace_id",
                or_null(&text(
                    "The service's trace id of the creation, which its support asks for.",
                )),
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
