//! `runner check`: every mistake of a manifest, and what it would ask for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::check::CheckedShot;
use crate::cli::args::CheckArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::{prepare, render};
use crate::money::{Money, Total};
use crate::plan::price::PriceTable;

pub(super) fn check(args: &CheckArgs, console: &mut Console) -> Result<Exit, CliError> {
    let loaded = load::load(&args.manifest)?;
    let prices = match (&loaded.manifest, &loaded.target) {
        (Some(manifest), Some(target)) => prepare::prices(manifest, target),
        _ => PriceTable::default(),
    };
    if args.json {
        console.data(format!("{:#}", as_json(&loaded, &prices)));
    } else {
        console.diagnostics(&loaded);
        if !loaded.has_errors() {
            console.data(as_text(&loaded, &prices));
        }
    }
    Ok(if loaded.has_errors() {
        Exit::ManifestInvalid
    } else {
        Exit::Success
    })
}

fn price<'p>(shot: &CheckedShot, prices: &'p PriceTable) -> Option<&'p Money> {
    let request = &shot.request;
    prices.price(request.model(), request.resolution(), request.seconds())
}

fn as_text(loaded: &Loaded, prices: &PriceTable) -> String {
    let widest = loaded
        .shots
        .iter()
        .map(|shot| shot.id.as_str().chars().count())
        .max();
    let width = widest.unwrap_or(0).min(40);
    let mut text = String::new();
    for shot in &loaded.shots {
        let request = &shot.request;
        let price = price(shot, prices).map_or_else(|| "no price".to_owned(), Money::to_string);
        text.push_str(&format!(
            "{:<width$}  {:<4}  {}  {}  {} s  {price}\n",
            shot.id.as_str(),
            request.mode().as_str(),
            request.model(),
            request.resolution(),
            request.seconds(),
        ));
    }
    let total: Total = loaded
        .shots
        .iter()
        .filter_map(|shot| price(shot, prices).cloned())
        .collect();
    text.push_str(&format!(
        "ok: {} ({}), {total} if all are made, by the prices of {}",
        crate::cli::plan::shots(loaded.shots.len()),
        modes(&loaded.shots),
        prices.date(),
    ));
    text
}

fn modes(shots: &[CheckedShot]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for shot in shots {
        *counts.entry(shot.request.mode().as_str()).or_default() += 1;
    }
    let words: Vec<String> = counts
        .into_iter()
        .map(|(mode, count)| format!("{count} {mode}"))
        .collect();
    words.join(", ")
}

fn as_json(loaded: &Loaded, prices: &PriceTable) -> Value {
    let mut report = render::diagnostics_json(&loaded.diagnostics, &loaded.sources);
    report["price_date"] = json!(prices.date());
    report["shots"] = loaded
        .shots
        .iter()
        .map(|shot| {
            json!({
                "id": shot.id.as_str(),
                "mode": shot.request.mode().as_str(),
                "model": shot.request.model(),
                "resolution": shot.request.resolution(),
                "duration_s": shot.request.seconds(),
                "file": shot.file,
                "price": price(shot, prices).map(money_json),
                "request": shot.request.shown(),
            })
        })
        .collect();
    report
}

/// An amount for programs: the number as text, because floats lose cents.
pub(super) fn money_json(money: &Money) -> Value {
    json!({ "amount": money.decimal(), "currency": money.currency() })
}
