//! Everything that a person may want to know of a video file, without decoding a picture.
//!
//! Unlike `probe`, which only lets whole files pass, this describes what is left of a damaged one and says what is
//! missing. Nothing in the file is believed; see `index` and `demux` for the bounds.

mod names;
mod sound;
mod video;

use std::io::{Read, Seek};

use mp4_atom::Tkhd;
use serde::Serialize;

pub use self::sound::Sound;
pub(crate) use self::sound::decoder_config;
pub use self::video::{Colour, Edits, Keys, Rate, Size, Video};
use super::boxes::{children, need, need_leaf};
use super::demux::Film;
use super::index::{Index, read_index_of};
use super::probe::{self, MAX_TRACKS, ProbeError};

/// A video file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Length in bytes.
    pub bytes: u64,
    /// Whether all of it is there.
    pub whole: bool,
    /// What is missing or wrong, if it is not.
    pub problem: Option<String>,
    /// What holds the tracks.
    pub container: Option<Container>,
    /// The first video track with a picture.
    pub video: Option<Video>,
    /// The first sound track.
    pub sound: Option<Sound>,
    /// Kinds of all other tracks, four letters each.
    pub other_tracks: Vec<String>,
}

/// The MP4 itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Container {
    /// The brand it was made after, four letters; nothing in files older than brands.
    pub brand: Option<String>,
    /// All brands that it fits.
    pub brands: Vec<String>,
    /// Whether the index stands before the data, so that it plays while it loads.
    pub faststart: bool,
    /// Number of movie fragments; 0 is an ordinary file.
    pub fragments: usize,
}

/// Looks at a file; an error only where reading itself fails.
pub fn inspect(mut reader: impl Read + Seek) -> Result<Inspection, ProbeError> {
    let problem = match probe::probe(&mut reader) {
        Ok(_) => None,
        Err(error @ ProbeError::Io { .. }) => return Err(error),
        Err(error) => Some(error.to_string()),
    };
    let mut found = Inspection {
        bytes: reader
            .seek(std::io::SeekFrom::End(0))
            .map_err(super::index::io_error)?,
        whole: problem.is_none(),
        problem,
        container: None,
        video: None,
        sound: None,
        other_tracks: Vec::new(),
    };
    // What cannot be read is not described; why, is known already.
    if let Ok(index) = read_index_of(&mut reader, true) {
        found.container = Some(container(&index));
        found.video = Film::read(&index)
            .ok()
            .and_then(|film| video::video(&film, &mut reader).ok());
        let _ = tracks(&index, &mut found);
    }
    Ok(found)
}

fn container(index: &Index) -> Container {
    let four = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let brands = index.brands.get(8..).unwrap_or_default();
    Container {
        brand: index.brands.get(..4).map(four),
        brands: brands.chunks_exact(4).map(four).collect(),
        faststart: index.first,
        fragments: index.fragments.len(),
    }
}

/// The tracks beside the first video track.
fn tracks(index: &Index, found: &mut Inspection) -> Result<(), ProbeError> {
    let mut seen = false;
    let tracks = children(&index.moov).filter(|child| {
        child
            .as_ref()
            .is_ok_and(|child| child.kind.as_ref() == b"trak")
    });
    for track in tracks.take(MAX_TRACKS) {
        let track = track?;
        let mdia = need(track.body, *b"mdia")?;
        let kind = need(mdia, *b"hdlr")?.get(8..12).unwrap_or_default();
        match kind {
            b"vide" if !seen => seen = true,
            b"soun" if found.sound.is_none() => {
                let head: Tkhd = need_leaf(track.body)?;
                found.sound = Some(sound::sound(index, mdia, head.track_id)?);
            }
            kind => found.other_tracks.push(kind.escape_ascii().to_string()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn what_is_no_video_is_described_by_what_is_wrong() {
        let page = inspect(Cursor::new(b"<!DOCTYPE html>")).expect("it can be read");
        assert!(!page.whole && page.container.is_none() && page.video.is_none());
        let problem = page.problem.expect("something is wrong");
        assert!(problem.contains("not an MP4 file"), "{problem}");
    }
}
