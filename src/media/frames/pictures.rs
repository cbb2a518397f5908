//! All pictures of a film, one after the other, as they were decoded.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::sequential::Sequential;
use super::source::Source;
use super::{FrameError, YuvPicture};
use crate::media::demux::Turn;

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
    /// Which samples alone are wanted, and their highest layer; `None` wants all.
    wanted: Option<(BTreeSet<usize>, u8)>,
    over: bool,
}

/// Leaving pictures out must not open a gap that is longer than that.
const LONGEST_GAP: Duration = Duration::from_millis(200);

impl Pictures {
    /// Opens a whole video whose coding is known here.
    pub fn open(path: &Path) -> Result<Self, FrameError> {
        let source = Source::open(super::open(path)?)?;
        Self::of(source, None)
    }

    /// As [`Pictures::open`], without the pictures that no other refers to, if they are few enough in a row. Those
    /// cost as much as the others and show little that is new; the first and the last are always there.
    pub fn open_sparsely(path: &Path) -> Result<Self, FrameError> {
        let mut source = Source::open(super::open(path)?)?;
        Sequential::new(&source, 0)?;
        let wanted = sparse(&mut source)?;
        Self::of(source, wanted)
    }

    fn of(
        mut source: Source<File>,
        wanted: Option<(BTreeSet<usize>, u8)>,
    ) -> Result<Self, FrameError> {
        Sequential::new(&source, 0)?;
        if let Some((wanted, _)) = &wanted {
            let shown = &mut source.film.shown;
            shown.retain(|shown| wanted.contains(&(shown.sample as usize)));
        }
        let shown = source.film.shown.iter().enumerate();
        Ok(Self {
            coming: shown
                .map(|(place, shown)| (place, shown.sample as usize))
                .collect(),
            source,
            waiting: HashMap::new(),
            decoder: None,
            next: 0,
            wanted,
            over: false,
        })
    }

    /// How many pictures there are.
    pub fn total(&self) -> usize {
        self.source.film.shown.len()
    }

    /// When each picture is shown.
    pub fn times(&self) -> Vec<Duration> {
        let all = 0..self.total();
        all.map(|place| self.source.time(place)).collect()
    }

    /// When each picture of a film is shown and how long it is, whether it can be decoded here or not.
    pub(crate) fn times_of(path: &Path) -> Result<(Vec<Duration>, Duration), FrameError> {
        let source = Source::open(super::open(path)?)?;
        let all = 0..source.film.shown.len();
        Ok((
            all.map(|place| source.time(place)).collect(),
            source.length(),
        ))
    }

    /// How a player turns them.
    pub(crate) fn turn(&self) -> Turn {
        self.source.film.turn
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
        // A picture that is not wanted is decoded only if others refer to it.
        let layer = self.wanted.as_ref().and_then(|(wanted, layer)| {
            let is_wanted = wanted.contains(&number);
            (!is_wanted).then_some(*layer)
        });
        let Some(picture) = decoder.next(&mut self.source, number, layer)? else {
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

/// The samples that others refer to, with the first and the last that are shown, and their highest layer; `None` if
/// nothing can be left out.
fn sparse(source: &mut Source<File>) -> Result<Option<(BTreeSet<usize>, u8)>, FrameError> {
    let shown = source.film.shown.clone();
    // Where nothing is shown out of order, few writers leave pictures that nobody refers to.
    if shown.is_sorted_by_key(|shown| shown.sample) {
        return Ok(None);
    }
    let mut standings = Vec::with_capacity(shown.len());
    for shown in &shown {
        standings.push(source.standing(shown.sample as usize)?);
    }
    let top = standings.iter().map(|standing| standing.layer).max();
    let top = top.unwrap_or(0);
    let last = shown.len().saturating_sub(1);
    let kept: Vec<usize> = (0..shown.len())
        .filter(|place| {
            let standing = standings[*place];
            standing.reference || standing.layer < top || [0, last].contains(place)
        })
        .collect();
    let is_gap = |pair: &[usize]| {
        let gap = source.time(pair[1]).saturating_sub(source.time(pair[0]));
        pair[1] > pair[0] + 1 && gap > LONGEST_GAP
    };
    if kept.len() == shown.len() || kept.windows(2).any(is_gap) {
        return Ok(None);
    }
    let wanted = kept.iter().map(|place| shown[*place].sample as usize);
    Ok(Some((wanted.collect(), top)))
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
