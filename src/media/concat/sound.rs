//! The track of sound, sample by sample.
//!
//! Owns what happens at a joint: sound has to begin with its picture. What is missing
//! is silence, and the rest of less than a frame is added to the last one; what is too
//! long is left out.

use crate::media::demux::Track;

/// One sample of the film's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SoundSample {
    /// Which clip it is of, and its number there; `None` is silence.
    pub(super) of: Option<(u32, u32)>,
    pub(super) ticks: u32,
}

/// The track as far as it is laid.
pub(super) struct Lane {
    pub(super) samples: Vec<SoundSample>,
    /// Ticks of nothing before the first sample.
    pub(super) delay: u64,
    at: u64,
    frame: u32,
    has_silence: bool,
}

impl Lane {
    pub(super) fn new(frame: u32, has_silence: bool) -> Self {
        Self {
            samples: Vec::new(),
            delay: 0,
            at: 0,
            frame,
            has_silence,
        }
    }

    /// Adds a clip that begins at a tick and lasts for a number of them.
    pub(super) fn add(&mut self, clip: u32, track: &Track, (begin, length): (u64, u64)) {
        let is_first = self.at == 0 && clip == 0;
        let mut at = i128::from(track.delay) - i128::from(track.start);
        let mut is_begun = false;
        for (number, sample) in (0_u32..).zip(&track.samples) {
            let shown = at;
            at += i128::from(sample.ticks);
            // A decoder's run-up is needed once, at the very start.
            if (at <= 0 && !is_first) || shown >= i128::from(length) {
                continue;
            }
            if !is_begun {
                is_begun = true;
                let place = i128::from(begin) + shown;
                self.move_to(u64::try_from(place).unwrap_or(0));
            }
            self.push(Some((clip, number)), sample.ticks);
        }
    }

    /// Ends with the picture.
    pub(super) fn end_at(&mut self, end: u64) {
        self.move_to(end);
    }

    /// Makes the next sample begin at a tick.
    fn move_to(&mut self, place: u64) {
        while self.at < place {
            let missing = place - self.at;
            if self.has_silence && missing >= u64::from(self.frame) {
                self.push(None, self.frame);
            } else if let Some(last) = self.samples.last_mut() {
                let added = u32::try_from(missing).unwrap_or(u32::MAX - last.ticks);
                last.ticks = last.ticks.saturating_add(added);
                self.at = place;
            } else if self.has_silence {
                self.push(None, missing as u32);
            } else {
                self.delay = place;
                self.at = place;
            }
        }
        while self.at > place {
            let Some(last) = self.samples.last_mut() else {
                return;
            };
            let surplus = self.at - place;
            if u64::from(last.ticks) > surplus {
                last.ticks -= surplus as u32;
                self.at = place;
            } else {
                self.at -= u64::from(last.ticks);
                self.samples.pop();
            }
        }
    }

    fn push(&mut self, of: Option<(u32, u32)>, ticks: u32) {
        self.samples.push(SoundSample { of, ticks });
        self.at += u64::from(ticks);
    }
}
