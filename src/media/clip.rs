//! Clips of the simulator: a storyboard shot in, the bytes of an MP4 out.
//!
//! Owns the order of work: build the world (a given still or a generated scene), plan the camera, then per frame show
//! the view, fade to the last frame, write the caption, encode. The same request gives the same bytes.

use std::io::Cursor;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::caption::{Caption, Words};
use super::encode::{Encoding, Sample};
use super::fonts::Fonts;
use super::motion::{Move, Path};
use super::mux::{self, Measure};
use super::noise::hash;
use super::plane::Picture;
use super::sketch::{Sketch, world};
use super::stage::Stage;
use super::{photo, scene, still};

/// What a clip shall show.
#[derive(Debug, Clone, Copy)]
pub struct ClipRequest<'a> {
    /// Width in pixels, even, 16 to 3840.
    pub width: u32,
    /// Height in pixels, even, 16 to 3840; at most 2160 for the smaller of the two.
    pub height: u32,
    /// Length in milliseconds, 1 to 60 000.
    pub duration_ms: u32,
    /// Frames per second, 1 to 60.
    pub fps: u32,
    /// Chooses the generated scene.
    pub seed: u64,
    /// The caption's heading, usually the shot's id.
    pub title: &'a str,
    /// The caption's text.
    pub prompt: &'a str,
    /// Camera steps: in order, sharing the time equally; the moves inside a step act at once.
    pub moves: &'a [Vec<Move>],
    /// An encoded still that fills the frame instead of a generated scene.
    pub first_frame: Option<&'a [u8]>,
    /// An encoded still the last quarter fades to.
    pub last_frame: Option<&'a [u8]>,
}

/// Why a clip could not be made.
#[derive(Debug, Error)]
pub enum ClipError {
    /// A number of the request is outside of its bounds.
    #[error(
        "cannot make a clip of {width}x{height} pixels, {duration_ms} ms at {fps} frames per second"
    )]
    Bounds {
        /// Width in pixels as asked.
        width: u32,
        /// Height in pixels as asked.
        height: u32,
        /// Length in milliseconds as asked.
        duration_ms: u32,
        /// Frames per second as asked.
        fps: u32,
    },
    /// A given still cannot be decoded.
    #[error("cannot decode the still: {0}")]
    Still(String),
    /// The encoder refused a picture.
    #[error("cannot encode the clip: {0}")]
    Encode(String),
    /// The samples could not be written as MP4.
    #[error("cannot write the clip: {0}")]
    Mux(String),
}

/// The longer side of a tiny clip in pixels.
const TINY: u32 = 64;
/// Distinct pictures in a tiny clip.
const TINY_PICTURES: u64 = 4;

/// What can be wrong with a clip that is a whole video all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// It shows nothing.
    Black,
    /// It shows its first picture all the time.
    Frozen,
    /// Halfway, another scene follows at once.
    Cut,
    /// It has half the size.
    Small,
}

/// Makes the clip: faststart MP4, H.264, yuv420p in BT.709 limited range.
///
/// Takes seconds of one core; callers on an async runtime put it on a blocking thread.
pub fn render(request: &ClipRequest<'_>) -> Result<Vec<u8>, ClipError> {
    render_flawed(request, None)
}

/// The same, with something wrong with it.
pub fn render_flawed(request: &ClipRequest<'_>, flaw: Option<Flaw>) -> Result<Vec<u8>, ClipError> {
    let request = &shrunk(request, flaw);
    let frames = check(request)?;
    let (width, height) = (request.width as usize, request.height as usize);
    let sketch = sketch(request, frames)?;
    let other = match flaw {
        Some(Flaw::Cut) => Some(self::sketch(&elsewhere(request), frames)?),
        _ => None,
    };
    let words = Words {
        title: request.title,
        prompt: request.prompt,
        steps: request.moves,
        badge: "SIMULATED",
    };
    let mut caption = Caption::new(words, Fonts::embedded(), width, height);
    let mut encoding = Encoding::new(request.fps)?;
    let mut picture = Picture::new(width, height);
    let mut samples = Vec::with_capacity(frames as usize);
    for frame in 0..frames {
        let later = other.as_ref().filter(|_| frame * 2 >= frames);
        let sketch = later.unwrap_or(&sketch);
        let shown = if flaw == Some(Flaw::Frozen) { 0 } else { frame };
        if flaw != Some(Flaw::Black) {
            sketch.show(shown, &mut picture);
            caption.write(sketch.moment(shown, request.fps), &mut picture);
        }
        samples.push(encoding.add(&picture)?);
    }
    write(
        request,
        (request.width, request.height),
        &encoding,
        &samples,
    )
}

fn sketch(request: &ClipRequest<'_>, frames: u64) -> Result<Sketch, ClipError> {
    let (width, height) = (request.width as usize, request.height as usize);
    Ok(Sketch {
        stage: match request.first_frame {
            Some(bytes) => Stage::photograph(photo::cover(bytes, world(width), world(height))?),
            None => scene::paint(request.seed, world(width), world(height)),
        },
        path: Path::new(request.moves, frames, request.fps),
        last: request
            .last_frame
            .map(|bytes| photo::cover(bytes, width, height))
            .transpose()?,
        frames,
    })
}

/// A request of half the size, where that is the flaw.
fn shrunk<'a>(request: &ClipRequest<'a>, flaw: Option<Flaw>) -> ClipRequest<'a> {
    let side = |side: u32| match flaw {
        Some(Flaw::Small) => (side / 4 * 2).max(16),
        _ => side,
    };
    ClipRequest {
        width: side(request.width),
        height: side(request.height),
        ..*request
    }
}

/// A request for another scene.
fn elsewhere<'a>(request: &ClipRequest<'a>) -> ClipRequest<'a> {
    ClipRequest {
        seed: !request.seed,
        first_frame: None,
        ..*request
    }
}

/// What the scene of a seed is like: number of its colours, and of what stands in it. Clips that agree in both show
/// the same words made anew.
pub fn scenery(seed: u64) -> (usize, usize) {
    scene::look(seed)
}

/// The same clip for tests: as long and with as many frames, but 64 pixels wide or high, with four distinct pictures
/// and no caption. Takes about a millisecond.
///
/// Stills are not decoded, only their headers read; like title and prompt they choose the scene, so that requests
/// that differ give clips that differ.
pub fn render_tiny(request: &ClipRequest<'_>) -> Result<Vec<u8>, ClipError> {
    render_tiny_flawed(request, None)
}

/// The same, with something wrong with it.
pub fn render_tiny_flawed(
    request: &ClipRequest<'_>,
    flaw: Option<Flaw>,
) -> Result<Vec<u8>, ClipError> {
    let request = &shrunk(request, flaw);
    let frames = check(request)?;
    for bytes in [request.first_frame, request.last_frame]
        .into_iter()
        .flatten()
    {
        still::inspect(Cursor::new(bytes)).map_err(|error| ClipError::Still(error.to_string()))?;
    }
    let size = tiny_size(request.width, request.height, flaw);
    let (width, height) = (size.0 as usize, size.1 as usize);
    let paint = |seed: u64| scene::paint(seed, world(width), world(height));
    let seed = fingerprint(request);
    let (stage, other) = (paint(seed), paint(!seed));
    let distinct = TINY_PICTURES.min(frames);
    let path = Path::new(request.moves, distinct, request.fps);
    let mut encoding = Encoding::new(request.fps)?;
    let mut picture = Picture::new(width, height);
    let mut samples = Vec::with_capacity(frames as usize);
    for index in 0..distinct {
        let shown = if flaw == Some(Flaw::Frozen) { 0 } else { index };
        match flaw {
            Some(Flaw::Black) => {}
            Some(Flaw::Cut) if index * 2 >= distinct => other.show(&path.view(shown), &mut picture),
            _ => stage.show(&path.view(shown), &mut picture),
        }
        // Sync samples may be repeated as they are if neighbours differ in their idr_pic_id, and so pairs take turns.
        let mut pair = Vec::with_capacity(2);
        for _ in 0..2 {
            encoding.force_sync();
            pair.push(encoding.add(&picture)?);
        }
        let until = frames * (index + 1) / distinct;
        while (samples.len() as u64) < until {
            samples.push(pair[samples.len() % 2].clone());
        }
    }
    write(request, size, &encoding, &samples)
}

/// Refuses numbers out of bounds; answers the number of frames, at least 1.
fn check(request: &ClipRequest<'_>) -> Result<u64, ClipError> {
    let ClipRequest {
        width,
        height,
        duration_ms,
        fps,
        ..
    } = *request;
    let side = |side: u32| (16..=3840).contains(&side) && side.is_multiple_of(2);
    let sound = side(width)
        && side(height)
        && width.min(height) <= 2160
        && (1..=60_000).contains(&duration_ms)
        && (1..=60).contains(&fps);
    if !sound {
        return Err(ClipError::Bounds {
            width,
            height,
            duration_ms,
            fps,
        });
    }
    // Rounded up: the last frame may be shorter than the others, but never longer.
    Ok((u64::from(duration_ms) * u64::from(fps)).div_ceil(1000))
}

/// The size with the longer side at 64 pixels, or half of that, and the shorter even and at least 16.
fn tiny_size(width: u32, height: u32, flaw: Option<Flaw>) -> (u32, u32) {
    let longer = width.max(height);
    let tiny = if flaw == Some(Flaw::Small) {
        TINY / 2
    } else {
        TINY
    };
    let scaled = |side: u32| ((side * tiny / longer) & !1).max(16);
    (scaled(width), scaled(height))
}

/// A seed that depends on everything a viewer of the full clip could see.
fn fingerprint(request: &ClipRequest<'_>) -> u64 {
    let mut digest = Sha256::new();
    for part in [request.title.as_bytes(), request.prompt.as_bytes()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    for still in [request.first_frame, request.last_frame] {
        let bytes = still.unwrap_or_default();
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
    let digest = digest.finalize();
    let mixed = digest
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    hash(request.seed, mixed)
}

fn write(
    request: &ClipRequest<'_>,
    size: (u32, u32),
    encoding: &Encoding,
    samples: &[Sample],
) -> Result<Vec<u8>, ClipError> {
    let measure = Measure {
        size,
        fps: request.fps,
        duration_ms: request.duration_ms,
    };
    mux::write(measure, &encoding.parameters, samples)
}

#[cfg(test)]
mod tests;
