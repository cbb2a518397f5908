//! `runner resolve`: a person says what became of a creation that nobody answered.
//!
//! Also gives up tasks of which the service knows nothing any more. Nothing is
//! sent: the ledger is told, and the next `apply` acts on it.

use jiff::Timestamp;

use crate::cli::args::ResolveArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::is_there;
use crate::cli::{load, prepare};
use crate::diag::suggest;
use crate::id::TaskId;
use crate::ledger::{AttemptStanding, Record, Records};
use crate::store::Store;

pub(super) fn resolve(args: &ResolveArgs, console: &mut Console) -> Result<Exit, CliError> {
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => load::output_folder(&args.manifest)?,
    };
    // Taken like a run takes it: nobody may act on the old word meanwhile.
    let store = Store::open(&folder).map_err(prepare::store_error)?;
    let mut ledger = prepare::ledger(&store, console)?;
    let records = ledger.records().map_err(prepare::ledger_error)?;
    let record = meant(&records, &store, args)?;
    let now = Timestamp::now();
    if let Some(task) = &args.task {
        let task = task_id(task)?;
        if let Some(other) = records
            .iter()
            .find(|other| other.task.as_ref() == Some(&task))
        {
            let message = format!("task {task} belongs to `{}` already", other.shot);
            return Err(CliError::new(Exit::Usage, message));
        }
        if record.state.is_uncertain() {
            let settled = ledger.settle(&record.attempt, &task, now);
            settled.map_err(prepare::ledger_error)?;
        } else {
            let corrected = ledger.correct(&record.attempt, &task, now);
            corrected.map_err(prepare::ledger_error)?;
        }
        console.say(format!(
            "{}: task {task} belongs to it; the next `apply` collects it without paying",
            record.shot
        ));
    } else {
        ledger
            .give_up(&record.attempt, now)
            .map_err(prepare::ledger_error)?;
        console.say(format!(
            "{}: {}; where a shot asks for it, the next `apply` uses the take before it, or creates, and pays for, a new one",
            record.shot,
            match &record.task {
                Some(task) => format!("task {task} was paid and is given up"),
                None => "no task came of it".to_owned(),
            }
        ));
    }
    Ok(Exit::Success)
}

/// The one attempt that is meant: an uncertain one, or one that is not collected,
/// because a wrong task was named or the service knows nothing of it any more.
fn meant<'r>(
    records: &'r Records,
    store: &Store,
    args: &ResolveArgs,
) -> Result<&'r Record, CliError> {
    let all = |open: &dyn Fn(&Record) -> bool| -> Vec<&'r Record> {
        records.iter().filter(|record| open(record)).collect()
    };
    let uncertain = all(&|record| record.state.is_uncertain());
    match one_of(&uncertain, args) {
        Err(error) if error.exit == Exit::NothingSelected => {
            let open = all(&|record| {
                let named = args.lost || record.state != AttemptStanding::Saved;
                named
                    && record.state.holds_money()
                    && !(record.state == AttemptStanding::Saved && is_there(record, store))
            });
            one_of(&open, args).map_err(|_| error)
        }
        found => found,
    }
}

/// A shot's name, or `shot@digits` for what it was when it asked for something else.
fn is_of(record: &Record, name: &str) -> bool {
    name == record.shot.as_str() || name == record.shot.earlier(&record.fingerprint).as_str()
}

fn one_of<'r>(uncertain: &[&'r Record], args: &ResolveArgs) -> Result<&'r Record, CliError> {
    let of_shot = |record: &&&Record| is_of(record, &args.shot);
    let of_attempt = |record: &&&Record| {
        let wanted = args.attempt.as_deref();
        wanted.is_none_or(|wanted| record.attempt.as_str() == wanted)
    };
    let found: Vec<&Record> = uncertain
        .iter()
        .filter(of_shot)
        .filter(of_attempt)
        .copied()
        .collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(nothing_uncertain(uncertain, &args.shot)),
        several => Err(which_one(several)),
    }
}

fn nothing_uncertain(uncertain: &[&Record], shot: &str) -> CliError {
    let error = CliError::new(
        Exit::NothingSelected,
        format!("no creation of `{shot}` is uncertain"),
    );
    let names = || uncertain.iter().map(|record| record.shot.as_str());
    if uncertain.is_empty() {
        return error.advice("nothing in this output folder is");
    }
    if let Some(near) = suggest(shot, names()) {
        error.advice(format!("did you mean `{near}`?"))
    } else {
        let names: Vec<&str> = names().collect();
        error.advice(format!("uncertain are: {}", names.join(", ")))
    }
}

fn which_one(several: &[&Record]) -> CliError {
    let attempts: Vec<String> = several
        .iter()
        .map(|record| {
            let prompt = record.request.get("prompt").and_then(|p| p.as_str());
            let prompt: String = prompt.unwrap_or_default().chars().take(40).collect();
            let date = record.intended_at.strftime("%Y-%m-%d %H:%M:%SZ");
            format!("--attempt {} ({date}, \"{prompt}\")", record.attempt)
        })
        .collect();
    CliError::new(Exit::Usage, "several creations of this shot are uncertain")
        .advice(format!("say which one: {}", attempts.join("; ")))
}

/// Task ids are decimal digits (minimax-api.md 2.3); anything else was copied wrongly.
fn task_id(text: &str) -> Result<TaskId, CliError> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 || !text.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(CliError::new(
            Exit::Usage,
            "a task id is a row of digits, such as 106916112212032",
        ));
    }
    Ok(TaskId::new(text))
}
