//! Amounts of money: exact, with a currency, never a float.
//!
//! Owns parsing, adding and showing. Prices themselves are data in `plan::price`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

const MICROS_PER_UNIT: i64 = 1_000_000;

/// An amount in millionths of a currency's unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    micros: i64,
    currency: Arc<str>,
}

/// Why a text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an amount like `5 USD` or `3.50 CNY`")]
pub struct MoneyError {
    /// What was written.
    pub text: String,
}

impl Money {
    /// `micros` millionths of one `currency`, for example 280 000 USD micros are $0.28.
    pub fn from_micros(micros: i64, currency: impl Into<Arc<str>>) -> Self {
        Self {
            micros,
            currency: currency.into(),
        }
    }

    /// Millionths of the unit.
    pub fn micros(&self) -> i64 {
        self.micros
    }

    /// ISO 4217 code, upper case.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The number alone, with at least two decimals: `0.28`.
    pub fn decimal(&self) -> String {
        let sign = if self.micros < 0 { "-" } else { "" };
        let micros = self.micros.unsigned_abs();
        let unit = MICROS_PER_UNIT.unsigned_abs();
        let fraction = format!("{:06}", micros % unit);
        let kept = fraction.trim_end_matches('0').len().max(2);
        format!("{sign}{}.{}", micros / unit, &fraction[..kept])
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let error = || MoneyError {
            text: text.to_owned(),
        };
        let trimmed = text.trim();
        let at = trimmed
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .ok_or_else(error)?;
        let (number, currency) = (&trimmed[..at], trimmed[at..].trim());
        if currency.len() != 3 || !currency.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(error());
        }
        let micros = parse_micros(number).ok_or_else(error)?;
        Ok(Self::from_micros(micros, currency.to_ascii_uppercase()))
    }
}

fn parse_micros(number: &str) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 6 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(MICROS_PER_UNIT)?.checked_add(fraction)
}

/// A sum that never mixes currencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    by_currency: BTreeMap<Arc<str>, i64>,
}

impl Total {
    /// Adds one amount.
    pub fn add(&mut self, money: &Money) {
        let sum = self.by_currency.entry(money.currency.clone()).or_default();
        *sum = sum.saturating_add(money.micros);
    }

    /// One amount for each currency, by its code.
    pub fn amounts(&self) -> impl Iterator<Item = Money> + '_ {
        self.by_currency
            .iter()
            .map(|(currency, &micros)| Money::from_micros(micros, currency.clone()))
    }

    /// Whether nothing was added, or only zeros.
    pub fn is_zero(&self) -> bool {
        self.by_currency.values().all(|&micros| micros == 0)
    }

    /// The sum in one currency.
    pub fn in_currency(&self, currency: &str) -> Money {
        let micros = self.by_currency.get(currency).copied().unwrap_or(0);
        Money::from_micros(micros, currency)
    }
}

impl FromIterator<Money> for Total {
    fn from_iter<I: IntoIterator<Item = Money>>(amounts: I) -> Self {
        let mut total = Self::default();
        for money in amounts {
            total.add(&money);
        }
        total
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("nothing");
        }
        for (position, money) in self.amounts().filter(|m| m.micros != 0).enumerate() {
            if position > 0 {
                f.write_str(" + ")?;
            }
            write!(f, "{money}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Money, Total};

    #[test]
    fn amounts_are_exact() {
        let price: Money = "0.28 usd".parse().expect("a price");
        assert_eq!(price.micros(), 280_000);
        assert_eq!(price.to_string(), "0.28 USD");
        let total: Total = std::iter::repeat_n(price, 10).collect();
        assert_eq!(total.to_string(), "2.80 USD");
        assert!("5".parse::<Money>().is_err());
        assert!("five USD".parse::<Money>().is_err());
        assert!("99999999999999999 USD".parse::<Money>().is_err());
    }
}
