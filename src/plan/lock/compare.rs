//! What differs between two locks.
//!
//! Owns which facts count and in which order they are told. Never says how a
//! difference looks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Lock, LockedShot};
use crate::event::FieldChange;
use crate::plan::changes;

/// One shot that is not as it was, or the whole lock.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The shot; `None` where it is about all of them.
    pub shot: Option<String>,
    /// What became of it.
    pub kind: Kind,
    /// The facts that differ; none for a shot that came or went.
    pub changes: Vec<FieldChange>,
    /// What follows from it, where that is not plain.
    pub note: Option<String>,
}

/// What became of a shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The first lock does not have it.
    Added,
    /// The second one does not have it.
    Removed,
    /// Both have it.
    Changed,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// Everything that differs: first what concerns all shots, then shot by shot. Which
/// program wrote a lock is no difference; fingerprints and videos of two backends
/// are not compared.
pub fn differences(old: &Lock, new: &Lock) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    found.extend(changed(None, head(old, new)));
    let own = old.backend == new.backend;
    for (id, locked) in &old.shots {
        match new.shots.get(id) {
            Some(now) => found.extend(changed(Some(id), shot(locked, now, own))),
            None => found.push(came_or_went(id, Kind::Removed)),
        }
    }
    let added = new.shots.keys().filter(|id| !old.shots.contains_key(*id));
    found.extend(added.map(|id| came_or_went(id, Kind::Added)));
    found
}

impl Lock {
    /// Accepted videos in whose place a run left others; `left` has their SHA-256.
    pub fn others(&self, left: &BTreeMap<&str, &str>) -> Vec<Difference> {
        let shots = self.shots.iter().filter_map(|(id, shot)| {
            let (accepted, left) = (shot.take.as_ref()?, left.get(id.as_str())?);
            let change = FieldChange {
                field: "take".to_owned(),
                before: video(Some(accepted)),
                after: video(Some(&(*left).to_owned())),
            };
            changed(Some(id), vec![change]).filter(|_| accepted != left)
        });
        shots.collect()
    }
}

fn changed(shot: Option<&String>, changes: Vec<FieldChange>) -> Option<Difference> {
    (!changes.is_empty()).then(|| Difference {
        shot: shot.cloned(),
        kind: Kind::Changed,
        changes,
        note: None,
    })
}

fn came_or_went(id: &str, kind: Kind) -> Difference {
    Difference {
        shot: Some(id.to_owned()),
        kind,
        changes: Vec::new(),
        note: None,
    }
}

/// What is true of every shot. The digest of the documents is told where their date
/// does not say it.
fn head(old: &Lock, new: &Lock) -> Vec<FieldChange> {
    let facts = |lock: &Lock| {
        let mut head = Map::new();
        head.insert("backend".to_owned(), json!(lock.backend));
        head.insert("api.version".to_owned(), json!(lock.api.version));
        if old.api.version == new.api.version {
            let documents = json!({ "sha256": lock.api.sha256 });
            head.insert("api.sha256".to_owned(), documents);
        }
        head
    };
    changes::all(&facts(old), &facts(new))
}

/// What is asked for, field by field; its digest where nothing that may be shown
/// differs; the video.
fn shot(old: &LockedShot, new: &LockedShot, own: bool) -> Vec<FieldChange> {
    let mut found = changes::all(&old.request, &new.request);
    if own && found.is_empty() && old.fingerprint != new.fingerprint {
        // A link with another query, or the second of two shots that was the first.
        found.push(FieldChange {
            field: "fingerprint".to_owned(),
            before: old.fingerprint.clone().map(Value::String),
            after: new.fingerprint.clone().map(Value::String),
        });
    }
    if own && old.take != new.take {
        found.push(FieldChange {
            field: "take".to_owned(),
            before: video(old.take.as_ref()),
            after: video(new.take.as_ref()),
        });
    }
    found
}

fn video(sha256: Option<&String>) -> Option<Value> {
    sha256.map(|sha256| json!({ "sha256": sha256 }))
}
