//! One row of a screen: pieces of text, each with its colour.
//!
//! Owns cutting at the margin, which colour codes must not count for.

use crate::report::text::{Paint, Tone, columns, cut};

/// Text that is not yet painted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row(Vec<(Tone, String)>);

impl Row {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::default().and(Tone::Plain, text)
    }

    pub(super) fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// Columns that it takes.
    pub(super) fn columns(&self) -> usize {
        self.0.iter().map(|(_, text)| columns(text)).sum()
    }

    /// The part that fits.
    pub(super) fn within(self, width: usize) -> Self {
        let mut left = width;
        let mut kept = Vec::with_capacity(self.0.len());
        for (tone, text) in self.0 {
            let fits = columns(&text) <= left;
            let text = if fits { text } else { cut(&text, left) };
            left -= columns(&text).min(left);
            kept.push((tone, text));
            if !fits {
                break;
            }
        }
        Self(kept)
    }

    pub(super) fn painted(&self, paint: Paint) -> String {
        self.0
            .iter()
            .map(|(tone, text)| paint.paint(*tone, spoken(text, paint)))
            .collect()
    }
}

/// The same in the painter's language and at least as wide, so that columns stay.
fn spoken(text: &str, paint: Paint) -> String {
    let mut said = paint.say_lines(text);
    if text.ends_with("  ") {
        let short = columns(text).saturating_sub(columns(&said));
        said.extend(std::iter::repeat_n(' ', short));
    }
    said
}

/// Pieces one after the other with commas, on as many rows as they need.
pub(super) fn flow(pieces: Vec<Row>, width: usize, indent: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut current = Row::plain(indent);
    let mut is_empty = true;
    for mut piece in pieces {
        let fits = current.columns() + 2 + piece.columns() < width;
        if !is_empty && !fits {
            rows.push(current.and(Tone::Plain, ","));
            current = Row::plain(indent);
            is_empty = true;
        }
        if !is_empty {
            current = current.and(Tone::Plain, ", ");
        }
        current.0.append(&mut piece.0);
        is_empty = false;
    }
    if !is_empty {
        rows.push(current);
    }
    rows
}
