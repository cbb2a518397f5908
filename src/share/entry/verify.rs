//! What must hold in an object before anything of it is believed.
//!
//! Owns every bound on what comes from a store that others write to, and the names of
//! what can be wrong there.

use serde::Deserialize;

use super::{Entry, EntryVideo, Format, LONGEST, Standing, VERSION};
use crate::id::{Fingerprint, ShotId, sha256_hex};
use crate::money::Money;
use crate::share::names::is_digest;

/// No entry is larger: prompts have some thousand characters.
pub(in crate::share) const MAX_BYTES: u64 = 256 * 1024;

/// No video is larger: a hundred times what ten seconds of 1080P take.
const MAX_VIDEO_BYTES: u64 = 512 * 1024 * 1024;

/// A price beyond this is a trick on sums.
const MAX_PRICE_MICROS: i64 = 1_000_000_000_000;

impl Entry {
    /// Reads what lies under the name of `fingerprint` and `digest`, and believes
    /// nothing of it before it was looked at.
    pub fn read(fingerprint: &Fingerprint, digest: &str, bytes: &[u8]) -> Result<Self, Broken> {
        if sha256_hex(bytes) != digest {
            return Err(Broken::Digest);
        }
        let entry: Self = match serde_json::from_slice(bytes) {
            Ok(entry) => entry,
            Err(_) => return Err(other_version(bytes).unwrap_or(Broken::Form)),
        };
        if entry.version != VERSION {
            return Err(Broken::Version(entry.version));
        }
        if entry.fingerprint != *fingerprint {
            return Err(Broken::Fingerprint);
        }
        entry.verify().map_err(Broken::Value)?;
        Ok(entry)
    }

    /// The first part of it that this program would never write.
    pub(in crate::share) fn verify(&self) -> Result<(), &'static str> {
        let run = &self.run;
        let names = [
            ("shot", Some(&self.shot)),
            ("run", Some(&run.id)),
            ("manifest", Some(&run.manifest)),
            ("backend", Some(&run.backend)),
            ("address", Some(&run.base_url)),
            ("run", run.shared_id.as_ref()),
            ("version", Some(&run.runner_version)),
            ("version", Some(&run.spec_version)),
            ("task", self.task.as_ref()),
            ("file", self.file.as_ref()),
        ];
        for (what, name) in names {
            if name.is_some_and(|name| !is_name(name)) {
                return Err(what);
            }
        }
        if ShotId::new(self.shot.as_str()).is_err() {
            return Err("shot");
        }
        if self.number == 0 {
            return Err("number");
        }
        let has_task = self.task.is_some();
        let fits = match self.standing {
            Standing::Uncertain => !has_task && self.video.is_none(),
            Standing::Created | Standing::Succeeded => has_task && self.video.is_none(),
            Standing::Failed => self.failure.is_some(),
            Standing::Lost => true,
            Standing::Saved => self.video.is_some(),
        };
        if !fits {
            return Err("standing");
        }
        if self.price.as_ref().is_some_and(|price| !is_price(price)) {
            return Err("price");
        }
        let said = self.failure.as_ref().map(|failure| &failure.message);
        if said.is_some_and(|said| !said.is_empty() && !is_name(said)) {
            return Err("failure");
        }
        self.video.as_ref().map_or(Ok(()), EntryVideo::verify)
    }
}

impl EntryVideo {
    fn verify(&self) -> Result<(), &'static str> {
        if !is_digest(&self.sha256) {
            return Err("digest of the video");
        }
        if self.bytes == 0 || self.bytes > MAX_VIDEO_BYTES {
            return Err("size of the video");
        }
        let size = 1..=100_000;
        let whole = size.contains(&self.width)
            && size.contains(&self.height)
            && self.duration_ms <= 86_400_000
            && self.fps.is_finite()
            && (0.0..=1_000.0).contains(&self.fps)
            && is_name(&self.codec);
        whole.then_some(()).ok_or("property of the video")
    }
}

/// What a later program writes may have fields that are not known here.
fn other_version(bytes: &[u8]) -> Option<Broken> {
    #[derive(Deserialize)]
    struct Head {
        #[allow(dead_code, reason = "only what has it is an entry")]
        format: Format,
        version: u32,
    }

    let head: Head = serde_json::from_slice(bytes).ok()?;
    (head.version != VERSION).then_some(Broken::Version(head.version))
}

/// A line that a terminal shows as it is.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

fn is_price(price: &Money) -> bool {
    let currency = price.currency();
    (0..=MAX_PRICE_MICROS).contains(&price.micros())
        && currency.len() == 3
        && currency.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Nobody here gives that name.
    #[error("runner gives no such name")]
    Name,
    /// Its bytes are not those that its name promises.
    #[error("its content does not fit its name")]
    Digest,
    /// It has more bytes than there can be.
    #[error("it has {bytes} bytes, more than there can be")]
    Size {
        /// As many.
        bytes: u64,
    },
    /// It has another size than its entry says.
    #[error("it has {found} bytes, and {expected} were promised")]
    Length {
        /// As many as there are.
        found: u64,
        /// As many as there should be.
        expected: u64,
    },
    /// It is no entry.
    #[error("it is not an entry of runner")]
    Form,
    /// Another version of this program wrote it.
    #[error("it has version {0}, and this runner reads version 1")]
    Version(u32),
    /// It lies under another request's name.
    #[error("it is about another request than its folder")]
    Fingerprint,
    /// A part of it cannot be true.
    #[error("its {0} cannot be true")]
    Value(&'static str),
    /// It was made by another request than what has its fingerprint here.
    #[error("its request is not the one of its fingerprint")]
    Request,
    /// It is not there, although an entry says so.
    #[error("it is missing")]
    Missing,
    /// It is no video.
    #[error("it is not a whole video: {0}")]
    Video(String),
    /// There are more of them than anybody pays for.
    #[error("there are more than {0} entries for one request")]
    TooMany(usize),
}
