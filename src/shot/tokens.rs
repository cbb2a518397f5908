//! The words of a template, read lightly.
//!
//! Owns just enough of the template language to count operators and to see
//! which names occur. Never judges syntax: the template engine does.

/// One token inside `{{ … }}` or `{% … %}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    Number(&'a str),
    Text(&'a str),
    /// Two characters for `**` and `//`, one for all others.
    Sign(&'a str),
}

/// What stands between two delimiters.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Whether it was `{% … %}`.
    pub(super) statement: bool,
    /// Whether its closing delimiter is there.
    pub(super) closed: bool,
    /// Byte offset of its first token.
    pub(super) at: usize,
    pub(super) tokens: Vec<Token<'a>>,
    /// Byte offset of each token; of a text, behind its quote.
    pub(super) places: Vec<usize>,
}

/// Whether a text has any template syntax in it.
pub(super) fn is_template(text: &str) -> bool {
    text.match_indices('{')
        .any(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%' | b'#')))
}

/// Every block of a template, in order. Comments are left out.
pub(super) fn blocks(template: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(found) = template[at..].find('{') {
        let start = at + found + 1;
        at = start;
        let (statement, end) = match template.as_bytes().get(start) {
            Some(b'{') => (false, "}}"),
            Some(b'%') => (true, "%}"),
            Some(b'#') => {
                let close = template[start..].find("#}");
                at = close.map_or(template.len(), |close| start + close + 2);
                continue;
            }
            _ => continue,
        };
        let mut body = start + 1;
        if matches!(template.as_bytes().get(body), Some(b'-' | b'+')) {
            body += 1;
        }
        let (found, after) = tokens(template, body, end);
        let (places, tokens) = found.into_iter().unzip();
        at = after;
        let blank = template[body..].len() - template[body..].trim_start().len();
        blocks.push(Block {
            statement,
            closed: template[..at].ends_with(end) && at >= body + end.len(),
            at: body + blank,
            tokens,
            places,
        });
    }
    blocks
}

fn tokens<'a>(template: &'a str, from: usize, end: &str) -> (Vec<(usize, Token<'a>)>, usize) {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(first) = template[at..].chars().next() {
        let rest = &template[at..];
        // A dictionary may close right before the block does: `{{ {'a': 1}}}`.
        if rest.starts_with(end) && !(end == "}}" && rest.starts_with("}}}")) {
            return (found, at + end.len());
        }
        let (token, len) = token(rest, first);
        let quote = usize::from(matches!(token, Some(Token::Text(_))));
        found.extend(token.map(|token| (at + quote, token)));
        at += len;
    }
    (found, at)
}

fn token(rest: &str, first: char) -> (Option<Token<'_>>, usize) {
    let run = |keep: fn(char) -> bool| rest.find(|c| !keep(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        (None, first.len_utf8())
    } else if first.is_ascii_digit() {
        let len = run(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        (Some(Token::Number(&rest[..len])), len)
    } else if first.is_alphanumeric() || first == '_' {
        let len = run(|c| c.is_alphanumeric() || c == '_');
        (Some(Token::Word(&rest[..len])), len)
    } else if first == '\'' || first == '"' {
        let len = quoted(rest, first);
        (Some(Token::Text(rest.get(1..len - 1).unwrap_or(""))), len)
    } else if rest.starts_with("**") || rest.starts_with("//") {
        (Some(Token::Sign(&rest[..2])), 2)
    } else {
        let len = first.len_utf8();
        (Some(Token::Sign(&rest[..len])), len)
    }
}

/// Bytes of a quoted text with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return at + 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::{Token, blocks, is_template};

    #[test]
    fn blocks_and_tokens() {
        let found = blocks("a {# {{ x }} #}{{ 'it\\'s }}' ~ b**2 }} {%- for 镜 in c %}");
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].tokens,
            [
                Token::Text("it\\'s }}"),
                Token::Sign("~"),
                Token::Word("b"),
                Token::Sign("**"),
                Token::Number("2")
            ]
        );
        assert!(found[1].statement);
        assert_eq!(found[1].tokens[0], Token::Word("for"));
        assert!(is_template("{%") && !is_template("{ { }"));
        assert_eq!(blocks("{{ 'open").len(), 1);
    }
}
