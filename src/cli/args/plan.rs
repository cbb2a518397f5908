//! `runner plan`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ManifestArgs, ResultsArgs};

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
