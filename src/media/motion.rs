//! Camera moves as functions of time.
//!
//! Owns the camera commands of the API and the path of the view they make: a [`Path`] is planned once for a clip and
//! asked for a [`View`] per frame. Knows nothing of pixels; lengths are shares of the world in 16.16 fixed point, so
//! that the same request gives the same frames on every machine. The window of a view never leaves the world.
//!
//! Moves that turn the camera (pan, tilt, zoom) act on all depths alike, moves that carry it (truck, pedestal, push)
//! act more on what is near. That difference is what makes them look different.

use super::noise::{ONE, hash, smoothstep, wave};

mod moves;
mod onward;

pub use moves::Move;
pub(crate) use onward::CORE;

const PAN_X: usize = 0;
const PAN_Y: usize = 1;
const TRUCK_X: usize = 2;
const TRUCK_Y: usize = 3;
/// How much of the window's size one push or zoom leaves.
const CLOSER: i64 = ONE * 72 / 100;
/// The smallest window a chain of pushes and zooms may reach; closer than that everything is a blur.
const CLOSEST: i64 = ONE * 42 / 100;
/// Share of the world that is kept free for slides, and so the length of one slide.
const SLACK: i64 = ONE * 24 / 100;
/// Share of the world a shake may use to either side.
const SHAKE: i64 = ONE * 18 / 1000;
/// How much less than the nearest thing the farthest moves.
const FAR: i64 = ONE / 4;

/// Where the camera is, before it is fitted into the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pose {
    /// Offsets by [`PAN_X`], [`PAN_Y`], [`TRUCK_X`] and [`TRUCK_Y`].
    slides: [i64; 4],
    zoom: i64,
    dolly: i64,
}

impl Default for Pose {
    fn default() -> Self {
        Self {
            slides: [0; 4],
            zoom: ONE,
            dolly: ONE,
        }
    }
}

/// The rectangle of the world that fills the frame; all in 16.16 shares of the world's width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Centre across; 0.5 is the world's middle.
    pub center_x: i64,
    /// Centre down; 0.5 is the world's middle.
    pub center_y: i64,
    /// Width and height; 1 is the whole world.
    pub size: i64,
}

/// Where the camera is at one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pose: Pose,
    base: i64,
    shake: [i64; 2],
}

impl View {
    /// The window for things at a depth from 0 (far) to 65536 (near).
    pub fn window(&self, depth: i64) -> Window {
        let share = FAR + (((ONE - FAR) * depth) >> 16);
        let [pan_x, pan_y, truck_x, truck_y] = self.pose.slides;
        let dolly = ONE - (((ONE - self.pose.dolly) * share) >> 16);
        let size = (((self.base * self.pose.zoom) >> 16) * dolly) >> 16;
        Window {
            center_x: ONE / 2 + pan_x + ((truck_x * share) >> 16) + self.shake[0],
            center_y: ONE / 2 + pan_y + ((truck_y * share) >> 16) + self.shake[1],
            size,
        }
    }
}

/// The camera's way through a clip.
#[derive(Debug, Clone)]
pub struct Path {
    /// Poses at the bounds of the steps, one more than steps.
    stops: Vec<Pose>,
    shaking: Vec<bool>,
    base: i64,
    frames: u64,
    fps: u64,
}

impl Path {
    /// Plans the way for a clip of that many frames. Steps share the time equally and in order, the moves inside a
    /// step act at once. Without any move the camera drifts a little, so that a clip never looks frozen by mistake;
    /// `static_shot` says that it shall stand.
    pub fn new(steps: &[Vec<Move>], frames: u64, fps: u32) -> Self {
        let mut poses = poses(steps);
        let shaking = shaking(steps);
        let room = fit(&mut poses);
        let margin = if shaking.contains(&true) {
            2 * SHAKE
        } else {
            0
        };
        Self {
            stops: poses,
            shaking,
            base: ONE - room - margin,
            frames: frames.max(1),
            fps: u64::from(fps.max(1)),
        }
    }

    /// The way of a clip that goes on where another one ended: it begins with exactly the middle [`CORE`] of the
    /// world in view, and may leave it in every direction.
    pub(crate) fn onward(steps: &[Vec<Move>], frames: u64, fps: u32) -> Self {
        let mut poses = poses(steps);
        let shaking = shaking(steps);
        onward::fit(&mut poses, shaking.contains(&true));
        Self {
            stops: poses,
            shaking,
            base: CORE,
            frames: frames.max(1),
            fps: u64::from(fps.max(1)),
        }
    }

    /// The step that acts at a frame; 0 if there are none.
    pub fn step(&self, frame: u64) -> usize {
        self.place(frame).0
    }

    /// The view at a frame, counted from 0.
    pub fn view(&self, frame: u64) -> View {
        let (step, share) = self.place(frame);
        let eased = smoothstep(share);
        let (from, to) = (self.stops[step], self.stops[step + 1]);
        let between = |a: i64, b: i64| a + (((b - a) * eased) >> 16);
        let pose = Pose {
            slides: std::array::from_fn(|axis| between(from.slides[axis], to.slides[axis])),
            zoom: between(from.zoom, to.zoom),
            dolly: between(from.dolly, to.dolly),
        };
        let jolt = match self.shaking.get(step) {
            Some(true) => self.shake(frame, share),
            _ => [0, 0],
        };
        View {
            pose,
            base: self.base,
            shake: jolt,
        }
    }

    /// Step and share of it at a frame. The first frame stands at the very beginning and the last at the very end.
    fn place(&self, frame: u64) -> (usize, i64) {
        let steps = self.stops.len() as i64 - 1;
        let last = (self.frames - 1).max(1) as i64;
        let place = steps * ONE * (frame as i64).min(last) / last;
        let step = (place >> 16).min(steps - 1);
        (step as usize, place - (step << 16))
    }

    /// Noise at 8 Hz that grows from the step's beginning and dies towards its end, so that joints stay continuous.
    fn shake(&self, frame: u64, share: i64) -> [i64; 2] {
        let strength = smoothstep(share.min(ONE - share) * 10);
        let place = ((frame * 8) << 16) / self.fps;
        [1, 2].map(|axis| {
            let noise = wave(hash(axis, 0x5ac3), place as i64);
            (((noise * SHAKE) >> 16) * strength) >> 16
        })
    }
}

/// Where the camera is before and after every step; without any move it drifts.
fn poses(steps: &[Vec<Move>]) -> Vec<Pose> {
    if steps.iter().all(Vec::is_empty) {
        let drift = Pose {
            slides: [0, 0, ONE / 3, 0],
            zoom: ONE,
            dolly: ONE * 93 / 100,
        };
        return vec![Pose::default(), drift];
    }
    let mut poses = vec![Pose::default()];
    let mut pose = Pose::default();
    for step in steps {
        pose = step
            .iter()
            .fold(pose, |pose, each| add(pose, effect(*each)));
        poses.push(pose);
    }
    poses
}

fn shaking(steps: &[Vec<Move>]) -> Vec<bool> {
    steps
        .iter()
        .map(|step| step.contains(&Move::Shake))
        .collect()
}

/// What the command adds to the pose by its end.
fn effect(each: Move) -> Pose {
    let slide = |axis: usize, by: i64| {
        let mut pose = Pose::default();
        pose.slides[axis] = by;
        pose
    };
    match each {
        Move::TruckLeft => slide(TRUCK_X, -ONE),
        Move::TruckRight => slide(TRUCK_X, ONE),
        Move::PanLeft => slide(PAN_X, -ONE),
        Move::PanRight => slide(PAN_X, ONE),
        Move::PedestalUp => slide(TRUCK_Y, -ONE),
        Move::PedestalDown => slide(TRUCK_Y, ONE),
        Move::TiltUp => slide(PAN_Y, -ONE),
        Move::TiltDown => slide(PAN_Y, ONE),
        Move::PushIn => Pose {
            dolly: CLOSER,
            ..Pose::default()
        },
        Move::PullOut => Pose {
            dolly: ONE * ONE / CLOSER,
            ..Pose::default()
        },
        Move::ZoomIn => Pose {
            zoom: CLOSER,
            ..Pose::default()
        },
        Move::ZoomOut => Pose {
            zoom: ONE * ONE / CLOSER,
            ..Pose::default()
        },
        Move::TrackingShot => Pose {
            dolly: ONE * 92 / 100,
            ..slide(TRUCK_X, ONE * 8 / 10)
        },
        Move::Shake | Move::StaticShot => Pose::default(),
    }
}

fn add(pose: Pose, effect: Pose) -> Pose {
    Pose {
        slides: std::array::from_fn(|axis| pose.slides[axis] + effect.slides[axis]),
        // Bounded, so that no number of moves can overflow; the fit hides it.
        zoom: ((pose.zoom * effect.zoom) >> 16).clamp(ONE >> 6, ONE << 6),
        dolly: ((pose.dolly * effect.dolly) >> 16).clamp(ONE >> 6, ONE << 6),
    }
}

/// Fits the poses into the world: sizes at most 1, slides centred. Answers the share of the world the slides need.
fn fit(stops: &mut [Pose]) -> i64 {
    fit_sizes(stops, |pose| &mut pose.zoom);
    fit_sizes(stops, |pose| &mut pose.dolly);
    let mut room = 0;
    // Pan and truck share an axis, so they share its room.
    for [pan, truck] in [[PAN_X, TRUCK_X], [PAN_Y, TRUCK_Y]] {
        let spans = [span(stops, pan), span(stops, truck)];
        let total = spans[0].1 + spans[1].1;
        room = room.max(total.min(ONE) * SLACK / ONE);
        for (axis, (middle, _)) in [pan, truck].into_iter().zip(spans) {
            for pose in stops.iter_mut() {
                pose.slides[axis] = (pose.slides[axis] - middle) * SLACK / total.max(ONE);
            }
        }
    }
    room
}

/// Middle and length of what an axis passes through.
fn span(stops: &[Pose], axis: usize) -> (i64, i64) {
    let values = || stops.iter().map(|pose| pose.slides[axis]);
    let low = values().min().unwrap_or(0);
    let high = values().max().unwrap_or(0);
    (i64::midpoint(low, high), high - low)
}

/// Scales sizes so that the widest is the whole, and squeezes them so that the closest is not too close.
fn fit_sizes(stops: &mut [Pose], size: impl Fn(&mut Pose) -> &mut i64) {
    let widest = stops
        .iter_mut()
        .map(|pose| *size(pose))
        .max()
        .unwrap_or(ONE);
    let closest = stops
        .iter_mut()
        .map(|pose| *size(pose) * ONE / widest)
        .min()
        .unwrap_or(ONE);
    for pose in stops {
        let size = size(pose);
        *size = *size * ONE / widest;
        if closest < CLOSEST {
            *size = ONE - (ONE - *size) * (ONE - CLOSEST) / (ONE - closest);
        }
    }
}

#[cfg(test)]
mod tests;
