//! runner
pub mod diag;
pub mod event;
pub mod id;
pub mod ledger;
pub mod money;
pub mod report;
pub mod state;
pub mod store;
