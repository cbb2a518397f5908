//! Any bytes as a video: its frames, or why there are none.

use std::io::Cursor;
use std::time::Duration;

use runner::media::frames::{Frame, FrameError, take_from};
use runner::media::inspect;
use runner::shot::FrameAt;

use super::is_calm;

/// The longest reason, in bytes.
const REASON_LIMIT: usize = 400;

/// The most pixels of a frame.
const MOST: u64 = 4096 * 2304;

pub(crate) fn frames(bytes: &[u8]) {
    let told = inspect::inspect(Cursor::new(bytes)).expect("reading memory does not fail");
    assert!(
        told.problem.iter().all(|reason| is_calm(reason)),
        "{told:?}"
    );
    let first = taken(bytes, &[FrameAt::First]);
    let middle = FrameAt::Time(Duration::from_millis(100));
    let others = taken(bytes, &[FrameAt::Last, middle]);
    if let (Some(first), Some(others)) = (&first, &others) {
        assert!(told.whole, "{told:?}");
        assert!(others.iter().all(|frame| first[0].time <= frame.time));
    }
}

fn taken(bytes: &[u8], at: &[FrameAt]) -> Option<Vec<Frame>> {
    match take_from(Cursor::new(bytes), at) {
        Ok(frames) => {
            assert_eq!(frames.len(), at.len());
            frames.iter().for_each(possible);
            Some(frames)
        }
        Err(error) => {
            calm(&error);
            None
        }
    }
}

fn possible(frame: &Frame) {
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    assert!(
        pixels > 0 && pixels <= MOST,
        "{}x{}",
        frame.width,
        frame.height
    );
    assert_eq!(frame.rgb.len() as u64, 3 * pixels);
}

fn calm(error: &FrameError) {
    let reason = error.to_string();
    assert!(
        is_calm(&reason) && reason.len() <= REASON_LIMIT,
        "{reason:?}"
    );
}
