//! Pictures and videos: what they are, and how the simulator makes them.
//!
//! Four readers look at files other people made: `still` (format and size of a picture), `probe` (what an MP4
//! holds and whether it is all there), `inspect` (all about one, for people) and `frames` (its pictures). One writer makes clips: `clip`, with the camera of
//! `motion`.
//!
//! Everything here is a pure function of its input: no clock, no environment, no printing, no threads, and no
//! floating point but in drawing glyphs, whose coverage is rounded until processors agree. The one exception is
//! `ffmpeg`, which runs the program that a caller names. Callers on an async runtime put `clip::render` and
//! everything of `frames` on a blocking thread.

pub mod clip;
pub mod colour;
pub mod concat;
pub mod frames;
pub mod inspect;
pub mod library;
pub mod motion;
pub mod probe;
pub mod recode;
pub mod still;

mod bits;
mod boxes;
mod caption;
mod codec;
mod decode;
mod demux;
mod encode;
mod ffmpeg;
mod fragments;
mod index;
mod mux;
mod noise;
mod overlay;
mod palette;
mod photo;
mod plane;
mod scene;
mod skyline;
mod sps;
mod stage;
mod tables;
mod text;
