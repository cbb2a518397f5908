//! Arguments of `runner takes`.

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// `runner takes`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner takes shots.yaml                                       # every take of every shot
  runner takes shots.yaml --only opening --select 1f0c9a3b      # the one that counts

A chosen take counts until another one is made for the same request; the others
are kept.")]
pub struct TakesArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// The take that counts from now on: the first digits of its SHA-256.
    #[arg(long, value_name = "DIGITS")]
    pub select: Option<String>,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
