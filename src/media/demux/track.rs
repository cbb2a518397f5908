//! Tracks as they are copied: pictures and sound, with their sample entry as it is written.
//!
//! Owns what copying needs beside the list of samples: the entry byte for byte, where the track begins to be shown,
//! and how it is turned.

use mp4_atom::{FourCC, Mvhd};

use super::{Raw, Sample, damaged, edits};
use crate::media::boxes::{children, need, need_leaf};
use crate::media::index::Index;
use crate::media::probe::ProbeError;

/// One track.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    /// Ticks of the track in a second.
    pub(crate) timescale: u32,
    /// Kind of the only sample entry, such as `avc1`.
    pub(crate) kind: FourCC,
    /// Content of the only sample entry.
    pub(crate) entry: Vec<u8>,
    /// In decoding order, the first decoded at tick 0.
    pub(crate) samples: Vec<Sample>,
    /// The first tick that is shown; what is before is for decoding only.
    pub(crate) start: i64,
    /// How long nothing is shown before, in ticks.
    pub(crate) delay: i64,
    /// Whether every sample is shown, from the very beginning, and nothing else is.
    pub(crate) is_whole: bool,
    /// Rotation and scale, as written.
    pub(crate) matrix: Vec<u8>,
}

/// The tracks that matter: the first of pictures and the first of sound.
#[derive(Debug, Clone)]
pub(crate) struct Tracks {
    pub(crate) video: Track,
    pub(crate) sound: Option<Track>,
}

impl Tracks {
    /// Lists the tracks of a file that was found complete.
    pub(crate) fn read(index: &Index) -> Result<Self, ProbeError> {
        let movie: Mvhd = need_leaf(&index.moov)?;
        let (mut video, mut sound) = (None, None);
        for child in children(&index.moov) {
            let child = child?;
            if child.kind.as_ref() != b"trak" {
                continue;
            }
            let mdia = need(child.body, *b"mdia")?;
            let place = match need(mdia, *b"hdlr")?.get(8..12) {
                Some(b"vide") if video.is_none() => &mut video,
                Some(b"soun") if sound.is_none() => &mut sound,
                _ => continue,
            };
            let track = Track::read(index, child.body, movie.timescale)?;
            *place = Some(track).filter(|track| !track.samples.is_empty());
        }
        let video = video.ok_or(ProbeError::NoVideoTrack)?;
        Ok(Self { video, sound })
    }
}

impl Track {
    fn read(index: &Index, trak: &[u8], movie: u32) -> Result<Self, ProbeError> {
        let Raw {
            timescale,
            stbl,
            mut samples,
            edits: list,
            ..
        } = Raw::read(index, trak, movie)?;
        if samples.iter().any(|sample| sample.entry != 0) {
            return Err(damaged("a track changes its format half-way"));
        }
        let begin = samples.first().map_or(0, |first| first.decoded);
        for sample in &mut samples {
            sample.decoded -= begin;
            sample.composed -= begin;
        }
        let (shown, _) = edits::shown(&samples, &list)?;
        let is_whole = shown.len() == samples.len()
            // Without an edit list pictures that are reordered all come later; that hides nothing.
            && (list.is_empty() || shown.first().is_none_or(|first| first.time == 0))
            && shown.iter().all(|each| each.edit == shown[0].edit);
        // A track of several parts is never copied, so where it begins does not matter.
        let (start, delay) = edits::beginning(&list).unwrap_or((0, 0));
        let (kind, entry) = only_entry(stbl)?;
        Ok(Self {
            timescale,
            kind,
            entry,
            samples,
            start,
            delay,
            is_whole,
            matrix: matrix(need(trak, *b"tkhd")?),
        })
    }

    /// The sum of all samples in ticks.
    pub(crate) fn ticks(&self) -> u64 {
        let samples = self.samples.iter();
        samples.map(|sample| u64::from(sample.ticks)).sum()
    }

    /// The earliest tick at which a sample is shown.
    pub(crate) fn first_shown(&self) -> i64 {
        let shown = self.samples.iter().map(|sample| sample.composed);
        shown.min().unwrap_or(0)
    }
}

fn only_entry(stbl: &[u8]) -> Result<(FourCC, Vec<u8>), ProbeError> {
    let list = need(stbl, *b"stsd")?.get(8..).unwrap_or_default();
    let first = children(list)
        .next()
        .ok_or_else(|| damaged("a track has no sample entry"))??;
    Ok((first.kind, first.body.to_vec()))
}

/// The nine numbers of a `tkhd`, whose place depends on its version.
fn matrix(tkhd: &[u8]) -> Vec<u8> {
    let at = if tkhd.first() == Some(&1) { 52 } else { 40 };
    tkhd.get(at..at + 36).unwrap_or_default().to_vec()
}
