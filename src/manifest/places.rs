//! The parser's marks to places that authors would point at.
//!
//! Owns where a node begins and ends: behind anchor and tag, at the `|` of a
//! block scalar, before the blank lines that follow. Never reads values.

use saphyr_parser::{Marker, Span as Marks};

use crate::diag::{SourceId, Span};
use crate::manifest::offsets::Offsets;

/// A text and the way from the parser's characters to its bytes.
pub(super) struct Places<'a> {
    pub(super) text: &'a str,
    file: SourceId,
    /// Bytes of a byte order mark, which the parser is not shown.
    skipped: usize,
    offsets: Offsets<'a>,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str, file: SourceId) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            text,
            file,
            skipped: text.len() - body.len(),
            offsets: Offsets::new(body),
        }
    }

    /// What the parser reads.
    pub(super) fn body(&self) -> &'a str {
        &self.text[self.skipped..]
    }

    /// The byte that the parser stopped at; at the end of the text, behind what came last.
    pub(super) fn byte(&self, mark: &Marker) -> usize {
        let at = self.skipped + self.offsets.byte(mark.index());
        if self.text[at..].trim().is_empty() {
            self.text.trim_end().len()
        } else {
            at
        }
    }

    /// What stands where the parser stopped.
    pub(super) fn stop(&self, mark: &Marker) -> Span {
        let at = self.byte(mark);
        self.point(Span::new(self.file, at, at))
    }

    /// A span that marks something.
    pub(super) fn point(&self, span: Span) -> Span {
        shown(self.text, span)
    }

    pub(super) fn span(&self, marks: Marks) -> Span {
        let start = self.skipped + self.offsets.byte(marks.start.index());
        let end = self.skipped + self.offsets.byte(marks.end.index());
        Span::new(self.file, start, end.max(start))
    }

    /// Without the anchor and the tag in front, which the parser's span begins with.
    pub(super) fn after_properties(&self, span: Span) -> Span {
        let mut start = span.start;
        while matches!(self.text.as_bytes().get(start), Some(b'&' | b'!')) {
            let rest = &self.text[start..];
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            start += word + blank(&rest[word..]);
        }
        Span::new(self.file, start, span.end.max(start))
    }

    /// From the `|` or `>` to the last character. The parser's span begins at
    /// the content, behind the header, and ends behind the last line break.
    pub(super) fn block(&self, span: Span) -> Span {
        let blank = [' ', '\t', '\n', '\r'];
        let above = self.text[..span.start].trim_end_matches(blank);
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        let header = above[line..]
            .match_indices(['|', '>'])
            .find(|(at, _)| is_block_header(&above[line + at + 1..]));
        let start = header.map_or(span.start, |(at, _)| line + at);
        let end = self.text[..span.end].trim_end_matches(blank).len();
        Span::new(self.file, start, end.max(start + 1))
    }

    /// A block collection ends with its last item, since the parser's own end
    /// lies behind the blank lines and comments that follow.
    pub(super) fn collection(&self, start: usize, last: Option<usize>, end: Span) -> Span {
        let flow = matches!(self.text.as_bytes().get(start), Some(b'[' | b'{'));
        let end = if flow { end.end } else { last.unwrap_or(start) };
        Span::new(self.file, start, end.max(start))
    }
}

/// A span that marks something: of an empty one the next character, or the last before it.
pub(super) fn shown(text: &str, span: Span) -> Span {
    if span.start < span.end {
        return span;
    }
    let (before, after) = text.split_at(span.start);
    if let Some(next) = after.chars().next() {
        return Span::new(span.file, span.start, span.start + next.len_utf8());
    }
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    Span::new(span.file, span.start - last, span.start)
}

/// Whether this follows the `|` or `>` of a block scalar to the end of its line.
fn is_block_header(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    rest.trim().is_empty()
        || rest.trim_start().len() < rest.len() && rest.trim_start().starts_with('#')
}

/// Bytes of white space and comments at the start of a text.
fn blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}
