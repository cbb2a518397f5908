//! Diagnostics as annotations for a job on GitHub.
//!
//! Owns which of many are shown: at most ten, and of many alike the first with the
//! count of the others.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::diag::{Code, Diagnostic, Label, Severity, Sources, Span};
use crate::report::github::{ANNOTATIONS_MAX, Annotation, Level, Place, commands};

/// Every mistake as workflow commands, the errors first.
pub(super) fn all(diagnostics: &[Diagnostic], sources: &Sources, manifest: &Path) -> String {
    let mut ordered: Vec<&Diagnostic> = diagnostics.iter().collect();
    ordered.sort_by_key(|diagnostic| diagnostic.severity);
    let annotate = |shown: &Shown<'_>| annotation(shown, sources);
    let mut annotations: Vec<Annotation> = if ordered.len() <= ANNOTATIONS_MAX {
        ordered
            .iter()
            .map(|alone| {
                annotate(&Shown {
                    first: alone,
                    more: 0,
                })
            })
            .collect()
    } else {
        by_code(&ordered).iter().map(annotate).collect()
    };
    if annotations.len() > ANNOTATIONS_MAX {
        let left = annotations.split_off(ANNOTATIONS_MAX - 1).len();
        annotations.push(Annotation {
            level: Level::Warning,
            place: None,
            title: format!("and {left} other kinds of mistakes"),
            message: format!("all of them: runner check {}", manifest.display()),
        });
    }
    commands(&annotations)
}

/// The first of several alike.
struct Shown<'a> {
    first: &'a Diagnostic,
    more: usize,
}

/// In the order of the first of each kind.
fn by_code<'a>(diagnostics: &[&'a Diagnostic]) -> Vec<Shown<'a>> {
    let mut shown: Vec<Shown<'_>> = Vec::new();
    let mut places: HashMap<(Severity, Code), usize> = HashMap::new();
    for first in diagnostics {
        let place = *places
            .entry((first.severity, first.code))
            .or_insert(shown.len());
        match shown.get_mut(place) {
            Some(known) => known.more += 1,
            None => shown.push(Shown { first, more: 0 }),
        }
    }
    shown
}

fn annotation(shown: &Shown<'_>, sources: &Sources) -> Annotation {
    let diagnostic = shown.first;
    let mut message = diagnostic.message.clone();
    for note in &diagnostic.notes {
        message.push_str("\nnote: ");
        message.push_str(note);
    }
    if let Some(help) = &diagnostic.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    if shown.more > 0 {
        let more = shown.more;
        let _ = write!(
            message,
            "\nand {more} more like this: runner explain {}",
            diagnostic.code
        );
    }
    Annotation {
        level: match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        },
        place: diagnostic
            .primary
            .as_ref()
            .map(|label| place(label, sources)),
        title: diagnostic.code.to_string(),
        message,
    }
}

fn place(label: &Label, sources: &Sources) -> Place {
    let span = label.span;
    let (line, column) = sources.line_column(span);
    let (end_line, end_column) = sources.line_column(Span::new(span.file, span.end, span.end));
    Place {
        file: sources.get(span.file).name.replace('\\', "/"),
        line,
        column,
        end_line,
        end_column,
    }
}
