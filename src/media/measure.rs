//! What a video is, measured: black, frozen and cut passages, loudness, and what it looks like.
//!
//! Owns what is looked at and the numbers that come out: whole ones, or rounded until every machine says the same,
//! so that they can be kept beside the digest of the video and never be taken again. Pictures are decoded one by one
//! and reduced at once, so that memory does not grow with a film. Knows nothing of manifests, and judges nothing;
//! that a film is to have no black passage somebody else has to say.
//!
//! The decoders are those of `frames`. Where they do not know a coding, a system ffmpeg is asked if the caller names
//! one, and `decoder` says so; else `undecoded` says why there is no picture.

mod camera;
mod cuts;
mod glance;
mod likeness;
mod look;
mod reduce;
mod sound;
mod still;

use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::camera::Moved;
pub use self::glance::{GLANCES, Glance, glance_of_image};
pub use self::likeness::{Band, Bounds, Likeness, likeness};
use super::frames::Tools;
use super::inspect;
use super::probe::{self, ProbeError};

/// Goes up whenever the same video would be measured differently. What was kept under another number is not to be
/// used.
pub const MEASURE_VERSION: u32 = 1;

/// Which measures are taken; those that need no decoding always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Size, length, frame rate, codecs: what the index says. Takes no time.
    Properties,
    /// The pictures too.
    Picture,
    /// The sound too.
    Sound,
    /// Pictures and sound.
    All,
}

impl What {
    /// Whether pictures are looked at.
    pub fn has_picture(self) -> bool {
        matches!(self, Self::Picture | Self::All)
    }

    /// Whether sound is listened to.
    pub fn has_sound(self) -> bool {
        matches!(self, Self::Sound | Self::All)
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let picture = self.has_picture() || other.has_picture();
        let sound = self.has_sound() || other.has_sound();
        match (picture, sound) {
            (false, false) => Self::Properties,
            (true, false) => Self::Picture,
            (false, true) => Self::Sound,
            (true, true) => Self::All,
        }
    }
}

/// What was measured of a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Width in pixels, as stored.
    pub width: u32,
    /// Height in pixels, as stored.
    pub height: u32,
    /// Length in milliseconds, rounded.
    pub duration_ms: u64,
    /// Number of coded pictures.
    pub frames: u64,
    /// Frames per second, to a thousandth; the mean if they come irregularly.
    pub fps: f64,
    /// The video codec after RFC 6381, for example `avc1.64001F`.
    pub codec: String,
    /// The first sound track, if there is one.
    pub audio: Option<Sound>,
    /// What the pictures show; `None` if nobody asked, or if they cannot be decoded.
    pub picture: Option<Picture>,
    /// Why pictures that were asked for could not be decoded.
    pub undecoded: Option<String>,
    /// What decoded the pictures: `built-in`, or ffmpeg with its version.
    pub decoder: Option<String>,
}

/// A sound track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// The codec after RFC 6381, for example `mp4a.40.2`.
    pub codec: String,
    /// Number of channels.
    pub channels: u32,
    /// Samples of sound in a second.
    pub sample_rate: u32,
    /// Integrated loudness after EBU R128 in LUFS, to a tenth.
    pub loudness_lufs: Option<f64>,
    /// The loudest sample in decibels below full scale, to a tenth; 0 is full scale.
    pub peak_dbfs: Option<f64>,
    /// Why there is no loudness; `None` if there is one, or nobody asked.
    pub unheard: Option<Unheard>,
    /// What decoded the sound: `built-in`, or ffmpeg with its version.
    pub decoder: Option<String>,
}

/// Why a sound track has no loudness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unheard {
    /// Nothing in it is louder than -70 LUFS, where EBU R128 begins to count.
    Silence,
    /// It is shorter than the 400 ms that EBU R128 measures at least.
    TooShort,
    /// It cannot be decoded: why.
    Undecoded(String),
}

/// What the pictures of a video show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Passages that are black: at least 98 % of the pixels are no brighter than a tenth, for at least 100 ms.
    pub black: Vec<Span>,
    /// Passages in which nothing moves, for at least 500 ms.
    pub frozen: Vec<Span>,
    /// Where another picture follows at once, in milliseconds; fades, pans and flashes are none.
    pub cuts: Vec<u64>,
    /// A few frames over the whole length, the first and the last among them.
    pub glances: Vec<Glance>,
}

/// A passage of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When its first frame is shown.
    pub from_ms: u64,
    /// When the first frame behind it is shown, or the film ends.
    pub to_ms: u64,
}

impl Span {
    /// How long it is.
    pub fn length_ms(&self) -> u64 {
        self.to_ms.saturating_sub(self.from_ms)
    }

    /// The longest of some, 0 of none.
    pub fn longest_ms(spans: &[Self]) -> u64 {
        spans.iter().map(Self::length_ms).max().unwrap_or(0)
    }
}

impl Measures {
    /// Whether nothing is missing that was asked for; what could not be measured is not missing.
    pub fn covers(&self, what: What) -> bool {
        let picture = self.picture.is_some() || self.undecoded.is_some();
        let heard = |sound: &Sound| sound.loudness_lufs.is_some() || sound.unheard.is_some();
        (picture || !what.has_picture())
            && (self.audio.as_ref().is_none_or(heard) || !what.has_sound())
    }
}

/// Why a file has no measures. Which file it was, the caller knows.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// It is no video, or not all of it is there.
    #[error(transparent)]
    Incomplete(#[from] ProbeError),
}

/// Measures a video. What needs decoders that are not there is left out and said; only a file that is no whole video
/// is an error. Takes up to a second; callers on an async runtime put it on a blocking thread.
pub fn measure(path: &Path, what: What, tools: &Tools<'_>) -> Result<Measures, MeasureError> {
    let mut file = File::open(path).map_err(|source| ProbeError::Io { source })?;
    let mut measures = properties(&mut file)?;
    if what.has_picture() {
        match look::look(path, tools) {
            Ok((picture, decoder)) => {
                measures.picture = Some(picture);
                measures.decoder = Some(decoder.to_string());
            }
            Err(error) => measures.undecoded = Some(error.to_string()),
        }
    }
    if what.has_sound()
        && let Some(sound) = &mut measures.audio
    {
        sound::listen(path, sound, tools);
    }
    Ok(measures)
}

/// What the index says.
fn properties(file: &mut File) -> Result<Measures, ProbeError> {
    let info = probe::probe(&mut *file)?;
    let sound = inspect::inspect(&mut *file)?.sound;
    Ok(Measures {
        width: info.width,
        height: info.height,
        duration_ms: info.duration_ms,
        frames: info.frames,
        fps: (info.fps * 1000.0).round() / 1000.0,
        codec: info.codec,
        audio: sound.filter(|_| info.has_audio).map(|sound| Sound {
            codec: sound.codec,
            channels: sound.channels,
            sample_rate: sound.rate_hz,
            loudness_lufs: None,
            peak_dbfs: None,
            unheard: None,
            decoder: None,
        }),
        picture: None,
        undecoded: None,
        decoder: None,
    })
}

#[cfg(test)]
mod tests;
