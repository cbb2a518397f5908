//! A recording, written, read, and read where it is wrong.
