//! `runner merge`: several output folders become one.
//!
//! Owns the order. All folders are read before anything is written; then come the
//! videos, then the ledgers, then the report: what a merge that was cut off left is
//! found by the next one, and nothing is on record whose video was not looked for.
//! Nothing is paid and nothing is taken away from anywhere.

mod folders;
mod videos;

use self::folders::Folder;
use self::videos::Lost;
use crate::cli::apply::written;
use crate::cli::args::MergeArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::report::folded;
use crate::cli::share::told_twice;
use crate::cli::{gallery, prepare, render};
use crate::ledger::{Ledger, Twice};
use crate::report::{Paint, Places, Report, ReportFile, Sinks, Summary};
use crate::state::{RunState, together};
use crate::store::{Store, write_atomic};

/// Shots that are named of those that were paid for twice.
const NAMED: usize = 10;

pub(super) fn merge(args: &MergeArgs, console: &mut Console) -> Result<Exit, CliError> {
    let folders = folders::read(&args.folders, &args.out, console)?;
    let store = Store::open(&args.out).map_err(prepare::store_error)?;
    let mut ledger = prepare::ledger(&store, console)?;
    let known = ledger.contents().map_err(prepare::ledger_error)?;
    let brought = videos::bring(&folders, &known, &store)?;
    drop(known);
    for lost in &brought.lost {
        console.say(lost_words(lost));
    }
    let (mut added, mut twice) = (0, Vec::<Twice>::new());
    for folder in &folders {
        let taken = ledger
            .take_in(&folder.contents)
            .map_err(prepare::ledger_error)?;
        added += taken.added;
        twice.extend(taken.twice);
    }
    for twice in twice.iter().take(NAMED) {
        console.say(told_twice(twice));
    }
    if let Some(more) = twice.len().checked_sub(NAMED).filter(|more| *more > 0) {
        console.say(format!("and {more} more"));
    }
    console.say(format!(
        "merged to `{}`; new there: videos {}, attempts {added}",
        args.out.display(),
        brought.placed
    ));
    say_twice(&twice, console);
    let state = told(&ledger)?;
    report(args, &store, &state, console);
    for shard in state.missing_shards() {
        console.say(format!(
            "shard {shard} is missing: run it, and merge its output folder, too"
        ));
    }
    exit(&state, &ledger, brought.lost.is_empty(), console)
}

/// Says what two folders paid for, because neither knew of the other.
fn say_twice(twice: &[Twice], console: &mut Console) {
    for twice in twice.iter().take(NAMED) {
        console.say(told_twice(twice));
    }
    if let more @ 1.. = twice.len().saturating_sub(NAMED) {
        console.say(format!("and {more} more that were paid for twice"));
    }
}

/// All that the folder's report is of, as one run.
fn told(ledger: &Ledger) -> Result<RunState, CliError> {
    let mut parts = Vec::new();
    for run in ledger.counting_runs().map_err(prepare::ledger_error)? {
        parts.push(ledger.events(&run).map_err(prepare::ledger_error)?);
    }
    Ok(folded(&together(&parts)))
}

fn report(args: &MergeArgs, store: &Store, state: &RunState, console: &mut Console) {
    let mut sinks = Sinks::default();
    let file = ReportFile::new(store.layout().report());
    sinks.push(Box::new(file.stable(args.stable)));
    for report in &args.reports {
        sinks.push(written(report, args.stable));
    }
    let places = Places {
        videos: args.out.display().to_string(),
        report: Some(args.out.join("report.json").display().to_string()),
        gallery: Some(args.out.join("report.html").display().to_string()),
    };
    let paint = Paint::new(console.colour()).speaking(console.language());
    sinks.push(Box::new(Summary::new(
        Box::new(std::io::stderr()),
        places,
        paint,
    )));
    for failed in sinks.finish(state) {
        console.say(render::error_chain(&failed));
    }
    if let Err(error) = page(args, store, state, console) {
        console.error(&error);
    }
}

/// The page to look at, as a run of all shots would have left it.
fn page(
    args: &MergeArgs,
    store: &Store,
    state: &RunState,
    console: &Console,
) -> Result<(), CliError> {
    let page = gallery::again(&Report::of(state), &args.out, console.language())?;
    write_atomic(&store.layout().gallery(), page.as_bytes())
        .map_err(|source| CliError::new(Exit::Internal, "cannot write the gallery").because(source))
}

fn lost_words(lost: &Lost) -> String {
    match lost {
        Lost::Damaged { path } => format!(
            "`{path}` is not the video that was saved, and is left out; `runner apply` fetches it again"
        ),
        Lost::Gone { shot, path } => {
            format!("{shot}: `{path}` is in none of the folders; `runner apply` fetches it again")
        }
    }
}

/// What one run of all shots would have had; then what only the folders know.
fn exit(
    state: &RunState,
    ledger: &Ledger,
    whole: bool,
    console: &mut Console,
) -> Result<Exit, CliError> {
    let exit = Exit::of_run(state);
    if exit != Exit::Success {
        return Ok(exit);
    }
    let records = ledger.records().map_err(prepare::ledger_error)?;
    let open = records.iter().filter(|record| record.state.is_unsettled());
    // Tasks of a simulator end with it.
    let open: Vec<_> = open.filter(|_| !state.is_free()).collect();
    for record in &open {
        let (shot, state) = (&record.shot, record.state);
        console.say(format!("{shot}: attempt {} is {state}", record.attempt));
    }
    Ok(if open.iter().any(|record| record.state.is_uncertain()) {
        Exit::Uncertain
    } else if !open.is_empty() {
        Exit::Unfinished
    } else if whole {
        Exit::Success
    } else {
        Exit::ChecksFailed
    })
}

/// A folder's name for people.
impl Folder {
    fn name(&self) -> String {
        self.path.display().to_string()
    }
}
