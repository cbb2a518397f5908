//! The edit list: which part of a track is shown, and when.
//!
//! As ffmpeg reads it: a picture belongs to an edit if it begins inside of it. One that begins before an edit and
//! would last into it is not shown, and the film begins with the first one that is.

use mp4_atom::Elst;

use super::{MAX_SAMPLES, Sample, damaged};
use crate::media::boxes::find_leaf;
use crate::media::probe::ProbeError;

/// More edits than that are no film.
const MAX_EDITS: usize = 1_000;

/// A picture on its way to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Number of the sample.
    pub(crate) sample: u32,
    /// When it is shown, in ticks from the beginning of the film.
    pub(crate) time: i64,
    /// Which edit shows it, counted from 0.
    pub(crate) edit: u32,
}

/// A part of the track, or a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edit {
    /// Length in ticks of the track; `None` up to the end.
    length: Option<i64>,
    /// The first tick that is shown; `None` shows nothing.
    from: Option<i64>,
}

/// Reads the list; nothing where it shows all of the track as it is.
pub(super) fn read(list: &[u8], movie: u32, timescale: u32) -> Result<Vec<Edit>, ProbeError> {
    let entries = find_leaf::<Elst>(list)?.map_or(Vec::new(), |elst| elst.entries);
    if entries.len() > MAX_EDITS {
        return Err(damaged("it has too many edits"));
    }
    let mut edits = Vec::with_capacity(entries.len());
    for entry in entries {
        let length = rescale(entry.segment_duration, movie, timescale)?;
        let from = match entry.media_time {
            Some(from) => Some(
                i64::try_from(from)
                    .ok()
                    .filter(|from| *from < 1 << 60)
                    .ok_or_else(|| damaged("an edit begins at an impossible time"))?,
            ),
            None => None,
        };
        // Fragmented files write 0, since they do not know their end.
        let length = (length > 0 || from.is_none()).then_some(length);
        edits.push(Edit { length, from });
    }
    Ok(edits)
}

/// The first tick that is shown, and how long nothing is shown before; for a track that
/// is shown in one piece.
pub(super) fn beginning(edits: &[Edit]) -> Result<(i64, i64), ProbeError> {
    let mut parts = edits.iter().filter_map(|edit| edit.from);
    let from = parts.next().unwrap_or(0);
    if parts.next().is_some() {
        return Err(damaged("a track is put together from several parts"));
    }
    let mut delay = 0;
    for pause in edits.iter().take_while(|edit| edit.from.is_none()) {
        delay = checked(delay, pause.length.unwrap_or(0))?;
    }
    Ok((from, delay))
}

/// From ticks of the movie to ticks of the track, to the nearest.
fn rescale(ticks: u64, movie: u32, timescale: u32) -> Result<i64, ProbeError> {
    let movie = u128::from(movie.max(1));
    let scaled = (u128::from(ticks) * u128::from(timescale) + movie / 2) / movie;
    i64::try_from(scaled)
        .ok()
        .filter(|ticks| *ticks < 1 << 60)
        .ok_or_else(|| damaged("an edit is impossibly long"))
}

/// The pictures in the order in which they are shown, and when the film ends.
pub(super) fn shown(samples: &[Sample], edits: &[Edit]) -> Result<(Vec<Shown>, i64), ProbeError> {
    let mut order: Vec<u32> = (0..samples.len() as u32).collect();
    order.sort_by_key(|number| samples[*number as usize].composed);
    let all = [Edit {
        length: None,
        from: None,
    }];
    let whole = edits.iter().all(|edit| edit.from.is_none());
    let (length, last) = media_end(samples, &order);
    let (mut shown, mut clock, mut end) = (Vec::new(), 0_i64, 0_i64);
    for (number, edit) in if whole { &all[..] } else { edits }.iter().enumerate() {
        let from = match edit.from {
            Some(from) => from,
            None if whole => 0,
            None => {
                clock = checked(clock, edit.length.unwrap_or(0))?;
                continue;
            }
        };
        let until = edit.length.map_or(i64::MAX, |length| from + length);
        let first = match edit.from {
            Some(_) => order.partition_point(|number| samples[*number as usize].composed < from),
            None => 0,
        };
        // However long the table makes a picture, the edit or the length of the track ends it.
        let over = if whole { last } else { last.min(from + length) };
        let over = over.min(until);
        for sample in &order[first..] {
            let composed = samples[*sample as usize].composed;
            if composed >= until {
                break;
            }
            let time = clock + (composed - from);
            end = end.max(clock + over.max(composed + 1) - from);
            shown.push(Shown {
                sample: *sample,
                time: time.max(0),
                edit: number as u32,
            });
        }
        if shown.len() > 2 * MAX_SAMPLES {
            return Err(damaged("its edits show too many pictures"));
        }
        clock = checked(clock, edit.length.unwrap_or(0))?;
    }
    if !whole {
        begin_at_once(&mut shown, edits);
    }
    Ok((shown, end.max(0)))
}

/// How long all pictures take, and when the last one ends. Durations are those of decoding, so that only their sum
/// says something of what is shown.
fn media_end(samples: &[Sample], order: &[u32]) -> (i64, i64) {
    let shown = |place: Option<&u32>| place.map_or(0, |one| samples[*one as usize].composed);
    let length = match (samples.first(), samples.last()) {
        (Some(first), Some(last)) => last.decoded + i64::from(last.ticks) - first.decoded,
        _ => 0,
    };
    let end = (shown(order.first()) + length).max(shown(order.last()) + 1);
    (length, end)
}

/// Pulls the film forward by what no picture is shown at its beginning, but for the pauses that are meant.
fn begin_at_once(shown: &mut [Shown], edits: &[Edit]) {
    let pauses = edits.iter().filter(|edit| edit.from.is_none());
    let meant: i64 = pauses.filter_map(|edit| edit.length).sum();
    let first = shown.iter().map(|shown| shown.time).min().unwrap_or(0);
    let gap = (first - meant).max(0);
    for shown in shown {
        shown.time -= gap;
    }
}

fn checked(clock: i64, length: i64) -> Result<i64, ProbeError> {
    clock
        .checked_add(length)
        .filter(|clock| *clock < 1 << 60)
        .ok_or_else(|| damaged("its edits are impossibly long"))
}
