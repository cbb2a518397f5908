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
    /// Whether the rows of each plane have one colour, which saves sampling them.
    even: [bool; 3],
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
        Self {
            even: even(&picture),
            picture,
            alpha: None,
            cover,
            depth,
        }
    }

    /// A sheet with an alpha plane of the picture's size.
    pub(crate) fn cut(picture: Picture, alpha: Plane, depth: i64) -> Self {
        let small = alpha.halved();
        let alpha = [alpha, small];
        let cover = [0, 1].map(|plane: usize| {
            alpha[plane]
                .data
                .chunks_exact(alpha[plane].width)
                .map(judge)
                .collect()
        });
        Self {
            even: even(&picture),
            picture,
            alpha: Some(alpha),
            cover,
            depth,
        }
    }

    fn cover(&self, plane: usize, rows: [usize; 2]) -> Cover {
        let cover = &self.cover[plane.min(1)];
        let [first, second] = rows.map(|row| cover[row]);
        if first == second {
            first
        } else {
            Cover::Something
        }
    }
}

fn even(picture: &Picture) -> [bool; 3] {
    picture.planes.each_ref().map(Plane::has_even_rows)
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
        let size = (out.width, out.height);
        let mut sheets: Vec<Sheet<'_>> = self
            .layers
            .iter()
            .map(|layer| Sheet::new(layer, index, view, size))
            .collect();
        let (mut fresh, mut share) = (vec![0; out.width], vec![0; out.width]);
        for y in 0..out.height {
            let covers: Vec<Cover> = sheets.iter().map(|sheet| sheet.cover(index, y)).collect();
            // What lies behind a row without holes is not worth painting.
            let first = covers
                .iter()
                .rposition(|cover| *cover == Cover::Everything)
                .unwrap_or(0);
            let row = out.row_mut(y);
            for (sheet, cover) in sheets.iter_mut().zip(covers).skip(first) {
                match (cover, &mut sheet.alpha) {
                    (Cover::Nothing, _) => {}
                    (Cover::Something, Some(alpha)) => {
                        alpha.row(y, &mut share);
                        sheet.colours(y, &mut fresh);
                        lay(row, &fresh, &share);
                    }
                    _ => sheet.colours(y, row),
                }
            }
        }
    }
}

/// One plane of a layer through a view.
struct Sheet<'a> {
    layer: &'a Layer,
    even: bool,
    colour: Sampler<'a>,
    alpha: Option<Sampler<'a>>,
}

impl<'a> Sheet<'a> {
    fn new(layer: &'a Layer, index: usize, view: &View, (width, height): (usize, usize)) -> Self {
        let window = view.window(layer.depth);
        let sampler = |plane| Sampler::new(plane, window, width, height);
        Self {
            layer,
            even: layer.even[index],
            colour: sampler(&layer.picture.planes[index]),
            alpha: layer
                .alpha
                .as_ref()
                .map(|alpha| sampler(&alpha[index.min(1)])),
        }
    }

    fn cover(&self, index: usize, y: usize) -> Cover {
        self.layer.cover(index, self.colour.source_rows(y))
    }

    fn colours(&mut self, y: usize, out: &mut [u8]) {
        if self.even {
            self.colour.even_row(y, out);
        } else {
            self.colour.row(y, out);
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
