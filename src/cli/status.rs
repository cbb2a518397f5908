//! `runner status`: where every shot stands and what was spent, by the ledger.
//!
//! Reads only, so that it works while a run goes on in another terminal.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::args::{ResultsArgs, StatusArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::words::{padded, shots, total_json};
use crate::cli::{load, prepare};
use crate::event::{Decision, ShotFacts};
use crate::id::Fingerprint;
use crate::ledger::{Accounts, AttemptStanding, Ledger, Record, Records};
use crate::plan::Plan;
use crate::select::Status;
use crate::store::Store;

pub(super) fn status(args: &StatusArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load(&args.manifest)?;
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        console.diagnostics(&loaded);
        return Ok(Exit::ManifestInvalid);
    };
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.out.as_ref());
    let store = Store::open_read(&folder).map_err(prepare::store_error)?;
    let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
    let (records, accounts) = match &ledger {
        Some(ledger) => (
            ledger.records().map_err(prepare::ledger_error)?,
            ledger.accounts().map_err(prepare::ledger_error)?,
        ),
        None => (Records::default(), Accounts::default()),
    };
    if loaded.has_errors() {
        // What stands in the way of a run is no reason to hide what was paid.
        console.diagnostics(&loaded);
    }
    let results = ResultsArgs::default();
    let plan = prepare::plan(
        &mut loaded,
        &manifest,
        &target,
        &results,
        &store,
        &records,
        None,
    )?;
    let table = Table {
        rows: rows(&plan, &records),
        running: store.is_in_use(),
        accounts,
    };
    if args.json {
        console.data(format!("{:#}", table.as_json()));
    } else {
        console.data(table.as_text(&folder, &args.manifest.manifest));
    }
    Ok(Exit::Success)
}

struct Table {
    rows: Vec<Row>,
    running: bool,
    accounts: Accounts,
}

/// One shot, or one task that no shot asks for any more.
struct Row {
    shot: String,
    state: &'static str,
    about: String,
    record: Option<Record>,
}

/// Shots in manifest order, then what holds money and belongs to none of them.
fn rows(plan: &Plan, records: &Records) -> Vec<Row> {
    let mut rows: Vec<Row> = plan
        .facts
        .shots
        .iter()
        .map(|shot| of_shot(shot, records))
        .collect();
    let shown: HashSet<&Fingerprint> = plan
        .facts
        .shots
        .iter()
        .filter_map(|shot| shot.fingerprint.as_ref())
        .collect();
    let elsewhere = records.iter().filter(|record| {
        let open = record.state.holds_money() && record.state != AttemptStanding::Saved;
        open && !shown.contains(&record.fingerprint)
    });
    rows.extend(elsewhere.map(|record| Row {
        shot: record.shot.to_string(),
        state: status_of(record.state).as_str(),
        about: format!("at {} ({})", record.base_url, record.backend),
        record: Some(record.clone()),
    }));
    rows
}

fn of_shot(shot: &ShotFacts, records: &Records) -> Row {
    let record = record_of(shot, records);
    let state = state_of(shot, records).as_str();
    let about = match &shot.existing {
        Some(video) => video.path.clone(),
        None => shot.reason.clone(),
    };
    Row {
        shot: shot.id.to_string(),
        state,
        about,
        record: record.cloned(),
    }
}

/// Where a shot stands.
pub(super) fn state_of(shot: &ShotFacts, records: &Records) -> Status {
    match (shot.decision, record_of(shot, records)) {
        (Decision::Reuse, _) => Status::Saved,
        (Decision::Blocked, _) => Status::Blocked,
        (Decision::Resume, Some(record)) if record.state == AttemptStanding::Saved => {
            Status::FileGone
        }
        (_, Some(record)) if record.state != AttemptStanding::Superseded => status_of(record.state),
        _ if records.latest_of_shot(&shot.id).is_none() => Status::New,
        _ => Status::NotMade,
    }
}

fn record_of<'r>(shot: &ShotFacts, records: &'r Records) -> Option<&'r Record> {
    let fingerprint = shot.fingerprint.as_ref();
    fingerprint.and_then(|fingerprint| records.by_fingerprint(fingerprint))
}

fn status_of(state: AttemptStanding) -> Status {
    match state {
        AttemptStanding::Intended | AttemptStanding::Uncertain => Status::Uncertain,
        AttemptStanding::Created => Status::Running,
        AttemptStanding::Succeeded => Status::Finished,
        AttemptStanding::Saved | AttemptStanding::Superseded => Status::Saved,
        AttemptStanding::Failed => Status::Failed,
        AttemptStanding::Refused => Status::Refused,
        AttemptStanding::Lost => Status::NotMade,
    }
}

impl Table {
    fn as_text(&self, folder: &Path, manifest: &Path) -> String {
        let mut text = String::new();
        let width = |column: fn(&Row) -> &str| {
            let widths = self
                .rows
                .iter()
                .map(|row| unicode_width::UnicodeWidthStr::width(column(row)));
            widths.max().unwrap_or(0).min(40)
        };
        let (shot, state) = (width(|row| &row.shot), width(|row| row.state));
        for row in &self.rows {
            let _ = write!(text, "{}  {:state$}", padded(&row.shot, shot), row.state);
            if let Some(task) = row.record.as_ref().and_then(|record| record.task.as_ref()) {
                let _ = write!(text, "  task {task}");
            }
            let _ = writeln!(text, "  {}", row.about);
        }
        let _ = writeln!(text, "{}", self.summary(folder));
        if self.uncertain() > 0 {
            let _ = writeln!(
                text,
                "settle what is uncertain: runner resolve {} SHOT --task ID | --lost",
                manifest.display()
            );
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn uncertain(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.state == "uncertain")
            .count()
    }

    /// Counts, money, and whether a run goes on.
    fn summary(&self, folder: &Path) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for row in &self.rows {
            match counts.iter_mut().find(|(state, _)| *state == row.state) {
                Some((_, count)) => *count += 1,
                None => counts.push((row.state, 1)),
            }
        }
        let counts: Vec<String> = counts
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
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
            let _ = write!(
                money,
                " and {} without a known price",
                shots(*unpriced as usize)
            );
        }
        if !at_risk.is_zero() {
            let _ = write!(money, ", may have been spent {at_risk}");
        }
        let _ = write!(money, ", saved by reuse {saved}");
        let running = if self.running {
            "a run is going on"
        } else {
            "no run is going on"
        };
        format!(
            "{}: {}; {money}; {running}",
            folder.display(),
            counts.join(", ")
        )
    }

    fn as_json(&self) -> Value {
        json!({
            "running": self.running,
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

fn row_json(row: &Row) -> Value {
    let record = row.record.as_ref();
    json!({
        "id": row.shot,
        "state": row.state,
        "about": row.about,
        "attempt_id": record.map(|record| record.attempt.as_str()),
        "task_id": record.and_then(|record| record.task.as_ref()).map(crate::id::TaskId::as_str),
        "intended_at": record.map(|record| record.intended_at.to_string()),
        "changed_at": record.map(|record| record.changed_at.to_string()),
    })
}
