//! The tracks of an MP4, sample by sample: where each is, and when it is shown.
//!
//! Owns expanding the tables of the index. Reads the index only, never the data;
//! the number of samples is bounded before anything is kept.

use std::io::{Read, Seek, SeekFrom};

use mp4_atom::{Ctts, Elst, FourCC, Mdhd, Mvhd, Stsc, Stss, Stsz, StszSamples, Stts};

use super::boxes::{children, find, find_leaf, need, need_leaf};
use super::probe::{self, ProbeError};
use super::tables;

/// One sample of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// First byte in the file.
    pub(crate) offset: u64,
    /// Length in bytes.
    pub(crate) size: u32,
    /// How long it lasts, in ticks.
    pub(crate) ticks: u32,
    /// Ticks from decoding to showing.
    pub(crate) shift: i32,
    /// Whether decoding can begin here.
    pub(crate) sync: bool,
}

/// One track.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) timescale: u32,
    /// Kind of the only sample entry, such as `avc1`.
    pub(crate) kind: FourCC,
    /// Content of the only sample entry.
    pub(crate) entry: Vec<u8>,
    /// In order of decoding.
    pub(crate) samples: Vec<Sample>,
    /// What is shown first, in ticks of the track; what is before is for decoding only.
    pub(crate) start: u64,
    /// How long nothing is shown before, in ticks.
    pub(crate) delay: u64,
    /// Rotation and scale, as written.
    pub(crate) matrix: Vec<u8>,
}

impl Track {
    /// The sum of all samples in ticks.
    pub(crate) fn ticks(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| u64::from(sample.ticks))
            .sum()
    }
}

/// The tracks that matter: the first of pictures and the first of sound.
#[derive(Debug, Clone)]
pub(crate) struct Tracks {
    pub(crate) video: Track,
    pub(crate) sound: Option<Track>,
}

/// More samples than a day of film has.
const MAX_SAMPLES: u64 = 6_000_000;

/// Reads the tracks of a file that [`probe::probe`] has found complete.
pub(crate) fn read(mut reader: impl Read + Seek) -> Result<Tracks, ProbeError> {
    let length = reader
        .seek(SeekFrom::End(0))
        .map_err(|source| ProbeError::Io { source })?;
    let index = probe::read_index(&mut reader, length)?;
    if !index.fragments.is_empty() {
        return Err(damaged("it is fragmented, which cannot be joined"));
    }
    let clock: Mvhd = need_leaf(&index.moov)?;
    let (mut video, mut sound) = (None, None);
    for child in children(&index.moov) {
        let child = child?;
        if child.kind.as_ref() != b"trak" {
            continue;
        }
        let mdia = need(child.body, *b"mdia")?;
        let place = match &probe::read_handler(need(mdia, *b"hdlr")?)? {
            b"vide" if video.is_none() => &mut video,
            b"soun" if sound.is_none() => &mut sound,
            _ => continue,
        };
        let track = read_track(child.body, mdia, clock.timescale, length)?;
        *place = Some(track).filter(|track| !track.samples.is_empty());
    }
    let video = video.ok_or(ProbeError::NoVideoTrack)?;
    Ok(Tracks { video, sound })
}

fn read_track(
    trak: &[u8],
    mdia: &[u8],
    movie_timescale: u32,
    length: u64,
) -> Result<Track, ProbeError> {
    let clock: Mdhd = need_leaf(mdia)?;
    let stbl = need(need(mdia, *b"minf")?, *b"stbl")?;
    let (kind, entry) = only_entry(stbl)?;
    let (start, delay) = edits(trak, &clock, movie_timescale)?;
    Ok(Track {
        timescale: clock.timescale,
        kind,
        entry,
        samples: samples(stbl, length)?,
        start,
        delay,
        matrix: matrix(need(trak, *b"tkhd")?),
    })
}

/// A track whose samples need different entries changes its format half-way.
fn only_entry(stbl: &[u8]) -> Result<(FourCC, Vec<u8>), ProbeError> {
    let list = need(stbl, *b"stsd")?.get(8..).unwrap_or_default();
    let mut entries = children(list);
    let first = entries
        .next()
        .ok_or_else(|| damaged("a track has no sample entry"))??;
    let runs = need_leaf::<Stsc>(stbl)?.entries;
    if runs.iter().any(|run| run.sample_description_index != 1) {
        return Err(damaged("a track changes its format half-way"));
    }
    Ok((first.kind, first.body.to_vec()))
}

/// Which tick is shown first, and after how many ticks of nothing.
fn edits(trak: &[u8], clock: &Mdhd, movie_timescale: u32) -> Result<(u64, u64), ProbeError> {
    let list = match find(trak, *b"edts")? {
        Some(edts) => find_leaf::<Elst>(edts)?,
        None => None,
    };
    let (mut start, mut delay) = (None, 0_u128);
    for edit in list.map(|list| list.entries).unwrap_or_default() {
        match edit.media_time {
            Some(time) if start.is_none() => start = Some(time),
            Some(_) => return Err(damaged("a track is put together from several parts")),
            None if start.is_none() => {
                let scaled = u128::from(edit.segment_duration) * u128::from(clock.timescale);
                delay += scaled / u128::from(movie_timescale.max(1));
            }
            None => {}
        }
    }
    let limit = u128::from(clock.timescale) * 86_400;
    if u128::from(start.unwrap_or(0)) > limit || delay > limit {
        return Err(damaged("a track begins after more than a day"));
    }
    Ok((start.unwrap_or(0), delay as u64))
}

/// The nine numbers of a `tkhd`, whose place depends on its version.
fn matrix(tkhd: &[u8]) -> Vec<u8> {
    let at = if tkhd.first() == Some(&1) { 52 } else { 40 };
    tkhd.get(at..at + 36).unwrap_or_default().to_vec()
}

fn samples(stbl: &[u8], length: u64) -> Result<Vec<Sample>, ProbeError> {
    let sizes = need_leaf::<Stsz>(stbl)?.samples;
    let count = match &sizes {
        StszSamples::Identical { count, .. } => u64::from(*count),
        StszSamples::Different { sizes } => sizes.len() as u64,
    };
    if count > MAX_SAMPLES || count > length {
        return Err(damaged("the number of samples is impossible"));
    }
    let size_of = |at: usize| match &sizes {
        StszSamples::Identical { size, .. } => *size,
        StszSamples::Different { sizes } => sizes[at],
    };
    let has_sync_list = find(stbl, *b"stss")?.is_some();
    let mut samples: Vec<Sample> = (0..count as usize)
        .map(|at| Sample {
            offset: 0,
            size: size_of(at),
            ticks: 0,
            shift: 0,
            sync: !has_sync_list,
        })
        .collect();
    times(stbl, &mut samples)?;
    for number in find_leaf::<Stss>(stbl)?
        .map(|list| list.entries)
        .unwrap_or_default()
    {
        let at = (number as usize).wrapping_sub(1);
        if let Some(sample) = samples.get_mut(at) {
            sample.sync = true;
        }
    }
    places(stbl, &mut samples)?;
    Ok(samples)
}

fn times(stbl: &[u8], samples: &mut [Sample]) -> Result<(), ProbeError> {
    let mut rest = samples.iter_mut();
    for run in need_leaf::<Stts>(stbl)?.entries {
        for sample in rest.by_ref().take(run.sample_count as usize) {
            sample.ticks = run.sample_delta;
        }
    }
    if rest.next().is_some() {
        return Err(damaged("a sample has no duration"));
    }
    let mut rest = samples.iter_mut();
    let shifts = find_leaf::<Ctts>(stbl)?.map(|list| list.entries);
    for run in shifts.unwrap_or_default() {
        let shift = i32::try_from(run.sample_offset)
            .map_err(|_| damaged("a picture is shown years after it is decoded"))?;
        for sample in rest.by_ref().take(run.sample_count as usize) {
            sample.shift = shift;
        }
    }
    Ok(())
}

fn places(stbl: &[u8], samples: &mut [Sample]) -> Result<(), ProbeError> {
    let runs = need_leaf::<Stsc>(stbl)?.entries;
    let mut run = 0;
    let mut rest = samples.iter_mut();
    for (number, chunk) in (1_u64..).zip(tables::chunks(stbl)?) {
        while runs
            .get(run + 1)
            .is_some_and(|next| u64::from(next.first_chunk) <= number)
        {
            run += 1;
        }
        let held = runs
            .get(run)
            .map_or(0, |run| run.samples_per_chunk as usize);
        let mut offset = chunk;
        for sample in rest.by_ref().take(held) {
            sample.offset = offset;
            offset = offset.saturating_add(u64::from(sample.size));
        }
    }
    match rest.next() {
        Some(_) => Err(damaged("a sample has no place")),
        None => Ok(()),
    }
}

fn damaged(what: &str) -> ProbeError {
    ProbeError::Damaged(what.to_owned())
}
