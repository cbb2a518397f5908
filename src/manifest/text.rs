//! From a place in a scalar's value back to the place in the YAML source.
//!
//! Owns the alignment of the two for all five scalar styles. Never parses a
//! value: the YAML parser said what it is, and this only walks both texts side
//! by side. That works because the characters that are not white space come in
//! the same order in both; only double quotes rewrite them (escapes), and only
//! white space is folded, indented and stripped.

use std::ops::Range;

use crate::diag::{Sources, Span};

/// Value bytes to source bytes, for one scalar.
#[derive(Debug, Clone)]
pub struct TextMap {
    span: Span,
    segments: Vec<Segment>,
}

/// A stretch that is the same in both, or one escape.
#[derive(Debug, Clone, Copy)]
struct Segment {
    value: usize,
    source: usize,
    value_len: usize,
    source_len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Block,
}

impl TextMap {
    /// Aligns a scalar's value with the source at `span`, whose first byte tells the style.
    pub fn new(sources: &Sources, span: Span, value: &str) -> Self {
        let text = &sources.get(span.file).text;
        let source = text.get(span.start..span.end).unwrap_or("");
        let mut segments = align(source, value);
        for segment in &mut segments {
            segment.source += span.start;
        }
        Self { span, segments }
    }

    /// The source of a range of value bytes; at least one character where there is one.
    pub fn span(&self, range: Range<usize>) -> Span {
        let Some(start) = self.start(range.start) else {
            return self.span;
        };
        let end = self.end(range.end.max(range.start + 1)).unwrap_or(start);
        Span::new(self.span.file, start, end.max(start))
    }

    fn start(&self, value: usize) -> Option<usize> {
        let segment = self.segment(value)?;
        let inside = (value - segment.value).min(segment.value_len);
        Some(
            if segment.value_len == segment.source_len || inside == segment.value_len {
                segment.source + inside.min(segment.source_len)
            } else {
                segment.source
            },
        )
    }

    /// One past the source of the value byte before `value`.
    fn end(&self, value: usize) -> Option<usize> {
        let segment = self.segment(value.checked_sub(1)?)?;
        let inside = value - segment.value;
        Some(if segment.value_len == segment.source_len {
            segment.source + inside.min(segment.source_len)
        } else {
            segment.source + segment.source_len
        })
    }

    fn segment(&self, value: usize) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.value <= value);
        self.segments.get(after.checked_sub(1)?)
    }
}

fn align(source: &str, value: &str) -> Vec<Segment> {
    let (style, body) = style(source);
    let mut walk = Walk {
        source,
        at: body.start,
        end: body.end,
        style,
        indent: if style == Style::Block {
            indent(&source[body], value)
        } else {
            0
        },
        segments: Vec::new(),
    };
    if style == Style::Block {
        walk.skip_indent();
    }
    for (at, character) in value.char_indices() {
        let step = walk.step(character);
        walk.push(at, character.len_utf8(), step);
    }
    walk.segments
}

/// The style and the bytes between header or quotes.
fn style(source: &str) -> (Style, Range<usize>) {
    let inner = 1..source.len().saturating_sub(1).max(1);
    match source.as_bytes().first() {
        Some(b'\'') => (Style::Single, inner),
        Some(b'"') => (Style::Double, inner),
        Some(b'|' | b'>') => {
            let start = source.find('\n').map_or(source.len(), |at| at + 1);
            (Style::Block, start..source.len())
        }
        _ => (Style::Plain, 0..source.len()),
    }
}

/// Columns that a block scalar's lines are moved in by. Taken from the first
/// line with text in it, since the header does not say it against the margin.
fn indent(body: &str, value: &str) -> usize {
    let leading = |text: &str| {
        let line = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("");
        line.len() - line.trim_start_matches(' ').len()
    };
    leading(body).saturating_sub(leading(value))
}

struct Walk<'a> {
    source: &'a str,
    at: usize,
    end: usize,
    style: Style,
    indent: usize,
    segments: Vec<Segment>,
}

impl Walk<'_> {
    /// The source bytes of the value's next character; moves behind them.
    fn step(&mut self, character: char) -> Range<usize> {
        loop {
            let Some(next) = self.source[self.at..self.end].chars().next() else {
                return self.end..self.end;
            };
            if self.style == Style::Double && next == '\\' {
                if let Some(range) = self.escape() {
                    return range;
                }
            } else if next == character {
                return self.same(next);
            } else if !is_blank(next) {
                // Cannot be, as far as YAML goes; stay in step all the same.
                return self.same(next);
            } else if is_blank(character) {
                return self.folded();
            } else {
                self.at += next.len_utf8();
            }
        }
    }

    fn same(&mut self, next: char) -> Range<usize> {
        let start = self.at;
        self.at += next.len_utf8();
        if self.style == Style::Single && next == '\'' {
            // Written twice.
            self.at = (self.at + 1).min(self.end);
        }
        let range = start..self.at;
        if next == '\n' {
            self.skip_indent();
        }
        range
    }

    /// A line break that the value has as a space or as another line break.
    fn folded(&mut self) -> Range<usize> {
        let rest = &self.source[self.at..self.end];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let start = self.at;
        let after = &rest[blanks..];
        let line_end = if after.starts_with("\r\n") {
            2
        } else {
            usize::from(!after.is_empty())
        };
        self.at += blanks + line_end;
        let range = start..self.at;
        self.skip_indent();
        range
    }

    /// The bytes of an escape; `None` for an escaped line break, which means nothing.
    fn escape(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = &self.source[self.at..self.end];
        let kind = rest.chars().nth(1).unwrap_or('\\');
        if kind == '\n' || kind == '\r' {
            let line = 1 + if rest[1..].starts_with("\r\n") { 2 } else { 1 };
            let indent = rest[line..].len() - rest[line..].trim_start_matches([' ', '\t']).len();
            self.at += line + indent;
            return None;
        }
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        self.at = (start + 1 + kind.len_utf8() + digits).min(self.end);
        Some(start..self.at)
    }

    /// Steps over the margin of a block scalar's line, and no further.
    fn skip_indent(&mut self) {
        let rest = &self.source[self.at..self.end];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        self.at += spaces.min(self.indent);
    }

    fn push(&mut self, value: usize, value_len: usize, source: Range<usize>) {
        let verbatim = source.len() == value_len;
        if let Some(last) = self.segments.last_mut() {
            let joined =
                last.value_len == last.source_len && last.source + last.source_len == source.start;
            if verbatim && joined {
                last.value_len += value_len;
                last.source_len += value_len;
                return;
            }
        }
        self.segments.push(Segment {
            value,
            source: source.start,
            value_len,
            source_len: source.len(),
        });
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::TextMap;
    use crate::diag::{SourceFile, SourceId, Sources};
    use crate::manifest::reader;

    /// The source of every character of `k`'s value.
    fn mapped(yaml: &str) -> Vec<(char, String)> {
        let (root, diagnostics) = reader::read(yaml, SourceId(0));
        let root = root.unwrap_or_else(|| panic!("{yaml:?}: {diagnostics:?}"));
        let node = root.get("k").expect("the fixture has `k`");
        let value = node.text().expect("a text");
        let mut sources = Sources::default();
        sources.add(SourceFile::new("t.yaml", yaml));
        let map = TextMap::new(&sources, node.span, value);
        value
            .char_indices()
            .map(|(at, c)| {
                let span = map.span(at..at + c.len_utf8());
                (c, yaml[span.start..span.end].to_owned())
            })
            .collect()
    }

    #[test]
    fn visible_characters_map_to_themselves() {
        for yaml in [
            "k: a 镜头 {{ b }} c # note\n",
            "k: a 镜头\n   b  \n\n   {{ c }}\nz: 1\n",
            "k: &anchor !!str plain 推进\n",
            "k: '镜头 {{ x }} c\n\n  d'\n",
            "k: \"镜头 {{ x }}\n  d\"\n",
            "k: |\n  镜头 {{ x }}\n    deeper\n\n  back\nz: 1\n",
            "k: |2-   # note\n    镜头\n   x\n",
            "k: >\n\n  镜头 folded\n  line\n\n  para\n    more\n    indented\n  end\n",
            "k: >+\r\n  镜头\r\n  x\r\n",
            "\u{feff}k: 镜头 x\n",
        ] {
            for (character, source) in mapped(yaml) {
                if !character.is_whitespace() {
                    assert_eq!(source, character.to_string(), "{yaml:?}");
                }
            }
        }
    }

    #[test]
    fn spaces_of_a_literal_block_map_to_themselves() {
        for (character, source) in mapped("k: |\n    镜头 a\n      b  c\n    d\n") {
            // The last line break is not part of a node's place.
            assert!(source == character.to_string() || source.is_empty());
        }
    }

    #[test]
    fn escapes_map_to_what_was_typed() {
        let found = mapped(
            r#"k: "a\u955c\n\x41\"\
    b""#,
        );
        let sources: Vec<&str> = found.iter().map(|(_, s)| s.as_str()).collect();
        assert_eq!(sources, ["a", "\\u955c", "\\n", "\\x41", "\\\"", "b"]);
        let found = mapped("k: 'it''s'");
        let sources: Vec<&str> = found.iter().map(|(_, s)| s.as_str()).collect();
        assert_eq!(sources, ["i", "t", "''", "s"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_words_in_any_style(
            words in proptest::collection::vec("[a-z{}镜推é🎬]{1,6}", 1..12),
            style in 0..5usize,
            breaks in proptest::collection::vec(proptest::bool::ANY, 12),
        ) {
            let mut body = String::from("x");
            for (word, broken) in words.iter().zip(&breaks) {
                body.push_str(if *broken && style > 0 { "\n  " } else { " " });
                body.push_str(word);
            }
            let yaml = match style {
                0 => format!("k: {body}\n"),
                1 => format!("k: '{body}'\n"),
                2 => format!("k: \"{body}\"\n"),
                3 => format!("k: |\n  {body}\n"),
                _ => format!("k: >-\n  {body}\n"),
            };
            for (character, source) in mapped(&yaml) {
                if !character.is_whitespace() {
                    assert_eq!(source, character.to_string(), "{yaml:?}");
                }
            }
        }
    }
}
