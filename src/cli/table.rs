//! Columns and lines as wide as they look, where a Chinese character takes two places.
//!
//! Owns alignment, cutting and wrapping. Never decides what is said or in which colour.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Places between two columns.
const GAP: usize = 2;

/// Rows as lines, every column as wide as its widest cell, without spaces at the
/// ends; the last cells of rows may be left out.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let widths = widths(rows);
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + GAP));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// How many places these rows take as [`columns`].
pub(super) fn width(rows: &[Vec<String>]) -> usize {
    let widths = widths(rows);
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    widths
}

/// A text of at most so many places; a cut one ends with `…`.
pub(super) fn cut(text: &str, places: usize) -> String {
    if text.width() <= places {
        return text.to_owned();
    }
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        if kept.width() + grapheme.width() + 1 > places {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    kept
}

/// A text on lines of at most so many places, the second and later ones further
/// in; one line where no width is given.
pub(super) fn wrapped(text: &str, indent: usize, width: Option<usize>) -> Vec<String> {
    let first = " ".repeat(indent);
    let Some(width) = width else {
        return vec![format!("{first}{text}")];
    };
    let later = " ".repeat(indent + GAP);
    let options = textwrap::Options::new(width.max(indent + 20))
        .initial_indent(&first)
        .subsequent_indent(&later);
    let lines = textwrap::wrap(text, options);
    lines
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::{columns, cut, width, wrapped};

    #[test]
    fn chinese_cells_are_as_wide_as_they_look() {
        let row = |cells: [&str; 2]| cells.map(ToOwned::to_owned).to_vec();
        let rows = [row(["镜头一", "a"]), row(["b", "c"]), row(["abcdef", "d"])];
        assert_eq!(columns(&rows), ["镜头一  a", "b       c", "abcdef  d"]);
        assert_eq!(width(&rows), 9);
        assert_eq!(cut("镜头一二三", 6), "镜头…");
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn long_texts_are_wrapped_whatever_their_script() {
        let lines = wrapped(&"雨中的重庆".repeat(8), 4, Some(40));
        assert!(lines.len() > 1 && lines.iter().all(|line| line.width() <= 40));
        assert_eq!(wrapped("one two", 2, None), ["  one two"]);
    }
}
