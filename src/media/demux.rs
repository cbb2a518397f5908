//! The video track of an MP4, sample by sample: where each lies, when it is decoded, and when it is shown.
//!
//! Owns the sample table and the edit list, of ordinary and of fragmented files. Believes nothing: the number of
//! samples is bounded, and so is what one of them may take. Knows no codec; which samples can be decoded is the
//! business of `decode`.

mod edits;
mod entry;
mod table;
mod track;

use std::io::{Read, Seek};

use mp4_atom::{Mdhd, Mvhd, Tkhd};

pub(crate) use self::edits::Shown;
pub(crate) use self::entry::{Coding, Entry};
pub(crate) use self::track::{Track, Tracks};
use super::boxes::{children, find, need, need_leaf};
use super::index::{Index, read_at};
use super::probe::ProbeError;

/// More samples than that are ten hours of film.
const MAX_SAMPLES: usize = 1_000_000;
/// A picture that is larger than that is none.
const MAX_SAMPLE: u32 = 64 << 20;

/// One coded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Its first byte in the file.
    pub(crate) offset: u64,
    /// Its length in bytes.
    pub(crate) size: u32,
    /// When it is decoded, in ticks of the track.
    pub(crate) decoded: i64,
    /// When it is shown, in ticks of the track, before the edit list.
    pub(crate) composed: i64,
    /// How long it is decoded before the next one, in ticks.
    pub(crate) ticks: u32,
    /// Whether decoding can begin here.
    pub(crate) sync: bool,
    /// Which sample entry describes it, counted from 0.
    pub(crate) entry: u32,
}

/// A clockwise turn that a player makes, in quarters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turn(pub(crate) u8);

/// A track as it is written, before anybody decides what of it matters.
struct Raw<'t> {
    head: Tkhd,
    /// Ticks of the track in a second, never 0.
    timescale: u32,
    /// The sample table.
    stbl: &'t [u8],
    /// In decoding order.
    samples: Vec<Sample>,
    edits: Vec<edits::Edit>,
}

impl<'t> Raw<'t> {
    fn read(index: &Index, trak: &'t [u8], movie: u32) -> Result<Self, ProbeError> {
        let head: Tkhd = need_leaf(trak)?;
        let mdia = need(trak, *b"mdia")?;
        let clock: Mdhd = need_leaf(mdia)?;
        if clock.timescale == 0 {
            return Err(damaged("a track's clock stands still"));
        }
        let stbl = need(need(mdia, *b"minf")?, *b"stbl")?;
        let mut samples = table::ordinary(stbl)?;
        table::fragmented(index, head.track_id, &mut samples)?;
        let edits = match find(trak, *b"edts")? {
            Some(edts) => edits::read(edts, movie, clock.timescale)?,
            None => Vec::new(),
        };
        Ok(Self {
            head,
            timescale: clock.timescale,
            stbl,
            samples,
            edits,
        })
    }
}

/// The first video track of a file.
#[derive(Debug)]
pub(crate) struct Film {
    /// Ticks of the track in a second.
    pub(crate) timescale: u32,
    /// In decoding order.
    pub(crate) samples: Vec<Sample>,
    pub(crate) entries: Vec<Entry>,
    /// In display order, after the edit list.
    pub(crate) shown: Vec<Shown>,
    /// When the film ends, in ticks.
    pub(crate) length: i64,
    pub(crate) turn: Turn,
    /// Number of entries of the edit list.
    pub(crate) edits: usize,
}

impl Film {
    /// Lists the samples of the first video track that has any.
    pub(crate) fn read(index: &Index) -> Result<Self, ProbeError> {
        let movie: Mvhd = need_leaf(&index.moov)?;
        for child in children(&index.moov) {
            let child = child?;
            if child.kind.as_ref() != b"trak" {
                continue;
            }
            let mdia = need(child.body, *b"mdia")?;
            let handler = need(mdia, *b"hdlr")?;
            if handler.get(8..12) != Some(b"vide") {
                continue;
            }
            let film = Self::of_track(index, child.body, movie.timescale)?;
            if !film.samples.is_empty() {
                return Ok(film);
            }
        }
        Err(ProbeError::NoVideoTrack)
    }

    fn of_track(index: &Index, trak: &[u8], movie: u32) -> Result<Self, ProbeError> {
        let Raw {
            head,
            timescale,
            stbl,
            samples,
            edits,
        } = Raw::read(index, trak, movie)?;
        let (shown, length) = edits::shown(&samples, &edits)?;
        Ok(Self {
            timescale,
            entries: entry::entries(stbl)?,
            shown,
            length,
            turn: turn(&head),
            edits: edits.len(),
            samples,
        })
    }

    /// The coded bytes of a sample.
    pub(crate) fn sample(
        &self,
        reader: &mut (impl Read + Seek),
        number: usize,
    ) -> Result<Vec<u8>, ProbeError> {
        let sample = self.samples[number];
        if sample.size > MAX_SAMPLE {
            return Err(damaged("a picture is impossibly large"));
        }
        let end = sample.offset.saturating_add(u64::from(sample.size));
        read_at(reader, sample.offset, end)
    }

    /// The samples from which on a sample can be decoded, by what the container says, nearest first: sync samples
    /// that are neither decoded nor shown after it. Ends with the first sample.
    pub(crate) fn starts(&self, number: usize) -> impl Iterator<Item = usize> {
        let shown = self.samples[number].composed;
        let before = self.samples[..=number].iter().enumerate().rev();
        before
            .filter(move |(_, sample)| sample.sync && sample.composed <= shown)
            .map(|(start, _)| start)
            .chain([0])
    }
}

/// What a track's matrix does, if it is a turn by quarters.
fn turn(head: &Tkhd) -> Turn {
    const ONE: i32 = 0x1_0000;
    let matrix = &head.matrix;
    Turn(match (matrix.a, matrix.b, matrix.c, matrix.d) {
        (0, ONE, a, 0) if a == -ONE => 1,
        (a, 0, 0, d) if a == -ONE && d == -ONE => 2,
        (0, b, ONE, 0) if b == -ONE => 3,
        _ => 0,
    })
}

fn damaged(what: &str) -> ProbeError {
    ProbeError::Damaged(what.to_owned())
}
