//! The two streams: data on stdout, everything else on stderr.
//!
//! Owns colour and the closed pipe. Whether colours are used is decided for
//! each stream by itself: flag, then `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`,
//! then whether it is a terminal.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

use anstream::ColorChoice;

use crate::cli::args::Colour;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::load::Loaded;
use crate::cli::{render, terminal};
use crate::diag::{Diagnostic, Sources};
use crate::lang::Language;

/// The streams of this process.
#[derive(Clone)]
pub(super) struct Console {
    choice: ColorChoice,
    language: Language,
}

impl Console {
    pub(super) fn new(colour: Colour, language: Language) -> Self {
        let choice = match colour {
            Colour::Auto => match Environment::colour() {
                Some(true) => ColorChoice::Always,
                Some(false) => ColorChoice::Never,
                None => ColorChoice::Auto,
            },
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        Self { choice, language }
    }

    /// The language that people are spoken to in; programs are told English.
    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// Data as a person reads it.
    pub(super) fn text(&mut self, text: impl Display) {
        self.data(self.language.lines(&text.to_string()));
    }

    /// As the environment wants it.
    pub(super) fn plain() -> Self {
        Self::new(Colour::Auto, Language::English)
    }

    /// Data for a program, left as it is.
    pub(super) fn data(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stdout(), self.choice);
        // A closed pipe is the reader's choice, and no reason to stop paying attention.
        let _ = writeln!(stream, "{text}");
    }

    /// Lines of data that have their ends, or none at all.
    pub(super) fn lines(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stdout(), self.choice);
        let _ = write!(stream, "{text}");
        let _ = stream.flush();
    }

    /// An empty screen, where a person looks at one; elsewhere what was said stays.
    pub(super) fn clear() {
        let mut stream = std::io::stdout();
        if stream.is_terminal() {
            let _ = stream.write_all(b"\x1b[H\x1b[2J\x1b[3J");
            let _ = stream.flush();
        }
    }

    /// A line for a person.
    pub(super) fn say(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stderr(), self.choice);
        let _ = writeln!(stream, "{}", self.language.lines(&text.to_string()));
    }

    /// A question for a person, without a line end.
    pub(super) fn ask(&mut self, text: impl Display) {
        let mut stream = anstream::AutoStream::new(std::io::stderr(), self.choice);
        let _ = write!(stream, "{}", self.language.lines(&text.to_string()));
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

    /// Whether stdout takes colours.
    pub(super) fn data_colour(&self) -> bool {
        let stream = std::io::stdout();
        match self.choice {
            ColorChoice::Auto => anstream::AutoStream::choice(&stream) != ColorChoice::Never,
            ColorChoice::Never => false,
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
        }
    }

    /// Places in a line of stdout; `None` where it is no terminal.
    pub(super) fn data_width() -> Option<usize> {
        terminal::stdout().map(|terminal| terminal.size().columns)
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
        self.mistakes(&loaded.diagnostics, &loaded.sources);
        let name = &loaded.sources.get(crate::diag::SourceId(0)).name;
        self.say(format!("{name}: {}", render::count(&loaded.diagnostics)));
        if let Some(code) = render::worst(&loaded.diagnostics) {
            self.say(format!("more on it, with examples: runner explain {code}"));
        }
    }

    /// Mistakes in texts, each in its place.
    pub(super) fn mistakes(&mut self, told: &[Diagnostic], sources: &Sources) {
        let shown = told.iter();
        let shown: Vec<Diagnostic> = shown.map(|d| d.translated(self.language)).collect();
        let text = render::spoken(&shown, sources, self.colour(), self.language);
        let mut stream = anstream::AutoStream::new(std::io::stderr(), self.choice);
        let _ = write!(stream, "{text}");
    }

    /// An error, its causes, and what to do.
    pub(super) fn error(&mut self, error: &CliError) {
        if let Some(told) = &error.mistakes {
            self.mistakes(&told.0, &told.1);
            return;
        }
        self.say(render::error_chain(error));
        if let Some(advice) = &error.advice {
            self.say(format!("  help: {advice}"));
        }
    }
}
