//! `runner cut`, as it was typed.

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// `runner cut`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner cut shots.yaml                                # out/shots.cut.mp4
  runner cut shots.yaml --out rough.mp4 --only 'act1*'
  runner cut shots.yaml --strict                       # only if all of it is there

The takes that count, in storyboard order, copied without loss where size and codec
agree; what differs is encoded again, and said. `runner takes --select` chooses another
take.")]
pub struct CutArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// The file to write; by default beside the videos, named after the manifest.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// The folder of the videos, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub videos: Option<PathBuf>,

    /// Refuse a film with shots missing, encoded again, or without the sound they have.
    #[arg(long)]
    pub strict: bool,

    /// Replace a file that this program did not write, or that was changed since.
    #[arg(long)]
    pub overwrite: bool,
}
