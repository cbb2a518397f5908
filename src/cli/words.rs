//! Small phrases that several commands say alike.

use serde_json::{Value, json};

use crate::money::{Money, Total};

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
