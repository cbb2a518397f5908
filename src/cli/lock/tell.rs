//! Differences from a lock, for people.

use crate::cli::console::Console;
use crate::cli::plan::difference::{Told, tell};
use crate::plan::lock::{Difference, Kind};

/// Says each of them.
pub(super) fn differences(all: &[Difference], console: &mut Console) {
    let told = all.iter().map(|difference| Told {
        title: title(difference),
        changes: &difference.changes,
        note: difference.note.as_deref(),
    });
    tell(told, console);
}

fn title(difference: &Difference) -> String {
    match (&difference.shot, difference.kind) {
        (None, _) => "every shot:".to_owned(),
        (Some(id), Kind::Changed) => format!("shot `{id}`:"),
        (Some(id), Kind::Added) => format!("shot `{id}`: added"),
        (Some(id), Kind::Removed) => format!("shot `{id}`: removed"),
    }
}
