//! A stream that fails at most once.
//!
//! Owns the rule that a sink never stops a run: after the first failure nothing
//! more is written, and the failure is given back at the end.

use std::io::{self, ErrorKind, Write};

use super::SinkError;

pub(super) struct Output {
    stream: Box<dyn Write + Send>,
    failure: Option<io::Error>,
    what: &'static str,
}

impl Output {
    /// `what` is what error messages call it.
    pub(super) fn new(stream: Box<dyn Write + Send>, what: &'static str) -> Self {
        Self {
            stream,
            failure: None,
            what,
        }
    }

    /// Writes and flushes: a line that is late is no progress.
    pub(super) fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self
                .stream
                .write_all(text.as_bytes())
                .and_then(|()| self.stream.flush())
                .err();
        }
    }

    /// The first failure. A reader that has had enough (`| head`) is none.
    pub(super) fn finish(&mut self) -> Result<(), SinkError> {
        match self.failure.take() {
            Some(source) if source.kind() != ErrorKind::BrokenPipe => Err(SinkError::Stream {
                what: self.what,
                source,
            }),
            _ => Ok(()),
        }
    }
}
