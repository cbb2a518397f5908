//! Templates that would outgrow memory, refused before they run.
//!
//! Owns a bound on the largest text that a template can make. Never runs one.
//!
//! This file is a compromise. The template engine counts instructions, so an
//! endless loop ends; but one `~` may join texts of any size, so twenty lines
//! of `{% set x = x ~ x %}` would fill memory within the instruction limit,
//! and the engine has no limit on sizes to set. Forking it, or rendering in a
//! process of its own, would be worse. So the growth is bounded from the text:
//! every operator that joins adds at most one copy of the largest text, and
//! every name that is bound to a result lets the next operators start from
//! there. What is left of the language is ample for prompts.

use crate::shot::tokens::{Block, Token, blocks};

/// The most bytes that one expression may come to.
const MAX_BYTES: f64 = 64.0 * 1024.0 * 1024.0;

/// Statements that the engine knows and a prompt may not use: they bind whole
/// passages to names, or read other templates, of which there are none.
const REFUSED: [&str; 12] = [
    "autoescape",
    "block",
    "call",
    "do",
    "extends",
    "filter",
    "from",
    "import",
    "include",
    "macro",
    "raw",
    "with",
];

/// Filters whose result is no larger than what they were given (or is limited
/// by `template`). The others can make a list, whose text is longer than its parts.
const MODEST: [&str; 24] = [
    "abs",
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "max",
    "min",
    "replace",
    "reverse",
    "round",
    "string",
    "title",
    "trim",
    "upper",
    "attr",
    "camera",
];

/// How much longer a list is as text than its parts, quotes and escapes included.
const LIST_FACTOR: f64 = 6.0;

/// Why a template is not run, and where in it.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) at: usize,
    pub(super) len: usize,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Checks a template whose largest value has `largest` bytes as text.
pub(super) fn check(template: &str, largest: usize) -> Result<(), Refusal> {
    let blocks = blocks(template);
    let mut bindings = 1.0;
    let mut joins = 0.0;
    let mut factor = 1.0;
    for block in &blocks {
        statement(block)?;
        let binds = matches!(block.tokens.first(), Some(Token::Word("for" | "set")));
        bindings += f64::from(u8::from(block.statement && binds));
        joins += count(block)?;
        factor *= lists(block);
    }
    let growth = f64::powf((bindings + joins) / bindings, bindings) * factor;
    if growth * (largest + template.len()) as f64 <= MAX_BYTES {
        return Ok(());
    }
    Err(Refusal {
        at: 0,
        len: template.len(),
        message: "this template could grow beyond all bounds".to_owned(),
        help: "join fewer texts, or write the text out",
    })
}

fn statement(block: &Block<'_>) -> Result<(), Refusal> {
    let Some(Token::Word(name)) = block.tokens.first().filter(|_| block.statement) else {
        return Ok(());
    };
    let refuse = |message: String, help| {
        Err(Refusal {
            at: block.at,
            len: name.len(),
            message,
            help,
        })
    };
    if REFUSED.contains(name) {
        let help = "`if`, `for` and `set` with `=` are there";
        return refuse(format!("`{name}` is not available in prompts"), help);
    }
    if *name == "set" && !block.tokens.contains(&Token::Sign("=")) {
        return refuse(
            "`set` needs `=` and a value here".to_owned(),
            "write `{% set name = … %}`",
        );
    }
    if *name == "for" && block.tokens.contains(&Token::Word("recursive")) {
        return refuse(
            "loops cannot be recursive here".to_owned(),
            "use a plain loop",
        );
    }
    Ok(())
}

/// Copies that the operators of a block can add.
fn count(block: &Block<'_>) -> Result<f64, Refusal> {
    let tokens = &block.tokens;
    let mut joins = 0.0;
    let mut products = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign("~" | "+") => joins += 1.0,
            Token::Sign("*") => {
                products += 1;
                let times = repetition(tokens, at).filter(|_| products == 1);
                joins += times.ok_or_else(|| Refusal {
                    at: block.at,
                    len: 1,
                    message: "how much this multiplies cannot be foreseen".to_owned(),
                    help: "multiply once, with a number written out",
                })?;
            }
            _ => {}
        }
    }
    Ok(joins)
}

/// The number beside a `*`, which is the most that a text is repeated.
fn repetition(tokens: &[Token<'_>], at: usize) -> Option<f64> {
    let tight = |token: Option<&Token<'_>>| {
        matches!(token, Some(Token::Sign("**" | "|" | "." | "[" | "(")))
    };
    let number = |token: Option<&Token<'_>>| match token {
        Some(Token::Number(digits)) => digits.replace('_', "").parse::<f64>().ok(),
        _ => None,
    };
    let before = at
        .checked_sub(1)
        .and_then(|before| number(tokens.get(before)));
    let before = before.filter(|_| at < 2 || !tight(tokens.get(at - 2)));
    let after = number(tokens.get(at + 1)).filter(|_| !tight(tokens.get(at + 2)));
    match (before, after) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn lists(block: &Block<'_>) -> f64 {
    let mut factor = 1.0;
    for (at, token) in block.tokens.iter().enumerate() {
        match token {
            Token::Sign("[" | "{") => factor *= 2.0,
            Token::Sign("|") => {
                let modest = matches!(block.tokens.get(at + 1), Some(Token::Word(name)) if MODEST.contains(name));
                factor *= if modest { 1.0 } else { LIST_FACTOR };
            }
            _ => {}
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn ordinary_templates_pass() {
        for template in [
            "plain",
            "{{ hero }} in {{ city ~ ', ' ~ sky }}",
            "{% for name in names %}{{ name|title }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "{% set who = hero ~ ' and ' ~ friend %}{{ who }} {{ who|upper }}",
            "{{ matrix.seconds * 2 + 1 }}",
            "{{ ['a', 'b']|join(', ') }} {{ vars['x'] }}",
        ] {
            assert_eq!(check(template, 2_000), Ok(()), "{template}");
        }
    }

    #[test]
    fn growth_is_refused() {
        for template in [
            &format!(
                "{{% set x = 'ab' %}}{}{{{{ x }}}}",
                "{% set x = x ~ x %}".repeat(40)
            ),
            "{{ 'x' * 1000000000 }}",
            "{{ [1] * 10**9 }}",
            "{{ n * 3 * list }}",
            "{{ 'x' * n }}",
            "{% set x %}{{ a }}{{ a }}{% endset %}",
            "{% for x in a recursive %}{{ loop([x ~ x]) }}{% endfor %}",
            "{% include 'x' %}",
            &format!("{{{{ {}a{} }}}}", "[".repeat(40), "]~''".repeat(40)),
            &format!("{{{{ a{} }}}}", "|list|string".repeat(20)),
        ] {
            assert!(check(template, 2_000).is_err(), "{template}");
        }
    }
}
