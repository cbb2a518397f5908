//! Markdown for pull requests and job summaries.
//!
//! Owns the order (verdict, troubles with advice, table, folded details), the escaping
//! and the size. Whatever stands in a report, its text is only ever text here: no
//! markup, no HTML, no mention of a person.

use std::fmt::Write as _;
use std::time::Duration;

use super::Report;
use super::model::Shot;
use super::summary::{Group, groups};
use super::text::{count, elapsed, list, one_line};
use super::twin::{Outcome, sum};
use super::verdict::{Judgement, judged};

/// GitHub takes a job summary of up to 1 MiB (1 048 576 bytes); the rest of the limit
/// is for what others write into the same summary.
const BYTES_MAX: usize = 1_000_000;

/// What the table leaves for what comes after it.
const BYTES_OF_THE_END: usize = 20_000;

/// Groups of equal troubles that are told for each outcome.
const GROUPS_MAX: usize = 20;

/// Shots that are named in each group.
const NAMES_MAX: usize = 6;

/// Characters of one message; a service may send a page.
const MESSAGE_MAX: usize = 500;

/// From what a person has to look at first.
const ORDER: [Outcome; 5] = [
    Outcome::Uncertain,
    Outcome::Failed,
    Outcome::Pending,
    Outcome::Skipped,
    Outcome::Succeeded,
];

impl Report {
    /// The run as a page of Markdown in GitHub's dialect, under 1 MiB.
    pub fn to_markdown(&self) -> String {
        let mut text = self.verdict();
        self.stopped_words(&mut text);
        self.troubles(&mut text);
        self.table(&mut text);
        self.details(&mut text);
        text
    }

    fn verdict(&self) -> String {
        let totals = &self.totals;
        let part = |number: usize, word: &str| match number {
            0 => String::new(),
            number => format!("{number} {word}"),
        };
        let mark = match ORDER.iter().find(|outcome| self.count_of(**outcome) > 0) {
            Some(Outcome::Uncertain | Outcome::Failed) => "❌",
            _ if self.stopped.is_some() => "❌",
            _ if totals.unexpected > 0 => "❌",
            Some(Outcome::Pending | Outcome::Skipped) => "⚠️",
            _ if totals.unknown > 0 => "⚠️",
            Some(Outcome::Succeeded) | None => "✅",
        };
        let parts = list([
            part(totals.created, "created"),
            part(totals.reused, "reused"),
            part(totals.resumed, "collected"),
            part(totals.failed, "failed"),
            part(totals.uncertain, "uncertain"),
            part(totals.pending, "pending"),
            part(totals.skipped, "not created"),
            part(totals.unexpected, "not as expected"),
            part(totals.unknown, "not known to be as expected"),
        ]);
        let money = if self.simulated {
            "nothing was charged".to_owned()
        } else {
            format!("spent {}", sum(&totals.spent))
        };
        let manifest = escaped(self.manifest.as_deref().unwrap_or("runner"));
        let done = format!(
            "{} of {} done",
            totals.succeeded,
            count(totals.shots, "shot")
        );
        let parts = if parts.is_empty() {
            parts
        } else {
            format!(": {parts}")
        };
        let took = elapsed(Duration::from_millis(self.run.elapsed_ms));
        let cut = if self.finished {
            ""
        } else {
            "; **the run was cut off**"
        };
        format!(
            "### {mark} {manifest}\n\n**{done}**{parts}; {money}; {}{cut}\n",
            took.trim()
        )
    }

    fn count_of(&self, outcome: Outcome) -> usize {
        let totals = &self.totals;
        match outcome {
            Outcome::Succeeded => totals.succeeded,
            Outcome::Skipped => totals.skipped,
            Outcome::Pending => totals.pending,
            Outcome::Failed => totals.failed,
            Outcome::Uncertain => totals.uncertain,
        }
    }

    fn stopped_words(&self, text: &mut String) {
        let Some(reason) = &self.stopped else {
            return;
        };
        let _ = write!(text, "\n**Stopped**: {}", escaped(&reason.message));
        if let Some(advice) = &reason.advice {
            let _ = write!(text, "  \n→ {}", escaped(advice));
        }
        text.push('\n');
    }

    /// Each kind of trouble once, with what to do about it.
    fn troubles(&self, text: &mut String) {
        for outcome in ORDER {
            section(text, heading(outcome), &groups(self, outcome));
        }
        for (result, heading) in [
            (Judgement::Failed, "Not as expected"),
            (Judgement::Unknown, "Not known to be as expected"),
        ] {
            section(text, heading, &judged(self, result));
        }
    }

    /// Every shot, those with trouble first; cut where it would grow too long.
    fn table(&self, text: &mut String) {
        if self.shots.is_empty() {
            return;
        }
        text.push_str("\n| Shot | Outcome | Why | Price | Length | Video |\n");
        text.push_str("| --- | --- | --- | --: | --: | --- |\n");
        let ordered = ORDER.iter().flat_map(|outcome| {
            let of_it = self.shots.iter().filter(|shot| shot.outcome == *outcome);
            let mut of_it: Vec<&Shot> = of_it.collect();
            of_it.sort_by_key(|shot| match shot.judgement() {
                Some(Judgement::Failed) => 0,
                Some(Judgement::Unknown) => 1,
                Some(Judgement::Passed) | None => 2,
            });
            of_it
        });
        for (written, shot) in ordered.enumerate() {
            let row = row(shot);
            if text.len() + row.len() > BYTES_MAX - BYTES_OF_THE_END {
                let left = count(self.shots.len() - written, "more shot");
                let _ = write!(
                    text,
                    "\n{left} would make this page too long; `report.json` has them all.\n"
                );
                return;
            }
            text.push_str(&row);
        }
    }

    /// What a person asks for only when something is odd.
    fn details(&self, text: &mut String) {
        let rows = [
            ("Run", self.run.run_id.as_deref()),
            ("Backend", self.backend.as_deref()),
            ("Service", self.run.base_url.as_deref()),
            ("Program", self.runner_version.as_deref()),
            ("Facts of the API", self.spec_version.as_deref()),
            ("Prices", self.price_date.as_deref()),
        ];
        text.push_str("\n<details><summary>Details</summary>\n\n| | |\n| --- | --- |\n");
        for (name, value) in rows {
            if let Some(value) = value {
                let _ = writeln!(text, "| {name} | {} |", escaped(value));
            }
        }
        if let Some(at) = self.run.started_at {
            let _ = writeln!(text, "| Began | {at} |");
        }
        for (name, amounts) in [
            ("Paid, not collected yet", &self.totals.reserved),
            ("May have been paid", &self.totals.at_risk),
            ("Saved by what was there", &self.totals.saved_by_reuse),
        ] {
            if !amounts.is_empty() {
                let _ = writeln!(text, "| {name} | {} |", escaped(&sum(amounts)));
            }
        }
        text.push_str("\n</details>\n");
    }
}

fn section(text: &mut String, heading: &str, groups: &[Group<'_>]) {
    if groups.is_empty() {
        return;
    }
    let shots: usize = groups.iter().map(|group| group.shots.len()).sum();
    let _ = write!(text, "\n#### {heading} ({shots})\n\n");
    for group in groups.iter().take(GROUPS_MAX) {
        trouble(text, group);
    }
    let left: usize = groups.iter().skip(GROUPS_MAX).map(|g| g.shots.len()).sum();
    if left > 0 {
        let _ = writeln!(text, "- and {left} more, see the table");
    }
}

fn heading(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "Done",
        Outcome::Skipped => "Not created",
        Outcome::Pending => "Pending: paid, not collected yet",
        Outcome::Failed => "Failed",
        Outcome::Uncertain => "Uncertain: may have been paid",
    }
}

/// The advice first: it is what a person came for.
fn trouble(text: &mut String, group: &Group<'_>) {
    let names = group.shots.iter().take(NAMES_MAX);
    let names: Vec<String> = names.map(|shot| code(&shot.id)).collect();
    let more = match group.shots.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    text.push_str("- ");
    if let Some(advice) = &group.advice {
        let _ = write!(text, "**{}**  \n  ", escaped(advice));
    }
    let names = names.join(", ");
    let _ = writeln!(text, "{names}{more}: {}", escaped(&group.message));
}

fn row(shot: &Shot) -> String {
    let verdict = shot.verdict.as_ref().filter(|v| !v.reasons.is_empty());
    let why = match (&shot.outcome_reason, verdict) {
        (Some(reason), _) => reason.message.clone(),
        (None, Some(verdict)) => verdict.why(),
        (None, None) => shot.reason.clone(),
    };
    let outcome = match shot.judgement() {
        Some(Judgement::Failed) => "not as expected",
        Some(Judgement::Unknown) => "not checked",
        Some(Judgement::Passed) | None => shot.outcome.as_str(),
    };
    let price = shot.price.as_ref().map(ToString::to_string);
    let (length, video) = match &shot.video {
        Some(video) => (
            format!(
                "{}.{:02} s",
                video.duration_ms / 1000,
                video.duration_ms / 10 % 100
            ),
            code(&video.path),
        ),
        None => (format!("{} s", shot.duration_s), String::new()),
    };
    format!(
        "| {} | {} | {} | {} | {length} | {video} |\n",
        code(&shot.id),
        outcome,
        escaped(&why),
        escaped(price.as_deref().unwrap_or_default()),
    )
}

/// A name, as it is.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Text that Markdown shows as it is: on one line, nothing in it is markup, and nobody
/// is called by it.
pub(super) fn escaped(text: &str) -> String {
    let line = one_line(text);
    let mut safe = String::with_capacity(line.len() + 8);
    for (at, character) in line.chars().enumerate() {
        if at == MESSAGE_MAX {
            safe.push('…');
            break;
        }
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // A zero-width space after it: an entity alone would call people still.
            '@' => safe.push_str("@&#8203;"),
            // Written out it would make a link of an address.
            ':' => safe.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|'
            | '~' | '$' | '^' | '=' => {
                safe.push('\\');
                safe.push(character);
            }
            character => safe.push(character),
        }
    }
    safe
}
