//! Joints of sound, and what is refused. Whole films are joined in `tests/joins.rs`.

use proptest::prelude::*;

use super::sound::Lane;
use crate::media::demux::{Sample, Track};
use mp4_atom::FourCC;

fn track(samples: &[u32], start: i64) -> Track {
    let mut decoded = 0;
    let samples = samples
        .iter()
        .map(|ticks| {
            let sample = Sample {
                offset: 0,
                size: 1,
                decoded,
                composed: decoded,
                ticks: *ticks,
                sync: true,
                entry: 0,
            };
            decoded += i64::from(*ticks);
            sample
        })
        .collect();
    Track {
        timescale: 32_000,
        kind: FourCC::new(b"mp4a"),
        entry: Vec::new(),
        samples,
        start,
        delay: 0,
        is_whole: true,
        matrix: Vec::new(),
    }
}

proptest! {
    /// Whatever the clips are, sound ends with the picture, and every clip's first
    /// sample begins where it has to.
    #[test]
    fn sound_never_drifts(
        clips in prop::collection::vec((0_usize..60, 0_i64..3000, 3000_u64..80_000), 1..12),
        has_silence in any::<bool>(),
    ) {
        let mut lane = Lane::new(1024, has_silence);
        let mut begin = 0;
        let mut places = Vec::new();
        for (number, (count, start, length)) in (0_u32..).zip(&clips) {
            let track = track(&vec![1024; *count], *start);
            lane.add(number, &track, (begin, *length));
            places.push((begin, *start));
            begin += length;
        }
        lane.end_at(begin);
        let sum: u64 = lane.samples.iter().map(|sample| u64::from(sample.ticks)).sum();
        prop_assert_eq!(lane.delay + sum, if lane.samples.is_empty() { lane.delay } else { begin });
        let mut at = lane.delay;
        for sample in &lane.samples {
            prop_assert!(sample.ticks > 0);
            if let Some((clip, number)) = sample.of {
                let (begin, start) = places[clip as usize];
                let place = begin as i64 + i64::from(number) * 1024 - start;
                // The very first clip keeps its run-up, and samples before a place are shortened only at their end.
                if clip > 0 {
                    prop_assert_eq!(at as i64, place.max(0));
                }
            }
            at += u64::from(sample.ticks);
        }
    }
}
