//! MiniMax (Hailuo), generation v1 of its API, and everything that speaks it.
//!
//! The generated client is named only in this folder.

mod body;
pub mod classify;
mod client;
mod facade;
mod links;
pub mod reading;
mod redact;
mod reply;
pub mod status;
#[cfg(test)]
mod tests;

pub use facade::{MiniMax, SILENCE, Settings, SettingsError, normalise};
