//! A declarative runner for AI video.

pub mod diag;
pub mod event;
pub mod id;
pub mod manifest;
pub mod money;
pub mod provider;
pub mod shot;
pub mod spec;
pub mod state;
