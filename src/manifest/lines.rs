//! Lines of a YAML text, read lightly.
//!
//! Owns just enough of YAML to see keys, values and columns in a text that is
//! no YAML. Never judges; `stumble` does.

use std::ops::Range;

/// One line without its line break.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
}

/// The bytes of a value behind its key.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) key: Range<usize>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The line that a byte is in.
pub(super) fn at(text: &str, at: usize) -> Line<'_> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[start..]
        .find('\n')
        .map_or(text.len(), |len| start + len);
    Line {
        start,
        text: text[start..end].trim_end_matches('\r'),
    }
}

/// The next line.
pub(super) fn after<'a>(text: &'a str, line: Line<'a>) -> Option<Line<'a>> {
    let end = text[line.start..].find('\n')? + line.start + 1;
    (end < text.len()).then(|| at(text, end))
}

/// The line before that is neither blank nor a comment.
pub(super) fn before<'a>(text: &'a str, line: Line<'a>) -> Option<Line<'a>> {
    let mut start = line.start;
    while start > 0 {
        let above = at(text, start - 1);
        let body = above.text.trim();
        if !body.is_empty() && !body.starts_with('#') {
            return Some(above);
        }
        start = above.start;
    }
    None
}

/// The nearest item of a list above a line.
pub(super) fn dashed_before<'a>(text: &'a str, line: Line<'a>) -> Option<Line<'a>> {
    let mut line = before(text, line)?;
    while !line.text.trim_start().starts_with("- ") {
        line = before(text, line)?;
    }
    Some(line)
}

impl Line<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// White space in front, in bytes.
    pub(super) fn margin(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    /// Where the first key begins, behind the dashes of lists.
    pub(super) fn key_column(&self) -> usize {
        let mut column = self.margin();
        while let Some(rest) = self.text[column..].strip_prefix("- ") {
            column += 2 + rest.len() - rest.trim_start().len();
        }
        column
    }

    /// The value that a byte of this line stands in: behind the last key that
    /// is surely one, which is the first of a block, or any after `{` and `,`.
    pub(super) fn value_before(&self, at: usize) -> Option<Value> {
        let until = at.checked_sub(self.start)?.min(self.text.len());
        let flow = open_bracket(self.text, 0..until).filter(|(at, _)| {
            // A value that begins with a bracket is not inside of it.
            self.block_value()
                .is_none_or(|value| *at > value || self.is_list(*at))
        });
        let (key, start) = match flow {
            None => (self.key_column(), self.block_value()?),
            Some((open, _)) => {
                let inside = &self.text[open + 1..until];
                let part = inside
                    .rfind(", ")
                    .map_or(open + 1, |comma| open + comma + 3);
                let key = part + self.text[part..].len() - self.text[part..].trim_start().len();
                let colon = self.text[key..].find(": ")? + key;
                (key, colon + 2)
            }
        };
        let blank = self.text[start..].len() - self.text[start..].trim_start().len();
        let start = start + blank;
        if start > until {
            return None;
        }
        let end = if flow.is_some() {
            start + flow_end(&self.text[start..])
        } else {
            self.text.trim_end().len()
        };
        let colon = self.text[key..].find(':').map_or(key, |colon| key + colon);
        Some(Value {
            key: self.start + key..self.start + colon,
            start: self.start + start,
            end: self.start + end.max(start),
        })
    }

    /// Where the value behind the first key of the line begins.
    fn block_value(&self) -> Option<usize> {
        let key = self.key_column();
        let colon = self.text[key..].find(": ")? + key;
        let word = &self.text[key..colon];
        let plain = !word.is_empty() && !word.contains(['[', '{', ',', ' ']);
        plain.then(|| {
            let rest = &self.text[colon + 1..];
            colon + 1 + rest.len() - rest.trim_start().len()
        })
    }

    /// Whether the bracket at the start of a value holds keys: `[{id: a`.
    fn is_list(&self, open: usize) -> bool {
        let rest = self.text[open..].trim_start_matches(['[', '{', ' ']);
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(0);
        let double = self.text[open..].starts_with("{{");
        !double && word > 0 && rest[word..].starts_with(':')
    }
}

impl Value {
    /// The value as written, and its key.
    pub(super) fn read<'t>(&self, text: &'t str) -> (&'t str, &'t str) {
        (
            text[self.start..self.end].trim_end(),
            &text[self.key.clone()],
        )
    }

    /// The key with another value, in backticks.
    pub(super) fn with(&self, text: &str, value: &str) -> String {
        let (_, key) = self.read(text);
        format!("`{key}: {value}`")
    }
}

/// A text in quotes that hold it; a long one is cut for display.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let text = text.trim_matches(['“', '”', '「', '」']).trim();
    let shown = match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    };
    if shown.contains(['"', '\\']) {
        format!("'{}'", shown.replace('\'', "''"))
    } else {
        format!("\"{shown}\"")
    }
}

/// Bytes of a value that stands between brackets.
fn flow_end(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' | ',' if depth == 0 => return at,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The innermost bracket that is still open at the end of a range.
pub(super) fn open_bracket(text: &str, range: Range<usize>) -> Option<(usize, char)> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut last = ' ';
    for (at, character) in text[range.clone()].char_indices() {
        let free = matches!(last, ' ' | '\n' | '[' | '{' | ',' | ':');
        match (quote, character) {
            (Some(mark), _) if mark == character => quote = None,
            (None, '"' | '\'') if free => quote = Some(character),
            (None, '[' | '{') if free => open.push((range.start + at, character)),
            (None, ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
        last = character;
    }
    open.pop()
}
