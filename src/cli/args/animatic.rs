//! `runner animatic` as it was typed.

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// `runner animatic`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner animatic shots.yaml                              # out/shots.animatic.mp4
  runner animatic shots.yaml --out film.mp4 --resolution 1080P
  runner animatic shots.yaml --only 's02*' --no-finished  # one scene, all sketches
  runner animatic shots.yaml --font NotoSansArabic.ttf    # for what the built-in font lacks

Finished videos of earlier runs are shown as they are, with a small label; what
is not made yet is sketched: its first frame or a generated scene under the camera
commands, with id, number, time and prompt. A card with its name stands before
each scene: those under `scenes`, or else those of ids that all follow one naming,
SCENE.SHOT or S01-SHOT.")]
pub struct AnimaticArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// The film, instead of `NAME.animatic.mp4` in the output folder. Only a
    /// film that this command made is ever replaced.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Its size: a resolution such as 768P, or pixels as in 1280x720, both even.
    #[arg(long, value_name = "SIZE", default_value = "768P")]
    pub resolution: String,

    /// Its frames per second.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(6..=60))]
    pub fps: u32,

    /// A TrueType or OpenType font for characters that the built-in one lacks;
    /// may be repeated.
    #[arg(long, value_name = "FILE")]
    pub font: Vec<PathBuf>,

    /// Sketch every shot, also those whose video is there.
    #[arg(long)]
    pub no_finished: bool,

    /// Where finished videos are, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR", conflicts_with = "no_finished")]
    pub videos: Option<PathBuf>,

    /// Nothing but shots: the film is exactly as long as they are together.
    #[arg(long)]
    pub no_cards: bool,

    /// Print JSON: when each shot begins, how long it is, and what is seen of it.
    #[arg(long)]
    pub json: bool,
}
