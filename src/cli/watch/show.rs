//! What is seen of one check: mistakes, or the plan and what is new in it.
//!
//! Owns the two forms, for a person and for a program.

use serde_json::{Value, json};

use super::changes::{Change, Seen};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::plan::{Rehearsal, summary};
use crate::cli::render;
use crate::plan::Plan;
use crate::plan::document::Totals;

/// Changes that are named one by one.
const LISTED: usize = 20;

/// Which check it is, and for whom.
pub(super) struct Shown {
    pub(super) number: u64,
    pub(super) json: bool,
}

/// Shows a check; gives what the next one is compared with, if it was good.
pub(super) fn show(
    shown: &Shown,
    checked: &Result<Rehearsal, CliError>,
    last_good: Option<&Seen>,
    console: &mut Console,
) -> Option<Seen> {
    let plan = checked.as_ref().ok().and_then(Rehearsal::plan);
    let now = plan.map(Seen::of);
    let since = |before: &Seen| now.as_ref().map(|now| now.since(before));
    let changes = last_good.and_then(since);
    if shown.json {
        console.data(as_json(shown.number, checked, changes.as_deref()));
        return now;
    }
    Console::clear();
    match checked {
        Ok(rehearsal) => {
            rehearsal.tell(console);
            if let Some(plan) = plan {
                console.text(render::calm(&as_text(plan, changes.as_deref())));
            }
        }
        Err(error) => console.error(error),
    }
    now
}

fn as_text(plan: &Plan, changes: Option<&[Change]>) -> String {
    let mut lines = vec![summary(plan)];
    match changes {
        None => {}
        Some([]) => lines.push("  no shot changed".to_owned()),
        Some(changes) => {
            lines.extend(changes.iter().take(LISTED).map(Change::line));
            let more = changes.len().saturating_sub(LISTED);
            if more > 0 {
                lines.push(format!("  … and {more} more"));
            }
        }
    }
    lines.join("\n")
}

/// One line; what `plan --json` says, without the shots.
fn as_json(
    number: u64,
    checked: &Result<Rehearsal, CliError>,
    changes: Option<&[Change]>,
) -> Value {
    let mut line = match checked {
        Ok(rehearsal) => rehearsal.diagnostics_json(),
        Err(error) => error_json(error),
    };
    line["check"] = json!(number);
    if let Some(plan) = checked.as_ref().ok().and_then(Rehearsal::plan) {
        line["totals"] = json!(Totals::new(plan));
    }
    line["changes"] = changes.map_or(Value::Null, |changes| {
        changes.iter().map(Change::as_json).collect()
    });
    line
}

/// A check that did not come so far: in the shape of the others.
fn error_json(error: &CliError) -> Value {
    if let Some(told) = &error.mistakes {
        return render::diagnostics_json(&told.0, &told.1);
    }
    let mut line = render::diagnostics_json(&[], &crate::diag::Sources::default());
    line["valid"] = json!(false);
    line["error"] = json!(render::error_chain(error));
    line["help"] = json!(error.advice);
    line
}
