//! Reading a recording, which may come from anywhere.
//!
//! Owns every look at what is wrong with one, with the file and the place: size,
//! version, shape, names of bodies, digests. Writes nothing.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::har::{Body, Entry, Meta};
use super::{FORMAT, HAR, JOURNAL, LINKS, RecordingError, bodies};
use crate::provider::exchange::Call;
use crate::store;

/// The largest recording that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// The longest line of a journal, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// A recording that was read.
#[derive(Debug)]
pub struct Recording {
    folder: PathBuf,
    /// What it says of itself.
    pub meta: Meta,
    /// Every exchange, in the order in which they were kept.
    pub entries: Vec<Entry>,
    /// Whether the run that wrote it last was cut off.
    pub cut_off: bool,
}

/// The beginning of a file that says what it is.
#[derive(Deserialize)]
struct Claim {
    log: ClaimedLog,
}

#[derive(Deserialize)]
struct ClaimedLog {
    #[serde(rename = "_recording")]
    recording: Option<Claimed>,
}

#[derive(Deserialize)]
struct Claimed {
    format: Value,
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    version: String,
    #[serde(rename = "_recording")]
    recording: Meta,
    entries: Vec<Entry>,
}

/// The first line of a journal.
#[derive(Deserialize, serde::Serialize)]
pub(super) struct JournalHead<M> {
    #[serde(rename = "_recording")]
    pub(super) recording: M,
}

impl Recording {
    /// Reads what is in a folder: the recording, and what a run that was cut off left
    /// in its journal. The bodies are not looked at; see [`Self::verify`].
    ///
    /// # Errors
    ///
    /// Whatever is wrong with it, and that there is none.
    pub fn open(folder: &Path) -> Result<Self, RecordingError> {
        Self::find(folder)?.ok_or_else(|| RecordingError::Missing {
            path: folder.to_owned(),
        })
    }

    /// The same; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with it.
    pub fn find(folder: &Path) -> Result<Option<Self>, RecordingError> {
        let har = har(&folder.join(HAR))?;
        let journal = journal(&folder.join(JOURNAL))?;
        let cut_off = journal.is_some();
        let (meta, entries) = match (har, journal) {
            (None, None) => return Ok(None),
            (Some(only), None) | (None, Some(only)) => only,
            (Some((meta, mut entries)), Some((_, mut more))) => {
                // A run that was cut off between writing the one and removing the
                // other has all of its exchanges in both.
                if !entries.ends_with(&more) {
                    entries.append(&mut more);
                }
                (meta, entries)
            }
        };
        Ok(Some(Self {
            folder: folder.to_owned(),
            meta,
            entries,
            cut_off,
        }))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the body of a digest is.
    pub fn body(&self, sha256: &str) -> PathBuf {
        bodies::path(&self.folder, sha256)
    }

    /// Looks whether every body is there and is what its name says.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub fn verify(&self) -> Result<(), RecordingError> {
        let mut seen = std::collections::HashSet::new();
        for (number, entry) in self.entries.iter().enumerate() {
            for (sha256, size) in bodies_of(entry) {
                if !seen.insert(sha256) {
                    continue;
                }
                let path = self.body(sha256);
                let place = || format!("the body of exchange {}", number + 1);
                let found = path.metadata().map_err(RecordingError::io("read", &path))?;
                if !found.is_file() || size.is_some_and(|size| size != found.len()) {
                    let reason = "its size is not that of the recording";
                    return Err(RecordingError::broken(&path, place(), reason));
                }
                let digest = store::digest(&path)
                    .map_err(|error| RecordingError::broken(&path, place(), error.to_string()))?;
                if digest != sha256 {
                    let reason = format!("its SHA-256 is {digest}");
                    return Err(RecordingError::broken(&path, place(), reason));
                }
            }
        }
        Ok(())
    }
}

/// The bodies that an exchange has outside of itself, with their sizes.
fn bodies_of(entry: &Entry) -> impl Iterator<Item = (&str, Option<u64>)> {
    let content = &entry.response.content;
    let answer = content.sha256.as_deref();
    let post = entry.request.post_data.iter();
    let media = post.flat_map(|post| post.media.iter());
    let answer = answer.map(|sha256| (sha256, Some(content.size)));
    answer
        .into_iter()
        .chain(media.map(|media| (media.sha256.as_str(), None)))
}

/// A whole file up to a size; `None` where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, RecordingError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RecordingError::io("read", path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(RecordingError::io("read", path))?;
    if bytes.len() as u64 > LARGEST {
        let reason = format!("more than {LARGEST} bytes are no recording of a film");
        return Err(RecordingError::broken(path, "its end", reason));
    }
    Ok(Some(bytes))
}

fn har(path: &Path) -> Result<Option<(Meta, Vec<Entry>)>, RecordingError> {
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    // Its version first: what another version means by a field is not for this one
    // to find wrong.
    let claim: Claim = parsed(path, 0, &bytes)?;
    let claimed = claim.log.recording.ok_or_else(|| {
        let reason = "it has no `_recording`: it is a HAR of another program";
        RecordingError::broken(path, "log", reason)
    })?;
    known_format(path, &claimed.format)?;
    let Har { log } = parsed(path, 0, &bytes)?;
    if log.version != "1.2" {
        let reason = format!("`{}` is not HAR 1.2", log.version);
        return Err(RecordingError::broken(path, "log.version", reason));
    }
    for (number, entry) in log.entries.iter().enumerate() {
        sound(entry).map_err(|reason| {
            RecordingError::broken(path, format!("exchange {}", number + 1), reason)
        })?;
    }
    Ok(Some((log.recording, log.entries)))
}

/// A journal ends wherever the run was cut off: half a line at its end is no mistake.
fn journal(path: &Path) -> Result<Option<(Meta, Vec<Entry>)>, RecordingError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RecordingError::io("read", path)(error)),
    };
    let mut reader = BufReader::new(file.take(LARGEST));
    let mut meta = None;
    let mut entries = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let mut line = Vec::new();
        let mut piece = (&mut reader).take(LONGEST_LINE);
        piece
            .read_until(b'\n', &mut line)
            .map_err(RecordingError::io("read", path))?;
        if line.last() != Some(&b'\n') {
            if line.len() as u64 == LONGEST_LINE {
                let place = format!("line {number}");
                return Err(RecordingError::broken(path, place, "it has no end"));
            }
            break;
        }
        if meta.is_none() {
            let claim: JournalHead<Claimed> = parsed(path, number, &line)?;
            known_format(path, &claim.recording.format)?;
            let head: JournalHead<Meta> = parsed(path, number, &line)?;
            meta = Some(head.recording);
            continue;
        }
        let entry: Entry = parsed(path, number, &line)?;
        sound(&entry)
            .map_err(|reason| RecordingError::broken(path, format!("line {number}"), reason))?;
        entries.push(entry);
    }
    Ok(meta.map(|meta| (meta, entries)))
}

fn known_format(path: &Path, format: &Value) -> Result<(), RecordingError> {
    match format.as_u64() {
        Some(found) if found == u64::from(FORMAT) => Ok(()),
        Some(found) => Err(RecordingError::Format {
            path: path.to_owned(),
            found,
        }),
        None => {
            let reason = "a format is a number";
            Err(RecordingError::broken(path, "_recording.format", reason))
        }
    }
}

/// Reads JSON, deeper than a hundred levels refused, and says where it is wrong.
fn parsed<'t, T: Deserialize<'t>>(
    path: &Path,
    line: usize,
    bytes: &'t [u8],
) -> Result<T, RecordingError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}:{}", line.max(error.line()), error.column());
        let reason = error.to_string();
        // The place is said already.
        let reason = reason.split(" at line ").next().unwrap_or_default();
        RecordingError::broken(path, place, reason)
    })
}

/// What is not in the types: names that lead elsewhere, statuses that are none.
fn sound(entry: &Entry) -> Result<(), String> {
    let content = &entry.response.content;
    match (&content.file, &content.sha256) {
        (None, None) => {}
        (Some(file), Some(sha256)) if bodies::is_name_of(file, sha256) => {}
        (file, _) => return Err(no_body(file.as_deref())),
    }
    let post = entry.request.post_data.iter();
    for Body { file, sha256 } in post.flat_map(|post| &post.media) {
        if !bodies::is_name_of(file, sha256) {
            return Err(no_body(Some(file)));
        }
    }
    let status = entry.response.status;
    if status != 0 && !(100..1000).contains(&status) {
        return Err(format!("`{status}` is no HTTP status"));
    }
    match entry.call {
        Call::Create if super::known::asked_of(entry).is_none() => {
            Err("its request is no JSON object".to_owned())
        }
        Call::Query if entry.parameter("task_id").is_none() => {
            Err("it names no `task_id`".to_owned())
        }
        Call::Retrieve | Call::Content if entry.parameter("file_id").is_none() => {
            Err("it names no `file_id`".to_owned())
        }
        Call::Link if !entry.request.url.starts_with(LINKS) => {
            Err(format!("a link begins with {LINKS}"))
        }
        _ => Ok(()),
    }
}

fn no_body(name: Option<&str>) -> String {
    format!(
        "`{}` is no name of a body: that is bodies/ and its SHA-256",
        name.unwrap_or_default()
    )
}
