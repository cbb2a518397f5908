//! Diagnostics and error chains → text; the one renderer of both.
//!
//! Owns how a mistake looks. Diagnostics look like rustc's, so that everybody
//! who has seen a compiler can read them.

mod json;
mod mask;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) use self::json::{diagnostics_json, diagnostics_schema};
use crate::diag::{Code, Diagnostic, Label, Severity, SourceId, Sources, Span};
use crate::lang::Language;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use unicode_width::UnicodeWidthStr as _;

/// Renders every diagnostic, and a closing count.
pub(super) fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    spoken(diagnostics, sources, colour, Language::English)
}

/// The same in a language, which the diagnostics are in already.
pub(super) fn spoken(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    colour: bool,
    language: Language,
) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&groups(diagnostic, sources, language)));
        text.push_str("\n\n");
    }
    // Of the author's lines, the library draws all control characters but those
    // of the second block, with which a terminal can be steered just as well.
    text.replace(|c| matches!(c, '\u{7f}'..='\u{9f}'), "\u{fffd}")
}

/// Lines for a person, with what would steer the terminal spelled out.
pub(super) fn calm(lines: &str) -> String {
    let mut calm = String::with_capacity(lines.len());
    for c in lines.chars() {
        if c.is_control() && c != '\n' {
            calm.extend(c.escape_default());
        } else {
            calm.push(c);
        }
    }
    calm
}

fn groups<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    language: Language,
) -> Vec<Group<'a>> {
    let named = |level: Level<'a>, name: &'static str| level.with_name(language.tr(name));
    let level = match diagnostic.severity {
        Severity::Error => named(Level::ERROR, "error"),
        Severity::Warning => named(Level::WARNING, "warning"),
    };
    let title = level
        .primary_title(calm(&diagnostic.message))
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    for (file, labels) in by_file(diagnostic) {
        let source = sources.get(file);
        let annotations = labels
            .into_iter()
            .map(|(kind, label)| annotation(kind, label, &source.text));
        group = group.element(
            Snippet::source(mask::mask(&source.text))
                .path(&source.name)
                .annotations(annotations),
        );
    }
    for note in &diagnostic.notes {
        group = group.element(named(Level::NOTE, "note").message(calm(note)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(named(Level::HELP, "help").message(calm(help)));
    }
    vec![group]
}

fn by_file(diagnostic: &Diagnostic) -> BTreeMap<SourceId, Vec<(AnnotationKind, &Label)>> {
    let primary = diagnostic
        .primary
        .iter()
        .map(|label| (AnnotationKind::Primary, label));
    let secondary = diagnostic
        .secondary
        .iter()
        .map(|label| (AnnotationKind::Context, label));
    let mut files: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (kind, label) in primary.chain(secondary) {
        files
            .entry(label.span.file)
            .or_default()
            .push((kind, label));
    }
    files
}

fn annotation<'a>(kind: AnnotationKind, label: &'a Label, text: &str) -> Annotation<'a> {
    let range = clamp(label.span, text);
    let annotation = kind.span(range);
    if label.text.is_empty() {
        annotation
    } else {
        annotation.label(calm(&label.text))
    }
}

/// A range that lies in the text, on character boundaries. Of one that is longer
/// than a line of a terminal, the beginning is marked: the renderer shows all that
/// is marked, and nobody looks for the end of two thousand characters.
fn clamp(span: Span, text: &str) -> std::ops::Range<usize> {
    const LONGEST: usize = 160;
    let range = inside(span, text);
    let marked = &text[range.clone()];
    let one_line = !marked.trim_end().contains('\n');
    let cut = marked.char_indices().nth(LONGEST / 2).map(|(at, _)| at);
    match cut {
        Some(cut) if one_line && marked.width() > LONGEST => range.start..range.start + cut,
        _ => range,
    }
}

fn inside(span: Span, text: &str) -> std::ops::Range<usize> {
    let down = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = down(span.start);
    start..down(span.end).max(start)
}

/// The kind that a reader should learn about first.
pub(super) fn worst(diagnostics: &[Diagnostic]) -> Option<Code> {
    let errors = diagnostics.iter().filter(|told| told.is_error());
    errors.chain(diagnostics).map(|told| told.code).next()
}

/// How many errors and warnings, in words; empty when there are none.
pub(super) fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let errors = match errors {
        0 => None,
        1 => Some("1 error".to_owned()),
        n => Some(format!("{n} errors")),
    };
    let warnings = match warnings {
        0 => None,
        1 => Some("1 warning".to_owned()),
        n => Some(format!("{n} warnings")),
    };
    [errors, warnings]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// An error and its causes, each on a line of its own.
pub(super) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        let _ = write!(text, "\n  caused by: {inner}");
        cause = inner.source();
    }
    text
}
