//! A decoder on its way through the samples of a film, from a key frame on.
//!
//! Owns which samples on the way are not decoded: those that lead the first one and refer to what was before it, and
//! those that nothing that is wanted refers to.

use std::io::{Read, Seek};

use super::source::Source;
use super::{FrameError, YuvPicture};
use crate::media::decode::{self, Decoding, Standing};

/// A decoder on its way through the samples.
#[derive(Debug)]
pub(super) struct Sequential {
    decoding: Decoding,
    entry: u32,
    /// Where it began: pictures that lead this one cannot be decoded.
    start: usize,
    /// Whether it has come to another key frame, so that nothing leads the first any more.
    past: bool,
}

impl Sequential {
    pub(super) fn new<R: Read + Seek>(
        source: &Source<R>,
        start: usize,
    ) -> Result<Self, FrameError> {
        let entry = source.entry(start)?;
        let mut decoding = Decoding::new(entry).map_err(|refusal| source.error(start, refusal))?;
        decoding
            .enter(entry)
            .map_err(|refusal| source.error(start, refusal))?;
        Ok(Self {
            decoding,
            entry: source.film.samples[start].entry,
            start,
            past: false,
        })
    }

    /// Decodes the next sample. With a layer, the picture itself is not wanted: it is only decoded if pictures of
    /// that layer may refer to it.
    pub(super) fn next<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
        number: usize,
        layer: Option<u8>,
    ) -> Result<Option<YuvPicture>, FrameError> {
        let bytes = source.film.sample(&mut source.reader, number)?;
        let entry = source.entry(number)?;
        let standing = decode::standing(&bytes, &entry.coding)
            .map_err(|refusal| source.error(number, refusal))?;
        self.past |= number > self.start && source.film.samples[number].sync;
        if self.is_needless(source, number, standing, layer) {
            return Ok(None);
        }
        if source.film.samples[number].entry != self.entry {
            self.entry = source.film.samples[number].entry;
            self.decoding
                .enter(entry)
                .map_err(|refusal| source.error(number, refusal))?;
        }
        self.decoding
            .decode(&bytes)
            .map_err(|refusal| source.error(number, refusal))
    }

    fn is_needless<R>(
        &self,
        source: &Source<R>,
        number: usize,
        standing: Standing,
        layer: Option<u8>,
    ) -> bool {
        let samples = &source.film.samples;
        let orphan = number > self.start
            && standing.leads
            && !self.past
            && samples[number].composed < samples[self.start].composed;
        let aside = layer.is_some_and(|layer| {
            standing.layer > layer || (standing.layer == layer && !standing.reference)
        });
        orphan || aside
    }
}
