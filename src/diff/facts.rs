//! Which facts differ, and which of them count.
//!
//! Owns the comparison of two lists of facts. A document that cannot know a fact
//! does not deny it.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use serde_json::{Value, json};

use super::model::{Change, Group};
use super::side::{Fact, Side, SideShot};
use super::words::pieces;
use crate::check::link::is_link;
use crate::event::Decision;

/// Texts of more bytes than this are compared word by word.
const SHORT: usize = 32;

/// What both documents tell.
pub(super) fn compared(before: &Side, after: &Side) -> BTreeSet<Group> {
    before.tells.intersection(&after.tells).copied().collect()
}

/// Whether equal requests have equal fingerprints.
pub(super) fn same_backend(before: &Side, after: &Side) -> bool {
    before.backend == after.backend
}

/// How facts are compared.
pub(super) struct Judge<'a> {
    pub(super) compared: &'a BTreeSet<Group>,
    pub(super) ignored: &'a BTreeSet<Group>,
    pub(super) same_backend: bool,
    /// Whether a report is compared with a plan, or a plan with a lock.
    pub(super) mixed: bool,
}

impl Judge<'_> {
    pub(super) fn is_compared(&self, group: Group) -> bool {
        self.compared.contains(&group)
    }

    /// Whether facts of this kind make a difference.
    pub(super) fn counts(&self, group: Group) -> bool {
        group.can_count() && self.is_compared(group) && !self.ignored.contains(&group)
    }

    /// What differs between two shots that are one.
    pub(super) fn of_shot(&self, old: &SideShot, new: &SideShot) -> Vec<Change> {
        let mut changes = self.changes(&old.facts, &new.facts);
        if old.video.is_some() != new.video.is_some() {
            // That the whole of it went or came says all.
            let of_it = |group| matches!(group, Group::Video | Group::File | Group::Bytes);
            changes.retain(|change| !of_it(change.group) || change.field == "video");
        }
        changes.extend(self.fingerprint(old, new, &changes));
        changes
    }

    /// A request that is shown the same and is another: a link with another query, or
    /// the second of two shots that was the first.
    fn fingerprint(&self, old: &SideShot, new: &SideShot, found: &[Change]) -> Option<Change> {
        let asked = |change: &Change| {
            matches!(
                change.group,
                Group::Prompt | Group::Settings | Group::Frames
            )
        };
        let (one, other) = (old.fingerprint.as_ref()?, new.fingerprint.as_ref()?);
        if one == other || !self.same_backend || found.iter().any(asked) {
            return None;
        }
        let value = |digest: &String| Some(json!({ "sha256": digest }));
        Some(Change {
            group: Group::Settings,
            field: "fingerprint".to_owned(),
            before: value(one),
            after: value(other),
            counts: self.counts(Group::Settings),
            words: None,
        })
    }

    /// The facts that differ: those of the list after in its order, then what is
    /// there no more.
    pub(super) fn changes(&self, old: &[Fact], new: &[Fact]) -> Vec<Change> {
        let mut before = by_name(old);
        let mut gone: HashSet<(Group, &str)> = HashSet::new();
        let mut changes = Vec::new();
        for fact in new {
            let key = (fact.group, &*fact.field);
            let other = before.get_mut(&key).and_then(VecDeque::pop_front);
            changes.extend(self.change(other, Some(fact)));
        }
        for fact in old {
            let key = (fact.group, &*fact.field);
            if gone.insert(key) {
                let left = before.remove(&key).unwrap_or_default();
                changes.extend(
                    left.into_iter()
                        .filter_map(|fact| self.change(Some(fact), None)),
                );
            }
        }
        // In the order in which a person asks; of one group as the documents have it.
        changes.sort_by_key(|change| change.group);
        changes
    }

    fn change(&self, old: Option<&Fact>, new: Option<&Fact>) -> Option<Change> {
        let fact = new.or(old)?;
        let is_as_it_was = old.map(|fact| &fact.value) == new.map(|fact| &fact.value);
        if is_as_it_was || !self.is_compared(fact.group) || self.is_unknown(old, new) {
            return None;
        }
        let value = |fact: Option<&Fact>| fact.map(|fact| fact.value.clone());
        Some(Change {
            group: fact.group,
            field: fact.field.clone(),
            words: words(old, new),
            before: value(old),
            after: value(new),
            counts: self.counts(fact.group) && !fact.beside,
        })
    }

    /// Whether one of the two does not know what the other says.
    fn is_unknown(&self, old: Option<&Fact>, new: Option<&Fact>) -> bool {
        let asked = |fact: &Fact| matches!(fact.group, Group::Prompt | Group::Settings);
        match (old, new) {
            // A plan leaves open what the run then decides.
            (Some(old), Some(new)) => {
                let open = |fact: &Fact| fact.value == Decision::Wait.as_str();
                self.mixed && old.group == Group::Decision && (open(old) || open(new))
            }
            (Some(fact), None) | (None, Some(fact)) => {
                fact.may_be_unknown || (self.mixed && !asked(fact))
            }
            (None, None) => true,
        }
    }
}

fn by_name(facts: &[Fact]) -> HashMap<(Group, &str), VecDeque<&Fact>> {
    let mut by_name: HashMap<(Group, &str), VecDeque<&Fact>> = HashMap::new();
    for fact in facts {
        let key = (fact.group, &*fact.field);
        by_name.entry(key).or_default().push_back(fact);
    }
    by_name
}

/// The words that differ, of what is written in words.
fn words(old: Option<&Fact>, new: Option<&Fact>) -> Option<Vec<super::words::Piece>> {
    let (old, new) = (old?, new?);
    let (Value::String(before), Value::String(after)) = (&old.value, &new.value) else {
        return None;
    };
    let is_text = old.group == Group::Prompt
        || before.len().max(after.len()) > SHORT && before.contains(char::is_whitespace);
    (is_text && !is_link(before) && !is_link(after)).then(|| pieces(before, after))
}
