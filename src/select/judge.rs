//! Expression × shots → a verdict on every shot.
//!
//! Owns what each part of the language means. Looks nothing up.

use std::collections::HashMap;

use crate::event::Decision;
use crate::id::ShotId;
use crate::select::expr::{Expr, Field};
use crate::select::pattern::{Case, Pattern};
use crate::select::{Asked, Candidate, Past};

/// Whether each shot is meant, in the order of `shots`, which are all of a
/// manifest: chains lead through shots that are not meant themselves.
pub fn judge(expr: &Expr, shots: &[Candidate]) -> Vec<bool> {
    let each = |of: &dyn Fn(&Candidate) -> bool| shots.iter().map(of).collect();
    let asked = |of: &dyn Fn(&Asked) -> bool| each(&|shot| shot.request.as_ref().is_some_and(of));
    let past = |of: &dyn Fn(&Past) -> bool| each(&|shot| shot.past.as_ref().is_some_and(of));
    match expr {
        Expr::All => each(&|_| true),
        Expr::None => each(&|_| false),
        Expr::Name(field, pattern) => each(&|shot| has_name(shot, *field, pattern)),
        Expr::Mode(mode) => asked(&|asked| asked.mode == *mode),
        Expr::Status(word) => past(&|past| word.covers.contains(&past.status)),
        Expr::Decision(decision) => past(&|past| past.decision == *decision),
        Expr::Changed => past(&|past| would_be_made(past.decision)),
        Expr::Failed => past(&|past| past.failed),
        Expr::Deps(inner) => reach(judge(inner, shots), &needs(shots)),
        Expr::Rdeps(inner) => reach(judge(inner, shots), &needed_by(&needs(shots))),
        Expr::Not(inner) => {
            let inner = judge(inner, shots);
            inner.into_iter().map(|meant| !meant).collect()
        }
        Expr::And(left, right) => both(left, right, shots, |left, right| left && right),
        Expr::Minus(left, right) => both(left, right, shots, |left, right| left && !right),
        Expr::Or(left, right) => both(left, right, shots, |left, right| left || right),
    }
}

/// Whether a video comes of it that is not there and was not paid for.
fn would_be_made(decision: Decision) -> bool {
    decision.may_pay()
}

fn both(
    left: &Expr,
    right: &Expr,
    shots: &[Candidate],
    join: impl Fn(bool, bool) -> bool,
) -> Vec<bool> {
    let (left, right) = (judge(left, shots), judge(right, shots));
    let pairs = left.into_iter().zip(right);
    pairs.map(|(left, right)| join(left, right)).collect()
}

/// Whether a shot has a name that the pattern means.
pub(super) fn has_name(shot: &Candidate, field: Field, pattern: &Pattern) -> bool {
    let own = |name: &str| pattern.matches(name, Case::Sensitive);
    match field {
        Field::Id => own(shot.id.as_str()),
        Field::Tag => shot.tags.iter().any(|tag| own(tag)),
        Field::Scene => shot.scene.as_ref().is_some_and(|scene| {
            let title = scene.title.as_ref();
            own(&scene.id) || title.is_some_and(|title| own(title))
        }),
        Field::Model => {
            let request = shot.request.as_ref();
            request.is_some_and(|asked| pattern.matches(&asked.model, Case::Insensitive))
        }
    }
}

/// For each shot the positions of those that it needs.
fn needs(shots: &[Candidate]) -> Vec<Vec<usize>> {
    let places: HashMap<&ShotId, usize> = shots.iter().map(|shot| &shot.id).zip(0..).collect();
    let of = |shot: &Candidate| {
        let asked = shot.request.iter();
        let needed = asked.flat_map(|asked| &asked.depends_on);
        needed.filter_map(|id| places.get(id).copied()).collect()
    };
    shots.iter().map(of).collect()
}

fn needed_by(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (shot, needs) in needs.iter().enumerate() {
        for &need in needs {
            needed_by[need].push(shot);
        }
    }
    needed_by
}

/// Everything that can be come to from what is there, and that itself.
fn reach(mut reached: Vec<bool>, ways: &[Vec<usize>]) -> Vec<bool> {
    let mut open: Vec<usize> = (0..reached.len()).filter(|&shot| reached[shot]).collect();
    while let Some(shot) = open.pop() {
        for &next in &ways[shot] {
            if !std::mem::replace(&mut reached[next], true) {
                open.push(next);
            }
        }
    }
    reached
}
