//! YAML 1.2 core schema: what a plain scalar means.
//!
//! Owns the reading of `true`, `0x1F`, `1.5` and `~`. Never sees quoted
//! scalars: those are texts. `yes`, `on` and `1:30` are texts too, as 1.2 says.

use std::sync::Arc;

use serde_json::Number;

use crate::manifest::tree::Kind;

/// Reads a plain scalar. Infinities and `.nan` stay texts: JSON has no such
/// numbers, and nothing in a manifest means them.
pub(crate) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => number(text).map_or_else(|| Kind::Text(Arc::from(text)), Kind::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return radix(octal, 8);
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return radix(hexadecimal, 16);
    }
    if digits.chars().all(|c| c.is_ascii_digit()) {
        return integer(text).or_else(|| decimal(text));
    }
    is_decimal(digits).then(|| decimal(text)).flatten()
}

fn radix(digits: &str, radix: u32) -> Option<Number> {
    // `from_str_radix` takes a sign, which the core schema has no place for.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(Number::from)
}

fn integer(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    unsigned
        .parse::<u64>()
        .map(Number::from)
        .or_else(|_| unsigned.parse::<i64>().map(Number::from))
        .ok()
}

fn decimal(text: &str) -> Option<Number> {
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

fn is_decimal(digits: &str) -> bool {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let all_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_number = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_is_number
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::plain;
    use crate::manifest::tree::Kind;

    #[test]
    fn numbers_and_words() {
        for (text, value) in [
            ("6", json!(6)),
            ("-12", json!(-12)),
            ("+3", json!(3)),
            ("0o14", json!(12)),
            ("0x1F", json!(31)),
            ("1.5", json!(1.5)),
            (".5e1", json!(5.0)),
            ("007", json!(7)),
        ] {
            let Kind::Number(number) = plain(text) else {
                panic!("{text} is no number");
            };
            assert_eq!(serde_json::Value::Number(number), value, "{text}");
        }
        for text in [
            "yes", "on", "1:30", "768P", ".inf", ".", "-", "0x", "1e", "1.2.3", "5 USD",
        ] {
            assert_eq!(plain(text), Kind::Text(Arc::from(text)), "{text}");
        }
        assert_eq!(plain("~"), Kind::Null);
        assert_eq!(plain("True"), Kind::Bool(true));
    }
}
