//! Writing a film that is longer than memory should be: pictures go out as they come, the index comes first.
//!
//! Owns the room that is kept for the index before the pictures, the list of chapters, and the mark by which a film
//! of this program is known again. Samples lie in one piece, so one offset says where they are however many there are.

use std::io::{Seek, SeekFrom, Write};

use mp4_atom::{Chpl, ChplEntry, Udta};

use super::{HEADER, TICKS, Track, index, opening};
use crate::media::clip::ClipError;
use crate::media::encode::{Parameters, Sample};

/// Stands behind `ftyp` in a box that players skip.
const MARK: &[u8] = b"an animatic, made by runner";
/// The first bytes of a file in which the mark is looked for.
pub(crate) const MARKED: usize = 128;
/// `mdat` with a length of 64 bits.
const LONG_HEADER: u32 = 16;
/// A list of chapters counts in one byte, and so do the titles their bytes.
const MOST_CHAPTERS: usize = 255;
/// Hundreds of nanoseconds, in which chapters count.
const CHAPTER_CLOCK: u64 = 10_000_000;

/// Where a part of a film begins.
#[derive(Debug, Clone)]
pub(crate) struct Chapter {
    pub(crate) title: String,
    /// In hundreds of nanoseconds.
    start: u64,
}

impl Chapter {
    pub(crate) fn new(title: &str, frame: u64, fps: u32) -> Self {
        let mut title = title.to_owned();
        while title.len() > MOST_CHAPTERS {
            title.pop();
        }
        Self {
            title,
            start: frame * CHAPTER_CLOCK / u64::from(fps),
        }
    }
}

/// The chapters as `udta`; none where there are more than the list can hold.
pub(super) fn chapter_list(chapters: &[Chapter]) -> Option<Udta> {
    if !(1..=MOST_CHAPTERS).contains(&chapters.len()) {
        return None;
    }
    let entry = |chapter: &Chapter| ChplEntry {
        start: chapter.start,
        title: chapter.title.clone(),
    };
    Some(Udta {
        chpl: Some(Chpl {
            entries: chapters.iter().map(entry).collect(),
        }),
        ..Udta::default()
    })
}

/// Whether a file that begins so is a film of this program, and may be replaced by another one.
pub(crate) fn is_film(begin: &[u8]) -> bool {
    let begin = &begin[..begin.len().min(MARKED)];
    begin.windows(MARK.len()).any(|window| window == MARK)
}

/// What is known of a film before its first picture.
pub(crate) struct Outline {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
    /// How many frames it will have.
    pub(crate) frames: u64,
    /// No more sync samples than these.
    pub(crate) syncs: u64,
    pub(crate) chapters: Vec<Chapter>,
}

/// A film on its way.
pub(crate) struct Writer<W> {
    out: W,
    outline: Outline,
    /// Where the index begins, and how much room it has.
    place: (u64, u64),
    sizes: Vec<u32>,
    syncs: Vec<u32>,
    bytes: u64,
    parameters: Option<Parameters>,
}

impl<W: Write + Seek> Writer<W> {
    /// Writes what comes before the pictures, with room for the index.
    pub(crate) fn begin(mut out: W, outline: Outline) -> Result<Self, ClipError> {
        let mut head = opening()?;
        head.extend_from_slice(&free(MARK));
        let count = u32::try_from(outline.frames)
            .map_err(|_| ClipError::Mux("the film has too many frames".to_owned()))?;
        let stand_in = Parameters {
            sps: vec![0x67, 0x42, 0, 0x1f],
            pps: vec![0x68, 0],
        };
        let sizes = vec![0; count as usize];
        let syncs = vec![0; outline.syncs as usize];
        let draft = index(&outline.track(&stand_in, &sizes, &syncs), 0)?;
        // Room for the true parameter sets, and for the box that fills what is left.
        let room = draft.len() as u64 + 1024;
        let place = (head.len() as u64, room);
        head.resize(head.len() + room as usize + LONG_HEADER as usize, 0);
        out.write_all(&head).map_err(|error| write_error(&error))?;
        Ok(Self {
            out,
            outline,
            place,
            sizes: Vec::with_capacity(count as usize),
            syncs: Vec::new(),
            bytes: 0,
            parameters: None,
        })
    }

    /// Appends the samples of a scene, the first of which is a sync sample.
    pub(crate) fn add(
        &mut self,
        parameters: &Parameters,
        samples: &[Sample],
    ) -> Result<(), ClipError> {
        match &self.parameters {
            None => self.parameters = Some(parameters.clone()),
            Some(known) if known == parameters => {}
            Some(_) => {
                return Err(ClipError::Mux(
                    "the encoder set two scenes of one size differently".to_owned(),
                ));
            }
        }
        for sample in samples {
            self.sizes.push(sample.data.len() as u32);
            if sample.sync {
                self.syncs.push(self.sizes.len() as u32);
            }
            self.bytes += sample.data.len() as u64;
            self.out
                .write_all(&sample.data)
                .map_err(|error| write_error(&error))?;
        }
        Ok(())
    }

    /// Writes the index into its room.
    pub(crate) fn finish(mut self) -> Result<(), ClipError> {
        let Some(parameters) = &self.parameters else {
            return Err(ClipError::Mux("the film has no pictures".to_owned()));
        };
        let (begin, room) = self.place;
        let offset = (begin + room) as u32 + LONG_HEADER;
        let track = self.outline.track(parameters, &self.sizes, &self.syncs);
        let mut bytes = index(&track, offset)?;
        let rest = room
            .checked_sub(bytes.len() as u64 + u64::from(HEADER))
            .ok_or_else(|| ClipError::Mux("the index does not fit into its room".to_owned()))?;
        bytes.extend_from_slice(&free(&vec![0; rest as usize]));
        bytes.extend_from_slice(&1_u32.to_be_bytes());
        bytes.extend_from_slice(b"mdat");
        bytes.extend_from_slice(&(self.bytes + u64::from(LONG_HEADER)).to_be_bytes());
        self.out
            .seek(SeekFrom::Start(begin))
            .and_then(|_| self.out.write_all(&bytes))
            .and_then(|()| self.out.flush())
            .map_err(|error| write_error(&error))
    }
}

impl Outline {
    fn track<'a>(
        &'a self,
        parameters: &'a Parameters,
        sizes: &'a [u32],
        syncs: &'a [u32],
    ) -> Track<'a> {
        Track {
            width: self.width as u16,
            height: self.height as u16,
            fps: self.fps,
            ticks: sizes.len() as u64 * u64::from(TICKS),
            parameters,
            sizes,
            syncs,
            chapters: &self.chapters,
        }
    }
}

/// A box that players skip.
fn free(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + HEADER as usize);
    bytes.extend_from_slice(&(content.len() as u32 + HEADER).to_be_bytes());
    bytes.extend_from_slice(b"free");
    bytes.extend_from_slice(content);
    bytes
}

fn write_error(error: &std::io::Error) -> ClipError {
    ClipError::Mux(error.to_string())
}
