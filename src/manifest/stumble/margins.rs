//! Tabs and columns.
//!
//! Owns the slips at the beginning of a line. Never looks behind the first word.

use std::cmp::Ordering;
use std::ops::Range;

use crate::manifest::lines::{self, Line};
use crate::manifest::stumble::{Around, Stumble};

/// A tab at the margin; the scanner may notice it from the line before.
pub(super) fn tab(around: Around<'_>) -> Option<Stumble> {
    if around.says("YAML whitespace") && around.text[..around.at].ends_with('\t') {
        let place = around.at - 1..around.at;
        let message = "a tab stands where YAML wants a space";
        return Some(Stumble::new(place, message, "write a space"));
    }
    if !around.says("tab") {
        return None;
    }
    let mut line = Some(around.line);
    while let Some(here) = line {
        let margin = here.text.len() - here.text.trim_start().len();
        if let Some(tab) = here.text[..margin].find('\t') {
            let place = here.start + tab..here.start + tab + 1;
            let message = "a tab is used for indentation";
            return Some(Stumble::new(place, message, "indent with spaces"));
        }
        line = lines::after(around.text, here).filter(|next| next.start <= around.at + 400);
    }
    let tab = around.line.text.find('\t')? + around.line.start;
    let help = "write a space";
    Some(Stumble::new(
        tab..tab + 1,
        "a tab stands where YAML wants a space",
        help,
    ))
}

/// A line that begins in a column where no line above begins.
pub(super) fn indentation(around: Around<'_>) -> Option<Stumble> {
    let said = ["expected key", "'-' indicator", "invalid indentation"];
    let first = said.iter().any(|words| around.says(words)) && around.at_the_beginning();
    if !around.says("mapping values") && !first {
        return None;
    }
    let line = around.line;
    let dashed = line.text.trim_start().starts_with("- ");
    let (model, who) = if dashed {
        let item = lines::dashed_before(around.text, line)?;
        (item, "the `-` above")
    } else {
        let above = lines::before(around.text, line)?;
        (above, "the line above it")
    };
    let (own, other) = (begin(line, dashed), begin(model, dashed));
    let (own_column, other_column) = (own.start - line.start, other.start - model.start);
    let shown = &around.text[other.clone()];
    let help = format!("begin it in the same column as `{shown}`");
    let (deep, help) = match own_column.cmp(&other_column) {
        Ordering::Equal => return None,
        Ordering::Less => ("less deep", help),
        Ordering::Greater => (
            "deeper",
            format!("{help}; a text that goes on here and holds `: ` needs quotes"),
        ),
    };
    let message = format!("this line is indented {deep} than {who}");
    let place = line.start + line.margin()..own.end;
    Some(Stumble::new(place, message, help).also(other, "this one"))
}

/// The first word of a line, or its dash.
fn begin(line: Line<'_>, dashed: bool) -> Range<usize> {
    let column = if dashed {
        line.margin()
    } else {
        line.key_column()
    };
    let rest = &line.text[column..];
    let len = rest.find([':', ' ']).unwrap_or(rest.len()).max(1);
    line.start + column..line.start + column + len
}
