//! The command line as it was typed, nothing more.
//!
//! Owns names, help and examples of every flag. Reads nothing and decides nothing.

mod animatic;
mod check;
mod completions;
mod config;
mod cut;
mod diff;
mod doctor;
mod explain;
mod export;
mod frames;
mod graph;
mod init;
mod lints;
mod lock;
mod man;
mod probe;
mod recording;
mod report;
mod retime;
mod schema;
mod share;
mod sheet;
mod simulate;
mod status;
mod takes;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub(super) use self::animatic::AnimaticArgs;
pub(super) use self::check::{CheckArgs, CheckFormat};
pub(super) use self::completions::CompletionsArgs;
pub(super) use self::config::ConfigArgs;
pub(super) use self::cut::CutArgs;
pub(super) use self::diff::{DiffArgs, DiffFormat};
pub(super) use self::doctor::DoctorArgs;
pub(super) use self::explain::ExplainArgs;
pub(super) use self::export::{ExportArgs, Format, PathStyle};
pub(super) use self::frames::FramesArgs;
pub(super) use self::graph::{GraphArgs, GraphFormat};
pub(super) use self::init::{Example, InitArgs};
pub(super) use self::lints::{Lint, LintArgs};
pub(super) use self::lock::LockArgs;
pub(super) use self::man::ManArgs;
pub(super) use self::probe::ProbeArgs;
pub(super) use self::recording::RecordingArgs;
pub(super) use self::report::{ReportArgs, ReportFormat, RunsArgs, WhoseArgs, WrittenReport};
pub(super) use self::retime::RetimeArgs;
pub(super) use self::schema::{SchemaArgs, SchemaOf};
pub(super) use self::share::{PullArgs, PushArgs, StoreArgs};
pub(super) use self::sheet::{PaperSize, SheetArgs, SheetFormat};
pub(super) use self::simulate::{ClipSize, SimulateArgs, SimulatorArgs};
pub(super) use self::status::StatusArgs;
pub(super) use self::takes::TakesArgs;
pub(super) use self::watch::WatchArgs;
use crate::lang::Language;
use crate::manifest::model::{Limits, Rate};
use crate::money::Money;

/// Turns storyboards into videos through the `MiniMax` (Hailuo) API, and never pays twice.
#[derive(Debug, Parser)]
#[command(name = "runner", version, about, max_term_width = 100)]
#[command(after_help = "\
Try it without a key and without cost:
  runner init
  runner apply shots.yaml --simulate

Exit codes: 0 all good, 1 internal, 2 usage, 3 key refused, 4 quota or balance,
6 network before anything ran, 20 manifest invalid, 21 nothing selected,
22 plan stale or lock not held, 23 not in the recording, 30 budget refused,
100 some shots failed, 101 a video is damaged or not whole,
102 unfinished (run again to collect), 103 a creation is uncertain,
130/143 interrupted")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,

    /// The language of what people read; without it, the locale's, if there is a catalogue of it.
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    pub lang: Option<Lang>,
}

/// A language that people are spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English.
    En,
    /// 简体中文.
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::English,
            Lang::Zh => Self::Chinese,
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin a storyboard, from the pictures of a folder or from an example.
    Init(InitArgs),
    /// Find every mistake of a manifest; nothing is sent.
    Check(CheckArgs),
    /// Show what `apply` would do, why, and what it would cost; nothing is sent.
    Plan(PlanArgs),
    /// Check and plan at every save of the manifest; nothing is sent.
    Watch(WatchArgs),
    /// Draw which shot needs a frame of which.
    Graph(GraphArgs),
    /// Make a film of all shots at their true lengths, before paying; nothing is sent.
    Animatic(AnimaticArgs),
    /// Make the videos that are not there yet, and write a report.
    Apply(ApplyArgs),
    /// Write down what the manifest asks for and which videos were accepted, to be held to it.
    Lock(LockArgs),
    /// Show where every shot stands, and what was spent; also while a run goes on.
    Status(StatusArgs),
    /// List the runs of a manifest: when, how long, what came of them, what was spent.
    Runs(RunsArgs),
    /// Tell any run again: for people, CI services, pull requests.
    Report(ReportArgs),
    /// Say what differs between two runs, reports or plans, with both videos side by side.
    Diff(DiffArgs),
    /// List the takes of shots, and choose the one that counts.
    Takes(TakesArgs),
    /// Put videos, and what was paid for them, into a shared store.
    Push(PushArgs),
    /// Get videos that somebody else paid for out of a shared store.
    Pull(PullArgs),
    /// Draw contact sheets, a storyboard to be printed, and posters.
    Sheet(SheetArgs),
    /// Write the film as a timeline for editing programs.
    Export(ExportArgs),
    /// Join the takes that count to one video, a rough cut.
    Cut(CutArgs),
    /// Say what an edited timeline means for the manifest.
    Retime(RetimeArgs),
    /// Say what became of a creation that nobody answered.
    Resolve(ResolveArgs),
    /// Take frames out of a video, as PNG.
    Frames(FramesArgs),
    /// Say all about videos, and whether they are whole.
    Probe(ProbeArgs),
    /// Serve the video API on this machine, without cost, for any client.
    Simulate(SimulateArgs),
    /// Say what a code or an exit code means, with a wrong text and a right one.
    Explain(ExplainArgs),
    /// Print a JSON Schema.
    Schema(SchemaArgs),
    /// Print what a shell needs to complete commands and flags.
    Completions(CompletionsArgs),
    /// Write the manual pages.
    Man(ManArgs),
    /// Show the settings in force, and where each comes from.
    Config(ConfigArgs),
    /// Look for what could stand in the way of a run, on this machine and at the service.
    Doctor(DoctorArgs),
}

/// Which manifest, with which values.
#[derive(Debug, Clone, Args)]
pub struct ManifestArgs {
    /// The manifest.
    #[arg(value_name = "FILE")]
    pub manifest: PathBuf,

    /// Set a variable of the manifest; may be repeated.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = assignment)]
    pub vars: Vec<(String, String)>,

    /// Read variables from a YAML or JSON file; may be repeated, later files win.
    #[arg(long, value_name = "FILE")]
    pub vars_file: Vec<PathBuf>,

    /// Only these shots: an id, a pattern such as 'night-*', or an expression such as
    /// 'tag(night) - opening'; may be repeated, for any of them. See README, Choosing shots.
    #[arg(long, value_name = "EXPR")]
    pub only: Vec<String>,

    /// Only shots that would be made: those that are new, and those that are not
    /// what was made any more.
    #[arg(long)]
    pub changed: bool,

    /// Only shots that failed the last time. This selects and pays for nothing: a
    /// task that failed at the service is paid once more with `--retry failed`.
    #[arg(long)]
    pub failed: bool,

    /// Use the built-in simulator: no key, no cost.
    #[arg(long, conflicts_with = "backend")]
    pub simulate: bool,

    /// Use this backend instead of the manifest's.
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,

    /// Use this profile: `global`, `mainland`, or one of a configuration file.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["backend", "simulate"])]
    pub profile: Option<String>,

    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: LintArgs,
}

impl ManifestArgs {
    /// A manifest with a profile and nothing else.
    pub(super) fn of(manifest: &std::path::Path, profile: Option<&str>) -> Self {
        let command = Self::augment_args(clap::Command::new("manifest").no_binary_name(true));
        let mut words = vec![std::ffi::OsString::from("--")];
        words.push(manifest.as_os_str().to_owned());
        let matches = command.get_matches_from(words);
        let mut args =
            Self::from_arg_matches(&matches).expect("a file and a profile are all it takes");
        args.profile = profile.map(ToOwned::to_owned);
        args
    }
}

/// Where earlier results are and what to do with them.
#[derive(Debug, Clone, Default, Args)]
pub struct ResultsArgs {
    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Make another take of shots that have their video, and pay for it; the old
    /// one is kept. Names them as --only does; may be repeated.
    #[arg(long, value_name = "EXPR")]
    pub force: Vec<String>,

    /// Pay once more for shots that failed at the service.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub retry: Option<RetryWhat>,
}

/// What `--retry` retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RetryWhat {
    /// Tasks that were paid and failed.
    Failed,
}

/// `runner plan`
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags are switched one by one"
)]
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner plan shots.yaml
  runner plan shots.yaml --json | jq '.totals'
  runner plan shots.yaml --changed                 # only what would be made
  runner plan shots.yaml --only 'scene(dock) - *-35mm'
  runner plan shots.yaml --save film.plan.json && runner apply film.plan.json
  runner plan shots.yaml --locked                  # only what `shots.lock` says
  runner plan shots.yaml --format markdown         # what a pull request would make, and cost

Signs: + create, ~ replace (there is a video, and it is made anew), * decided when
its frames are there, = unchanged, > collect, ? uncertain, x failed earlier,
@ known at another address only, ! blocked.")]
pub struct PlanArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which results.
    #[command(flatten)]
    pub results: ResultsArgs,

    /// Refuse (exit code 22) whatever differs from the lock file beside the manifest,
    /// and say what: `runner lock` writes it.
    #[arg(long, conflicts_with = "force")]
    pub locked: bool,

    /// Keep the plan in a file; `runner apply FILE` does exactly that, or refuses.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// List every unchanged shot, however many there are.
    #[arg(long)]
    pub all: bool,

    /// Show every request in full.
    #[arg(long)]
    pub requests: bool,

    /// Exit with 0 where there is nothing to do, with 2 where something would be
    /// made or collected, and with 1 on any error, or where only a person can go on.
    #[arg(long)]
    pub detailed_exitcode: bool,

    /// How the plan is printed.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub format: PlanFormat,

    /// Short for `--format json`; `runner schema plan` describes it.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// How `runner plan` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// A table, for people.
    Text,
    /// JSON.
    Json,
    /// Markdown, for a comment on a pull request.
    Markdown,
    /// Annotations for a job on GitHub, and the Markdown in its summary.
    Github,
}

/// `runner apply`
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags are switched one by one"
)]
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  runner apply shots.yaml --simulate
  MINIMAX_API_KEY=… runner apply shots.yaml --max-cost '5 USD'
  runner apply shots.yaml --only 'opening* | tag(night)' --concurrency 2
  runner apply film.plan.json --yes
  runner apply shots.yaml --locked                 # only what `shots.lock` says
  runner apply shots.yaml --report junit=junit.xml --report github
  runner apply shots.yaml --simulate --record recording && \
    runner apply shots.yaml --replay recording --stable
  runner apply shots.yaml --store s3://studio/films

A plan that `runner plan --save` kept is carried out exactly as it was shown, or
refused (exit code 22) when anything moved since.

The key is read from MINIMAX_API_KEY or a .env file; the host from
MINIMAX_BASE_URL, MINIMAX_API_HOST, or a backend in the manifest.")]
pub struct ApplyArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which results.
    #[command(flatten)]
    pub results: ResultsArgs,

    /// Refuse (exit code 22) whatever differs from the lock file beside the manifest,
    /// and say what: `runner lock` writes it.
    #[arg(long, conflicts_with = "force")]
    pub locked: bool,

    /// How fast, how long, how dear.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// The simulator's own settings.
    #[command(flatten)]
    pub simulator: SimulatorArgs,

    /// Where to look for videos before paying, and where new ones go.
    #[command(flatten)]
    pub store: StoreArgs,

    /// Go on without the shared store where it cannot be used or holds what cannot
    /// be read; what is in it may then be paid for once more.
    #[arg(long)]
    pub store_optional: bool,

    /// Answer every question with yes.
    #[arg(long, short)]
    pub yes: bool,

    /// Leave `report.html` out, the page beside the videos.
    #[arg(long)]
    pub no_gallery: bool,

    /// How progress is shown.
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto, value_name = "HOW")]
    pub progress: ProgressMode,

    /// Write the report in another form too, at the end of the run: junit=FILE,
    /// markdown=FILE or json=FILE; `github` annotates the job and adds to its
    /// summary. May be repeated.
    #[arg(long = "report", value_name = "FORM[=FILE]", value_parser = report::written)]
    pub reports: Vec<WrittenReport>,

    /// Say on stderr what goes over the wire: a line for each HTTP exchange,
    /// without keys, queries and bodies.
    #[arg(long, short)]
    pub verbose: bool,

    /// Leave out of `report.json` what differs between two equal runs: times, ids of
    /// runs, retries.
    #[arg(long)]
    pub stable: bool,

    /// Recording and replaying.
    #[command(flatten)]
    pub recording: RecordingArgs,
}

/// Flags over the manifest's `limits`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Tasks in flight.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,

    /// Tasks created in any minute by all runs with this key on this machine, or `unlimited`.
    #[arg(long, value_name = "N", value_parser = rate)]
    pub creates_per_minute: Option<Rate>,

    /// Questions about all tasks together in any minute, or `unlimited`.
    #[arg(long, value_name = "N", value_parser = rate)]
    pub polls_per_minute: Option<Rate>,

    /// The most that this run may spend, for example '5 USD'.
    #[arg(long, value_name = "AMOUNT")]
    pub max_cost: Option<Money>,

    /// Create shots of unknown price even under `--max-cost`.
    #[arg(long)]
    pub allow_unpriced: bool,

    /// How long a task may take before it is left for the next run, for example 30m.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub deadline: Option<Duration>,

    /// Time between two questions about one task, for example 10s.
    #[arg(long, value_name = "TIME", value_parser = poll_interval)]
    pub poll_interval: Option<Duration>,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// Bars on a terminal, plain lines elsewhere.
    Auto,
    /// Bars, where stderr is a terminal.
    #[value(alias = "tty")]
    Bars,
    /// A line for each change, and from 50 shots on only for what is final, with
    /// the sums every half a minute.
    #[value(alias = "lines")]
    Plain,
    /// A JSON object for each event, on stdout.
    Json,
    /// Nothing.
    #[value(alias = "quiet")]
    None,
}

/// `runner resolve`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples, after a look in the vendor's console:
  runner resolve shots.yaml opening --task 106916112212032   # it is there: collect it
  runner resolve shots.yaml opening --lost                   # it is not: create it again")]
pub struct ResolveArgs {
    /// The manifest.
    #[arg(value_name = "FILE")]
    pub manifest: PathBuf,

    /// The shot whose creation is uncertain.
    #[arg(value_name = "SHOT")]
    pub shot: String,

    /// The task that was created; the next `apply` collects it.
    #[arg(long, value_name = "ID", conflicts_with = "lost")]
    pub task: Option<String>,

    /// No video will come of it: no task was created, or the service has lost it;
    /// the next `apply` creates, and pays for, a new one.
    #[arg(long, required_unless_present = "task")]
    pub lost: bool,

    /// Which attempt, where the shot has several uncertain ones.
    #[arg(long, value_name = "ID")]
    pub attempt: Option<String>,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    if text == "unlimited" {
        return Ok(Rate::Unlimited);
    }
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(Rate::PerMinute(rate)),
        _ => Err("a number above 0, or `unlimited`".to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, humantime::DurationError> {
    Ok(humantime::parse_duration(text)?.min(Limits::LONGEST))
}

fn poll_interval(text: &str) -> Result<Duration, String> {
    let interval = time(text).map_err(|error| error.to_string())?;
    if interval < Limits::MIN_POLL_INTERVAL {
        return Err("at least 100ms".to_owned());
    }
    Ok(interval)
}
