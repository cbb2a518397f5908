//! A declarative runner for AI video.

pub mod provider;
pub mod spec;
