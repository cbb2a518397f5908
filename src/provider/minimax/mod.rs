//! The video API of `MiniMax`, version 1.

pub mod client;
