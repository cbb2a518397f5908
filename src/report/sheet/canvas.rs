//! Pixels of a sheet: rectangles, pictures and text on a ground of one colour.
//!
//! Owns how something is put on an RGB picture. Knows nothing of shots; what lies
//! outside is cut off.

use image::{Rgb, RgbImage, imageops};

use super::Place;
use crate::media::fonts::Fonts;
use crate::media::text::{Face, Line};

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

pub(super) struct Canvas {
    pub(super) pixels: RgbImage,
}

/// The embedded font in a size, in the unit of whoever measures.
pub(super) fn face(em: i64, bold: bool) -> Face<'static> {
    Face {
        em,
        bold,
        fonts: Fonts::embedded(),
    }
}

impl Canvas {
    pub(super) fn new(width: i64, height: i64, ground: Colour) -> Self {
        Self {
            pixels: RgbImage::from_pixel(width as u32, height as u32, Rgb(ground)),
        }
    }

    /// Covers a place by `alpha` of 255.
    pub(super) fn fill(&mut self, place: Place, colour: Colour, alpha: u8) {
        for y in place.top..place.bottom() {
            for x in place.left..place.left + place.width {
                self.dot(x, y, colour, alpha);
            }
        }
    }

    /// A line of one pixel just inside of a place.
    pub(super) fn outline(&mut self, place: Place, colour: Colour, alpha: u8) {
        let Place {
            left,
            top,
            width,
            height,
        } = place;
        let edges = [
            (left, top, width, 1),
            (left, top + height - 1, width, 1),
            (left, top + 1, 1, height - 2),
            (left + width - 1, top + 1, 1, height - 2),
        ];
        for (left, top, width, height) in edges {
            self.fill(
                Place {
                    left,
                    top,
                    width,
                    height,
                },
                colour,
                alpha,
            );
        }
    }

    pub(super) fn picture(&mut self, picture: &RgbImage, left: i64, top: i64) {
        imageops::replace(&mut self.pixels, picture, left, top);
    }

    /// Writes a line from its left end; gives where the pen is behind it.
    pub(super) fn write(&mut self, face: Face, line: Line<'_>, colour: Colour) -> i64 {
        face.draw(line, |x, y, coverage| self.dot(x, y, colour, coverage));
        line.left + face.width(line.text)
    }

    fn dot(&mut self, x: i64, y: i64, colour: Colour, alpha: u8) {
        let inside = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        let Some(Rgb(old)) = inside.and_then(|(x, y)| self.pixels.get_pixel_mut_checked(x, y))
        else {
            return;
        };
        let alpha = u32::from(alpha);
        for (old, new) in old.iter_mut().zip(colour) {
            let mixed = u32::from(*old) * (255 - alpha) + u32::from(new) * alpha;
            *old = ((mixed + 127) / 255) as u8;
        }
    }
}
