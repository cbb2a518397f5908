//! `runner apply`: makes the videos that are not there yet.
//!
//! Owns the order: everything that can be refused is refused before the first
//! call, and the report is written whatever happens after it.

mod run;

use std::io::BufRead as _;
use std::path::PathBuf;

use jiff::Timestamp;

use self::run::Run;
pub(super) use self::run::written;
use crate::cli::args::ApplyArgs;
use crate::cli::backend::{self, Target};
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::{Memory, forgotten};
use crate::cli::limits;
use crate::cli::load::{self, Loaded};
use crate::cli::lock::Hold;
use crate::cli::plan::Accepted;
use crate::cli::record::Recording;
use crate::cli::replay::Replayed;
use crate::cli::share::{ForApply, Planning};
use crate::cli::{plan as plan_command, prepare, render, replay};
use crate::event::Decision;
use crate::ledger::{Ledger, Records, Turnstile};
use crate::manifest::model::Manifest;
use crate::plan::Plan;
use crate::plan::document::PlanDocument;
use crate::store::Store;

pub(super) fn apply(args: &ApplyArgs, console: &mut Console) -> Result<Exit, CliError> {
    match Accepted::find(args)? {
        Some(accepted) => {
            replay::no_plan(args)?;
            carry_out(&accepted.arguments(args), Some(&accepted), console)
        }
        None => carry_out(args, None, console),
    }
}

fn carry_out(
    args: &ApplyArgs,
    accepted: Option<&Accepted>,
    console: &mut Console,
) -> Result<Exit, CliError> {
    let replayed = Replayed::open(args, console)?;
    let Some(mut film) = Film::read(args, accepted, replayed.as_ref(), console)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let shared = ForApply::open(args, replayed.is_some(), console)?;
    let (folder, store) = film.output(args, replayed.is_some())?;
    let mut ledger = prepare::ledger(&store, console)?;
    // Before anything is given up or decided: what the store has is not paid for.
    let pulled = shared.pull(&mut film.planning(args), &store, &mut ledger, console)?;
    let files = plan_command::files_read(&film.loaded);
    let hold = film.hold(args)?;
    let mut plan = film.plan(args, &store, &mut ledger)?;
    if let Some(share) = film.loaded.selection.share() {
        console.say(share);
    }
    pulled.lets_pay(&plan)?;
    let mut settings = limits::settings(&film.manifest.limits, args, &film.target);
    if let Some(accepted) = accepted {
        let now = PlanDocument::new(&plan, plan_command::pace(&film.manifest.limits));
        accepted.still_holds(&now, &files, console)?;
        Accepted::bound(&plan, &mut settings);
    }
    console.say(plan_command::summary(&plan));
    let locked = hold.map(|hold| hold.on(&plan, &store));
    if let Some(locked) = &locked {
        locked.judge(console)?;
    }
    if let Some(replayed) = &replayed
        && !replayed.has_all(&plan, console)
    {
        return Ok(Exit::NotRecorded);
    }
    let unpriced = limits::allow_unpriced(&film.manifest, args);
    limits::within_budget(&plan, &settings, unpriced)?;
    if !confirmed(&plan, &film.target, args, console) {
        console.say("nothing was created");
        return Ok(Exit::Interrupted);
    }
    names_are_free(&plan, &store)?;
    let recording = Recording::of(args, &film.target)?;
    place_reused(&mut plan, &store)?;
    // The plan holds all that is needed from here on; a run may take hours.
    let Film {
        mut loaded,
        manifest,
        target,
        key,
    } = film;
    let run = Run {
        plan,
        // Nobody is there to call back in a replay; what was asked instead is recorded.
        callback: manifest.callback.filter(|_| replayed.is_none()),
        turnstile: turnstile(&target, &key, console),
        key,
        target,
        folder,
        store,
        ledger,
        examiner: loaded.examiner.take(),
        settings,
        recording,
        replayed,
        locked,
    };
    drop(loaded);
    // Holds the lock until the shared store has what is new.
    let store = run.store.clone();
    let exit = run.carry_out(args, shared.herald(), console)?;
    Ok(shared.push(exit, &store, console))
}

/// A storyboard without mistakes, and who makes it.
struct Film {
    loaded: Loaded,
    manifest: Manifest,
    target: Target,
    key: String,
}

impl Film {
    /// Nothing where there are mistakes; they are said.
    fn read(
        args: &ApplyArgs,
        accepted: Option<&Accepted>,
        replayed: Option<&Replayed>,
        console: &mut Console,
    ) -> Result<Option<Self>, CliError> {
        let of_recording = replayed.map(|it| it.arguments(&args.manifest));
        let manifest = of_recording.as_ref().unwrap_or(&args.manifest);
        let mut loaded = load::load_forced(manifest, &args.results.force)?;
        console.diagnostics(&loaded);
        if loaded.has_errors() {
            if let Some(accepted) = accepted {
                return Err(accepted.stale("its storyboard has mistakes now"));
            }
            console.say("nothing was created");
            return Ok(None);
        }
        let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.take()) else {
            return Ok(None);
        };
        let target = match replayed {
            Some(replayed) => replayed.target(target),
            None => target,
        };
        let key = backend::key(&target, &loaded.environment, &args.manifest.manifest)?;
        if let Some(word) = backend::announcement(&target) {
            console.say(word);
        }
        Ok(Some(Self {
            loaded,
            manifest,
            target,
            key,
        }))
    }

    /// The output folder, and its lock.
    fn output(&self, args: &ApplyArgs, replayed: bool) -> Result<(PathBuf, Store), CliError> {
        let out = args.results.out.as_ref();
        let folder = prepare::output_folder(&self.loaded, &self.manifest, &self.target, out);
        let store = if replayed {
            replay::keeps_off(&folder, args)?;
            Store::open_anew(&folder)
        } else {
            Store::open(&folder)
        };
        Ok((folder, store.map_err(prepare::store_error)?))
    }

    fn planning<'a>(&'a mut self, args: &'a ApplyArgs) -> Planning<'a> {
        Planning {
            loaded: &mut self.loaded,
            manifest: &self.manifest,
            target: &self.target,
            results: &args.results,
        }
    }

    /// What the plan is to be held to, where that is asked for.
    fn hold(&self, args: &ApplyArgs) -> Result<Option<Hold>, CliError> {
        let hold = || Hold::read(&args.manifest.manifest, &self.loaded, &self.target);
        args.locked.then(hold).transpose()
    }

    fn plan(
        &mut self,
        args: &ApplyArgs,
        store: &Store,
        ledger: &mut Ledger,
    ) -> Result<Plan, CliError> {
        let records = remembered(ledger, store, &self.target)?;
        let mut plan = prepare::plan(
            &mut self.loaded,
            &self.manifest,
            &self.target,
            &args.results,
            store,
            &records,
            args.limits.deadline,
        )?;
        let own = &plan.facts.run_id;
        plan.facts.part = self.loaded.selection.part(args.run_id.as_ref(), own);
        Ok(plan)
    }
}

/// What is on record, without what a service that forgets has forgotten.
fn remembered(ledger: &mut Ledger, store: &Store, target: &Target) -> Result<Records, CliError> {
    loop {
        let records = ledger.records().map_err(prepare::ledger_error)?;
        let gone = match prepare::memory(target) {
            Memory::Forgets => forgotten(&records, store, &target.name),
            Memory::Keeps => Vec::new(),
        };
        if gone.is_empty() {
            return Ok(records);
        }
        // An earlier take may stand for what is written off, and be forgotten, too.
        ledger
            .write_off(&gone, Timestamp::now())
            .map_err(prepare::ledger_error)?;
    }
}

/// Asks before money is spent, where there is a person to ask.
fn confirmed(plan: &Plan, target: &Target, args: &ApplyArgs, console: &mut Console) -> bool {
    let pays = plan.facts.shots.iter().any(|shot| shot.decision.may_pay());
    if target.simulated || args.yes || !pays || !Console::is_interactive() {
        return true;
    }
    console.ask(render::calm(&plan_command::question(plan)));
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer).is_err() {
        return false;
    }
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是")
}

/// Where the runs of this account on this machine count together. Without it
/// they only count alone, which is said and no reason not to run.
fn turnstile(target: &Target, key: &str, console: &mut Console) -> Option<Turnstile> {
    if target.simulated {
        return None;
    }
    let alone = "creations per minute are counted for this run alone";
    let Some(path) = Environment::state_file("creates.sqlite") else {
        console.say(format!("{alone}: there is no folder for what runs share"));
        return None;
    };
    match Turnstile::open(&path, &target.base_url, key) {
        Ok(turnstile) => Some(turnstile),
        Err(error) => {
            console.say(format!("{alone}: {}", render::error_chain(&error)));
            None
        }
    }
}

/// A name that cannot be written is found before anything is paid.
fn names_are_free(plan: &Plan, store: &Store) -> Result<(), CliError> {
    for shot in &plan.facts.shots {
        if shot.decision.may_pay() || shot.decision == Decision::Resume {
            store.check(&shot.file).map_err(prepare::store_error)?;
        }
    }
    Ok(())
}

/// A shot that was renamed finds its video under the old name: it is put under
/// the new one too, without paying.
fn place_reused(plan: &mut Plan, store: &Store) -> Result<(), CliError> {
    for shot in &mut plan.facts.shots {
        let Some(video) = &mut shot.existing else {
            continue;
        };
        if video.path != shot.file {
            let saved = store
                .adopt(video, &shot.file)
                .map_err(prepare::store_error)?;
            video.path = saved.path;
        }
    }
    Ok(())
}
