//! Several parts of a run, or runs one over the other, told as one run.
//!
//! Owns which part has the word on a shot. Counts nothing: what comes out are events
//! again, and who folds them gets sums, outcome and report by the one fold. What
//! comes out depends on which parts there are, not on the order in which they are
//! given nor on what was put together first. What any part paid for a shot stays
//! among its attempts, whichever part has the word on it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::{Outcome, RunState, ShotState};
use crate::event::{Decision, Event, EventKind, RunFacts, RunPart, Shard};
use crate::id::{RunId, ShotId};

impl RunState {
    /// Shards whose shots are not among these, where several were put together.
    pub fn missing_shards(&self) -> &[Shard] {
        let part = self.facts.as_ref().and_then(|facts| facts.part.as_ref());
        part.map_or(&[], |part| &part.missing)
    }
}

/// One part, folded by itself.
struct Part<'a> {
    events: &'a [Event],
    facts: &'a RunFacts,
    state: RunState,
    begun: Timestamp,
}

impl<'a> Part<'a> {
    /// `None` for what does not begin as a run does.
    fn of(events: &'a [Event]) -> Option<Self> {
        let first = events.first()?;
        let EventKind::RunStarted(facts) = &first.kind else {
            return None;
        };
        let mut state = RunState::default();
        for event in events {
            state.apply(event);
        }
        Some(Self {
            events,
            facts,
            state,
            begun: first.at,
        })
    }

    fn age(&self) -> (Timestamp, &RunId) {
        (self.begun, &self.facts.run_id)
    }

    /// Whether it has more to say of a shot than that nothing was done.
    fn acted_on(shot: &ShotState) -> bool {
        shot.outcome() != Outcome::Skipped || !shot.attempts.is_empty()
    }
}

/// The events of one run that did what all of these did together. Of a shot the
/// latest part tells that did something for it; what is there is not hidden by a
/// later part that asked for the very same and did not get it, and is told by the
/// part that made it, where another only found it there.
pub fn together(parts: &[Vec<Event>]) -> Vec<Event> {
    let mut parts: Vec<Part<'_>> = parts.iter().filter_map(|part| Part::of(part)).collect();
    // Of two copies of one part, the one that tells more.
    parts.sort_by(|one, other| {
        let length = |part: &Part<'_>| part.events.len();
        one.age()
            .cmp(&other.age())
            .then(length(one).cmp(&length(other)))
    });
    let mut kept: Vec<Part<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        match kept.last_mut() {
            Some(last) if last.facts.run_id == part.facts.run_id => *last = part,
            _ => kept.push(part),
        }
    }
    match kept.as_slice() {
        [] => Vec::new(),
        [one] if Overlay::of(&kept).missing().is_empty() => one.events.to_vec(),
        several => Overlay::of(several).events(),
    }
}

struct Overlay<'a> {
    /// The first one first.
    parts: &'a [Part<'a>],
    /// The part that has the word on a shot.
    word: HashMap<&'a ShotId, usize>,
}

impl<'a> Overlay<'a> {
    fn of(parts: &'a [Part<'a>]) -> Self {
        let mut told: HashMap<&ShotId, Vec<usize>> = HashMap::new();
        for (at, part) in parts.iter().enumerate() {
            for shot in &part.state.shots {
                told.entry(&shot.facts.id).or_default().push(at);
            }
        }
        let word = told
            .into_iter()
            .map(|(id, tellers)| (id, word(parts, id, &tellers)))
            .collect();
        Self { parts, word }
    }

    fn has_word(&self, part: usize, shot: &ShotId) -> bool {
        self.word.get(shot) == Some(&part)
    }

    /// Whether something is left to do of what the part has the word on.
    fn leaves_something(&self, at: usize) -> bool {
        let shots = &self.parts[at].state.shots;
        shots
            .iter()
            .any(|shot| self.has_word(at, &shot.facts.id) && shot.outcome() != Outcome::Succeeded)
    }

    fn events(&self) -> Vec<Event> {
        let missing = self.missing();
        let mut timed: Vec<(Duration, usize, &Event)> = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            let later = self.offset(part);
            let leaves_something = self.leaves_something(at);
            for event in part.events {
                let tells = match &event.kind {
                    EventKind::RunStopping { .. } => leaves_something,
                    kind => kind.shot().is_some_and(|shot| self.has_word(at, shot)),
                };
                if tells {
                    timed.push((later + event.elapsed, at, event));
                }
            }
        }
        let verdicts = self.verdicts();
        timed.extend(
            verdicts
                .iter()
                .map(|(elapsed, at, event)| (*elapsed, *at, event)),
        );
        timed.sort_by_key(|(elapsed, at, event)| (*elapsed, *at, event.sequence));
        let finished = missing.is_empty()
            && (0..self.parts.len())
                .all(|at| self.parts[at].state.finished || !self.leaves_something(at));
        let first = EventKind::RunStarted(Box::new(self.facts(missing)));
        let mut told = vec![(Duration::ZERO, self.parts[0].begun, first)];
        told.extend(self.other_attempts());
        told.extend(
            timed
                .into_iter()
                .map(|(elapsed, _, event)| (elapsed, event.at, event.kind.clone())),
        );
        if finished {
            let ends = self
                .parts
                .iter()
                .map(|part| self.offset(part) + part.state.elapsed);
            let at = self.parts.iter().filter_map(|part| part.state.updated_at);
            told.push((
                ends.max().unwrap_or_default(),
                at.max().unwrap_or_default(),
                EventKind::RunFinished,
            ));
        }
        told.into_iter()
            .zip(0..)
            .map(|((elapsed, at, kind), sequence)| Event {
                sequence,
                at,
                elapsed,
                kind,
            })
            .collect()
    }

    /// What later parts found of videos that an earlier part made: what is expected
    /// of a video may be other things by now.
    fn verdicts(&self) -> Vec<(Duration, usize, Event)> {
        let mut found = Vec::new();
        for (id, made) in &self.word {
            let video = |at: usize| self.parts[at].state.shot(id)?.video.as_ref();
            let judged = |at: &usize| {
                let verdict = self.parts[*at].state.shot(id)?.verdict.clone()?;
                let (one, other) = (video(*at)?, video(*made)?);
                (one.sha256 == other.sha256).then_some((*at, verdict, one))
            };
            let later = (made + 1..self.parts.len()).rev();
            if let Some((at, verdict, video)) = later.into_iter().find_map(|at| judged(&at)) {
                let part = &self.parts[at];
                let event = Event {
                    sequence: u64::MAX,
                    at: part.state.updated_at.unwrap_or(part.begun),
                    elapsed: part.state.elapsed,
                    kind: EventKind::ShotChecked {
                        shot: (*id).clone(),
                        video_sha256: video.sha256.clone(),
                        verdict,
                    },
                };
                found.push((self.offset(part) + part.state.elapsed, at, event));
            }
        }
        // A map has no order of its own.
        found.sort_by(|one, other| one.2.kind.shot().cmp(&other.2.kind.shot()));
        found
    }

    /// What parts paid for shots that another part has the word on, with the word
    /// behind it. Told at the beginning, so that it changes nothing of what follows.
    fn other_attempts(&self) -> Vec<(Duration, Timestamp, EventKind)> {
        let mut told = Vec::new();
        let mut shots: BTreeSet<&ShotId> = BTreeSet::new();
        for (at, part) in self.parts.iter().enumerate() {
            for event in part.events {
                let Some(shot) = event.kind.shot() else {
                    continue;
                };
                if is_attempt(&event.kind) && !self.has_word(at, shot) {
                    told.push((Duration::ZERO, event.at, event.kind.clone()));
                    shots.insert(shot);
                }
            }
        }
        for shot in shots {
            let part = self.word.get(shot).map(|at| &self.parts[*at]);
            let facts = part.and_then(|part| {
                let facts = part.facts.shots.iter().find(|facts| facts.id == *shot)?;
                Some((part.begun, facts))
            });
            if let Some((begun, facts)) = facts {
                let decided = EventKind::ShotDecided(Box::new(facts.clone()));
                told.push((Duration::ZERO, begun, decided));
            }
        }
        told
    }

    /// How long after the first part another began.
    fn offset(&self, part: &Part<'_>) -> Duration {
        let since = part.begun.duration_since(self.parts[0].begun);
        Duration::try_from(since).unwrap_or_default()
    }

    /// What was decided before the first call, each shot by the part that has the
    /// word on it; all else is the latest part's.
    fn facts(&self, missing: Vec<Shard>) -> RunFacts {
        let latest = &self.parts[self.parts.len() - 1];
        let mut known = HashMap::new();
        for (at, part) in self.parts.iter().enumerate() {
            for shot in &part.facts.shots {
                if self.has_word(at, &shot.id) {
                    known.insert(&shot.id, shot);
                }
            }
        }
        let order = self.order();
        RunFacts {
            part: Some(RunPart {
                of: latest.facts.name().clone(),
                shard: None,
                film: Vec::new(),
                missing,
            }),
            shots: order
                .into_iter()
                .filter_map(|id| known.get(id).map(|shot| (*shot).clone()))
                .collect(),
            ..latest.facts.without_shots()
        }
    }

    /// Every shot in the order of the manifest: of the latest one, where manifests
    /// differ. What only earlier ones have follows what it followed there. Shards
    /// know the whole film; runs of a few shots do not know what lies between.
    fn order(&self) -> Vec<&'a ShotId> {
        let mut line = Line::default();
        for part in self.parts.iter().rev() {
            let film = part.facts.part.iter().flat_map(|part| &part.film);
            line.take(film);
        }
        for part in self.parts.iter().rev() {
            let own = part.facts.shots.iter().filter(|shot| !shot.earlier);
            line.take(own.map(|shot| &shot.id));
        }
        let mut order = line.order();
        let left = self.parts.iter().flat_map(|part| &part.facts.shots);
        let left = left.filter(|shot| shot.earlier).map(|shot| &shot.id);
        order.extend(left.filter(|id| line.seen.insert(id)));
        order
    }

    /// Shards that would have had a shot that no part has.
    fn missing(&self) -> Vec<Shard> {
        let mut films: HashMap<(u32, &[ShotId]), BTreeSet<Shard>> = HashMap::new();
        for part in self.parts {
            if let Some(part) = &part.facts.part
                && let Some(shard) = part.shard
            {
                let film = films.entry((shard.count(), &part.film)).or_default();
                film.insert(shard);
            }
        }
        let mut missing = BTreeSet::new();
        for ((_, film), there) in films {
            let lost = film.iter().any(|id| !self.word.contains_key(id));
            if let (true, Some(one)) = (lost, there.first()) {
                missing.extend(one.siblings().filter(|shard| !there.contains(shard)));
            }
        }
        missing.into_iter().collect()
    }
}

/// One order out of several, each of which leaves something out.
#[derive(Default)]
struct Line<'a> {
    /// What follows what; the first one follows nothing.
    next: HashMap<Option<&'a ShotId>, &'a ShotId>,
    seen: HashSet<&'a ShotId>,
}

impl<'a> Line<'a> {
    fn take(&mut self, sequence: impl Iterator<Item = &'a ShotId>) {
        let mut last = None;
        for id in sequence {
            if self.seen.insert(id)
                && let Some(after) = self.next.insert(last, id)
            {
                self.next.insert(Some(id), after);
            }
            last = Some(id);
        }
    }

    fn order(&self) -> Vec<&'a ShotId> {
        let first = self.next.get(&None).copied();
        std::iter::successors(first, |id| self.next.get(&Some(*id)).copied()).collect()
    }
}

fn is_attempt(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CreateIntended { .. }
            | EventKind::CreateAccepted { .. }
            | EventKind::CreateRefused { .. }
            | EventKind::CreateUncertain { .. }
    )
}

/// Which of the parts that name a shot has the word on it.
fn word(parts: &[Part<'_>], id: &ShotId, tellers: &[usize]) -> usize {
    let latest_of_all = tellers[tellers.len() - 1];
    let told = |at: &usize| parts[*at].state.shot(id);
    let acted: Vec<usize> = tellers
        .iter()
        .copied()
        .filter(|at| told(at).is_some_and(Part::acted_on))
        .collect();
    let Some(latest) = acted.last() else {
        return latest_of_all;
    };
    let asked = |at: &usize| told(at).and_then(|shot| shot.facts.fingerprint.as_ref());
    let same = |at: &&usize| asked(at) == asked(latest);
    let there = |at: &&usize| told(at).is_some_and(|shot| shot.outcome() == Outcome::Succeeded);
    let made = |at: &&usize| told(at).is_some_and(|shot| shot.facts.decision != Decision::Reuse);
    let mut there = acted.iter().rev().filter(same).filter(there);
    let found = there.clone().find(made).or_else(|| there.next());
    *found.unwrap_or(latest)
}

#[cfg(test)]
mod tests;
