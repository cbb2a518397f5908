//! `runner apply`: makes the videos that are not there yet.
//!
//! Owns the order: everything that can be refused is refused before the first
//! call, and the report is written whatever happens after it.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressDrawTarget;
use jiff::Timestamp;

use crate::cli::args::{ApplyArgs, LimitArgs, ProgressMode, SimulatorArgs};
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::{Memory, forgotten};
use crate::cli::load::{self, Loaded};
use crate::cli::words::shots;
use crate::cli::{plan as plan_command, prepare, render, signals, simulate};
use crate::engine::{self, Observer, Ports, RunError, Settings, Shutdown};
use crate::event::{Decision, Event};
use crate::ledger::Ledger;
use crate::manifest::model::{CreateRate, Limits, Manifest};
use crate::money::Money;
use crate::plan::Plan;
use crate::provider::minimax::{self, MiniMax};
use crate::report::{Bars, JsonLines, Lines, Paint, Places, ReportFile, Sink, Sinks, Summary};
use crate::simulator::Simulator;
use crate::state::RunState;
use crate::store::Store;

/// Between two polls where the author says nothing (minimax-api.md 6.1).
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// How long a task may take where the author says nothing (minimax-api.md 6.3).
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// The longest time that anything waits for: times are added to clocks, and
/// clocks end.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) fn apply(args: &ApplyArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load(&args.manifest)?;
    console.diagnostics(&loaded);
    if loaded.has_errors() {
        console.say("nothing was created");
        return Ok(Exit::ManifestInvalid);
    }
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.take()) else {
        return Ok(Exit::ManifestInvalid);
    };
    let key = key(&loaded, &target, args)?;
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.results.out.as_ref());
    let store = Store::open(&folder).map_err(prepare::store_error)?;
    let mut ledger = Ledger::open(&store.layout().ledger()).map_err(prepare::ledger_error)?;
    let records = ledger.records().map_err(prepare::ledger_error)?;
    if prepare::memory(&target) == Memory::Forgets {
        ledger
            .write_off(&forgotten(&records, &store, &target.name), Timestamp::now())
            .map_err(prepare::ledger_error)?;
    }
    let mut plan = prepare::plan(
        &mut loaded,
        &manifest,
        &target,
        &args.results,
        &store,
        &records,
    )?;
    drop(records);
    let settings = settings(&manifest.limits, &args.limits, &args.simulator, &target);
    console.say(plan_command::summary(&plan));
    within_budget(&plan, &settings, allow_unpriced(&manifest, args))?;
    // The plan holds all that is needed from here on; a run may take hours.
    drop((manifest, loaded));
    if !confirmed(&plan, &target, args, console) {
        console.say("nothing was created");
        return Ok(Exit::Interrupted);
    }
    names_are_free(&plan, &store)?;
    place_reused(&mut plan, &store)?;
    let run = Run {
        plan,
        key,
        target,
        folder,
        store,
        ledger,
        settings,
    };
    run.carry_out(args, console)
}

/// The key, where one is needed; the error names both ways on.
fn key(loaded: &Loaded, target: &Target, args: &ApplyArgs) -> Result<String, CliError> {
    if target.simulated {
        return Ok("simulated".to_owned());
    }
    let variable = &target.key_variable;
    match loaded.environment.get(variable) {
        Some(key) => Ok(key.to_owned()),
        None => Err(CliError::new(
            Exit::Key,
            format!("there is no key for `{}`: {variable} is not set", target.name),
        )
        .advice(format!(
            "set {variable} in the environment or in a .env file beside the manifest, or try it without a key and without cost: runner apply {} --simulate",
            args.manifest.manifest.display()
        ))),
    }
}

/// Flags over the manifest over what is usual.
fn settings(
    limits: &Limits,
    flags: &LimitArgs,
    simulator: &SimulatorArgs,
    target: &Target,
) -> Settings {
    let time_scale = if target.simulated {
        simulator.time_scale
    } else {
        1
    };
    let written = |value: &Option<crate::diag::Spanned<Duration>>| value.as_ref().map(|v| v.value);
    let rate = flags
        .creates_per_minute
        .unwrap_or_else(|| limits.creates_per_minute());
    let poll = flags
        .poll_interval
        .or(written(&limits.poll_interval))
        .unwrap_or(POLL_INTERVAL)
        .min(LONGEST);
    let max_cost = flags
        .max_cost
        .clone()
        .or_else(|| limits.max_cost.as_ref().map(|cost| cost.value.clone()));
    Settings {
        concurrency: flags
            .concurrency
            .map_or(limits.concurrency() as usize, usize::from),
        creates_per_minute: match rate {
            CreateRate::Unlimited => None,
            CreateRate::PerMinute(rate) => Some(rate),
        },
        // Simulated time runs faster, and the questions with it; never faster
        // than a server on this machine deserves.
        poll_interval: (poll / time_scale).max(Duration::from_millis(10)),
        deadline: flags
            .deadline
            .or(written(&limits.deadline))
            .unwrap_or(DEADLINE)
            .min(LONGEST),
        // Simulated clips cost nothing; their prices are shown only.
        max_cost: max_cost.filter(|_| !target.simulated),
        time_scale,
    }
}

fn allow_unpriced(manifest: &Manifest, args: &ApplyArgs) -> bool {
    args.limits.allow_unpriced || manifest.limits.allow_unpriced()
}

/// All or nothing: what would break the limit is refused before the first call.
fn within_budget(plan: &Plan, settings: &Settings, unpriced: bool) -> Result<(), CliError> {
    let Some(limit) = &settings.max_cost else {
        return Ok(());
    };
    let cost = plan.cost();
    let refused = |message: String| Err(CliError::new(Exit::Budget, message));
    if let Some(other) = cost.amounts().find(|m| m.currency() != limit.currency()) {
        return refused(format!(
            "prices are in {}, and the limit is in {}",
            other.currency(),
            limit.currency()
        ));
    }
    if plan.unpriced() > 0 && !unpriced {
        return refused(format!(
            "{} without a known price cannot be counted against the limit of {limit}",
            shots(plan.unpriced())
        ))
        .map_err(|error| {
            error.advice("give their price under `prices:`, or pass --allow-unpriced")
        });
    }
    let needed: Money = cost.in_currency(limit.currency());
    if needed.micros() > limit.micros() {
        return refused(format!(
            "this run would cost {needed}, and the limit is {limit}"
        ))
        .map_err(|error| error.advice("raise --max-cost, or make fewer shots with --only"));
    }
    Ok(())
}

/// Asks before money is spent, where there is a person to ask.
fn confirmed(plan: &Plan, target: &Target, args: &ApplyArgs, console: &mut Console) -> bool {
    let creates = plan.count(Decision::Create);
    if target.simulated || args.yes || creates == 0 || !Console::is_interactive() {
        return true;
    }
    console.ask(format!(
        "create {} for {}? [y/N] ",
        shots(creates),
        plan.cost()
    ));
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer).is_err() {
        return false;
    }
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是")
}

/// A name that cannot be written is found before anything is paid.
fn names_are_free(plan: &Plan, store: &Store) -> Result<(), CliError> {
    for shot in &plan.facts.shots {
        if matches!(shot.decision, Decision::Create | Decision::Resume) {
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
    key: String,
    target: Target,
    folder: PathBuf,
    store: Store,
    ledger: Ledger,
    settings: Settings,
}

impl Run {
    fn carry_out(self, args: &ApplyArgs, console: &mut Console) -> Result<Exit, CliError> {
        let runtime = simulate::runtime()?;
        let sinks = Arc::new(Mutex::new(self.sinks(args.progress, console)));
        let result = runtime.block_on(self.run(args, observer(Arc::clone(&sinks))));
        // Nothing is left to wait for; a simulator's renderer may still be at it.
        runtime.shutdown_background();
        let result = result?;
        let state = match &result {
            Ok(state) => state,
            Err(error) => &error.state,
        };
        for failed in lock(&sinks).finish(state) {
            console.say(render::error_chain(&failed));
        }
        match result {
            Ok(state) => Ok(Exit::of_run(&state)),
            Err(error) => Err(run_error(error)),
        }
    }

    /// Who is told: the person or program that watches, the report, and at the
    /// end the person again.
    fn sinks(&self, mode: ProgressMode, console: &Console) -> Sinks {
        let mut sinks = Sinks::default();
        let paint = Paint::new(console.colour());
        let terminal = Console::has_terminal();
        let progress: Option<Box<dyn Sink>> = match mode {
            ProgressMode::None => None,
            ProgressMode::Json => Some(Box::new(JsonLines::new(Box::new(std::io::stdout())))),
            ProgressMode::Auto if !terminal => Some(lines(paint)),
            ProgressMode::Lines => Some(lines(paint)),
            ProgressMode::Auto | ProgressMode::Bars => {
                Some(Box::new(Bars::new(ProgressDrawTarget::stderr(), paint)))
            }
        };
        if let Some(progress) = progress {
            sinks.push(progress);
        }
        let report = self.store.layout().report();
        let places = Places {
            videos: self.folder.display().to_string(),
            report: Some(self.folder.join("report.json").display().to_string()),
        };
        sinks.push(Box::new(ReportFile::new(report)));
        if mode != ProgressMode::None {
            let stderr = Box::new(std::io::stderr());
            sinks.push(Box::new(Summary::new(stderr, places, paint)));
        }
        sinks
    }

    async fn run(
        self,
        args: &ApplyArgs,
        observer: Observer,
    ) -> Result<Result<RunState, RunError>, CliError> {
        let simulator = if self.target.simulated {
            let address = ([127, 0, 0, 1], 0).into();
            Some(simulate::start(&args.simulator, address, "", None).await?)
        } else {
            None
        };
        let base_url = simulator
            .as_ref()
            .map_or_else(|| self.target.base_url.clone(), Simulator::base_url);
        let provider = MiniMax::new(&minimax::Settings {
            base_url,
            key: self.key,
            label_shots: self.target.simulated,
            silence: minimax::SILENCE,
        })
        .map_err(|error| CliError::new(Exit::Usage, "the service cannot be used").because(error))?;
        let ports = Ports {
            provider: Arc::new(provider),
            store: Arc::new(self.store),
            ledger: self.ledger,
            observer,
            wall_clock: Timestamp::now,
        };
        let shutdown = Shutdown::default();
        let watching = tokio::spawn(signals::watch(shutdown.clone()));
        let result = engine::run(self.plan, ports, &self.settings, &shutdown).await;
        watching.abort();
        if let Some(simulator) = simulator {
            simulator.stop().await;
        }
        Ok(result)
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
