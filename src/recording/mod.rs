//! Recordings: every exchange of a run with the service, kept to be replayed.
//!
//! Owns the form on disk and what makes two requests the same. Speaks to nobody: the
//! provider tells a [`Recorder`] what was said, and `replay` serves what is here.
//!
//! ```text
//! DIR/
//! ├── recording.har      HAR 1.2, an exchange a line; any viewer opens it
//! ├── journal.jsonl      what a run has heard so far; gone when it has ended
//! └── bodies/<sha256>    videos, and pictures of requests
//! ```
//!
//! Keys, cookies and signed links are in none of them: a link is kept as an address
//! below `link.invalid`, which a replay answers itself.

mod asked;
mod bodies;
mod error;
mod har;
mod known;
mod links;
mod past;
mod read;
mod recorder;
mod taken;
#[cfg(test)]
mod tests;
mod writer;

pub use asked::{Asked, Media};
pub use error::RecordingError;
pub use har::{Break, Entry, Meta, Source};
pub use links::{LINKS, plain};
pub use past::{Past, PastEnd, Video};
pub use read::Recording;
pub use recorder::{Kept, Recorder};

/// The version of the form. A reader knows its own and no other.
pub const FORMAT: u32 = 1;

/// The recording itself.
const HAR: &str = "recording.har";

/// What was heard since the recording was last written.
const JOURNAL: &str = "journal.jsonl";

/// Bodies, by digest.
const BODIES: &str = "bodies";
