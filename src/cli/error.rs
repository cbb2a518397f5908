//! Why a command could not do its work: the one error type that `main` sees.

use std::path::Path;

use crate::cli::exit::Exit;
use crate::diag::{Diagnostic, Sources};

/// An error with the exit code that belongs to it and advice that is printed
/// after the chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// What to do about it.
    pub advice: Option<String>,
    /// The mistakes in a text of the command line, which say it all.
    pub(super) mistakes: Option<Box<(Vec<Diagnostic>, Sources)>>,
    /// What the shell is told.
    pub exit: Exit,
}

impl CliError {
    /// An error without a cause.
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
            advice: None,
            mistakes: None,
            exit,
        }
    }

    /// Mistakes with their places in a text of the command line.
    pub(super) fn in_text(exit: Exit, mistakes: Vec<Diagnostic>, sources: &Sources) -> Self {
        let first = mistakes.first().map(|told| told.message.clone());
        Self {
            mistakes: Some(Box::new((mistakes, sources.clone()))),
            ..Self::new(exit, first.unwrap_or_default())
        }
    }

    /// Keeps the cause.
    #[must_use]
    pub(super) fn because(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(path: &Path, source: std::io::Error) -> Self {
        Self::new(Exit::Usage, format!("cannot read `{}`", path.display())).because(source)
    }
}
