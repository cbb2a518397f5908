//! What one frame looks like, in few numbers.
//!
//! Owns the small planes that two frames are compared by, and how they are written down. A frame of any size and
//! shape becomes the same number of samples, so that any two can be compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use image::RgbImage;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::camera::Moved;
use super::reduce::{self, Small, halved};
use crate::media::plane::yuv;

/// So many frames are kept of a film, if it has as many.
pub const GLANCES: usize = 8;
/// Samples of luma in each direction.
pub(super) const LUMA: usize = 32;
/// Samples of each chroma in each direction.
pub(super) const CHROMA: usize = 16;

/// What one frame looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// When it is shown.
    pub at_ms: u64,
    /// Where the camera is, since the beginning.
    pub moved: Moved,
    /// Luma of 32x32 parts of the frame, in the range of television: 16 is black, 235 white.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub luma: Vec<u8>,
    /// Blue and red difference of 16x16 parts each, 128 is grey.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub chroma: Vec<u8>,
}

fn write<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&STANDARD_NO_PAD.encode(bytes))
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    STANDARD_NO_PAD
        .decode(text)
        .map_err(serde::de::Error::custom)
}

impl Glance {
    pub(super) fn of(frame: &Small, moved: Moved) -> Self {
        let chroma = frame.chroma.iter();
        Self {
            at_ms: frame.at_ms,
            moved,
            luma: halved(&frame.luma, reduce::SIDE),
            chroma: chroma
                .flat_map(|plane| halved(plane, reduce::HALF))
                .collect(),
        }
    }

    /// Whether it has as many samples as it should, which one that was kept may not have.
    pub fn is_sound(&self) -> bool {
        self.luma.len() == LUMA * LUMA && self.chroma.len() == 2 * CHROMA * CHROMA
    }
}

/// Places of frames over the length of a film, given when each frame is shown: the first, the last, and what is
/// shown at equal distances between them.
pub(super) fn places(times: &[std::time::Duration]) -> Vec<usize> {
    let Some(last) = times.last() else {
        return Vec::new();
    };
    let parts = GLANCES as u32 - 1;
    let place = |part: u32| {
        let time = *last * part / parts;
        times.partition_point(|other| *other <= time).max(1) - 1
    };
    let mut places: Vec<usize> = (0..=parts).map(place).collect();
    places.dedup();
    places
}

/// A picture as if it were a frame at the beginning of a film.
pub fn glance_of_image(image: &RgbImage) -> Glance {
    let part = |x: usize, y: usize, parts: usize| {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let span = |at: usize, side: usize| {
            let from = at * side / parts;
            from..((at + 1) * side / parts).max(from + 1)
        };
        let mut sums = [0_u64; 3];
        let mut count = 0;
        for y in span(y, height) {
            for x in span(x, width) {
                let pixel = image.get_pixel_checked(x as u32, y as u32);
                let pixel = yuv(pixel.map_or([0; 3], |pixel| pixel.0));
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u64::from(value);
                }
                count += 1;
            }
        }
        sums.map(|sum| ((sum + count / 2) / count) as u8)
    };
    let luma = (0..LUMA * LUMA).map(|at| part(at % LUMA, at / LUMA, LUMA)[0]);
    let colours: Vec<[u8; 3]> = (0..CHROMA * CHROMA)
        .map(|at| part(at % CHROMA, at / CHROMA, CHROMA))
        .collect();
    let chroma = (1..3).flat_map(|plane| colours.iter().map(move |colour| colour[plane]));
    Glance {
        at_ms: 0,
        moved: Moved::default(),
        luma: luma.collect(),
        chroma: chroma.collect(),
    }
}
