//! Passages that are black, and passages in which nothing moves.
//!
//! Both mean what ffmpeg's `blackdetect` and `freezedetect` mean, on a grid of parts instead of pixels: grain and the
//! coarseness of an encoder are averaged away, so that less tolerance is needed.

use super::Span;
use super::reduce::{SIDE, Small};

/// At least so many of a thousand pixels are black: `pic_th` of `blackdetect`.
const BLACK: u32 = 980;
/// Shorter passages are not worth a word.
const LEAST_BLACK_MS: u64 = 100;
/// Shorter ones happen in films that move, between two frames of an animation.
const LEAST_FROZEN_MS: u64 = 500;
/// The mean change of a part that still is none, in quarters of a step of 256: -60 dB, `n` of `freezedetect`.
const NOISE_QUARTERS: u32 = 1;
/// A part that changes by more steps than that has moved, however little the whole has.
const STIR: u8 = 4;
/// So many parts may, one of a thousand.
const STIRRED: usize = SIDE * SIDE / 1000;

/// Black passages, frame by frame.
#[derive(Debug, Default)]
pub(super) struct Black {
    since: Option<u64>,
    found: Vec<Span>,
}

impl Black {
    pub(super) fn see(&mut self, frame: &Small) {
        if frame.dark >= BLACK {
            self.since.get_or_insert(frame.at_ms);
        } else {
            self.end(frame.at_ms);
        }
    }

    fn end(&mut self, at_ms: u64) {
        keep(self.since.take(), at_ms, LEAST_BLACK_MS, &mut self.found);
    }

    pub(super) fn finish(mut self, end_ms: u64) -> Vec<Span> {
        self.end(end_ms);
        self.found
    }
}

/// Frozen passages, frame by frame. Each frame is compared with the first of its passage, so that what creeps is not
/// taken for what stands.
#[derive(Debug, Default)]
pub(super) struct Frozen {
    first: Option<Small>,
    found: Vec<Span>,
}

impl Frozen {
    pub(super) fn see(&mut self, frame: &Small) {
        if !self
            .first
            .as_ref()
            .is_some_and(|first| is_same(first, frame))
        {
            self.end(frame.at_ms);
            self.first = Some(frame.clone());
        }
    }

    fn end(&mut self, at_ms: u64) {
        let since = self.first.take().map(|first| first.at_ms);
        keep(since, at_ms, LEAST_FROZEN_MS, &mut self.found);
    }

    pub(super) fn finish(mut self, end_ms: u64) -> Vec<Span> {
        self.end(end_ms);
        self.found
    }
}

fn is_same(first: &Small, frame: &Small) -> bool {
    let changes = first.luma.iter().zip(&frame.luma);
    let (mut sum, mut stirred) = (0_u32, 0);
    for (before, now) in changes {
        let change = before.abs_diff(*now);
        sum += u32::from(change);
        stirred += usize::from(change > STIR);
    }
    sum * 4 <= NOISE_QUARTERS * (SIDE * SIDE) as u32 && stirred <= STIRRED
}

fn keep(since: Option<u64>, to_ms: u64, least: u64, found: &mut Vec<Span>) {
    if let Some(from_ms) = since
        && to_ms.saturating_sub(from_ms) >= least
    {
        found.push(Span { from_ms, to_ms });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::reduce::flat;

    fn film(frames: &[(u64, u8)]) -> Vec<Small> {
        let small = |(at_ms, luma): &(u64, u8)| flat(*luma, [128; 2], *at_ms);
        frames.iter().map(small).collect()
    }

    fn black(frames: &[(u64, u8)], end: u64) -> Vec<Span> {
        let mut black = Black::default();
        for frame in &film(frames) {
            black.see(frame);
        }
        black.finish(end)
    }

    fn frozen(frames: &[Small], end: u64) -> Vec<Span> {
        let mut frozen = Frozen::default();
        for frame in frames {
            frozen.see(frame);
        }
        frozen.finish(end)
    }

    #[test]
    fn black_lasts_to_the_frame_that_is_not_or_to_the_end() {
        let span = |from_ms, to_ms| Span { from_ms, to_ms };
        let frames = [
            (0, 16),
            (50, 30),
            (100, 90),
            (200, 37),
            (300, 37),
            (400, 38),
        ];
        assert_eq!(black(&frames, 500), [span(0, 100), span(200, 400)]);
        assert_eq!(black(&[(0, 90), (100, 20)], 1000), [span(100, 1000)]);
        assert_eq!(black(&[(0, 90), (100, 20)], 150), []);
        assert_eq!(black(&[], 0), []);
    }

    #[test]
    fn a_film_that_stands_is_frozen_and_one_that_creeps_is_not() {
        let still: Vec<(u64, u8)> = (0..20).map(|at| (at * 50, 90)).collect();
        assert_eq!(
            frozen(&film(&still), 1000),
            [Span {
                from_ms: 0,
                to_ms: 1000
            }]
        );
        let creeping: Vec<(u64, u8)> = (0..20).map(|at| (at * 50, 90 + at as u8 / 4)).collect();
        assert_eq!(frozen(&film(&creeping), 1000), []);
    }

    #[test]
    fn a_small_thing_that_moves_is_movement() {
        let mut frames = film(&(0..20).map(|at| (at * 50, 90)).collect::<Vec<_>>());
        for (number, frame) in frames.iter_mut().enumerate() {
            // Six parts of four thousand, which a mean would not show.
            let from = number * 64;
            frame.luma[from..from + 6].fill(140);
        }
        assert_eq!(frozen(&frames, 1000), []);
        for frame in &mut frames {
            frame.luma.fill(90);
            frame.luma[7] = frame.at_ms as u8;
        }
        assert_eq!(frozen(&frames, 1000).len(), 1, "a dot is noise");
    }
}
