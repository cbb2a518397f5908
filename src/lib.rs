//! runner
pub mod diag;
pub mod event;
pub mod id;
pub mod ledger;
pub mod media;
pub mod money;
pub mod provider;
pub mod report;
pub mod spec;
pub mod state;
pub mod store;
