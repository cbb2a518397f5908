//! Movie fragments: the samples of a track that are listed in `moof` boxes along the file.

use mp4_atom::{Tfdt, Tfhd, Trex, Trun, TrunSamples};

use super::boxes::{Box, children, find, find_leaf, leaf, need_leaf};
use super::probe::ProbeError;
use super::tables::Samples;

/// A `moof` and where in the file it begins.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) start: u64,
    pub(crate) body: Vec<u8>,
}

/// What holds for samples that do not say it themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Defaults {
    pub(crate) ticks: u32,
    pub(crate) size: u32,
    pub(crate) flags: u32,
    /// Number of the sample entry, counted from 1.
    pub(crate) entry: u32,
}

/// Samples that lie behind each other.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) samples: TrunSamples,
    pub(crate) defaults: Defaults,
    /// Where in the file the first one begins.
    pub(crate) place: u64,
    /// When the first one is decoded, in ticks, if the fragment says it.
    pub(crate) time: Option<u64>,
    /// The first byte behind the last one.
    pub(crate) end: u64,
}

/// Adds a track's samples of all fragments.
pub(crate) fn add(
    moov: &[u8],
    fragments: &[Fragment],
    track: u32,
    samples: &mut Samples,
) -> Result<(), ProbeError> {
    walk(moov, fragments, track, &mut |run| {
        match &run.samples {
            TrunSamples::Inherited { count, .. } => samples.add(*count, run.defaults.ticks),
            TrunSamples::Explicit(entries) => {
                for entry in entries {
                    samples.add(1, entry.duration.unwrap_or(run.defaults.ticks));
                }
            }
        }
        samples.reach(run.end);
        Ok(())
    })
}

/// Shows every run of a track, in file order.
pub(crate) fn walk(
    moov: &[u8],
    fragments: &[Fragment],
    track: u32,
    visit: &mut dyn FnMut(&Run) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    let defaults = defaults(moov, track)?;
    for fragment in fragments {
        let mut end = fragment.start;
        for traf in children(&fragment.body) {
            let traf = traf?;
            if traf.kind.as_ref() == b"traf" {
                let places = (fragment.start, end);
                end = walk_traf(traf.body, places, (track, defaults), visit)?;
            }
        }
    }
    Ok(())
}

fn defaults(moov: &[u8], track: u32) -> Result<Defaults, ProbeError> {
    let none = Defaults {
        entry: 1,
        ..Defaults::default()
    };
    let Some(mvex) = find(moov, *b"mvex")? else {
        return Ok(none);
    };
    for child in children(mvex) {
        let child = child?;
        if child.kind.as_ref() == b"trex" {
            let trex: Trex = leaf(child.body)?;
            if trex.track_id == track {
                return Ok(Defaults {
                    ticks: trex.default_sample_duration,
                    size: trex.default_sample_size,
                    flags: trex.default_sample_flags,
                    entry: trex.default_sample_description_index,
                });
            }
        }
    }
    Ok(none)
}

/// Shows the runs of one `traf` if it belongs to the track; answers where its data ends.
fn walk_traf(
    traf: &[u8],
    (start, previous): (u64, u64),
    (track, defaults): (u32, Defaults),
    visit: &mut dyn FnMut(&Run) -> Result<(), ProbeError>,
) -> Result<u64, ProbeError> {
    let head: Tfhd = need_leaf(traf)?;
    let defaults = Defaults {
        ticks: head.default_sample_duration.unwrap_or(defaults.ticks),
        size: head.default_sample_size.unwrap_or(defaults.size),
        flags: head.default_sample_flags.unwrap_or(defaults.flags),
        entry: head.sample_description_index.unwrap_or(defaults.entry),
    };
    let own = head.track_id == track;
    let clock: Option<Tfdt> = if own { find_leaf(traf)? } else { None };
    let mut time = clock.map(|clock| clock.base_media_decode_time);
    // Without any base, data begins where that of the fragment's previous track ended.
    let base = head
        .base_data_offset
        .unwrap_or(if head.default_base_is_moof {
            start
        } else {
            previous
        });
    let mut place = base;
    for run in children(traf) {
        let Box { kind, body } = run?;
        if kind.as_ref() != b"trun" {
            continue;
        }
        let run: Trun = leaf(body)?;
        if let Some(offset) = run.data_offset {
            place = base.saturating_add_signed(i64::from(offset));
        }
        let end = place.saturating_add(bytes(&run.samples, defaults));
        if own {
            visit(&Run {
                samples: run.samples,
                defaults,
                place,
                time: time.take(),
                end,
            })?;
        }
        place = end;
    }
    Ok(place)
}

fn bytes(samples: &TrunSamples, defaults: Defaults) -> u64 {
    match samples {
        TrunSamples::Inherited { count, .. } => u64::from(*count) * u64::from(defaults.size),
        TrunSamples::Explicit(entries) => entries
            .iter()
            .map(|entry| u64::from(entry.size.unwrap_or(defaults.size)))
            .fold(0, u64::saturating_add),
    }
}
