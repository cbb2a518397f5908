//! runner

pub mod provider;
pub mod spec;
