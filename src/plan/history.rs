//! What earlier runs left behind, as the plan sees it.
//!
//! Owns a plain view; the ledger and the output folder fill it. Keeping it plain
//! keeps planning pure: every decision can be tested without a database.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::event::{Failure, Video};
use crate::id::{AttemptId, FileId, Fingerprint, ShotId, TaskId};
use crate::money::Money;

/// The latest word on one request.
#[derive(Debug, Clone)]
pub struct Past {
    /// The attempt that this is about.
    pub attempt: AttemptId,
    /// Which shot it was made for; shots can be renamed since.
    pub shot: ShotId,
    /// What came of it.
    pub standing: Standing,
    /// Where the service was; its tasks are known there only.
    pub base_url: String,
    /// When it was intended.
    pub intended_at: Timestamp,
    /// The day it was begun, for people.
    pub date: String,
    /// The request, to say what changed since.
    pub request: Arc<Map<String, Value>>,
}

impl Past {
    /// Whether a video of it is there.
    pub fn has_video(&self) -> bool {
        let Standing::Saved { presence, .. } = &self.standing else {
            return false;
        };
        *presence == Presence::Present
    }
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Standing {
    /// The video was saved.
    Saved {
        /// What was saved.
        video: Video,
        /// Whether it is still there.
        presence: Presence,
        /// To fetch it again.
        task: TaskId,
        /// To fetch it again.
        file: Option<FileId>,
    },
    /// Paid, not collected.
    Paid {
        /// To ask how far it is.
        task: TaskId,
        /// Set when it is finished at the service.
        file: Option<FileId>,
    },
    /// It may have been paid.
    Uncertain {
        /// What was seen instead of an answer; `None` after a crash.
        failure: Option<Failure>,
    },
    /// Paid, and it failed at the service.
    Failed(Failure),
    /// Proved not accepted.
    Refused(Failure),
}

/// What became of a saved file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there and has its size.
    Present,
    /// It is gone.
    Missing,
    /// Another size: somebody worked on it.
    Altered,
}

/// A task that was paid, or may have been, for what no shot asks for any more.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// The backend's name in the manifest.
    pub backend: String,
    /// How it stands; not saved, not failed.
    pub past: Past,
    /// What it cost by the price table of its day.
    pub price: Option<Money>,
}

/// Everything that earlier runs left behind.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// By what was asked for.
    pub requests: HashMap<Fingerprint, Past>,
    /// The highest attempt number that was used for a request.
    pub attempts: HashMap<Fingerprint, u32>,
    /// Tasks that hold money and are not collected, newest first; some are what
    /// shots still ask for.
    pub unsettled: Vec<Leftover>,
    /// What each task that is on record was created for.
    pub tasks: HashMap<TaskId, Fingerprint>,
    /// SHA-256 of the pixels of every frame that a request was made with, by the
    /// video's SHA-256 and the place in it.
    pub frames: HashMap<(String, String), String>,
    /// Shots of which there is a video, whatever was asked for then.
    pub with_video: HashSet<ShotId>,
    /// The last request that each shot's name stood for.
    pub last_of_shot: HashMap<ShotId, Fingerprint>,
}

impl History {
    /// The last request that a shot's name stood for.
    pub fn last(&self, shot: &ShotId) -> Option<&Past> {
        self.requests.get(self.last_of_shot.get(shot)?)
    }
}
