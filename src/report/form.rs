//! The forms that a report is written in, and the sinks that write them at the end of
//! a run.
//!
//! Owns which form is made by what. A new form is a variant and a line here.

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::PathBuf;

use crate::event::Event;
use crate::state::RunState;
use crate::store::{append, write_atomic};

use super::github::commands;
use super::output::Output;
use super::{Report, Sink, SinkError};

/// A form of the whole report, for another program or another page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As in `report.json`.
    Json,
    /// `JUnit`, for CI services.
    Junit,
    /// Markdown, for pull requests and job summaries.
    Markdown,
    /// GitHub's workflow commands.
    Github,
}

impl Form {
    /// The report in this form.
    pub fn of(self, report: &Report) -> String {
        match self {
            Self::Json => report.to_json(),
            Self::Junit => report.to_junit(),
            Self::Markdown => report.to_markdown(),
            Self::Github => commands(&report.to_annotations()),
        }
    }
}

/// A sink that writes a form of the report to a file when the run ends.
pub struct FormFile {
    form: Form,
    path: PathBuf,
    stable: bool,
}

impl FormFile {
    /// Replaces the file at `path`, whole or not at all.
    pub fn new(form: Form, path: PathBuf) -> Self {
        Self {
            form,
            path,
            stable: false,
        }
    }

    /// Leaves out of JSON what differs between two equal runs.
    #[must_use]
    pub fn stable(mut self, stable: bool) -> Self {
        self.stable = stable && self.form == Form::Json;
        self
    }
}

impl Sink for FormFile {
    fn on_event(&mut self, _: &Event, _: &RunState) {}

    fn finish(&mut self, state: &RunState) -> Result<(), SinkError> {
        let report = Report::of(state);
        let report = if self.stable { report.stable() } else { report };
        let text = self.form.of(&report);
        write_atomic(&self.path, text.as_bytes()).map_err(|source| SinkError::File {
            what: "a report",
            source,
        })
    }
}

/// A sink for a job on GitHub: annotations on a stream, and the page in the job's
/// summary.
pub struct GithubJob {
    output: Output,
    summary: Option<PathBuf>,
}

impl GithubJob {
    /// Annotations go to `stream`; `summary` is the file that GitHub names for the page.
    pub fn new(stream: Box<dyn Write + Send>, summary: Option<PathBuf>) -> Self {
        Self {
            output: Output::new(stream, "annotations"),
            summary,
        }
    }
}

impl Sink for GithubJob {
    fn on_event(&mut self, _: &Event, _: &RunState) {}

    fn finish(&mut self, state: &RunState) -> Result<(), SinkError> {
        let report = Report::of(state);
        self.output.write(&Form::Github.of(&report));
        if let Some(path) = &self.summary {
            // Earlier steps and other programs have their own words in it.
            append(path, report.to_markdown().as_bytes()).map_err(|source| SinkError::File {
                what: "the job's summary",
                source,
            })?;
        }
        self.output.finish()
    }
}
