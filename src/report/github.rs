//! GitHub's workflow commands: what a run, or a manifest, says beside the code.
//!
//! Owns their escaping and their number. Which mistakes there are is not known here.

use std::fmt;

use super::Report;
use super::summary::{Group, groups};
use super::twin::Outcome;
use super::verdict::{Judgement, judged};

/// GitHub shows ten of a kind for each step, and hides the rest without a word.
pub const ANNOTATIONS_MAX: usize = 10;

/// Shots that are named in each annotation.
const NAMES_MAX: usize = 6;

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something may be regretted.
    Warning,
    /// Something is worth knowing.
    Notice,
}

/// A place in a file; lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the repository, with forward slashes.
    pub file: String,
    /// The first line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last one; GitHub takes it only within one line.
    pub end_column: usize,
}

/// One workflow command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How loud it is.
    pub level: Level,
    /// Where, if it has a place.
    pub place: Option<Place>,
    /// Its heading.
    pub title: String,
    /// Its text, which may have several lines.
    pub message: String,
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.level {
            Level::Error => "::error ",
            Level::Warning => "::warning ",
            Level::Notice => "::notice ",
        })?;
        if let Some(place) = &self.place {
            write!(f, "file={},line={}", property(&place.file), place.line)?;
            write!(f, ",endLine={},col={}", place.end_line, place.column)?;
            if place.end_line == place.line {
                write!(f, ",endColumn={}", place.end_column)?;
            }
            f.write_str(",")?;
        }
        write!(
            f,
            "title={}::{}",
            property(&self.title),
            data(&self.message)
        )
    }
}

/// The text after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A value before it, where `:` and `,` have a meaning too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

impl Report {
    /// What went wrong, as workflow commands: one for each kind of trouble, at most ten.
    pub fn to_annotations(&self) -> Vec<Annotation> {
        let mut all = Vec::new();
        if let Some(reason) = &self.stopped {
            let text = told(&reason.message, reason.advice.as_deref());
            all.push(annotation(
                Level::Error,
                "the run was stopped".to_owned(),
                text,
            ));
        }
        for (outcome, level) in [
            (Outcome::Uncertain, Level::Error),
            (Outcome::Failed, Level::Error),
            (Outcome::Pending, Level::Warning),
            (Outcome::Skipped, Level::Warning),
        ] {
            all.extend(grouped(groups(self, outcome), level, outcome.as_str()));
        }
        for (result, level, word) in [
            (Judgement::Failed, Level::Error, "not as expected"),
            (
                Judgement::Unknown,
                Level::Warning,
                "not known to be as expected",
            ),
        ] {
            all.extend(grouped(judged(self, result), level, word));
        }
        if all.len() > ANNOTATIONS_MAX {
            let left = all.split_off(ANNOTATIONS_MAX - 1).len();
            all.push(annotation(
                Level::Warning,
                format!("and {left} other kinds of trouble"),
                "`report.json` has them all".to_owned(),
            ));
        }
        all
    }
}

/// One for each kind of trouble.
fn grouped(groups: Vec<Group<'_>>, level: Level, word: &str) -> Vec<Annotation> {
    let one = |group: Group<'_>| {
        let names: Vec<&str> = group.shots.iter().map(|shot| shot.id.as_str()).collect();
        let title = format!("{word}: {}", names_of(&names));
        let text = told(&group.message, group.advice.as_deref());
        annotation(level, title, text)
    };
    groups.into_iter().map(one).collect()
}

fn annotation(level: Level, title: String, message: String) -> Annotation {
    Annotation {
        level,
        place: None,
        title,
        message,
    }
}

fn told(message: &str, advice: Option<&str>) -> String {
    match advice {
        Some(advice) => format!("{message}\nhelp: {advice}"),
        None => message.to_owned(),
    }
}

fn names_of(names: &[&str]) -> String {
    let shown = names.iter().take(NAMES_MAX).copied();
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Workflow commands as lines.
pub fn commands(annotations: &[Annotation]) -> String {
    annotations.iter().fold(String::new(), |text, annotation| {
        text + &annotation.to_string() + "\n"
    })
}
