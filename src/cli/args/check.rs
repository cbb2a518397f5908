//! `runner check`

use clap::{Args, ValueEnum};

use super::ManifestArgs;

/// `runner check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner check shots.yaml --var city=Chongqing
  runner check shots.yaml --format github    # in a job on GitHub: marks the lines")]
pub struct CheckArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// How mistakes are printed.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text, value_name = "FORMAT")]
    pub format: CheckFormat,

    /// Short for `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// How `runner check` prints mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the lines that they are in.
    Text,
    /// JSON.
    Json,
    /// Annotations for a job on GitHub.
    Github,
}
