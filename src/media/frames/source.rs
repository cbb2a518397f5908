//! A video that is open: its samples, and decoding those that are wanted.
//!
//! Owns which samples have to be decoded for a picture, and in which runs. Never keeps more than one picture.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use super::sequential::Sequential;
use super::{FrameError, YuvPicture};
use crate::media::colour::Tags;
use crate::media::decode::{self, Begins, Refusal, Standing};
use crate::media::demux::{Entry, Film};
use crate::media::index::read_index;
use crate::media::probe;
use crate::shot::FrameAt;

/// From a key frame to the picture that needs it there are at most so many: a quarter of an hour.
const MAX_RUN: usize = 25_000;

/// So many key frames are looked at before a film is decoded from its beginning.
const MAX_STARTS: usize = 1_000;

/// A whole video, and where its samples are.
#[derive(Debug)]
pub(crate) struct Source<R> {
    pub(crate) reader: R,
    pub(crate) film: Film,
}

impl<R: Read + Seek> Source<R> {
    /// Looks at the index; a file that is not whole is refused, since decoders conceal what is missing.
    pub(crate) fn open(mut reader: R) -> Result<Self, FrameError> {
        probe::probe(&mut reader)?;
        reader.seek(SeekFrom::Start(0)).map_err(FrameError::io)?;
        let index = read_index(&mut reader)?;
        let film = Film::read(&index)?;
        let mut source = Self { reader, film };
        source.drop_orphans();
        if source.film.shown.is_empty() {
            return Err(FrameError::Nothing);
        }
        Ok(source)
    }

    /// Leaves out the pictures before the first key frame that refer to others which the file does not have: it was
    /// cut out of a longer one.
    fn drop_orphans(&mut self) {
        let Some(first) = self.film.samples.first().copied() else {
            return;
        };
        let leaders = self.film.samples.iter().skip(1);
        let leaders = leaders
            .take_while(|sample| sample.composed < first.composed)
            .count();
        if leaders == 0 {
            return;
        }
        // A coding that is not known here cannot be looked into.
        let Ok(key) = self.standing(0) else {
            return;
        };
        if key.begins == Begins::Afresh {
            return;
        }
        let orphans: BTreeSet<usize> = (1..=leaders)
            .filter(|number| self.standing(*number).is_ok_and(|standing| standing.leads))
            .collect();
        let shown = &mut self.film.shown;
        shown.retain(|shown| !orphans.contains(&(shown.sample as usize)));
    }

    pub(super) fn standing(&mut self, number: usize) -> Result<Standing, FrameError> {
        let bytes = self.film.sample(&mut self.reader, number)?;
        let entry = self.entry(number)?;
        decode::standing(&bytes, &entry.coding).map_err(|refusal| self.error(number, refusal))
    }

    /// The sample entry of a sample.
    pub(crate) fn entry(&self, number: usize) -> Result<&Entry, FrameError> {
        let entry = self.film.samples[number].entry as usize;
        self.film.entries.get(entry).ok_or_else(|| {
            let what = "a picture without a description".to_owned();
            FrameError::Incomplete(probe::ProbeError::Damaged(what))
        })
    }

    /// What the file says about its colours before any picture is decoded.
    pub(crate) fn tags(&self) -> Tags {
        self.entry(0).map_or(Tags::UNKNOWN, |entry| {
            let stream = decode::sequence(&entry.coding).map_or(Tags::UNKNOWN, |sps| sps.colour);
            stream.or(entry.colour)
        })
    }

    /// Which of the shown pictures a place means.
    pub(super) fn place(&self, at: FrameAt) -> Result<usize, FrameError> {
        match at {
            FrameAt::First => Ok(0),
            FrameAt::Last => Ok(self.film.shown.len() - 1),
            FrameAt::Middle => self.at(self.length() / 2),
            FrameAt::Time(time) => self.at(time),
        }
    }

    pub(super) fn spread(&self, count: usize) -> Result<Vec<usize>, FrameError> {
        let length = self.length();
        let parts = count as u32 * 2;
        (0..count as u32)
            .map(|part| self.at(length * (2 * part + 1) / parts))
            .collect()
    }

    fn at(&self, time: Duration) -> Result<usize, FrameError> {
        let length = self.length();
        if time > length {
            return Err(FrameError::BeyondEnd { at: time, length });
        }
        let shown = &self.film.shown;
        // Compared after rounding, so that a frame's own time finds it again.
        let behind = shown.partition_point(|shown| self.duration(shown.time) <= time);
        Ok(behind.saturating_sub(1))
    }

    /// How long the film is.
    pub(crate) fn length(&self) -> Duration {
        self.duration(self.film.length)
    }

    /// When the picture at a place in display order is shown.
    pub(crate) fn time(&self, place: usize) -> Duration {
        // Of a film of which nothing is shown, the beginning.
        let shown = self.film.shown.get(place);
        self.duration(shown.map_or(0, |shown| shown.time))
    }

    fn duration(&self, ticks: i64) -> Duration {
        let scale = u128::from(self.film.timescale);
        let nanos = (ticks.max(0) as u128 * 1_000_000_000 + scale / 2) / scale;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Decodes the pictures at these places, in decoding order, with their sample's number.
    pub(super) fn decode(
        &mut self,
        places: &[usize],
        take: &mut dyn FnMut(usize, YuvPicture) -> Result<(), FrameError>,
    ) -> Result<(), FrameError> {
        let wanted: BTreeSet<usize> = places
            .iter()
            .map(|place| self.film.shown[*place].sample as usize)
            .collect();
        // A coding that is not known is said to be so before anything is looked for in it.
        Sequential::new(self, 0)?;
        for run in self.runs(&wanted)? {
            self.decode_run(&run, take)?;
        }
        Ok(())
    }

    /// The last sample from which on a sample can be decoded, whatever was before. Some writers call a picture a key
    /// frame from which on the film only becomes right little by little (intra refresh); those do not count.
    pub(super) fn start_of(&mut self, number: usize) -> Result<usize, FrameError> {
        let starts: Vec<usize> = self.film.starts(number).take(MAX_STARTS).collect();
        for start in starts {
            if start == 0 || self.standing(start)?.begins != Begins::Nowhere {
                return Ok(start);
            }
        }
        Ok(0)
    }

    /// Wanted samples that one pass finds, each list from its start on.
    fn runs(&mut self, wanted: &BTreeSet<usize>) -> Result<Vec<Run>, FrameError> {
        let mut runs: Vec<Run> = Vec::new();
        for sample in wanted {
            let start = self.start_of(*sample)?;
            match runs.last_mut() {
                Some(run) if start <= run.last() => {
                    run.start = run.start.min(start);
                    run.wanted.push(*sample);
                }
                _ => runs.push(Run {
                    start,
                    wanted: vec![*sample],
                }),
            }
        }
        Ok(runs)
    }

    fn decode_run(
        &mut self,
        run: &Run,
        take: &mut dyn FnMut(usize, YuvPicture) -> Result<(), FrameError>,
    ) -> Result<(), FrameError> {
        let mut decoder = Sequential::new(self, run.start)?;
        let mut top = 0;
        for sample in &run.wanted {
            top = top.max(self.standing(*sample)?.layer);
        }
        for number in run.start..=run.last() {
            let wanted = run.wanted.binary_search(&number).is_ok();
            if number - run.start > MAX_RUN {
                return Err(self.damaged_sample(number, "no key frame for too long"));
            }
            if let Some(picture) = decoder.next(self, number, (!wanted).then_some(top))?
                && wanted
            {
                take(number, picture)?;
            }
        }
        Ok(())
    }

    /// What a decoder said about a sample, with the time at which it is shown.
    pub(super) fn error(&self, number: usize, refusal: Refusal) -> FrameError {
        match refusal {
            Refusal::Unsupported(what) => FrameError::Unsupported { what },
            Refusal::Damaged(what) => self.damaged_sample(number, &what),
        }
    }

    fn damaged_sample(&self, number: usize, what: &str) -> FrameError {
        let shown = &self.film.shown;
        let place = shown
            .iter()
            .position(|shown| shown.sample as usize == number);
        self.damaged(place.unwrap_or(0), what)
    }

    pub(super) fn damaged(&self, place: usize, what: &str) -> FrameError {
        FrameError::Damaged {
            at: self.time(place),
            what: what.to_owned(),
        }
    }
}

/// Samples that are wanted, and where decoding has to begin for them.
#[derive(Debug)]
struct Run {
    start: usize,
    wanted: Vec<usize>,
}

impl Run {
    fn last(&self) -> usize {
        self.wanted.last().copied().unwrap_or(self.start)
    }
}
