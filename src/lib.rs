//! runner

/// Pictures and videos: reading, checking, and the simulator's clips.
pub mod media;
