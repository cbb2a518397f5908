//! Which shot of one document is which of the other.
//!
//! Owns the pairing: by id first, then by fingerprint, by request, and by prompt
//! where that is meant by one shot on each side only. Each step looks things up in
//! a table, so ten thousand new names cost no more than ten thousand old ones.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde_json::Value;

use super::model::Group;
use super::side::SideShot;
use crate::id::sha256_hex;

/// A shot of both documents, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
}

/// Every shot once, in the order of the document after; one that was removed
/// stands behind the one that it stood behind.
pub(super) fn pairs(before: &[SideShot], after: &[SideShot]) -> Vec<Pair> {
    let mut found = Found {
        before,
        after,
        forward: vec![None; before.len()],
        backward: vec![None; after.len()],
    };
    found.join(
        &|shot| Some((shot.id.clone(), shot.earlier)),
        Several::InOrder,
    );
    found.join(&|shot| shot.fingerprint.clone(), Several::InOrder);
    found.join(&request, Several::InOrder);
    found.join(&prompt, Several::Never);
    found.in_order()
}

/// What becomes of several shots that are alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Several {
    /// The first is the first, the second the second.
    InOrder,
    /// Nobody knows which is which.
    Never,
}

struct Found<'a> {
    before: &'a [SideShot],
    after: &'a [SideShot],
    forward: Vec<Option<usize>>,
    backward: Vec<Option<usize>>,
}

impl Found<'_> {
    /// Joins what is left over and has the same key.
    fn join<K: Hash + Eq>(&mut self, key: &dyn Fn(&SideShot) -> Option<K>, several: Several) {
        let old = left(self.before, &self.forward, key);
        let mut new = left(self.after, &self.backward, key);
        for (key, old) in old {
            let Some(new) = new.remove(&key) else {
                continue;
            };
            if several == Several::Never && (old.len() > 1 || new.len() > 1) {
                continue;
            }
            for (one, other) in old.into_iter().zip(new) {
                self.forward[one] = Some(other);
                self.backward[other] = Some(one);
            }
        }
    }

    fn in_order(&self) -> Vec<Pair> {
        let mut pairs = Vec::with_capacity(self.after.len());
        let mut removed = self.removed_behind();
        pairs.append(&mut removed.remove(&None).unwrap_or_default());
        for (at, before) in self.backward.iter().enumerate() {
            pairs.push(Pair {
                before: *before,
                after: Some(at),
            });
            if let Some(before) = before {
                pairs.append(&mut removed.remove(&Some(*before)).unwrap_or_default());
            }
        }
        pairs
    }

    /// What was removed, by the nearest shot before it that stayed.
    fn removed_behind(&self) -> HashMap<Option<usize>, Vec<Pair>> {
        let mut removed: HashMap<Option<usize>, Vec<Pair>> = HashMap::new();
        let mut anchor = None;
        for (at, after) in self.forward.iter().enumerate() {
            if after.is_some() {
                anchor = Some(at);
                continue;
            }
            removed.entry(anchor).or_default().push(Pair {
                before: Some(at),
                after: None,
            });
        }
        removed
    }
}

/// Shots without a partner, by key.
fn left<K: Hash + Eq>(
    shots: &[SideShot],
    partners: &[Option<usize>],
    key: &dyn Fn(&SideShot) -> Option<K>,
) -> HashMap<K, Vec<usize>> {
    let mut left: HashMap<K, Vec<usize>> = HashMap::new();
    for (at, shot) in shots.iter().enumerate() {
        if partners[at].is_none()
            && let Some(key) = key(shot)
        {
            left.entry(key).or_default().push(at);
        }
    }
    left
}

/// A digest of what is asked for, whatever the order of its fields.
fn request(shot: &SideShot) -> Option<String> {
    let mut fields: Vec<(&str, &Value)> = shot
        .facts
        .iter()
        .filter(|fact| matches!(fact.group, Group::Prompt | Group::Settings))
        // What only one kind of document tells would tell two requests apart.
        .filter(|fact| !fact.may_be_unknown)
        .map(|fact| (&*fact.field, &fact.value))
        .collect();
    if fields.is_empty() {
        return None;
    }
    fields.sort_by_key(|(field, _)| *field);
    let mut seen = HashSet::new();
    let mut text = String::from(if shot.earlier { "earlier\n" } else { "now\n" });
    for (field, value) in fields {
        if seen.insert(field) {
            text.push_str(field);
            text.push(' ');
            text.push_str(&value.to_string());
            text.push('\n');
        }
    }
    Some(sha256_hex(text.as_bytes()))
}

fn prompt(shot: &SideShot) -> Option<(String, bool)> {
    let prompt = shot.fact(Group::Prompt, "prompt")?.as_str()?;
    (!prompt.is_empty()).then(|| (prompt.to_owned(), shot.earlier))
}
