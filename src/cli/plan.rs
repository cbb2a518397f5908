//! `runner plan`: what `apply` would do, why, and what it would cost.

pub(super) mod difference;
mod file;
mod show;
#[cfg(test)]
mod tests;
mod totals;
mod view;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use self::view::Look;
use crate::cli::args::{PlanArgs, ResultsArgs};
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::lock::{Hold, Verdict};
use crate::cli::{prepare, render};
use crate::diag::Diagnostic;
use crate::event::Decision;
use crate::ledger::{Ledger, Records};
use crate::manifest::model::Limits;
use crate::plan::Plan;
use crate::plan::document::{PlanDocument, PlanReport, SCHEMA_VERSION};
use crate::plan::estimate::Pace;
use crate::plan::record::FileRead;
use crate::store::Store;

pub(super) use self::file::{Accepted, files_read, holds_no_key};
pub(super) use self::totals::{question, summary};

pub(super) fn plan(args: &PlanArgs, console: &mut Console) -> Result<Exit, CliError> {
    let result = rehearsed(args, console);
    if !args.detailed_exitcode {
        return result.map(|(exit, _)| exit);
    }
    match result {
        Ok((_, Some(plan))) => Ok(detailed(&plan)),
        Ok((_, None)) => Ok(Exit::Internal),
        Err(mut error) => {
            error.exit = Exit::Internal;
            Err(error)
        }
    }
}

fn rehearsed(args: &PlanArgs, console: &mut Console) -> Result<(Exit, Option<Plan>), CliError> {
    file::is_a_folder(args.results.out.as_deref())?;
    let rehearsal = rehearse(args)?;
    show::show(args, &rehearsal, console)?;
    let Some(plan) = &rehearsal.plan else {
        return Ok((Exit::ManifestInvalid, None));
    };
    if let Some(locked) = &rehearsal.locked {
        locked.judge(console)?;
    }
    if let Some(path) = &args.save {
        file::save(path, args, &rehearsal)?;
        let path = path.display();
        console.say(format!(
            "kept: `runner apply {path}` does exactly this, or refuses"
        ));
    }
    let exit = if plan.count(Decision::Uncertain) > 0 {
        Exit::Uncertain
    } else {
        Exit::Success
    };
    Ok((exit, rehearsal.plan))
}

/// Whether there is something to do, for scripts.
fn detailed(plan: &Plan) -> Exit {
    let any = |which: fn(Decision) -> bool| plan.facts.shots.iter().any(|s| which(s.decision));
    if any(|decision| decision.may_pay() || decision == Decision::Resume) {
        Exit::Changes
    } else if any(|decision| decision != Decision::Reuse) {
        // Nothing that `apply` could do, and not all is there either.
        Exit::Internal
    } else {
        Exit::Success
    }
}

/// A manifest and what `apply` would do with it; nothing was sent or written.
pub struct Rehearsal {
    loaded: Loaded,
    plan: Option<Plan>,
    pace: Pace,
    files: Vec<FileRead>,
    /// What holding it to the lock came to, where that was asked for.
    locked: Option<Verdict>,
}

/// Does what `runner plan` does before it shows anything.
pub fn rehearse(args: &PlanArgs) -> Result<Rehearsal, CliError> {
    let mut loaded = load::load_forced(&args.manifest, &args.results.force)?;
    let files = files_read(&loaded);
    let target = loaded.target.clone().filter(|_| !loaded.has_errors());
    let (plan, locked) = match target {
        Some(target) => planned(args, &mut loaded, &target)?,
        None => (None, None),
    };
    let limits = loaded.manifest.as_ref().map(|manifest| &manifest.limits);
    let pace = limits.map_or_else(|| pace(&Limits::default()), pace);
    Ok(Rehearsal {
        loaded,
        plan,
        pace,
        files,
        locked,
    })
}

/// The plan, held to the lock where that is asked for.
fn planned(
    args: &PlanArgs,
    loaded: &mut Loaded,
    target: &Target,
) -> Result<(Option<Plan>, Option<Verdict>), CliError> {
    let manifest = &args.manifest.manifest;
    let hold = args.locked.then(|| Hold::read(manifest, loaded, target));
    let hold = hold.transpose()?;
    let plan = make(loaded, &args.results)?;
    let locked = match (hold, &plan) {
        (Some(hold), Some(plan)) => {
            let store = store_of(loaded, target, args.results.out.as_ref())?;
            Some(hold.on(plan, &store))
        }
        _ => None,
    };
    Ok((plan, locked))
}

/// How fast a run goes by the manifest.
pub(super) fn pace(limits: &Limits) -> Pace {
    Pace {
        concurrency: limits.concurrency() as usize,
        creates_per_minute: limits.creates_per_minute().limit(),
    }
}

impl Rehearsal {
    /// Every mistake and every lint.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.loaded.diagnostics
    }

    /// Every file that was read for it, or looked for.
    pub(super) fn files(&self) -> &BTreeSet<PathBuf> {
        &self.loaded.files
    }

    /// Shows every mistake and every lint to a person.
    pub(super) fn tell(&self, console: &mut Console) {
        console.diagnostics(&self.loaded);
    }

    /// Every mistake and every lint, as a program reads them.
    pub(super) fn diagnostics_json(&self) -> Value {
        render::diagnostics_json(&self.loaded.diagnostics, &self.loaded.sources)
    }

    /// What would be done; `None` while a mistake stands in the way.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// The plan, to be carried out.
    pub fn into_plan(self) -> Option<Plan> {
        self.plan
    }

    /// All of it as a person reads it.
    pub fn as_text(&self, colour: bool) -> String {
        let mut text = render::diagnostics(&self.loaded.diagnostics, &self.loaded.sources, colour);
        if let Some(plan) = &self.plan {
            let look = Look {
                colour,
                all: true,
                requests: true,
                ..Look::default()
            };
            text.push_str(&view::plan(plan, self.pace, look));
        }
        text
    }

    /// All of it as a program reads it.
    pub fn as_json(&self) -> Value {
        serde_json::to_value(self.report()).expect("a plan has text keys only")
    }

    fn report(&self) -> PlanReport {
        let diagnostics = &self.loaded.diagnostics;
        let told = render::diagnostics_json(diagnostics, &self.loaded.sources);
        let errors = diagnostics.iter().filter(|found| found.is_error()).count();
        let list = told["diagnostics"].as_array();
        let objects = list.into_iter().flatten().filter_map(Value::as_object);
        PlanReport {
            schema_version: SCHEMA_VERSION.to_owned(),
            valid: errors == 0,
            error_count: errors,
            warning_count: diagnostics.len() - errors,
            diagnostics: objects.cloned().collect(),
            lock: self.locked.as_ref().map(Verdict::document),
            plan: self.document(),
        }
    }

    fn document(&self) -> Option<PlanDocument> {
        let plan = self.plan.as_ref();
        plan.map(|plan| PlanDocument::new(plan, self.pace))
    }
}

pub(super) fn make(loaded: &mut Loaded, results: &ResultsArgs) -> Result<Option<Plan>, CliError> {
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        return Ok(None);
    };
    let folder = prepare::output_folder(loaded, &manifest, &target, results.out.as_ref());
    let store = Store::open_read(&folder).map_err(prepare::store_error)?;
    let records = read_records(&store)?;
    let plan = prepare::plan(loaded, &manifest, &target, results, &store, &records, None)?;
    loaded.manifest = Some(manifest);
    Ok(Some(plan))
}

/// The output folder of a manifest that was planned, to be looked at.
pub(super) fn store_of(
    loaded: &Loaded,
    target: &Target,
    out: Option<&PathBuf>,
) -> Result<Store, CliError> {
    let manifest = loaded.manifest.as_ref();
    let manifest = manifest.expect("planning puts the manifest back");
    let folder = prepare::output_folder(loaded, manifest, target, out);
    Store::open_read(&folder).map_err(prepare::store_error)
}

/// Everything on record in an output folder; nothing where there is no ledger yet.
pub(super) fn read_records(store: &Store) -> Result<Records, CliError> {
    Ledger::read(&store.layout().ledger()).map_err(prepare::ledger_error)
}
