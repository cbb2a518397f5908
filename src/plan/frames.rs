//! Frames of finished videos, which other shots start from or end with.
//!
//! Owns the seam only: the files are read and decoded behind it.

use crate::check::media::Frame;
use crate::event::Video;
use crate::shot::FrameAt;

/// Takes frames out of finished videos and keeps them as pictures.
pub trait FrameLibrary: Send + Sync {
    /// The frame, if it was taken out of this very video before.
    fn kept(&self, video: &Video, at: FrameAt) -> Option<Frame>;

    /// The frame, taken out of the video now unless it was before.
    ///
    /// # Errors
    ///
    /// Why there is none, in a sentence that names the video.
    fn take(&self, video: &Video, at: FrameAt) -> Result<Frame, String>;
}

/// Has no frames: for plans of shots that need none.
#[derive(Debug, Clone, Copy)]
pub struct NoFrames;

impl FrameLibrary for NoFrames {
    fn kept(&self, _: &Video, _: FrameAt) -> Option<Frame> {
        None
    }

    fn take(&self, video: &Video, _: FrameAt) -> Result<Frame, String> {
        Err(format!(
            "no frame can be taken out of `{}` here",
            video.path
        ))
    }
}
