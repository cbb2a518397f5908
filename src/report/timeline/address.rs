//! Names of files as editing programs want to read them, and back.
//!
//! Owns percent-encoding (RFC 3986) and relative paths. Never touches a disk:
//! paths are compared as they are written.
//!
//! What programs take was looked up, not tried: OpenTimelineIO leaves the form of
//! `target_url` open (its issues 904 and 1985). Kdenlive decodes URLs and reads
//! relative ones from the timeline's folder; `DaVinci` Resolve wants bare paths and
//! finds no media behind `file://`. So the first is the default, and the second
//! can be asked for.

use std::path::{Component, Path, PathBuf};

/// How a timeline names its media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paths {
    /// A relative URL from this folder, where the timeline will be.
    From(PathBuf),
    /// The bare path from the root.
    Absolute,
    /// A `file://` URL.
    Url,
}

impl Paths {
    /// The name of a file whose path is absolute.
    pub fn target(&self, path: &Path) -> String {
        match self {
            Self::From(folder) => match relative(folder, path) {
                Some(relative) => encoded(&relative, b"/"),
                // On another drive there is no way from here to there.
                None => file_url("", path),
            },
            Self::Absolute => path.to_string_lossy().into_owned(),
            Self::Url => file_url("", path),
        }
    }
}

/// `file://host/path`, percent-encoded.
pub(super) fn file_url(host: &str, path: &Path) -> String {
    let encoded = encoded(path, b"/:");
    let slash = if encoded.starts_with('/') { "" } else { "/" };
    format!("file://{host}{slash}{encoded}")
}

/// The way from a folder to a file, both absolute; `None` where there is none.
pub(super) fn relative(folder: &Path, file: &Path) -> Option<PathBuf> {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let is_prefix = |part: &Component<'_>| matches!(part, Component::Prefix(_));
    if shared == 0 || from[shared..].iter().chain(&to[shared..]).any(is_prefix) {
        return None;
    }
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    Some(up.chain(to[shared..].iter().copied()).collect())
}

/// Every byte but unreserved characters and those in `kept` as `%XX`.
fn encoded(path: &Path, kept: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in bytes(path) {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || kept.contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    text
}

#[cfg(unix)]
fn bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

/// The path that a timeline's name of a file means: URLs lose their scheme and
/// their encoding, all else stays.
pub fn path_of_target(target: &str) -> String {
    let path = match target.strip_prefix("file://") {
        Some(rest) => match rest.find('/') {
            Some(slash) => &rest[slash..],
            None => rest,
        },
        None => target,
    };
    let decoded = decoded(path);
    // `/C:/film/a.mp4` is `C:/film/a.mp4`.
    match decoded.strip_prefix('/') {
        Some(drive) if drive.as_bytes().get(1) == Some(&b':') => drive.to_owned(),
        _ => decoded,
    }
}

/// What does not decode to text stays as it is written.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_encoded_as_urls_want_it() {
        let file = Path::new("/film/out/镜头 一#2.mp4");
        let here = Paths::From("/film/out".into());
        assert_eq!(here.target(file), "%E9%95%9C%E5%A4%B4%20%E4%B8%80%232.mp4");
        let there = Paths::From("/film/edits/v2".into());
        assert_eq!(
            there.target(file),
            "../../out/%E9%95%9C%E5%A4%B4%20%E4%B8%80%232.mp4"
        );
        assert_eq!(
            Paths::Url.target(file),
            "file:///film/out/%E9%95%9C%E5%A4%B4%20%E4%B8%80%232.mp4"
        );
        assert_eq!(Paths::Absolute.target(file), "/film/out/镜头 一#2.mp4");
        assert_eq!(
            file_url("localhost", Path::new("/a b.mp4")),
            "file://localhost/a%20b.mp4"
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(name in "[^/\\\\\u{0}]{1,40}") {
            prop_assume!(name != "." && name != "..");
            let file = Path::new("/film").join(&name);
            prop_assume!(file.parent() == Some(Path::new("/film")));
            let from = Paths::From("/film".into()).target(&file);
            prop_assert_eq!(path_of_target(&from), name.clone());
            prop_assert!(from.is_ascii());
            let url = Paths::Url.target(&file);
            prop_assert_eq!(path_of_target(&url), format!("/film/{name}"));
        }
    }
}
