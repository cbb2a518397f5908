//! `runner apply`

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::report::{self, WrittenReport};
use super::{ManifestArgs, RecordingArgs, ResultsArgs, SimulatorArgs, StoreArgs};
use crate::event::{RunNameError, run_name};
use crate::id::RunId;
use crate::manifest::model::{Limits, Rate};
use crate::money::Money;

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
  runner apply shots.yaml --shard 2/4 --run-id 4711 --out shard-2
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

    /// The name of the run, which all its shards share, for example the number of
    /// the CI pipeline.
    #[arg(long, value_name = "ID", value_parser = named_run)]
    pub run_id: Option<RunId>,

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

fn named_run(text: &str) -> Result<RunId, RunNameError> {
    run_name(text)
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
