//! Videos that are looked at while the run goes on: which next, and how many at once.
//!
//! Owns the queue and its bound. Looking takes a core for a while, so it is done on
//! blocking threads, a few at once, and nobody who creates or asks waits for it.
//! Never judges: that is `verdict`'s.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::{JoinSet, spawn_blocking};

use crate::event::{Decision, EventKind, ShotFacts, Video};
use crate::verdict::Examiner;

/// Looked at together where the machine does not say how many cores it has.
const AT_ONCE: usize = 2;

/// The videos that are to be looked at, and those that are.
pub(super) struct Checks {
    examiner: Option<Arc<Examiner>>,
    waiting: VecDeque<(ShotFacts, Video)>,
    at_work: JoinSet<Option<EventKind>>,
    at_once: usize,
}

impl Checks {
    /// With what is there from the beginning, as far as it is not judged already.
    pub(super) fn new(examiner: Option<Arc<Examiner>>, shots: &[ShotFacts]) -> Self {
        // One core is left for the run itself.
        let cores = std::thread::available_parallelism().map_or(AT_ONCE, usize::from);
        let mut checks = Self {
            examiner,
            waiting: VecDeque::new(),
            at_work: JoinSet::new(),
            at_once: (cores - 1).max(1),
        };
        for shot in shots.iter().filter(|shot| shot.verdict.is_none()) {
            if let (Decision::Reuse, Some(video)) = (shot.decision, &shot.existing) {
                checks.add(shot, video);
            }
        }
        checks
    }

    /// Takes a video in, if anything is expected of it.
    pub(super) fn add(&mut self, shot: &ShotFacts, video: &Video) {
        let examiner = self.examiner.as_ref();
        if examiner.is_some_and(|examiner| examiner.expects(shot)) {
            self.waiting.push_back((shot.clone(), video.clone()));
        }
    }

    /// Begins to look, as far as there is room.
    pub(super) fn begin(&mut self) {
        let Some(examiner) = &self.examiner else {
            return;
        };
        while self.at_work.len() < self.at_once
            && let Some((shot, video)) = self.waiting.pop_front()
        {
            let examiner = Arc::clone(examiner);
            self.at_work.spawn(async move {
                let looking = spawn_blocking(move || {
                    let verdict = examiner.examine(&shot, &video)?;
                    Some(EventKind::ShotChecked {
                        shot: shot.id,
                        video_sha256: video.sha256,
                        verdict,
                    })
                });
                // A panic is a mistake of ours; the video is there all the same.
                looking.await.unwrap_or_default()
            });
        }
    }

    /// Looks at nothing that is not being looked at: the run is to end, and the next
    /// one looks.
    pub(super) fn leave(&mut self) {
        self.waiting.clear();
    }

    /// Whether nothing is left to be looked at.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.at_work.is_empty()
    }

    /// The next verdict; never comes back where nothing is being looked at.
    pub(super) async fn next(&mut self) -> Option<EventKind> {
        match self.at_work.join_next().await {
            Some(Ok(checked)) => checked,
            Some(Err(_)) => None,
            None => std::future::pending().await,
        }
    }
}
