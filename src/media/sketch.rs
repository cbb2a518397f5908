//! A shot as it is drawn: a world, a camera's way through it, and a picture it ends on.
//!
//! The one renderer of the simulator's clips and of animatics. Owns the fade to the last picture and how large a
//! world is; draws no caption.

use super::caption::Moment;
use super::motion::Path;
use super::noise::{ONE, smoothstep};
use super::plane::Picture;
use super::stage::Stage;

/// How much wider and higher than the frame the world is, in percent: room for slides at full sharpness.
const WORLD: usize = 128;

/// A shot to be drawn.
pub(crate) struct Sketch {
    pub(crate) stage: Stage,
    pub(crate) path: Path,
    /// What the last quarter fades to; of the size of the frames.
    pub(crate) last: Option<Picture>,
    /// How many frames it has, at least 1.
    pub(crate) frames: u64,
}

impl Sketch {
    /// Draws a frame.
    pub(crate) fn show(&self, frame: u64, out: &mut Picture) {
        self.stage.show(&self.path.view(frame), out);
        if let Some(last) = &self.last {
            fade(out, last, frame, self.frames);
        }
    }

    /// What a caption has to know of a frame.
    pub(crate) fn moment(&self, frame: u64, fps: u32) -> Moment {
        Moment {
            frame,
            frames: self.frames,
            fps: u64::from(fps),
            step: self.path.step(frame),
        }
    }
}

/// The world's side for a frame's side; a multiple of 4, so that chroma and alpha halve without rest.
pub(crate) fn world(side: usize) -> usize {
    (side * WORLD / 100).next_multiple_of(4)
}

/// Fades to the last picture over the last quarter; the last frame shows it alone.
fn fade(picture: &mut Picture, last: &Picture, frame: u64, frames: u64) {
    let start = frames * 3 / 4;
    if frame >= start {
        let share = (frame + 1 - start) as i64 * ONE / (frames - start) as i64;
        picture.blend(last, (smoothstep(share) >> 8) as i32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_quarter_fades_to_the_last_picture() {
        let grey = Picture::new(16, 16);
        let mut last = Picture::new(16, 16);
        last.planes[1].data.fill(200);
        let mut picture = grey.clone();
        fade(&mut picture, &last, 8, 12);
        assert_eq!(picture.planes[1].data, grey.planes[1].data);
        fade(&mut picture, &last, 10, 12);
        assert!((140..190).contains(&picture.planes[1].data[0]));
        fade(&mut picture, &last, 11, 12);
        assert_eq!(picture.planes[1].data, last.planes[1].data);
    }
}
