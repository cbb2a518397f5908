//! Where everything is in an output folder.
//!
//! Owns every name in it, and the rule of what may name a video. Never touches
//! the file system.
//!
//! ```text
//! out/
//! ├── opening.mp4             a video under its final name
//! ├── report.json             the last run
//! ├── report.html             the same to look at
//! ├── takes/
//! │   └── opening.1f0c9a3b.mp4  an earlier video of that name, never overwritten
//! └── .runner/
//!     ├── ledger.sqlite       what was paid
//!     ├── measures.sqlite     what was measured of videos; can be measured again
//!     ├── posters/            stills of videos, for report.html
//!     ├── frames/             frames that other shots start from
//!     ├── callback.key        what the paths of callbacks are made from
//!     ├── exports            digests of timelines and cuts, to know them again
//!     ├── shared              digests of what shared stores have, to ask less
//!     ├── lock                held by the run that writes
//!     ├── rescue              paid tasks that the ledger could not take; else blank
//!     └── tmp/                videos on their way
//! ```

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

const STATE: &str = ".runner";
const TEMPORARY: &str = "tmp";
const LOCK: &str = "lock";
const RESCUE: &str = "rescue";
const LEDGER: &str = "ledger.sqlite";
const FRAMES: &str = "frames";
const CALLBACK_KEY: &str = "callback.key";
const MEASURES: &str = "measures.sqlite";
const EXPORTS: &str = "exports";
const SHARED: &str = "shared";
const REPORT: &str = "report.json";
const GALLERY: &str = "report.html";
const TAKES: &str = "takes";

/// Digits of the digest in a take's name; enough for a person to tell two apart.
const TAKE_DIGITS: usize = 8;

/// The names in one output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Where stills of videos are, relative to the folder, with forward slashes.
    pub const POSTERS: &str = ".runner/posters";

    /// The layout of the folder `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The output folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The report of the last run.
    pub fn report(&self) -> PathBuf {
        self.root.join(REPORT)
    }

    /// The report of the last run as a page.
    pub fn gallery(&self) -> PathBuf {
        self.root.join(GALLERY)
    }

    /// Stills of videos.
    pub fn posters(&self) -> PathBuf {
        self.root.join(Self::POSTERS)
    }

    /// What was paid.
    pub fn ledger(&self) -> PathBuf {
        self.state().join(LEDGER)
    }

    /// Frames that were taken out of videos.
    pub fn frames(&self) -> PathBuf {
        self.state().join(FRAMES)
    }

    /// What was measured of videos.
    pub fn measures(&self) -> PathBuf {
        self.state().join(MEASURES)
    }

    /// What the paths of callbacks are made from.
    pub fn callback_key(&self) -> PathBuf {
        self.state().join(CALLBACK_KEY)
    }

    /// Everything that is not for people.
    pub fn state(&self) -> PathBuf {
        self.root.join(STATE)
    }

    /// What one writing run holds.
    pub fn lock(&self) -> PathBuf {
        self.state().join(LOCK)
    }

    /// Paid tasks that the ledger could not take.
    pub fn rescue(&self) -> PathBuf {
        self.state().join(RESCUE)
    }

    /// Digests of the files that were made for other programs.
    pub fn exports(&self) -> PathBuf {
        self.state().join(EXPORTS)
    }

    /// Digests of what shared stores have of this folder.
    pub fn shared(&self) -> PathBuf {
        self.state().join(SHARED)
    }

    /// Videos on their way.
    pub fn temporary(&self) -> PathBuf {
        self.state().join(TEMPORARY)
    }

    /// A path in the folder, from one with forward slashes.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }
}

/// Why a text names no video in an output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or only dots.
    #[error("it names no file")]
    Empty,
    /// `/…`, `C:…`, `..`.
    #[error("it leads out of the output folder")]
    Outside,
    /// A separator on one system and a letter on another.
    #[error("it holds a character that a file name cannot have everywhere")]
    Character,
    /// A name that this program uses itself.
    #[error("runner uses that name itself")]
    Reserved,
}

/// Accepts a relative path with forward slashes that stays in the folder on
/// every system.
pub fn check_name(relative: &str) -> Result<(), NameError> {
    if relative
        .chars()
        .any(|c| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
    {
        return Err(NameError::Character);
    }
    let mut parts = Path::new(relative).components();
    let first = match parts.next() {
        Some(Component::Normal(first)) => first.to_string_lossy().to_lowercase(),
        Some(_) => return Err(NameError::Outside),
        None => return Err(NameError::Empty),
    };
    if parts.any(|part| !matches!(part, Component::Normal(_))) {
        return Err(NameError::Outside);
    }
    if relative.ends_with('/') {
        return Err(NameError::Empty);
    }
    // Lower case, because `Takes` and `takes` are one folder on some systems.
    if [STATE, REPORT, GALLERY, TAKES].contains(&first.as_str()) {
        return Err(NameError::Reserved);
    }
    Ok(())
}

/// The name of a saved video, or that of which it is a take: its path is not always
/// one that a new video may have.
pub fn name_of<'a>(path: &'a str, sha256: &str) -> Cow<'a, str> {
    let inside = path
        .strip_prefix(TAKES)
        .and_then(|rest| rest.strip_prefix('/'));
    let Some(inside) = inside else {
        return Cow::Borrowed(path);
    };
    let name_at = inside.rfind('/').map_or(0, |slash| slash + 1);
    let (stem, extension) = match inside[name_at..].rfind('.') {
        Some(dot) if dot > 0 => inside.split_at(name_at + dot),
        _ => (inside, ""),
    };
    for (stem, extension) in [(stem, extension), (inside, "")] {
        for digits in [sha256.get(..TAKE_DIGITS).unwrap_or(sha256), sha256] {
            let bare = stem.strip_suffix(digits);
            if let Some(bare) = bare.and_then(|stem| stem.strip_suffix('.')) {
                return Cow::Owned(format!("{bare}{extension}"));
            }
        }
    }
    Cow::Borrowed(inside)
}

/// Where the video that `relative` names goes when another takes its name.
pub(super) fn take(relative: &str, sha256: &str) -> String {
    take_with(relative, sha256.get(..TAKE_DIGITS).unwrap_or(sha256))
}

/// The same with every digit, for two takes that begin alike.
pub(super) fn long_take(relative: &str, sha256: &str) -> String {
    take_with(relative, sha256)
}

fn take_with(relative: &str, digits: &str) -> String {
    // A take of a take is kept beside it, not in a folder of its own.
    let inside = relative
        .strip_prefix(TAKES)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(relative);
    let name_at = inside.rfind('/').map_or(0, |slash| slash + 1);
    match inside[name_at..].rfind('.') {
        Some(dot) if dot > 0 => {
            let (stem, extension) = inside.split_at(name_at + dot);
            format!("{TAKES}/{stem}.{digits}{extension}")
        }
        _ => format!("{TAKES}/{inside}.{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{NameError, check_name, long_take, name_of, take};

    #[test]
    fn names_stay_in_the_folder() {
        for good in ["opening.mp4", "scenes/1/opening.mp4", "镜头一.mp4", "a"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", NameError::Empty),
            ("a/", NameError::Empty),
            ("../a.mp4", NameError::Outside),
            ("a/../../b.mp4", NameError::Outside),
            ("/etc/passwd", NameError::Outside),
            ("C:evil.mp4", NameError::Character),
            ("a\\b.mp4", NameError::Character),
            ("a\nb.mp4", NameError::Character),
            (".runner/ledger.sqlite", NameError::Reserved),
            (".Runner/lock", NameError::Reserved),
            ("report.json", NameError::Reserved),
            ("report.html", NameError::Reserved),
            ("takes/a.mp4", NameError::Reserved),
        ] {
            assert_eq!(check_name(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_take_keeps_stem_and_extension() {
        let digest = "1f0c9a3b".repeat(8);
        assert_eq!(take("opening.mp4", &digest), "takes/opening.1f0c9a3b.mp4");
        assert_eq!(take("s.1/a.b.mp4", &digest), "takes/s.1/a.b.1f0c9a3b.mp4");
        assert_eq!(take("s.1/a", &digest), "takes/s.1/a.1f0c9a3b");
    }

    #[test]
    fn the_name_of_a_take_is_found_again() {
        let digest = "1f0c9a3b".repeat(8);
        for name in ["opening.mp4", "s.1/a.b.mp4", "s.1/a", "a.1f0c9a3b.mp4"] {
            assert_eq!(name_of(name, &digest), name);
            assert_eq!(name_of(&take(name, &digest), &digest), name);
            assert_eq!(name_of(&long_take(name, &digest), &digest), name);
        }
        assert_eq!(name_of("takes/other.mp4", &digest), "other.mp4");
    }
}
