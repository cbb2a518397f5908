//! What an edit suggests: lengths, order, what is not used.
//!
//! Owns the rule which length is suggested, and the words. Lengths come from the
//! documents of the API, never from here.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::found::Found;
use super::lines::{self, Change};
use crate::cli::handoff::Gathered;
use crate::cli::prepare;
use crate::cli::words::{money_json, padded, shots};
use crate::event::ShotFacts;
use crate::money::Money;
use crate::plan::price::PriceTable;
use crate::report::timeline::{Edit, Scene, Use};
use crate::spec::{Mode, Spec};

/// An editor's rounding of rates; a video need not be longer for it.
const SLACK: f64 = 0.06;

/// One shot in the edit.
struct Row {
    id: String,
    asked: u32,
    /// Length of the video that counts, in seconds.
    made: Option<f64>,
    uses: Vec<Use>,
    /// Takes that are used instead of the one that counts.
    other_takes: Vec<String>,
    used: f64,
    allowed: Vec<u32>,
    suggested: Option<u32>,
    price: Option<Money>,
}

/// Everything that is printed.
pub(super) struct Advice {
    edit: String,
    length: f64,
    rows: Vec<Row>,
    order: Vec<String>,
    strangers: Vec<String>,
    warnings: Vec<String>,
    changes: Vec<Change>,
}

impl Advice {
    pub(super) fn new(gathered: &Gathered, edit: &Edit, found: &[Found]) -> Self {
        let prices = prepare::prices(&gathered.manifest, &gathered.target);
        let mut uses: Vec<Vec<(&Use, &Found)>> = vec![Vec::new(); gathered.shots.len()];
        let (mut order, mut strangers) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for (each, found) in edit.uses.iter().zip(found) {
            match found.shot {
                Some(shot) => {
                    uses[shot].push((each, found));
                    if seen.insert(shot) {
                        order.push(gathered.film.scenes[shot].id.clone());
                    }
                }
                None if !each.source.is_gap => strangers.push(each.source.name.clone()),
                None => {}
            }
        }
        let shots = gathered.shots.iter().zip(&gathered.film.scenes).zip(uses);
        let rows: Vec<Row> = shots
            .map(|((shot, scene), uses)| row(shot, scene, &uses, &prices))
            .collect();
        let wanted: BTreeMap<String, u32> = rows
            .iter()
            .filter_map(|row| Some((row.id.clone(), row.suggested.filter(|s| *s != row.asked)?)))
            .collect();
        let ends = edit.uses.iter().map(|each| each.at + each.length);
        Self {
            edit: edit.name.clone(),
            length: ends.fold(0.0, f64::max),
            changes: lines::changes(&gathered.loaded, &gathered.manifest, &wanted),
            rows,
            order,
            strangers,
            warnings: edit.warnings.clone(),
        }
    }

    fn unused(&self) -> Vec<&str> {
        let unused = self.rows.iter().filter(|row| row.uses.is_empty());
        unused.map(|row| row.id.as_str()).collect()
    }

    /// The used shots in the order of the storyboard.
    fn storyboard(&self) -> Vec<&str> {
        let used = self.rows.iter().filter(|row| !row.uses.is_empty());
        used.map(|row| row.id.as_str()).collect()
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "timeline": self.edit,
            "length_seconds": rounded(self.length),
            "shots": self.rows.iter().map(row_json).collect::<Vec<_>>(),
            "order": { "storyboard": self.storyboard(), "edit": self.order },
            "unused": self.unused(),
            "unknown": self.strangers,
            "changes": self.changes.iter().map(Change::as_json).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }

    pub(super) fn as_text(&self, from: &Path) -> String {
        let used = self.rows.len() - self.unused().len();
        let mut text = format!(
            "{}: {} of {}, {:.1} s\n\n",
            from.display(),
            used,
            shots(self.rows.len()),
            self.length
        );
        self.table(&mut text);
        self.take_lines(&mut text);
        self.change_lines(&mut text);
        if self.storyboard() != self.order {
            let _ = writeln!(text, "\norder in the edit: {}", self.order.join(", "));
        }
        if !self.unused().is_empty() {
            let _ = writeln!(text, "\nnot used: {}", self.unused().join(", "));
        }
        if !self.strangers.is_empty() {
            let _ = writeln!(text, "\nof no shot: {}", self.strangers.join(", "));
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "\nwarning: {warning}");
        }
        text.truncate(text.trim_end().len());
        crate::cli::render::calm(&text)
    }

    fn table(&self, text: &mut String) {
        let widths = self.rows.iter().map(|row| row.id.width());
        let columns = widths.max().unwrap_or(0).clamp(4, 40);
        let _ = writeln!(
            text,
            "{}  asked    made    used  enough",
            padded("shot", columns)
        );
        for row in self.rows.iter().filter(|row| !row.uses.is_empty()) {
            let made = row
                .made
                .map_or_else(|| "-".to_owned(), |made| format!("{made:.1} s"));
            let enough = row
                .suggested
                .map_or_else(|| "-".to_owned(), |s| format!("{s} s"));
            let pieces = match row.uses.len() {
                1 => String::new(),
                count => format!("  in {count} pieces"),
            };
            let _ = writeln!(
                text,
                "{}  {:>5}  {made:>6}  {:>6}  {enough:>6}{pieces}",
                padded(&row.id, columns),
                format!("{} s", row.asked),
                format!("{:.1} s", row.used),
            );
        }
    }

    fn take_lines(&self, text: &mut String) {
        for row in &self.rows {
            for take in &row.other_takes {
                let digits = take.get(..8).unwrap_or(take);
                let _ = writeln!(
                    text,
                    "\n{}: the edit uses take {digits}; `runner takes FILE --only {} --select {digits}` makes it count",
                    row.id, row.id
                );
            }
        }
    }

    fn change_lines(&self, text: &mut String) {
        for change in &self.changes {
            let place = if change.was.is_some() {
                ""
            } else {
                " (a new line behind it)"
            };
            let _ = writeln!(text, "\n{}:{}{place}", change.file, change.line);
            if let Some(was) = &change.was {
                let _ = writeln!(text, "- {was}");
            }
            let _ = writeln!(text, "+ {}", change.becomes);
            for row in self
                .rows
                .iter()
                .filter(|row| change.shots.contains(&row.id))
            {
                let price = row.price.as_ref().map_or_else(
                    || "at an unknown price".to_owned(),
                    |price| format!("for {price}"),
                );
                let _ = match row.made {
                    Some(_) => writeln!(
                        text,
                        "  {}: made already; this makes it again, {price}",
                        row.id
                    ),
                    None => writeln!(text, "  {}: not made yet; then {price}", row.id),
                };
            }
        }
    }
}

fn row(shot: &ShotFacts, scene: &Scene, pieces: &[(&Use, &Found)], prices: &PriceTable) -> Row {
    let allowed = allowed(shot, Spec::bundled());
    let used = covered(pieces.iter().map(|(each, _)| *each));
    let suggested = if pieces.is_empty() {
        None
    } else {
        enough(used, &allowed)
    };
    let counting = scene.shown.as_ref().map(|take| take.sha256.as_str());
    let mut other_takes: Vec<String> = pieces
        .iter()
        .filter_map(|(_, found)| found.take.clone())
        .filter(|take| Some(take.as_str()) != counting)
        .collect();
    other_takes.dedup();
    let price = suggested.and_then(|seconds| {
        prices
            .price(&shot.model, &shot.resolution, seconds)
            .cloned()
    });
    Row {
        id: scene.id.clone(),
        asked: shot.seconds,
        made: scene
            .shown
            .as_ref()
            .map(|take| take.frames as f64 / take.rate.fps()),
        uses: pieces.iter().map(|(each, _)| (*each).clone()).collect(),
        other_takes,
        used,
        allowed,
        suggested,
        price,
    }
}

/// Seconds of a video that any of its uses shows.
fn covered<'u>(uses: impl Iterator<Item = &'u Use>) -> f64 {
    let mut parts: Vec<(f64, f64)> = uses
        .map(|each| (each.from, each.from + each.length))
        .collect();
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut reached) = (0.0, f64::NEG_INFINITY);
    for (begin, end) in parts {
        sum += (end - begin.max(reached)).max(0.0);
        reached = reached.max(end);
    }
    sum
}

/// The shortest length that covers what is used, else the longest there is.
fn enough(used: f64, allowed: &[u32]) -> Option<u32> {
    let covers = allowed
        .iter()
        .filter(|seconds| f64::from(**seconds) + SLACK >= used);
    covers.min().or(allowed.iter().max()).copied()
}

/// The lengths that the documents allow for a shot as it is.
fn allowed(shot: &ShotFacts, spec: &Spec) -> Vec<u32> {
    let mode = Mode::ALL
        .into_iter()
        .find(|mode| mode.as_str() == shot.mode);
    let Some(mode) = mode else {
        return vec![shot.seconds];
    };
    let fits = |seconds: &u32| {
        let mut body: Map<String, Value> = (*shot.request).clone();
        body.insert("duration".to_owned(), json!(seconds));
        // Pictures stand in it by their digests, which is another matter.
        let wrong = spec.validate(mode, &Value::Object(body));
        !wrong
            .iter()
            .any(|wrong| wrong.field.as_deref() == Some("duration"))
    };
    let mut allowed: Vec<u32> = spec.durations(mode).into_iter().filter(fits).collect();
    if allowed.is_empty() {
        allowed.push(shot.seconds);
    }
    allowed
}

fn row_json(row: &Row) -> Value {
    let uses: Vec<Value> = row
        .uses
        .iter()
        .map(|each| {
            json!({
                "at_seconds": rounded(each.at),
                "from_seconds": rounded(each.from),
                "length_seconds": rounded(each.length),
            })
        })
        .collect();
    json!({
        "id": row.id,
        "asked_seconds": row.asked,
        "made_seconds": row.made.map(rounded),
        "used_seconds": rounded(row.used),
        "uses": uses,
        "other_takes": row.other_takes,
        "allowed_seconds": row.allowed,
        "suggested_seconds": row.suggested,
        "price": row.price.as_ref().map(money_json),
    })
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
