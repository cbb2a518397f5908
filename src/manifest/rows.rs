//! Rows of values that a shot is made for: a list of mappings, or a CSV file.
//!
//! Owns the reading of both, and what tells one row from the others. Cells of a
//! CSV file are texts as they stand: `007` stays `007`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, SourceId, Sources, Span};
use crate::manifest::model::Row;
use crate::manifest::reader::{MAX_NODES, MAX_TOLD};
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

/// The rows of a CSV file; its first line names the columns. Cells count as
/// nodes do, so that a large table takes no more than a large manifest.
pub(super) fn of_csv(
    sources: &Sources,
    id: SourceId,
    nodes_left: &mut usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let text = sources.get(id).text.clone();
    let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&text.as_bytes()[skipped..]);
    let mut record = csv::StringRecord::new();
    let mut names: Option<Vec<Arc<str>>> = None;
    let mut rows = Vec::new();
    let mut told = 0;
    while matches!(reader.read_record(&mut record), Ok(true)) {
        let start = record.position().map_or(0, |at| at.byte() as usize);
        let end = reader.position().byte() as usize;
        let place = Place::new(id, &text, start + skipped..end + skipped);
        let Some(left) = nodes_left.checked_sub(record.len()) else {
            let message = format!("the tables of this manifest have more than {MAX_NODES} cells");
            diagnostics.push(Diagnostic::error(Code::TooLarge, place.span, message));
            return rows;
        };
        *nodes_left = left;
        match &names {
            None => names = Some(columns(&record, &place, diagnostics)),
            Some(names) if names.len() == record.len() => rows.push(row(names, &record, &place)),
            Some(names) => {
                told += 1;
                if told <= MAX_TOLD {
                    diagnostics.push(ragged(record.len(), names.len(), place.span));
                }
            }
        }
    }
    if names.is_none() {
        let nothing = Span::new(id, 0, 0);
        let nothing = Diagnostic::error(Code::WrongType, nothing, "the file is empty");
        diagnostics.push(nothing.help("begin with a line that names the columns"));
    }
    rows
}

fn row(names: &[Arc<str>], record: &csv::StringRecord, place: &Place<'_>) -> Row {
    let cells = names.iter().zip(record).zip(place.cells(record.len()));
    let values = cells.map(|((name, cell), span)| {
        let kind = Kind::Text(Arc::from(cell));
        (name.clone(), Node { span, kind })
    });
    Row::new(place.span, values.collect(), ID)
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
    let most = diagnostics.len() + MAX_TOLD;
    for (name, span) in cells {
        if diagnostics.len() == most {
            break;
        }
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
