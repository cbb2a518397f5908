//! `runner apply`: makes the videos that are not there yet.
//!
//! Owns the order: everything that can be refused is refused before the first
//! call, and the report is written whatever happens after it.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use crate::cli::args::{ApplyArgs, ProgressMode, WrittenReport};
use crate::cli::backend::{self, Target};
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::gallery::{self, Gallery};
use crate::cli::history::{Memory, forgotten};
use crate::cli::load::{self, Loaded};
use crate::cli::lock::{Hold, Verdict, worse};
use crate::cli::plan::Accepted;
use crate::cli::record::Recording;
use crate::cli::replay::{Missed, Replayed, Serving};
use crate::cli::share::{ForApply, Planning};
use crate::cli::{callbacks, limits};
use crate::cli::{
    plan as plan_command, prepare, render, replay, signals, simulate, terminal, verbose,
};
use crate::engine::{self, Observer, Ports, RunError, Settings, Shutdown};
use crate::event::{Decision, Event};
use crate::ledger::{Ledger, Records, Turnstile};
use crate::manifest::model::Callback;
use crate::plan::Plan;
use crate::plan::document::PlanDocument;
use crate::provider::exchange::Witness;
use crate::provider::minimax::{self, MiniMax};
use crate::report::{
    Bars, FormFile, GithubJob, Glance, JsonLines, Lines, Paint, Places, ReportFile, Sink, Sinks,
    Summary, Tempo,
};
use crate::simulator::Simulator;
use crate::state::RunState;
use crate::store::Store;
use crate::verdict::Examiner;

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
    let of_recording = replayed.as_ref().map(|it| it.arguments(&args.manifest));
    let manifest = of_recording.as_ref().unwrap_or(&args.manifest);
    let mut loaded = load::load_forced(manifest, &args.results.force)?;
    console.diagnostics(&loaded);
    if loaded.has_errors() {
        if let Some(accepted) = accepted {
            return Err(accepted.stale("its storyboard has mistakes now"));
        }
        console.say("nothing was created");
        return Ok(Exit::ManifestInvalid);
    }
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.take()) else {
        return Ok(Exit::ManifestInvalid);
    };
    let target = match &replayed {
        Some(replayed) => replayed.target(target),
        None => target,
    };
    let key = backend::key(&target, &loaded.environment, &args.manifest.manifest)?;
    if let Some(word) = backend::announcement(&target) {
        console.say(word);
    }
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.results.out.as_ref());
    let shared = ForApply::open(args, replayed.is_some(), console)?;
    let store = if replayed.is_some() {
        replay::keeps_off(&folder, args)?;
        Store::open_anew(&folder)
    } else {
        Store::open(&folder)
    };
    let store = store.map_err(prepare::store_error)?;
    let mut ledger = prepare::ledger(&store, console)?;
    let mut planning = Planning {
        loaded: &mut loaded,
        manifest: &manifest,
        target: &target,
        results: &args.results,
    };
    // Before anything is given up or decided: what the store has is not paid for.
    let pulled = shared.pull(&mut planning, &store, &mut ledger, console)?;
    let records = remembered(&mut ledger, &store, &target)?;
    let files = plan_command::files_read(&loaded);
    let hold = lock_of(args, &loaded, &target)?;
    let mut plan = prepare::plan(
        &mut loaded,
        &manifest,
        &target,
        &args.results,
        &store,
        &records,
        args.limits.deadline,
    )?;
    drop(records);
    let own = &plan.facts.run_id;
    plan.facts.part = loaded.selection.part(args.run_id.as_ref(), own);
    if let Some(share) = loaded.selection.share() {
        console.say(share);
    }
    pulled.lets_pay(&plan)?;
    let mut settings = limits::settings(&manifest.limits, args, &target);
    if let Some(accepted) = accepted {
        let now = PlanDocument::new(&plan, plan_command::pace(&manifest.limits));
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
    let unpriced = limits::allow_unpriced(&manifest, args);
    limits::within_budget(&plan, &settings, unpriced)?;
    // Nobody is there to call back in a replay; what was asked instead is recorded.
    let callback = manifest.callback.clone().filter(|_| replayed.is_none());
    let examiner = loaded.examiner.take();
    // The plan holds all that is needed from here on; a run may take hours.
    drop((manifest, loaded));
    if !confirmed(&plan, &target, args, console) {
        console.say("nothing was created");
        return Ok(Exit::Interrupted);
    }
    names_are_free(&plan, &store)?;
    let record = args.recording.record.as_deref();
    let recording = record.map(|folder| Recording::begin(folder, &target));
    let recording = recording.transpose()?;
    place_reused(&mut plan, &store)?;
    let turnstile = turnstile(&target, &key, console);
    let run = Run {
        plan,
        callback,
        turnstile,
        key,
        target,
        folder,
        store,
        ledger,
        examiner,
        settings,
        recording,
        replayed,
        locked,
    };
    // Holds the lock until the shared store has what is new.
    let store = run.store.clone();
    let exit = run.carry_out(args, shared.herald(), console)?;
    Ok(shared.push(exit, &store, console))
}

/// What the plan is to be held to, where that is asked for.
fn lock_of(args: &ApplyArgs, loaded: &Loaded, target: &Target) -> Result<Option<Hold>, CliError> {
    let hold = || Hold::read(&args.manifest.manifest, loaded, target);
    args.locked.then(hold).transpose()
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

/// Everything that one run needs, decided.
struct Run {
    plan: Plan,
    callback: Option<Callback>,
    turnstile: Option<Turnstile>,
    key: String,
    target: Target,
    folder: PathBuf,
    store: Store,
    ledger: Ledger,
    examiner: Option<Arc<Examiner>>,
    settings: Settings,
    recording: Option<Recording>,
    replayed: Option<Replayed>,
    locked: Option<Verdict>,
}

/// How a run ended, and what of it was not in the recording that was replayed.
struct Ran {
    result: Result<RunState, RunError>,
    missed: Option<Missed>,
}

impl Run {
    fn carry_out(
        mut self,
        args: &ApplyArgs,
        herald: Option<Box<dyn Sink>>,
        console: &mut Console,
    ) -> Result<Exit, CliError> {
        let runtime = simulate::runtime()?;
        let shutdown = Shutdown::default();
        let watching = runtime.spawn(signals::watch(shutdown.clone()));
        let (mut sinks, glance) = self.sinks(args, &shutdown, console);
        args.reports
            .iter()
            .for_each(|report| sinks.push(written(report, args.stable)));
        herald.into_iter().for_each(|herald| sinks.push(herald));
        let witness = args
            .verbose
            .then(|| verbose::witness(console.clone(), glance.clone()));
        runtime.spawn(signals::answer(glance, console.clone()));
        let locked = self.locked.take();
        let sinks = Arc::new(Mutex::new(sinks));
        let watched = observer(Arc::clone(&sinks));
        let (recording, store) = (self.recording.clone(), self.store.clone());
        let colour = console.colour();
        let ran = runtime.block_on(self.run(args, watched, witness, &shutdown, colour));
        if let Ok(ran) = &ran {
            let state = match &ran.result {
                Ok(state) => state,
                Err(error) => &error.state,
            };
            for failed in lock(&sinks).finish(state) {
                console.say(render::error_chain(&failed));
            }
            if let Some(recording) = recording {
                console.say(recording.end(state, &store));
            }
        }
        // Not before: a signal has to end the gathering of stills, too.
        watching.abort();
        // Nothing is left to wait for; a simulator's renderer may still be at it.
        runtime.shutdown_background();
        let ran = ran?;
        let missed = ran.missed.and_then(|missed| missed.say(console));
        match ran.result {
            Ok(state) => {
                let exit = Exit::of_run(&state);
                let as_accepted = locked.is_none_or(|locked| locked.after(&state, console));
                let exit = if as_accepted { exit } else { worse(exit) };
                Ok(missed.unwrap_or(exit))
            }
            Err(error) => Err(run_error(error)),
        }
    }

    /// Who is told: the person or program that watches, the report, and at the
    /// end the person again. Beside them what there is to be seen at any moment.
    fn sinks(&self, args: &ApplyArgs, shutdown: &Shutdown, console: &Console) -> (Sinks, Glance) {
        let mode = args.progress;
        let mut sinks = Sinks::default();
        let paint = Paint::new(console.colour()).speaking(console.language());
        let draws = match mode {
            ProgressMode::Auto | ProgressMode::Bars => Console::has_terminal(),
            _ => false,
        };
        let bars = self.bars(draws, paint);
        let glance = bars.glance();
        sinks.push(Box::new(bars));
        match mode {
            ProgressMode::Json => sinks.push(Box::new(JsonLines::new(Box::new(std::io::stdout())))),
            ProgressMode::Plain => sinks.push(lines(paint)),
            ProgressMode::Auto if !draws => sinks.push(lines(paint)),
            ProgressMode::Auto | ProgressMode::Bars | ProgressMode::None => {}
        }
        let (report, gallery) = (self.store.layout().report(), !args.no_gallery);
        let places = Places {
            videos: self.folder.display().to_string(),
            report: Some(self.folder.join("report.json").display().to_string()),
            gallery: gallery.then(|| self.folder.join("report.html").display().to_string()),
        };
        sinks.push(Box::new(ReportFile::new(report).stable(args.stable)));
        if gallery {
            sinks.push(Box::new(self.gallery(args, shutdown, console)));
        }
        if mode != ProgressMode::None {
            let stderr = Box::new(std::io::stderr());
            sinks.push(Box::new(Summary::new(stderr, places, paint)));
        }
        (sinks, glance)
    }

    fn bars(&self, draws: bool, paint: Paint) -> Bars {
        let tempo = Tempo {
            concurrency: self.settings.concurrency,
            // The simulator's minutes are shorter.
            creates_per_minute: self
                .settings
                .creates_per_minute
                .map(|rate| rate * f64::from(self.settings.time_scale)),
        };
        let begun = Instant::now();
        let clock = Box::new(move || begun.elapsed());
        Bars::new(draws.then(terminal::stderr), paint, tempo, clock)
    }

    fn gallery(&self, args: &ApplyArgs, shutdown: &Shutdown, console: &Console) -> Gallery {
        Gallery {
            store: self.store.clone(),
            typed: gallery::typed(args, &self.folder),
            language: console.language(),
            shutdown: shutdown.clone(),
        }
    }

    async fn run(
        self,
        args: &ApplyArgs,
        observer: Observer,
        witness: Option<Witness>,
        shutdown: &Shutdown,
        colour: bool,
    ) -> Result<Ran, CliError> {
        let service = match self.replayed {
            Some(replayed) => Service::Replay(replayed.serve(self.settings.deadline).await?),
            None if self.target.simulated => {
                let address = ([127, 0, 0, 1], 0).into();
                let simulator = simulate::start(&args.simulator, address, "", None).await?;
                Service::Simulator(simulator)
            }
            None => Service::Real(self.target.base_url.clone()),
        };
        let provider = MiniMax::new(&minimax::Settings {
            base_url: service.base_url(),
            key: self.key,
            label_shots: self.target.simulated,
            silence: minimax::SILENCE,
            witness,
            recorder: self.recording.as_ref().map(Recording::recorder),
        })
        .map_err(|error| CliError::new(Exit::Usage, "the service cannot be used").because(error))?;
        let listener = match &self.callback {
            Some(callback) => {
                let listener = callbacks::listen(callback, self.target.simulated, &self.store);
                Some(listener.await?)
            }
            None => None,
        };
        let ports = Ports {
            callbacks: listener.clone(),
            provider: Arc::new(provider),
            store: Arc::new(self.store),
            ledger: self.ledger,
            turnstile: self.turnstile,
            examiner: self.examiner,
            observer,
            wall_clock: Timestamp::now,
        };
        let result = engine::run(self.plan, ports, &self.settings, shutdown).await;
        if let Some(listener) = listener {
            listener.stop().await;
        }
        let missed = service.stop(colour).await;
        Ok(Ran { result, missed })
    }
}

/// Who answers.
enum Service {
    /// At this address.
    Real(String),
    Simulator(Simulator),
    Replay(Serving),
}

impl Service {
    fn base_url(&self) -> String {
        match self {
            Self::Real(base_url) => base_url.clone(),
            Self::Simulator(simulator) => simulator.base_url(),
            Self::Replay(serving) => serving.base_url(),
        }
    }

    async fn stop(self, colour: bool) -> Option<Missed> {
        match self {
            Self::Real(_) => None,
            Self::Simulator(simulator) => {
                simulator.stop().await;
                None
            }
            Self::Replay(serving) => Some(serving.stop(colour).await),
        }
    }
}

/// A form that was asked for beside `report.json`. Annotations go where GitHub reads
/// them just as well and where no program reads progress.
pub(super) fn written(report: &WrittenReport, stable: bool) -> Box<dyn Sink> {
    match report {
        WrittenReport::File(form, path) => {
            Box::new(FormFile::new(*form, path.clone()).stable(stable))
        }
        WrittenReport::Github => Box::new(GithubJob::new(
            Box::new(std::io::stderr()),
            Environment::job_summary(),
        )),
    }
}

fn lines(paint: Paint) -> Box<dyn Sink> {
    Box::new(Lines::new(Box::new(std::io::stderr()), paint))
}

fn observer(sinks: Arc<Mutex<Sinks>>) -> Observer {
    Box::new(move |event: &Event, state: &RunState| lock(&sinks).on_event(event, state))
}

fn lock(sinks: &Mutex<Sinks>) -> std::sync::MutexGuard<'_, Sinks> {
    // A sink that panicked has said all it will; the others still have to.
    sinks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ledger failed in the middle of a run: whatever was paid and could not be
/// written down is said here, because nothing else knows it.
fn run_error(error: RunError) -> CliError {
    let unrecorded: Vec<String> = error
        .unrecorded
        .iter()
        .map(|(shot, task)| format!("{shot}: task {task}"))
        .collect();
    let advice = if unrecorded.is_empty() {
        "every paid task is in the ledger; mend the cause and run again".to_owned()
    } else {
        format!(
            "these tasks were paid and are NOT in the ledger, keep them: {}",
            unrecorded.join("; ")
        )
    };
    CliError::new(Exit::Internal, error.to_string())
        .because(error.source)
        .advice(advice)
}
