//! The videos of several folders come to one.
//!
//! Owns which of several videos of one name gets it: the one that was made last and
//! that no person chose another over; the others are takes. Verifies each by its
//! digest, and leaves what is there already.

use std::collections::{BTreeMap, HashMap};

use super::folders::Folder;
use crate::cli::error::CliError;
use crate::cli::history::find;
use crate::cli::prepare;
use crate::event::Video;
use crate::ledger::{AttemptStanding, Choice, Contents, Entry};
use crate::plan::history::Presence;
use crate::store::{Store, StoreError, name_of};

/// What came of it.
#[derive(Default)]
pub(super) struct Brought {
    /// How many were put in their place.
    pub placed: usize,
    /// What is on record and is nowhere whole.
    pub lost: Vec<Lost>,
}

/// A video that could not be brought.
pub(super) enum Lost {
    /// A file has its name, and is another one.
    Damaged { path: String },
    /// No file has its name.
    Gone { shot: String, path: String },
}

/// A video, and every folder that may have it.
struct Wanted<'a> {
    entry: &'a Entry,
    video: &'a Video,
    from: Vec<&'a Folder>,
}

/// Brings every video that is not there.
pub(super) fn bring(
    folders: &[Folder],
    known: &Contents,
    store: &Store,
) -> Result<Brought, CliError> {
    let all = || folders.iter().map(|folder| &folder.contents).chain([known]);
    let owners = owners(all());
    let (mut placed, mut lost) = (0, Vec::new());
    for wanted in wanted(folders).values() {
        let Wanted { entry, video, .. } = wanted;
        let saved_at = entry.record.saved_at;
        if find(video, saved_at, store).1 == Presence::Present {
            continue;
        }
        let name = name_of(&video.path, &video.sha256);
        let owner = owners.get(&*name).copied() == Some(video.sha256.as_str());
        match wanted
            .receive(store, !owner)
            .map_err(prepare::store_error)?
        {
            None => placed += 1,
            // A take may have been cleared away; what counts may not.
            Some(Lost::Gone { .. }) if entry.record.state != AttemptStanding::Saved => {}
            Some(found) => lost.push((*video, saved_at, found)),
        }
    }
    // Another folder may have had the very same under another attempt.
    let is_lost = |(video, saved_at, _): &(&Video, _, Lost)| {
        find(video, *saved_at, store).1 != Presence::Present
    };
    let lost = lost.into_iter().filter(is_lost);
    Ok(Brought {
        placed,
        lost: lost.map(|(.., lost)| lost).collect(),
    })
}

impl Wanted<'_> {
    /// `None` where it is in its place; only a file system that fails is an error.
    fn receive(&self, store: &Store, among_takes: bool) -> Result<Option<Lost>, StoreError> {
        let mut lost = Lost::Gone {
            shot: self.entry.record.shot.to_string(),
            path: self.video.path.clone(),
        };
        for folder in &self.from {
            let saved_at = self.entry.record.saved_at;
            match store.receive(&folder.store, self.video, saved_at, among_takes) {
                Ok(_) => return Ok(None),
                Err(StoreError::Gone { .. }) => {}
                Err(StoreError::Damaged { .. }) => {
                    lost = Lost::Damaged {
                        path: format!("{}/{}", folder.name(), self.video.path),
                    };
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(lost))
    }
}

/// Every video of the folders once, by the time at which it was asked for.
fn wanted(folders: &[Folder]) -> BTreeMap<(i128, String, &str), Wanted<'_>> {
    let mut wanted: BTreeMap<_, Wanted<'_>> = BTreeMap::new();
    for folder in folders {
        for entry in &folder.contents.entries {
            let Some(video) = &entry.record.video else {
                continue;
            };
            let asked = entry.record.intended_at.as_nanosecond();
            let key = (asked, entry.key(), video.sha256.as_str());
            let one = wanted.entry(key).or_insert_with(|| Wanted {
                entry,
                video,
                from: Vec::new(),
            });
            one.from.push(folder);
        }
    }
    wanted
}

/// The digest of the video that has each name.
fn owners<'a>(all: impl Iterator<Item = &'a Contents>) -> HashMap<String, &'a str> {
    let all: Vec<&Contents> = all.collect();
    let mut chosen: HashMap<&str, &Choice> = HashMap::new();
    for choice in all.iter().flat_map(|contents| &contents.choices) {
        let latest = chosen.entry(choice.fingerprint.as_str()).or_insert(choice);
        if choice.chosen_at > latest.chosen_at {
            *latest = choice;
        }
    }
    let mut owners: HashMap<String, ((i128, String), &str)> = HashMap::new();
    for entry in all.iter().flat_map(|contents| &contents.entries) {
        let record = &entry.record;
        let Some(video) = record.video.as_ref().filter(|_| record.state.has_video()) else {
            continue;
        };
        let other = chosen.get(record.fingerprint.as_str());
        if other.is_some_and(|choice| choice.run != record.run || choice.attempt != record.attempt)
        {
            continue;
        }
        let age = (record.intended_at.as_nanosecond(), entry.key());
        let name = name_of(&video.path, &video.sha256).into_owned();
        match owners.get(&name) {
            Some((latest, _)) if *latest > age => {}
            _ => {
                owners.insert(name, (age, &video.sha256));
            }
        }
    }
    let owners = owners.into_iter();
    owners.map(|(name, (_, sha256))| (name, sha256)).collect()
}
