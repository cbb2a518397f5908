//! All pictures of a film, looked at one after the other.
//!
//! Owns the one pass that every measure of pictures is taken in, and who decodes. Never keeps a picture.

use std::path::Path;
use std::time::Duration;

use super::Picture;
use super::camera::Camera;
use super::cuts::Cuts;
use super::glance::{self, Glance};
use super::reduce::{milliseconds, reduce};
use super::still::{Black, Frozen};
use crate::media::colour::Tags;
use crate::media::demux::Turn;
use crate::media::ffmpeg;
use crate::media::frames::{Chroma, Decoder, FrameError, Pictures, Tools, YuvPicture};

/// The side of the pictures that ffmpeg is asked for: as many samples as are looked at.
const SIDE: usize = 256;

/// Looks at a film, with help where there is some and it is needed.
pub(super) fn look(path: &Path, tools: &Tools<'_>) -> Result<(Picture, Decoder), FrameError> {
    match (built_in(path), tools.ffmpeg) {
        (Err(FrameError::Unsupported { what }), Some(program)) => asked(program, path, what),
        (picture, _) => picture.map(|picture| (picture, Decoder::BuiltIn)),
    }
}

fn built_in(path: &Path) -> Result<Picture, FrameError> {
    let pictures = Pictures::open_sparsely(path)?;
    let turn = pictures.turn();
    let mut eye = Eye::new(&pictures.times(), pictures.length());
    for picture in pictures {
        eye.see(&picture?, turn);
    }
    Ok(eye.finish())
}

fn asked(program: &Path, path: &Path, what: String) -> Result<(Picture, Decoder), FrameError> {
    let (times, length) = Pictures::times_of(path)?;
    let mut eye = Eye::new(&times, length);
    let mut shown = times.iter();
    let mut odd = false;
    let mut take = |bytes: &[u8]| {
        let picture = (bytes.len() == 3 * SIDE * SIDE)
            .then(|| square(bytes))
            .flatten();
        match (picture, shown.next()) {
            (Some(mut picture), Some(time)) => {
                picture.time = *time;
                eye.see(&picture, Turn::default());
            }
            _ => odd = true,
        }
    };
    let answer = ffmpeg::version(program)
        .and_then(|version| ffmpeg::pictures(program, path, SIDE, &mut take).map(|()| version));
    let answer = match answer {
        Ok(_) if odd || shown.next().is_some() => {
            Err("it has another number of pictures than the film".to_owned())
        }
        answer => answer,
    };
    match answer {
        Ok(version) => Ok((eye.finish(), Decoder::Ffmpeg { version })),
        Err(reason) => Err(FrameError::Ffmpeg {
            what,
            program: program.display().to_string(),
            reason,
        }),
    }
}

/// Planes of one size, one after the other.
fn square(bytes: &[u8]) -> Option<YuvPicture> {
    let plane = |number: usize| bytes[number * SIDE * SIDE..(number + 1) * SIDE * SIDE].to_vec();
    let tags = Tags {
        full_range: Some(false),
        // Nothing is converted, whatever the film is in.
        matrix: 1,
        ..Tags::UNKNOWN
    };
    let size = (SIDE as u32, SIDE as u32);
    YuvPicture::new(size, Chroma::Full, 8, [plane(0), plane(1), plane(2)], tags)
}

/// Everything that looks.
#[derive(Debug)]
struct Eye {
    /// Places of the frames that are kept.
    places: Vec<usize>,
    seen: usize,
    length: Duration,
    black: Black,
    frozen: Frozen,
    cuts: Cuts,
    camera: Camera,
    glances: Vec<Glance>,
}

impl Eye {
    fn new(times: &[Duration], length: Duration) -> Self {
        Self {
            places: glance::places(times),
            seen: 0,
            length,
            black: Black::default(),
            frozen: Frozen::default(),
            cuts: Cuts::default(),
            camera: Camera::default(),
            glances: Vec::new(),
        }
    }

    fn see(&mut self, picture: &YuvPicture, turn: Turn) {
        let frame = reduce(picture, turn);
        self.black.see(&frame);
        self.frozen.see(&frame);
        self.cuts.see(&frame);
        let is_kept = self.places.binary_search(&self.seen).is_ok();
        let moved = self.camera.see(&frame, is_kept);
        if is_kept {
            self.glances.push(Glance::of(&frame, moved));
        }
        self.seen += 1;
    }

    fn finish(self) -> Picture {
        let end = milliseconds(self.length);
        Picture {
            black: self.black.finish(end),
            frozen: self.frozen.finish(end),
            cuts: self.cuts.finish(),
            glances: self.glances,
        }
    }
}
