//! Where the camera went, as far as whole pictures say it.
//!
//! Owns finding how far a picture has moved since an earlier one, and how much it has grown, from its profiles. Things that move through the picture disturb it; what
//! cannot be told counts as standing.

use serde::{Deserialize, Serialize};

use super::reduce::{PROFILE, Small};

/// Pictures that far apart are compared at least.
const STEP_MS: u64 = 240;
/// And at most: the slower a camera is, the longer it takes until its way can be told from noise.
const LONG_STEP_MS: u64 = 960;
/// So many thousandths of a way are worth a new beginning.
const WAY: i32 = 12;
/// How far a picture may have moved from one step to the next, in samples of a profile: an eighth of it.
const REACH: i32 = 32;
/// How far its edges may have grown beside that.
const GROWTH: i32 = 12;
/// A sample of a profile in shares.
const FINE: i32 = 16;
/// Growth has to explain so much more, in hundredths, or it is none.
const WORTH: i64 = 85;

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
    /// Follows it to a frame; where it is there, if somebody wants to know.
    pub(super) fn see(&mut self, frame: &Small, is_wanted: bool) -> Moved {
        let Some(anchor) = &self.anchor else {
            self.anchor = Some(frame.clone());
            return self.moved;
        };
        let passed = frame.at_ms.saturating_sub(anchor.at_ms);
        if passed < STEP_MS && !is_wanted {
            return self.moved;
        }
        let step = step(anchor, frame);
        let here = Moved {
            right: self.moved.right + step.right,
            down: self.moved.down + step.down,
            closer: self.moved.closer + step.closer,
        };
        let way = step.right.abs().max(step.down.abs()).max(step.closer.abs());
        if passed >= LONG_STEP_MS || (passed >= STEP_MS && way >= WAY) {
            self.moved = here;
            self.anchor = Some(frame.clone());
        }
        here
    }
}

/// The camera's way from one picture to another.
fn step(from: &Small, to: &Small) -> Moved {
    let across = along(&from.columns, &to.columns);
    let down = along(&from.rows, &to.rows);
    // What moves to the left is seen by a camera that turns to the right.
    let way = |change: Option<Change>| change.map_or(0, |change| -thousandths(change.shift));
    // Both directions grow alike; a picture of even rows or columns shows it in one only.
    let growth = match (across, down) {
        (Some(across), Some(down)) => i32::midpoint(across.growth, down.growth),
        (Some(only), None) | (None, Some(only)) => only.growth,
        (None, None) => 0,
    };
    Moved {
        right: way(across),
        down: way(down),
        closer: 2 * thousandths(growth),
    }
}

fn thousandths(shift: i32) -> i32 {
    let whole = PROFILE as i32 * FINE;
    (shift * 1000 + shift.signum() * whole / 2) / whole
}

/// What became of a profile, in shares of a sample.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// How far all of it has moved.
    shift: i32,
    /// How far its end has moved beside that, and its beginning the other way.
    growth: i32,
}

/// Finds the change of a profile; `None` if that cannot be told.
fn along(from: &[u16], to: &[u16]) -> Option<Change> {
    let (from, to) = (slopes(from), slopes(to));
    let error = |shift: i32, growth: i32| difference(&from, &to, shift, growth);
    let shifts: Vec<i64> = (-REACH..=REACH).map(|shift| error(shift, 0)).collect();
    let best = (-REACH..=REACH).min_by_key(|shift| (shifts[(shift + REACH) as usize], shift.abs()));
    let best = best.unwrap_or(0);
    let least = shifts[(best + REACH) as usize];
    let mean = shifts.iter().sum::<i64>() / shifts.len() as i64;
    // A flat profile fits everywhere.
    if mean < FLAT {
        return None;
    }
    let (shift, growth, found) = grown(&error, best, least);
    // What fits nowhere has not moved, but changed.
    if found * 10 > mean * 6 {
        return None;
    }
    let tip = |before: i64, behind: i64| {
        // The tip of a V, not of a parabola: errors of shifted slopes grow evenly.
        let rise = before.max(behind) - found;
        if rise > 0 {
            ((before - behind) * i64::from(FINE) / (2 * rise)) as i32
        } else {
            0
        }
    };
    let aside = tip(error(shift - 1, growth), error(shift + 1, growth));
    let larger = tip(error(shift, growth - 1), error(shift, growth + 1));
    Some(Change {
        shift: shift * FINE + aside,
        growth: growth * FINE + if is_whole(found) { 0 } else { larger },
    })
}

/// Less than that on the mean is flat, and as good as no difference.
const FLAT: i64 = 64;

fn is_whole(error: i64) -> bool {
    error < FLAT / 16
}

/// The shift and the growth that explain most, beginning from the best shift alone.
fn grown(error: &dyn Fn(i32, i32) -> i64, shift: i32, least: i64) -> (i32, i32, i64) {
    let near = |middle: (i32, i32), wide: i32, step: i32| {
        let around = move |at: i32, most: i32| {
            (at - wide..=at + wide)
                .step_by(step as usize)
                .map(move |at| at.clamp(-most, most))
        };
        around(middle.1, GROWTH)
            .flat_map(move |growth| around(middle.0, REACH).map(move |shift| (shift, growth)))
            .map(|(shift, growth)| (error(shift, growth), growth.abs(), shift, growth))
            .min()
    };
    let rough = near((shift, 0), GROWTH, 3).unwrap_or((least, 0, shift, 0));
    let fine = near((rough.2, rough.3), 2, 1).unwrap_or(rough);
    if fine.0 * 100 < least * WORTH {
        (fine.2, fine.3, fine.0)
    } else {
        (shift, 0, least)
    }
}

/// How steep a profile is everywhere; light that comes and goes leaves that as it is.
fn slopes(profile: &[u16]) -> Vec<i32> {
    let steep = |pair: &[u16]| i32::from(pair[2]) - i32::from(pair[0]);
    profile.windows(3).map(steep).collect()
}

/// The mean difference of two profiles, of which one was moved and drawn out.
fn difference(from: &[i32], to: &[i32], shift: i32, growth: i32) -> i64 {
    let middle = to.len() as i32 / 2;
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (at, now) in (0..).zip(to) {
        let moved = shift + (at - middle) * growth / middle;
        let place = usize::try_from(at - moved).ok();
        if let Some(before) = place.and_then(|place| from.get(place)) {
            sum += u64::from(now.abs_diff(*before));
            count += 1;
        }
    }
    (sum * 64 / count.max(1)) as i64
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
            .map(|view| camera.see(&view, true))
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
        assert!(closer.closer > 200 && closer.right.abs() < 30, "{closer:?}");
        let away = way((0..=144).map(|at| view(0, 700 + at * 300 / 144, at as u64 * 42)));
        assert!(away.closer < -200, "{away:?}");
    }

    #[test]
    fn what_stands_or_has_no_shape_has_not_moved() {
        let still = way((0..=144).map(|at| view(0, 1000, at as u64 * 42)));
        assert_eq!(still, Moved::default());
        let flat = way((0..=144).map(|at| flat(at as u8, [128; 2], at as u64 * 42)));
        assert_eq!(flat, Moved::default());
    }
}
