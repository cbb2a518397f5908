//! `runner report`, `runner runs`, and the forms of reports elsewhere.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::Form;

/// Whose runs, in which output folder.
#[derive(Debug, Args)]
pub struct WhoseArgs {
    /// The manifest, or its output folder.
    #[arg(value_name = "FILE")]
    pub of: PathBuf,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Simulated runs, whose output folder is another one.
    #[arg(long, conflicts_with = "backend")]
    pub simulate: bool,

    /// Runs with this backend instead of the manifest's.
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
}

/// `runner report`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner report shots.yaml                                     # the latest run, in words
  runner report shots.yaml --run previous --format junit -o junit.xml
  runner report shots.yaml --run 20260901T0800 --format json   # as `runner runs` names it
  runner report out/report.json --format markdown              # a report on disk

A run that was killed is told as far as it came.")]
pub struct ReportArgs {
    /// Whose runs; a report.json is told by itself.
    #[command(flatten)]
    pub whose: WhoseArgs,

    /// Which run: `latest`, `previous`, or the beginning or the end of its id.
    #[arg(long, value_name = "RUN", default_value = "latest")]
    pub run: String,

    /// In which form.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text, value_name = "FORMAT")]
    pub format: ReportFormat,

    /// Leave out of JSON what differs between two equal runs: times, ids of runs,
    /// retries.
    #[arg(long)]
    pub stable: bool,

    /// Write to this file instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What `runner report` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// The closing words of the run.
    Text,
    /// As in `report.json`.
    Json,
    /// The events, as `--progress json` prints them.
    Jsonl,
    /// `JUnit`, for CI services: a test case for each shot.
    Junit,
    /// Markdown, for pull requests and job summaries.
    Markdown,
    /// Annotations for a job on GitHub.
    Github,
    /// The gallery; its videos are looked for in the output folder.
    Html,
}

/// `runner runs`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  runner runs shots.yaml

What happened in a run is kept for the last hundred of an output folder; of older
ones, only the name is.")]
pub struct RunsArgs {
    /// Whose runs.
    #[command(flatten)]
    pub whose: WhoseArgs,

    /// The most runs that are listed, the latest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// One `--report` of `runner apply`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenReport {
    /// A form and its file.
    File(Form, PathBuf),
    /// Annotations, and the page in the job's summary.
    Github,
}

pub(super) fn written(text: &str) -> Result<WrittenReport, String> {
    let (form, file) = match text.split_once('=') {
        Some((form, file)) => (form, file),
        None => (text, ""),
    };
    let form = match form {
        "github" if file.is_empty() => return Ok(WrittenReport::Github),
        "github" => return Err("`github` takes no file".to_owned()),
        "json" => Form::Json,
        "junit" => Form::Junit,
        "markdown" => Form::Markdown,
        _ => return Err("write it as junit=FILE, markdown=FILE, json=FILE or github".to_owned()),
    };
    if file.is_empty() {
        return Err(format!("say where: {text}=FILE"));
    }
    Ok(WrittenReport::File(form, PathBuf::from(file)))
}
