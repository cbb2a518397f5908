//! Outlines against the sky: how high the ground, the trees and the houses reach at each column of a layer.
//!
//! Heights are the distance from the layer's top in 1/256 pixels, so that slopes come out smooth. Knows no colours.

use super::noise::{ONE, hash, pick, ridge};

/// The size of a layer and the seed of what grows on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Land {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) seed: u64,
}

/// A house: columns `left..right`, its roof at row `top`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct House {
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) top: usize,
    pub(crate) seed: u64,
}

/// A tree: its middle column, and the rows of its tip and its foot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pine {
    pub(crate) center: i64,
    pub(crate) top: i64,
    pub(crate) foot: i64,
}

/// The shape of a range of hills; all in thousandths of the layer's height.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hills {
    /// Where the ground lies on average.
    pub(crate) level: i64,
    /// How far it rises and falls.
    pub(crate) rise: i64,
    /// The distance between neighbouring hills.
    pub(crate) apart: i64,
    /// How rugged the outline is, in octaves of noise.
    pub(crate) octaves: u32,
}

impl Land {
    /// Thousandths of the height as 1/256 pixels.
    fn part(&self, thousandths: i64) -> i64 {
        self.height as i64 * thousandths * 256 / 1000
    }

    /// The outline of hills.
    pub(crate) fn hills(&self, hills: Hills) -> Vec<i64> {
        let apart = (self.part(hills.apart) / 256).max(1);
        (0..self.width as i64)
            .map(|x| {
                let noise = ridge(self.seed, x * ONE / apart, hills.octaves);
                self.part(hills.level) + ((self.part(hills.rise) * noise) >> 17)
            })
            .collect()
    }

    /// Pines along an outline, in groves with clearings between.
    pub(crate) fn pines(&self, ground: &[i64]) -> Vec<Pine> {
        let mut pines = Vec::new();
        let grove = (self.part(500) / 256).max(1);
        let mut center = 0;
        for number in 0.. {
            let Some(top) = usize::try_from(center).ok().and_then(|x| ground.get(x)) else {
                break;
            };
            let seed = hash(self.seed ^ 0x9137, number);
            let tall = self.part(110 + pick(seed, 1, 230) as i64);
            if ridge(self.seed ^ 0x77, center * ONE / grove, 2) > -ONE / 3 {
                let foot = top + self.part(12);
                pines.push(Pine {
                    center,
                    top: (foot - tall) / 256,
                    foot: foot / 256,
                });
            }
            center += (self.part(14 + pick(seed, 2, 44) as i64) / 256).max(1);
        }
        pines
    }

    /// Lets grass grow along an outline: blades of a few columns each.
    pub(crate) fn plant_grass(&self, tops: &mut [i64]) {
        let blade = (self.height / 140).max(2) as u64;
        for (x, top) in tops.iter_mut().enumerate() {
            let (number, within) = (x as u64 / blade, x as u64 % blade);
            let tall = self.part(8 + pick(self.seed ^ 0x6a55, number, 34) as i64);
            *top -= tall * (blade - within) as i64 / blade as i64;
        }
    }

    /// A street of houses, their roofs between two heights (thousandths of the layer's height from its top).
    pub(crate) fn houses(&self, highest: i64, lowest: i64) -> Vec<House> {
        let mut houses = Vec::new();
        let mut left = 0;
        while left < self.width {
            let seed = hash(self.seed ^ 0x40c5e, houses.len() as u64);
            let wide = (self.height * (55 + pick(seed, 1, 75) as usize) / 1000).max(2);
            // The square prefers low roofs, so that the few towers stand out.
            let draw = pick(seed, 2, 1000) as i64;
            let roof = lowest - (lowest - highest) * draw * draw / 1_000_000;
            let top = (self.part(roof) / 256) as usize;
            houses.push(House {
                left,
                right: (left + wide).min(self.width),
                top,
                seed,
            });
            left += wide + self.height * pick(seed, 3, 12) as usize / 1000;
        }
        houses
    }
}

impl Pine {
    /// Half the tree's width at a row, in 1/256 pixels: tiers of branches that hang over the next.
    pub(crate) fn half_width(&self, y: i64) -> i64 {
        const TIERS: i64 = 6;
        let tall = (self.foot - self.top).max(1);
        let down = (y - self.top).clamp(0, tall) * 256;
        let tier = (tall * 256 / TIERS).max(1);
        let widest = tall * 256 * 19 / 100;
        let overall = widest * down / (tall * 256);
        let branch = widest * 38 / 100 * (down % tier) / tier;
        overall * 70 / 100 + branch
    }
}
