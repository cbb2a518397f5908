//! Holding a plan, and then a run, to the lock.
//!
//! Owns what `--locked` means: everything that would differ is told, and nothing is
//! created.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::LockFile;
use super::look::{Sight, Wanted};
use super::tell;
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Loaded;
use crate::cli::render::calm;
use crate::cli::words::shots;
use crate::plan::Plan;
use crate::plan::document::LockDocument;
use crate::plan::lock::{Difference, Held, Lock};
use crate::state::RunState;
use crate::store::Store;

/// A lock that was asked for, and what is to be known before planning.
pub(in crate::cli) struct Hold {
    file: LockFile,
    lock: Lock,
    sight: Sight,
}

/// What came of it.
pub(in crate::cli) struct Verdict {
    file: LockFile,
    lock: Lock,
    held: Held,
}

impl Hold {
    /// Reads the lock beside a manifest. Without it nothing can be held.
    pub(in crate::cli) fn read(
        manifest: &Path,
        loaded: &Loaded,
        target: &Target,
    ) -> Result<Self, CliError> {
        let file = LockFile::beside(manifest);
        let lock = file.read()?.ok_or_else(|| file.missing())?;
        let sight = Sight::new(loaded, target, Some(&lock));
        Ok(Self { file, lock, sight })
    }

    /// Compares a plan with it.
    pub(in crate::cli) fn on(self, plan: &Plan, store: &Store) -> Verdict {
        let Self { file, lock, sight } = self;
        let (seen, _) = sight.see(plan, store, Wanted::Accepted(&lock));
        let held = seen.held_to(&lock);
        Verdict { file, lock, held }
    }
}

impl Verdict {
    /// As programs read it.
    pub(in crate::cli) fn document(&self) -> LockDocument {
        LockDocument::new(self.file.name(), &self.held)
    }

    /// The lock file.
    pub(in crate::cli) fn file(&self) -> String {
        self.file.name()
    }

    /// Everything that differs from it.
    pub(in crate::cli) fn differences(&self) -> &[Difference] {
        &self.held.differences
    }

    /// Says what differs, and refuses it.
    pub(in crate::cli) fn judge(&self, console: &mut Console) -> Result<(), CliError> {
        let Held { differences, .. } = &self.held;
        if differences.is_empty() {
            console.say(self.words());
            return Ok(());
        }
        tell::differences(differences, console);
        let error = self.file.broken(differences);
        Err(if differences.iter().any(is_lost) {
            error.advice("bring the accepted videos back first (a cache, `runner takes FILE --select DIGITS`), or make others without --locked and accept them: runner lock FILE --update SHOT")
        } else {
            error
        })
    }

    fn words(&self) -> String {
        let name = self.file.name();
        let all = shots(self.lock.shots.len());
        if !self.held.takes {
            let backend = calm(&self.lock.backend);
            return format!(
                "`{name}` holds: {all}; it is of the backend `{backend}`, so that videos are not compared"
            );
        }
        match self.held.unlocked {
            0 => format!("`{name}` holds: {all}"),
            new => format!("`{name}` holds: {all}; {new} with a video that is not accepted in it"),
        }
    }

    /// Whether what a run left is what was accepted: what was fetched or simulated
    /// again is known only now.
    pub(in crate::cli) fn after(&self, state: &RunState, console: &mut Console) -> bool {
        if !self.held.takes {
            return true;
        }
        let left: BTreeMap<&str, &str> = state
            .shots
            .iter()
            .filter_map(|shot| Some((shot.facts.id.as_str(), shot.video.as_ref()?)))
            .map(|(id, video)| (id, video.sha256.as_str()))
            .collect();
        let others = self.lock.others(&left);
        tell::differences(&others, console);
        others.is_empty()
    }
}

/// What a run ends with that left other videos than those accepted.
pub(in crate::cli) fn worse(exit: Exit) -> Exit {
    match exit {
        Exit::Success => Exit::ChecksFailed,
        other => other,
    }
}

/// Whether an accepted video is not to be had.
fn is_lost(difference: &Difference) -> bool {
    let mut changes = difference.changes.iter();
    changes.any(|change| change.field == "take")
}
