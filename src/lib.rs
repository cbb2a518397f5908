//! runner
pub mod diag;
pub mod event;
pub mod id;
pub mod money;
pub mod state;
