//! What a video costs: a dated table as data, which a manifest can override.
//!
//! Owns looking up, never deciding: a price that is not in the table is unknown,
//! and what follows from that is said elsewhere.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::money::Money;

/// The bundled list prices, by account currency.
static BUNDLED: LazyLock<Bundled> = LazyLock::new(|| {
    serde_json::from_str(include_str!("prices.json"))
        .expect("the bundled price table is tested to parse")
});

#[derive(Debug, Deserialize)]
struct Bundled {
    date: String,
    prices: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    model: String,
    resolution: String,
    duration: u32,
    #[serde(flatten)]
    amounts: HashMap<String, String>,
}

/// Prices for one account's currency.
#[derive(Debug, Clone, Default)]
pub struct PriceTable {
    date: String,
    prices: HashMap<(String, String, u32), Money>,
}

impl PriceTable {
    /// The bundled list prices in `USD` (global accounts) or `CNY` (mainland ones).
    pub fn bundled(currency: &str) -> Self {
        let prices = BUNDLED.prices.iter().filter_map(|row| {
            let amount = row.amounts.get(currency)?;
            let money = format!("{amount} {currency}").parse().ok()?;
            let key = (row.model.clone(), row.resolution.clone(), row.duration);
            Some((key, money))
        });
        Self {
            date: BUNDLED.date.clone(),
            prices: prices.collect(),
        }
    }

    /// The day that the table describes.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Puts a price of the author's own over the bundled one.
    pub fn set(&mut self, model: &str, resolution: &str, seconds: u32, price: Money) {
        let key = (model.to_owned(), resolution.to_owned(), seconds);
        self.prices.insert(key, price);
    }

    /// The price of one video, if it is known.
    pub fn price(&self, model: &str, resolution: &str, seconds: u32) -> Option<&Money> {
        let key = (model.to_owned(), resolution.to_owned(), seconds);
        self.prices.get(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::PriceTable;

    #[test]
    fn the_bundled_table_is_the_published_one() {
        let usd = PriceTable::bundled("USD");
        let cny = PriceTable::bundled("CNY");
        let show = |table: &PriceTable, model: &str, resolution: &str, seconds: u32| {
            table
                .price(model, resolution, seconds)
                .map(ToString::to_string)
        };
        assert_eq!(usd.date(), "2026-07-10");
        assert_eq!(
            show(&usd, "MiniMax-Hailuo-2.3", "768P", 6).as_deref(),
            Some("0.28 USD")
        );
        assert_eq!(
            show(&cny, "MiniMax-Hailuo-2.3-Fast", "1080P", 6).as_deref(),
            Some("2.31 CNY")
        );
        assert_eq!(show(&usd, "S2V-01", "720P", 6), None);
        assert_eq!(usd.prices.len(), 11);
        assert_eq!(cny.prices.len(), 11);
    }
}
