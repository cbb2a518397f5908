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
        Self {
            width,
            height,
            data: vec![value; width * height],
        }
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.data[y * self.width..(y + 1) * self.width]
    }

    /// Whether every row has one value only, as those of gradients do.
    pub(crate) fn has_even_rows(&self) -> bool {
        self.data
            .chunks_exact(self.width)
            .all(|row| row.iter().all(|sample| *sample == row[0]))
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
        Self {
            planes: [Plane::new(width, height, 16), chroma(), chroma()],
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.planes[0].width
    }

    pub(crate) fn height(&self) -> usize {
        self.planes[0].height
    }

    /// Makes everything black.
    pub(crate) fn clear(&mut self) {
        let [y, u, v] = &mut self.planes;
        y.data.fill(16);
        u.data.fill(128);
        v.data.fill(128);
    }

    /// Converts rows of RGB pixels.
    pub(crate) fn from_rgb(width: usize, height: usize, pixels: &[[u8; 3]]) -> Self {
        let full = |channel: usize| {
            let data = pixels.iter().map(|pixel| yuv(*pixel)[channel]).collect();
            Plane {
                width,
                height,
                data,
            }
        };
        Self {
            planes: [full(0), full(1).halved(), full(2).halved()],
        }
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
    /// The blend of two source rows: samples with their fraction, 16 bits each, little-endian.
    blended: Vec<u8>,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(source: &'a Plane, window: Window, width: usize, height: usize) -> Self {
        Self {
            source,
            columns: Taps::new(source.width, width, window.center_x, window.size),
            rows: Taps::new(source.height, height, window.center_y, window.size),
            blended: vec![0; 2 * source.width + 2],
        }
    }

    /// The two source rows that make an output row.
    pub(crate) fn source_rows(&self, y: usize) -> [usize; 2] {
        let first = self.rows.taps[y].0 as usize;
        [first, (first + 1).min(self.source.height - 1)]
    }

    /// Fills one output row.
    ///
    /// Wrapping sums, because nothing can overflow here and the checks of unoptimised builds would double the time
    /// of a clip.
    pub(crate) fn row(&mut self, y: usize, out: &mut [u8]) {
        self.blend_rows(y);
        for (sample, (place, share)) in out.iter_mut().zip(&self.columns.taps) {
            let at = (*place as usize) << 1;
            let Some((left, rest)) = self.blended[at..].split_first_chunk() else {
                continue;
            };
            let Some(right) = rest.first_chunk() else {
                continue;
            };
            let (left, right) = (
                u32::from(u16::from_le_bytes(*left)),
                u32::from(u16::from_le_bytes(*right)),
            );
            let mixed = left
                .wrapping_mul(256_u32.wrapping_sub(*share))
                .wrapping_add(right.wrapping_mul(*share));
            *sample = (mixed.wrapping_add(1 << 15) >> 16) as u8;
        }
    }

    /// Blends the two source rows of an output row where its columns need them, four samples at a time.
    fn blend_rows(&mut self, y: usize) {
        let (Some(from), Some(to)) = (self.columns.taps.first(), self.columns.taps.last()) else {
            return;
        };
        let span = from.0 as usize..(to.0 as usize + 2).min(self.source.width);
        let [first, second] = self.source_rows(y);
        let (share, rest) = (
            u64::from(self.rows.taps[y].1),
            256 - u64::from(self.rows.taps[y].1),
        );
        let (above, above_end) = self.source.row(first)[span.clone()].as_chunks();
        let (below, below_end) = self.source.row(second)[span.clone()].as_chunks();
        let (blended, blended_end) = self.blended[2 * span.start..2 * span.end].as_chunks_mut();
        // A lane of 16 bits holds 255 * 256 at most, so lanes never touch each other.
        let blend = |a: [u8; 4], b: [u8; 4]| {
            spread(a)
                .wrapping_mul(rest)
                .wrapping_add(spread(b).wrapping_mul(share))
                .to_le_bytes()
        };
        for ((out, a), b) in blended.iter_mut().zip(above).zip(below) {
            *out = blend(*a, *b);
        }
        for ((out, a), b) in blended_end
            .chunks_exact_mut(2)
            .zip(above_end)
            .zip(below_end)
        {
            out.copy_from_slice(&blend([*a, 0, 0, 0], [*b, 0, 0, 0])[..2]);
        }
    }

    /// Fills one output row of a plane whose rows have one value each.
    pub(crate) fn even_row(&self, y: usize, out: &mut [u8]) {
        let [above, below] = self.source_rows(y).map(|row| self.source.row(row)[0]);
        out.fill(mix(above, below, self.rows.taps[y].1 as i32));
    }
}

/// Four samples as four lanes of 16 bits, the first one lowest.
fn spread(samples: [u8; 4]) -> u64 {
    let four = u64::from(u32::from_le_bytes(samples));
    let pairs = (four | four << 16) & 0x0000_ffff_0000_ffff;
    (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::noise::ONE;

    const WHOLE: Window = Window {
        center_x: ONE / 2,
        center_y: ONE / 2,
        size: ONE,
    };

    #[test]
    fn the_whole_window_at_the_same_size_is_the_plane() {
        let plane = Plane {
            width: 7,
            height: 3,
            data: (0..21).map(|value| value * 11).collect(),
        };
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
        let window = Window {
            center_x: ONE,
            center_y: 0,
            size: ONE,
        };
        let mut sampler = Sampler::new(&plane, window, 16, 16);
        let mut row = [0; 16];
        for y in 0..16 {
            sampler.row(y, &mut row);
            assert_eq!(row, [77; 16]);
        }
    }
}
