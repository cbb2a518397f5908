//! Which shot is begun next: finished set → startable set.
//!
//! Owns order only, and knows no clock and no call. What is paid comes first.
//! Then shots in the order of the manifest, so that where money or patience
//! ends, it is the end of the film that is missing; but those that others wait
//! for come before those that nobody waits for, the longest chain first, or a
//! run would end with a chain that it could have begun with. Last comes what no
//! shot asks for any more: it keeps nobody waiting.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::check::CheckedShot;
use crate::event::{ShotFacts, Video};
use crate::id::ShotId;
use crate::plan::Job;
use crate::plan::graph::Graph;

/// How a shot ended, as far as those matter that need a frame of it.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// Its video is on disk.
    Saved(Video),
    /// It is paid, and not collected in this run.
    Pending,
    /// It has no video.
    Without,
}

/// A shot whose sources are all on disk.
#[derive(Debug)]
pub(super) struct Ready {
    /// What was told of it at the beginning.
    pub(super) facts: Box<ShotFacts>,
    /// The shot, waiting for its frames.
    pub(super) shot: Box<CheckedShot>,
    /// The videos that it needs frames of.
    pub(super) videos: HashMap<ShotId, Video>,
}

/// A shot whose last source has ended.
#[derive(Debug)]
pub(super) enum Free {
    /// All the videos are there.
    Ready(Ready),
    /// One of them will not come in this run.
    Barred {
        /// What was told of it at the beginning.
        facts: Box<ShotFacts>,
        /// The shot that has none.
        by: ShotId,
        /// Whether that one is paid, so that another run collects it.
        pending: bool,
    },
}

struct Waiting {
    facts: ShotFacts,
    shot: Box<CheckedShot>,
    open: usize,
    videos: HashMap<ShotId, Video>,
    barred: Option<(ShotId, bool)>,
}

/// What is still to be done.
#[derive(Default)]
pub(super) struct Schedule {
    listening: VecDeque<(ShotFacts, Job)>,
    paid: VecDeque<(ShotFacts, Job)>,
    new: BTreeMap<(Reverse<usize>, usize), (ShotFacts, Job)>,
    earlier: VecDeque<(ShotFacts, Job)>,
    waiting: HashMap<ShotId, Waiting>,
    needed_by: HashMap<ShotId, Vec<ShotId>>,
    /// Position in the manifest, and how many shots hang on each one behind
    /// another.
    places: HashMap<ShotId, (Reverse<usize>, usize)>,
}

impl Schedule {
    /// With the order of the plan's shots and of what needs what.
    pub(super) fn new(shots: &[ShotFacts], graph: &Graph) -> Self {
        let levels = graph.levels();
        let place = |(at, shot): (usize, &ShotFacts)| {
            let level = levels.get(at).copied().unwrap_or(0);
            (shot.id.clone(), (Reverse(level), at))
        };
        Self {
            places: shots.iter().enumerate().map(place).collect(),
            ..Self::default()
        }
    }

    /// Takes in what was decided.
    pub(super) fn add(&mut self, facts: ShotFacts, job: Job) {
        match job {
            Job::Wait(shot) => self.wait(facts, shot),
            job @ Job::Settle { .. } => self.listening.push_back((facts, job)),
            job if facts.earlier => self.earlier.push_back((facts, job)),
            job @ Job::Collect(_) => self.paid.push_back((facts, job)),
            job => {
                let last = (Reverse(0), usize::MAX);
                let place = self.places.get(&facts.id).copied().unwrap_or(last);
                self.new.insert(place, (facts, job));
            }
        }
    }

    fn wait(&mut self, facts: ShotFacts, shot: Box<CheckedShot>) {
        let needs = shot.request.waits_for();
        for need in &needs {
            let waiting = self.needed_by.entry(need.clone()).or_default();
            waiting.push(facts.id.clone());
        }
        let id = facts.id.clone();
        let waiting = Waiting {
            facts,
            shot,
            open: needs.len(),
            videos: HashMap::new(),
            barred: None,
        };
        self.waiting.insert(id, waiting);
    }

    /// The next to begin; what only waits for a call needs no place.
    pub(super) fn next(&mut self, has_place: bool) -> Option<(ShotFacts, Job)> {
        let listening = self.listening.pop_front();
        if listening.is_some() || !has_place {
            return listening;
        }
        let paid = self.paid.pop_front();
        let new = || self.new.pop_first().map(|(_, next)| next);
        paid.or_else(new).or_else(|| self.earlier.pop_front())
    }

    /// Whether nothing can be begun.
    pub(super) fn is_empty(&self) -> bool {
        self.listening.is_empty()
            && self.paid.is_empty()
            && self.new.is_empty()
            && self.earlier.is_empty()
    }

    /// Those that wait for what nobody makes; there should be none.
    pub(super) fn stranded(&mut self) -> Vec<ShotFacts> {
        let waiting = self.waiting.drain();
        waiting.map(|(_, waiting)| waiting.facts).collect()
    }

    /// Takes in that a shot ended; gives those that waited for it alone.
    pub(super) fn ended(&mut self, shot: &ShotId, end: &End) -> Vec<Free> {
        let mut free = Vec::new();
        for id in self.needed_by.remove(shot).unwrap_or_default() {
            let Some(waiting) = self.waiting.get_mut(&id) else {
                continue;
            };
            waiting.open -= 1;
            match end {
                End::Saved(video) => {
                    waiting.videos.insert(shot.clone(), video.clone());
                }
                End::Pending | End::Without => {
                    let pending = matches!(end, End::Pending);
                    // What failed says more than what is only late.
                    if waiting.barred.as_ref().is_none_or(|(_, late)| *late) {
                        waiting.barred = Some((shot.clone(), pending));
                    }
                }
            }
            if waiting.open == 0
                && let Some(waiting) = self.waiting.remove(&id)
            {
                free.push(waiting.free());
            }
        }
        free
    }
}

impl Waiting {
    fn free(self) -> Free {
        let Self {
            facts,
            shot,
            videos,
            barred,
            ..
        } = self;
        match barred {
            Some((by, pending)) => Free::Barred {
                facts: Box::new(facts),
                by,
                pending,
            },
            None => Free::Ready(Ready {
                facts: Box::new(facts),
                shot,
                videos,
            }),
        }
    }
}
