//! A world made of layers, and the picture of it through a view.
//!
//! Layers stand behind each other at depths; each moves by its own window, which is what makes parallax. A stage of
//! one layer is a photograph.

use super::motion::View;
use super::noise::ONE;
use super::plane::{Picture, Plane, Sampler, mix};

/// One sheet of the world.
#[derive(Debug)]
pub(crate) struct Layer {
    picture: Picture,
    /// How much covers what is behind, at luma and at chroma size; without it, everything.
    alpha: Option<[Plane; 2]>,
    /// Whether rows of the two alpha planes hide nothing, something or everything.
    cover: [Vec<Cover>; 2],
    depth: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    Nothing,
    Something,
    Everything,
}

impl Layer {
    /// A sheet without holes at a depth from 0 (far) to 65536 (near).
    pub(crate) fn opaque(picture: Picture, depth: i64) -> Self {
        let cover = [0, 1].map(|plane| vec![Cover::Everything; picture.planes[plane].height]);
        Self { picture, alpha: None, cover, depth }
    }

    /// A sheet with an alpha plane of the picture's size.
    pub(crate) fn cut(picture: Picture, alpha: Plane, depth: i64) -> Self {
        let alpha = [alpha.halved(), alpha];
        let [small, large] = alpha;
        let alpha = [large, small];
        let cover = [0, 1].map(|plane: usize| alpha[plane].data.chunks_exact(alpha[plane].width).map(judge).collect());
        Self { picture, alpha: Some(alpha), cover, depth }
    }

    fn cover(&self, plane: usize, rows: [usize; 2]) -> Cover {
        let cover = &self.cover[plane.min(1)];
        let [first, second] = rows.map(|row| cover[row]);
        if first == second { first } else { Cover::Something }
    }
}

fn judge(row: &[u8]) -> Cover {
    match row.first() {
        Some(0) if row.iter().all(|alpha| *alpha == 0) => Cover::Nothing,
        Some(255) if row.iter().all(|alpha| *alpha == 255) => Cover::Everything,
        _ => Cover::Something,
    }
}

/// The layers from back to front; the first is opaque.
#[derive(Debug)]
pub(crate) struct Stage {
    layers: Vec<Layer>,
}

impl Stage {
    pub(crate) fn new(layers: Vec<Layer>) -> Self {
        Self { layers }
    }

    /// A photograph that moves as one sheet.
    pub(crate) fn photograph(picture: Picture) -> Self {
        Self::new(vec![Layer::opaque(picture, ONE)])
    }

    /// Paints what the view shows.
    pub(crate) fn show(&self, view: &View, out: &mut Picture) {
        for (index, plane) in out.planes.iter_mut().enumerate() {
            self.show_plane(index, view, plane);
        }
    }

    fn show_plane(&self, index: usize, view: &View, out: &mut Plane) {
        let (width, height) = (out.width, out.height);
        let mut sheets: Vec<_> = self
            .layers
            .iter()
            .map(|layer| {
                let window = view.window(layer.depth);
                let sampler = |plane| Sampler::new(plane, window, width, height);
                let alpha = layer.alpha.as_ref().map(|alpha| sampler(&alpha[index.min(1)]));
                (layer, sampler(&layer.picture.planes[index]), alpha)
            })
            .collect();
        let (mut fresh, mut share) = (vec![0; width], vec![0; width]);
        for y in 0..height {
            let covers: Vec<Cover> =
                sheets.iter().map(|(layer, sampler, _)| layer.cover(index, sampler.source_rows(y))).collect();
            // What lies behind a row without holes is not worth painting.
            let first = covers.iter().rposition(|cover| *cover == Cover::Everything).unwrap_or(0);
            let row = out.row_mut(y);
            for (number, (_, sampler, alpha)) in sheets.iter_mut().enumerate().skip(first) {
                match (covers[number], alpha) {
                    (Cover::Nothing, _) => {}
                    (Cover::Something, Some(alpha)) => {
                        sampler.row(y, &mut fresh);
                        alpha.row(y, &mut share);
                        lay(row, &fresh, &share);
                    }
                    _ => sampler.row(y, row),
                }
            }
        }
    }
}

/// Lays new samples over a row by their alpha.
pub(crate) fn lay(row: &mut [u8], fresh: &[u8], share: &[u8]) {
    for ((out, new), alpha) in row.iter_mut().zip(fresh).zip(share) {
        match *alpha {
            0 => {}
            255 => *out = *new,
            alpha => *out = mix(*out, *new, i32::from(alpha) + i32::from(alpha >> 7)),
        }
    }
}
