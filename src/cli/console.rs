//! The two streams: data on stdout, everything else on stderr.
//!
//! Owns colour and the closed pipe. Whether colours are used is decided for
//! each stream by itself: flag, then `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`,
//! then whether it is a terminal.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

use anstream::ColorChoice;

use crate::cli::args::Colour;
use crate::cli::error::CliError;
use crate::cli::load::Loaded;
use crate::cli::render;

/// The streams of this process.
#[derive(Clone)]
pub(super) struct Console {
    choice: ColorChoice,
}

impl Console {
    pub(super) fn new(colour: Colour) -> Self {
        let choice = match colour {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        Self { choice }
    }

    /// A line of data.
    pub(super) fn data(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stdout(), self.choice);
        // A closed pipe is the reader's choice, and no reason to stop paying attention.
        let _ = writeln!(stream, "{text}");
    }

    /// A line for a person.
    pub(super) fn say(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stderr(), self.choice);
        let _ = writeln!(stream, "{text}");
    }

    /// A question for a person, without a line end.
    pub(super) fn ask(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stderr(), self.choice);
        let _ = write!(stream, "{text}");
        let _ = stream.flush();
    }

    /// Whether stderr takes colours.
    pub(super) fn colour(&self) -> bool {
        let stream = std::io::stderr();
        match self.choice {
            ColorChoice::Auto => anstream::AutoStream::choice(&stream) != ColorChoice::Never,
            ColorChoice::Never => false,
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
        }
    }

    /// Whether a person can be asked.
    pub(super) fn is_interactive() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Whether bars can be drawn.
    pub(super) fn has_terminal() -> bool {
        std::io::stderr().is_terminal()
    }

    /// Every diagnostic of a manifest, and how many there are.
    pub(super) fn diagnostics(&mut self, loaded: &Loaded) {
        if loaded.diagnostics.is_empty() {
            return;
        }
        let colour = self.colour();
        let text = render::diagnostics(&loaded.diagnostics, &loaded.sources, colour);
        self.ask(text);
        let name = &loaded.sources.get(crate::diag::SourceId(0)).name;
        self.say(format!("{name}: {}", render::count(&loaded.diagnostics)));
        if let Some(code) = render::worst(&loaded.diagnostics) {
            self.say(format!("more on it, with examples: runner explain {code}"));
        }
    }

    /// An error, its causes, and what to do.
    pub(super) fn error(&mut self, error: &CliError) {
        self.say(render::error_chain(error));
        if let Some(advice) = &error.advice {
            self.say(format!("  help: {advice}"));
        }
    }
}
