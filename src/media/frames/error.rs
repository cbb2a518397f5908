//! Why a video gives no frames.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::media::probe::ProbeError;

/// Why a video gives no frames. Which file it was, the caller knows.
#[derive(Debug, Error)]
pub enum FrameError {
    /// It is no video, or not all of it is there.
    #[error(transparent)]
    Incomplete(#[from] ProbeError),
    /// The built-in decoders do not know this kind of video, and no ffmpeg was named.
    #[error("cannot decode {what}, and no ffmpeg was found that might")]
    Unsupported {
        /// Codec and profile, or what is special about it.
        what: String,
    },
    /// A place behind the end.
    #[error("no frame at {}: the film is {} long", seconds(*at), seconds(*length))]
    BeyondEnd {
        /// The time that was asked for.
        at: Duration,
        /// The length of the film.
        length: Duration,
    },
    /// A picture cannot be decoded.
    #[error("damaged video: the picture at {}: {what}", seconds(*at))]
    Damaged {
        /// When it is shown.
        at: Duration,
        /// What is wrong.
        what: String,
    },
    /// The edit list leaves nothing.
    #[error("no frame of the video is shown")]
    Nothing,
    /// More frames at once than fit into memory.
    #[error("at most {most} frames can be taken at once")]
    TooMany {
        /// So many are possible.
        most: usize,
    },
    /// Ffmpeg was asked, and failed.
    #[error("cannot decode {what}; {program} was asked: {reason}")]
    Ffmpeg {
        /// Codec and profile that needed it.
        what: String,
        /// Which program.
        program: String,
        /// What went wrong.
        reason: String,
    },
    /// Reading failed for a reason outside of the file.
    #[error("cannot read the video")]
    Io {
        /// The reader's own error.
        #[source]
        source: io::Error,
    },
}

impl FrameError {
    pub(crate) fn io(source: io::Error) -> Self {
        Self::Io { source }
    }
}

/// Seconds with as many digits as needed, at most milliseconds.
pub(super) fn seconds(time: Duration) -> String {
    let rounded = (time.as_nanos() + 500_000) / 1_000_000;
    let text = format!("{}.{:03}", rounded / 1000, rounded % 1000);
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}
