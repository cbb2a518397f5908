//! `runner diff`: what differs between two reports, runs, plans or locks.
//!
//! Owns which documents are meant and this command's exit codes, which are those of
//! `diff`. Reads only; a page takes stills into the output folders, as galleries do.

mod page;
mod read;
mod text;

use std::collections::BTreeSet;
use std::path::Path;

use self::read::{Read, Reader};
use crate::cli::args::{DiffArgs, DiffFormat};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::diff::{Diff, Group, diff as compare};
use crate::store::write_atomic;

pub(super) fn diff(args: &DiffArgs, console: &mut Console) -> Result<Exit, CliError> {
    compared(args, console).map_err(|mut error| {
        error.exit = Exit::Usage;
        error
    })
}

fn compared(args: &DiffArgs, console: &mut Console) -> Result<Exit, CliError> {
    let (before, after) = both(args, console)?;
    let ignored: BTreeSet<Group> = args.ignore.iter().copied().map(Group::from).collect();
    let found = compare(&before.side, &after.side, &ignored);
    let exit = if found.same {
        Exit::Success
    } else {
        Exit::Differs
    };
    let told = form(args, found, (&before, &after), console)?;
    match &args.output {
        Some(path) => write_atomic(path, told.as_bytes()).map_err(|error| {
            let message = format!("`{}` cannot be written", path.display());
            CliError::new(Exit::Usage, message).because(error)
        })?,
        None => console.lines(told),
    }
    Ok(exit)
}

fn form(
    args: &DiffArgs,
    found: Diff,
    (before, after): (&Read, &Read),
    console: &Console,
) -> Result<String, CliError> {
    Ok(match args.format {
        DiffFormat::Text => {
            let to_stdout = args.output.is_none();
            let look = text::Look {
                width: to_stdout.then(Console::data_width).flatten(),
                colour: to_stdout && console.data_colour(),
                all: args.all,
                language: console.language(),
            };
            text::text(&found, look)
        }
        DiffFormat::Json => {
            let text = serde_json::to_string_pretty(&found);
            text.expect("a difference has text keys and finite numbers") + "\n"
        }
        DiffFormat::Markdown => found.to_markdown(),
        DiffFormat::Html => {
            let folder = args.output.as_deref().and_then(Path::parent);
            page::page(found, before, after, folder, console.language())?
        }
    })
}

/// The documents that are meant.
fn both(args: &DiffArgs, console: &mut Console) -> Result<(Read, Read), CliError> {
    let reader = Reader {
        simulate: args.simulate,
        backend: args.backend.clone(),
        // Only a page looks for videos.
        keep: args.format == DiffFormat::Html,
    };
    match (args.of.as_slice(), args.run.as_slice()) {
        ([one, other], []) => Ok((reader.read(one, console)?, reader.read(other, console)?)),
        ([_, other], [run, ..]) => {
            let file = other.display();
            let error = CliError::new(Exit::Usage, "`--run` is for runs of one file");
            Err(error.advice(format!("name the run with its file: {file}@{run}")))
        }
        ([one], []) if read::is_document(one) => {
            let message = format!("`{}` is one document, and two are compared", one.display());
            let advice = "name the other one, too: runner diff BEFORE AFTER";
            Err(CliError::new(Exit::Usage, message).advice(advice))
        }
        ([one], runs) => {
            let (before, after) = match runs {
                [] => ("previous", "latest"),
                [run] => (&**run, "latest"),
                [run, other] => (&**run, &**other),
                _ => {
                    let error = CliError::new(Exit::Usage, "more than two runs are named");
                    return Err(error.advice("say `--run` once or twice"));
                }
            };
            reader.runs(one, before, after, console)
        }
        _ => unreachable!("the command line takes one or two files"),
    }
}
