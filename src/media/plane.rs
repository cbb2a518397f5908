//! Planes of samples: 4:2:0 pictures in BT.709 limited range, and the three ways of putting one over another.
//!
//! All loops run over rows of bytes in integers. Nothing here knows about time, cameras or text.

use super::motion::Window;

/// Samples of one kind, row by row without gaps.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<u8>,
}

impl Plane {
    pub(crate) fn new(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.data[y * self.width..(y + 1) * self.width]
    }

    /// Whether every row has one value only, as those of gradients do.
    pub(crate) fn has_even_rows(&self) -> bool {
        self.data.chunks_exact(self.width).all(|row| row.iter().all(|sample| *sample == row[0]))
    }

    /// Half the width and height, each sample the mean of four.
    pub(crate) fn halved(&self) -> Self {
        let mut half = Self::new(self.width / 2, self.height / 2, 0);
        for y in 0..half.height {
            let (above, below) = (self.row(2 * y), self.row(2 * y + 1));
            let pairs = above.chunks_exact(2).zip(below.chunks_exact(2));
            for (out, (a, b)) in half.row_mut(y).iter_mut().zip(pairs) {
                let sum = u32::from(a[0]) + u32::from(a[1]) + u32::from(b[0]) + u32::from(b[1]);
                *out = ((sum + 2) / 4) as u8;
            }
        }
        half
    }
}

/// A picture: luma, and two chroma planes of half its width and height. Width and height are even.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Y, U and V.
    pub(crate) planes: [Plane; 3],
}

impl Picture {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let chroma = || Plane::new(width / 2, height / 2, 128);
        Self { planes: [Plane::new(width, height, 16), chroma(), chroma()] }
    }

    pub(crate) fn width(&self) -> usize {
        self.planes[0].width
    }

    pub(crate) fn height(&self) -> usize {
        self.planes[0].height
    }

    /// Converts rows of RGB pixels.
    pub(crate) fn from_rgb(width: usize, height: usize, pixels: &[[u8; 3]]) -> Self {
        let full = |channel: usize| {
            let data = pixels.iter().map(|pixel| yuv(*pixel)[channel]).collect();
            Plane { width, height, data }
        };
        Self { planes: [full(0), full(1).halved(), full(2).halved()] }
    }

    /// Mixes another picture of the same size in, `weight` of 256.
    pub(crate) fn blend(&mut self, other: &Self, weight: i32) {
        for (plane, over) in self.planes.iter_mut().zip(&other.planes) {
            for (out, new) in plane.data.iter_mut().zip(&over.data) {
                *out = mix(*out, *new, weight);
            }
        }
    }
}

/// BT.709 limited range of an RGB colour.
pub(crate) fn yuv([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let (r, g, b) = (i32::from(red), i32::from(green), i32::from(blue));
    let scaled = |sum: i32, base: i32| (((sum + (1 << 15)) >> 16) + base) as u8;
    [
        scaled(11_966 * r + 40_254 * g + 4_064 * b, 16),
        scaled(-6_596 * r - 22_189 * g + 28_784 * b, 128),
        scaled(28_784 * r - 26_145 * g - 2_639 * b, 128),
    ]
}

/// `weight` of 256 of the new value, the rest of the old.
pub(crate) fn mix(old: u8, new: u8, weight: i32) -> u8 {
    let (old, new) = (i32::from(old), i32::from(new));
    (old + (((new - old) * weight + 128) >> 8)) as u8
}

/// Where each sample of a row or column comes from: the first of two neighbours, and the second's share of 256.
#[derive(Debug, Clone)]
pub(crate) struct Taps {
    taps: Vec<(u32, u32)>,
}

impl Taps {
    /// Taps that spread `size` (16.16 share) around `center` (16.16 share) of `from` samples over `to` samples.
    pub(crate) fn new(from: usize, to: usize, center: i64, size: i64) -> Self {
        let step = (from as i64 * size) / to as i64;
        let start = from as i64 * center - (step * to as i64) / 2 + step / 2 - (1 << 15);
        let last = (from as i64 - 1) << 16;
        let taps = (0..to as i64)
            .map(|index| {
                let place = (start + index * step).clamp(0, last);
                // The second neighbour must exist, so the last sample is taken as "all of the second".
                let first = (place >> 16).min(from as i64 - 2).max(0);
                (first as u32, ((place - (first << 16)) >> 8) as u32)
            })
            .collect();
        Self { taps }
    }
}

/// The part of a plane seen through a window, at the size of `out`.
pub(crate) struct Sampler<'a> {
    source: &'a Plane,
    columns: Taps,
    rows: Taps,
    /// The blend of two source rows: each sample with its fraction in 16 bits, and its right neighbour above it, so
    /// that the inner loop loads once.
    pairs: Vec<u32>,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(source: &'a Plane, window: Window, width: usize, height: usize) -> Self {
        Self {
            source,
            columns: Taps::new(source.width, width, window.center_x, window.size),
            rows: Taps::new(source.height, height, window.center_y, window.size),
            pairs: vec![0; source.width],
        }
    }

    /// The two source rows that make an output row.
    pub(crate) fn source_rows(&self, y: usize) -> [usize; 2] {
        let first = self.rows.taps[y].0 as usize;
        [first, (first + 1).min(self.source.height - 1)]
    }

    /// Fills one output row.
    pub(crate) fn row(&mut self, y: usize, out: &mut [u8]) {
        let (Some(from), Some(to)) = (self.columns.taps.first(), self.columns.taps.last()) else { return };
        let span = from.0 as usize..(to.0 as usize + 2).min(self.source.width);
        let [first, second] = self.source_rows(y);
        let share = self.rows.taps[y].1;
        let above = self.source.row(first)[span.clone()].iter().rev();
        let below = self.source.row(second)[span.clone()].iter().rev();
        // From right to left, because a pair needs its right neighbour.
        let mut right = 0;
        for ((pair, a), b) in self.pairs[span].iter_mut().rev().zip(above).zip(below) {
            let mixed = (u32::from(*a) << 8) + (u32::from(*b) * share) - (u32::from(*a) * share);
            *pair = mixed | right << 16;
            right = mixed;
        }
        let pairs = self.pairs.as_slice();
        for (sample, (place, share)) in out.iter_mut().zip(&self.columns.taps) {
            let pair = pairs[*place as usize];
            *sample = (((pair & 0xffff) * (256 - share) + (pair >> 16) * share + (1 << 15)) >> 16) as u8;
        }
    }

    /// Fills one output row of a plane whose rows have one value each.
    pub(crate) fn even_row(&self, y: usize, out: &mut [u8]) {
        let [above, below] = self.source_rows(y).map(|row| self.source.row(row)[0]);
        out.fill(mix(above, below, self.rows.taps[y].1 as i32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::noise::ONE;

    const WHOLE: Window = Window { center_x: ONE / 2, center_y: ONE / 2, size: ONE };

    #[test]
    fn the_whole_window_at_the_same_size_is_the_plane() {
        let plane = Plane { width: 7, height: 3, data: (0..21).map(|value| value * 11).collect() };
        let mut sampler = Sampler::new(&plane, WHOLE, 7, 3);
        for y in 0..3 {
            let mut row = [0; 7];
            sampler.row(y, &mut row);
            assert_eq!(row, plane.row(y));
        }
    }

    #[test]
    fn colours_keep_to_the_limited_range() {
        assert_eq!(yuv([0, 0, 0]), [16, 128, 128]);
        assert_eq!(yuv([255, 255, 255]), [235, 128, 128]);
        assert_eq!(yuv([255, 0, 0])[2], 240);
        assert_eq!(yuv([0, 0, 255])[1], 240);
    }

    #[test]
    fn windows_at_the_edge_do_not_leave_the_plane() {
        let plane = Plane::new(9, 9, 77);
        let window = Window { center_x: ONE, center_y: 0, size: ONE };
        let mut sampler = Sampler::new(&plane, window, 16, 16);
        let mut row = [0; 16];
        for y in 0..16 {
            sampler.row(y, &mut row);
            assert_eq!(row, [77; 16]);
        }
    }
}
