//! What an MP4 holds, and whether all of it is there.
//!
//! Reads the index only, never the pictures: a file that passes is complete, not necessarily decodable. The file may
//! come from anywhere, so nothing in it is believed: what is kept in memory is bounded, depth is bounded, and work
//! is in proportion to the index. The order of index and data does not matter, and fragmented files are read too.

use std::io::{self, Read, Seek};

use mp4_atom::{Mdhd, Tkhd};
use thiserror::Error;

use super::boxes::{children, find, need, need_leaf};
use super::codec::{self, Entry};
use super::fragments;
use super::index::{Index, read_index};
use super::tables::{self, Samples};

/// What a complete video file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoInfo {
    /// Width of the first video track in pixels.
    pub width: u32,
    /// Height of the first video track in pixels.
    pub height: u32,
    /// Length of the first video track in milliseconds, rounded.
    pub duration_ms: u64,
    /// Number of video samples.
    pub frames: u64,
    /// Frames per second; the mean if they come irregularly.
    pub fps: f64,
    /// The video codec after RFC 6381, for example `avc1.42C01F`.
    pub codec: String,
    /// Whether there is an audio track with at least one sample.
    pub has_audio: bool,
}

/// Why a file is not a complete video.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// The file does not begin as MP4 files do.
    #[error("not an MP4 file; it begins with \"{begins}\"")]
    NotMp4 {
        /// The first bytes, with everything but plain ASCII escaped.
        begins: String,
    },
    /// There is an index, but no video in it.
    #[error("no video track with a picture")]
    NoVideoTrack,
    /// The file ends before what its index or a box promises.
    #[error("the file is cut off: it needs {need} bytes and has {have}")]
    Truncated {
        /// The least length in bytes the file must have.
        need: u64,
        /// Its length in bytes.
        have: u64,
    },
    /// The file's parts contradict each other.
    #[error("damaged video: {0}")]
    Damaged(String),
    /// Reading failed for a reason outside of the file.
    #[error("cannot read the video")]
    Io {
        /// The reader's own error.
        #[source]
        source: io::Error,
    },
}

/// Each track is looked for in every fragment; real files have a handful.
pub(crate) const MAX_TRACKS: usize = 100;
/// Reads what the video is, and refuses it if anything is missing.
pub fn probe(mut reader: impl Read + Seek) -> Result<VideoInfo, ProbeError> {
    let index = read_index(&mut reader)?;
    let length = index.length;
    let mut video = None;
    let mut has_audio = false;
    let (mut end, mut tracks) = (0, 0);
    for child in children(&index.moov) {
        let child = child?;
        if child.kind.as_ref() != b"trak" {
            continue;
        }
        tracks += 1;
        if tracks > MAX_TRACKS {
            return Err(ProbeError::Damaged("it has too many tracks".to_owned()));
        }
        let track = read_track(&index, child.body)?;
        end = end.max(track.samples.end);
        has_audio |= &track.handler == b"soun" && track.samples.count > 0;
        if &track.handler == b"vide" && track.samples.count > 0 && video.is_none() {
            video = Some(track);
        }
    }
    if end > length {
        return Err(ProbeError::Truncated {
            need: end,
            have: length,
        });
    }
    let (track, entry) = video
        .and_then(|mut track| track.entry.take().map(|entry| (track, entry)))
        .ok_or(ProbeError::NoVideoTrack)?;
    // Every frame takes at least a byte, so more frames than bytes are a lie.
    if track.samples.count > length || track.samples.ticks == 0 {
        return Err(ProbeError::Damaged(
            "the number or the length of the frames is impossible".to_owned(),
        ));
    }
    Ok(VideoInfo {
        width: entry.width,
        height: entry.height,
        duration_ms: milliseconds(track.samples.ticks, track.timescale),
        frames: track.samples.count,
        fps: track.samples.fps(track.timescale),
        codec: entry.codec,
        has_audio,
    })
}

/// A track as far as it matters here.
struct TrackInfo {
    handler: [u8; 4],
    timescale: u32,
    samples: Samples,
    /// The first sample entry, of video tracks.
    entry: Option<Entry>,
}

fn read_track(index: &Index, trak: &[u8]) -> Result<TrackInfo, ProbeError> {
    let head: Tkhd = need_leaf(trak)?;
    let mdia = need(trak, *b"mdia")?;
    let clock: Mdhd = need_leaf(mdia)?;
    let handler = read_handler(need(mdia, *b"hdlr")?)?;
    let mut samples = Samples::default();
    let mut entry = None;
    // Tracks of time codes and the like may be as odd as they want; nobody watches them.
    if matches!(&handler, b"vide" | b"soun") {
        let stbl = need(need(mdia, *b"minf")?, *b"stbl")?;
        samples = tables::samples(stbl)?;
        check_clock(&clock, &samples, index.fragments.is_empty())?;
        fragments::add(&index.moov, &index.fragments, head.track_id, &mut samples)?;
        if &handler == b"vide" {
            entry = read_entry(stbl)?;
        }
    }
    Ok(TrackInfo {
        handler,
        timescale: clock.timescale,
        samples,
        entry,
    })
}

/// The kind of track; the name behind it comes in too many spellings to be worth reading.
fn read_handler(hdlr: &[u8]) -> Result<[u8; 4], ProbeError> {
    let kind = hdlr.get(8..12).and_then(|four| four.try_into().ok());
    kind.ok_or_else(|| ProbeError::Damaged("a track has no kind".to_owned()))
}

/// The first sample entry behind the list's eight bytes of version and count.
fn read_entry(stbl: &[u8]) -> Result<Option<Entry>, ProbeError> {
    let list = find(stbl, *b"stsd")?
        .and_then(|stsd| stsd.get(8..))
        .unwrap_or_default();
    children(list)
        .next()
        .map(|first| codec::entry(first?))
        .transpose()
}

/// The track's stated length and the sum of its samples may differ by a little, but not by more. With fragments the
/// sum is not `whole`, and nothing can be said.
fn check_clock(clock: &Mdhd, samples: &Samples, whole: bool) -> Result<(), ProbeError> {
    if clock.timescale == 0 {
        return Err(ProbeError::Damaged(
            "a track's clock stands still".to_owned(),
        ));
    }
    // Zero and all ones mean unknown, as in fragmented files.
    let unknown =
        clock.duration == 0 || clock.duration == u64::from(u32::MAX) || clock.duration == u64::MAX;
    let slack = samples.ticks / samples.count.max(1) + u64::from(clock.timescale) / 10;
    if whole && !unknown && samples.count > 0 && clock.duration.abs_diff(samples.ticks) > slack {
        let (stated, summed) = (clock.duration, samples.ticks);
        return Err(ProbeError::Damaged(format!(
            "a track states a length of {stated} and its samples sum to {summed}"
        )));
    }
    Ok(())
}

fn milliseconds(ticks: u64, timescale: u32) -> u64 {
    let scale = u128::from(timescale);
    let rounded = (u128::from(ticks) * 1000 + scale / 2) / scale;
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
