//! `runner status`: where every shot stands and what was spent, by the ledger.
//!
//! Reads only, so that it works while a run goes on in another terminal. What the
//! run decides while it is watched is read from its own records, without planning
//! again.

mod rows;
mod table;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use self::rows::Row;
pub(super) use self::rows::state_of;
use self::table::Status;
use crate::cli::args::{ResultsArgs, StatusArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{load, prepare, terminal};
use crate::lang::Language;
use crate::ledger::{Accounts, LatestRun, Ledger, Records};
use crate::plan::Plan;
use crate::report::Board;
use crate::store::Store;
use crate::verdict::Examiner;

/// How often is looked again.
const EVERY: Duration = Duration::from_secs(1);

pub(super) fn status(args: &StatusArgs, console: &mut Console) -> Result<Exit, CliError> {
    let Some(mut view) = View::open(args, console)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let status = view.look()?;
    if args.watch && status.running {
        watch(&mut view, status, args.json, console)?;
        // A run that has ended is looked at with new eyes: files, too.
        let Some(mut view) = View::open(args, console)? else {
            return Ok(Exit::ManifestInvalid);
        };
        show(&view.look()?, args, console);
    } else {
        show(&status, args, console);
    }
    Ok(Exit::Success)
}

fn show(status: &Status, args: &StatusArgs, console: &mut Console) {
    match (args.json, args.watch) {
        (true, true) => console.data(status.as_json()),
        (true, false) => console.data(format!("{:#}", status.as_json())),
        (false, _) => console.data(status.as_text(&args.manifest.manifest)),
    }
}

/// Shows how things stand until no run goes on.
fn watch(
    view: &mut View,
    first: Status,
    json: bool,
    console: &mut Console,
) -> Result<(), CliError> {
    let mut board = terminal::stdout().filter(|_| !json).map(Board::new);
    let mut said = String::new();
    let mut status = first;
    while status.running {
        if let Some(board) = &mut board {
            board.draw(&status.as_board(board.size()));
        } else {
            let line = if json {
                status.as_json().to_string()
            } else {
                status.as_line()
            };
            if line != said {
                console.data(&line);
                said = line;
            }
        }
        std::thread::sleep(EVERY);
        status = view.look()?;
    }
    // A terminal that is gone is noticed by whoever owns it.
    let _ = board.map(Board::clear);
    Ok(())
}

/// What is looked at.
struct View {
    plan: Plan,
    planned_at: Timestamp,
    store: Store,
    ledger: Option<Ledger>,
    folder: PathBuf,
    language: Language,
    examiner: Option<Arc<Examiner>>,
}

impl View {
    /// `None` where the manifest cannot be read, which is said.
    fn open(args: &StatusArgs, console: &mut Console) -> Result<Option<Self>, CliError> {
        let mut loaded = load::load(&args.manifest)?;
        let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
            console.diagnostics(&loaded);
            return Ok(None);
        };
        let folder = prepare::output_folder(&loaded, &manifest, &target, args.out.as_ref());
        let store = Store::open_read(&folder).map_err(prepare::store_error)?;
        let planned_at = Timestamp::now();
        let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
        let records = records(ledger.as_ref())?;
        if loaded.has_errors() {
            // What stands in the way of a run is no reason to hide what was paid.
            console.diagnostics(&loaded);
        }
        let plan = prepare::plan(
            &mut loaded,
            &manifest,
            &target,
            &ResultsArgs::default(),
            &store,
            &records,
            None,
        )?;
        if let Some(share) = loaded.selection.share() {
            console.say(share);
        }
        Ok(Some(Self {
            plan,
            planned_at,
            store,
            ledger,
            folder,
            language: console.language(),
            examiner: loaded.examiner,
        }))
    }

    /// How things stand at this moment.
    fn look(&mut self) -> Result<Status, CliError> {
        // Asked first: what a run that ends meanwhile has written is read after it.
        let running = self.store.is_in_use();
        if self.ledger.is_none() {
            let path = self.store.layout().ledger();
            self.ledger = Ledger::open_read(&path).map_err(prepare::ledger_error)?;
        }
        let ledger = self.ledger.as_ref();
        let records = records(ledger)?;
        let run = latest_run(ledger)?;
        let looked = rows::Looked {
            records: &records,
            run: run.as_ref().filter(|_| running),
            planned_at: self.planned_at,
            now: Timestamp::now(),
            examiner: self.examiner.as_deref(),
        };
        Ok(Status {
            rows: rows::rows(&self.plan, &looked),
            running,
            accounts: accounts(ledger)?,
            now: looked.now,
            folder: self.folder.clone(),
            run,
            language: self.language,
        })
    }
}

fn records(ledger: Option<&Ledger>) -> Result<Records, CliError> {
    ledger.map_or_else(
        || Ok(Records::default()),
        |ledger| ledger.records().map_err(prepare::ledger_error),
    )
}

fn accounts(ledger: Option<&Ledger>) -> Result<Accounts, CliError> {
    ledger.map_or_else(
        || Ok(Accounts::default()),
        |ledger| ledger.accounts().map_err(prepare::ledger_error),
    )
}

fn latest_run(ledger: Option<&Ledger>) -> Result<Option<LatestRun>, CliError> {
    ledger.map_or(Ok(None), |ledger| {
        ledger.latest_run().map_err(prepare::ledger_error)
    })
}
