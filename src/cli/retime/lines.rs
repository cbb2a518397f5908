//! The lines of the manifest that would change.
//!
//! Owns where a duration is written, or would be. Shots of one matrix share their
//! lines, so one change is for all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::load::Loaded;
use crate::diag::{SourceId, Sources, Span};
use crate::manifest::model::Manifest;
use crate::shot::{self, Shot};
use crate::spec::Spec;

/// A line as it is and as it could be.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
    /// The shots that it is for.
    pub(super) shots: Vec<String>,
    pub(super) seconds: u32,
    /// The line as it is; `None` where one is to be added behind `line`.
    pub(super) was: Option<String>,
    pub(super) becomes: String,
}

impl Change {
    pub(super) fn as_json(&self) -> Value {
        json!({
            "file": self.file,
            "line": self.line,
            "kind": if self.was.is_some() { "replace" } else { "insert_after" },
            "was": self.was,
            "becomes": self.becomes,
            "seconds": self.seconds,
            "shots": self.shots,
        })
    }
}

/// The changes that give shots these lengths. Where shots that share a line want
/// different ones, the longest counts.
pub(super) fn changes(
    loaded: &Loaded,
    manifest: &Manifest,
    wanted: &BTreeMap<String, u32>,
) -> Vec<Change> {
    let (shots, _) = shot::expand(
        manifest,
        &loaded.sources,
        &loaded.overrides,
        Spec::bundled(),
    );
    let mut places: BTreeMap<(Span, bool), (Vec<String>, u32)> = BTreeMap::new();
    for shot in &shots {
        let (id, place) = (shot.id.as_str(), place(shot));
        if let Some(seconds) = wanted.get(id) {
            let entry = places.entry(place).or_default();
            entry.0.push(id.to_owned());
            entry.1 = entry.1.max(*seconds);
        }
    }
    places
        .into_iter()
        .map(|((span, is_set), (shots, seconds))| {
            let sources = &loaded.sources;
            let mut change = if is_set {
                replaced(sources, span, seconds)
            } else {
                added(sources, span, seconds)
            };
            change.shots = shots;
            change
        })
        .collect()
}

/// Where the length of a shot is written, or else its name.
fn place(shot: &Shot) -> (Span, bool) {
    match shot.setting("duration") {
        Some(setting) if !setting.inherited => (setting.span, true),
        _ => (shot.span, false),
    }
}

fn replaced(sources: &Sources, span: Span, seconds: u32) -> Change {
    let (line, begin, text) = line_of(sources, span.file, span.start);
    let (from, to) = (span.start - begin, (span.end - begin).min(text.len()));
    Change {
        file: sources.get(span.file).name.clone(),
        line,
        shots: Vec::new(),
        seconds,
        becomes: format!("{}{seconds}{}", &text[..from], &text[to..]),
        was: Some(text.to_owned()),
    }
}

/// Behind the name: as a line of its own, or inside of the braces.
fn added(sources: &Sources, span: Span, seconds: u32) -> Change {
    let (line, begin, text) = line_of(sources, span.file, span.start);
    let end = (span.end - begin).min(text.len());
    let rest = text[end..].trim_start();
    let key = text[..span.start - begin].rfind("id");
    let is_alone = rest.is_empty() || rest.starts_with('#');
    let (was, becomes) = if let Some(key) = key.filter(|_| is_alone) {
        let columns = text[..key].chars().count();
        (None, format!("{}duration: {seconds}", " ".repeat(columns)))
    } else {
        let becomes = format!("{}, duration: {seconds}{}", &text[..end], &text[end..]);
        (Some(text.to_owned()), becomes)
    };
    Change {
        file: sources.get(span.file).name.clone(),
        line,
        shots: Vec::new(),
        seconds,
        was,
        becomes,
    }
}

/// The number of a line from 1, its first byte, and its text.
fn line_of(sources: &Sources, file: SourceId, at: usize) -> (usize, usize, &str) {
    let text = &sources.get(file).text;
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let number = text[..begin].matches('\n').count() + 1;
    (number, begin, text[begin..end].trim_end_matches('\r'))
}
