//! The closing words: what is there, what is not, and what to do next.
//!
//! Owns the order in which a person needs it: result, money, places, then every
//! trouble with its way on. Never longer than a screen or two: equal troubles are
//! told once, and long lists are cut.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use crate::event::Event;
use crate::state::RunState;

use super::model::Shot;
use super::output::Output;
use super::text::{Paint, Tone, count, elapsed, list};
use super::twin::{Outcome, sum};
use super::verdict::{Judgement, judged};
use super::words::EndingCode;
use super::{Report, Sink, SinkError};

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
    /// The page to look at, if one is written.
    pub gallery: Option<String>,
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
        let text = Report::of(state).to_text(&self.places, self.paint);
        self.output.write(&text);
        self.output.finish()
    }
}

impl Report {
    /// The closing words of a run, with colour if `paint` says so.
    pub fn to_text(&self, places: &Places, paint: Paint) -> String {
        let words = Words {
            report: self,
            places,
            paint,
        };
        paint.say_lines(&words.all())
    }
}

struct Words<'a> {
    report: &'a Report,
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
            self.judged(Judgement::Failed, Tone::Bad, "not as expected"),
            self.judged(
                Judgement::Unknown,
                Tone::Warning,
                "not known to be as expected",
            ),
            self.next(),
        ] {
            text.push_str(&part);
        }
        text
    }

    /// `5 of 8 shots done: 3 created, 1 reused, 1 collected (42.0s)`.
    fn result(&self) -> String {
        let counts = &self.report.totals;
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
            all if all == counts.shots && counts.unexpected == 0 => Tone::Good,
            _ => Tone::Warning,
        };
        let checks = list([
            part(counts.unexpected, "not as expected"),
            part(counts.unknown, "not known to be as expected"),
        ]);
        let checks = match (counts.checked, checks.as_str()) {
            (0, _) => String::new(),
            (_, "") => format!("; {} as expected", counts.checked),
            (_, checks) => format!("; {checks}"),
        };
        let total = count(counts.shots, "shot");
        let head = format!("{} of {total} done", counts.succeeded);
        let how = if how.is_empty() {
            how
        } else {
            format!(": {how}")
        };
        let time = elapsed(Duration::from_millis(self.report.run.elapsed_ms));
        let head = self.paint.paint(tone, head);
        format!("{head}{how}{checks} ({})\n", time.trim())
    }

    fn money(&self) -> String {
        let totals = &self.report.totals;
        if self.report.simulated {
            return match totals.list_price.as_slice() {
                [] => "nothing was charged\n".to_owned(),
                list => format!("nothing was charged (at the service: {})\n", sum(list)),
            };
        }
        let spent = sum(&totals.spent);
        let spent = if totals.created_without_price > 0 {
            let without = count(totals.created_without_price, "shot");
            format!("spent {spent} and {without} without a price in the table")
        } else {
            format!("spent {spent}")
        };
        match totals.saved_by_reuse.as_slice() {
            [] => format!("{spent}\n"),
            saved => format!("{spent}, saved {} by what was there already\n", sum(saved)),
        }
    }

    fn where_it_is(&self) -> String {
        let places = self.places;
        let mut text = match &places.report {
            Some(report) => format!("videos in {}, report in {report}\n", places.videos),
            None => format!("videos in {}\n", places.videos),
        };
        if let Some(page) = &places.gallery {
            writeln!(text, "to look at: {page}").expect("writing to a string cannot fail");
        }
        text
    }

    fn stopped(&self) -> String {
        let Some(reason) = &self.report.stopped else {
            return String::new();
        };
        let head = self.paint.paint(Tone::Warning, "stopped");
        let mut text = format!("\n{head}: {}\n", reason.message);
        self.advise(&mut text, reason.advice.as_deref(), "  ");
        text
    }

    fn uncertain(&self) -> String {
        let at_risk = &self.report.totals.at_risk;
        let note =
            (!at_risk.is_empty()).then(|| format!("up to {} may have been paid", sum(at_risk)));
        self.section(Outcome::Uncertain, Tone::Bad, "uncertain", note)
    }

    fn pending(&self) -> String {
        let note = Some("paid, not collected yet".to_owned());
        self.section(Outcome::Pending, Tone::Warning, "pending", note)
    }

    /// One heading, then each kind of trouble with the shots that have it.
    fn section(&self, outcome: Outcome, tone: Tone, word: &str, note: Option<String>) -> String {
        self.groups(&groups(self.report, outcome), tone, word, note)
    }

    /// What the checks found.
    fn judged(&self, result: Judgement, tone: Tone, word: &str) -> String {
        self.groups(&judged(self.report, result), tone, word, None)
    }

    fn groups(&self, groups: &[Group<'_>], tone: Tone, word: &str, note: Option<String>) -> String {
        let shots: usize = groups.iter().map(|group| group.shots.len()).sum();
        if shots == 0 {
            return String::new();
        }
        let head = self.paint.paint(tone, format!("{word} ({shots})"));
        let note = note.map_or_else(String::new, |note| format!(": {note}"));
        let mut text = format!("\n{head}{note}\n");
        for group in groups.iter().take(GROUPS_MAX) {
            let names = self.paint.paint(Tone::Strong, names(&group.shots));
            let message = &group.message;
            writeln!(text, "  {names}: {message}").expect("writing to a string cannot fail");
            self.advise(&mut text, group.advice.as_deref(), "    ");
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
        let counts = &self.report.totals;
        // Another run cannot unblock what this version cannot make.
        let blocked = self.report.shots.iter().filter(|shot| {
            let reason = shot.outcome_reason.as_ref();
            shot.outcome == Outcome::Skipped
                && reason.is_some_and(|reason| reason.code == EndingCode::Blocked)
        });
        let what = match (counts.pending, counts.skipped - blocked.count()) {
            (0, 0) => return String::new(),
            (0, _) => "creates what is missing",
            (_, 0) => "collects what is pending, without paying again",
            (_, _) => "collects what is pending without paying again, and creates what is missing",
        };
        let manifest = self.report.manifest.as_deref().unwrap_or("FILE");
        let command = self
            .paint
            .paint(Tone::Strong, format!("runner apply {manifest}"));
        format!("\nto go on: {command}\n  {what}\n")
    }
}

/// Shots that have the same trouble.
pub(super) struct Group<'a> {
    /// What it is.
    pub(super) message: String,
    /// What a person can do about it.
    pub(super) advice: Option<String>,
    /// Who has it.
    pub(super) shots: Vec<&'a Shot>,
}

/// In manifest order of the first shot of each.
pub(super) fn groups(report: &Report, outcome: Outcome) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    // Ten thousand shots may have ten thousand different troubles.
    let mut places: HashMap<&str, usize> = HashMap::new();
    for shot in &report.shots {
        if shot.outcome != outcome {
            continue;
        }
        let Some(reason) = &shot.outcome_reason else {
            continue;
        };
        let place = places.entry(&reason.message).or_insert(groups.len());
        match groups.get_mut(*place) {
            Some(group) => group.shots.push(shot),
            None => groups.push(Group {
                message: reason.message.clone(),
                advice: reason.advice.clone(),
                shots: vec![shot],
            }),
        }
    }
    groups
}

/// `a, b, c and 31 more`.
fn names(shots: &[&Shot]) -> String {
    let names = shots.iter().take(NAMES_MAX);
    let shown: Vec<&str> = names.map(|shot| shot.id.as_str()).collect();
    match shots.len().saturating_sub(NAMES_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
