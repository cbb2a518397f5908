//! Pictures and videos: what they are, and how the simulator makes them.
//!
//! Four readers look at files other people made: `still` (format and size of a picture), `probe` (what an MP4
//! holds and whether it is all there), `inspect` (all about one, for people) and `frames` (its pictures); `measure`
//! says what those show, how loud the sound is, and how alike two films are. Two writers share one renderer, `sketch`,
//! with the camera of `motion`: `clip` makes the simulator's clips, `film` animatics of many scenes. `thumbnail` makes
//! small pictures out of large ones.
//!
//! Everything here is a pure function of its input: no clock, no environment, no printing, no threads but those that
//! `film` is told to use, and no floating point but in drawing glyphs, whose coverage is rounded until processors
//! agree, in scaling pictures, and in loudness, which is rounded too. The one exception is `ffmpeg`, which runs the
//! program that a caller names, and `album`, which keeps what `frames` took. Callers on an async runtime put
//! `clip::render` and everything of `frames` and `measure` on a blocking thread.

pub mod album;
pub mod clip;
pub mod colour;
pub mod concat;
pub mod film;
pub mod fonts;
pub mod frames;
pub mod inspect;
pub mod library;
pub mod measure;
pub mod motion;
pub mod probe;
pub mod recode;
pub mod script;
pub mod still;
pub mod thumbnail;

mod bits;
mod boxes;
mod caption;
mod codec;
mod decode;
mod demux;
mod encode;
mod ffmpeg;
mod fit;
mod fragments;
mod index;
mod mux;
mod noise;
mod overlay;
mod palette;
pub(crate) mod photo;
mod plane;
mod scene;
mod sketch;
mod skyline;
mod sps;
mod stage;
mod tables;
pub(crate) mod text;
