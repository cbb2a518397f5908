//! Cuts: where one picture follows another at once.
//!
//! In the way of `PySceneDetect`'s adaptive detector: a cut stands out of the change around it, so that a fast pan,
//! which changes much all the time, is none. Three more questions are asked of what stands out. Does the old picture
//! come back soon? Then it was a flash. Is it the same picture, only brighter? Then a light went on. Is it the same
//! picture, moved aside? Then the camera jerked. Fades and dissolves change little from frame to frame, and are none.

use std::collections::VecDeque;

use super::reduce::{HALF, SIDE, Small, halved};

/// The least change of a cut, in sixteenths of a step of 256.
const LEAST: u32 = 6 * 16;
/// A cut is so many times the change around it, as `adaptive_threshold` of `PySceneDetect`.
const TIMES: u32 = 3;
/// So many frames on each side are around it.
const AROUND: usize = 3;
/// So many frames on each side may have the other picture: a flash lasts no longer.
const FLASH: usize = 6;
/// Two cuts are at least so far apart; nearer ones are one.
const APART_MS: u64 = 250;
/// A picture that agrees better than that with the one before, in thousandths, is the same in another light. Two
/// landscapes under the same sky agree to 930.
const SAME_LIGHT: i64 = 960;
/// Neither another light nor a jerk changes colours by more than that, in sixteenths of a step.
const SAME_COLOUR: u32 = 4 * 16;
/// How far a jerk is looked for, in parts of 32.
const JERK: i64 = 8;

/// A frame as far as cuts are concerned.
#[derive(Debug)]
struct Seen {
    at_ms: u64,
    /// Luma of 32x32 parts.
    luma: Vec<u8>,
    /// Both differences of 16x16 parts.
    chroma: Vec<u8>,
    /// Change since the frame before.
    change: u32,
}

/// Cuts, frame by frame; keeps as many as have to be looked at again.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    recent: VecDeque<Seen>,
    /// Place in `recent` of the next frame to be judged.
    next: usize,
    found: Vec<u64>,
}

impl Cuts {
    pub(super) fn see(&mut self, frame: &Small) {
        let mut seen = Seen {
            at_ms: frame.at_ms,
            luma: halved(&frame.luma, SIDE),
            chroma: frame
                .chroma
                .iter()
                .flat_map(|plane| halved(plane, HALF))
                .collect(),
            change: 0,
        };
        seen.change = self.recent.back().map_or(0, |before| change(before, &seen));
        self.recent.push_back(seen);
        while self.recent.len() > self.next + FLASH {
            self.judge();
        }
    }

    pub(super) fn finish(mut self) -> Vec<u64> {
        while self.next < self.recent.len() {
            self.judge();
        }
        self.found
    }

    /// Judges the next frame, and forgets what nobody will look at again.
    fn judge(&mut self) {
        let place = self.next;
        let at_ms = self.recent[place].at_ms;
        let is_near = self
            .found
            .last()
            .is_some_and(|last| at_ms < last + APART_MS);
        if place > 0 && !is_near && self.stands_out(place) && self.is_another(place) {
            self.found.push(at_ms);
        }
        if self.next < FLASH {
            self.next += 1;
        } else {
            self.recent.pop_front();
        }
    }

    /// Whether the change to a frame is much more than the changes around it.
    fn stands_out(&self, place: usize) -> bool {
        let change = self.recent[place].change;
        // The first frame has nothing before it, so its change says nothing.
        let first = usize::from(self.recent[0].change == 0);
        let from = place.saturating_sub(AROUND).max(first);
        let to = (place + AROUND + 1).min(self.recent.len());
        let around = (from..to).filter(|other| *other != place);
        let changes: Vec<u32> = around.map(|other| self.recent[other].change).collect();
        let mean = changes.iter().sum::<u32>() / changes.len().max(1) as u32;
        change >= LEAST && change >= TIMES * mean
    }

    /// Whether the pictures before and from a frame on are of something else.
    fn is_another(&self, place: usize) -> bool {
        let (before, now) = (&self.recent[place - 1], &self.recent[place]);
        let back = |a: &Seen, b: &Seen| change(a, b) * 2 < now.change;
        let after = self.recent.range(place + 1..).take(FLASH);
        let earlier = self.recent.range(..place - 1).rev().take(FLASH);
        let flashes = after.into_iter().any(|after| back(before, after))
            || earlier.into_iter().any(|earlier| back(earlier, now));
        let same_colour = mean_colour_change(before, now) < SAME_COLOUR;
        let same = agreement(&before.luma, &now.luma) >= SAME_LIGHT || is_jerk(before, now);
        !(flashes || same_colour && same)
    }
}

/// The mean change of a part, in sixteenths of a step: of luma, and of colour.
fn change(a: &Seen, b: &Seen) -> u32 {
    mean_change(&a.luma, &b.luma) + mean_change(&a.chroma, &b.chroma)
}

fn mean_change(a: &[u8], b: &[u8]) -> u32 {
    let sum: u32 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u32::from(a.abs_diff(*b)))
        .sum();
    sum * 16 / a.len().max(1) as u32
}

/// How much the mean of the more changed of both differences has changed, in sixteenths of a step.
fn mean_colour_change(a: &Seen, b: &Seen) -> u32 {
    let mean = |seen: &[u8]| {
        let sum: u32 = seen.iter().map(|part| u32::from(*part)).sum();
        sum * 16 / seen.len().max(1) as u32
    };
    let half = a.chroma.len() / 2;
    let change = |a: &[u8], b: &[u8]| mean(a).abs_diff(mean(b));
    let (blue, red) = (&a.chroma[..half], &a.chroma[half..]);
    change(blue, &b.chroma[..half]).max(change(red, &b.chroma[half..]))
}

/// How well light and dark lie in the same places, in thousandths; 0 if one of the two has neither.
pub(super) fn agreement(a: &[u8], b: &[u8]) -> i64 {
    agreement_of(a.iter().copied().zip(b.iter().copied()))
}

/// The same of pairs.
pub(super) fn agreement_of(pairs: impl Iterator<Item = (u8, u8)>) -> i64 {
    let (mut count, mut a_sum, mut b_sum) = (0_i64, 0_i64, 0_i64);
    let (mut squares_a, mut squares_b, mut both) = (0_i64, 0_i64, 0_i64);
    for (a, b) in pairs {
        let (a, b) = (i64::from(a), i64::from(b));
        count += 1;
        a_sum += a;
        b_sum += b;
        squares_a += a * a;
        squares_b += b * b;
        both += a * b;
    }
    let spread = |squares: i64, sum: i64| (count * squares - sum * sum).max(0) as u64;
    let (wide_a, wide_b) = (spread(squares_a, a_sum), spread(squares_b, b_sum));
    // Less than a step of difference is no picture.
    if wide_a.min(wide_b) < (count * count).unsigned_abs() {
        return 0;
    }
    let scale = (wide_a.isqrt() * wide_b.isqrt()).max(1) as i64;
    ((count * both - a_sum * b_sum) * 1000 / scale).clamp(-1000, 1000)
}

/// Whether the new picture is the old one moved aside.
fn is_jerk(before: &Seen, now: &Seen) -> bool {
    let side = HALF as i64;
    let moved = |right: i64, down: i64| {
        let (mut sum, mut count) = (0_u32, 0_u32);
        for y in down.max(0)..(side + down).min(side) {
            for x in right.max(0)..(side + right).min(side) {
                let old = before.luma[((y - down) * side + x - right) as usize];
                sum += u32::from(old.abs_diff(now.luma[(y * side + x) as usize]));
                count += 1;
            }
        }
        sum * 16 / count.max(1)
    };
    let least = (-JERK..=JERK)
        .flat_map(|down| (-JERK..=JERK).map(move |right| (right, down)))
        .map(|(right, down)| moved(right, down))
        .min();
    least.is_some_and(|least| least * 5 < mean_change(&before.luma, &now.luma) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::reduce::flat;
    use crate::media::noise::hash;

    const NONE: [u64; 0] = [];

    /// A picture of blotches that depend on a seed, moved aside by some parts.
    fn scene(seed: u64, aside: usize, lighter: u8, at: u64) -> Small {
        let mut small = flat(0, [(seed * 37 % 100) as u8 + 80, 128], at * 42);
        for (place, part) in small.luma.iter_mut().enumerate() {
            let (x, y) = ((place % SIDE + aside) / 8, place / SIDE / 8);
            *part = 30 + lighter + (hash(seed, (x * 64 + y) as u64) % 160) as u8;
        }
        small
    }

    fn cuts(frames: impl IntoIterator<Item = Small>) -> Vec<u64> {
        let mut cuts = Cuts::default();
        frames.into_iter().for_each(|frame| cuts.see(&frame));
        cuts.finish()
    }

    #[test]
    fn another_scene_is_a_cut_wherever_it_comes() {
        for place in [1, 2, 20, 38, 39] {
            let found = cuts((0..40).map(|at| scene(u64::from(at >= place), 0, 0, at)));
            assert_eq!(found, [place * 42]);
        }
        let thrice = cuts((0..40).map(|at| scene(at / 10, 0, 0, at)));
        assert_eq!(thrice, [420, 840, 1260]);
    }

    #[test]
    fn a_pan_is_none_however_fast() {
        for speed in [1, 3, 6, 12, 30] {
            let found = cuts((0..40).map(|at| scene(1, at as usize * speed, 0, at)));
            assert_eq!(found, NONE, "{speed}");
        }
    }

    #[test]
    fn a_jerk_is_none() {
        let found = cuts((0..40).map(|at| scene(1, if at >= 20 { 12 } else { 0 }, 0, at)));
        assert_eq!(found, NONE);
    }

    #[test]
    fn the_same_shapes_in_other_colours_are_a_cut() {
        let film = (0..40).map(|at| {
            let mut frame = scene(1, 0, if at >= 20 { 30 } else { 0 }, at);
            frame.chroma[1].fill(if at >= 20 { 150 } else { 110 });
            frame
        });
        assert_eq!(cuts(film), [840]);
    }

    #[test]
    fn a_flash_is_none_and_a_light_that_goes_on_neither() {
        for length in 1..=4 {
            let flash = |at: u64| {
                if (20..20 + length).contains(&at) {
                    flat(235, [128; 2], at * 42)
                } else {
                    scene(1, 0, 0, at)
                }
            };
            assert_eq!(cuts((0..40).map(flash)), NONE, "{length}");
        }
        let lamp = (0..40).map(|at| scene(1, 0, if at >= 20 { 40 } else { 0 }, at));
        assert_eq!(cuts(lamp), NONE);
    }

    #[test]
    fn a_fade_is_none_but_black_at_once_is_one() {
        let fade = |at: u64| {
            let mut frame = scene(1, 0, 0, at);
            let left = 20_u64.saturating_sub(at.saturating_sub(10));
            for part in &mut frame.luma {
                *part = (16 + (u64::from(*part) - 16) * left / 20) as u8;
            }
            frame
        };
        assert_eq!(cuts((0..40).map(fade)), NONE);
        let black = |at: u64| {
            if at >= 20 {
                flat(16, [128; 2], at * 42)
            } else {
                scene(1, 0, 0, at)
            }
        };
        assert_eq!(cuts((0..40).map(black)), [840]);
    }

    #[test]
    fn agreement_is_of_shapes_and_not_of_brightness() {
        assert_eq!(agreement(&[10, 20, 30, 60], &[110, 120, 130, 160]), 1000);
        assert_eq!(agreement(&[10, 20, 30, 40], &[40, 30, 20, 10]), -1000);
        assert_eq!(agreement(&[10; 4], &[10; 4]), 0);
    }
}
