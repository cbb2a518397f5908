//! The terminal behind stderr or stdout, to be drawn on.
//!
//! Owns asking how large it is. Never decides what is drawn.

use std::io::{self, IsTerminal as _, Write};
#[cfg(unix)]
use std::os::fd::AsFd as Handle;
#[cfg(windows)]
use std::os::windows::io::AsHandle as Handle;

use terminal_size::{Height, Width, terminal_size_of};

use crate::report::{Size, Terminal};

/// What a terminal has that does not tell.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// The terminal behind stderr.
pub(super) fn stderr() -> Box<dyn Terminal> {
    Box::new(Behind(io::stderr()))
}

/// The terminal behind stdout; `None` where there is none.
pub(super) fn stdout() -> Option<Box<dyn Terminal>> {
    let stdout = io::stdout();
    stdout
        .is_terminal()
        .then(|| Box::new(Behind(stdout)) as Box<dyn Terminal>)
}

struct Behind<S>(S);

impl<S: Write + Handle + Send> Terminal for Behind<S> {
    fn size(&self) -> Size {
        size(terminal_size_of(&self.0))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes())?;
        self.0.flush()
    }
}

fn size(found: Option<(Width, Height)>) -> Size {
    found.map_or(USUAL, |(Width(columns), Height(rows))| Size {
        columns: usize::from(columns),
        rows: usize::from(rows),
    })
}
