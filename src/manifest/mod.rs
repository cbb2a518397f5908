//! placeholder
mod offsets;
pub mod reader;
mod scalar;
pub mod text;
pub mod tree;
