//! Rows of values that a shot is made for: a list of mappings, or a CSV file.
//!
//! Owns the reading of both, and what tells one row from the others. Cells of a
//! CSV file are texts as they stand: `007` stays `007`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, SourceId, Sources, Span};
use crate::manifest::model::Row;
use crate::manifest::reader::MAX_TOLD;
use crate::manifest::tree::{Kind, Node};

/// The column that names a row, where there is one; the first does otherwise.
const ID: &str = "id";

/// The rows of a list of mappings; what is no row is told and left out.
pub(super) fn of_list(list: &Node, diagnostics: &mut Vec<Diagnostic>) -> Vec<Row> {
    if !matches!(list.kind, Kind::List(_)) {
        let message = format!("rows are a list of mappings, this is {}", list.describe());
        diagnostics.push(Diagnostic::error(Code::WrongType, list.span, message));
        return Vec::new();
    }
    let mut rows = Vec::new();
    let mut told = 0;
    for item in list.items() {
        let values = item.entries().iter();
        let odd = item.entries().iter().find(|entry| !entry.value.is_scalar());
        let mistake = match odd {
            Some(entry) => Some((entry.value.span, &entry.value, "a text or a number")),
            None if item.entries().is_empty() => Some((item.span, item, "names and values")),
            None => None,
        };
        if let Some((span, found, wanted)) = mistake {
            told += 1;
            if told <= MAX_TOLD {
                let message = format!("a row has {wanted} here, this is {}", found.describe());
                diagnostics.push(Diagnostic::error(Code::WrongType, span, message));
            }
            continue;
        }
        let values = values.map(|entry| (entry.key.value.clone(), entry.value.clone()));
        rows.push(Row::new(item.span, values.collect(), ID));
    }
    rows
}

/// The rows of a CSV file; its first line names the columns.
pub(super) fn of_csv(
    sources: &Sources,
    id: SourceId,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let text = sources.get(id).text.clone();
    let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&text.as_bytes()[skipped..]);
    let mut lines: Vec<(usize, csv::StringRecord)> = Vec::new();
    let mut record = csv::StringRecord::new();
    while matches!(reader.read_record(&mut record), Ok(true)) {
        let start = record.position().map_or(0, |at| at.byte() as usize) + skipped;
        lines.push((start, record.clone()));
    }
    let end = |at: usize| lines.get(at + 1).map_or(text.len(), |(start, _)| *start);
    let place = |at: usize| Place::new(id, &text, lines[at].0..end(at));
    let Some((_, header)) = lines.first() else {
        let message = "the file is empty";
        let nothing = Diagnostic::error(Code::WrongType, Span::new(id, 0, 0), message);
        diagnostics.push(nothing.help("begin with a line that names the columns"));
        return Vec::new();
    };
    let names = columns(header, &place(0), diagnostics);
    let mut rows = Vec::new();
    let mut told = 0;
    for (at, (_, line)) in lines.iter().enumerate().skip(1) {
        let place = place(at);
        if line.len() == names.len() {
            let cells = names.iter().zip(line).zip(place.cells(line.len()));
            let values = cells.map(|((name, cell), span)| {
                let kind = Kind::Text(Arc::from(cell));
                (name.clone(), Node { span, kind })
            });
            rows.push(Row::new(place.span, values.collect(), ID));
            continue;
        }
        told += 1;
        if told <= MAX_TOLD {
            diagnostics.push(ragged(line.len(), names.len(), place.span));
        }
    }
    rows
}

fn ragged(cells: usize, columns: usize, span: Span) -> Diagnostic {
    let s = if cells == 1 { "" } else { "s" };
    let message = format!("this row has {cells} cell{s}, and there are {columns} columns");
    Diagnostic::error(Code::WrongType, span, message).help(if cells > columns {
        "put a cell with a comma in it into double quotes"
    } else {
        "write a comma for each empty cell"
    })
}

/// The names of the columns, each once.
fn columns(
    header: &csv::StringRecord,
    place: &Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Arc<str>> {
    let mut known: HashMap<&str, Span> = HashMap::new();
    let cells = header.iter().zip(place.cells(header.len()));
    for (name, span) in cells {
        let name = name.trim();
        if name.is_empty() {
            let message = "a column has no name";
            diagnostics.push(Diagnostic::error(Code::MissingKey, span, message));
        } else if let Some(first) = known.insert(name, span) {
            let message = format!("two columns are called `{name}`");
            diagnostics.push(
                Diagnostic::error(Code::DuplicateKey, span, message)
                    .label("called so again here")
                    .also(first, "first called so here"),
            );
        }
    }
    let other = [';', '\t'].into_iter().find(|c| place.text.contains(*c));
    if header.len() == 1 && other.is_some() {
        let message = "cells are separated by commas here";
        let diagnostic = Diagnostic::warning(Code::BadValue, place.span, message);
        diagnostics.push(diagnostic.help("save the table as CSV with commas"));
    }
    header.iter().map(|name| Arc::from(name.trim())).collect()
}

/// Where a line of a table is.
struct Place<'t> {
    text: &'t str,
    span: Span,
}

impl<'t> Place<'t> {
    fn new(file: SourceId, text: &'t str, range: Range<usize>) -> Self {
        let whole = &text[range.clone()];
        let begin = range.start + whole.len() - whole.trim_start_matches(['\r', '\n']).len();
        let end = range.start + whole.trim_end_matches(['\r', '\n']).len();
        let span = Span::new(file, begin.min(end), end);
        Self {
            text: &text[span.start..span.end],
            span,
        }
    }

    /// The place of each cell; the whole line for all, where that is unclear.
    fn cells(&self, count: usize) -> Vec<Span> {
        let mut cells = Vec::new();
        let mut quoted = false;
        let mut start = 0;
        for (at, character) in self.text.char_indices() {
            match character {
                '"' => quoted = !quoted,
                ',' if !quoted => {
                    cells.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
        }
        cells.push(start..self.text.len());
        if cells.len() != count {
            return vec![self.span; count];
        }
        let Span { file, start, .. } = self.span;
        let spans = cells.into_iter();
        spans
            .map(|cell| Span::new(file, start + cell.start, start + cell.end))
            .collect()
    }
}
