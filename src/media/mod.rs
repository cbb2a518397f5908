//! Pictures and videos: what they are, and how the simulator makes them.
//!
//! Two readers look at files other people made: `still` (format and size of a picture) and `probe` (what an MP4
//! holds and whether it is all there). Two writers share one renderer, `sketch`, with the camera of `motion`: `clip`
//! makes the simulator's clips, `film` animatics of many scenes.
//!
//! Everything here is a pure function of its input: no clock, no environment, no printing, no threads but those that
//! `film` is told to use, and no floating point but in drawing glyphs, whose coverage is rounded until processors
//! agree. Callers on an async runtime put `clip::render` on a blocking thread.

pub mod clip;
pub mod film;
pub mod fonts;
pub mod library;
pub mod motion;
pub mod probe;
pub mod script;
pub mod still;

mod boxes;
mod caption;
mod codec;
mod encode;
mod fit;
mod fragments;
mod mux;
mod noise;
mod overlay;
mod palette;
mod photo;
mod plane;
mod scene;
mod sketch;
mod skyline;
mod stage;
mod tables;
mod text;
