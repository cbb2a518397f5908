//! Any bytes as a video: what is in it, or why it is none.

use std::io::{Cursor, Read, Result, Seek, SeekFrom};

use runner::media::probe::{self, VideoInfo};

use super::is_calm;

/// The longest reason, in bytes.
const REASON_LIMIT: usize = 300;

pub(crate) fn probe(bytes: &[u8]) {
    let mut reader = Counting {
        inner: Cursor::new(bytes),
        read: 0,
    };
    let found = probe::probe(&mut reader);
    // Each box has a head of eight bytes, and sixteen are read to see it.
    let fair = 3 * bytes.len() as u64 + 32;
    assert!(
        reader.read <= fair,
        "{} bytes read of {}",
        reader.read,
        bytes.len()
    );
    match found {
        Ok(info) => possible(&info, bytes.len() as u64),
        Err(error) => {
            let reason = error.to_string();
            assert!(is_calm(&reason), "{reason:?}");
            assert!(reason.len() <= REASON_LIMIT, "{reason}");
        }
    }
}

fn possible(info: &VideoInfo, length: u64) {
    assert!(info.frames > 0 && info.frames <= length, "{info:?}");
    assert!(info.fps.is_finite() && info.fps > 0.0, "{info:?}");
    assert!(is_calm(&info.codec) && info.codec.len() <= 64, "{info:?}");
}

/// A reader that knows how much was asked of it.
struct Counting<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(into)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Counting<R> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.inner.seek(to)
    }
}
