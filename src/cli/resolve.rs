//! `runner resolve`: a person says what became of a creation that nobody answered.
//!
//! The only way in which an uncertain creation becomes certain. Nothing is sent:
//! the ledger is told, and the next `apply` acts on it.

use jiff::Timestamp;

use crate::cli::args::ResolveArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{load, prepare};
use crate::diag::suggest;
use crate::id::TaskId;
use crate::ledger::{Record, Records};
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
    let record = uncertain(&records, args)?;
    let now = Timestamp::now();
    if let Some(task) = &args.task {
        let task = task_id(task)?;
        ledger
            .settle(&record.attempt, &task, now)
            .map_err(prepare::ledger_error)?;
        console.say(format!(
            "{}: task {task} belongs to it; the next `apply` collects it without paying",
            record.shot
        ));
    } else {
        ledger
            .write_off(std::slice::from_ref(&record.attempt), now)
            .map_err(prepare::ledger_error)?;
        console.say(format!(
            "{}: no task came of it; the next `apply` creates, and pays for, a new one",
            record.shot
        ));
    }
    Ok(Exit::Success)
}

/// The one uncertain attempt that is meant.
fn uncertain<'r>(records: &'r Records, args: &ResolveArgs) -> Result<&'r Record, CliError> {
    let uncertain: Vec<&Record> = records
        .iter()
        .filter(|record| record.state.is_uncertain())
        .collect();
    let of_shot = |record: &&&Record| record.shot.as_str() == args.shot;
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
        [] => Err(nothing_uncertain(&uncertain, &args.shot)),
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
