//! What the YAML scanner stumbled over, in an author's words.
//!
//! Owns the reading of the text around a scanner's error: which slip it was,
//! where exactly, and what to write instead. Never decides that something is
//! an error; the scanner did. Where nothing better is known it says nothing.
//! `colons` and `margins` have the slips with these; the others are here.

mod colons;
mod margins;
mod pasted;

use std::ops::Range;

use crate::diag::{Code, Diagnostic, SourceId, Span};
pub(super) use colons::only_text;

use crate::manifest::lines::{self, Line, quoted};

/// A slip that is known, with its place in the text.
#[derive(Debug, PartialEq)]
pub(super) struct Stumble {
    pub(super) place: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
    /// Another place that explains it.
    pub(super) also: Option<(Range<usize>, &'static str)>,
}

impl Stumble {
    fn new(place: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: help.into(),
            also: None,
        }
    }

    fn also(mut self, place: Range<usize>, words: &'static str) -> Self {
        self.also = Some((place, words));
        self
    }

    pub(super) fn diagnostic(self, file: SourceId) -> Diagnostic {
        let span = |place: Range<usize>| Span::new(file, place.start, place.end);
        let diagnostic = Diagnostic::error(Code::Syntax, span(self.place), self.message);
        let diagnostic = diagnostic.help(self.help);
        match self.also {
            Some((place, words)) => diagnostic.also(span(place), words),
            None => diagnostic,
        }
    }
}

/// Where the scanner stopped and what it said.
#[derive(Clone, Copy)]
struct Around<'a> {
    text: &'a str,
    at: usize,
    info: &'a str,
    /// The line that it stopped in.
    line: Line<'a>,
}

impl Around<'_> {
    fn says(self, words: &str) -> bool {
        self.info.contains(words)
    }

    /// Whether it stopped at the first word of its line.
    fn at_the_beginning(self) -> bool {
        self.text[self.line.start..self.at].trim().is_empty()
    }
}

/// The slip behind a scanner's error at a byte of the text.
pub(super) fn explain(text: &str, at: usize, info: &str) -> Option<Stumble> {
    let around = Around {
        text,
        at,
        info,
        line: lines::at(text, at),
    };
    let known: [fn(Around<'_>) -> Option<Stumble>; 10] = [
        pasted::pasted,
        margins::tab,
        colons::full_width_colon,
        quotes,
        colons::full_width_comma,
        beginning,
        colons::colon_inside,
        colons::no_space,
        margins::indentation,
        unclosed,
    ];
    known.iter().find_map(|slip| slip(around))
}

/// Quotes that stay open, end too early, or hold an escape that is none.
fn quotes(around: Around<'_>) -> Option<Stumble> {
    let mark = around.text[around.at..].chars().next();
    if around.says("trailing content") {
        let value = around.line.value_before(around.at)?;
        if value.end < around.at {
            // A comma in the quotes was taken for the end of the value.
            return None;
        }
        let (text, _) = value.read(around.text);
        let mark = text
            .chars()
            .next()
            .filter(|mark| matches!(mark, '"' | '\''))?;
        let inner = text[1..].strip_suffix(mark).unwrap_or(text);
        return Some(Stumble::new(
            around.at..value.end,
            format!("the text ends at the second `{mark}`, and this stands behind it"),
            format!("write {}", value.with(around.text, &quoted(inner))),
        ));
    }
    if around.says("escape") {
        return escape(around);
    }
    let mark = mark.filter(|mark| around.says("quoted scalar") && matches!(mark, '"' | '\''))?;
    Some(Stumble::new(
        around.at..around.at + 1,
        "the quote that opens here is not closed",
        format!("close it with `{mark}`; lines that follow stand deeper than their key"),
    ))
}

fn escape(around: Around<'_>) -> Option<Stumble> {
    const KNOWN: &str = "0abt\tnvfre \"/\\N_LPxuU\n\r";
    let mut rest = around.text[around.at..].char_indices();
    while let Some((at, character)) = rest.next() {
        if character != '\\' {
            continue;
        }
        let (_, next) = rest.next()?;
        if !KNOWN.contains(next) || "xuU".contains(next) {
            let start = around.at + at;
            return Some(Stumble::new(
                start..start + 1 + next.len_utf8(),
                format!("`\\{next}` means nothing in double quotes"),
                format!("write `\\\\{next}`, or use single quotes"),
            ));
        }
    }
    None
}

/// A text that begins with a character that means something to YAML.
fn beginning(around: Around<'_>) -> Option<Stumble> {
    let value = around.line.value_before(around.at)?;
    let (text, _) = value.read(around.text);
    let first = text.chars().next()?;
    let words = text.split_whitespace().count() > 1;
    let place = value.start..value.start + first.len_utf8();
    let needs = match first {
        '[' => closed_early(text, ']'),
        '{' => text.starts_with("{{") || text.starts_with("{%") || closed_early(text, '}'),
        '*' if !words => return Some(no_anchor(around, text, value.start)),
        '-' if text.starts_with("- ") && text.contains(": ") => {
            return Some(Stumble::new(
                place,
                "a list does not begin behind its key",
                "begin it on the next line, indented",
            ));
        }
        '-' | '?' => text[1..].starts_with(' '),
        '*' | '&' | '!' | '|' | '>' | '@' | '`' | '%' | ',' | ']' | '}' => true,
        _ => false,
    };
    let shown = match first {
        '`' => "a backtick".to_owned(),
        _ => format!("`{first}`"),
    };
    let begin = match first {
        '|' | '>' => "begin the text on the next line, or ",
        _ => "",
    };
    needs.then(|| {
        let line = value.with(around.text, &quoted(text));
        let message = format!("a text that begins with {shown} needs quotes");
        Stumble::new(place, message, format!("{begin}write {line}"))
    })
}

/// Whether a bracket at the beginning closes and the text goes on.
fn closed_early(text: &str, close: char) -> bool {
    let rest = text.rfind(close).map(|at| text[at + 1..].trim());
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('#'))
}

fn no_anchor(around: Around<'_>, text: &str, start: usize) -> Stumble {
    let name = text[1..].trim_end_matches([',', ']', '}']);
    let place = start..start + 1 + name.len();
    if name.is_empty() || !around.says("anchor") {
        return Stumble::new(
            place,
            "a text that begins with `*` needs quotes",
            format!("write `{}`", quoted(text)),
        );
    }
    Stumble::new(
        place,
        format!("nothing above is marked `&{name}`"),
        format!(
            "mark it with `&{name}` where it is first written; a text that begins with `*` needs quotes"
        ),
    )
}

/// A bracket that was opened and never closed.
fn unclosed(around: Around<'_>) -> Option<Stumble> {
    const MOST_BYTES: usize = 64 * 1024;
    if !around.says("flow") {
        return None;
    }
    let mut line = Some(around.line);
    for _ in 0..100 {
        // What was opened farther away is not found again by reading on.
        let here = line.filter(|here| around.at - here.start <= MOST_BYTES)?;
        if let Some((at, open)) = lines::open_bracket(around.text, here.start..around.at) {
            let close = if open == '[' { ']' } else { '}' };
            return Some(Stumble::new(
                at..at + 1,
                format!("the `{open}` that opens here is not closed"),
                format!("close it with `{close}`, or put `,` between its parts"),
            ));
        }
        line = lines::before(around.text, here);
    }
    None
}

#[cfg(test)]
mod tests;
