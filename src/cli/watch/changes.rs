//! What differs between two plans, shot by shot.
//!
//! Owns the comparison. What an author did to the text shows in what is asked
//! for; what happened elsewhere shows in what would be done.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::event::{Decision, ShotFacts};
use crate::id::ShotId;
use crate::plan::Plan;

/// What is kept of a plan to compare the next one with.
pub(super) struct Seen {
    shots: HashMap<ShotId, Shot>,
    order: Vec<ShotId>,
}

struct Shot {
    decision: Decision,
    request: Arc<Map<String, Value>>,
    file: String,
}

/// One shot that is not what it was.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    pub(super) id: ShotId,
    /// `None` where the shot is new.
    was: Option<Decision>,
    /// `None` where it is gone.
    now: Option<Decision>,
    /// Fields of the request that differ, and `file`.
    fields: Vec<String>,
}

impl Seen {
    pub(super) fn of(plan: &Plan) -> Self {
        let shots = || plan.facts.shots.iter().filter(|shot| !shot.earlier);
        Self {
            order: shots().map(|shot| shot.id.clone()).collect(),
            shots: shots()
                .map(|shot| (shot.id.clone(), Shot::of(shot)))
                .collect(),
        }
    }

    /// What differs from what was seen before, in the order of the manifest.
    pub(super) fn since(&self, before: &Self) -> Vec<Change> {
        let here = self.order.iter().filter_map(|id| {
            let (now, was) = (self.shots.get(id)?, before.shots.get(id));
            change(id, was, Some(now))
        });
        let gone = before.order.iter().filter_map(|id| {
            let was = before
                .shots
                .get(id)
                .filter(|_| !self.shots.contains_key(id));
            change(id, Some(was?), None)
        });
        here.chain(gone).collect()
    }
}

impl Shot {
    fn of(facts: &ShotFacts) -> Self {
        Self {
            decision: facts.decision,
            request: Arc::clone(&facts.request),
            file: facts.file.clone(),
        }
    }
}

fn change(id: &ShotId, was: Option<&Shot>, now: Option<&Shot>) -> Option<Change> {
    let fields = match (was, now) {
        (Some(was), Some(now)) => differing(was, now),
        _ => Vec::new(),
    };
    let (was, now) = (was.map(|shot| shot.decision), now.map(|shot| shot.decision));
    let differs = was != now || !fields.is_empty();
    differs.then(|| Change {
        id: id.clone(),
        was,
        now,
        fields,
    })
}

fn differing(was: &Shot, now: &Shot) -> Vec<String> {
    let fields = now.request.keys();
    let removed = was
        .request
        .keys()
        .filter(|key| !now.request.contains_key(*key));
    let mut fields: Vec<String> = fields
        .chain(removed)
        .filter(|key| was.request.get(*key) != now.request.get(*key))
        .cloned()
        .collect();
    if was.file != now.file {
        fields.push("file".to_owned());
    }
    fields
}

impl Change {
    /// A line for a person.
    pub(super) fn line(&self) -> String {
        let id = &self.id;
        let fields = if self.fields.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.fields.join(", "))
        };
        match (self.was, self.now) {
            (None, Some(now)) => format!("  + {id}: new, {now}"),
            (Some(_), None) => format!("  - {id}: gone"),
            (Some(was), Some(now)) if was != now => format!("  ~ {id}: {was} -> {now}{fields}"),
            (_, Some(now)) => format!("  ~ {id}: {now}{fields}"),
            (None, None) => String::new(),
        }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "id": self.id.as_str(),
            "was": self.was.map(Decision::as_str),
            "now": self.now.map(Decision::as_str),
            "fields": self.fields,
        })
    }
}
