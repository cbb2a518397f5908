//! Rows at the bottom of a terminal that are drawn again and again.
//!
//! Owns the cursor. Every row ends with a line feed of its own, so that no
//! terminal joins rows when it becomes wider; where it became narrower, the rows
//! of the last drawing are counted as they are wrapped now. (The common crate for
//! bars fills rows up to the margin and relies on their wrapping: after a resize
//! it leaves parts of old bars behind, or erases what stands above them.)

use std::io;

use super::row::Row;
use crate::report::text::Paint;

/// How large a terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters of one column in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

/// A terminal that can be drawn on.
pub trait Terminal: Send {
    /// How large it is at this moment.
    fn size(&self) -> Size;

    /// Writes text with the usual escape sequences, and flushes it.
    fn write(&mut self, text: &str) -> io::Result<()>;
}

/// The rows that are on a terminal now.
pub(super) struct Screen {
    terminal: Box<dyn Terminal>,
    paint: Paint,
    drawn: Vec<Row>,
    at: Option<Size>,
    failure: Option<io::Error>,
}

impl Screen {
    pub(super) fn new(terminal: Box<dyn Terminal>, paint: Paint) -> Self {
        Self {
            terminal,
            paint,
            drawn: Vec::new(),
            at: None,
            failure: None,
        }
    }

    pub(super) fn size(&self) -> Size {
        self.terminal.size()
    }

    /// Puts these rows in the place of the last ones. Rows must fit, see
    /// [`Row::within`].
    pub(super) fn draw(&mut self, rows: Vec<Row>) {
        let size = self.size();
        if rows == self.drawn && self.at == Some(size) {
            return;
        }
        let old = self.occupied();
        // Row over row, and never "clear all below": some terminals keep what that
        // clears in their history, a copy for every drawing.
        let left_over = old.saturating_sub(rows.len().max(1));
        let text = format!(
            "\r{}{}{}{}",
            up(old.saturating_sub(1)),
            self.text(&rows),
            "\r\n\x1b[K".repeat(left_over),
            up(left_over)
        );
        self.drawn = rows;
        self.at = Some(size);
        self.write(&text);
    }

    /// Writes a line above the rows, where it stays.
    pub(super) fn print(&mut self, line: &str) {
        let text = format!("{}{line}\r\n{}", self.erase(), self.text(&self.drawn));
        self.write(&text);
    }

    /// Takes the rows off; the next drawing puts them on again.
    pub(super) fn clear(&mut self) {
        let text = self.erase();
        self.drawn.clear();
        self.at = None;
        if !text.is_empty() {
            self.write(&text);
        }
    }

    /// The first failure, if there was one.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// How many rows the last drawing takes now.
    fn occupied(&self) -> usize {
        let columns = self.size().columns.max(1);
        let wrapped = |row: &Row| row.columns().max(1).div_ceil(columns);
        self.drawn.iter().map(wrapped).sum()
    }

    /// The last drawing gone, and the cursor where it began.
    fn erase(&self) -> String {
        let old = self.occupied();
        if old == 0 {
            return String::new();
        }
        let back = format!("\r{}", up(old - 1));
        format!("{back}{}{back}", vec!["\x1b[K"; old].join("\r\n"))
    }

    fn text(&self, rows: &[Row]) -> String {
        let rows: Vec<String> = rows
            .iter()
            .map(|row| row.painted(self.paint) + "\x1b[K")
            .collect();
        rows.join("\r\n")
    }

    fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.terminal.write(text).err();
        }
    }
}

fn up(rows: usize) -> String {
    match rows {
        0 => String::new(),
        rows => format!("\x1b[{rows}A"),
    }
}

/// Lines that are drawn again and again, for whoever watches from elsewhere.
pub struct Board(Screen);

impl Board {
    /// A board on `terminal`.
    pub fn new(terminal: Box<dyn Terminal>) -> Self {
        Self(Screen::new(terminal, Paint::plain()))
    }

    /// How large it is at this moment.
    pub fn size(&self) -> Size {
        self.0.size()
    }

    /// Puts these lines in the place of the last ones, each cut at the margin.
    pub fn draw(&mut self, lines: &[String]) {
        let size = self.size();
        let width = size.columns.saturating_sub(1).max(1);
        let lines = lines.iter().take(size.rows.saturating_sub(1).max(1));
        let mut rows: Vec<Row> = lines.map(|line| Row::plain(line).within(width)).collect();
        // Whoever interrupts finds the cursor on a row of its own.
        rows.push(Row::default());
        self.0.draw(rows);
    }

    /// Takes the lines off; says whether the terminal took everything.
    pub fn clear(mut self) -> io::Result<()> {
        self.0.clear();
        self.0.failure().map_or(Ok(()), Err)
    }
}
