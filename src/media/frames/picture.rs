//! A decoded picture: three planes and what they mean.

use std::time::Duration;

use super::FrameError;
use crate::media::colour::{self, Tags};
use crate::media::demux::Turn;

/// How many chroma samples there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chroma {
    /// 4:2:0: half as many in each direction.
    Quarter,
    /// 4:2:2: half as many in each row.
    Half,
    /// 4:4:4: as many as pixels.
    Full,
}

/// One picture as it was decoded: cropped, not turned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YuvPicture {
    /// Width of luma.
    pub width: u32,
    /// Height of luma.
    pub height: u32,
    /// How chroma is sampled.
    pub chroma: Chroma,
    /// Bits of a sample: 8, 10 or 12. Above 8 a sample takes two bytes, the lower one first.
    pub depth: u8,
    /// Luma, blue and red difference, each row by row without gaps.
    pub planes: [Vec<u8>; 3],
    /// What the file says about its colours; the stream counts before the container.
    pub colour: Tags,
    /// When it is shown, from the beginning of the film.
    pub time: Duration,
}

impl YuvPicture {
    /// A picture at time zero; `None` unless every plane has its size.
    pub fn new(
        (width, height): (u32, u32),
        chroma: Chroma,
        depth: u8,
        planes: [Vec<u8>; 3],
        colour: Tags,
    ) -> Option<Self> {
        let picture = Self {
            width,
            height,
            chroma,
            depth,
            planes,
            colour,
            time: Duration::ZERO,
        };
        let bytes = if depth > 8 { 2 } else { 1 };
        let fits = (0..3).all(|plane| {
            let (width, height) = picture.plane_size(plane);
            width > 0 && height > 0 && picture.planes[plane].len() == width * height * bytes
        });
        fits.then_some(picture)
    }

    /// Width and height of a plane in samples: 0 is luma, 1 and 2 are chroma.
    pub fn plane_size(&self, plane: usize) -> (usize, usize) {
        let (width, height) = (self.width as usize, self.height as usize);
        match (plane, self.chroma) {
            (0, _) | (_, Chroma::Full) => (width, height),
            (_, Chroma::Half) => (width.div_ceil(2), height),
            (_, Chroma::Quarter) => (width.div_ceil(2), height.div_ceil(2)),
        }
    }

    /// Red, green and blue of every pixel, row by row, in the colours that the file states; where it states none, in
    /// those of its size.
    pub fn rgb(&self) -> Result<Vec<u8>, FrameError> {
        colour::rgb(self).ok_or_else(|| FrameError::Unsupported {
            what: format!("colours with matrix {}", self.colour.matrix),
        })
    }

    /// Width, height and pixels as a player shows them.
    pub(super) fn turned(&self, turn: Turn) -> Result<(u32, u32, Vec<u8>), FrameError> {
        let rgb = self.rgb()?;
        let (width, height) = (self.width as usize, self.height as usize);
        Ok(match turn {
            Turn(1) => (
                self.height,
                self.width,
                turned(&rgb, (height, width), |x, y| (height - 1 - x) * width + y),
            ),
            Turn(2) => (
                self.width,
                self.height,
                turned(&rgb, (width, height), |x, y| {
                    (height - 1 - y) * width + width - 1 - x
                }),
            ),
            Turn(3) => (
                self.height,
                self.width,
                turned(&rgb, (height, width), |x, y| x * width + width - 1 - y),
            ),
            Turn(_) => (self.width, self.height, rgb),
        })
    }
}

/// Pixels in a new order: for each place, which of the old ones comes there.
fn turned(
    rgb: &[u8],
    (width, height): (usize, usize),
    from: impl Fn(usize, usize) -> usize,
) -> Vec<u8> {
    let mut turned = Vec::with_capacity(rgb.len());
    for y in 0..height {
        for x in 0..width {
            let at = 3 * from(x, y);
            turned.extend_from_slice(&rgb[at..at + 3]);
        }
    }
    turned
}
