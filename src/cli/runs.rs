//! `runner runs`: the runs of an output folder, the latest first.
//!
//! Owns the table. What came of each is folded from its events, never counted here.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::args::RunsArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::cli::report::{Past, folded};
use crate::ledger::PastRun;
use crate::report::Report;
use crate::report::twin::Totals;

pub(super) fn runs(args: &RunsArgs, console: &mut Console) -> Result<Exit, CliError> {
    let past = Past::open(&args.whose, console)?;
    let mut rows = Vec::new();
    for (position, run) in past.runs.iter().take(args.limit).enumerate() {
        rows.push(Row::of(&past, run, position == 0)?);
    }
    if args.json {
        let rows: Vec<Value> = rows.iter().map(Row::as_json).collect();
        console.data(format!("{:#}", json!({ "runs": rows })));
    } else if rows.is_empty() {
        console.say(format!(
            "no run is on record in `{}`",
            past.folder.display()
        ));
    } else {
        console.text(render::calm(as_text(&rows, past.runs.len()).trim_end()));
    }
    Ok(Exit::Success)
}

/// One run, and what came of it if that is still known.
struct Row<'a> {
    run: &'a PastRun,
    state: &'static str,
    known: Option<(Totals, Duration)>,
}

impl<'a> Row<'a> {
    fn of(past: &Past, run: &'a PastRun, latest: bool) -> Result<Self, CliError> {
        let state = match run.finished_at {
            Some(_) => "finished",
            None if latest && past.running => "running",
            None => "cut off",
        };
        let known = if run.remembered {
            let report = Report::of(&folded(&past.events(run)?));
            Some((report.totals, Duration::from_millis(report.run.elapsed_ms)))
        } else {
            None
        };
        Ok(Self { run, state, known })
    }

    fn as_json(&self) -> Value {
        json!({
            "run_id": self.run.id.as_str(),
            "manifest": self.run.manifest,
            "backend": self.run.backend,
            "state": self.state,
            "started_at": self.run.started_at.to_string(),
            "elapsed_ms": self.known.as_ref().map(|(_, took)| took.as_millis() as u64),
            "totals": self.known.as_ref().map(|(totals, _)| totals),
        })
    }

    fn line(&self) -> String {
        let mut line = format!(
            "{}  {}  {:8}",
            self.run.id,
            self.run.started_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            self.state
        );
        let Some((totals, took)) = &self.known else {
            line.push_str("  only its name is kept");
            return line;
        };
        let whole = Duration::from_secs(took.as_secs());
        let took = if whole.is_zero() {
            "under 1s".to_owned()
        } else {
            humantime::format_duration(whole).to_string()
        };
        let _ = write!(line, "  {took:>8}  {}", outcomes(totals));
        let spent: Vec<String> = totals.spent.iter().map(ToString::to_string).collect();
        if !spent.is_empty() {
            let _ = write!(line, "; spent {}", spent.join(" + "));
        }
        line
    }
}

/// `5 of 8 done, 2 failed, 1 pending`.
fn outcomes(totals: &Totals) -> String {
    let mut text = format!("{} of {} done", totals.succeeded, totals.shots);
    for (count, word) in [
        (totals.created, "created"),
        (totals.failed, "failed"),
        (totals.uncertain, "uncertain"),
        (totals.pending, "pending"),
        (totals.skipped, "not created"),
        (totals.unexpected, "not as expected"),
        (totals.unknown, "not known to be as expected"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}

fn as_text(rows: &[Row<'_>], all: usize) -> String {
    let mut text = String::new();
    for row in rows {
        text.push_str(&row.line());
        text.push('\n');
    }
    if rows.len() < all {
        let _ = writeln!(text, "and {} earlier ones: --limit {all}", all - rows.len());
    }
    text
}
