//! Copying samples, piece by piece.
//!
//! Owns which files are open: one for pictures and one for sound at a time.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::chunks::{Chunk, Frame, in_band, silence};
use super::layout::Layout;
use super::{Clip, ConcatError, Input};

/// Copying, with one source open for pictures and one for sound.
pub(super) struct Copy<'a, R, O> {
    pub(super) clips: &'a [Clip],
    pub(super) layout: &'a Layout,
    pub(super) open: O,
    pub(super) sources: [Option<(usize, io::BufReader<R>)>; 2],
}

impl<R: Input, O: FnMut(usize) -> io::Result<R>> Copy<'_, R, O> {
    pub(super) fn chunk(
        &mut self,
        chunk: &Chunk,
        frames: &[Frame<'_>],
        out: &mut impl Write,
    ) -> Result<(), ConcatError> {
        let mut all = chunk.first..chunk.first + chunk.count;
        if chunk.is_sound {
            all.try_for_each(|at| self.heard(at, out))
        } else {
            frames[all]
                .iter()
                .try_for_each(|frame| self.seen(frame, out))
        }
    }

    fn seen(&mut self, frame: &Frame<'_>, out: &mut impl Write) -> Result<(), ConcatError> {
        let clips = self.clips;
        let clip = &clips[frame.clip];
        let place = (frame.sample.offset, frame.sample.size);
        let parameters = if frame.sample.sync {
            in_band(clip, self.layout)
        } else {
            Vec::new()
        };
        if parameters.is_empty() {
            return self.copy(0, (clip, clip.video.source), place, out);
        }
        let before = self.delimiter(clip, place)?;
        let (offset, size) = place;
        self.copy(0, (clip, clip.video.source), (offset, before), out)?;
        out.write_all(&parameters).map_err(write_error)?;
        let rest = (offset + u64::from(before), size - before);
        self.copy(0, (clip, clip.video.source), rest, out)
    }

    /// Length of the delimiter that a sample begins with: nothing may stand before it.
    fn delimiter(&mut self, clip: &Clip, (offset, size): (u64, u32)) -> Result<u32, ConcatError> {
        let digits = u32::from(clip.pictures.nal_length);
        if size <= digits {
            return Ok(0);
        }
        let mut head = vec![0; digits as usize + 1];
        let reader = self.source(0, clip, clip.video.source)?;
        seek(reader, offset)
            .and_then(|()| reader.read_exact(&mut head))
            .map_err(|source| read_error(clip, source))?;
        let length = head[..digits as usize]
            .iter()
            .fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
        let whole = length.saturating_add(digits);
        let is_one = head
            .last()
            .is_some_and(|first| clip.pictures.is_delimiter(*first));
        Ok(if is_one && whole < size { whole } else { 0 })
    }

    fn heard(&mut self, at: usize, out: &mut impl Write) -> Result<(), ConcatError> {
        let clips = self.clips;
        let Some(sound) = &self.layout.sound else {
            return Ok(());
        };
        let Some((clip, number)) = sound.samples[at].of else {
            return out.write_all(silence(clips, sound)).map_err(write_error);
        };
        let clip = &clips[clip as usize];
        let Some((stream, _)) = &clip.sound else {
            return Ok(());
        };
        let sample = &stream.track.samples[number as usize];
        self.copy(1, (clip, stream.source), (sample.offset, sample.size), out)
    }

    fn source(
        &mut self,
        slot: usize,
        clip: &Clip,
        source: usize,
    ) -> Result<&mut io::BufReader<R>, ConcatError> {
        let is_open = self.sources[slot]
            .as_ref()
            .is_some_and(|(open, _)| *open == source);
        if !is_open {
            let file = (self.open)(source).map_err(|source| read_error(clip, source))?;
            self.sources[slot] = Some((source, io::BufReader::with_capacity(1 << 17, file)));
        }
        let (_, reader) = self.sources[slot].as_mut().expect("it was opened above");
        Ok(reader)
    }

    fn copy(
        &mut self,
        slot: usize,
        (clip, source): (&Clip, usize),
        (offset, size): (u64, u32),
        out: &mut impl Write,
    ) -> Result<(), ConcatError> {
        let reader = self.source(slot, clip, source)?;
        seek(reader, offset).map_err(|source| read_error(clip, source))?;
        let mut left = size as usize;
        while left > 0 {
            let bytes = io::BufRead::fill_buf(reader).map_err(|source| read_error(clip, source))?;
            let count = bytes.len().min(left);
            if count == 0 {
                return Err(read_error(clip, io::ErrorKind::UnexpectedEof.into()));
            }
            out.write_all(&bytes[..count]).map_err(write_error)?;
            io::BufRead::consume(reader, count);
            left -= count;
        }
        Ok(())
    }
}

/// Within the buffer where that is possible: samples mostly follow each other.
fn seek<R: Read + Seek>(reader: &mut io::BufReader<R>, offset: u64) -> io::Result<()> {
    let at = reader.stream_position()?;
    let ahead = i64::try_from(i128::from(offset) - i128::from(at));
    match ahead {
        Ok(ahead) => reader.seek_relative(ahead),
        Err(_) => reader.seek(SeekFrom::Start(offset)).map(drop),
    }
}

fn read_error(clip: &Clip, source: io::Error) -> ConcatError {
    ConcatError::Read {
        name: clip.name.clone(),
        source,
    }
}

pub(super) fn write_error(source: io::Error) -> ConcatError {
    ConcatError::Write { source }
}
