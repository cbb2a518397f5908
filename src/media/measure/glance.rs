//! What one frame looks like, in few numbers.
//!
//! Owns the small planes that two frames are compared by, and how they are written down. A frame of any size and
//! shape becomes the same number of samples, so that any two can be compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use image::RgbImage;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        luma: luma.collect(),
        chroma: chroma.collect(),
    }
}
