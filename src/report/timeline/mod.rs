//! A film as editing programs read it: OpenTimelineIO, CMX3600 EDL, FCP7 XML.
//!
//! Owns the neutral model of a cut, its time arithmetic, and the three formats.
//! Pure: what is known of shots and files is handed in, text comes out. Never
//! looks at a file, and never writes anything secret: addresses lose their query.
//!
//! In reading order: `film` is the model, `time` counts frames, `address` names
//! files, then a file for each format; `edit` reads OpenTimelineIO that came back.

mod address;
mod edit;
mod edl;
mod fcp7;
mod film;
mod otio;
mod shape;
#[cfg(test)]
mod tests;
mod time;

pub use self::address::{Paths, path_of_target};
pub use self::edit::{Edit, EditError, Source, Use, read_edit};
pub use self::edl::{EdlError, edl};
pub use self::fcp7::fcp7;
pub use self::film::{Film, Made, Scene, Take};
pub use self::otio::otio;
pub use self::time::{Counting, Rate, timecode};
