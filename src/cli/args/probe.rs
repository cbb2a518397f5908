//! Arguments of `runner probe`.

use std::path::PathBuf;

use clap::Args;

/// `runner probe`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner probe out/*.mp4
  runner probe out/opening.mp4 --json | jq '.[0].video.frame_rate'
  runner probe out/*.mp4 --measure
  runner probe out/new.mp4 --like out/accepted.mp4

Without --measure or --like it reads the index of the file and its parameter sets,
never the pictures: a whole file can still be damaged inside. Ends with 0 if every file
is whole, with 101 if one is not, with 2 if one cannot be read.

Measured is what a viewer would see and hear: passages that are black or frozen, hard
cuts, where the camera goes, loudness after EBU R128. What the decoders of this program
do not know, an ffmpeg is asked for, if there is one.")]
pub struct ProbeArgs {
    /// The videos.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Decode pictures and sound too, and say what they show.
    #[arg(long)]
    pub measure: bool,

    /// Compare with this video, or with this picture as the first frame; implies --measure.
    #[arg(long, value_name = "FILE")]
    pub like: Option<PathBuf>,

    /// Print a JSON list with an object for each file.
    #[arg(long)]
    pub json: bool,
}
