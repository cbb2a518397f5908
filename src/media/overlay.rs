//! Small pictures with alpha that are laid over frames: first painted as a [`Canvas`], then kept as an [`Overlay`].

use super::plane::{Picture, Plane, mix};
use super::stage::lay;
use super::text::{Face, Line};

/// RGB with alpha, while a caption is painted.
pub(crate) struct Canvas {
    width: i64,
    height: i64,
    pixels: Vec<[u8; 3]>,
    alpha: Vec<u8>,
}

impl Canvas {
    pub(crate) fn new(width: i64, height: i64, ground: [u8; 3]) -> Self {
        let count = (width * height) as usize;
        Self {
            width,
            height,
            pixels: vec![ground; count],
            alpha: vec![0; count],
        }
    }

    /// Covers everything alike.
    pub(crate) fn fill(&mut self, alpha: u8) {
        self.alpha.fill(alpha);
    }

    /// Covers everything by `alpha` of 255, with a soft upper edge of some rows.
    pub(crate) fn shade(&mut self, alpha: i64, soft: i64) {
        for (y, row) in (0..).zip(self.alpha.chunks_exact_mut(self.width as usize)) {
            row.fill((alpha * (y + 1).min(soft) / soft) as u8);
        }
    }

    /// Draws a line of text.
    pub(crate) fn write(&mut self, face: Face<'_>, line: Line<'_>, colour: [u8; 3]) {
        let (width, height) = (self.width, self.height);
        face.draw(line, |x, y, coverage| {
            if (0..width).contains(&x) && (0..height).contains(&y) {
                let at = (y * width + x) as usize;
                let weight = weight(coverage);
                let old = self.pixels[at];
                self.pixels[at] = std::array::from_fn(|i| mix(old[i], colour[i], weight));
                self.alpha[at] = mix(self.alpha[at], 255, weight);
            }
        });
    }

    /// What was painted as a picture of its own; width and height must be even.
    pub(crate) fn into_picture(self) -> Picture {
        Picture::from_rgb(self.width as usize, self.height as usize, &self.pixels)
    }

    /// Fills a rectangle; what lies outside is cut off.
    pub(crate) fn bar(&mut self, left: i64, top: i64, width: i64, height: i64, colour: [u8; 3]) {
        let columns = left.clamp(0, self.width)..(left + width).clamp(0, self.width);
        for y in top.max(0)..(top + height).min(self.height) {
            let row = (y * self.width) as usize;
            let row = row + columns.start as usize..row + columns.end as usize;
            self.pixels[row].fill(colour);
        }
    }

    /// The finished overlay at a place in the frame; all four numbers must be even.
    pub(crate) fn into_overlay(self, left: i64, top: i64) -> Overlay {
        let (width, height) = (self.width as usize, self.height as usize);
        let alpha = Plane {
            width,
            height,
            data: self.alpha,
        };
        let picture = Picture::from_rgb(width, height, &self.pixels);
        Overlay {
            left: left as usize,
            top: top as usize,
            picture,
            alpha: [alpha.halved(), alpha],
        }
    }
}

/// A small picture with alpha at an even place in the frame.
pub(crate) struct Overlay {
    left: usize,
    top: usize,
    pub(crate) picture: Picture,
    /// At chroma size, then at luma size.
    alpha: [Plane; 2],
}

impl Overlay {
    /// Puts the overlay on a frame; what would lie outside is cut off.
    pub(crate) fn lay_over(&self, frame: &mut Picture) {
        for (index, (plane, own)) in frame
            .planes
            .iter_mut()
            .zip(&self.picture.planes)
            .enumerate()
        {
            let (shift, alpha) = if index == 0 {
                (0, &self.alpha[1])
            } else {
                (1, &self.alpha[0])
            };
            let (left, top) = (self.left >> shift, self.top >> shift);
            for y in 0..own.height.min(plane.height.saturating_sub(top)) {
                let row = plane.row_mut(top + y);
                let end = (left + own.width).min(row.len());
                lay(&mut row[left.min(end)..end], own.row(y), alpha.row(y));
            }
        }
    }
}

/// An alpha of 0 to 255 as a weight of 0 to 256.
pub(crate) fn weight(alpha: u8) -> i32 {
    i32::from(alpha) + i32::from(alpha >> 7)
}
