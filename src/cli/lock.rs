//! `runner lock`: writes down what a storyboard asks for and which videos were
//! accepted, so that `plan --locked` and `apply --locked` can hold it to that.
//!
//! Reads the ledger and the output folder; nothing is sent, and nothing is written
//! but the lock.

mod file;
mod hold;
mod look;
mod tell;

use std::collections::BTreeSet;

use self::file::LockFile;
pub(super) use self::hold::{Hold, Verdict, worse};
use self::look::{Sight, Wanted};
use crate::cli::args::{LockArgs, ManifestArgs, ResultsArgs};
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::plan as plan_command;
use crate::cli::render::calm;
use crate::cli::words::shots;
use crate::id::ShotId;
use crate::plan::Plan;
use crate::plan::lock::{Lock, Seen, differences};

pub(super) fn lock(args: &LockArgs, console: &mut Console) -> Result<Exit, CliError> {
    let file = LockFile::beside(&args.manifest.manifest);
    let earlier = file.read()?;
    let mut loaded = load::load_among(&chosen(args), &[], &ids(earlier.as_ref()))?;
    console.diagnostics(&loaded);
    let Some(target) = loaded.target.clone().filter(|_| !loaded.has_errors()) else {
        return Ok(Exit::ManifestInvalid);
    };
    let whole = loaded.selection.is_everything();
    fits(args, &file, earlier.as_ref(), &target, whole)?;
    let Some(seen) = see(args, earlier.as_ref(), &target, &mut loaded)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let now = seen.locked(earlier.as_ref(), &gone(&loaded, earlier.as_ref()));
    let moved = earlier.as_ref().map(|lock| differences(lock, &now));
    if args.check {
        return match moved {
            None => Err(file.missing()),
            Some(moved) if moved.is_empty() => {
                console.say(format!("{}: nothing to write", file.name()));
                Ok(Exit::Success)
            }
            Some(moved) => {
                tell::differences(&moved, console);
                Err(file.stale(&moved))
            }
        };
    }
    tell::differences(moved.as_deref().unwrap_or_default(), console);
    // A lock that says the same is left alone, whoever wrote it.
    if moved.is_none_or(|moved| !moved.is_empty()) {
        file.write(&now, &loaded)?;
    }
    console.say(format!("{}: {}", file.name(), summary(&now)));
    Ok(Exit::Success)
}

/// `--update` chooses as `--only` does.
fn chosen(args: &LockArgs) -> ManifestArgs {
    let mut manifest = args.manifest.clone();
    manifest.only.extend(args.update.iter().cloned());
    manifest
}

/// The shots that a lock names.
fn ids(lock: Option<&Lock>) -> Vec<ShotId> {
    let names = lock.into_iter().flat_map(|lock| lock.shots.keys());
    names.filter_map(|name| ShotId::new(name).ok()).collect()
}

/// Those of the chosen shots that the manifest does not have any more.
fn gone(loaded: &Loaded, lock: Option<&Lock>) -> BTreeSet<String> {
    let locked = ids(lock).into_iter();
    let chosen = loaded.selected.as_ref();
    let gone = locked.filter(|id| chosen.is_none_or(|chosen| chosen.contains(id)));
    gone.map(|id| id.to_string()).collect()
}

/// Refuses what would mix two backends, or forget what was accepted.
fn fits(
    args: &LockArgs,
    file: &LockFile,
    earlier: Option<&Lock>,
    target: &Target,
    whole: bool,
) -> Result<(), CliError> {
    let Some(earlier) = earlier else {
        return if whole { Ok(()) } else { Err(file.missing()) };
    };
    let other = earlier.backend != target.name;
    if !other || args.check || (whole && earlier.takes() == 0) {
        return Ok(());
    }
    let message = format!(
        "`{}` is of the backend `{}`, and this is `{}`",
        file.name(),
        calm(&earlier.backend),
        target.name
    );
    Err(CliError::new(Exit::Usage, message).advice(format!(
        "videos of another backend were accepted: lock the same backend, or delete `{}` first",
        file.name()
    )))
}

fn see(
    args: &LockArgs,
    earlier: Option<&Lock>,
    target: &Target,
    loaded: &mut Loaded,
) -> Result<Option<Seen>, CliError> {
    let sight = Sight::new(loaded, target, earlier.filter(|_| args.check));
    let results = ResultsArgs {
        out: args.out.clone(),
        ..ResultsArgs::default()
    };
    let Some(plan) = plan_command::make(loaded, &results)? else {
        return Ok(None);
    };
    let store = plan_command::store_of(loaded, target, args.out.as_ref())?;
    let (seen, videos) = sight.see(&plan, &store, Wanted::Reused);
    if let Some(changed) = altered(&plan, &videos) {
        let message = format!("`{changed}` is not what was saved: its bytes are others now");
        return Err(CliError::new(Exit::ChecksFailed, message).advice(
            "a video that somebody worked on cannot be accepted: move it away, and `runner apply` fetches the one that was paid for",
        ));
    }
    Ok(Some(seen))
}

/// A video whose bytes are not those that the ledger knows, however old the file looks.
fn altered<'p>(plan: &'p Plan, videos: &look::Videos) -> Option<&'p str> {
    let shots = plan.facts.shots.iter();
    let videos = shots.filter_map(|shot| Some((videos.get(&shot.id)?, shot.existing.as_ref()?)));
    let mut altered = videos.filter(|(found, saved)| **found != saved.sha256);
    altered.next().map(|(_, saved)| saved.path.as_str())
}

fn summary(lock: &Lock) -> String {
    let count = shots(lock.shots.len());
    match lock.takes() {
        0 => format!("{count}, no video accepted yet"),
        takes => format!("{count}, {takes} with an accepted video"),
    }
}
