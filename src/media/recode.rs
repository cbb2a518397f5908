//! A video's pictures encoded again, at another size.
//!
//! Owns fitting pictures into a frame, and their times; decoding is that of `frames`, encoding that of `encode`. One
//! picture is in memory at a time, and the samples go to a writer. Sound is not touched.

use std::io::{self, Write};
use std::path::Path;

use mp4_atom::{Avc1, Avcc, Colr, Encode, FourCC, Visual};
use thiserror::Error;

use super::clip::ClipError;
use super::demux::{Sample, Track};
use super::encode::Encoding;
use super::frames::{Chroma, FrameError, Pictures, YuvPicture};
use super::motion::Window;
use super::plane::{Picture, Plane, Sampler};

/// Why a video cannot be encoded again.
#[derive(Debug, Error)]
pub enum RecodeError {
    /// Its pictures cannot be decoded.
    #[error("its pictures cannot be decoded")]
    Decode(#[source] FrameError),
    /// The encoder refused.
    #[error("its pictures cannot be encoded")]
    Encode(#[source] ClipError),
    /// The size is not one that can be encoded.
    #[error("pictures of {width}x{height} cannot be encoded; sizes have to be even")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// It has no picture.
    #[error("it has no picture")]
    Empty,
    /// What was encoded could not be kept.
    #[error("what was encoded cannot be kept")]
    Write(#[source] io::Error),
}

/// The middle and the whole, in 16.16 shares.
const WHOLE: Window = Window {
    center_x: 1 << 15,
    center_y: 1 << 15,
    size: 1 << 16,
};
/// ITU-T H.273: BT.709, and nothing said.
const BT709: u8 = 1;
const UNSAID: u8 = 2;
/// Pictures of this height are taken for BT.709 where nothing is said.
const HIGH_DEFINITION: u32 = 720;
/// Length of a box header.
const HEADER: usize = 8;

/// Encodes every picture of a video as H.264 of the given size, letterboxed, at the times that it had, on a clock of
/// `timescale` ticks a second.
pub(super) fn recode(
    path: &Path,
    (width, height): (u32, u32),
    (timescale, matrix): (u32, Vec<u8>),
    out: &mut impl Write,
) -> Result<Track, RecodeError> {
    let is_possible = |side: u32| side >= 16 && side.is_multiple_of(2) && side <= 8192;
    if !is_possible(width) || !is_possible(height) {
        return Err(RecodeError::Size { width, height });
    }
    let pictures = Pictures::open(path).map_err(RecodeError::Decode)?;
    let (total, length) = (pictures.total(), pictures.length());
    let fps = (total as f64 / length.as_secs_f64().max(0.001)).round();
    let mut encoding = Encoding::new(fps.clamp(1.0, 120.0) as u32).map_err(RecodeError::Encode)?;
    let ticks = |time: std::time::Duration| {
        let scaled = time.as_nanos() * u128::from(timescale) + 500_000_000;
        (scaled / 1_000_000_000) as i64
    };
    let mut samples: Vec<Sample> = Vec::with_capacity(total.min(1 << 20));
    let mut offset = 0;
    for picture in pictures {
        let picture = picture.map_err(RecodeError::Decode)?;
        let at = ticks(picture.time);
        let fitted = fitted(&picture, width as usize, height as usize)?;
        let coded = encoding.add(&fitted).map_err(RecodeError::Encode)?;
        out.write_all(&coded.data).map_err(RecodeError::Write)?;
        end(&mut samples, at);
        samples.push(Sample {
            offset,
            size: coded.data.len() as u32,
            decoded: at,
            composed: at,
            ticks: 0,
            sync: coded.sync,
            entry: 0,
        });
        offset += coded.data.len() as u64;
    }
    end(&mut samples, ticks(length));
    // A film that begins late begins with its first picture, so that the sound stays where it is.
    let first = samples.first_mut().ok_or(RecodeError::Empty)?;
    first.ticks = first
        .ticks
        .saturating_add(u32::try_from(first.decoded).unwrap_or(0));
    (first.decoded, first.composed) = (0, 0);
    Ok(Track {
        timescale,
        kind: FourCC::new(b"avc1"),
        entry: entry(&encoding, width as u16, height as u16).map_err(RecodeError::Encode)?,
        samples,
        start: 0,
        delay: 0,
        is_whole: true,
        matrix,
    })
}

/// The last picture lasts until this tick.
fn end(samples: &mut [Sample], at: i64) {
    if let Some(last) = samples.last_mut() {
        last.ticks = u32::try_from(at - last.decoded).unwrap_or(0).max(1);
    }
}

/// The content of the sample entry.
fn entry(encoding: &Encoding, width: u16, height: u16) -> Result<Vec<u8>, ClipError> {
    let failed = |error: mp4_atom::Error| ClipError::Mux(error.to_string());
    let avc1 = Avc1 {
        visual: Visual {
            data_reference_index: 1,
            width,
            height,
            ..Visual::default()
        },
        avcc: Avcc::new(&encoding.parameters.sps, &encoding.parameters.pps).map_err(failed)?,
        btrt: None,
        colr: Some(Colr::new(1, 1, 1, false).map_err(failed)?),
        pasp: None,
        taic: None,
        fiel: None,
        spatial: None,
    };
    let mut bytes = Vec::new();
    avc1.encode(&mut bytes).map_err(failed)?;
    Ok(bytes.split_off(HEADER))
}

/// A picture in the middle of a black frame, as large as fits, in the encoder's colours.
fn fitted(picture: &YuvPicture, width: usize, height: usize) -> Result<Picture, RecodeError> {
    let source = plain(picture)?;
    let (from_width, from_height) = (source.width(), source.height());
    // The longer way round is cut to the frame; all sizes stay even for the sake of chroma.
    let even = |side: usize| (side & !1).max(2);
    let (inner_width, inner_height) = if from_width * height >= from_height * width {
        (width, even(from_height * width / from_width))
    } else {
        (even(from_width * height / from_height), height)
    };
    let mut frame = Picture::new(width, height);
    let (left, top) = (
        even_half(width - inner_width),
        even_half(height - inner_height),
    );
    for (number, plane) in source.planes.into_iter().enumerate() {
        let share = if number == 0 { 1 } else { 2 };
        let inner = scaled(plane, inner_width / share, inner_height / share);
        for y in 0..inner.height {
            let row = frame.planes[number].row_mut(top / share + y);
            row[left / share..left / share + inner.width].copy_from_slice(inner.row(y));
        }
    }
    Ok(frame)
}

fn even_half(rest: usize) -> usize {
    (rest / 2) & !1
}

/// Halved as long as that is possible, so that no line gets lost, then sampled.
fn scaled(mut plane: Plane, width: usize, height: usize) -> Plane {
    if (plane.width, plane.height) == (width, height) {
        return plane;
    }
    while plane.width >= 2 * width && plane.height >= 2 * height {
        plane = plane.halved();
    }
    let mut out = Plane::new(width, height, 0);
    let mut sampler = Sampler::new(&plane, WHOLE, width, height);
    for y in 0..height {
        sampler.row(y, out.row_mut(y));
    }
    out
}

/// The picture in eight bits, with half the colour, in BT.709 of limited range. What is that already is not touched.
fn plain(picture: &YuvPicture) -> Result<Picture, RecodeError> {
    let (width, height) = (picture.width as usize & !1, picture.height as usize & !1);
    if width < 2 || height < 2 {
        return Err(RecodeError::Empty);
    }
    let tags = &picture.colour;
    let is_709 =
        tags.matrix == BT709 || (tags.matrix == UNSAID && picture.height >= HIGH_DEFINITION);
    let is_whole = (width, height) == (picture.width as usize, picture.height as usize);
    let is_plain = picture.depth == 8
        && picture.chroma == Chroma::Quarter
        && is_709
        && is_whole
        && tags.full_range != Some(true);
    if is_plain {
        let plane = |number: usize| {
            let (width, height) = picture.plane_size(number);
            Plane {
                width,
                height,
                data: picture.planes[number].clone(),
            }
        };
        return Ok(Picture {
            planes: [plane(0), plane(1), plane(2)],
        });
    }
    let rgb = picture.rgb().map_err(RecodeError::Decode)?;
    let pixels: Vec<[u8; 3]> = rgb
        .chunks_exact(3 * picture.width as usize)
        .take(height)
        .flat_map(|row| row.chunks_exact(3).take(width))
        .map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    Ok(Picture::from_rgb(width, height, &pixels))
}
