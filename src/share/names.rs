//! Where everything is in a shared store.
//!
//! Owns every name in it. Never reads or writes.
//!
//! ```text
//! v1/
//! ├── videos/
//! │   └── <sha-256>.mp4                   a video, by its digest
//! └── entries/
//!     └── <fingerprint>/
//!         └── <sha-256>.json              one payment for that request, by the
//!                                         digest of the entry itself
//! ```
//!
//! Invariant: what has a name here never changes. A name is made of the digest of
//! what it names, so writers at once write the same, and what was tampered with
//! does not fit its name.

use object_store::path::Path;

use crate::id::Fingerprint;

/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// Whether a text is a SHA-256 as it is written here.
pub(super) fn is_digest(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == DIGITS && text.bytes().all(digit)
}

/// The names under one prefix of a bucket.
#[derive(Debug, Clone)]
pub(super) struct Names {
    root: Path,
}

impl Names {
    pub(super) fn under(prefix: &str) -> Self {
        Self {
            root: Path::from(prefix).join("v1"),
        }
    }

    /// A video; the digest was looked at.
    pub(super) fn video(&self, sha256: &str) -> Path {
        self.root
            .clone()
            .join("videos")
            .join(format!("{sha256}.mp4"))
    }

    /// Everything that is known of a request.
    pub(super) fn entries(&self, fingerprint: &Fingerprint) -> Path {
        self.root.clone().join("entries").join(fingerprint.as_str())
    }

    /// One entry.
    pub(super) fn entry(&self, fingerprint: &Fingerprint, sha256: &str) -> Path {
        self.entries(fingerprint).join(format!("{sha256}.json"))
    }

    /// The digest that an entry's name says; `None` for a name that nobody gives here.
    pub(super) fn digest_of(path: &Path) -> Option<String> {
        let digest = path.filename()?.strip_suffix(".json")?;
        is_digest(digest).then(|| digest.to_owned())
    }
}
