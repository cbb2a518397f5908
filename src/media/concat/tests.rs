//! Placeholder for the tests of joining.
