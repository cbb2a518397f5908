//! Where the camera went, as far as whole pictures say it.
//!
//! Owns finding how far a picture has moved since an earlier one, from its profiles: two halves that move alike are a
//! pan, two that move apart are a camera that comes closer. Things that move through the picture disturb it; what
//! cannot be told counts as standing.

use serde::{Deserialize, Serialize};

use super::reduce::{PROFILE, Small};

/// Pictures that far apart are compared.
const STEP_MS: u64 = 240;
/// How far is looked, in samples of a profile: an eighth of the picture.
const REACH: i32 = 32;
/// Profiles are compared to that share of a sample.
const FINE: i32 = 16;

/// How far the camera has gone since the beginning of the film, in thousandths of the picture's width or height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moved {
    /// To the right; negative is to the left.
    pub right: i32,
    /// Downwards; negative is up.
    pub down: i32,
    /// Towards what is seen; negative is away from it.
    pub closer: i32,
}

/// The way of the camera, frame by frame.
#[derive(Debug, Default)]
pub(super) struct Camera {
    anchor: Option<Small>,
    moved: Moved,
}

impl Camera {
    /// Where it is at a frame.
    pub(super) fn see(&mut self, frame: &Small) -> Moved {
        let Some(anchor) = &self.anchor else {
            self.anchor = Some(frame.clone());
            return self.moved;
        };
        let step = step(anchor, frame);
        let here = Moved {
            right: self.moved.right + step.right,
            down: self.moved.down + step.down,
            closer: self.moved.closer + step.closer,
        };
        if frame.at_ms >= anchor.at_ms + STEP_MS {
            self.moved = here;
            self.anchor = Some(frame.clone());
        }
        here
    }
}

/// The camera's way from one picture to another.
fn step(from: &Small, to: &Small) -> Moved {
    let (right, wider) = along(&from.columns, &to.columns);
    let (down, higher) = along(&from.rows, &to.rows);
    Moved {
        right,
        down,
        closer: (wider + higher) / 2,
    }
}

/// How far the camera went along a profile, and how much the picture grew.
fn along(from: &[u16], to: &[u16]) -> (i32, i32) {
    let half = PROFILE / 2;
    let (Some(first), Some(second)) = (shift(from, to, 0, half), shift(from, to, half, PROFILE))
    else {
        return (
            shift(from, to, 0, PROFILE).map_or(0, |shift| -thousandths(shift)),
            0,
        );
    };
    // What moves to the left is seen by a camera that turns to the right. The middles of the halves are half a
    // picture apart.
    (
        -thousandths(i32::midpoint(first, second)),
        2 * thousandths(second - first),
    )
}

fn thousandths(shift: i32) -> i32 {
    let whole = PROFILE as i32 * FINE;
    (shift * 1000 + shift.signum() * whole / 2) / whole
}

/// How far a part of a profile has moved, in shares of a sample; `None` if that cannot be told.
fn shift(from: &[u16], to: &[u16], begin: usize, end: usize) -> Option<i32> {
    let slope = |profile: &[u16], at: i32| {
        let at = at as usize;
        i32::from(profile[at + 1]) - i32::from(profile[at - 1])
    };
    let error = |shift: i32| {
        let (begin, end) = (begin as i32, end as i32);
        let last = PROFILE as i32 - 1;
        let places = begin.max(1).max(1 + shift)..end.min(last).min(last + shift);
        let count = places.len().max(1) as u64;
        let sum: u64 = places
            .map(|at| u64::from(slope(to, at).abs_diff(slope(from, at - shift))))
            .sum();
        (sum * 64 / count) as i64
    };
    let errors: Vec<i64> = (-REACH..=REACH).map(error).collect();
    let best = (0..errors.len()).min_by_key(|at| (errors[*at], at.abs_diff(REACH as usize)))?;
    let mean = errors.iter().sum::<i64>() / errors.len() as i64;
    // Flat profiles fit everywhere, and what fits nowhere has not moved but changed.
    if mean < 64 || errors[best] * 10 > mean * 6 {
        return None;
    }
    let whole = (best as i32 - REACH) * FINE;
    if best == 0 || best + 1 == errors.len() {
        return Some(whole);
    }
    let (left, middle, right) = (errors[best - 1], errors[best], errors[best + 1]);
    // The tip of a V, not of a parabola: errors of shifted slopes grow evenly.
    let (rise, fine) = (left.max(right) - middle, i64::from(FINE));
    let aside = if rise > 0 {
        (left - right) * fine / (2 * rise)
    } else {
        0
    };
    Some(whole + aside as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::reduce::flat;
    use crate::media::noise::hash;

    /// A row of blotches, seen from a place on, `size` thousandths of it.
    fn view(place: i32, size: i32, at_ms: u64) -> Small {
        let mut small = flat(90, [128; 2], at_ms);
        let middle = PROFILE as i32 / 2;
        for (at, value) in small.columns.iter_mut().enumerate() {
            let fine = (at as i32 - middle) * size * 16 / 1000 + 16 * (place + 4096);
            let (cell, share) = (fine / 160, fine % 160);
            let height = |cell: i32| (hash(5, cell as u64) % 1600) as i32;
            *value = ((height(cell) * (160 - share) + height(cell + 1) * share) / 160 + 400) as u16;
        }
        small
    }

    fn way(views: impl Iterator<Item = Small>) -> Moved {
        let mut camera = Camera::default();
        views
            .map(|view| camera.see(&view))
            .last()
            .expect("there are views")
    }

    #[test]
    fn a_pan_is_found_with_its_direction() {
        // 144 frames of 6 s, a quarter of the picture in all.
        let right = way((0..=144).map(|at| view(at * 64 / 144, 1000, at as u64 * 42)));
        assert!((230..=270).contains(&right.right), "{right:?}");
        let left = way((0..=144).map(|at| view(-at * 64 / 144, 1000, at as u64 * 42)));
        assert!((-270..=-230).contains(&left.right), "{left:?}");
        assert!(left.closer.abs() < 30 && left.down == 0, "{left:?}");
    }

    #[test]
    fn coming_closer_is_no_pan() {
        let closer = way((0..=144).map(|at| view(0, 1000 - at * 300 / 144, at as u64 * 42)));
        // Only the columns show it here, so half of it is found.
        assert!(closer.closer > 100 && closer.right.abs() < 30, "{closer:?}");
        let away = way((0..=144).map(|at| view(0, 700 + at * 300 / 144, at as u64 * 42)));
        assert!(away.closer < -100, "{away:?}");
    }

    #[test]
    fn what_stands_or_has_no_shape_has_not_moved() {
        let still = way((0..=144).map(|at| view(0, 1000, at as u64 * 42)));
        assert_eq!(still, Moved::default());
        let flat = way((0..=144).map(|at| flat(at as u8, [128; 2], at as u64 * 42)));
        assert_eq!(flat, Moved::default());
    }
}
