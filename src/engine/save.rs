//! From a finished file at the service to a verified video under its final name.
//!
//! Owns one try: link first, the API's own content call where the link fails,
//! streamed to a temporary file, then length, structure, duration; only what
//! passes all of them gets its name. Whether to try again is decided elsewhere.

use std::sync::Arc;

use futures::StreamExt as _;

use crate::event::{Failure, FailureClass, ShotFacts, Video};
use crate::id::FileId;
use crate::media::probe::{self, VideoInfo};
use crate::provider::{Body, Provider};
use crate::store::{Partial, Store};

/// No video of ten seconds is larger; more is somebody filling the disk.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Turns in which a whole video of another length is fetched anew. What comes
/// after that is what the service made and was paid for: it is kept.
const LENGTH_TURNS: u32 = 3;

/// How far a video's length may be from what was asked for, in milliseconds.
const LENGTH_TOLERANCE_MS: u64 = 1_000;

/// Fetches a video to a temporary file.
pub(super) async fn fetch<P: Provider>(
    provider: &P,
    store: &Arc<Store>,
    shot: &ShotFacts,
    file: &FileId,
    turn: u32,
) -> Result<Partial, Failure> {
    let body = open(provider, file, turn).await?;
    if let Some(bytes) = body.length.filter(|&bytes| bytes > MAX_BYTES) {
        return Err(too_large(bytes));
    }
    let begun = if shot.earlier {
        store.begin_take(&shot.file)
    } else {
        store.begin(&shot.file)
    };
    let mut partial = begun.map_err(|error| local(&error))?;
    receive(body, &mut partial).await?;
    Ok(partial)
}

/// Verifies a video that arrived, and puts it under its final name.
pub(super) async fn keep(partial: Partial, shot: &ShotFacts, turn: u32) -> Result<Video, Failure> {
    let asked = (turn < LENGTH_TURNS).then_some(shot.seconds);
    let kept = tokio::task::spawn_blocking(move || verify_and_keep(partial, asked)).await;
    kept.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// The link first, as the vendor's guide has it; then the content call
/// (minimax-api.md 10, row 16). Every other turn begins with the content call:
/// a link can also answer, and answer with something that is no video.
async fn open<P: Provider>(provider: &P, file: &FileId, turn: u32) -> Result<Body, Failure> {
    if turn % 2 == 1
        && let Ok(body) = provider.fetch_content(file).await
    {
        return Ok(body);
    }
    let linked = match provider.locate(file).await {
        Ok(location) => provider.fetch(&location).await,
        Err(failure) => Err(failure),
    };
    match linked {
        Err(failure) if failure.class != FailureClass::KeyRefused => {
            // The link's failure says more: that is the way that should work.
            provider.fetch_content(file).await.map_err(|_| failure)
        }
        other => other,
    }
}

async fn receive(mut body: Body, partial: &mut Partial) -> Result<(), Failure> {
    let mut received: u64 = 0;
    while let Some(chunk) = body.bytes.next().await {
        let chunk = chunk?;
        received += chunk.len() as u64;
        if received > MAX_BYTES {
            return Err(too_large(received));
        }
        partial.write(&chunk).map_err(|error| local(&error))?;
    }
    match body.length {
        Some(length) if length != received => Err(Failure::new(
            FailureClass::Damaged,
            format!("{received} of {length} bytes arrived"),
        )),
        _ => Ok(()),
    }
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

fn too_large(bytes: u64) -> Failure {
    Failure::new(
        FailureClass::Damaged,
        format!("{bytes} bytes are no video of a few seconds"),
    )
}

fn local(error: &crate::store::StoreError) -> Failure {
    Failure::new(FailureClass::Local, error.to_string())
}
