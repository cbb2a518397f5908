//! Which samples lie side by side in the film, and how large each is.
//!
//! Owns the order of the data: pictures and sound by turns, a second of each.

use super::Clip;
use super::layout::{Layout, Sound, scaled};
use crate::media::demux::Sample;

/// One picture in the film.
pub(super) struct Frame<'c> {
    pub(super) clip: usize,
    pub(super) sample: &'c Sample,
    /// With the parameter sets before it.
    pub(super) size: u32,
    pub(super) ticks: u32,
    pub(super) shift: i64,
    /// When it is decoded, in ticks of the film.
    pub(super) at: u64,
}

/// Samples of one track that lie side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    pub(super) is_sound: bool,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) bytes: u64,
}

pub(super) fn frames<'c>(clips: &'c [Clip], layout: &Layout) -> Vec<Frame<'c>> {
    let mut frames = Vec::new();
    for (number, clip) in clips.iter().enumerate() {
        let track = &clip.video.track;
        let extra = in_band(clip, layout).len() as u32;
        let to_film = |ticks: i64| {
            let length = scaled(ticks.unsigned_abs(), track.timescale, layout.timescale) as i64;
            if ticks < 0 { -length } else { length }
        };
        let own_start = to_film(track.first_shown());
        for sample in &track.samples {
            let at = to_film(sample.decoded);
            let next = to_film(sample.decoded + i64::from(sample.ticks));
            frames.push(Frame {
                clip: number,
                sample,
                size: sample.size + if sample.sync { extra } else { 0 },
                ticks: u32::try_from(next - at).unwrap_or(u32::MAX),
                // All clips wait as long as the one that reorders most.
                shift: to_film(sample.composed) - at + layout.start as i64 - own_start,
                at: layout.begins[number] + at.unsigned_abs(),
            });
        }
    }
    frames
}

/// A clip's parameter sets as they stand before a sync sample.
pub(super) fn in_band(clip: &Clip, layout: &Layout) -> Vec<u8> {
    let mut bytes = Vec::new();
    if layout.in_band {
        let digits = usize::from(clip.pictures.nal_length.clamp(1, 4));
        for unit in &clip.pictures.parameters {
            bytes.extend_from_slice(&(unit.len() as u32).to_be_bytes()[4 - digits..]);
            bytes.extend_from_slice(unit);
        }
    }
    bytes
}

/// A second of pictures, then the sound up to there, and so on: a player never has to
/// look far.
pub(super) fn chunks(clips: &[Clip], layout: &Layout, frames: &[Frame<'_>]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut lane = layout.sound.as_ref().map(|sound| Heard::new(clips, sound));
    let mut first = 0;
    while first < frames.len() {
        let until = frames[first].at + u64::from(layout.timescale);
        let count = frames[first..]
            .iter()
            .take_while(|frame| frame.at < until)
            .count()
            .max(1);
        let bytes = frames[first..first + count]
            .iter()
            .map(|frame| u64::from(frame.size))
            .sum();
        chunks.push(Chunk {
            is_sound: false,
            first,
            count,
            bytes,
        });
        first += count;
        if let Some(lane) = &mut lane {
            let until = frames.get(first).map(|frame| frame.at);
            chunks.extend(lane.up_to(until, layout));
        }
    }
    chunks
}

/// The sound as far as it is in chunks.
struct Heard<'c> {
    clips: &'c [Clip],
    sound: &'c Sound,
    next: usize,
    at: u64,
}

impl<'c> Heard<'c> {
    fn new(clips: &'c [Clip], sound: &'c Sound) -> Self {
        Self {
            clips,
            sound,
            next: 0,
            at: sound.delay,
        }
    }

    /// The samples that begin before a tick of the film, or all that are left.
    fn up_to(&mut self, until: Option<u64>, layout: &Layout) -> Option<Chunk> {
        let rate = sound_rate(self.clips, self.sound);
        let until = until.map(|ticks| self.sound.start + scaled(ticks, layout.timescale, rate));
        let first = self.next;
        let mut bytes = 0;
        while let Some(sample) = self.sound.samples.get(self.next) {
            if until.is_some_and(|until| self.at >= until) {
                break;
            }
            bytes += u64::from(sound_size(self.clips, self.sound, self.next));
            self.at += u64::from(sample.ticks);
            self.next += 1;
        }
        (self.next > first).then_some(Chunk {
            is_sound: true,
            first,
            count: self.next - first,
            bytes,
        })
    }
}

fn sound_rate(clips: &[Clip], sound: &Sound) -> u32 {
    let model = clips[sound.model].sound.as_ref();
    model.map_or(1, |(stream, _)| stream.track.timescale)
}

pub(super) fn silence(clips: &[Clip], sound: &Sound) -> &'static [u8] {
    let model = clips[sound.model].sound.as_ref();
    model
        .and_then(|(_, sounding)| sounding.silence())
        .unwrap_or_default()
}

pub(super) fn sound_size(clips: &[Clip], sound: &Sound, at: usize) -> u32 {
    match sound.samples[at].of {
        Some((clip, number)) => clips[clip as usize]
            .sound
            .as_ref()
            .map_or(0, |(stream, _)| stream.track.samples[number as usize].size),
        None => silence(clips, sound).len() as u32,
    }
}
