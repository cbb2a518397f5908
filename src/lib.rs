//! runner
pub mod diag;
pub mod event;
pub mod id;
pub mod ledger;
pub mod manifest;
pub mod media;
pub mod money;
pub mod provider;
pub mod report;
pub mod shot;
pub mod simulator;
pub mod spec;
pub mod state;
pub mod store;
