//! What a run says of itself: lines, bars, JSON, closing words, and reports for machines.
//!
//! Owns formats and wording. Never counts: what is "done" or "spent" comes from
//! [`RunState`]. Never opens a terminal or reads the environment: each sink is
//! handed what it writes to, and whether colour is wanted.

pub mod diff;
mod fill;
mod form;
pub mod gallery;
pub mod github;
pub mod graph;
mod json;
mod jsonl;
mod junit;
mod lines;
mod markdown;
pub mod model;
mod output;
mod page;
mod plan;
mod progress;
mod schema;
#[cfg(test)]
mod script;
pub mod sheet;
mod summary;
#[cfg(test)]
mod tests;
mod text;
pub mod timeline;
pub mod twin;
pub mod verdict;
pub mod words;

use std::io;

use crate::event::Event;
use crate::state::RunState;
use crate::store::StoreError;

pub use self::form::{Form, FormFile, GithubJob};
pub use self::json::ReportFile;
pub use self::jsonl::{JsonLines, Line};
pub use self::lines::Lines;
pub use self::model::Report;
pub(crate) use self::progress::pause_text;
pub use self::progress::{Bars, Board, Clock, Glance, Size, Tempo, Terminal};
pub use self::schema::{diff_schema, events_schema, report_schema};
pub use self::summary::{Places, Summary};
pub use self::text::Paint;
pub(crate) use self::text::elapsed_seconds;

/// Version of the report and of the event lines. The minor number grows when
/// fields are added, the major one when a reader must change.
pub const SCHEMA_VERSION: &str = "1.0";

/// Somewhere that a run is told to.
pub trait Sink: Send {
    /// Takes the next event; `state` has it in already. What goes wrong is kept
    /// for [`Self::finish`]: a sink never stops a run.
    fn on_event(&mut self, event: &Event, state: &RunState);

    /// Writes what comes last. Called once, after an abort as well.
    fn finish(&mut self, state: &RunState) -> Result<(), SinkError>;
}

/// Why something was not told. The run itself is as it is.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// A stream could not be written.
    #[error("cannot write {what}")]
    Stream {
        /// What was being written.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot save {what}")]
    File {
        /// What was being saved.
        what: &'static str,
        /// What the store says.
        source: StoreError,
    },
}

/// Several sinks as one; each is told whatever happens to the others.
#[derive(Default)]
pub struct Sinks {
    sinks: Vec<Box<dyn Sink>>,
}

impl Sinks {
    /// Adds one; they are told in the order of adding.
    pub fn push(&mut self, sink: Box<dyn Sink>) {
        self.sinks.push(sink);
    }

    /// Tells every sink.
    pub fn on_event(&mut self, event: &Event, state: &RunState) {
        for sink in &mut self.sinks {
            sink.on_event(event, state);
        }
    }

    /// Ends every sink; gives what went wrong with any.
    pub fn finish(&mut self, state: &RunState) -> Vec<SinkError> {
        self.sinks
            .iter_mut()
            .filter_map(|sink| sink.finish(state).err())
            .collect()
    }
}
