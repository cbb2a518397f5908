//! Pictures and sound of all clips on one clock.
//!
//! Owns the common timescale, where every clip begins, and the order of chunks.

use super::Clip;
use super::format::Sounding;
use super::sound::{self, SoundSample};
use crate::media::demux::Track;

/// Everything that the index needs and no clip says by itself.
#[derive(Debug)]
pub(super) struct Layout {
    /// Ticks per second of the pictures' track and of the film.
    pub(super) timescale: u32,
    /// The tick at which each clip begins, and the end of the last.
    pub(super) begins: Vec<u64>,
    /// Ticks of the pictures' track before the first picture is shown.
    pub(super) start: u64,
    /// Whether parameter sets are written in band.
    pub(super) in_band: bool,
    pub(super) sound: Option<Sound>,
    /// Clips whose sound is not taken, and why.
    pub(super) silenced: Vec<(String, String)>,
}

/// The track of sound.
#[derive(Debug)]
pub(super) struct Sound {
    /// The clip whose sample entry describes all of it.
    pub(super) model: usize,
    pub(super) samples: Vec<SoundSample>,
    /// Ticks before the first that is heard.
    pub(super) start: u64,
    /// Ticks of nothing before, where silence cannot be written.
    pub(super) delay: u64,
}

/// Beyond this a common timescale gives way to a rounded one.
const FINEST: u64 = 10_000_000;

impl Layout {
    pub(super) fn new(clips: &[Clip]) -> Self {
        let timescale = common_timescale(clips);
        let mut begins = vec![0];
        let mut start = 0;
        for clip in clips {
            let track = &clip.video.track;
            let end = begins.last().copied().unwrap_or(0);
            begins.push(end + scaled(track.ticks(), track.timescale, timescale));
            let first = track.first_shown().unsigned_abs();
            start = start.max(scaled(first, track.timescale, timescale));
        }
        let parameters = |clip: &Clip| clip.pictures.parameters.clone();
        let first = clips.first().map(parameters);
        let mut layout = Self {
            timescale,
            begins,
            start,
            in_band: clips.iter().any(|clip| Some(parameters(clip)) != first),
            sound: None,
            silenced: Vec::new(),
        };
        layout.lay_sound(clips);
        layout
    }

    /// Length of the film.
    pub(super) fn ticks(&self) -> u64 {
        self.begins.last().copied().unwrap_or(0)
    }

    /// The sound of the first clip that has any is the measure for all.
    fn lay_sound(&mut self, clips: &[Clip]) {
        let sounding = |clip: &Clip| clip.sound.as_ref().map(|(_, sounding)| sounding.clone());
        let Some((model, format)) = (0..)
            .zip(clips)
            .find_map(|(at, clip)| Some((at, sounding(clip)?)))
        else {
            return;
        };
        let mut taken = Vec::with_capacity(clips.len());
        for clip in clips {
            let track = match &clip.sound {
                Some((stream, own)) => match own.fits(&format) {
                    Ok(()) => Some(&stream.track),
                    Err(why) => {
                        self.silenced.push((clip.name.clone(), why));
                        None
                    }
                },
                None => None,
            };
            taken.push(track);
        }
        let rate = clips[model]
            .sound
            .as_ref()
            .map_or(1, |(stream, _)| stream.track.timescale);
        let begins: Vec<u64> = self
            .begins
            .iter()
            .map(|ticks| scaled(*ticks, self.timescale, rate))
            .collect();
        self.sound = Some(lay(&taken, &begins, &format, model));
    }
}

fn lay(taken: &[Option<&Track>], begins: &[u64], format: &Sounding, model: usize) -> Sound {
    let first = taken.first().copied().flatten();
    let start = first.map_or(0, |track| track.start.unsigned_abs());
    let mut lane = sound::Lane::new(format.frame, format.silence().is_some());
    for (at, track) in (0_u32..).zip(taken) {
        let begin = begins[at as usize];
        let length = begins[at as usize + 1] - begin;
        if let Some(track) = track {
            lane.add(at, track, (start + begin, length));
        }
    }
    lane.end_at(start + begins.last().copied().unwrap_or(0));
    Sound {
        model,
        start,
        delay: lane.delay,
        samples: lane.samples,
    }
}

/// The smallest clock on which every tick of every clip is whole.
fn common_timescale(clips: &[Clip]) -> u32 {
    let scales = clips
        .iter()
        .map(|clip| u64::from(clip.video.track.timescale));
    let mut common = 1_u64;
    for scale in scales.clone() {
        common = common / divisor(common, scale) * scale;
        if common > FINEST {
            let finest = scales.max().unwrap_or(90_000);
            return finest.max(90_000) as u32;
        }
    }
    common as u32
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

/// Ticks of one clock in those of another, rounded.
pub(super) fn scaled(ticks: u64, from: u32, to: u32) -> u64 {
    let (from, to) = (u128::from(from.max(1)), u128::from(to));
    u64::try_from((u128::from(ticks) * to + from / 2) / from).unwrap_or(u64::MAX)
}
