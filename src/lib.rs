//! runner
pub mod diag;
pub mod event;
pub mod id;
pub mod media;
pub mod money;
pub mod provider;
pub mod simulator;
pub mod spec;
pub mod state;
