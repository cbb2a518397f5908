//! Arguments of `runner frames`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::shot::FrameAt;

/// `runner frames`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner frames out/opening.mp4                     # the first, the middle, the last
  runner frames out/opening.mp4 --at last --at 2.5s --out stills
  runner frames out/opening.mp4 --count 12 --json | jq -r '.[].file'

Writes VIDEO-first.png, VIDEO-2.5s.png, VIDEO-03of12.png and so on. A file of that
name with other content stays as it is, and nothing is written, unless --overwrite
is there. The last frame is the last one that is shown; a time is answered with
what is shown then, and the very end with the last frame.

H.264 and HEVC are decoded by this program. For anything else it asks the ffmpeg
that RUNNER_FFMPEG names or PATH finds (RUNNER_FFMPEG=none: never), and says so.")]
pub struct FramesArgs {
    /// The video.
    #[arg(value_name = "VIDEO")]
    pub video: PathBuf,

    /// Which frame: first, middle, last, or a time like 2.5s; may be repeated.
    #[arg(long, value_name = "PLACE", value_parser = place)]
    pub at: Vec<FrameAt>,

    /// So many frames, spread evenly.
    #[arg(long, value_name = "N", conflicts_with = "at", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub count: Option<u16>,

    /// The folder for the pictures, instead of the video's.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Replace files of the same names.
    #[arg(long)]
    pub overwrite: bool,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

fn place(text: &str) -> Result<FrameAt, String> {
    match text {
        "first" => Ok(FrameAt::First),
        "middle" => Ok(FrameAt::Middle),
        "last" => Ok(FrameAt::Last),
        time => parse_time(time)
            .map(FrameAt::Time)
            .ok_or_else(|| "first, middle, last, or a time like 2.5s".to_owned()),
    }
}

/// A time as people write it, also with a fraction of a second.
fn parse_time(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s').filter(|number| {
        number.contains('.')
            && number
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    match number {
        Some(number) => Duration::try_from_secs_f64(number.parse().ok()?).ok(),
        None => humantime::parse_duration(text).ok(),
    }
}
