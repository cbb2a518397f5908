//! Small phrases that several commands say alike.

use std::path::Path;

use serde_json::{Value, json};

use crate::money::{Money, Total};

/// `1 shot`, `8 shots`.
pub(super) fn shots(count: usize) -> String {
    match count {
        1 => "1 shot".to_owned(),
        count => format!("{count} shots"),
    }
}

/// `1 video`, `8 videos`.
pub(super) fn videos(count: usize) -> String {
    match count {
        1 => "1 video".to_owned(),
        count => format!("{count} videos"),
    }
}

/// `1 payment`, `8 payments`.
pub(super) fn payments(count: usize) -> String {
    match count {
        1 => "1 payment".to_owned(),
        count => format!("{count} payments"),
    }
}

/// A path with `/`, whatever the system writes.
pub(super) fn slashes(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().replace('\\', "/")
}

/// An amount for programs: the number as text, because floats lose cents.
pub(super) fn money_json(money: &Money) -> Value {
    json!({ "amount": money.decimal(), "currency": money.currency() })
}

/// One amount for each currency.
pub(super) fn total_json(total: &Total) -> Value {
    total.amounts().map(|money| money_json(&money)).collect()
}

/// `1.34 USD + 1 shot without a known price`.
pub(super) fn cost(known: &Total, unpriced: usize) -> String {
    match (known.is_zero(), unpriced) {
        (_, 0) => known.to_string(),
        (true, count) => format!("{} without a known price", shots(count)),
        (false, count) => format!("{known} + {} without a known price", shots(count)),
    }
}

/// Padded by columns, which are not characters in Chinese.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(unicode_width::UnicodeWidthStr::width(text));
    format!("{text}{}", " ".repeat(missing))
}
