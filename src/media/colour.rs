//! From planes of luma and chroma to red, green and blue, in whole numbers.
//!
//! The same planes give the same bytes on every machine: chained shots are made from these pixels, and what was paid
//! for is recognised by them. A wrong matrix would tint every shot of a chain a little more, so what a file says about
//! its colours is followed, and what it does not say is decided here and nowhere else.

use super::frames::{Chroma, YuvPicture};

/// What a file says about its colours, in the numbers of ITU-T H.273; 2 is "not said".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tags {
    /// Which red, green and blue.
    pub primaries: u8,
    /// How light becomes numbers.
    pub transfer: u8,
    /// How red, green and blue become luma and chroma.
    pub matrix: u8,
    /// Whether all numbers are used, not only those of television.
    pub full_range: Option<bool>,
    /// Where chroma samples lie, `chroma_sample_loc_type`; 0, left, if it is not said.
    pub siting: Option<u8>,
}

impl Default for Tags {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

/// Pictures of this height or more are taken for BT.709 if nothing else is said.
const HIGH_DEFINITION: u32 = 720;
/// Fractional bits of the coefficients.
const BITS: u32 = 16;

impl Tags {
    /// Nothing is said.
    pub const UNKNOWN: Self = Self {
        primaries: 2,
        transfer: 2,
        matrix: 2,
        full_range: None,
        siting: None,
    };

    /// These tags, and where they say nothing, the others.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let first = |a: u8, b: u8| if a == 2 { b } else { a };
        Self {
            primaries: first(self.primaries, other.primaries),
            transfer: first(self.transfer, other.transfer),
            matrix: first(self.matrix, other.matrix),
            full_range: self.full_range.or(other.full_range),
            siting: self.siting.or(other.siting),
        }
    }

    /// The matrix that is used for a picture of this height: what is said, else BT.709 (1) from 720 lines on, and
    /// BT.601 (6) below.
    pub fn matrix_for(self, height: u32) -> u8 {
        match self.matrix {
            2 | 3 if height >= HIGH_DEFINITION => 1,
            2 | 3 => 6,
            said => said,
        }
    }
}

/// The shares of red and blue in luma, in ten thousandths; `None` for matrices that are none.
fn shares(matrix: u8) -> Option<(i64, i64)> {
    match matrix {
        1 => Some((2126, 722)),
        4 => Some((3000, 1100)),
        5 | 6 => Some((2990, 1140)),
        7 => Some((2120, 870)),
        9 => Some((2627, 593)),
        _ => None,
    }
}

/// Whether pictures with this matrix can be turned into red, green and blue.
pub(crate) fn is_known(matrix: u8, chroma: Chroma) -> bool {
    shares(matrix).is_some() || (matrix == 0 && chroma == Chroma::Full)
}

/// Everything about a conversion that does not depend on the pixel.
#[derive(Debug, Clone, Copy)]
struct Coefficients {
    luma: i32,
    red: i32,
    green: (i32, i32),
    blue: i32,
    /// What luma of black is.
    black: i32,
    /// What chroma of grey is, in sixteenths.
    grey: i32,
}

impl Coefficients {
    fn new((red, blue): (i64, i64), full: bool, depth: u32) -> Self {
        let green = 10_000 - red - blue;
        let (luma_range, chroma_range) = if full {
            let most = (1 << depth) - 1;
            (most, most)
        } else {
            (219 << (depth - 8), 224 << (depth - 8))
        };
        let scaled = |numerator: i64, denominator: i64| {
            let wide = i128::from(numerator) << BITS;
            let half = i128::from(denominator) / 2;
            ((wide + half) / i128::from(denominator)) as i32
        };
        let chroma = |share: i64| scaled(255 * 2 * (10_000 - share), 10_000 * chroma_range);
        let mixed = |share: i64| {
            let numerator = 255 * 2 * (10_000 - share) * share;
            scaled(numerator, 10_000 * green * chroma_range)
        };
        Self {
            luma: scaled(255, luma_range),
            red: chroma(red),
            green: (mixed(blue), mixed(red)),
            blue: chroma(blue),
            black: if full { 0 } else { 16 << (depth - 8) },
            grey: 16 << (depth - 1),
        }
    }

    /// Luma as it is, chroma in sixteenths.
    fn pixel(&self, y: i32, u: i32, v: i32) -> [u8; 3] {
        // Sixteenths of luma too, so that both can be added; luma's precision is kept.
        let y = i64::from(self.luma) * i64::from(y - self.black) * 16;
        let (u, v) = (i64::from(u - self.grey), i64::from(v - self.grey));
        let (green_u, green_v) = self.green;
        [
            rounded(y + i64::from(self.red) * v),
            rounded(y - i64::from(green_u) * u - i64::from(green_v) * v),
            rounded(y + i64::from(self.blue) * u),
        ]
    }
}

fn rounded(value: i64) -> u8 {
    const SHIFT: u32 = BITS + 4;
    ((value + (1 << (SHIFT - 1))) >> SHIFT).clamp(0, 255) as u8
}

/// Red, green and blue of every pixel, row by row; `None` if the picture's matrix is not known.
pub(crate) fn rgb(picture: &YuvPicture) -> Option<Vec<u8>> {
    let matrix = picture.colour.matrix_for(picture.height);
    let full = picture.colour.full_range.unwrap_or(false);
    if !is_known(matrix, picture.chroma) {
        return None;
    }
    let Some(shares) = shares(matrix) else {
        return Some(direct(picture, full));
    };
    let coefficients = Coefficients::new(shares, full, u32::from(picture.depth));
    let width = picture.width as usize;
    let mut rgb = Vec::with_capacity(3 * width * picture.height as usize);
    let (mut u, mut v) = (vec![0; width], vec![0; width]);
    for row in 0..picture.height as usize {
        chroma_row(picture, 1, row, &mut u);
        chroma_row(picture, 2, row, &mut v);
        let luma = Plane::of(picture, 0);
        for column in 0..width {
            let y = luma.at(column, row);
            rgb.extend(coefficients.pixel(y, u[column], v[column]));
        }
    }
    Some(rgb)
}

/// Green, blue and red are in the planes themselves.
fn direct(picture: &YuvPicture, full: bool) -> Vec<u8> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let depth = u32::from(picture.depth);
    // Only luma's scale is used, so the shares do not matter.
    let scale = Coefficients::new((1, 1), full, depth);
    let mut rgb = Vec::with_capacity(3 * width * height);
    for row in 0..height {
        for column in 0..width {
            for plane in [2, 0, 1] {
                let value = Plane::of(picture, plane).at(column, row);
                rgb.push(scale.pixel(value, scale.grey, scale.grey)[0]);
            }
        }
    }
    rgb
}

/// A plane with its own width and height.
#[derive(Clone, Copy)]
struct Plane<'a> {
    data: &'a [u8],
    width: usize,
    height: usize,
    wide: bool,
}

impl<'a> Plane<'a> {
    fn of(picture: &'a YuvPicture, index: usize) -> Self {
        let (width, height) = picture.plane_size(index);
        Self {
            data: &picture.planes[index],
            width,
            height,
            wide: picture.depth > 8,
        }
    }

    /// A sample; outside of the plane the nearest one inside.
    fn at(self, column: usize, row: usize) -> i32 {
        let index = row.min(self.height - 1) * self.width + column.min(self.width - 1);
        if self.wide {
            i32::from(self.data[2 * index]) | i32::from(self.data[2 * index + 1]) << 8
        } else {
            i32::from(self.data[index])
        }
    }
}

/// Chroma of one row of pixels in sixteenths, interpolated from where its samples lie.
fn chroma_row(picture: &YuvPicture, index: usize, row: usize, into: &mut [i32]) {
    let plane = Plane::of(picture, index);
    let siting = picture.colour.siting.unwrap_or(0);
    // Distance of the first sample from the first pixel, in quarters of the distance between samples.
    let right = usize::from(matches!(siting, 1 | 3 | 5));
    let down = match siting {
        2 | 3 => 0,
        4 | 5 => 2,
        _ => 1,
    };
    let (above, below, weight) = match picture.chroma {
        Chroma::Quarter => between(row, down),
        Chroma::Half | Chroma::Full => (row, row, 0),
    };
    let column = |column: usize| {
        let (upper, lower) = (plane.at(column, above), plane.at(column, below));
        upper * (4 - weight) + lower * weight
    };
    if picture.chroma == Chroma::Full {
        for (place, value) in into.iter_mut().enumerate() {
            *value = 4 * column(place);
        }
        return;
    }
    let mut known = (usize::MAX, usize::MAX, 0, 0);
    for (place, value) in into.iter_mut().enumerate() {
        let (left, next, weight) = between(place, right);
        if (known.0, known.1) != (left, next) {
            known = (left, next, column(left), column(next));
        }
        *value = known.2 * (4 - weight) + known.3 * weight;
    }
}

/// Between which two samples a pixel lies, and how many quarters of the way.
fn between(place: usize, offset: usize) -> (usize, usize, i32) {
    let quarters = (2 * place + 4).saturating_sub(offset);
    let (index, part) = (quarters / 4, quarters % 4);
    // Four quarters were added above, so that nothing is below zero.
    (index.saturating_sub(1), index, part as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one colour.
    fn flat(matrix: u8, full: bool, depth: u8, chroma: Chroma, yuv: [u16; 3]) -> YuvPicture {
        let bytes = |value: u16, count: usize| {
            let wide = value.to_le_bytes();
            wide[..if depth > 8 { 2 } else { 1 }].repeat(count)
        };
        let count = match chroma {
            Chroma::Quarter => 4,
            Chroma::Half => 8,
            Chroma::Full => 16,
        };
        let planes = [
            bytes(yuv[0], 16),
            bytes(yuv[1], count),
            bytes(yuv[2], count),
        ];
        let colour = Tags {
            matrix,
            full_range: Some(full),
            ..Tags::UNKNOWN
        };
        YuvPicture::new((4, 4), chroma, depth, planes, colour).expect("it has its size")
    }

    fn pixel(picture: &YuvPicture) -> [u8; 3] {
        let rgb = rgb(picture).expect("the matrix is known");
        assert!(rgb.chunks_exact(3).all(|pixel| pixel == &rgb[..3]));
        [rgb[0], rgb[1], rgb[2]]
    }

    #[test]
    fn black_grey_and_white_have_no_colour_in_any_matrix() {
        for matrix in [1, 4, 5, 6, 7, 9] {
            for (depth, full, black, white) in [
                (8, false, 16, 235),
                (8, true, 0, 255),
                (10, false, 64, 940),
                (10, true, 0, 1023),
                (12, false, 256, 3760),
            ] {
                let grey = 1 << (depth - 1);
                for chroma in [Chroma::Quarter, Chroma::Half, Chroma::Full] {
                    let of = |luma| pixel(&flat(matrix, full, depth, chroma, [luma, grey, grey]));
                    assert_eq!((of(black), of(white)), ([0; 3], [255; 3]));
                    let [red, green, blue] = of(u16::midpoint(black, white));
                    assert!(red == green && green == blue && (127..=128).contains(&red));
                }
            }
        }
    }

    #[test]
    fn the_primaries_come_back() {
        // Of BT.709 and BT.601 in television range, from their definitions.
        let known = [
            (1, [63, 102, 240], [255, 0, 0]),
            (1, [173, 42, 26], [0, 255, 0]),
            (1, [32, 240, 118], [0, 0, 255]),
            (6, [81, 90, 240], [255, 0, 0]),
            (6, [145, 54, 34], [0, 255, 0]),
            (6, [41, 240, 110], [0, 0, 255]),
        ];
        for (matrix, yuv, expected) in known {
            let found = pixel(&flat(matrix, false, 8, Chroma::Quarter, yuv));
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 2);
            assert!(near, "matrix {matrix}: {found:?}, not {expected:?}");
        }
        assert_eq!(pixel(&flat(0, true, 8, Chroma::Full, [7, 8, 9])), [9, 7, 8]);
    }

    #[test]
    fn what_is_not_said_depends_on_the_size() {
        let matrix = |height| Tags::UNKNOWN.matrix_for(height);
        assert_eq!(
            [matrix(576), matrix(719), matrix(720), matrix(1080)],
            [6, 6, 1, 1]
        );
        let said = Tags {
            matrix: 9,
            ..Tags::UNKNOWN
        };
        assert_eq!(said.matrix_for(100), 9);
        assert_eq!(Tags::UNKNOWN.or(said).matrix, 9);
        assert!(!is_known(8, Chroma::Full) && !is_known(0, Chroma::Quarter));
    }

    #[test]
    fn chroma_lies_where_it_is_said_to_lie() {
        // Left: on the first of two pixels, between two rows.
        assert_eq!(
            [0, 1, 2, 3].map(|x| between(x, 0)),
            [(0, 1, 0), (0, 1, 2), (1, 2, 0), (1, 2, 2)]
        );
        assert_eq!(
            [0, 1, 2, 3].map(|y| between(y, 1)),
            [(0, 0, 3), (0, 1, 1), (0, 1, 3), (1, 2, 1)]
        );
    }
}
