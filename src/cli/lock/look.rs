//! What a lock would say now: the plan, and the bytes of the videos on disk.
//!
//! Owns reading videos. Names, sizes and times tell `apply` enough; a lock is about
//! bytes, so they are read, on every core.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cli::backend::Target;
use crate::cli::load::Loaded;
use crate::event::{Decision, ShotFacts};
use crate::id::ShotId;
use crate::plan::Plan;
use crate::plan::lock::{Lock, Seen, View};
use crate::spec::Spec;
use crate::store::{self, Store};

/// SHA-256 of the video of each shot that was looked at.
pub(super) type Videos = HashMap<ShotId, String>;

/// What has to be known before a plan takes the shots.
pub(in crate::cli) struct Sight {
    view: View,
    own: bool,
}

/// Which videos are looked at.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'l> {
    /// Those that count.
    Reused,
    /// Those of shots for which a lock has one.
    Accepted(&'l Lock),
}

impl Sight {
    /// A simulated run is compared with the lock of whatever backend, a real one only
    /// with its own: what was simulated is not accepted for money.
    pub(super) fn new(loaded: &Loaded, target: &Target, lock: Option<&Lock>) -> Self {
        let backend = match lock {
            Some(lock) if target.simulated => lock.backend.clone(),
            _ => target.name.clone(),
        };
        let again = loaded.shots.iter().filter(|shot| shot.occurrence > 1);
        Self {
            own: backend == target.name,
            view: View {
                backend,
                api_sha256: Spec::bundled().digest(),
                occurrences: again
                    .map(|shot| (shot.id.clone(), shot.occurrence))
                    .collect(),
                videos: HashMap::new(),
                whole: loaded.selection.is_everything(),
            },
        }
    }

    /// Looks at a plan and its videos.
    pub(super) fn see(mut self, plan: &Plan, store: &Store, wanted: Wanted<'_>) -> (Seen, Videos) {
        if self.own {
            self.view.videos = videos(plan, store, wanted);
        }
        (Seen::new(plan, &self.view), self.view.videos)
    }
}

fn videos(plan: &Plan, store: &Store, wanted: Wanted<'_>) -> Videos {
    let shots = plan.facts.shots.iter().filter(|shot| !shot.earlier);
    let files: Vec<(&ShotId, PathBuf)> = shots
        .filter(|shot| wanted.is_about(shot))
        .map(|shot| {
            let existing = shot.existing.as_ref();
            let name = existing.map_or(&shot.file, |video| &video.path);
            (&shot.id, store.layout().path(name))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(HashMap::new()));
    let read = || {
        while let Some((shot, path)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            // What cannot be read is not the accepted video: it stays unknown.
            if let Ok(sha256) = store::digest(path) {
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.insert((*shot).clone(), sha256);
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 1..cores.min(files.len()) {
            scope.spawn(read);
        }
        read();
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Wanted<'_> {
    fn is_about(self, shot: &ShotFacts) -> bool {
        match self {
            Self::Reused => shot.decision == Decision::Reuse,
            Self::Accepted(lock) => {
                let locked = lock.shots.get(shot.id.as_str());
                locked.is_some_and(|locked| locked.take.is_some())
            }
        }
    }
}
