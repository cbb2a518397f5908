//! About how long a run still takes.
//!
//! Owns a rough calculation: what the service usually takes for a video
//! (`plan::estimate`), corrected by what it took in this run, along the longest
//! chain and under the limits of the run. Good for "about 4 min", never for one
//! shot: the API tells no percentage.

use std::collections::HashMap;
use std::time::Duration;

use crate::event::{Event, EventKind, ShotFacts};
use crate::id::ShotId;
use crate::plan::estimate;
use crate::plan::graph::Graph;
use crate::state::{Phase, RunState, ShotState};

/// The limits that a run keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tempo {
    /// Shots under way at once.
    pub concurrency: usize,
    /// Creations in any minute; `None` is without limit.
    pub creates_per_minute: Option<f64>,
}

/// How long a run still takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// By what is usual: nothing was made in this run yet.
    Usually(Duration),
    /// By what this run measured.
    About(Duration),
}

/// What was measured so far.
pub(super) struct Outlook {
    tempo: Tempo,
    graph: Graph,
    begun: HashMap<ShotId, Duration>,
    took: Duration,
    usual: Duration,
}

impl Outlook {
    pub(super) fn new(tempo: Tempo) -> Self {
        Self {
            tempo,
            graph: Graph::default(),
            begun: HashMap::new(),
            took: Duration::ZERO,
            usual: Duration::ZERO,
        }
    }

    /// Takes in the next event; `state` has it in already.
    pub(super) fn take_in(&mut self, event: &Event, state: &RunState) {
        match &event.kind {
            EventKind::RunStarted(_) => {
                let edges = state.shots.iter().map(|shot| &shot.facts);
                let edges: Vec<_> = edges
                    .map(|facts| (facts.id.clone(), facts.depends_on.clone()))
                    .collect();
                self.graph = Graph::new(&edges);
            }
            EventKind::CreateAccepted { shot, .. } => {
                self.begun.insert(shot.clone(), event.elapsed);
            }
            EventKind::VideoSaved { shot, .. } => {
                if let (Some(begun), Some(made)) = (self.begun.remove(shot), state.shot(shot)) {
                    self.took += event.elapsed.saturating_sub(begun);
                    self.usual += usually(&made.facts);
                }
            }
            _ => {}
        }
    }

    /// What is left; `None` where nothing can be said of it.
    pub(super) fn left(&self, state: &RunState) -> Option<Left> {
        let measured = !self.usual.is_zero();
        // A simulator's time is not the service's.
        if state.stopping.is_some() || (state.is_free() && !measured) {
            return None;
        }
        let ratio = if measured {
            self.took.as_secs_f64() / self.usual.as_secs_f64()
        } else {
            1.0
        };
        let left: Vec<Duration> = state
            .shots
            .iter()
            .map(|shot| self.left_of(shot, ratio, state.elapsed))
            .collect();
        let millis = |at: usize| left.get(at).map_or(0, |left| left.as_millis() as u64);
        let chain: u64 = self.graph.longest(millis).into_iter().map(millis).sum();
        let work: Duration = left.iter().sum();
        let total = (work / u32::try_from(self.tempo.concurrency.max(1)).unwrap_or(u32::MAX))
            .max(Duration::from_millis(chain))
            .max(self.paced(state));
        Some(if measured {
            Left::About(total)
        } else {
            Left::Usually(total)
        })
    }

    fn left_of(&self, shot: &ShotState, ratio: f64, now: Duration) -> Duration {
        let usual = usually(&shot.facts).mul_f64(ratio);
        match shot.phase {
            Phase::Waiting | Phase::Creating => usual,
            Phase::Running => match self.begun.get(&shot.facts.id) {
                Some(&begun) => (begun + usual).saturating_sub(now),
                // Paid by an earlier run: half of it is as good a guess as any.
                None => usual / 2,
            },
            _ => Duration::ZERO,
        }
    }

    /// The time in which all that waits may be created.
    fn paced(&self, state: &RunState) -> Duration {
        let Some(rate) = self.tempo.creates_per_minute else {
            return Duration::ZERO;
        };
        let waiting = state.shots.iter();
        let waiting = waiting.filter(|shot| shot.phase == Phase::Waiting).count();
        let minutes = (waiting as f64 / rate).floor();
        Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default()
    }
}

fn usually(facts: &ShotFacts) -> Duration {
    estimate::generation(&facts.resolution, facts.seconds)
}
