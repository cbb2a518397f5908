//! A difference for other programs and other pages: Markdown, HTML.
//!
//! Owns the wording of the whole, once for every form. Never compares.

pub(super) mod markdown;
pub mod page;
mod side;
#[cfg(test)]
mod tests;
mod words;

pub use self::words::WORDS;

use crate::diff::{Diff, Group, ShotDiff, Status, Totals};

/// Whether it is the same, in a line: `2 added, 3 changed, 4 as they were`.
pub fn verdict(diff: &Diff) -> String {
    let totals = &diff.totals;
    if diff.same {
        return match totals.unchanged {
            1 => "nothing differs: 1 shot is as it was".to_owned(),
            shots => format!("nothing differs: {shots} shots are as they were"),
        };
    }
    if totals.is_none() {
        return "the shots are as they were, and the whole is not".to_owned();
    }
    let parts = counts(totals);
    parts.join(", ")
}

fn counts(totals: &Totals) -> Vec<String> {
    let parts = [
        (totals.added, format!("{} added", totals.added)),
        (totals.removed, format!("{} removed", totals.removed)),
        (totals.renamed, format!("{} renamed", totals.renamed)),
        (totals.moved, format!("{} moved", totals.moved)),
        (totals.changed, format!("{} changed", totals.changed)),
        (
            totals.unchanged,
            format!("{} as they were", totals.unchanged),
        ),
    ];
    let some = parts.into_iter().filter(|(count, _)| *count > 0);
    some.map(|(_, text)| text).collect()
}

/// By what the shots differ: `prompt 2, bytes 3`.
pub fn by_what(totals: &Totals) -> String {
    let of = |(group, shots): (&Group, &usize)| format!("{} {shots}", group.as_str());
    let parts: Vec<String> = totals.by.iter().map(of).collect();
    parts.join(", ")
}

/// What became of a shot as a whole: `added`, `moved from 1 to 3`.
pub fn fate(shot: &ShotDiff) -> Vec<String> {
    let mut fate = Vec::new();
    match shot.status {
        Status::Added => fate.push("added".to_owned()),
        Status::Removed => fate.push("removed".to_owned()),
        Status::Kept => {}
    }
    if let Some(was) = &shot.was {
        fate.push(format!("was called {was}"));
    }
    if let (true, Some(before), Some(after)) = (shot.moved, &shot.before, &shot.after) {
        let (before, after) = (before.position, after.position);
        fate.push(format!("moved from {before} to {after}"));
    }
    let earlier = [&shot.before, &shot.after].into_iter().flatten();
    if earlier.last().is_some_and(|seen| seen.earlier_version) {
        fate.push("of an earlier version".to_owned());
    }
    fate
}
