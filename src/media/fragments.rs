//! Movie fragments: the samples of a track that are listed in `moof` boxes along the file.

use mp4_atom::{Tfhd, Trex, Trun, TrunSamples};

use super::boxes::{Box, children, find, leaf, need_leaf};
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
struct Defaults {
    ticks: u32,
    size: u32,
}

/// Adds a track's samples of all fragments.
pub(crate) fn add(
    moov: &[u8],
    fragments: &[Fragment],
    track: u32,
    samples: &mut Samples,
) -> Result<(), ProbeError> {
    let defaults = defaults(moov, track)?;
    for fragment in fragments {
        let mut end = fragment.start;
        for traf in children(&fragment.body) {
            let traf = traf?;
            if traf.kind.as_ref() == b"traf" {
                end = add_traf(traf.body, (fragment.start, end), (track, defaults), samples)?;
            }
        }
    }
    Ok(())
}

fn defaults(moov: &[u8], track: u32) -> Result<Defaults, ProbeError> {
    let Some(mvex) = find(moov, *b"mvex")? else {
        return Ok(Defaults::default());
    };
    for child in children(mvex) {
        let child = child?;
        if child.kind.as_ref() == b"trex" {
            let trex: Trex = leaf(child.body)?;
            if trex.track_id == track {
                return Ok(Defaults {
                    ticks: trex.default_sample_duration,
                    size: trex.default_sample_size,
                });
            }
        }
    }
    Ok(Defaults::default())
}

/// Adds the runs of one `traf` if it belongs to the track; answers where its data ends.
fn add_traf(
    traf: &[u8],
    (start, previous): (u64, u64),
    (track, defaults): (u32, Defaults),
    samples: &mut Samples,
) -> Result<u64, ProbeError> {
    let head: Tfhd = need_leaf(traf)?;
    let defaults = Defaults {
        ticks: head.default_sample_duration.unwrap_or(defaults.ticks),
        size: head.default_sample_size.unwrap_or(defaults.size),
    };
    // Without any base, data begins where that of the fragment's previous track ended.
    let base = head
        .base_data_offset
        .unwrap_or(if head.default_base_is_moof {
            start
        } else {
            previous
        });
    let mut other = Samples::default();
    let samples = if head.track_id == track {
        samples
    } else {
        &mut other
    };
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
        place = add_run(&run, place, defaults, samples);
        samples.reach(place);
    }
    Ok(place)
}

fn add_run(run: &Trun, place: u64, defaults: Defaults, samples: &mut Samples) -> u64 {
    match &run.samples {
        TrunSamples::Inherited { count, .. } => {
            samples.add(*count, defaults.ticks);
            place.saturating_add(u64::from(*count) * u64::from(defaults.size))
        }
        TrunSamples::Explicit(entries) => entries.iter().fold(place, |place, entry| {
            samples.add(1, entry.duration.unwrap_or(defaults.ticks));
            place.saturating_add(u64::from(entry.size.unwrap_or(defaults.size)))
        }),
    }
}
