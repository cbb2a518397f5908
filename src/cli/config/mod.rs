//! Settings: flags over variables over the manifest over the project's file over
//! the user's file over what is usual.
//!
//! In reading order: `twins` names the variable and the key of every flag, `files`
//! finds and reads `runner.yaml` and the user's file (`keys` and `profiles` check
//! them, `secrets` blacks out what must not be shown), `layers` puts all of it under
//! the command line, `under` puts the files under the manifest, `show` prints it.

mod files;
mod keys;
mod layers;
mod profiles;
mod secrets;
mod show;
mod twins;
mod under;

pub(super) use self::files::{Files, Kind, shown};
pub(super) use self::layers::{Settled, Wrong, settle};
pub(super) use self::profiles::Profile;
pub(super) use self::show::{config, place_of, strangers};
pub(super) use self::under::under;
