//! The command line as it was typed, nothing more.
//!
//! Owns names, help and examples of every flag. Reads nothing and decides nothing.

mod animatic;
mod apply;
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
mod merge;
mod plan;
mod probe;
mod recording;
mod report;
mod resolve;
mod retime;
mod schema;
mod share;
mod sheet;
mod simulate;
mod status;
mod takes;
mod watch;

use std::path::PathBuf;

use clap::{Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub(super) use self::animatic::AnimaticArgs;
pub(super) use self::apply::{ApplyArgs, LimitArgs, ProgressMode};
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
pub(super) use self::merge::MergeArgs;
pub(super) use self::plan::{PlanArgs, PlanFormat};
pub(super) use self::probe::ProbeArgs;
pub(super) use self::recording::RecordingArgs;
pub(super) use self::report::{ReportArgs, ReportFormat, RunsArgs, WhoseArgs, WrittenReport};
pub(super) use self::resolve::ResolveArgs;
pub(super) use self::retime::RetimeArgs;
pub(super) use self::schema::{SchemaArgs, SchemaOf};
pub(super) use self::share::{PullArgs, PushArgs, StoreArgs};
pub(super) use self::sheet::{PaperSize, SheetArgs, SheetFormat};
pub(super) use self::simulate::{ClipSize, SimulateArgs, SimulatorArgs};
pub(super) use self::status::StatusArgs;
pub(super) use self::takes::TakesArgs;
pub(super) use self::watch::WatchArgs;
use crate::event::Shard;
use crate::lang::Language;

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
100 some shots failed, 101 only checks of videos failed,
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
    /// Bring output folders together to one: videos, what was paid, the report.
    Merge(MergeArgs),
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

    /// Only the shots of this part, of all that are selected: `2/4` is the second of
    /// four. What a shot asks for says where it belongs; see README, Shards.
    #[arg(long, value_name = "INDEX/COUNT")]
    pub shard: Option<Shard>,

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

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
