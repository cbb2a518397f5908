//! A film on paper: contact sheets as pictures, and a storyboard as PDF.
//!
//! Owns what a shot's card says and where everything stands; the pictures and the
//! PDF are two ways of setting the same cards. Pure: frames come in as pixels, out
//! come pixels or the bytes of a PDF, the same for the same input. Never looks for
//! a video, never decodes one, and writes no file.

mod canvas;
mod grid;
mod paint;
mod paper;
mod pdf;
mod prompt;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;
use std::time::Duration;

use image::RgbImage;

pub use self::grid::{Grid, GridOptions, Page};
pub use self::paint::paint;
pub use self::paper::Paper;
pub use self::pdf::{PdfError, Print, Prints, Storyboard};
pub use self::prompt::camera_commands;
pub use self::words::clock;

/// A film as far as it is shown.
#[derive(Debug, Clone)]
pub struct Film {
    /// What stands above it.
    pub title: String,
    /// Its shots in storyboard order.
    pub cards: Vec<Card>,
}

/// What is said of one shot.
#[derive(Debug, Clone)]
pub struct Card {
    /// Its place in the storyboard, from 1.
    pub number: usize,
    /// Its name.
    pub id: String,
    /// The model that is asked for.
    pub model: String,
    /// `T2V` and so on.
    pub mode: String,
    /// The resolution that is asked for.
    pub resolution: String,
    /// Its length: of the video where there is one, else as asked for.
    pub length: Duration,
    /// When it begins in the film; `None` where not all shots are shown.
    pub start: Option<Duration>,
    /// Where it stands.
    pub state: State,
    /// Its prompt as sent.
    pub prompt: String,
    /// The bytes of the prompt that are camera commands, in order.
    pub camera: Vec<Range<usize>>,
    /// Width and height of its video in pixels; `None` without one.
    pub size: Option<(u32, u32)>,
}

/// Where a shot stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// In a word or two: `saved`, `not made`.
    pub word: String,
    /// How that is taken.
    pub tone: Tone,
    /// Why there is no video, in a sentence; empty where there is one.
    pub reason: String,
}

/// How a state is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Its time will come.
    Waiting,
    /// Somebody has to act.
    Trouble,
}

/// A frame of a video, as large as it is shown.
#[derive(Debug, Clone)]
pub struct Still {
    /// The pixels.
    pub picture: RgbImage,
    /// When it is shown, from the beginning of the video.
    pub time: Duration,
}

/// The frames of one shot, or why there are none.
pub type Stills = Result<Vec<Still>, String>;

impl Film {
    /// How long all shots are together.
    pub fn length(&self) -> Duration {
        self.cards.iter().map(|card| card.length).sum()
    }

    /// How many shots have their video.
    pub fn made(&self) -> usize {
        self.cards.iter().filter(|card| card.size.is_some()).count()
    }

    /// The shape that most pictures have, as width and height; 16:9 without any.
    fn shape(&self) -> (i64, i64) {
        let mut counts: Vec<((u32, u32), usize)> = Vec::new();
        for size in self.cards.iter().filter_map(|card| card.size) {
            match counts.iter_mut().find(|(known, _)| *known == size) {
                Some((_, count)) => *count += 1,
                None => counts.push((size, 1)),
            }
        }
        // The first of equals, so that one more shot at the end changes nothing.
        let most = counts.iter().map(|(_, count)| *count).max();
        let usual = counts.iter().find(|(_, count)| Some(*count) == most);
        match usual {
            Some(((width, height), _)) if *width > 0 && *height > 0 => {
                let (width, height) = (i64::from(*width), i64::from(*height));
                // What is thinner is shown whole in a box of this shape.
                (width.max(height * 9 / 16), height.max(width * 2 / 5))
            }
            _ => (16, 9),
        }
    }
}

/// The size at which a picture of this size fits into a cell.
pub fn fitted(cell: (u32, u32), picture: (u32, u32)) -> (u32, u32) {
    let cell = Place {
        left: 0,
        top: 0,
        width: cell.0.into(),
        height: cell.1.into(),
    };
    let place = cell.fit(picture);
    (place.width as u32, place.height as u32)
}

/// A rectangle; the unit is that of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) left: i64,
    pub(crate) top: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
}

impl Place {
    pub(crate) fn bottom(self) -> i64 {
        self.top + self.height
    }

    /// The largest rectangle of this shape that fits, in the middle.
    pub(crate) fn fit(self, (width, height): (u32, u32)) -> Self {
        let (width, height) = (i64::from(width.max(1)), i64::from(height.max(1)));
        let (w, h) = if self.width * height <= self.height * width {
            (self.width, (self.width * height / width).max(1))
        } else {
            ((self.height * width / height).max(1), self.height)
        };
        // A hair's breadth of difference is no reason for bars.
        let w = if self.width - w <= 2 { self.width } else { w };
        let h = if self.height - h <= 2 { self.height } else { h };
        Self {
            left: self.left + (self.width - w) / 2,
            top: self.top + (self.height - h) / 2,
            width: w,
            height: h,
        }
    }

    /// So many equal cells with gaps between them, at most `most` in a row, each of
    /// this shape; the height is that of all rows.
    pub(crate) fn cells(
        left: i64,
        top: i64,
        width: i64,
        (count, most, gap): (usize, usize, i64),
        (across, down): (i64, i64),
    ) -> Vec<Self> {
        let rows = count.div_ceil(most.max(1)).max(1);
        let in_row = count.div_ceil(rows).max(1);
        let cell = ((width - gap * (in_row as i64 - 1)) / in_row as i64).max(1);
        let high = (cell * down / across.max(1)).max(1);
        (0..count)
            .map(|at| Self {
                left: left + (at % in_row) as i64 * (cell + gap),
                top: top + (at / in_row) as i64 * (high + gap),
                width: cell,
                height: high,
            })
            .collect()
    }
}
