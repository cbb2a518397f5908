//! A finished video, picture by picture in the film's own rhythm.
//!
//! Owns which picture is seen when; decoding is not its business.

use std::path::Path;

use crate::media::plane::Picture;

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

    /// One frame of `frames` alone; the last one is the last picture that there is.
    pub(super) fn at(mut self, frame: u64, frames: u64, fps: u32) -> Result<Picture, String> {
        if frame + 1 < frames {
            self.show(frame, fps)?;
            return Ok(self.now);
        }
        while let Some(next) = self.next.take() {
            self.now = next.picture;
            self.next = self.pictures.next().transpose()?;
        }
        Ok(self.now)
    }
}

fn decode(path: &Path) -> Result<Pictures, String> {
    Err(format!("{} cannot be decoded", path.display()))
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
    fn a_frame_alone_is_the_same_and_the_last_is_the_last() {
        let begins = [0, 40_000, 80_000, 900_000];
        let at = |frame| {
            let footage = Footage::over(pictures(&begins)).expect("there are pictures");
            footage.at(frame, 10, 25).expect("nothing fails").planes[0].data[0]
        };
        assert_eq!([at(0), at(1), at(5), at(9)], [1, 2, 3, 4]);
        assert!(Footage::over(pictures(&[])).is_err());
    }
}
