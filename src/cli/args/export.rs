//! `runner export`, as it was typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ManifestArgs;

/// `runner export`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner export shots.yaml                                   # out/shots.otio, for Kdenlive and others
  runner export shots.yaml --paths absolute                  # for DaVinci Resolve
  runner export shots.yaml --format edl --out film.edl
  runner export shots.yaml --out - | jq '.tracks.children[0].children[].name'

Shots stand in storyboard order; what is not there is a gap of its planned length,
with the reason. In OTIO every other take is an alternate media reference. What an
editor changed comes back with `runner retime`.")]
pub struct ExportArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which format; without it, by the ending of `--out`, else otio.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// The file to write, `-` for stdout; by default beside the videos, named after the manifest.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// The folder of the videos, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub videos: Option<PathBuf>,

    /// How OTIO names the videos.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = PathStyle::Relative)]
    pub paths: PathStyle,

    /// Count drop-frame timecode; for 29.97 and 59.94 frames a second.
    #[arg(long)]
    pub drop_frame: bool,

    /// Replace a file that this program did not write, or that was changed since.
    #[arg(long)]
    pub overwrite: bool,
}

/// A format of timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `OpenTimelineIO`, with all takes, prompts and reasons.
    Otio,
    /// CMX3600 edit decision list.
    Edl,
    /// Final Cut Pro 7 XML, for Premiere and others.
    Fcp7,
}

/// How a timeline names its media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PathStyle {
    /// A relative URL from the timeline, so that the folder can be moved.
    Relative,
    /// The bare path from the root, as `DaVinci` Resolve wants it.
    Absolute,
    /// A `file://` URL.
    Url,
}
