//! MiniMax (Hailuo), generation v1 of its API, and everything that speaks it.
//!
//! The generated client is named only in this folder.

mod bounds;
pub mod classify;
mod client;
mod facade;
mod links;
mod redact;
mod reply;
pub mod status;
mod tell;
#[cfg(test)]
mod tests;
mod transfer;

pub use facade::{MiniMax, SILENCE, Settings, SettingsError, normalise};
