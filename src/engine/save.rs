//! From bytes that arrived to a verified video under its final name.
//!
//! Owns the examination: structure, then duration; only what passes both gets
//! its name. Whether to try again is decided elsewhere.

use crate::event::{Failure, FailureClass, ShotFacts, Video};
use crate::media::probe::{self, VideoInfo};
use crate::store::Partial;

/// Turns in which a whole video of another length is fetched anew. What comes
/// after that is what the service made and was paid for: it is kept.
const LENGTH_TURNS: u32 = 3;

/// How far a video's length may be from what was asked for, in milliseconds.
const LENGTH_TOLERANCE_MS: u64 = 1_000;

/// Verifies a video that arrived, and puts it under its final name.
pub(super) async fn keep(partial: Partial, shot: &ShotFacts, turn: u32) -> Result<Video, Failure> {
    let asked = (turn < LENGTH_TURNS).then_some(shot.seconds);
    let kept = tokio::task::spawn_blocking(move || verify_and_keep(partial, asked)).await;
    kept.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn verify_and_keep(partial: Partial, asked: Option<u32>) -> Result<Video, Failure> {
    let file = partial.reopen().map_err(|error| local(&error))?;
    let info = probe::probe(file).map_err(|error| {
        Failure::new(FailureClass::Damaged, format!("not a whole video: {error}"))
    })?;
    if let Some(seconds) = asked {
        verify_length(&info, seconds)?;
    }
    let saved = partial.commit().map_err(|error| local(&error))?;
    Ok(Video {
        path: saved.path,
        bytes: saved.bytes,
        sha256: saved.sha256,
        width: info.width,
        height: info.height,
        duration_ms: info.duration_ms,
        fps: info.fps,
        codec: info.codec,
    })
}

fn verify_length(info: &VideoInfo, seconds: u32) -> Result<(), Failure> {
    let asked = u64::from(seconds) * 1_000;
    if info.duration_ms.abs_diff(asked) <= LENGTH_TOLERANCE_MS {
        return Ok(());
    }
    Err(Failure::new(
        FailureClass::Damaged,
        format!(
            "the video has {} ms, and {asked} ms were asked for",
            info.duration_ms
        ),
    ))
}

fn local(error: &crate::store::StoreError) -> Failure {
    Failure::new(FailureClass::Local, error.to_string())
}
