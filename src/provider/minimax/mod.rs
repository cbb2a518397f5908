//! MiniMax (Hailuo), generation v1 of its API, and everything that speaks it.
//!
//! The generated client is named only in this folder.

mod body;
mod bounds;
pub mod classify;
mod client;
mod facade;
mod links;
mod reach;
pub mod reading;
mod redact;
mod reply;
mod settings;
pub mod status;
mod tape;
mod task;
mod tell;
#[cfg(test)]
mod tests;
mod transfer;

pub use facade::MiniMax;
pub use reach::{Reached, Unreached, reach};
pub use settings::{SILENCE, Settings, SettingsError, normalise};
