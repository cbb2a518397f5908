//! `runner pull`, and what `apply` gets before it pays.
//!
//! Owns the order: plan, ask the store for what the plan would not simply reuse, plan
//! again, because what a shot asks for may hang on the frames of a video that came.

use std::collections::HashSet;

use super::bring::{Local, Pulled, Wanted, gather};
use super::{Shared, size, tell_bad};
use crate::cli::args::{PullArgs, ResultsArgs};
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::words::{payments, shots, videos};
use crate::cli::{plan as plan_command, prepare};
use crate::event::Decision;
use crate::id::Fingerprint;
use crate::ledger::{Ledger, Records};
use crate::manifest::model::Manifest;
use crate::plan::Plan;
use crate::store::Store;

pub(super) fn pull(args: &PullArgs, console: &mut Console) -> Result<Exit, CliError> {
    let shared = Shared::needed(&args.store)?;
    let mut loaded = load::load(&args.manifest)?;
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        console.diagnostics(&loaded);
        return Ok(Exit::ManifestInvalid);
    };
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.out.as_ref());
    let mut planning = Planning {
        loaded: &mut loaded,
        manifest: &manifest,
        target: &target,
        results: &ResultsArgs::default(),
    };
    if args.dry_run {
        let store = Store::open_read(&folder).map_err(prepare::store_error)?;
        return shared.list(&mut planning, &store, console);
    }
    let store = Store::open(&folder).map_err(prepare::store_error)?;
    let mut ledger = prepare::ledger(&store, console)?;
    let pulled = shared.pull(
        &mut planning,
        What::Everything,
        &store,
        &mut ledger,
        console,
    )?;
    Ok(exit(pulled.is_sound()))
}

fn exit(is_sound: bool) -> Exit {
    if is_sound {
        Exit::Success
    } else {
        Exit::ChecksFailed
    }
}

/// Of which shots the store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum What {
    /// All of them: there may be newer takes.
    Everything,
    /// Those that a run would not simply reuse.
    NotHere,
}

/// What a plan is made from, again and again.
pub(in crate::cli) struct Planning<'a> {
    pub(in crate::cli) loaded: &'a mut Loaded,
    pub(in crate::cli) manifest: &'a Manifest,
    pub(in crate::cli) target: &'a Target,
    pub(in crate::cli) results: &'a ResultsArgs,
}

impl Planning<'_> {
    fn plan(&mut self, store: &Store, records: &Records) -> Result<Plan, CliError> {
        // A plan takes the shots with it.
        let all = self.loaded.shots.clone();
        let (manifest, target, results) = (self.manifest, self.target, self.results);
        let plan = prepare::plan(self.loaded, manifest, target, results, store, records, None);
        self.loaded.shots = all;
        plan
    }
}

impl Shared {
    /// Gets what the store has for the shots of a plan, and puts it on record.
    pub(in crate::cli) fn pull(
        &self,
        planning: &mut Planning<'_>,
        what: What,
        store: &Store,
        ledger: &mut Ledger,
        console: &mut Console,
    ) -> Result<Pulled, CliError> {
        let (mut asked, mut total) = (HashSet::new(), Pulled::default());
        loop {
            let records = ledger.records().map_err(prepare::ledger_error)?;
            let plan = planning.plan(store, &records)?;
            let wanted = wanted(&plan, what, &mut asked);
            if wanted.is_empty() {
                break;
            }
            total.add(self.bring(wanted, store, ledger, console)?);
        }
        if !asked.is_empty() {
            self.tell(&total, asked.len(), console);
        }
        Ok(total)
    }

    fn tell(&self, total: &Pulled, asked: usize, console: &mut Console) {
        let (share, asked) = (&self.share, shots(asked));
        if total.is_nothing() {
            console.say(format!("{share} has nothing new for {asked}"));
        } else {
            let (videos, amount) = (videos(total.videos), size(total.bytes));
            let payments = payments(total.payments);
            console.say(format!(
                "pulled from {share} for {asked}: {videos} ({amount}), {payments} put on record"
            ));
        }
    }

    /// `pull --dry-run`
    fn list(
        &self,
        planning: &mut Planning<'_>,
        store: &Store,
        console: &mut Console,
    ) -> Result<Exit, CliError> {
        let records = plan_command::read_records(store)?;
        let plan = planning.plan(store, &records)?;
        let wanted = wanted(&plan, What::Everything, &mut HashSet::new());
        let local = Ledger::open_read(&store.layout().ledger())
            .and_then(|ledger| ledger.map_or(Ok(Vec::new()), |ledger| ledger.entries()))
            .map_err(prepare::ledger_error)?;
        let local = Local::new(&local, store);
        let mut is_sound = true;
        for answer in self.work(gather(&self.share, wanted))? {
            for video in local.missing(&answer.entries) {
                let (shot, size) = (&answer.wanted.shot, size(video.bytes));
                let digits = video.sha256.get(..8).unwrap_or(&video.sha256);
                console.data(format!("{shot}  {digits}  {size}"));
            }
            tell_bad(&answer.bad, console);
            is_sound &= answer.bad.is_empty();
        }
        Ok(exit(is_sound))
    }
}

/// The shots that the store is asked about. None is asked about twice.
fn wanted(plan: &Plan, what: What, asked: &mut HashSet<Fingerprint>) -> Vec<Wanted> {
    let shots = plan.facts.shots.iter().filter(|shot| {
        !shot.earlier && (what == What::Everything || shot.decision != Decision::Reuse)
    });
    let new = shots.filter_map(|shot| {
        let fingerprint = shot.fingerprint.clone()?;
        asked.insert(fingerprint.clone()).then(|| Wanted {
            shot: shot.id.clone(),
            fingerprint,
            request: shot.request.clone(),
            file: shot.file.clone(),
        })
    });
    new.collect()
}
