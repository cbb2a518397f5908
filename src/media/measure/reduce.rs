//! A decoded picture, reduced to what is compared.
//!
//! Owns the grid that every picture is laid on, whatever its size, depth and range, and the profiles that movement is
//! found by. Whole numbers only.

use crate::media::demux::Turn;
use crate::media::frames::YuvPicture;

/// Parts of luma in each direction.
pub(super) const SIDE: usize = 64;
/// Parts of chroma in each direction.
pub(super) const HALF: usize = 32;
/// Samples of a profile.
pub(super) const PROFILE: usize = 256;
/// So many rows of a part are looked at; more would change nothing.
const ROWS: usize = 16;
/// A pixel is black up to a tenth of the range, as ffmpeg's `blackdetect` has it.
const DARK_TENTHS: usize = 1;

/// A picture in few numbers, all in the range of television, turned as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Small {
    /// When it is shown.
    pub(super) at_ms: u64,
    /// Mean luma of 64x64 parts.
    pub(super) luma: Vec<u8>,
    /// Mean blue and red difference of 32x32 parts.
    pub(super) chroma: [Vec<u8>; 2],
    /// How many of a thousand pixels are black.
    pub(super) dark: u32,
    /// Mean luma of 256 columns in sixteenths, from the left.
    pub(super) columns: Vec<u16>,
    /// Mean luma of 256 rows in sixteenths, from the top.
    pub(super) rows: Vec<u16>,
}

/// Reduces a picture.
pub(super) fn reduce(picture: &YuvPicture, turn: Turn) -> Small {
    let full = picture.colour.full_range == Some(true);
    let grid = Grid::of(picture, 0, SIDE, dark_level(full));
    let mut chroma = [1, 2].map(|plane| Grid::of(picture, plane, HALF, 0).parts);
    let mut luma = grid.parts;
    if full {
        let narrow = |parts: &mut Vec<u8>, middle, range| {
            for part in parts {
                *part = narrowed(*part, middle, range);
            }
        };
        narrow(&mut luma, 16, 219);
        for parts in &mut chroma {
            narrow(parts, 128, 224);
        }
    }
    if matches!(picture.colour.matrix_for(picture.height), 5 | 6) {
        to_high_definition(&mut luma, &mut chroma);
    }
    let chroma = chroma.map(|parts| turned(parts, HALF, turn));
    let (columns, rows) = profiles(&grid.columns, &grid.rows, turn);
    Small {
        at_ms: milliseconds(picture.time),
        luma: turned(luma, SIDE, turn),
        chroma,
        dark: grid.dark,
        columns,
        rows,
    }
}

/// Rounded milliseconds.
pub(super) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from((time.as_nanos() + 500_000) / 1_000_000).unwrap_or(u64::MAX)
}

/// From BT.601 to BT.709, so that films and pictures of both can be compared.
fn to_high_definition(luma: &mut [u8], chroma: &mut [Vec<u8>; 2]) {
    const HALF_UP: i32 = 1 << 15;
    let around = |value: u8| i32::from(value) - 128;
    let sample =
        |scaled: i32, middle: i32| (((scaled + HALF_UP) >> 16) + middle).clamp(0, 255) as u8;
    for (place, part) in luma.iter_mut().enumerate() {
        let below = place / SIDE / 2 * HALF + place % SIDE / 2;
        let (blue, red) = (around(chroma[0][below]), around(chroma[1][below]));
        *part = sample(-7_746 * blue - 13_939 * red, i32::from(*part));
    }
    let [blues, reds] = chroma;
    for (blue, red) in blues.iter_mut().zip(reds) {
        let (old_blue, old_red) = (around(*blue), around(*red));
        *blue = sample(66_757 * old_blue + 7_512 * old_red, 128);
        *red = sample(4_918 * old_blue + 67_196 * old_red, 128);
    }
}

/// The brightest luma that counts as black.
fn dark_level(full: bool) -> u8 {
    if full {
        (255 * DARK_TENTHS / 10) as u8
    } else {
        (16 + 219 * DARK_TENTHS / 10) as u8
    }
}

/// A sample of the full range in that of television.
fn narrowed(sample: u8, middle: i32, range: i32) -> u8 {
    let zero = if middle == 128 { 128 } else { 0 };
    let scaled = (i32::from(sample) - zero) * range;
    ((scaled + scaled.signum() * 127) / 255 + middle).clamp(0, 255) as u8
}

/// Where a part begins and ends; never empty.
fn span(part: usize, parts: usize, side: usize) -> std::ops::Range<usize> {
    let from = part * side / parts;
    from..((part + 1) * side / parts).max(from + 1)
}

/// One plane on its grid.
struct Grid {
    parts: Vec<u8>,
    /// Mean of each column and of each row that was looked at, in sixteenths.
    columns: Vec<u16>,
    rows: Vec<u16>,
    dark: u32,
}

impl Grid {
    fn of(picture: &YuvPicture, plane: usize, side: usize, dark_level: u8) -> Self {
        let (width, height) = picture.plane_size(plane);
        let mut grid = Self {
            parts: Vec::with_capacity(side * side),
            columns: Vec::with_capacity(width),
            rows: Vec::with_capacity(height),
            dark: 0,
        };
        let (mut dark, mut seen) = (0_usize, 0_usize);
        let mut totals = vec![0_u32; width];
        let mut sums = vec![0_u32; width];
        let mut row = Row::new(picture, plane);
        for part in 0..side {
            sums.fill(0);
            let rows = span(part, side, height);
            let step = rows.len().div_ceil(ROWS);
            let count = rows.len().div_ceil(step);
            for y in rows.step_by(step) {
                let samples = row.read(y);
                add(&mut sums, samples);
                grid.rows.push(sixteenths(samples));
                dark += darker(samples, dark_level);
            }
            seen += count;
            add_all(&mut totals, &sums);
            grid.parts.extend((0..side).map(|part| {
                let columns = span(part, side, width);
                let count = (columns.len() * count) as u32;
                let sum: u32 = sums[columns].iter().sum();
                ((sum + count / 2) / count) as u8
            }));
        }
        let seen = seen.max(1);
        grid.columns = totals
            .iter()
            .map(|sum| (u64::from(*sum) * 16 / seen as u64) as u16)
            .collect();
        grid.dark = (dark * 1000 / (seen * width)) as u32;
        grid
    }
}

/// The rows of a plane in 8 bits.
struct Row<'a> {
    plane: &'a [u8],
    width: usize,
    shift: Option<u32>,
    narrow: Vec<u8>,
}

impl<'a> Row<'a> {
    fn new(picture: &'a YuvPicture, plane: usize) -> Self {
        Self {
            plane: &picture.planes[plane],
            width: picture.plane_size(plane).0,
            shift: (picture.depth > 8).then(|| u32::from(picture.depth) - 8),
            narrow: Vec::new(),
        }
    }

    fn read(&mut self, y: usize) -> &[u8] {
        let Some(shift) = self.shift else {
            return &self.plane[y * self.width..(y + 1) * self.width];
        };
        let samples = &self.plane[2 * y * self.width..2 * (y + 1) * self.width];
        self.narrow.clear();
        let (pairs, _) = samples.as_chunks::<2>();
        let narrow = pairs.iter().map(|pair| u16::from_le_bytes(*pair) >> shift);
        self.narrow.extend(narrow.map(|sample| sample as u8));
        &self.narrow
    }
}

fn add(sums: &mut [u32], samples: &[u8]) {
    for (sum, sample) in sums.iter_mut().zip(samples) {
        *sum = sum.wrapping_add(u32::from(*sample));
    }
}

fn add_all(totals: &mut [u32], sums: &[u32]) {
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total = total.wrapping_add(*sum);
    }
}

fn sixteenths(samples: &[u8]) -> u16 {
    let sum: u32 = samples.iter().map(|sample| u32::from(*sample)).sum();
    (u64::from(sum) * 16 / samples.len().max(1) as u64) as u16
}

/// How many samples are no brighter; counted in bytes, which processors do many at a time.
fn darker(samples: &[u8], level: u8) -> usize {
    let count = |samples: &[u8]| {
        let dark = samples.iter().map(|sample| u8::from(*sample <= level));
        usize::from(dark.fold(0_u8, u8::wrapping_add))
    };
    samples.chunks(128).map(count).sum()
}

/// Both profiles, as shown.
fn profiles(columns: &[u16], rows: &[u16], turn: Turn) -> (Vec<u16>, Vec<u16>) {
    let (across, down) = (profile(columns), profile(rows));
    let back = |mut profile: Vec<u16>| {
        profile.reverse();
        profile
    };
    match turn {
        Turn(1) => (back(down), across),
        Turn(2) => (back(across), back(down)),
        Turn(3) => (down, back(across)),
        Turn(_) => (across, down),
    }
}

fn profile(means: &[u16]) -> Vec<u16> {
    let mean = |part: usize| {
        let some = &means[span(part, PROFILE, means.len())];
        let sum: u32 = some.iter().map(|mean| u32::from(*mean)).sum();
        (sum / some.len() as u32) as u16
    };
    (0..PROFILE).map(mean).collect()
}

/// A square grid as a player shows it.
fn turned(parts: Vec<u8>, side: usize, turn: Turn) -> Vec<u8> {
    let last = side - 1;
    let from: fn(usize, usize, usize) -> (usize, usize) = match turn {
        Turn(1) => |x, y, last| (y, last - x),
        Turn(2) => |x, y, last| (last - x, last - y),
        Turn(3) => |x, y, last| (last - y, x),
        Turn(_) => return parts,
    };
    (0..side * side)
        .map(|at| {
            let (x, y) = from(at % side, at / side, last);
            parts[y * side + x]
        })
        .collect()
}

/// Half as many parts in each direction, each the mean of four.
pub(super) fn halved(parts: &[u8], side: usize) -> Vec<u8> {
    let half = side / 2;
    let at = |x: usize, y: usize| u32::from(parts[y * side + x]);
    (0..half * half)
        .map(|place| {
            let (x, y) = (place % half * 2, place / half * 2);
            let sum = at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
            ((sum + 2) / 4) as u8
        })
        .collect()
}

/// A picture of one colour.
#[cfg(test)]
pub(super) fn flat(luma: u8, chroma: [u8; 2], at_ms: u64) -> Small {
    Small {
        at_ms,
        luma: vec![luma; SIDE * SIDE],
        chroma: chroma.map(|sample| vec![sample; HALF * HALF]),
        dark: if luma <= dark_level(false) { 1000 } else { 0 },
        columns: vec![u16::from(luma) * 16; PROFILE],
        rows: vec![u16::from(luma) * 16; PROFILE],
    }
}
