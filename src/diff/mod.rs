//! What differs between two documents: reports, plans, locks.
//!
//! Owns which facts are compared, which of them count, and which shot of one
//! document is which of the other. Pure: two [`Side`]s in, a [`Diff`] out. Never
//! reads a file, and never says how a difference looks.
//!
//! A fact counts, or it is told beside. What differs between any two runs (times,
//! names of runs and tasks, retries) is told beside and alone makes no difference;
//! so is what a person asks to be ignored. Only what both kinds of document tell is
//! compared: a lock knows no outcome.
//!
//! Shots are paired by id; what is left over, by what is asked for, through hashes
//! only, so that the time grows with the number of shots and not with its square.

mod facts;
mod lock;
mod model;
mod order;
mod pair;
mod plan;
mod side;
#[cfg(test)]
mod tests;
mod value;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use self::model::{
    Change, Clip, Diff, Document, Group, Kind, SCHEMA_VERSION, Seen, ShotDiff, Status, Totals,
};
use self::pair::Pair;
pub use self::plan::Effective;
pub use self::side::{Fact, FrameOf, Side, SideShot, request_facts};
pub use self::value::shown;

/// What differs, with what is to be ignored told beside.
pub fn diff(before: &Side, after: &Side, ignored: &BTreeSet<Group>) -> Diff {
    let compared = facts::compared(before, after);
    let judge = facts::Judge {
        compared: &compared,
        ignored,
        same_backend: facts::same_backend(before, after),
        mixed: before.document.kind != after.document.kind,
    };
    let pairs = pair::pairs(&before.shots, &after.shots);
    let moved = moved(&pairs, before, after, &judge);
    let mut totals = Totals::default();
    let mut shots = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let shot = shot(pair, moved.contains(&at), before, after, &judge);
        totals.count(&shot);
        shots.extend(shot.is_told().then_some(shot));
    }
    let changes = judge.changes(&before.facts, &after.facts);
    let same = totals.is_none() && !changes.iter().any(|change| change.counts);
    Diff {
        schema_version: SCHEMA_VERSION.to_owned(),
        same,
        before: before.document.clone(),
        after: after.document.clone(),
        compared: compared.into_iter().collect(),
        ignored: ignored.iter().copied().collect(),
        totals,
        changes,
        shots,
    }
}

/// The pairs, by position, that stand elsewhere in the film.
fn moved(pairs: &[Pair], before: &Side, after: &Side, judge: &facts::Judge<'_>) -> BTreeSet<usize> {
    if !judge.is_compared(Group::Order) {
        return BTreeSet::new();
    }
    let both: Vec<(usize, order::Place<'_>)> = pairs
        .iter()
        .enumerate()
        .filter_map(|(at, pair)| {
            let (one, other) = (pair.before?, pair.after?);
            let (old, new) = (&before.shots[one], &after.shots[other]);
            // What an earlier version left stands behind the film, in no order of its own.
            let name = (&*old.id).min(&*new.id);
            let place = order::Place { one, other, name };
            (!old.earlier && !new.earlier).then_some((at, place))
        })
        .collect();
    let places: Vec<order::Place<'_>> = both.iter().map(|(_, place)| place.clone()).collect();
    let moved = order::moved(&places);
    moved.into_iter().map(|position| both[position].0).collect()
}

fn shot(
    pair: &Pair,
    moved: bool,
    before: &Side,
    after: &Side,
    judge: &facts::Judge<'_>,
) -> ShotDiff {
    let old = pair.before.map(|at| (at, &before.shots[at]));
    let new = pair.after.map(|at| (at, &after.shots[at]));
    let seen = |side: Option<(usize, &SideShot)>| side.map(|(at, shot)| shot.seen(at + 1));
    let (status, changes) = match (old, new) {
        (Some((_, old)), Some((_, new))) => (Status::Kept, judge.of_shot(old, new)),
        (None, _) => (Status::Added, Vec::new()),
        (Some(_), None) => (Status::Removed, Vec::new()),
    };
    let mut groups: BTreeMap<Group, bool> = BTreeMap::new();
    for change in &changes {
        *groups.entry(change.group).or_default() |= change.counts;
    }
    let order_counts = judge.counts(Group::Order);
    if moved {
        groups.insert(Group::Order, order_counts);
    }
    let name = |side: Option<(usize, &SideShot)>| side.map(|(_, shot)| shot.id.clone());
    let (was, is) = (name(old), name(new));
    let renamed = matches!((&was, &is), (Some(was), Some(is)) if was != is);
    ShotDiff {
        id: is.or_else(|| was.clone()).unwrap_or_default(),
        was: was.filter(|_| renamed),
        status,
        moved: moved && order_counts,
        differs: groups
            .into_iter()
            .filter(|(_, counts)| *counts)
            .map(|(group, _)| group)
            .collect(),
        changes,
        before: seen(old),
        after: seen(new),
    }
}
