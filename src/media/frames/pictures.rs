//! All pictures of a film, one after the other, as they were decoded.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::sequential::Sequential;
use super::source::Source;
use super::{FrameError, YuvPicture};

/// So many pictures may wait until an earlier one is decoded; no standard allows more than 16.
const MAX_WAITING: usize = 17;

/// The pictures of a film in display order, within its edit list, with the times at which they are shown. Decodes as
/// it goes, and keeps no more pictures than have to wait for their turn. After an error there is nothing more.
#[derive(Debug)]
pub struct Pictures {
    source: Source<File>,
    /// Places in display order that are still to come, with their samples.
    coming: VecDeque<(usize, usize)>,
    /// What was decoded and has to wait, by sample.
    waiting: HashMap<usize, YuvPicture>,
    decoder: Option<Sequential>,
    /// The next sample to be decoded.
    next: usize,
    over: bool,
}

impl Pictures {
    /// Opens a whole video whose coding is known here.
    pub fn open(path: &Path) -> Result<Self, FrameError> {
        let source = Source::open(super::open(path)?)?;
        Sequential::new(&source, 0)?;
        let shown = source.film.shown.iter().enumerate();
        Ok(Self {
            coming: shown
                .map(|(place, shown)| (place, shown.sample as usize))
                .collect(),
            source,
            waiting: HashMap::new(),
            decoder: None,
            next: 0,
            over: false,
        })
    }

    /// How many pictures the film has.
    pub fn total(&self) -> usize {
        self.source.film.shown.len()
    }

    /// How long the film is.
    pub fn length(&self) -> Duration {
        self.source.length()
    }

    /// The picture of the next place, decoding as far as it takes.
    fn picture(&mut self, place: usize, sample: usize) -> Result<YuvPicture, FrameError> {
        // A later edit may go back to what was shown.
        let again =
            self.decoder.is_some() && sample < self.next && !self.waiting.contains_key(&sample);
        if again || self.decoder.is_none() {
            self.begin(place)?;
        }
        loop {
            if let Some(picture) = self.waiting.remove(&sample) {
                return Ok(picture);
            }
            if self.next > sample {
                return Err(self.source.damaged(place, "it holds no picture"));
            }
            self.step(place)?;
        }
    }

    /// Sets the decoder to where this edit's pictures can all be decoded from.
    fn begin(&mut self, place: usize) -> Result<(), FrameError> {
        let shown = &self.source.film.shown[place..];
        let same = shown
            .iter()
            .take_while(|other| other.edit == shown[0].edit)
            .map(|other| other.sample as usize);
        // The first one in decoding order may be shown later than others that lead it.
        let (now, first) = (shown[0].sample as usize, same.min().unwrap_or(0));
        let start = self.source.start_of(first)?.min(self.source.start_of(now)?);
        self.waiting.clear();
        self.next = start;
        self.decoder = Some(Sequential::new(&self.source, start)?);
        Ok(())
    }

    /// Decodes one sample, and keeps its picture if it is still to come in this edit.
    fn step(&mut self, place: usize) -> Result<(), FrameError> {
        let number = self.next;
        self.next += 1;
        let Some(decoder) = self.decoder.as_mut() else {
            return Ok(());
        };
        let Some(picture) = decoder.next(&mut self.source, number, None)? else {
            return Ok(());
        };
        let shown = &self.source.film.shown[place..];
        let edit = shown[0].edit;
        // Only the near future can wait, so nobody has to look far.
        let mut near = shown.iter().take(8 * MAX_WAITING);
        if near.any(|shown| shown.edit == edit && shown.sample as usize == number) {
            self.waiting.insert(number, picture);
        }
        if self.waiting.len() > MAX_WAITING {
            return Err(self.source.damaged(place, "its pictures are out of order"));
        }
        Ok(())
    }
}

impl Iterator for Pictures {
    type Item = Result<YuvPicture, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let (place, sample) = self.coming.pop_front()?;
        let found = self.picture(place, sample).map(|mut picture| {
            picture.time = self.source.time(place);
            picture
        });
        self.over = found.is_err();
        Some(found)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.coming.len()))
    }
}
