//! Frames out of videos: the public face of demuxing, decoding and colours.
//!
//! A place in a film goes in, the pixels that are shown there come out, the same on every machine. Decodes as little
//! as it takes: from the last key frame before a place, and of what lies between only what others refer to.
//!
//! H.264 and HEVC in MP4 are decoded here; for anything else a system ffmpeg is asked, where the caller names one.
//! Which of the two it was is recorded in every frame. Never looks for ffmpeg by itself, and never writes a file.

mod error;
mod picture;
mod pictures;
mod png;
mod sequential;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

pub use self::error::FrameError;
pub use self::picture::{Chroma, YuvPicture};
pub use self::pictures::Pictures;
pub use self::png::encode_png;
pub(crate) use self::source::Source;
use super::ffmpeg;
use crate::id::hex;
use crate::shot::FrameAt;

/// One frame as it is shown: cropped, turned, in red, green and blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Three bytes a pixel, row by row from the top left, without gaps.
    pub rgb: Vec<u8>,
    /// When it is shown, from the beginning of the film.
    pub time: Duration,
    /// What decoded it.
    pub decoder: Decoder,
}

/// What decoded a frame. The pixels of the two can differ by a little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoder {
    /// The decoders in this program.
    BuiltIn,
    /// A program on this machine.
    Ffmpeg {
        /// What it says about itself.
        version: String,
    },
}

impl fmt::Display for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::Ffmpeg { version } => write!(f, "ffmpeg {version}"),
        }
    }
}

/// Programs that may be asked for help.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tools<'a> {
    /// Where ffmpeg is, for what the built-in decoders do not know.
    pub ffmpeg: Option<&'a Path>,
}

/// The most frames that are taken at once, which all are kept in memory.
pub const MAX_FRAMES: usize = 1_000;

impl Frame {
    /// The SHA-256 of the pixels with their format, in hexadecimal. Depends on nothing but the pixels, so that what
    /// was made from a frame can be recognised; the text it begins with changes if the pixels of a film ever do.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("runner/frame/1\n{}x{}\n", self.width, self.height));
        hash.update(&self.rgb);
        hex(&hash.finalize())
    }
}

/// The same of a picture in a file, such as a frame that was kept as PNG; `None` for
/// what is no picture.
pub fn digest_of_picture(bytes: &[u8]) -> Option<String> {
    let picture = image::load_from_memory(bytes).ok()?.to_rgb8();
    let (width, height) = picture.dimensions();
    let frame = Frame {
        width,
        height,
        rgb: picture.into_raw(),
        time: Duration::ZERO,
        decoder: Decoder::BuiltIn,
    };
    Some(frame.digest())
}

/// Frames at these places, in the order asked, in one pass where possible.
///
/// The first and the last are those of the film as it is shown, in display order and within its edit list. The middle
/// is what is shown at half its length. A time is answered with the frame that is shown then: the last one that
/// begins at that time or before it; before the first one begins, the first one. The very end of the film counts as
/// its last frame, since a film of six seconds is said to end at 6s; a later time is an error.
pub fn take(path: &Path, at: &[FrameAt], tools: &Tools<'_>) -> Result<Vec<Frame>, FrameError> {
    let mut source = Source::open(open(path)?)?;
    let places = at
        .iter()
        .map(|at| source.place(*at))
        .collect::<Result<Vec<_>, _>>()?;
    with_help(path, &mut source, &places, tools)
}

/// So many frames spread evenly: what is shown in the middles of as many equal parts of the film.
pub fn spread(path: &Path, count: usize, tools: &Tools<'_>) -> Result<Vec<Frame>, FrameError> {
    let mut source = Source::open(open(path)?)?;
    let places = source.spread(count.min(MAX_FRAMES))?;
    with_help(path, &mut source, &places, tools)
}

/// As [`take`], from any reader and without help.
pub fn take_from(reader: impl Read + Seek, at: &[FrameAt]) -> Result<Vec<Frame>, FrameError> {
    let mut source = Source::open(reader)?;
    let places = at
        .iter()
        .map(|at| source.place(*at))
        .collect::<Result<Vec<_>, _>>()?;
    built_in(&mut source, &places)
}

fn open(path: &Path) -> Result<File, FrameError> {
    File::open(path).map_err(FrameError::io)
}

fn with_help(
    path: &Path,
    source: &mut Source<File>,
    places: &[usize],
    tools: &Tools<'_>,
) -> Result<Vec<Frame>, FrameError> {
    match (built_in(source, places), tools.ffmpeg) {
        (Err(FrameError::Unsupported { .. }), Some(program)) => {
            ffmpeg::take(program, path, source, places)
        }
        (frames, _) => frames,
    }
}

/// The frames at places in display order; places may repeat and come in any order.
fn built_in<R: Read + Seek>(
    source: &mut Source<R>,
    places: &[usize],
) -> Result<Vec<Frame>, FrameError> {
    if places.len() > MAX_FRAMES {
        return Err(FrameError::TooMany { most: MAX_FRAMES });
    }
    let turn = source.film.turn;
    let mut found = BTreeMap::new();
    source.decode(places, &mut |sample, picture| {
        found.insert(sample, picture.turned(turn)?);
        Ok(())
    })?;
    places
        .iter()
        .map(|place| {
            let shown = source.film.shown[*place];
            let (width, height, rgb) = found
                .get(&(shown.sample as usize))
                .cloned()
                .ok_or_else(|| source.damaged(*place, "it holds no picture"))?;
            Ok(Frame {
                width,
                height,
                rgb,
                time: source.time(*place),
                decoder: Decoder::BuiltIn,
            })
        })
        .collect()
}
