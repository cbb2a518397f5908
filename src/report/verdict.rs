//! What checks said, in the words of files and of people.
//!
//! Owns the twin of the vocabulary that files have, and which shots have the same
//! to say. Never judges.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event;

use super::Report;
use super::model::Shot;
use super::summary::Group;
use super::text::one_line;

/// What can be done about a video that is not as expected.
const UNEXPECTED_ADVICE: &str = "look at the video; `--force 'status(unexpected)'` makes another take, and it is paid for; or change what is expected";

/// What can be done about a check that could not be made.
const UNKNOWN_ADVICE: &str =
    "what cannot be found out is not shown to be as expected: make it known, or do not expect it";

/// What decides where takes are missing.
const TAKES_ADVICE: &str =
    "another take decides it: `--force` with the shot's name makes one, and it is paid for";

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It is as expected.
    Passed,
    /// It could not be found out.
    Unknown,
    /// It is not as expected.
    Failed,
}

impl From<event::Judgement> for Judgement {
    fn from(judgement: event::Judgement) -> Self {
        match judgement {
            event::Judgement::Passed => Self::Passed,
            event::Judgement::Unknown => Self::Unknown,
            event::Judgement::Failed => Self::Failed,
        }
    }
}

impl Judgement {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => event::Judgement::Passed.as_str(),
            Self::Unknown => event::Judgement::Unknown.as_str(),
            Self::Failed => event::Judgement::Failed.as_str(),
        }
    }
}

/// What the checks of a shot said of its video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Verdict {
    /// All in all: the worst of the checks, or what the takes decided.
    pub result: Judgement,
    /// Why it did not pass, a sentence each; empty where it did.
    pub reasons: Vec<String>,
    /// Each check of the video that counts.
    pub checks: Vec<Check>,
    /// How many of several takes passed; null where the author asks for one.
    pub takes: Option<Quorum>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Check {
    /// The key in the manifest, for example `size` or `likeness.accepted`.
    pub name: String,
    /// What came of it.
    pub result: Judgement,
    /// What was expected.
    pub expected: String,
    /// What was found, or why nothing could be.
    pub found: String,
}

/// How many of several takes passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Quorum {
    /// How many have to pass.
    pub wanted: u32,
    /// Of how many.
    pub of: u32,
    /// How many there are to be judged.
    pub there: u32,
    /// How many of these passed.
    pub passed: u32,
    /// How many of these failed.
    pub failed: u32,
}

impl From<&event::Verdict> for Verdict {
    fn from(verdict: &event::Verdict) -> Self {
        let reasons = verdict.reasons().into_iter();
        Self {
            result: verdict.result().into(),
            reasons: reasons.map(|reason| one_line(&reason)).collect(),
            checks: verdict.checks.iter().map(Check::from).collect(),
            takes: verdict.takes.as_ref().map(Quorum::from),
        }
    }
}

impl From<&event::Check> for Check {
    fn from(check: &event::Check) -> Self {
        Self {
            name: check.name.to_string(),
            result: check.result.into(),
            expected: check.expected.clone(),
            found: one_line(&check.found),
        }
    }
}

impl From<&event::Quorum> for Quorum {
    fn from(takes: &event::Quorum) -> Self {
        Self {
            wanted: takes.wanted,
            of: takes.of,
            there: takes.there,
            passed: takes.passed,
            failed: takes.failed,
        }
    }
}

impl Verdict {
    /// Why it did not pass, in one line.
    pub fn why(&self) -> String {
        self.reasons.join("; ")
    }

    /// What a person can do about it.
    pub fn advice(&self) -> Option<&'static str> {
        match self.result {
            Judgement::Passed => None,
            Judgement::Unknown if self.takes.is_some() => Some(TAKES_ADVICE),
            Judgement::Unknown => Some(UNKNOWN_ADVICE),
            Judgement::Failed => Some(UNEXPECTED_ADVICE),
        }
    }
}

impl Shot {
    /// What the checks came to; nothing where none was made.
    pub fn judgement(&self) -> Option<Judgement> {
        self.verdict.as_ref().map(|verdict| verdict.result)
    }
}

/// Shots of which the checks came to the same, each kind of trouble by itself, in
/// manifest order of the first shot of each.
pub(super) fn judged(report: &Report, result: Judgement) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for shot in &report.shots {
        let Some(verdict) = shot.verdict.as_ref().filter(|v| v.result == result) else {
            continue;
        };
        let message = verdict.why();
        let place = *places.entry(message.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.shots.push(shot),
            None => groups.push(Group {
                message,
                advice: verdict.advice().map(str::to_owned),
                shots: vec![shot],
            }),
        }
    }
    groups
}
