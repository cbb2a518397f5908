//! Arguments of `runner diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::diff::Group;

/// `runner diff`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner diff shots.yaml                                 # the latest run and the one before
  runner diff shots.yaml --run 20260901T0800 --run latest --simulate
  runner diff main/out out                               # output folders, by their report.json
  runner diff out@previous out@latest                    # runs of an output folder
  runner diff before.json after.json --format markdown   # for a comment on a pull request
  runner diff main/out out --format html -o diff.html    # both videos side by side, in step
  runner diff old.plan.json new.plan.json --ignore price

Exit codes of this command: 0 nothing differs, 1 something differs, 2 it could not be
compared. Times, names of runs and tasks, retries and versions of the program are told
and never count.")]
pub struct DiffArgs {
    /// Two of: a report.json, an output folder, a plan that was kept or printed as JSON,
    /// a lock; or a manifest or an output folder, with a run as FILE@RUN. One manifest or folder:
    /// two of its runs.
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub of: Vec<PathBuf>,

    /// With one FILE, which of its runs: `latest`, `previous`, or the beginning or the
    /// end of an id; said once it is compared with the latest.
    #[arg(long, value_name = "RUN")]
    pub run: Vec<String>,

    /// Simulated runs, whose output folder is another one.
    #[arg(long, conflicts_with = "backend")]
    pub simulate: bool,

    /// Runs with this backend instead of the manifest's.
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,

    /// What does not count: for example `bytes`, because the same request never makes
    /// the same video twice; may be repeated.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub ignore: Vec<Ignored>,

    /// In which form.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text, value_name = "FORMAT")]
    pub format: DiffFormat,

    /// List every shot that differs, however many there are.
    #[arg(long)]
    pub all: bool,

    /// Write to this file instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What `runner diff` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    Text,
    /// For programs; `runner schema diff` describes it.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// A page on which both videos play in step; they are looked for where they are.
    Html,
}

/// What can be ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ignored {
    /// Words of prompts.
    Prompt,
    /// What else is asked for.
    Settings,
    /// Pixels of frames out of other shots' videos.
    Frames,
    /// The order of the film.
    Order,
    /// Scenes and tags.
    Labels,
    /// What was decided: created, reused.
    Decision,
    /// How shots ended.
    Outcome,
    /// Prices.
    Price,
    /// Verdicts of checks.
    Checks,
    /// Size, length, frame rate and codec.
    Video,
    /// Videos byte for byte.
    Bytes,
    /// Names of files.
    File,
}

impl From<Ignored> for Group {
    fn from(ignored: Ignored) -> Self {
        match ignored {
            Ignored::Prompt => Self::Prompt,
            Ignored::Settings => Self::Settings,
            Ignored::Frames => Self::Frames,
            Ignored::Order => Self::Order,
            Ignored::Labels => Self::Labels,
            Ignored::Decision => Self::Decision,
            Ignored::Outcome => Self::Outcome,
            Ignored::Price => Self::Price,
            Ignored::Checks => Self::Checks,
            Ignored::Video => Self::Video,
            Ignored::Bytes => Self::Bytes,
            Ignored::File => Self::File,
        }
    }
}
