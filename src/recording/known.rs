//! What a recording has of each task: enough to tell what is missing.
//!
//! Owns the look at answers that this takes. Never reads a file.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::asked::Asked;
use super::har::Entry;
use crate::provider::exchange::Call;
use crate::provider::minimax::status::{Meaning, meaning};

/// Tasks and files of a recording.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Tasks that a create was answered with, and the shot that it was for.
    shots: HashMap<String, Option<String>>,
    /// Tasks that have come to an end, with their file where there is one.
    ends: HashMap<String, Option<String>>,
    /// Files that are here from the first byte to the last.
    files: HashSet<String>,
    /// Creates by all but their pictures, each with the shot that it was for.
    asked: HashMap<String, Vec<(Asked, Option<String>)>>,
}

impl Known {
    /// Takes an exchange in.
    pub(super) fn note(&mut self, entry: &Entry) {
        match entry.call {
            Call::Create => {
                if let Some(asked) = asked_of(entry) {
                    let same = self.asked.entry(asked.skeleton().to_owned()).or_default();
                    same.push((asked, entry.shot.clone()));
                }
                if let Some(task) = id(entry, "/task_id") {
                    self.shots.insert(task, entry.shot.clone());
                }
            }
            Call::Query => {
                let Some(task) = entry.parameter("task_id") else {
                    return;
                };
                let Some(body) = entry.json() else { return };
                let status = body.get("status").and_then(Value::as_str);
                match meaning(status.unwrap_or_default()) {
                    Meaning::Succeeded => {
                        self.ends.insert(task.to_owned(), id(entry, "/file_id"));
                    }
                    Meaning::Failed => {
                        self.ends.insert(task.to_owned(), None);
                    }
                    Meaning::Running | Meaning::Unknown => {}
                }
            }
            Call::Content | Call::Link if entry.is_whole_file() => {
                self.files.extend(entry.file());
            }
            Call::Retrieve | Call::Content | Call::Link => {}
        }
    }

    /// Whether a create like this is here that was for this shot, or for nobody knows
    /// whom: several shots may ask for the same.
    pub(super) fn has(&self, asked: &Asked, shot: &str) -> bool {
        let same = self.asked.get(asked.skeleton()).into_iter().flatten();
        let mut of_shot = same.filter(|(_, of)| of.as_deref().is_none_or(|of| of == shot));
        of_shot.any(|(one, _)| one.is(asked))
    }

    /// Whether the create of a task is here.
    pub(super) fn has_task(&self, task: &str) -> bool {
        self.shots.contains_key(task)
    }

    /// The shot of a task.
    pub(super) fn shot_of(&self, task: &str) -> Option<String> {
        self.shots.get(task).cloned().flatten()
    }

    /// How a task ended: its file, or that it has none.
    pub(super) fn end_of(&self, task: &str) -> Option<&Option<String>> {
        self.ends.get(task)
    }

    /// Whether a file is here, whole.
    pub(super) fn has_file(&self, file: &str) -> bool {
        self.files.contains(file)
    }
}

/// What a recorded create asks for.
pub(super) fn asked_of(entry: &Entry) -> Option<Asked> {
    let body = entry.request.post_data.as_ref()?;
    let Ok(Value::Object(shown)) = serde_json::from_str(&body.text) else {
        return None;
    };
    let media = body.media.iter().map(|media| media.sha256.clone());
    Some(Asked::of_shown(&shown)?.also(media))
}

/// An id that may be text or a number.
fn id(entry: &Entry, pointer: &str) -> Option<String> {
    match entry.json()?.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
