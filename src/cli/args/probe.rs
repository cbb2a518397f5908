//! Arguments of `runner probe`.

use std::path::PathBuf;

use clap::Args;

/// `runner probe`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner probe out/*.mp4
  runner probe out/opening.mp4 --json | jq '.[0].video.frame_rate'

Reads the index of the file and its parameter sets, never the pictures: a whole file
can still be damaged inside. Ends with 0 if every file is whole, with 101 if one is
not, with 2 if one cannot be read.")]
pub struct ProbeArgs {
    /// The videos.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Print a JSON list with an object for each file.
    #[arg(long)]
    pub json: bool,
}
