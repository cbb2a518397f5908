//! Paths that begin on a whole picture, as of a shot that goes on where another one ended.
//!
//! Owns how such a path is fitted into its world: the first pose stays what it is, and the way is shortened until it
//! does not leave the world.

use super::{CLOSER, CLOSEST, ONE, PAN_X, PAN_Y, Pose, SHAKE, SLACK, TRUCK_X, TRUCK_Y, span};

/// The share of the world's width and height that the first picture is.
pub(crate) const CORE: i64 = ONE * 60 / 100;
/// As far beside the first picture as a slide goes in a world of its own.
const SLIDE: i64 = SLACK * CORE / (ONE - SLACK);
/// The widest view, as a multiple of the first.
const WIDEST: i64 = ONE * ONE / CLOSER;

/// Fits the poses into the world without touching the first.
pub(super) fn fit(stops: &mut [Pose], shakes: bool) {
    squeeze(stops, |pose| &mut pose.zoom);
    squeeze(stops, |pose| &mut pose.dolly);
    // Pan and truck share an axis, so they share its room.
    for [pan, truck] in [[PAN_X, TRUCK_X], [PAN_Y, TRUCK_Y]] {
        let total = span(stops, pan).1 + span(stops, truck).1;
        for pose in stops.iter_mut() {
            for axis in [pan, truck] {
                pose.slides[axis] = pose.slides[axis] * SLIDE / total.max(ONE);
            }
        }
    }
    let room = ONE / 2 - if shakes { SHAKE } else { 0 };
    let farthest = stops.iter().map(reach).max().unwrap_or(0);
    if farthest > room {
        let share = (room - CORE / 2) * ONE / (farthest - CORE / 2);
        for pose in stops {
            pose.zoom = ONE + (((pose.zoom - ONE) * share) >> 16);
            pose.dolly = ONE + (((pose.dolly - ONE) * share) >> 16);
            pose.slides = pose.slides.map(|slide| (slide * share) >> 16);
        }
    }
}

/// Squeezes sizes between the closest and the widest that look well.
fn squeeze(stops: &mut [Pose], size: impl Fn(&mut Pose) -> &mut i64) {
    let values: Vec<i64> = stops.iter_mut().map(|pose| *size(pose)).collect();
    let closest = values.iter().copied().min().unwrap_or(ONE);
    let widest = values.iter().copied().max().unwrap_or(ONE);
    for (pose, value) in stops.iter_mut().zip(values) {
        *size(pose) = if value < ONE && closest < CLOSEST {
            ONE - (ONE - value) * (ONE - CLOSEST) / (ONE - closest)
        } else if value > ONE && widest > WIDEST {
            ONE + (value - ONE) * (WIDEST - ONE) / (widest - ONE)
        } else {
            value
        };
    }
}

/// How far from the world's middle a pose sees.
fn reach(pose: &Pose) -> i64 {
    let half = (((CORE / 2 * pose.zoom) >> 16) * pose.dolly) >> 16;
    let [pan_x, pan_y, truck_x, truck_y] = pose.slides;
    half + (pan_x + truck_x).abs().max((pan_y + truck_y).abs())
}
