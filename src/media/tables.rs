//! The sample tables of a track: how many samples, how long, and how far into the file they reach.
//!
//! Never walks single samples where a multiplication does, since a few bytes can claim four billion of them.

use mp4_atom::{Co64, Stco, Stsc, Stss, Stsz, StszSamples, Stts};

use super::boxes::{find_leaf, need_leaf};
use super::probe::ProbeError;

/// What the samples of a track add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Samples {
    pub(crate) count: u64,
    /// Sum of the durations in ticks of the track's clock.
    pub(crate) ticks: u64,
    /// The first byte of the file behind all samples.
    pub(crate) end: u64,
    /// Duration of the first sample.
    first: u32,
    /// Samples that last longer or shorter than the first.
    odd: u64,
    last_is_odd: bool,
}

impl Samples {
    /// Adds samples of the same duration.
    pub(crate) fn add(&mut self, count: u32, ticks: u32) {
        if count == 0 {
            return;
        }
        if self.count == 0 {
            self.first = ticks;
        }
        self.last_is_odd = ticks != self.first;
        self.odd += if self.last_is_odd {
            u64::from(count)
        } else {
            0
        };
        self.count += u64::from(count);
        self.ticks = self
            .ticks
            .saturating_add(u64::from(count) * u64::from(ticks));
    }

    /// Notes that samples reach up to a place in the file.
    pub(crate) fn reach(&mut self, end: u64) {
        self.end = self.end.max(end);
    }

    /// Frames per second: of the common duration if only the last sample differs, else the mean.
    pub(crate) fn fps(&self, timescale: u32) -> f64 {
        let same = self.odd == 0 || (self.odd == 1 && self.last_is_odd);
        match (same, self.first, self.ticks) {
            (true, first @ 1.., _) => f64::from(timescale) / f64::from(first),
            (_, _, 0) => 0.0,
            _ => self.count as f64 * f64::from(timescale) / self.ticks as f64,
        }
    }
}

/// Adds up the tables in a track's `stbl`.
pub(crate) fn samples(stbl: &[u8]) -> Result<Samples, ProbeError> {
    let mut samples = Samples::default();
    for entry in need_leaf::<Stts>(stbl)?.entries {
        samples.add(entry.sample_count, entry.sample_delta);
    }
    // Old recorders write stz2 instead; none of the services does.
    let sizes = need_leaf::<Stsz>(stbl)?.samples;
    let known = match &sizes {
        StszSamples::Identical { count, .. } => u64::from(*count),
        StszSamples::Different { sizes } => sizes.len() as u64,
    };
    if known != samples.count {
        return Err(damaged(format!(
            "{known} samples have a size, {} a duration",
            samples.count
        )));
    }
    if find_leaf::<Stss>(stbl)?
        .is_some_and(|sync| sync.entries.first().is_some_and(|first| *first != 1))
    {
        return Err(damaged("the first sample depends on others".to_owned()));
    }
    let placed = place(stbl, &sizes, &mut samples)?;
    if placed != samples.count {
        return Err(damaged(format!(
            "{placed} of {} samples have a place",
            samples.count
        )));
    }
    Ok(samples)
}

/// Follows the chunks through the file; answers how many samples they hold.
fn place(stbl: &[u8], sizes: &StszSamples, samples: &mut Samples) -> Result<u64, ProbeError> {
    let chunks = chunks(stbl)?;
    let runs = need_leaf::<Stsc>(stbl)?.entries;
    let mut run = 0;
    let mut placed = 0;
    for (number, offset) in (1_u64..).zip(chunks) {
        while runs
            .get(run + 1)
            .is_some_and(|next| u64::from(next.first_chunk) <= number)
        {
            run += 1;
        }
        let held = runs
            .get(run)
            .map_or(0, |run| u64::from(run.samples_per_chunk));
        let bytes = chunk_bytes(sizes, placed, held)?;
        samples.reach(offset.saturating_add(bytes));
        placed += held;
    }
    Ok(placed)
}

fn chunks(stbl: &[u8]) -> Result<Vec<u64>, ProbeError> {
    if let Some(small) = find_leaf::<Stco>(stbl)? {
        return Ok(small.entries.into_iter().map(u64::from).collect());
    }
    Ok(need_leaf::<Co64>(stbl)?.entries)
}

fn chunk_bytes(sizes: &StszSamples, from: u64, count: u64) -> Result<u64, ProbeError> {
    match sizes {
        StszSamples::Identical { size, .. } => Ok(count * u64::from(*size)),
        StszSamples::Different { sizes } => {
            let held = usize::try_from(from)
                .ok()
                .zip(usize::try_from(from + count).ok());
            let held = held.and_then(|(from, to)| sizes.get(from..to));
            let held = held
                .ok_or_else(|| damaged("a chunk holds more samples than there are".to_owned()))?;
            Ok(held.iter().map(|size| u64::from(*size)).sum())
        }
    }
}

fn damaged(what: String) -> ProbeError {
    ProbeError::Damaged(what)
}
