//! Objects in and out of a shared store.
//!
//! Owns verifying what comes and never overwriting what is there. A missing, broken or
//! hostile object is a finding about that object; only a store that cannot be used at
//! all is an error.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{GetResult, ObjectMeta, ObjectStoreExt as _, PutMode, PutPayload};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use tokio::sync::OwnedSemaphorePermit;

use super::Share;
use super::entry::{Broken, Entry, EntryVideo, MAX_BYTES, Payment};
use super::error::ShareError;
use super::names::Names;
use crate::id::{Fingerprint, hex};
use crate::store::{Partial, StoreError};

/// More entries for one request than anybody pays for.
const MAX_ENTRIES: usize = 256;

const MIB: u64 = 1024 * 1024;

/// MiB of videos that are in memory at once, on their way to the store.
pub(super) const ROOM: u32 = 128;

/// One read of a file on its way to the store.
const CHUNK_BYTES: usize = 1024 * 1024;

const LISTING: &str = "list the shared store";
const READING: &str = "read from the shared store";
const WRITING: &str = "write to the shared store";

/// An object that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}`: {why}")]
pub struct Bad {
    /// Its name in the store.
    pub name: String,
    /// What is wrong with it.
    pub why: Broken,
}

impl Bad {
    fn new(path: &Path, why: Broken) -> Self {
        Self {
            // Anybody may have written the name.
            name: path.as_ref().chars().filter(|c| !c.is_control()).collect(),
            why,
        }
    }
}

/// What a store knows of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// What is known of each payment, the latest payment last.
    pub entries: Vec<Entry>,
    /// What lies among them and cannot be used.
    pub bad: Vec<Bad>,
}

/// What became of an object that was to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    New,
    /// It was there already.
    There,
    /// Something else has its name, and stays.
    Refused(Bad),
}

/// Why a video did not come.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// What is there cannot be used.
    #[error(transparent)]
    Bad(Bad),
    /// The store cannot be used.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The output folder cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a video was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The file is not what was paid for any more.
    #[error("the file is not what is on record")]
    Changed,
    /// It cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The store cannot be used.
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl Share {
    /// Everything that the store knows of a request, verified. The fingerprint is that
    /// of `request`: what claims to be about it was made from the same.
    pub async fn entries(
        &self,
        fingerprint: &Fingerprint,
        request: &Map<String, Value>,
    ) -> Result<Found, ShareError> {
        let folder = self.names.entries(fingerprint);
        // Pages of a thousand come as they are needed.
        let mut listing = self.client.list(Some(&folder));
        let mut latest: BTreeMap<Payment, Entry> = BTreeMap::new();
        let mut bad = Vec::new();
        let mut seen = 0;
        while let Some(meta) = listing
            .try_next()
            .await
            .map_err(|error| self.failed(LISTING, &error))?
        {
            seen += 1;
            if seen > MAX_ENTRIES {
                bad.push(Bad::new(&folder, Broken::TooMany(MAX_ENTRIES)));
                break;
            }
            match self.entry(fingerprint, &meta).await? {
                Ok(entry) if !entry.answers(request) => {
                    bad.push(Bad::new(&meta.location, Broken::Request));
                }
                Ok(entry) => {
                    let known = latest.get(&entry.payment());
                    if known.is_none_or(|known| entry.says_more_than(known)) {
                        latest.insert(entry.payment(), entry);
                    }
                }
                Err(why) => bad.push(Bad::new(&meta.location, why)),
            }
        }
        bad.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Found {
            entries: latest.into_values().collect(),
            bad,
        })
    }

    async fn entry(
        &self,
        fingerprint: &Fingerprint,
        meta: &ObjectMeta,
    ) -> Result<Result<Entry, Broken>, ShareError> {
        let digest = Names::digest_of(&meta.location);
        let Some(digest) = digest.filter(|digest| {
            // What lies deeper than an entry is none.
            meta.location == self.names.entry(fingerprint, digest)
        }) else {
            return Ok(Err(Broken::Name));
        };
        if meta.size > MAX_BYTES {
            return Ok(Err(Broken::Size { bytes: meta.size }));
        }
        let Some(object) = self.open_object(&meta.location).await? else {
            return Ok(Err(Broken::Missing));
        };
        let mut bytes = Vec::new();
        let mut stream = object.into_stream();
        while let Some(chunk) = stream
            .try_next()
            .await
            .map_err(|error| self.failed(READING, &error))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > MAX_BYTES {
                let bytes = bytes.len() as u64;
                return Ok(Err(Broken::Size { bytes }));
            }
        }
        Ok(Entry::read(fingerprint, &digest, &bytes))
    }

    /// `None` where there is nothing of this name.
    async fn open_object(&self, path: &Path) -> Result<Option<GetResult>, ShareError> {
        match self.client.get(path).await {
            Ok(object) => Ok(Some(object)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(READING, &error)),
        }
    }

    /// Brings a video; what arrived has the digest and the size that it should.
    pub async fn fetch(&self, video: &EntryVideo, into: &mut Partial) -> Result<(), FetchError> {
        let path = self.names.video(&video.sha256);
        let bad = |why| FetchError::Bad(Bad::new(&path, why));
        let Some(object) = self.open_object(&path).await? else {
            return Err(bad(Broken::Missing));
        };
        let expected = video.bytes;
        let length = |found| bad(Broken::Length { found, expected });
        if object.meta.size != expected {
            return Err(length(object.meta.size));
        }
        let mut stream = object.into_stream();
        while let Some(chunk) = stream
            .try_next()
            .await
            .map_err(|error| self.failed(READING, &error))?
        {
            into.write(&chunk)?;
            if into.bytes() > expected {
                return Err(length(into.bytes()));
            }
        }
        if into.bytes() != expected {
            return Err(length(into.bytes()));
        }
        if into.sha256() != video.sha256 {
            return Err(bad(Broken::Digest));
        }
        Ok(())
    }

    /// A video that arrived and is not what was promised.
    pub fn bad_video(&self, video: &EntryVideo, why: Broken) -> Bad {
        Bad::new(&self.names.video(&video.sha256), why)
    }

    /// Sends a video, unless it is there. The file is read only where it is not, and
    /// has to be what is on record.
    pub async fn send(&self, file: &FilePath, video: &EntryVideo) -> Result<Put, SendError> {
        let path = self.names.video(&video.sha256);
        match self.client.head(&path).await {
            Ok(meta) => return Ok(judge(&path, meta.size, video.bytes)),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(self.failed(READING, &error).into()),
        }
        // Held until it is sent: the whole file is in memory meanwhile, because only a
        // single put can be refused where something has the name already.
        let _room = self.room(video.bytes).await;
        let (name, expected) = (file.to_owned(), video.sha256.clone());
        let read = tokio::task::spawn_blocking(move || read(&name, &expected));
        let payload = read
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        Ok(self.put(&path, payload, video.bytes).await?)
    }

    /// Writes an entry down, unless it is there. Its video has to be there first:
    /// whoever finds the entry looks for it.
    pub async fn note(&self, entry: &Entry) -> Result<Put, ShareError> {
        let bytes = entry.bytes();
        let path = self
            .names
            .entry(&entry.fingerprint, &crate::id::sha256_hex(&bytes));
        if let Err(what) = entry.verify() {
            // Others would not believe it, and not pay for its request either.
            return Ok(Put::Refused(Bad::new(&path, Broken::Value(what))));
        }
        let length = bytes.len() as u64;
        self.put(&path, PutPayload::from(bytes), length).await
    }

    /// The only place that writes, and only where nothing is.
    async fn put(&self, path: &Path, payload: PutPayload, bytes: u64) -> Result<Put, ShareError> {
        let written = self.client.put_opts(path, payload, PutMode::Create.into());
        match written.await {
            Ok(_) => Ok(Put::New),
            // Another writer was faster, or a try of ours arrived that looked lost.
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => {
                let meta = self.client.head(path).await;
                let meta = meta.map_err(|error| self.failed(READING, &error))?;
                Ok(judge(path, meta.size, bytes))
            }
            Err(error) => Err(self.failed(WRITING, &error)),
        }
    }

    /// Waits until there is memory for as many bytes.
    async fn room(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let room = u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX);
        // One that is larger than all the room there is goes alone.
        let room = room.clamp(1, ROOM);
        // The semaphore is never closed.
        Arc::clone(&self.room).acquire_many_owned(room).await.ok()
    }

    fn failed(&self, operation: &'static str, error: &object_store::Error) -> ShareError {
        self.secrets.sort(operation, error)
    }
}

/// An object of another size is another object. One of the same size is found out when
/// it is read.
fn judge(path: &Path, found: u64, expected: u64) -> Put {
    if found == expected {
        Put::There
    } else {
        Put::Refused(Bad::new(path, Broken::Length { found, expected }))
    }
}

/// A file as it is sent, if it is what is on record.
fn read(file: &FilePath, sha256: &str) -> Result<PutPayload, SendError> {
    use std::io::Read as _;

    let mut source = std::fs::File::open(file).map_err(SendError::Unreadable)?;
    let mut hasher = Sha256::new();
    let mut chunks: Vec<Bytes> = Vec::new();
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let limit = CHUNK_BYTES as u64;
        let length = { &mut source }
            .take(limit)
            .read_to_end(&mut chunk)
            .map_err(SendError::Unreadable)?;
        if length == 0 {
            break;
        }
        hasher.update(&chunk);
        chunks.push(chunk.into());
    }
    if hex(&hasher.finalize()) == sha256 {
        Ok(chunks.into_iter().collect())
    } else {
        Err(SendError::Changed)
    }
}
