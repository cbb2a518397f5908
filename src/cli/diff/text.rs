//! A difference as a person reads it on a terminal.
//!
//! Owns the layout for every width. With colour, what went is red and what came is
//! green; without, they stand in `[-…-]` and `{+…+}`. Only words of the program are
//! translated; what a document says stays as it is.

use std::fmt::Write as _;

use crate::cli::plan::difference::{Marks, marked};
use crate::cli::render::calm;
use crate::cli::table::wrapped;
use crate::diff::{Change, Diff, ShotDiff, Status};
use crate::lang::Language;
use crate::report::diff::{by_what, fate, verdict};

/// Shots that are listed before a person has seen enough.
const SHOTS_SHOWN: usize = 100;

/// How the difference is to look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Places in a line; `None` where nobody wraps them, as in a pipe.
    pub(super) width: Option<usize>,
    /// Whether colours may be used.
    pub(super) colour: bool,
    /// Whether every shot that differs is listed.
    pub(super) all: bool,
    /// What is spoken.
    pub(super) language: Language,
}

impl Look {
    fn say(self, text: &str) -> String {
        calm(&self.language.tr(text))
    }

    fn marks(self) -> Marks {
        if self.colour {
            Marks::Colour
        } else {
            Marks::Signs
        }
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// A line that is wrapped where a person looks at it.
    fn line(self, text: &mut String, indent: usize, line: &str) {
        for line in wrapped(line, indent, self.width) {
            let _ = writeln!(text, "{line}");
        }
    }
}

/// The whole difference, with its line ends.
pub(super) fn text(diff: &Diff, look: Look) -> String {
    let mut text = String::new();
    let names = [&diff.before, &diff.after].map(|document| {
        let kind = look.say(document.kind.heading());
        format!("{kind} {}", calm(&document.name))
    });
    look.line(&mut text, 0, &names.join(" → "));
    for change in diff.changes.iter().filter(|change| change.counts) {
        look.line(&mut text, 2, &fact(change, look));
    }
    let shown = if look.all {
        diff.shots.len()
    } else {
        SHOTS_SHOWN.min(diff.shots.len())
    };
    for shot in &diff.shots[..shown] {
        self::shot(&mut text, shot, look);
    }
    let more = diff.shots.len() - shown;
    if more > 0 {
        let line = format!("and {more} more (--all lists them)");
        let _ = writeln!(text, "\n{}", look.say(&line));
    }
    closing(&mut text, diff, look);
    text
}

fn shot(text: &mut String, shot: &ShotDiff, look: Look) {
    let (sign, code) = match shot.status {
        Status::Added => ("+", "32"),
        Status::Removed => ("-", "31"),
        Status::Kept => ("~", "33"),
    };
    let fate: Vec<String> = fate(shot).iter().map(|text| look.say(text)).collect();
    let id = calm(&shot.id);
    let line = if fate.is_empty() {
        format!("{sign} {id}")
    } else {
        format!("{sign} {id}: {}", fate.join(", "))
    };
    text.push('\n');
    look.line(text, 0, &look.painted(code, &line));
    let prompt = [&shot.after, &shot.before].into_iter().flatten().next();
    if let (Some(prompt), false) = (
        prompt.and_then(|seen| seen.prompt.as_deref()),
        shot.status == Status::Kept,
    ) {
        let prompt = calm(prompt).replace('\n', "↵");
        let label = look.say("prompt");
        look.line(text, 4, &format!("{label}: {prompt}"));
    }
    for change in shot.changes.iter().filter(|change| change.counts) {
        look.line(text, 4, &fact(change, look));
    }
    let beside: Vec<String> = shot
        .changes
        .iter()
        .filter(|change| !change.counts && change.is_of_interest())
        .map(|change| plain(change, look))
        .collect();
    if !beside.is_empty() {
        let line = format!("({})", beside.join("; "));
        look.line(text, 4, &look.painted("2", &line));
    }
}

/// `prompt: A [-red-]{+blue+} boat`.
fn fact(change: &Change, look: Look) -> String {
    let marks = look.marks();
    let difference = match &change.words {
        Some(pieces) => marked(pieces, marks),
        None => marks.arrow(&look.say(&change.old()), &look.say(&change.new())),
    };
    format!("{}: {difference}", look.say(change.label()))
}

/// The same without marks, for what does not count.
fn plain(change: &Change, look: Look) -> String {
    let (old, new) = (look.say(&change.old()), look.say(&change.new()));
    let line = format!("{} {old} → {new}", look.say(change.label()));
    line.replace('\n', "↵")
}

/// The sums, and what does not count.
fn closing(text: &mut String, diff: &Diff, look: Look) {
    text.push('\n');
    let code = if diff.same { "32" } else { "1" };
    let sums = look.say(&verdict(diff));
    look.line(text, 0, &look.painted(code, &sums));
    if !diff.totals.by.is_empty() {
        let line = format!("shots by what differs: {}", by_what(&diff.totals));
        look.line(text, 0, &look.say(&line));
    }
    if !diff.ignored.is_empty() {
        let words: Vec<String> = diff
            .ignored
            .iter()
            .map(|group| look.say(group.as_str()))
            .collect();
        let line = format!("ignored: {}", words.join(", "));
        look.line(text, 0, &look.say(&line));
    }
    let beside: Vec<String> = diff
        .changes
        .iter()
        .filter(|change| !change.counts && change.is_of_interest())
        .map(|change| plain(change, look))
        .collect();
    if !beside.is_empty() {
        let label = look.say("does not count");
        let line = format!("{label}: {}", beside.join("; "));
        look.line(text, 0, &look.painted("2", &line));
    }
}
