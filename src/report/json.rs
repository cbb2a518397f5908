//! `report.json`: the report as JSON text, and the sink that puts it in its place.
//!
//! Owns neither shape (`model`) nor schema (`schema`).

use std::path::PathBuf;

use crate::event::Event;
use crate::state::RunState;
use crate::store::write_atomic;

use super::{Report, Sink, SinkError};

/// A sink that puts the report in its place when the run ends.
pub struct ReportFile {
    path: PathBuf,
    stable: bool,
}

impl ReportFile {
    /// Replaces the file at `path`, whole or not at all.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            stable: false,
        }
    }

    /// Leaves out what differs between two equal runs.
    #[must_use]
    pub fn stable(mut self, stable: bool) -> Self {
        self.stable = stable;
        self
    }
}

impl Sink for ReportFile {
    fn on_event(&mut self, _: &Event, _: &RunState) {}

    fn finish(&mut self, state: &RunState) -> Result<(), SinkError> {
        let report = Report::of(state);
        let report = if self.stable { report.stable() } else { report };
        write_atomic(&self.path, report.to_json().as_bytes()).map_err(|source| SinkError::File {
            what: "the report",
            source,
        })
    }
}

impl Report {
    /// The whole report as JSON text, as it is in `report.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("a report has only text keys and finite numbers");
        text.push('\n');
        text
    }
}
