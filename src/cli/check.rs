//! `runner check`: every mistake of a manifest, and what it would ask for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::check::{CheckedShot, link};
use crate::cli::annotate;
use crate::cli::args::{CheckArgs, CheckFormat};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::table::columns;
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
    let format = if args.json {
        CheckFormat::Json
    } else {
        args.format
    };
    match format {
        CheckFormat::Json => console.data(format!("{:#}", as_json(&loaded, &prices))),
        CheckFormat::Github => {
            let file = &args.manifest.manifest;
            let annotations = annotate::all(&loaded.diagnostics, &loaded.sources, file);
            console.lines(annotations);
        }
        CheckFormat::Text => {
            console.diagnostics(&loaded);
            if !loaded.has_errors() {
                console.text(as_text(&loaded, &prices));
            }
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
    let rows: Vec<Vec<String>> = loaded.chosen().map(|shot| row(shot, prices)).collect();
    let mut text = lines(&rows);
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

fn row(shot: &CheckedShot, prices: &PriceTable) -> Vec<String> {
    let request = &shot.request;
    vec![
        shot.id.to_string(),
        request.mode().to_string(),
        request.model().to_owned(),
        request.resolution().to_owned(),
        format!("{} s", request.seconds()),
        price(shot, prices).map_or_else(|| NO_PRICE.to_owned(), Money::to_string),
    ]
}

fn lines(rows: &[Vec<String>]) -> String {
    columns(rows).iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
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
                "request": link::shown(&shot.request.shown()),
            })
        })
        .collect();
    report
}
