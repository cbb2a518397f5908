//! Colons, commas and the spaces behind them.
//!
//! Owns the slips in which a key and its value do not come apart, or come
//! apart where a text was meant. Never looks at margins.

use crate::manifest::lines::{self, Line, quoted};
use crate::manifest::stumble::{Around, Stumble};

/// `version：1`, as a Chinese keyboard writes it.
pub(super) fn full_width_colon(around: Around<'_>) -> Option<Stumble> {
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
pub(in crate::manifest) fn only_text(text: &str) -> Option<Stumble> {
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
    let behind = at + '：'.len_utf8();
    let key = line.text[..at - line.start].trim();
    let value = text[behind..line.end()].trim();
    let written = format!("{key}: {value}");
    let mut help = format!("write `{}`", written.trim());
    let more = others(text, line);
    if more > 0 {
        let lines = if more == 1 { "line" } else { "lines" };
        help = format!("{help}, and the same in {more} more {lines}");
    }
    Stumble::new(at..behind, "`：` is not `:`", help)
}

/// Lines below that have the same slip behind a key of ours, which is ASCII.
fn others(text: &str, line: Line<'_>) -> usize {
    let below = text[line.start..].lines().skip(1);
    let slips = below.filter(|text| {
        let line = Line { start: 0, text };
        wide_key(line, text.len()).is_some_and(|at| text[..at].is_ascii())
    });
    slips.count()
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

pub(super) fn full_width_comma(around: Around<'_>) -> Option<Stumble> {
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

/// `Wide shot: a cat`, which looks like a key and its value.
pub(super) fn colon_inside(around: Around<'_>) -> Option<Stumble> {
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
pub(super) fn no_space(around: Around<'_>) -> Option<Stumble> {
    let simple = around.says("simple key");
    if !simple && !around.says("mapping values") {
        return None;
    }
    let line = if around.at_the_beginning() || !simple {
        lines::before(around.text, around.line)?
    } else {
        around.line
    };
    let start = line.start + line.margin();
    let body = line.text[line.margin()..].trim_end();
    if let Some(rest) = body.strip_prefix('-')
        && rest.starts_with(char::is_alphabetic)
    {
        let help = format!("write `- {rest}`");
        let message = "`-` needs a space behind it";
        return Some(Stumble::new(start..start + 1, message, help));
    }
    let key = body.strip_prefix("- ").unwrap_or(body);
    no_colon(start + body.len() - key.len(), key, simple)
}

/// A key and its value without `: ` between them.
fn no_colon(start: usize, line: &str, certain: bool) -> Option<Stumble> {
    let word = line.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    if word == 0 || line.contains(": ") || line.ends_with(':') {
        return None;
    }
    let (key, rest) = line.split_at(word);
    let at = start + word;
    if let Some(value) = rest.strip_prefix(':') {
        let help = format!("write `{key}: {value}`");
        return Some(Stumble::new(
            at..at + 1,
            "`:` needs a space behind it",
            help,
        ));
    }
    let help = format!("write `{key}: {}`", rest.trim());
    certain.then(|| Stumble::new(start..at, "a key without a `:` behind it", help))
}
