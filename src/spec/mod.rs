//! placeholder

pub mod shared;
