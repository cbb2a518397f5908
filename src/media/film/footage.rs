//! A finished video, picture by picture in the film's own rhythm.
//!
//! Owns which picture is seen when; decoding is not its business.

use std::path::Path;

use crate::media::frames::{self, Chroma, FrameError, Tools, YuvPicture};
use crate::media::plane::{Picture, Plane};
use crate::shot::FrameAt;

/// The matrix of films, in the numbers of ITU-T H.273.
const BT709: u8 = 1;
/// Pictures a thousandth of a second late count as in time: clocks of films do not agree on thirds.
const SLACK_US: u64 = 1_000;

/// A decoded picture and when it is shown, in microseconds from the first.
pub(super) struct Shown {
    pub(super) picture: Picture,
    pub(super) begin_us: u64,
}

type Pictures = Box<dyn Iterator<Item = Result<Shown, String>>>;

/// An open video.
pub(super) struct Footage {
    pictures: Pictures,
    now: Picture,
    next: Option<Shown>,
}

impl Footage {
    /// Opens a video and decodes its first picture.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        Self::over(decode(path)?)
    }

    fn over(mut pictures: Pictures) -> Result<Self, String> {
        let first = pictures.next().ok_or("it has no pictures")??;
        let next = pictures.next().transpose()?;
        Ok(Self {
            pictures,
            now: first.picture,
            next,
        })
    }

    /// The picture that is seen at a frame of the film; frames are asked for in order.
    pub(super) fn show(&mut self, frame: u64, fps: u32) -> Result<&Picture, String> {
        let now = frame * 1_000_000 / u64::from(fps) + SLACK_US;
        while let Some(next) = self.next.take_if(|next| next.begin_us <= now) {
            self.now = next.picture;
            self.next = self.pictures.next().transpose()?;
        }
        Ok(&self.now)
    }

    /// The picture that is seen at a frame, alone.
    pub(super) fn at(mut self, frame: u64, fps: u32) -> Result<Picture, String> {
        self.show(frame, fps)?;
        Ok(self.now)
    }
}

/// The last picture of a video, without decoding the ones before it that it does not need.
pub(super) fn last(path: &Path) -> Result<Picture, String> {
    let taken = frames::take(path, &[FrameAt::Last], &Tools::default());
    let frame = taken.map_err(|error| reason(&error))?;
    let frame = frame.first().ok_or("it has no pictures")?;
    let (width, height) = (frame.width as usize, frame.height as usize);
    Ok(Picture::from_rgb(width, height, frame.rgb.as_chunks().0))
}

fn decode(path: &Path) -> Result<Pictures, String> {
    let pictures = frames::Pictures::open(path).map_err(|error| reason(&error))?;
    let mut begin = None;
    Ok(Box::new(pictures.map(move |picture| {
        let picture = picture.map_err(|error| reason(&error))?;
        let time = u64::try_from(picture.time.as_micros()).unwrap_or(u64::MAX);
        let begin = *begin.get_or_insert(time);
        Ok(Shown {
            begin_us: time.saturating_sub(begin),
            picture: television(picture).map_err(|error| reason(&error))?,
        })
    })))
}

/// The error and what is behind it, in one line.
fn reason(error: &FrameError) -> String {
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text.push_str(": ");
        text.push_str(&source.to_string());
    }
    text
}

/// The planes as films have them: as they are where they are such already, which nearly all videos are.
fn television(picture: YuvPicture) -> Result<Picture, FrameError> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let as_it_is = picture.depth == 8
        && picture.chroma == Chroma::Quarter
        && picture.colour.full_range != Some(true)
        && picture.colour.matrix_for(picture.height) == BT709;
    if !as_it_is {
        let rgb = picture.rgb()?;
        return Ok(Picture::from_rgb(width, height, rgb.as_chunks().0));
    }
    let sizes = [0, 1, 2].map(|plane| picture.plane_size(plane));
    let mut sizes = sizes.into_iter();
    let planes = picture.planes.map(|data| {
        let (width, height) = sizes.next().unwrap_or_default();
        Plane {
            width,
            height,
            data,
        }
    });
    Ok(Picture { planes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(begins: &[u64]) -> Pictures {
        let all: Vec<_> = (1_u8..)
            .zip(begins.to_vec())
            .map(|(value, begin_us)| {
                let mut picture = Picture::new(16, 16);
                picture.planes[0].data.fill(value);
                Ok(Shown { picture, begin_us })
            })
            .collect();
        Box::new(all.into_iter())
    }

    #[test]
    fn pictures_are_seen_at_their_time() {
        let thirty: Vec<u64> = (0..6).map(|frame| frame * 1_000_000 / 30).collect();
        let mut footage = Footage::over(pictures(&thirty)).expect("there are pictures");
        let mut seen = Vec::new();
        for frame in 0..6 {
            let picture = footage.show(frame, 24).expect("nothing fails");
            seen.push(picture.planes[0].data[0]);
        }
        assert_eq!(seen, [1, 2, 3, 4, 6, 6]);
    }

    #[test]
    fn a_frame_alone_is_the_same_and_the_last_stays() {
        let begins = [0, 40_000, 80_000, 900_000];
        let at = |frame| {
            let footage = Footage::over(pictures(&begins)).expect("there are pictures");
            footage.at(frame, 25).expect("nothing fails").planes[0].data[0]
        };
        assert_eq!([at(0), at(1), at(5), at(99)], [1, 2, 3, 4]);
        assert!(Footage::over(pictures(&[])).is_err());
    }
}
