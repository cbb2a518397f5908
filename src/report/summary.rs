//! The closing words: what is there, what is not, and what to do next.
//!
//! Owns the order in which a person needs it: result, money, places, then every
//! trouble with its way on. Never longer than a screen or two: equal troubles are
//! told once, and long lists are cut.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write;

use crate::event::{Event, SkipReason};
use crate::state::{Outcome, Phase, RunState, ShotState};

use super::output::Output;
use super::text::{Paint, Tone, count, elapsed, list};
use super::twin::created_without_price;
use super::words::{EndingCode, Reason, ending, stop};
use super::{Sink, SinkError};

/// Groups of equal troubles that are told in each section.
const GROUPS_MAX: usize = 10;

/// Shots that are named in each group.
const NAMES_MAX: usize = 6;

/// Where a person finds what came of the run, as shown to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The folder of the videos.
    pub videos: String,
    /// The report, if one is written.
    pub report: Option<String>,
}

/// A sink that speaks once, at the end.
pub struct Summary {
    output: Output,
    places: Places,
    paint: Paint,
}

impl Summary {
    /// Writes to `stream`, with colour if `paint` says so.
    pub fn new(stream: Box<dyn Write + Send>, places: Places, paint: Paint) -> Self {
        Self {
            output: Output::new(stream, "the summary"),
            places,
            paint,
        }
    }
}

impl Sink for Summary {
    fn on_event(&mut self, _: &Event, _: &RunState) {}

    fn finish(&mut self, state: &RunState) -> Result<(), SinkError> {
        let words = Words {
            state,
            places: &self.places,
            paint: self.paint,
        };
        self.output.write(&words.all());
        self.output.finish()
    }
}

struct Words<'a> {
    state: &'a RunState,
    places: &'a Places,
    paint: Paint,
}

impl Words<'_> {
    fn all(&self) -> String {
        let mut text = String::new();
        for part in [
            self.result(),
            self.money(),
            self.where_it_is(),
            self.stopped(),
            self.section(Outcome::Failed, Tone::Bad, "failed", None),
            self.uncertain(),
            self.pending(),
            self.section(Outcome::Skipped, Tone::Warning, "not created", None),
            self.next(),
        ] {
            text.push_str(&part);
        }
        text
    }

    /// `5 of 8 shots done: 3 created, 1 reused, 1 collected (42.0s)`.
    fn result(&self) -> String {
        let counts = self.state.counts();
        let part = |number: usize, word: &str| match number {
            0 => String::new(),
            number => format!("{number} {word}"),
        };
        let how = list([
            part(counts.created, "created"),
            part(counts.reused, "reused"),
            part(counts.resumed, "collected"),
        ]);
        let tone = match counts.succeeded {
            all if all == counts.total => Tone::Good,
            _ => Tone::Warning,
        };
        let total = count(counts.total, "shot");
        let head = format!("{} of {total} done", counts.succeeded);
        let how = if how.is_empty() {
            how
        } else {
            format!(": {how}")
        };
        let time = elapsed(self.state.elapsed);
        format!("{}{how} ({})\n", self.paint.paint(tone, head), time.trim())
    }

    fn money(&self) -> String {
        if self.state.is_free() {
            let list = self.state.list_price();
            return if list.is_zero() {
                "nothing was charged\n".to_owned()
            } else {
                format!("nothing was charged (at the service: {list})\n")
            };
        }
        let (spent, saved) = (self.state.spent(), self.state.saved());
        let unpriced = created_without_price(self.state);
        let spent = if unpriced > 0 {
            let without = count(unpriced, "shot");
            format!("spent {spent} and {without} without a price in the table")
        } else {
            format!("spent {spent}")
        };
        if saved.is_zero() {
            format!("{spent}\n")
        } else {
            format!("{spent}, saved {saved} by what was there already\n")
        }
    }

    fn where_it_is(&self) -> String {
        match &self.places.report {
            Some(report) => format!("videos in {}, report in {report}\n", self.places.videos),
            None => format!("videos in {}\n", self.places.videos),
        }
    }

    fn stopped(&self) -> String {
        let Some(reason) = self.state.stopping.as_ref().map(stop) else {
            return String::new();
        };
        let head = self.paint.paint(Tone::Warning, "stopped");
        let mut text = format!("\n{head}: {}\n", reason.message);
        self.advise(&mut text, reason.advice.as_deref(), "  ");
        text
    }

    fn uncertain(&self) -> String {
        let at_risk = self.state.at_risk();
        let note = (!at_risk.is_zero()).then(|| format!("up to {at_risk} may have been paid"));
        self.section(Outcome::Uncertain, Tone::Bad, "uncertain", note)
    }

    fn pending(&self) -> String {
        let note = Some("paid, not collected yet".to_owned());
        self.section(Outcome::Pending, Tone::Warning, "pending", note)
    }

    /// One heading, then each kind of trouble with the shots that have it.
    fn section(&self, outcome: Outcome, tone: Tone, word: &str, note: Option<String>) -> String {
        let groups = groups(self.state, outcome);
        let shots: usize = groups.iter().map(|group| group.shots.len()).sum();
        if shots == 0 {
            return String::new();
        }
        let head = self.paint.paint(tone, format!("{word} ({shots})"));
        let note = note.map_or_else(String::new, |note| format!(": {note}"));
        let mut text = format!("\n{head}{note}\n");
        for group in groups.iter().take(GROUPS_MAX) {
            let names = self.paint.paint(Tone::Strong, names(&group.shots));
            let message = &group.reason.message;
            writeln!(text, "  {names}: {message}").expect("writing to a string cannot fail");
            self.advise(&mut text, group.reason.advice.as_deref(), "    ");
        }
        let left: usize = groups.iter().skip(GROUPS_MAX).map(|g| g.shots.len()).sum();
        if left > 0 {
            writeln!(text, "  and {left} more, see the report")
                .expect("writing to a string cannot fail");
        }
        text
    }

    fn advise(&self, text: &mut String, advice: Option<&str>, indent: &str) {
        if let Some(advice) = advice {
            let advice = self.paint.paint(Tone::Quiet, advice);
            writeln!(text, "{indent}{advice}").expect("writing to a string cannot fail");
        }
    }

    /// The command that goes on, where running it again does something.
    fn next(&self) -> String {
        let counts = self.state.counts();
        // Another run cannot unblock what this version cannot make.
        let blocked = self
            .state
            .shots
            .iter()
            .filter(|shot| matches!(shot.phase, Phase::Skipped(SkipReason::Blocked { .. })));
        let what = match (counts.pending, counts.skipped - blocked.count()) {
            (0, 0) => return String::new(),
            (0, _) => "creates what is missing",
            (_, 0) => "collects what is pending, without paying again",
            (_, _) => "collects what is pending without paying again, and creates what is missing",
        };
        let manifest = self.state.facts.as_ref().map(|facts| &facts.manifest);
        let manifest = manifest.map_or("FILE", |name| name.as_str());
        let command = self
            .paint
            .paint(Tone::Strong, format!("runner apply {manifest}"));
        format!("\nto go on: {command}\n  {what}\n")
    }
}

/// Shots that have the same trouble.
struct Group<'a> {
    reason: Reason<EndingCode>,
    shots: Vec<&'a ShotState>,
}

/// In manifest order of the first shot of each.
fn groups(state: &RunState, outcome: Outcome) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    // Ten thousand shots may have ten thousand different troubles.
    let mut places: HashMap<String, usize> = HashMap::new();
    for shot in &state.shots {
        if shot.outcome() != outcome {
            continue;
        }
        let Some(reason) = ending(shot) else {
            continue;
        };
        let place = places.entry(reason.message.clone()).or_insert(groups.len());
        match groups.get_mut(*place) {
            Some(group) => group.shots.push(shot),
            None => groups.push(Group {
                reason,
                shots: vec![shot],
            }),
        }
    }
    groups
}

fn names(shots: &[&ShotState]) -> String {
    let shown: Vec<&str> = shots
        .iter()
        .take(NAMES_MAX)
        .map(|shot| shot.facts.id.as_str())
        .collect();
    match shots.len().saturating_sub(NAMES_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
