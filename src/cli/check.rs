//! `runner check`: every mistake of a manifest, and what it would ask for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::check::CheckedShot;
use crate::cli::args::CheckArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::words::{cost, money_json, shots};
use crate::cli::{choose, prepare, render};
use crate::money::{Money, Total};
use crate::plan::price::PriceTable;

/// What stands where the table has no price.
const NO_PRICE: &str = "no price";

pub(super) fn check(args: &CheckArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load(&args.manifest)?;
    choose::look(&mut loaded, None)?;
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
    let rows: Vec<[String; 6]> = loaded.chosen().map(|shot| row(shot, prices)).collect();
    let mut text = columns(&rows);
    let known = loaded
        .chosen()
        .filter_map(|shot| price(shot, prices).cloned());
    let total: Total = known.collect();
    let unpriced = rows.iter().filter(|row| row[5] == NO_PRICE).count();
    let _ = write!(
        text,
        "ok: {} ({}), {} if all are made, by the prices of {}",
        shots(rows.len()),
        modes(loaded),
        cost(&total, unpriced),
        prices.date(),
    );
    render::calm(&text)
}

fn row(shot: &CheckedShot, prices: &PriceTable) -> [String; 6] {
    let request = &shot.request;
    [
        shot.id.to_string(),
        request.mode().to_string(),
        request.model().to_owned(),
        request.resolution().to_owned(),
        format!("{} s", request.seconds()),
        price(shot, prices).map_or_else(|| NO_PRICE.to_owned(), Money::to_string),
    ]
}

/// Rows as lines, every column as wide as its widest cell on a terminal, where
/// a Chinese character takes two places.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let widest = rows.iter().map(|row| row[column].width()).max();
        widest.unwrap_or(0)
    });
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if column + 1 < N {
                let room = widths[column] - cell.width() + 2;
                text.extend(std::iter::repeat_n(' ', room));
            }
        }
        text.push('\n');
    }
    text
}

fn modes(loaded: &Loaded) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for shot in loaded.chosen() {
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
    let files = loaded.files.iter();
    report["files"] = files.map(|path| path.display().to_string()).collect();
    report["shots"] = loaded
        .chosen()
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
