//! Who makes the videos.

pub mod minimax;
