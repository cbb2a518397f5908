//! A plan as Markdown, for a pull request: what it would make, and for how much.
//!
//! Owns the order (verdict, money, the lock, mistakes, table, folded rest) and the
//! size. Whatever stands in a plan, its text is only ever text here.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value};

use super::diff::markdown::words;
use super::markdown::{code, escaped};
use super::text::{count, elapsed, list};
use crate::diff::shown;
use crate::diff::words::between;
use crate::plan::changes::manifest_key;
use crate::plan::document::{
    Change, DifferenceDocument, LockDocument, PlanDocument, PlanReport, Price, ShotDocument,
};

/// GitHub takes a comment of up to 65,536 characters.
const CHARACTERS_MAX: usize = 65_000;

/// What the table leaves for what comes after it.
const CHARACTERS_OF_THE_END: usize = 4_000;

/// What the parts above the table have, each.
const CHARACTERS_OF_A_PART: usize = 20_000;

/// Decisions, with what a person reads of them, in the order of the table.
const DECISIONS: [(&str, &str); 9] = [
    ("uncertain", "to settle by hand"),
    ("failed", "to leave as failed"),
    ("elsewhere", "to collect elsewhere"),
    ("blocked", "to leave out"),
    ("create", "to create"),
    ("replace", "to replace"),
    ("wait", "to decide when their frames are there"),
    ("resume", "to collect"),
    ("reuse", "to reuse"),
];

/// Decisions that need a person, at the beginning of the table.
const HELD_UP: usize = 4;

impl PlanReport {
    /// The plan in GitHub's dialect of Markdown, short enough for a comment.
    pub fn to_markdown(&self) -> String {
        let mut text = self.heading();
        if let Some(plan) = &self.plan {
            let _ = writeln!(text, "\n{}", money(plan));
        }
        if let Some(lock) = &self.lock {
            locked(lock, &mut text);
        }
        mistakes(&self.diagnostics, &mut text);
        if let Some(plan) = &self.plan {
            table(plan, &mut text);
            details(plan, &mut text);
        }
        text
    }

    fn heading(&self) -> String {
        let broken = self.lock.as_ref().is_some_and(|lock| !lock.holds);
        let Some(plan) = &self.plan else {
            let mistakes = count(self.error_count, "mistake");
            return format!("### ❌ no plan: {mistakes}\n");
        };
        let mark = if broken {
            "❌"
        } else if held_up(plan) {
            "⚠️"
        } else {
            "✅"
        };
        let (manifest, decided) = (escaped(&plan.manifest), escaped(&decided(plan)));
        format!("### {mark} {manifest}: {decided}\n")
    }
}

fn of<'p>(plan: &'p PlanDocument, decision: &str) -> impl Iterator<Item = &'p ShotDocument> {
    let shots = plan.shots.iter();
    shots.filter(move |shot| shot.decision == decision)
}

fn held_up(plan: &PlanDocument) -> bool {
    let mut decisions = DECISIONS.iter().take(HELD_UP);
    decisions.any(|(decision, _)| of(plan, decision).next().is_some())
}

/// `1 to create, 37 to reuse`.
fn decided(plan: &PlanDocument) -> String {
    let made_first = DECISIONS[HELD_UP..].iter().chain(&DECISIONS[..HELD_UP]);
    let parts = made_first.map(|(decision, words)| match of(plan, decision).count() {
        0 => String::new(),
        shots => format!("{shots} {words}"),
    });
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return "nothing to do".to_owned();
    }
    list(parts)
}

fn amounts(prices: &[Price]) -> String {
    let amounts: Vec<String> = prices
        .iter()
        .map(|price| format!("{} {}", price.amount, price.currency))
        .collect();
    if amounts.is_empty() {
        return "nothing".to_owned();
    }
    amounts.join(" + ")
}

/// What all of it costs, and how long it takes; without markup.
fn plain_money(plan: &PlanDocument) -> String {
    let totals = &plan.totals;
    let (now, most) = (amounts(&totals.cost_now), amounts(&totals.cost));
    let mut text = match (plan.free, totals.wait) {
        (_, 0) if totals.cost.is_empty() && totals.unpriced == 0 => "costs nothing".to_owned(),
        (true, _) => format!("costs nothing (at the service {most})"),
        (false, 0) => format!("costs {most}"),
        (false, _) => format!("costs {now}, and at most {most} with what waits for frames"),
    };
    if totals.unpriced > 0 {
        let shots = count(totals.unpriced, "shot");
        let _ = write!(text, " + {shots} without a known price");
    }
    let _ = write!(text, ", by the prices of {}", plan.price_date);
    if plan.estimate_s > 0 {
        let time = elapsed(Duration::from_secs(plan.estimate_s));
        let _ = write!(text, "; about {} at the service", time.trim());
    }
    text
}

fn money(plan: &PlanDocument) -> String {
    format!("**{}**", escaped(&plain_money(plan)))
}

/// Writes lines until their part is full; `more` says how many are left.
fn bounded(text: &mut String, lines: impl ExactSizeIterator<Item = String>, most: usize) {
    let (all, mut length) = (lines.len(), 0);
    for (written, line) in lines.enumerate() {
        length += line.chars().count() + 1;
        if length > most {
            let _ = writeln!(text, "\nand {} more", all - written);
            return;
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn locked(lock: &LockDocument, text: &mut String) {
    let file = code(&lock.file);
    if lock.holds {
        let _ = writeln!(text, "\n{file} holds");
        return;
    }
    let _ = write!(text, "\n#### {file} does not hold\n\n");
    let line = |told: &DifferenceDocument| {
        let name = told.shot.as_deref().map_or("every shot".to_owned(), code);
        let mut parts: Vec<String> = told.changes.iter().map(changed).collect();
        if told.kind != "changed" {
            parts.insert(0, told.kind.clone());
        }
        parts.extend(told.note.as_deref().map(escaped));
        format!("- {name}&#58; {}", parts.join("; "))
    };
    let lines = lock.differences.iter().map(line);
    bounded(text, lines, CHARACTERS_OF_A_PART);
}

fn mistakes(all: &[Map<String, Value>], text: &mut String) {
    if all.is_empty() {
        return;
    }
    text.push_str("\n#### Mistakes and warnings\n\n");
    let line = |told: &Map<String, Value>| {
        let word = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = told.get("range").and_then(|range| {
            let line = range.pointer("/start/line")?.as_u64()?;
            Some(format!("({}:{line})", range.get("file")?.as_str()?))
        });
        let place = place.unwrap_or_default();
        format!(
            "- {} {}&#58; {} {}",
            word("severity"),
            code(word("code")),
            escaped(word("message")),
            escaped(&place),
        )
        .trim_end()
        .to_owned()
    };
    bounded(text, all.iter().map(line), CHARACTERS_OF_A_PART);
}

/// What is made or needs a person; what stays as it is is one line.
fn table(plan: &PlanDocument, text: &mut String) {
    let rows: Vec<&ShotDocument> = DECISIONS
        .iter()
        .filter(|(decision, _)| *decision != "reuse")
        .flat_map(|(decision, _)| of(plan, decision))
        .collect();
    if !rows.is_empty() {
        text.push_str("\n| Shot | What | Model | Length | Price | Why |\n");
        text.push_str("| --- | --- | --- | --: | --: | --- |\n");
        let most = CHARACTERS_MAX
            .saturating_sub(text.chars().count())
            .saturating_sub(CHARACTERS_OF_THE_END);
        bounded(text, rows.into_iter().map(row), most);
    }
    let kept = plan.totals.reuse;
    let _ = match kept {
        0 => Ok(()),
        1 => writeln!(text, "\n1 shot stays as it is"),
        kept => writeln!(text, "\n{kept} shots stay as they are"),
    };
}

fn row(shot: &ShotDocument) -> String {
    let price = match (shot.decision.as_str(), &shot.price) {
        ("create" | "replace" | "wait", Some(price)) => {
            format!("{} {}", price.amount, price.currency)
        }
        ("create" | "replace" | "wait", None) => "no price".to_owned(),
        _ => String::new(),
    };
    let changes = shot.changes.iter().map(changed);
    let why: Vec<String> = std::iter::once(escaped(&shot.reason))
        .chain(changes)
        .collect();
    format!(
        "| {} | {} | {} {} | {} s | {} | {} |",
        code(&shot.id),
        shot.decision,
        escaped(&shot.model),
        escaped(&shot.resolution),
        shot.duration_s,
        escaped(&price),
        why.join("<br>"),
    )
}

fn changed(change: &Change) -> String {
    let name = escaped(manifest_key(&change.field));
    let pieces = change.before.as_ref().zip(change.after.as_ref());
    let pieces = pieces.and_then(|(before, after)| between(&change.field, before, after));
    let told = match pieces {
        Some(pieces) => words(&pieces),
        None => format!(
            "{} → {}",
            escaped(&shown(change.before.as_ref())),
            escaped(&shown(change.after.as_ref()))
        ),
    };
    format!("{name}&#58; {told}")
}

/// What a person asks for only when something is odd.
fn details(plan: &PlanDocument, text: &mut String) {
    let chain = plan.longest_chain.shots.join(" → ");
    let rows = [
        ("Backend", plan.backend.as_str()),
        ("Service", &plan.base_url),
        ("Longest chain", &chain),
        ("Program", &plan.runner_version),
        ("Facts of the API", &plan.spec_version),
        ("Prices", &plan.price_date),
    ];
    text.push_str("\n<details><summary>Details</summary>\n\n| | |\n| --- | --- |\n");
    for (name, value) in rows {
        if !value.is_empty() {
            let _ = writeln!(text, "| {name} | {} |", escaped(value));
        }
    }
    text.push_str("\n</details>\n");
}
