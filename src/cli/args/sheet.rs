//! `runner sheet` as it was typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ManifestArgs;
use crate::shot::FrameAt;

/// `runner sheet`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner sheet shots.yaml                                   # out/shots.sheet.png
  runner sheet shots.yaml --frames 3 --out film.jpg         # first, middle, last of every shot
  runner sheet shots.yaml --format pdf --paper letter       # with whole prompts, to be printed
  runner sheet shots.yaml --posters posters --json          # stills and placeholders for a gallery

A contact sheet of many shots becomes several pictures, NAME-1.png and so on. WebP
is written without loss. Shots without a video are empty cards that say why. With
--posters or --json alone no sheet is drawn; --out or --format asks for one.")]
pub struct SheetArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which format; without it by the ending of `--out`, else png.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<SheetFormat>,

    /// The file to write, instead of `NAME.sheet.png` beside the videos.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// The folder of the videos, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub videos: Option<PathBuf>,

    /// What stands above it, instead of the manifest's name.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Shots side by side on a picture; without it as many as look well.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=12))]
    pub columns: Option<u8>,

    /// Frames of each shot, evenly spaced: 1 is the middle one, 3 are first, middle
    /// and last. Without it 1 on pictures and 3 in a PDF.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=24))]
    pub frames: Option<u8>,

    /// The paper of a PDF.
    #[arg(long, value_enum, default_value_t = PaperSize::A4, value_name = "SIZE")]
    pub paper: PaperSize,

    /// Write a still of each shot into this folder, as ID.jpg.
    #[arg(long, value_name = "DIR")]
    pub posters: Option<PathBuf>,

    /// Which frame a poster shows: `first`, `middle`, `last` or a time such as 2.5s;
    /// a shot that ends earlier shows its last.
    #[arg(long, default_value = "middle", value_name = "FRAME", value_parser = frame_at)]
    pub poster_at: FrameAt,

    /// The width of posters in pixels; none is larger than its video.
    #[arg(long, value_name = "N", default_value_t = 640, value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub width: u32,

    /// Print JSON: per shot the video, its poster, a `BlurHash` and the mean colour.
    #[arg(long)]
    pub json: bool,
}

/// What a sheet is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SheetFormat {
    /// A picture without loss.
    Png,
    /// A small picture.
    #[value(alias = "jpg")]
    Jpeg,
    /// A picture without loss, smaller than PNG.
    Webp,
    /// Pages to be printed, with whole prompts as text.
    Pdf,
}

/// Sizes of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PaperSize {
    /// 210 by 297 mm.
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

fn frame_at(text: &str) -> Result<FrameAt, String> {
    match text {
        "first" => Ok(FrameAt::First),
        "middle" => Ok(FrameAt::Middle),
        "last" => Ok(FrameAt::Last),
        time => seconds(time)
            .or_else(|| humantime::parse_duration(time).ok())
            .map(FrameAt::Time)
            .ok_or_else(|| "`first`, `middle`, `last`, or a time such as 2.5s".to_owned()),
    }
}

/// `2.5s`, which humantime does not read.
fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_video() {
        assert_eq!(frame_at("last"), Ok(FrameAt::Last));
        let time = |ms| Ok(FrameAt::Time(Duration::from_millis(ms)));
        assert_eq!(frame_at("2.5s"), time(2500));
        assert_eq!(frame_at("0s"), time(0));
        assert_eq!(frame_at("250ms"), time(250));
        assert_eq!(frame_at("1m"), time(60_000));
        for wrong in ["", "s", "-1s", "inf s", "NaNs", "1e99s", "end", "infs"] {
            assert!(frame_at(wrong).is_err(), "{wrong}");
        }
    }
}
