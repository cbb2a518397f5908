//! The list of samples, out of the tables of an ordinary file or the runs of a fragmented one.

use mp4_atom::{Co64, Ctts, Stco, Stsc, Stss, Stsz, StszSamples, Stts, TrunEntry};

use super::{MAX_SAMPLES, Sample, damaged};
use crate::media::boxes::{find_leaf, need_leaf};
use crate::media::fragments::{self, Defaults, Run};
use crate::media::index::Index;
use crate::media::probe::ProbeError;

/// The flag of a sample that cannot be decoded by itself.
const NOT_SYNC: u32 = 0x1_0000;

/// The samples in a track's `stbl`.
pub(super) fn ordinary(stbl: &[u8]) -> Result<Vec<Sample>, ProbeError> {
    let sizes = need_leaf::<Stsz>(stbl)?.samples;
    let count = match &sizes {
        StszSamples::Identical { count, .. } => *count as usize,
        StszSamples::Different { sizes } => sizes.len(),
    };
    if count > MAX_SAMPLES {
        return Err(damaged("it has too many samples"));
    }
    let size = |number: usize| match &sizes {
        StszSamples::Identical { size, .. } => *size,
        StszSamples::Different { sizes } => sizes[number],
    };
    let mut samples: Vec<Sample> = (0..count)
        .map(|number| Sample {
            offset: 0,
            size: size(number),
            decoded: 0,
            composed: 0,
            ticks: 0,
            sync: true,
            entry: 0,
        })
        .collect();
    times(stbl, &mut samples)?;
    syncs(stbl, &mut samples)?;
    places(stbl, &mut samples)?;
    Ok(samples)
}

fn times(stbl: &[u8], samples: &mut [Sample]) -> Result<(), ProbeError> {
    let mut clock = 0_i64;
    let mut rest = samples.iter_mut();
    for run in need_leaf::<Stts>(stbl)?.entries {
        for sample in rest.by_ref().take(run.sample_count as usize) {
            sample.decoded = clock;
            sample.composed = clock;
            sample.ticks = run.sample_delta;
            // A million samples of four billion ticks do not overflow.
            clock += i64::from(run.sample_delta);
        }
    }
    let mut rest = samples.iter_mut();
    for run in find_leaf::<Ctts>(stbl)?.map_or(Vec::new(), |ctts| ctts.entries) {
        for sample in rest.by_ref().take(run.sample_count as usize) {
            sample.composed += signed(run.sample_offset);
        }
    }
    Ok(())
}

/// Older recorders write negative offsets where only positive ones may be.
fn signed(offset: i64) -> i64 {
    i64::from(offset as u32 as i32)
}

fn syncs(stbl: &[u8], samples: &mut [Sample]) -> Result<(), ProbeError> {
    let Some(list) = find_leaf::<Stss>(stbl)? else {
        return Ok(());
    };
    for sample in samples.iter_mut() {
        sample.sync = false;
    }
    for number in list.entries {
        if let Some(sample) = samples.get_mut((number as usize).wrapping_sub(1)) {
            sample.sync = true;
        }
    }
    Ok(())
}

fn places(stbl: &[u8], samples: &mut [Sample]) -> Result<(), ProbeError> {
    let chunks = match find_leaf::<Stco>(stbl)? {
        Some(small) => small.entries.into_iter().map(u64::from).collect(),
        None => need_leaf::<Co64>(stbl)?.entries,
    };
    let runs = need_leaf::<Stsc>(stbl)?.entries;
    let mut run = 0;
    let mut rest = samples.iter_mut();
    for (number, mut place) in (1_u64..).zip(chunks) {
        while runs
            .get(run + 1)
            .is_some_and(|next| u64::from(next.first_chunk) <= number)
        {
            run += 1;
        }
        let Some(held) = runs.get(run) else {
            return Err(damaged("its samples have no place"));
        };
        for sample in rest.by_ref().take(held.samples_per_chunk as usize) {
            sample.offset = place;
            sample.entry = held.sample_description_index.saturating_sub(1);
            place = place.saturating_add(u64::from(sample.size));
        }
    }
    if rest.next().is_some() {
        return Err(damaged("some samples have no place"));
    }
    Ok(())
}

/// Adds the samples of a track's fragments.
pub(super) fn fragmented(
    index: &Index,
    track: u32,
    samples: &mut Vec<Sample>,
) -> Result<(), ProbeError> {
    let mut clock = samples
        .last()
        .map_or(0, |last| last.decoded + i64::from(last.ticks));
    fragments::walk(&index.moov, &index.fragments, track, &mut |run| {
        if samples.len() + run.samples.len() > MAX_SAMPLES {
            return Err(damaged("it has too many samples"));
        }
        if let Some(time) = run.time {
            // A clock beyond any film would overflow when offsets are added.
            clock = i64::try_from(time)
                .ok()
                .filter(|time| *time < 1 << 60)
                .ok_or_else(|| damaged("a fragment's clock is impossible"))?;
        }
        add(run, &mut clock, samples);
        Ok(())
    })
}

fn add(run: &Run, clock: &mut i64, samples: &mut Vec<Sample>) {
    let mut place = run.place;
    for entry in &run.samples {
        let sample = sample(entry, run.defaults, *clock, place);
        *clock += i64::from(sample.ticks);
        place = place.saturating_add(u64::from(sample.size));
        samples.push(sample);
    }
}

fn sample(entry: TrunEntry, defaults: Defaults, clock: i64, place: u64) -> Sample {
    let flags = entry.flags.unwrap_or(defaults.flags);
    Sample {
        offset: place,
        size: entry.size.unwrap_or(defaults.size),
        decoded: clock,
        composed: clock + entry.cts.map_or(0, i64::from),
        ticks: entry.duration.unwrap_or(defaults.ticks),
        sync: flags & NOT_SYNC == 0,
        entry: defaults.entry.saturating_sub(1),
    }
}
