//! How a status looks: a table with totals, a board, a line, or JSON.
//!
//! Owns columns and words. Never reads.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::Row;
use crate::cli::words::{padded, shots, slashes, total_json};
use crate::lang::Language;
use crate::ledger::{Accounts, LatestRun};
use crate::report::verdict as report;
use crate::report::{Size, elapsed_seconds, pause_text};

/// The widest a name makes its column.
const SHOT_COLUMNS_MAX: usize = 40;

/// Everything that is known at one moment.
pub(super) struct Status {
    pub(super) rows: Vec<Row>,
    /// Whether a run goes on.
    pub(super) running: bool,
    pub(super) accounts: Accounts,
    /// The run that goes on, or went on last.
    pub(super) run: Option<LatestRun>,
    pub(super) now: Timestamp,
    pub(super) folder: PathBuf,
    /// What is spoken.
    pub(super) language: Language,
}

impl Status {
    pub(super) fn as_text(&self, manifest: &Path) -> String {
        let rows: Vec<&Row> = self.rows.iter().collect();
        let mut lines = table(&rows, self.language);
        lines.extend(self.totals());
        if self.count("uncertain") > 0 {
            let settle = format!(
                "settle what is uncertain: runner resolve {} SHOT --task ID | --lost",
                manifest.display()
            );
            lines.push(self.language.tr(&settle).into_owned());
        }
        lines.join("\n")
    }

    /// What a terminal of this size has room for: everything, or else the shots
    /// under way.
    pub(super) fn as_board(&self, size: Size) -> Vec<String> {
        let totals = self.totals();
        let room = size.rows.saturating_sub(totals.len() + 3);
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        if rows.len() > room {
            rows.retain(|row| row.is_active());
            rows.truncate(room);
        }
        let hidden = self.rows.len() - rows.len();
        let mut lines = if rows.is_empty() {
            Vec::new()
        } else {
            table(&rows, self.language)
        };
        if hidden > 0 {
            let more = format!("and {} more", shots(hidden));
            lines.push(self.language.tr(&more).into_owned());
        }
        lines.extend(totals);
        lines
    }

    /// For logs: the counts.
    pub(super) fn as_line(&self) -> String {
        self.counted()
    }

    fn totals(&self) -> Vec<String> {
        let lines = [self.counted(), self.money(), self.going_on()];
        let say = |line: String| self.language.tr(&line).into_owned();
        lines.map(say).to_vec()
    }

    fn counts(&self) -> Vec<(&'static str, usize)> {
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        for row in &self.rows {
            match counts.iter_mut().find(|(state, _)| *state == row.state) {
                Some((_, count)) => *count += 1,
                None => counts.push((row.state, 1)),
            }
        }
        counts
    }

    fn count(&self, state: &str) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }

    /// `8 shots: 3 saved, 4 running, 1 not made`.
    fn counted(&self) -> String {
        let counts = self.counts().into_iter();
        let counts: Vec<String> = counts
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        format!("{}: {}", shots(self.rows.len()), counts.join(", "))
    }

    fn money(&self) -> String {
        let Accounts {
            spent,
            reserved,
            at_risk,
            saved,
            unpriced,
        } = &self.accounts;
        let mut money = format!("spent {spent}");
        if !reserved.is_zero() {
            let _ = write!(money, " ({reserved} of it not collected yet)");
        }
        if *unpriced > 0 {
            let unpriced = shots(*unpriced as usize);
            let _ = write!(money, " and {unpriced} without a known price");
        }
        if !at_risk.is_zero() {
            let _ = write!(money, ", may have been spent {at_risk}");
        }
        let _ = write!(money, ", saved by reuse {saved}");
        money
    }

    /// Whether a run goes on in the folder, since when, and whether it pauses.
    fn going_on(&self) -> String {
        let folder = slashes(&self.folder);
        let Some(run) = self.run.as_ref().filter(|_| self.running) else {
            return if self.running {
                format!("a run begins in {folder}")
            } else {
                format!("no run is going on in {folder}")
            };
        };
        let time = elapsed_seconds(between(run.started_at, self.now));
        let pause = run.pause.filter(|(until, _)| *until > self.now);
        let pause = pause.map_or_else(String::new, |(until, by)| {
            format!("; {}", pause_text(by, between(self.now, until)))
        });
        format!("a run is going on in {folder}, for {time}{pause}")
    }

    pub(super) fn as_json(&self) -> Value {
        let counts = self.counts().into_iter();
        let counts: Map<String, Value> = counts
            .map(|(state, count)| (state.replace(' ', "_"), json!(count)))
            .collect();
        let run = self.run.as_ref().map(|run| {
            json!({
                "id": run.id.as_str(),
                "backend": run.backend,
                "started_at": run.started_at.to_string(),
                "finished_at": run.finished_at.map(|at| at.to_string()),
                "paused_until": run.pause.map(|(until, _)| until.to_string()),
                "paused_by": run.pause.map(|(_, by)| by.as_str()),
            })
        });
        json!({
            "running": self.running,
            "run": run,
            "counts": counts,
            "shots": self.rows.iter().map(row_json).collect::<Vec<_>>(),
            "totals": {
                "spent": total_json(&self.accounts.spent),
                "reserved": total_json(&self.accounts.reserved),
                "at_risk": total_json(&self.accounts.at_risk),
                "saved_by_reuse": total_json(&self.accounts.saved),
                "created_without_price": self.accounts.unpriced,
            },
        })
    }
}

/// A heading and a line for each row; columns that nobody needs are left out.
fn table(rows: &[&Row], language: Language) -> Vec<String> {
    let say = |text: &str| language.tr(text).into_owned();
    let task = |row: &Row| {
        let task = row.record.as_ref().and_then(|record| record.task.as_ref());
        task.map(ToString::to_string).unwrap_or_default()
    };
    let cells = rows.iter().map(|row| {
        [
            row.shot.clone(),
            say(row.state),
            row.time.map(elapsed_seconds).unwrap_or_default(),
            task(row),
            say(&row.about),
        ]
    });
    let heading = ["shot", "state", "time", "task", "video, or why not"].map(say);
    let cells: Vec<[String; 5]> = std::iter::once(heading).chain(cells).collect();
    let width = |column: usize| {
        let filled = cells.iter().skip(1).map(|row| row[column].width());
        match filled.max() {
            None | Some(0) => 0,
            Some(widest) => widest.max(cells[0][column].width()).min(SHOT_COLUMNS_MAX),
        }
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let mut line = String::new();
        for (text, &width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            let _ = write!(line, "{}  ", padded(text, width));
        }
        line.push_str(&row[4]);
        line.trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

/// Clocks may have been set back in between.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

fn row_json(row: &Row) -> Value {
    let record = row.record.as_ref();
    json!({
        "id": row.shot,
        "state": row.state,
        "service_status": row.status,
        "about": row.about,
        "checks": row.verdict.as_ref().map(report::Verdict::from),
        "attempt_id": record.map(|record| record.attempt.as_str()),
        "task_id": record.and_then(|record| record.task.as_ref()).map(crate::id::TaskId::as_str),
        "intended_at": record.map(|record| record.intended_at.to_string()),
        "changed_at": record.map(|record| record.changed_at.to_string()),
    })
}
