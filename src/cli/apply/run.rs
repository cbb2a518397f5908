//! One run of `apply`, from the first call to the report.
//!
//! Owns who is told of it and who answers it. Decides nothing: that is done when it
//! begins.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use crate::cli::args::{ApplyArgs, ProgressMode, WrittenReport};
use crate::cli::backend::Target;
use crate::cli::callbacks;
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::gallery::{self, Gallery};
use crate::cli::lock::{Verdict, worse};
use crate::cli::record::Recording;
use crate::cli::replay::{Missed, Replayed, Serving};
use crate::cli::{render, signals, simulate, terminal, verbose};
use crate::engine::{self, Observer, Ports, RunError, Settings, Shutdown};
use crate::event::Event;
use crate::ledger::{Ledger, Turnstile};
use crate::manifest::model::Callback;
use crate::plan::Plan;
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

/// Everything that one run needs, decided.
pub(super) struct Run {
    pub(super) plan: Plan,
    pub(super) callback: Option<Callback>,
    pub(super) turnstile: Option<Turnstile>,
    pub(super) key: String,
    pub(super) target: Target,
    pub(super) folder: PathBuf,
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    pub(super) examiner: Option<Arc<Examiner>>,
    pub(super) settings: Settings,
    pub(super) recording: Option<Recording>,
    pub(super) replayed: Option<Replayed>,
    pub(super) locked: Option<Verdict>,
}

/// How a run ended, and what of it was not in the recording that was replayed.
struct Ran {
    result: Result<RunState, RunError>,
    missed: Option<Missed>,
}

impl Run {
    pub(super) fn carry_out(
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
        if let Some(herald) = herald {
            sinks.push(herald);
        }
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
pub(in crate::cli) fn written(report: &WrittenReport, stable: bool) -> Box<dyn Sink> {
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
