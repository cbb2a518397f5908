//! `runner retime`, as it was typed.

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// `runner retime`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner export shots.yaml --out film.otio                 # into an editing program …
  runner retime shots.yaml --from edited.otio              # … and what it means for the manifest
  runner retime shots.yaml --from edited.otio --json | jq '.unused'

For each shot: how much of its video is used, and the shortest length that its model
makes and that covers it. Prints the lines to change; the manifest is never edited.")]
pub struct RetimeArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// The timeline that came back from the editing program (OTIO).
    #[arg(long, value_name = "PATH")]
    pub from: PathBuf,

    /// The folder of the videos, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub videos: Option<PathBuf>,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
