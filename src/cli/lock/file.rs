//! The lock beside a manifest, on the disk.
//!
//! Owns its name, reading and writing it, and the errors that name it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Loaded;
use crate::cli::plan::holds_no_key;
use crate::cli::render::calm;
use crate::cli::words::slashes;
use crate::plan::lock::{Difference, LARGEST, Lock, NoLock};
use crate::store;

/// Shots that are named in an advice.
const NAMES_MAX: usize = 6;

/// Where the lock of a manifest is, or would be.
pub(super) struct LockFile {
    path: PathBuf,
    manifest: String,
}

impl LockFile {
    /// `shots.lock` beside `shots.yaml`.
    pub(super) fn beside(manifest: &Path) -> Self {
        Self {
            path: manifest.with_extension("lock"),
            manifest: slashes(manifest),
        }
    }

    /// Its path, for people.
    pub(super) fn name(&self) -> String {
        slashes(&self.path)
    }

    /// The lock; `None` where there is none.
    pub(super) fn read(&self) -> Result<Option<Lock>, CliError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let lock = Lock::parse(&text).map_err(|why| self.refused(why))?;
        Ok(Some(lock))
    }

    fn text(&self) -> Result<Option<String>, CliError> {
        let unreadable = |error| CliError::unreadable(&self.path, error);
        // Asked before it is opened: a pipe would not open until somebody writes.
        let found = match self.path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(unreadable)?,
        };
        if !found.is_file() {
            return Err(error(format!("`{}` is not a file", self.name())));
        }
        let mut bytes = Vec::new();
        let file = File::open(&self.path).map_err(unreadable)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST {
            return Err(error(format!("`{}` is too large for a lock", self.name())));
        }
        let text = String::from_utf8(bytes);
        let name = || self.name();
        text.map(Some)
            .map_err(|_| error(format!("`{}` is no lock: it is not UTF-8 text", name())))
    }

    fn refused(&self, why: NoLock) -> CliError {
        let advice = match &why {
            NoLock::Unmerged(_) => format!(
                "keep one side of each shot, then: runner lock {}",
                self.manifest
            ),
            NoLock::Foreign => "give the manifest another name: its lock has the same".to_owned(),
            NoLock::Version(_) => "use the version of this program that wrote it".to_owned(),
            NoLock::Damaged { .. } | NoLock::Unwritable(_) => format!(
                "take it from version control, or delete it and make it again: runner lock {}",
                self.manifest
            ),
        };
        error(format!("`{}` cannot be used", self.name()))
            .because(why)
            .advice(advice)
    }

    /// The error of a lock that is asked for and not there.
    pub(super) fn missing(&self) -> CliError {
        error(format!("`{}` is not there", self.name())).advice(format!(
            "make it, and keep it beside the manifest: runner lock {}",
            self.manifest
        ))
    }

    /// The error of a lock that would be written otherwise.
    pub(super) fn stale(&self, moved: &[Difference]) -> CliError {
        let differ = differ(moved);
        error(format!(
            "`{}` is not as it would be written: {differ}",
            self.name()
        ))
        .advice(self.ways_on(moved))
    }

    /// The error of a plan that differs from the lock.
    pub(super) fn broken(&self, moved: &[Difference]) -> CliError {
        let (name, differ) = (self.name(), differ(moved));
        error(format!(
            "`{name}` does not hold: {differ}; nothing was created"
        ))
        .advice(self.ways_on(moved))
    }

    fn ways_on(&self, moved: &[Difference]) -> String {
        let (manifest, update) = (&self.manifest, update(moved));
        calm(&format!(
            "undo what differs, or accept it: runner lock {manifest}{update}"
        ))
    }

    /// Puts a lock in its place, whole or not at all.
    pub(super) fn write(&self, lock: &Lock, loaded: &Loaded) -> Result<(), CliError> {
        let text = lock.to_text().map_err(|why| self.refused(why))?;
        holds_no_key("lock", &text, loaded)?;
        store::write_atomic(&self.path, text.as_bytes()).map_err(|error| {
            let message = format!("`{}` cannot be written", self.name());
            CliError::new(Exit::Internal, message).because(error)
        })
    }
}

fn error(message: String) -> CliError {
    CliError::new(Exit::PlanStale, message)
}

fn differ(moved: &[Difference]) -> String {
    let concerned = moved.iter().filter(|moved| moved.shot.is_some()).count();
    match concerned {
        0 => "the service or its documents differ".to_owned(),
        1 => "1 shot differs".to_owned(),
        count => format!("{count} shots differ"),
    }
}

/// What accepts these differences and no others.
fn update(moved: &[Difference]) -> String {
    let names: Option<Vec<&str>> = moved.iter().map(|moved| moved.shot.as_deref()).collect();
    match names {
        Some(names) if names.len() == 1 => format!(" --update {}", names[0]),
        Some(names) if names.len() <= NAMES_MAX => {
            format!(" --update '{}'", names.join(" | "))
        }
        _ => String::new(),
    }
}
