//! Small phrases that several commands say alike.

use serde_json::{Value, json};

use crate::money::Money;

/// `1 shot`, `8 shots`.
pub(super) fn shots(count: usize) -> String {
    match count {
        1 => "1 shot".to_owned(),
        count => format!("{count} shots"),
    }
}

/// An amount for programs: the number as text, because floats lose cents.
pub(super) fn money_json(money: &Money) -> Value {
    json!({ "amount": money.decimal(), "currency": money.currency() })
}
