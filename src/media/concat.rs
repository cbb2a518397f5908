//! Several videos one after the other in one MP4, without encoding anything again.
//!
//! Owns what may be joined ([`Clip::fits`]) and the order of work: `format` reads what
//! a clip is, `layout` lays pictures and `sound` out in time, `chunks` orders the data,
//! `index` makes the boxes, `copy` moves the samples.
//! Tables are held in memory, samples never: an hour of film is copied piece by piece.
//!
//! The rules were found by trying (ffmpeg and Chromium, playing and seeking): one
//! sample entry; each clip's own parameter sets in band before every sync sample,
//! because decoders that meet them only at a clip's start stop after a seek; one edit
//! list; sound that begins anew with each clip, so that no drift adds up.

mod chunks;
mod copy;
mod format;
mod index;
mod layout;
mod sound;
#[cfg(test)]
mod tests;
mod write;

use std::io::{self, Read, Seek};

use thiserror::Error;

use self::format::{Pictures, Sounding};
use self::layout::Layout;
use super::demux::{Track, Tracks};
use super::index::read_index;
use super::probe::{self, ProbeError};

/// Why videos cannot be joined.
#[derive(Debug, Error)]
pub enum ConcatError {
    /// A video is damaged or of an unknown kind.
    #[error("`{name}` cannot be joined")]
    Unusable {
        /// The video's name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: ProbeError,
    },
    /// A video differs from the first one.
    #[error("`{name}` cannot be copied beside `{first}`: {why}")]
    Differs {
        /// The video's name.
        name: String,
        /// The first video's name.
        first: String,
        /// In what.
        why: String,
    },
    /// There is nothing to join.
    #[error("there is no video to join")]
    Nothing,
    /// The index could not be written.
    #[error("the index cannot be written: {0}")]
    Index(String),
    /// A video could not be read while it was copied.
    #[error("cannot read `{name}`")]
    Read {
        /// The video's name.
        name: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The result could not be written.
    #[error("cannot write the video")]
    Write {
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A stream in a file, which is opened when its turn comes.
#[derive(Debug, Clone)]
struct Stream {
    /// Which file, as its owner numbers it.
    source: usize,
    track: Track,
}

/// One video to be joined.
#[derive(Debug, Clone)]
pub struct Clip {
    name: String,
    video: Stream,
    pictures: Pictures,
    sound: Option<(Stream, Sounding)>,
}

/// Something to read a video from.
pub trait Input: Read + Seek {}
impl<T: Read + Seek> Input for T {}

impl Clip {
    /// Looks at a video: it must be complete. `source` is the number by which
    /// [`Cut::write`] asks for it again.
    pub fn read(
        name: impl Into<String>,
        source: usize,
        mut reader: impl Input,
    ) -> Result<Self, ConcatError> {
        let name = name.into();
        let unusable = |source| ConcatError::Unusable {
            name: name.clone(),
            source,
        };
        probe::probe(&mut reader).map_err(unusable)?;
        let index = read_index(&mut reader).map_err(unusable)?;
        let tracks = Tracks::read(&index).map_err(unusable)?;
        let pictures = Pictures::of(&tracks.video).map_err(unusable)?;
        let sound = tracks.sound.map(|track| {
            let sounding = Sounding::of(&track);
            (Stream { source, track }, sounding)
        });
        Ok(Self {
            video: Stream {
                source,
                track: tracks.video,
            },
            pictures,
            sound,
            name,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Pixels across and down.
    pub fn size(&self) -> (u32, u32) {
        self.pictures.size
    }

    /// Whether it is H.264, which is what can be encoded here.
    pub fn is_h264(&self) -> bool {
        self.pictures.is_h264()
    }

    /// Whether its samples can be copied behind those of `first`; the reason if not,
    /// in words such as `it is 640x360, not 320x180`.
    pub fn fits(&self, first: &Self) -> Result<(), String> {
        self.pictures.fits(&first.pictures)?;
        if self.video.track.matrix != first.video.track.matrix {
            return Err("it is turned or stretched in another way".to_owned());
        }
        Ok(())
    }

    /// Whether its pictures begin where the file's decoding begins: what an edit list
    /// leaves out at the start would be seen in a joined film.
    pub fn begins_at_once(&self) -> Result<(), String> {
        if self.video.track.start > self.video.track.first_shown() {
            return Err("it hides pictures at its start".to_owned());
        }
        Ok(())
    }
}

/// A film laid out and ready to be written.
#[derive(Debug)]
pub struct Cut {
    clips: Vec<Clip>,
    layout: Layout,
}

impl Cut {
    /// Lays clips out one after the other; all have to fit the first.
    pub fn new(clips: Vec<Clip>) -> Result<Self, ConcatError> {
        let first = clips.first().ok_or(ConcatError::Nothing)?;
        for clip in &clips {
            let fits = clip.fits(first).and_then(|()| clip.begins_at_once());
            fits.map_err(|why| ConcatError::Differs {
                name: clip.name.clone(),
                first: first.name.clone(),
                why,
            })?;
        }
        let layout = Layout::new(&clips);
        Ok(Self { clips, layout })
    }

    /// Clips whose sound cannot be copied beside the others', by name and reason:
    /// they are silent in the film.
    pub fn silenced(&self) -> &[(String, String)] {
        &self.layout.silenced
    }

    /// Its length in milliseconds, rounded.
    pub fn duration_ms(&self) -> u64 {
        let ticks = u128::from(self.layout.ticks());
        let scale = u128::from(self.layout.timescale);
        ((ticks * 1000 + scale / 2) / scale) as u64
    }

    /// Number of pictures.
    pub fn frames(&self) -> u64 {
        let counts = self.clips.iter().map(|clip| clip.video.track.samples.len());
        counts.sum::<usize>() as u64
    }

    /// Writes the film. `open` opens a source by the number that its clip was read
    /// with; one is open at a time for pictures, and one for sound.
    pub fn write<R: Input>(
        &self,
        out: &mut impl io::Write,
        open: impl FnMut(usize) -> io::Result<R>,
    ) -> Result<(), ConcatError> {
        write::film(&self.clips, &self.layout, out, open)
    }
}
