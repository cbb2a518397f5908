//! The output folders that are merged: which they are, and what is on record there.
//!
//! Owns what of them is refused, before anything is written. Only looks.

use std::path::{Path, PathBuf};

use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare;
use crate::ledger::{Contents, Ledger};
use crate::store::{Rescued, Store, StoreError};

/// Where simulated runs are, below the output folder of others.
const SIMULATED: &str = "simulated";

/// One of them.
pub(super) struct Folder {
    /// As it was typed.
    pub path: PathBuf,
    pub store: Store,
    pub contents: Contents,
}

/// Reads all of them; the one that they come to is left out, and so is what was
/// named before.
pub(super) fn read(
    paths: &[PathBuf],
    out: &Path,
    console: &mut Console,
) -> Result<Vec<Folder>, CliError> {
    let mut seen = vec![real(out)];
    let mut folders = Vec::new();
    for path in paths {
        let real = real(path);
        if !seen.contains(&real) {
            seen.push(real);
            folders.push(open(path, console)?);
        }
    }
    let own = Store::open_read(out).map_err(prepare::store_error)?;
    let own = Ledger::open_read(&own.layout().ledger()).map_err(prepare::ledger_error)?;
    let own = match own {
        Some(ledger) => ledger.contents().map_err(prepare::ledger_error)?,
        None => Contents::default(),
    };
    let all = folders
        .iter()
        .map(|folder| (&*folder.path, &folder.contents));
    are_alike(&all.chain([(out, &own)]).collect::<Vec<_>>())?;
    Ok(folders)
}

/// The same for one folder, however it is written.
fn real(path: &Path) -> PathBuf {
    let whole = path.canonicalize();
    whole.unwrap_or_else(|_| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

fn open(path: &Path, console: &mut Console) -> Result<Folder, CliError> {
    let name = path.display();
    if !path.is_dir() {
        let message = format!("`{name}` is not a folder");
        let advice = "name the output folders of runs; a shard that is missing is left out";
        return Err(CliError::new(Exit::Usage, message).advice(advice));
    }
    let store = Store::open_read(path).map_err(prepare::store_error)?;
    if store.is_in_use() {
        let path = path.to_owned();
        return Err(prepare::store_error(StoreError::Busy { path }));
    }
    let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
    let Some(ledger) = ledger else {
        return Err(without_ledger(path));
    };
    let mut contents = ledger.contents().map_err(prepare::ledger_error)?;
    rescue(&store, &mut contents, console)?;
    Ok(Folder {
        path: path.to_owned(),
        store,
        contents,
    })
}

fn without_ledger(path: &Path) -> CliError {
    let name = path.display();
    let message = format!("no run is on record in `{name}`: it has no ledger");
    let simulated = path.join(SIMULATED);
    let inside = Store::open_read(&simulated).map(|store| store.layout().ledger().is_file());
    let advice = if inside.unwrap_or_default() {
        format!("its simulated runs are in `{}`", simulated.display())
    } else {
        "the ledger is in the hidden folder `.runner`, which has to be copied with the videos"
            .to_owned()
    };
    CliError::new(Exit::Usage, message).advice(advice)
}

/// Paid tasks that the ledger could not take when they were paid.
fn rescue(store: &Store, contents: &mut Contents, console: &mut Console) -> Result<(), CliError> {
    let rescued = store.look_at_rescued().map_err(|source| {
        let message = "paid tasks that were rescued cannot be read";
        CliError::new(Exit::Internal, message).because(source)
    })?;
    for Rescued {
        shot,
        attempt,
        task,
    } in &rescued
    {
        if !contents.rescue(attempt, task) {
            console.say(format!(
                "{shot}: task {task} was paid, and this ledger does not know its attempt {attempt}"
            ));
        }
    }
    Ok(())
}

/// One report cannot be of simulated runs and of others.
fn are_alike(all: &[(&Path, &Contents)]) -> Result<(), CliError> {
    let of = |free: bool| {
        let mut all = all.iter();
        all.find(|(_, contents)| {
            let mut runs = contents.runs.iter();
            runs.any(|copy| copy.counts && copy.run.free == free)
        })
    };
    match (of(true), of(false)) {
        (Some((simulated, _)), Some((paid, _))) => {
            let message = format!(
                "`{}` is of a simulated run, and `{}` is not",
                simulated.display(),
                paid.display()
            );
            let advice = "merge simulated runs to a folder of their own";
            Err(CliError::new(Exit::Usage, message).advice(advice))
        }
        _ => Ok(()),
    }
}
