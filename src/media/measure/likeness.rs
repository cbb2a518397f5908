//! How alike two films are, of which one was made anew: nothing in them need be in the same place.
//!
//! Owns the numbers and the named bands. Never compares pixel by pixel: two films from the same words have no pixel
//! in common, and measures of damage such as SSIM call a noisy copy of a film stranger than another film. What the
//! bands were chosen by is printed by `benches/likeness.rs`.

use serde::{Deserialize, Serialize};

use super::camera::Moved;
use super::glance::{CHROMA, Glance, LUMA};
use super::reduce::halved;

/// How alike two films, or a picture and a film's frame, are. All numbers are in thousandths; 1000 is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// How much of its colours one has in common with the other, wherever they are: the part that two histograms of
    /// light and colour share.
    pub colour: u32,
    /// How much of the hues of one the other has at all, in whatever amount: a red coat that is blue takes away as
    /// much as there is of it.
    pub hues: u32,
    /// How alike light and colour are in the same places of the same moments; a mean difference of one of 256 steps
    /// takes 20 away. The picture may have moved by an eighth, the moment by a seventh of the film.
    pub layout: i32,
    /// How much of the camera's way is the same; 0 is another direction. A camera that stands has no direction.
    /// `None` for a picture.
    pub camera: Option<u32>,
}

/// How alike something has to be, in the numbers of [`Likeness`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounds {
    /// The least `colour`.
    pub colour: u32,
    /// The least `hues`.
    pub hues: u32,
    /// The least `layout`.
    pub layout: i32,
    /// The least `camera`, where there is one.
    pub camera: u32,
}

impl From<Likeness> for Bounds {
    /// The narrowest bounds that something lies within.
    fn from(likeness: Likeness) -> Self {
        Self {
            colour: likeness.colour,
            hues: likeness.hues,
            layout: likeness.layout,
            camera: likeness.camera.unwrap_or(0),
        }
    }
}

/// Bounds with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// The same film, written again: smaller, coarser, a little brighter, or a second later.
    Close,
    /// The same scene, made anew, with the same camera.
    Alike,
    /// The same colours in roughly the same places; the camera may go elsewhere.
    Loose,
}

impl Band {
    /// All, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Close, Self::Alike, Self::Loose];

    /// The name that people write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Alike => "alike",
            Self::Loose => "loose",
        }
    }

    /// The least numbers of the band.
    pub fn bounds(self) -> Bounds {
        let (colour, hues, layout, camera) = match self {
            Self::Close => (700, 980, 880, 600),
            Self::Alike => (600, 980, 620, 500),
            Self::Loose => (450, 900, 520, 0),
        };
        Bounds {
            colour,
            hues,
            layout,
            camera,
        }
    }
}

impl Likeness {
    /// Whether it lies within bounds.
    pub fn is_within(&self, bounds: &Bounds) -> bool {
        self.colour >= bounds.colour
            && self.hues >= bounds.hues
            && self.layout >= bounds.layout
            && self.camera.is_none_or(|camera| camera >= bounds.camera)
    }

    /// The narrowest band it lies in.
    pub fn band(&self) -> Option<Band> {
        let mut all = Band::ALL.into_iter();
        all.find(|band| self.is_within(&band.bounds()))
    }
}

/// How alike two films are by what was seen of them; one frame of one stands for a picture. Nothing is like nothing.
pub fn likeness(a: &[Glance], b: &[Glance]) -> Likeness {
    let is_sound = |glances: &[Glance]| !glances.is_empty() && glances.iter().all(Glance::is_sound);
    if !is_sound(a) || !is_sound(b) {
        return Likeness {
            colour: 0,
            hues: 0,
            layout: 0,
            camera: None,
        };
    }
    let (first, second) = (coarse(a), coarse(b));
    let films = a.len() > 1 && b.len() > 1;
    Likeness {
        colour: shared(&histogram(a), &histogram(b)),
        hues: hues(a, b),
        layout: i32::midpoint(found(&first, &second), found(&second, &first)),
        camera: films.then(|| way(a, b)),
    }
}

/// Cells of a histogram on each axis, and one more that only takes what lies between.
const CELLS: usize = 9;
/// Steps of luma in a cell, and of chroma, which varies less.
const WIDTHS: [i64; 3] = [32, 16, 16];
/// A cell's width in shares.
const SHARES: i64 = 16;

/// Light and colour of all frames. Each sample is shared out among the eight cells around it, so that a step of
/// brightness does not throw it into another one.
fn histogram(glances: &[Glance]) -> Vec<u64> {
    let mut cells = vec![0; CELLS * CELLS * CELLS];
    for glance in glances {
        let luma = halved(&glance.luma, LUMA);
        let (blue, red) = glance.chroma.split_at(CHROMA * CHROMA);
        for ((luma, blue), red) in luma.iter().zip(blue).zip(red) {
            share_out([*luma, *blue, *red], &mut cells);
        }
    }
    // The number of frames must not count.
    let total: u64 = cells.iter().sum();
    let scaled = cells.iter().map(|cell| cell * 1_000_000 / total.max(1));
    scaled.collect()
}

fn share_out([luma, blue, red]: [u8; 3], cells: &mut [u64]) {
    let most = (CELLS as i64 - 1) * SHARES - 1;
    let place = |value: i64, axis: usize| (value * SHARES / WIDTHS[axis]).clamp(0, most);
    // Grey lies in the middle; what is more colourful than the outermost cells counts as those.
    let aside = (CELLS as i64 - 1) / 2 * WIDTHS[1];
    let chroma = |value: u8| i64::from(value) - 128 + aside;
    let places = [
        place(i64::from(luma), 0),
        place(chroma(blue), 1),
        place(chroma(red), 2),
    ];
    for corner in 0..8_usize {
        let (mut weight, mut cell) = (1, 0);
        for (axis, place) in places.iter().enumerate() {
            let up = corner >> axis & 1;
            let share = place % SHARES;
            weight *= if up == 1 { share } else { SHARES - share };
            cell = cell * CELLS + (place / SHARES) as usize + up;
        }
        cells[cell] += weight as u64;
    }
}

fn shared(a: &[u64], b: &[u64]) -> u32 {
    let shared: u64 = a.iter().zip(b).map(|(a, b)| *a.min(b)).sum();
    ((shared + 500) / 1000).min(1000) as u32
}

/// Cells of hues in both directions.
const HUES: usize = 16;

/// How much of the hues of each film has something near in the other.
fn hues(a: &[Glance], b: &[Glance]) -> u32 {
    let (a, b) = (hue_cells(a), hue_cells(b));
    let lost = lost(&a, &b).max(lost(&b, &a));
    (1000 - (lost / 1000).min(1000)) as u32
}

fn hue_cells(glances: &[Glance]) -> Vec<u64> {
    let mut cells = vec![0; HUES * HUES];
    for glance in glances {
        let (blue, red) = glance.chroma.split_at(CHROMA * CHROMA);
        for (blue, red) in blue.iter().zip(red) {
            cells[usize::from(blue / 16) * HUES + usize::from(red / 16)] += 1;
        }
    }
    let total: u64 = cells.iter().sum();
    let scaled = cells.iter().map(|cell| cell * 1_000_000 / total.max(1));
    scaled.collect()
}

/// How much of some hues the others lack, those next to them included.
fn lost(hues: &[u64], others: &[u64]) -> u64 {
    let near = |place: usize| -> u64 {
        let around = |at: usize| at.saturating_sub(1)..(at + 2).min(HUES);
        let (blue, red) = (place / HUES, place % HUES);
        around(blue)
            .map(|blue| others[blue * HUES..][around(red)].iter().sum::<u64>())
            .sum()
    };
    let lost = hues
        .iter()
        .enumerate()
        .map(|(place, hue)| hue.saturating_sub(near(place)));
    lost.sum()
}

/// Parts in each direction in which places are compared.
const PARTS: usize = 8;
/// So many of them a picture may have moved.
const ASIDE: i64 = 1;
/// How much a step of luma and of each chroma counts, in tenths.
const WEIGHTS: [u32; 3] = [5, 10, 10];

/// A frame in coarse parts: light and both colours.
type Coarse = [Vec<u8>; 3];

fn coarse(glances: &[Glance]) -> Vec<Coarse> {
    let parts = |glance: &Glance| {
        let (blue, red) = glance.chroma.split_at(CHROMA * CHROMA);
        [
            halved(&halved(&glance.luma, LUMA), LUMA / 2),
            halved(blue, CHROMA),
            halved(red, CHROMA),
        ]
    };
    glances.iter().map(parts).collect()
}

/// How well each frame of one film is found about the same moment of another.
fn found(a: &[Coarse], b: &[Coarse]) -> i32 {
    let last = |film: &[Coarse]| film.len() - 1;
    let differences = a.iter().enumerate().map(|(place, frame)| {
        let there = place * last(b) / last(a).max(1);
        let near = &b[there.saturating_sub(1)..(there + 2).min(b.len())];
        // A picture has only one moment.
        let near = if a.len() == 1 || b.len() == 1 {
            &b[there..=there]
        } else {
            near
        };
        let differences = near.iter().map(|other| difference(frame, other));
        differences.min().unwrap_or(u32::MAX)
    });
    let sum: u64 = differences.map(u64::from).sum();
    let mean = (sum / a.len() as u64).min(1000) as i32;
    (1000 - 2 * mean).max(0)
}

/// The mean difference of parts in tenths of a step, at the best place.
fn difference(a: &Coarse, b: &Coarse) -> u32 {
    let places = (-ASIDE..=ASIDE).flat_map(|down| (-ASIDE..=ASIDE).map(move |right| (right, down)));
    let all = places.map(|place| {
        let planes = a.iter().zip(b).zip(WEIGHTS);
        planes
            .map(|((a, b), weight)| moved_difference(a, b, place) * weight)
            .sum::<u32>()
            / 16
    });
    all.min().unwrap_or(u32::MAX)
}

/// The mean difference of two planes, one of them moved aside, in sixteenths of a step.
fn moved_difference(a: &[u8], b: &[u8], (right, down): (i64, i64)) -> u32 {
    let side = PARTS as i64;
    let (mut sum, mut count) = (0, 0);
    for y in down.max(0)..(side + down).min(side) {
        for x in right.max(0)..(side + right).min(side) {
            let old = a[((y - down) * side + x - right) as usize];
            sum += u32::from(old.abs_diff(b[(y * side + x) as usize]));
            count += 1;
        }
    }
    sum * 16 / count.max(1)
}

/// Less of a way than so many thousandths of the picture is none, at every moment.
const STANDING: u64 = 20;

/// How much of the camera's way two films have in common.
fn way(a: &[Glance], b: &[Glance]) -> u32 {
    let (mut apart, mut far) = (0, 0);
    for (place, glance) in a.iter().enumerate() {
        let other = &b[place * (b.len() - 1) / (a.len() - 1).max(1)];
        let (one, other) = (glance.moved, other.moved);
        apart += distance(one, other);
        far += distance(one, Moved::default()) + distance(other, Moved::default());
    }
    let far = far + STANDING * a.len() as u64;
    (1000 - (apart * 1000 / far.max(1)).min(1000)) as u32
}

fn distance(a: Moved, b: Moved) -> u64 {
    let square = |a: i32, b: i32| u64::from(a.abs_diff(b)).pow(2);
    (square(a.right, b.right) + square(a.down, b.down) + square(a.closer, b.closer)).isqrt()
}
