//! How a fact reads in a line.
//!
//! Owns the wording of values and of what facts are called by people. Cuts the
//! secrets of links; what steers a terminal or a page is left to whoever writes there.

use serde_json::Value;

use super::model::{Change, Group};
use crate::check::link::without_secrets;

/// Digits that are shown of a digest.
const DIGITS: usize = 8;

/// A value as a person reads it: a picture by its digest, a frame by its shot.
pub fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    match without_secrets(value) {
        Value::String(text) => text,
        Value::Array(items) if items.len() == 1 => shown(items.first()),
        Value::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            let short = |digest: &str| digest.chars().take(DIGITS).collect::<String>();
            let pixels = text("pixels_sha256").map(short);
            if let Some(sha256) = text("sha256") {
                format!("sha256 {}", short(sha256))
            } else if let (Some(shot), Some(at)) = (text("shot"), text("frame")) {
                match pixels {
                    Some(pixels) => format!("{at} of {shot} (pixels {pixels})"),
                    None => format!("{at} of {shot}"),
                }
            } else if let Some(pixels) = pixels {
                format!("frame {pixels}")
            } else if let Some(image) = object.get("image") {
                shown(Some(image))
            } else {
                Value::Object(object).to_string()
            }
        }
        other => other.to_string(),
    }
}

impl Change {
    /// What the fact is called by people.
    pub fn label(&self) -> &str {
        match (self.group, &*self.field) {
            (Group::Frames, field) => match field {
                "first_frame" => "first frame's pixels",
                "last_frame" => "last frame's pixels",
                _ => "frame's pixels",
            },
            (Group::Video, "duration_ms") => "video length",
            (Group::Bytes, "bytes") => "file size",
            (Group::Run, "time_ms" | "elapsed_ms") => "time taken",
            (Group::Run, "run_id") => "run",
            (Group::Run, "task_id") => "task",
            (Group::Run, "started_at") => "began",
            (Group::Program, "runner_version") => "runner",
            (Group::Program, "spec_version") => "facts of the API",
            (Group::Program, "price_date") => "prices of",
            (_, field) => field,
        }
    }

    /// Whether a person wants to know, although it does not count: not names that are
    /// new in every run, nor times that look alike.
    pub fn is_of_interest(&self) -> bool {
        let is_name = matches!(&*self.field, "run_id" | "started_at" | "task_id");
        self.counts || (!is_name && self.old() != self.new())
    }

    /// The fact before, in a line.
    pub fn old(&self) -> String {
        self.side(self.before.as_ref())
    }

    /// The fact after, in a line.
    pub fn new(&self) -> String {
        self.side(self.after.as_ref())
    }

    fn side(&self, value: Option<&Value>) -> String {
        let number = value.and_then(Value::as_u64);
        match (&*self.field, number) {
            ("duration_ms" | "time_ms" | "elapsed_ms", Some(ms)) => seconds(ms),
            ("bytes", Some(bytes)) => format!("{} kB", bytes.div_ceil(1000)),
            _ => shown(value),
        }
    }
}

/// `6.00 s`, `2 min 05 s`.
fn seconds(ms: u64) -> String {
    if ms < 60_000 {
        return format!("{}.{:02} s", ms / 1000, ms / 10 % 100);
    }
    format!("{} min {:02} s", ms / 60_000, ms / 1000 % 60)
}
