//! `runner status` as it was typed.

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// `runner status`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples, also in another terminal while `apply` runs:
  runner status shots.yaml
  runner status shots.yaml --watch
  runner status shots.yaml --watch --json | jq -c '.counts'

It only looks: the run is never disturbed. `--simulate` looks at simulated runs.")]
pub struct StatusArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Look again every second until the run ends.
    #[arg(long)]
    pub watch: bool,

    /// Print JSON; with `--watch` an object on a line whenever something changed.
    #[arg(long)]
    pub json: bool,
}
