//! What the YAML scanner stumbled over, in an author's words.
//!
//! Owns the reading of the text around a scanner's error: which slip it was,
//! where exactly, and what to write instead. Never decides that something is
//! an error; the scanner did. Where nothing better is known it says nothing.

use std::ops::Range;

use crate::diag::{Code, Diagnostic, SourceId, Span};
use crate::manifest::lines::{self, Line, quoted};

/// A slip that is known, with its place in the text.
#[derive(Debug, PartialEq)]
pub(super) struct Stumble {
    pub(super) place: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
    /// Another place that explains it.
    pub(super) also: Option<(Range<usize>, String)>,
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
    let known: [fn(Around<'_>) -> Option<Stumble>; 9] = [
        tab,
        full_width_colon,
        quotes,
        full_width_comma,
        beginning,
        colon_inside,
        no_space,
        indentation,
        unclosed,
    ];
    known.iter().find_map(|slip| slip(around))
}

/// A tab at the margin; the scanner may notice it from the line before.
fn tab(around: Around<'_>) -> Option<Stumble> {
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

/// `version：1`, as a Chinese keyboard writes it.
fn full_width_colon(around: Around<'_>) -> Option<Stumble> {
    let here = wide_key(around.line, around.at);
    let above = || {
        let above = lines::before(around.text, around.line)?;
        let key = wide_key(above, above.end())?;
        // Above, it may be the prose of a block; a key of ours is ASCII.
        around.text[above.start..key]
            .trim()
            .is_ascii()
            .then_some(key)
    };
    let at = here.or_else(above)?;
    Some(wide_colon(around.text, at))
}

/// The same where nothing stopped the scanner: a document that is one text.
pub(super) fn only_text(text: &str) -> Option<Stumble> {
    let first = lines::at(text, text.len() - text.trim_start().len());
    let mut line = Some(first);
    while let Some(here) = line {
        if let Some(at) = wide_key(here, here.end()) {
            return Some(wide_colon(text, at));
        }
        line = lines::after(text, here);
    }
    None
}

fn wide_colon(text: &str, at: usize) -> Stumble {
    let line = lines::at(text, at);
    let (key, value) = (
        line.text[..at - line.start].trim(),
        &text[at + '：'.len_utf8()..line.end()],
    );
    let help = format!("write `{key}: {}`", value.trim());
    Stumble::new(
        at..at + '：'.len_utf8(),
        "`：` is not `:`",
        help.replace(": `", ":`"),
    )
}

/// The place of a full-width colon that ends a key.
fn wide_key(line: Line<'_>, until: usize) -> Option<usize> {
    let body = line.text.trim_start();
    if body.starts_with('#') {
        return None;
    }
    let at = line.text.find('：')?;
    let key = line.text[..at].trim_start_matches(['-', ' ']);
    let word = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    (word && line.start + at <= until).then_some(line.start + at)
}

fn full_width_comma(around: Around<'_>) -> Option<Stumble> {
    if !around.says("flow") {
        return None;
    }
    let before = &around.text[around.line.start..around.at];
    let at = around.line.start + before.rfind('，')?;
    let place = at..at + '，'.len_utf8();
    Some(Stumble::new(
        place,
        "`，` is not `,`",
        "separate with `,`, or put the text into quotes",
    ))
}

/// Quotes that stay open, end too early, or hold an escape that is none.
fn quotes(around: Around<'_>) -> Option<Stumble> {
    let mark = around.text[around.at..].chars().next();
    if around.says("trailing content") {
        let value = around.line.value_before(around.at)?;
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
        '-' if text.contains(": ") => {
            return Some(Stumble::new(
                place,
                "a list does not begin behind its key",
                "begin it on the next line, indented",
            ));
        }
        '*' | '&' | '!' | '|' | '>' | '@' | '`' | '%' | '-' | '?' | ',' | ']' | '}' => true,
        _ => false,
    };
    let help = || format!("write {}", value.with(around.text, &quoted(text)));
    needs.then(|| {
        Stumble::new(
            place,
            format!("a text that begins with `{first}` needs quotes"),
            help(),
        )
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

/// `Wide shot: a cat`, which looks like a key and its value.
fn colon_inside(around: Around<'_>) -> Option<Stumble> {
    if !around.text[around.at..].starts_with(':') {
        return None;
    }
    let value = around.line.value_before(around.at)?;
    let (text, _) = value.read(around.text);
    let what = if text.ends_with(':') {
        "ends in `:`"
    } else {
        "holds `: `"
    };
    Some(Stumble::new(
        around.at..around.at + 1,
        format!("a text that {what} needs quotes"),
        format!("write {}", value.with(around.text, &quoted(text))),
    ))
}

/// `prompt:x`, `-id: a` and `prompt x`.
fn no_space(around: Around<'_>) -> Option<Stumble> {
    let simple = around.says("simple key");
    if !simple && !around.says("mapping values") {
        return None;
    }
    let line = if around.at_the_beginning() || !simple {
        lines::before(around.text, around.line)?
    } else {
        around.line
    };
    let margin = line.text.len() - line.text.trim_start().len();
    let body = line.text[margin..].trim_end();
    let start = line.start + margin;
    if let Some(rest) = body.strip_prefix('-')
        && rest.starts_with(char::is_alphabetic)
    {
        let help = format!("write `- {rest}`");
        return Some(Stumble::new(
            start..start + 1,
            "`-` needs a space behind it",
            help,
        ));
    }
    let (dash, key) = match body.strip_prefix("- ") {
        Some(key) => (2, key),
        None => (0, body),
    };
    let word = key.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    if word == 0 || key.contains(": ") || key.ends_with(':') {
        return None;
    }
    let at = start + dash + word;
    if let Some(value) = key[word..].strip_prefix(':') {
        let help = format!("write `{}: {value}`", &key[..word]);
        return Some(Stumble::new(
            at..at + 1,
            "`:` needs a space behind it",
            help,
        ));
    }
    simple.then(|| {
        let help = format!("write `{}: {}`", &key[..word], key[word..].trim());
        let place = start + dash..at;
        Stumble::new(place, "a key without a `:` behind it", help)
    })
}

/// A line that begins in a column where no line above begins.
fn indentation(around: Around<'_>) -> Option<Stumble> {
    let colon = around.says("mapping values");
    let first = around.says("expected key")
        || around.says("'-' indicator")
        || around.says("invalid indentation");
    if !(colon || first && around.at_the_beginning()) {
        return None;
    }
    let line = around.line;
    let above = lines::before(around.text, line)?;
    let dashed = line.text.trim_start().starts_with("- ");
    let model = if dashed {
        lines::dashed_before(around.text, line)?
    } else {
        above
    };
    let column = |line: Line<'_>| {
        if dashed {
            line.margin()
        } else {
            line.key_column()
        }
    };
    let (own, other) = (column(line), column(model));
    let deep = match own.cmp(&other) {
        std::cmp::Ordering::Greater => "deeper",
        std::cmp::Ordering::Less => "less deep",
        std::cmp::Ordering::Equal => return None,
    };
    let start = line.start + line.margin();
    let word = |line: Line<'_>| {
        let from = column(line);
        let rest = &line.text[from..];
        let len = rest.find([':', ' ']).unwrap_or(rest.len()).max(1);
        line.start + from..line.start + from + len
    };
    let other_word = word(model);
    let shown = &around.text[other_word.clone()];
    let who = if dashed {
        "the `-` above"
    } else {
        "the line above it"
    };
    let help = format!("begin it in the same column as `{shown}`");
    let mut found = Stumble::new(
        start..word(line).end.max(start + 1),
        format!("this line is indented {deep} than {who}"),
        help,
    );
    found.also = Some((other_word, "this one".to_owned()));
    Some(found)
}

/// A bracket that was opened and never closed.
fn unclosed(around: Around<'_>) -> Option<Stumble> {
    if !around.says("flow") {
        return None;
    }
    let mut line = Some(around.line);
    for _ in 0..100 {
        let here = line?;
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
