//! Pictures after words: what the words say is there, everything else is up to the seed, as with a model that makes
//! a shot anew.
//!
//! Shared by `benches/likeness.rs` and `tests/likeness.rs`.

use image::{Rgb, RgbImage};

/// What the words say.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub(crate) name: &'static str,
    sky: [u8; 3],
    ground: [u8; 3],
    /// Where the ground begins, in hundredths from the top.
    horizon: i64,
    subject: [u8; 3],
    /// Where the subject stands and how large it is, in hundredths.
    place: (i64, i64),
    is_round: bool,
    /// What stands in the background.
    blocks: [u8; 3],
}

const fn words(
    name: &'static str,
    (sky, ground, horizon): ([u8; 3], [u8; 3], i64),
    (subject, place, is_round): ([u8; 3], (i64, i64), bool),
    blocks: [u8; 3],
) -> Words {
    Words {
        name,
        sky,
        ground,
        horizon,
        subject,
        place,
        is_round,
        blocks,
    }
}

impl Words {
    /// The same words with a subject of another colour.
    pub(crate) fn with_subject(self, subject: [u8; 3]) -> Self {
        Self { subject, ..self }
    }
}

pub(crate) const SCENES: [Words; 5] = [
    words(
        "courier",
        ([120, 130, 140], [70, 70, 75], 55),
        ([190, 40, 40], (50, 22), false),
        [90, 80, 80],
    ),
    words(
        "boat",
        ([150, 190, 230], [40, 90, 120], 45),
        ([230, 230, 220], (35, 16), true),
        [60, 100, 70],
    ),
    words(
        "house",
        ([200, 210, 220], [80, 140, 60], 60),
        ([220, 190, 90], (65, 20), false),
        [50, 110, 50],
    ),
    words(
        "night",
        ([10, 14, 40], [20, 20, 30], 65),
        ([240, 210, 120], (30, 12), true),
        [35, 35, 60],
    ),
    words(
        "desert",
        ([240, 200, 150], [200, 150, 90], 50),
        ([60, 50, 40], (60, 18), false),
        [180, 130, 80],
    ),
];

fn hash(seed: u64, number: u64) -> u64 {
    let mut mixed =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 32
}

/// Draws a picture. Seeds change the tint by 6 steps, the place of the subject by 6 %, its size by 3 %, the horizon
/// by 4 %, and all of the background.
pub(crate) fn draw(words: &Words, seed: u64, (wide, high): (u32, u32)) -> RgbImage {
    let jitter = |number, range: i64| (hash(seed, number) % (2 * range as u64 + 1)) as i64 - range;
    let share = |number, most| (hash(seed, number) % most) as i64;
    let (width, height) = (i64::from(wide), i64::from(high));
    let horizon = height * (words.horizon + jitter(1, 4)) / 100;
    let tint = [jitter(2, 6), jitter(3, 6), jitter(4, 6)];
    let middle = width * (words.place.0 + jitter(5, 6)) / 100;
    let size = height * (words.place.1 + jitter(6, 3)) / 100;
    let center = horizon + height * (12 + jitter(7, 3)) / 100 - size;
    let blocks: Vec<(i64, i64, i64)> = (0..9)
        .map(|block| {
            let left = width * share(100 + block, 100) / 100;
            let right = left + width * (4 + share(200 + block, 8)) / 100;
            (
                left,
                right,
                horizon - height * (5 + share(300 + block, 18)) / 100,
            )
        })
        .collect();
    RgbImage::from_fn(wide, high, |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let grain = (hash(seed ^ 0x4D, (x / 3 * 4096 + y / 3) as u64) % 13) as i64 - 6;
        let (dx, dy) = (x - middle, y - center);
        let is_inside = if words.is_round {
            dx * dx + dy * dy < size * size
        } else {
            dx.abs() < size / 2 && dy.abs() < size
        };
        let is_block =
            |(left, right, top): &(i64, i64, i64)| (*left..*right).contains(&x) && y > *top;
        let colour = if is_inside {
            words.subject
        } else if y > horizon {
            words.ground
        } else if blocks.iter().any(is_block) {
            words.blocks
        } else {
            words.sky
        };
        let light = grain + (height - y) * 16 / height;
        let lit = |channel: usize| i64::from(colour[channel]) + tint[channel] + light;
        Rgb([0, 1, 2].map(|channel| lit(channel).clamp(0, 255) as u8))
    })
}
