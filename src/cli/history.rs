//! Ledger and output folder → the plan's plain view of earlier runs.
//!
//! Public for tests that carry runs out in their own process.

use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{Failure, FailureClass, Video};
use crate::id::{AttemptId, Fingerprint, TaskId};
use crate::ledger::{AttemptStanding, Record, Records};
use crate::plan::history::{History, Leftover, Past, Presence, Standing};
use crate::store::{self, Store};

/// What a service knows of tasks that an earlier run left with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It keeps them, and they were paid.
    Keeps,
    /// The simulator in this program: its tasks end with the process.
    Forgets,
}

/// Attempts at a service that forgets, of which nothing can be collected any more.
/// What other services keep stands: an output folder may have been paid for, too.
pub(super) fn forgotten(records: &Records, store: &Store, backend: &str) -> Vec<AttemptId> {
    records
        .iter()
        .filter(|record| record.backend == backend)
        .filter(|record| record.state.holds_money() && !is_there(record, store))
        .map(|record| record.attempt.clone())
        .collect()
}

/// Whether the video of an attempt is on disk.
pub(super) fn is_there(record: &Record, store: &Store) -> bool {
    record
        .video
        .as_ref()
        .is_some_and(|video| find(video, record.saved_at, store).1 == Presence::Present)
}

/// Looks at every record, and at the file of every saved video.
pub fn history(records: &Records, store: &Store, memory: Memory) -> History {
    let mut history = History::default();
    if memory == Memory::Keeps {
        history.tasks.clone_from(records.tasks());
    }
    history.frames.clone_from(records.frames());
    for record in records.iter() {
        let used = history
            .attempts
            .entry(record.fingerprint.clone())
            .or_insert(0);
        *used = (*used).max(records.attempts_of(&record.fingerprint));
        if let Some(latest) = records.latest_of_shot(&record.shot) {
            history
                .last_of_shot
                .entry(record.shot.clone())
                .or_insert_with(|| latest.fingerprint.clone());
        }
        if !history.requests.contains_key(&record.fingerprint)
            && let Some(standing) = records.by_fingerprint(&record.fingerprint)
            && (memory == Memory::Keeps || is_there(standing, store))
            && let Some(past) = past(standing, store)
        {
            if memory == Memory::Keeps && is_unsettled(standing.state) {
                history.unsettled.push(Leftover {
                    fingerprint: record.fingerprint.clone(),
                    backend: standing.backend.clone(),
                    past: past.clone(),
                    price: standing.price.clone(),
                });
            }
            history.requests.insert(record.fingerprint.clone(), past);
        }
    }
    for (fingerprint, record) in records.choices() {
        choose(&mut history, fingerprint, record, (records, store, memory));
    }
    let with_video = history.requests.values().filter(|past| past.has_video());
    history.with_video = with_video.map(|past| past.shot.clone()).collect();
    history
}

/// What a person chose counts, unless something for the same request is on its
/// way: that was paid for later, and has to come to its end.
fn choose(
    history: &mut History,
    fingerprint: &Fingerprint,
    chosen: &Record,
    (records, store, memory): (&Records, &Store, Memory),
) {
    let standing = records.by_fingerprint(fingerprint);
    if standing.is_some_and(|standing| is_unsettled(standing.state)) {
        return;
    }
    let Some(video) = &chosen.video else { return };
    let (video, presence) = find(video, chosen.saved_at, store);
    if memory == Memory::Forgets && presence != Presence::Present {
        return;
    }
    let standing = Standing::Saved {
        video,
        presence,
        task: chosen.task.clone().unwrap_or_else(|| TaskId::new("")),
        file: chosen.file.clone(),
    };
    let past = past_with(chosen, standing);
    history.requests.insert(fingerprint.clone(), past);
}

fn is_unsettled(state: AttemptStanding) -> bool {
    state.holds_money() && state != AttemptStanding::Saved
}

/// `None` for what leaves the way free: lost and superseded attempts.
fn past(record: &Record, store: &Store) -> Option<Past> {
    Some(past_with(record, standing(record, store)?))
}

fn past_with(record: &Record, standing: Standing) -> Past {
    Past {
        attempt: record.attempt.clone(),
        shot: record.shot.clone(),
        standing,
        base_url: record.base_url.clone(),
        intended_at: record.intended_at,
        date: record.intended_at.strftime("%Y-%m-%d").to_string(),
        request: Arc::clone(&record.request),
    }
}

fn standing(record: &Record, store: &Store) -> Option<Standing> {
    let failure = || {
        record
            .failure
            .clone()
            .unwrap_or_else(|| Failure::new(FailureClass::TaskFailed, "no reason"))
    };
    // An attempt that was accepted always has its task's name beside it.
    let task = || record.task.clone().unwrap_or_else(|| TaskId::new(""));
    Some(match record.state {
        AttemptStanding::Saved => match &record.video {
            Some(video) => {
                let (video, presence) = find(video, record.saved_at, store);
                Standing::Saved {
                    video,
                    presence,
                    task: task(),
                    file: record.file.clone(),
                }
            }
            None => paid(record, task()),
        },
        AttemptStanding::Created | AttemptStanding::Succeeded => paid(record, task()),
        AttemptStanding::Intended | AttemptStanding::Uncertain => Standing::Uncertain {
            failure: record.failure.clone(),
        },
        AttemptStanding::Failed => Standing::Failed(failure()),
        AttemptStanding::Refused => Standing::Refused(failure()),
        AttemptStanding::Lost | AttemptStanding::Superseded => return None,
    })
}

fn paid(record: &Record, task: TaskId) -> Standing {
    Standing::Paid {
        task,
        file: record.file.clone(),
    }
}

/// Where a saved video is: under its name, or in `takes/` because another one
/// has its name now, as when a shot was changed and changed back.
pub(super) fn find(video: &Video, saved_at: Option<Timestamp>, store: &Store) -> (Video, Presence) {
    let presence = presence(store.is_whole(video, saved_at));
    if presence == Presence::Present {
        return (video.clone(), presence);
    }
    match store.take_of(video) {
        Some(path) => {
            let video = Video {
                path,
                ..video.clone()
            };
            (video, Presence::Present)
        }
        None => (video.clone(), presence),
    }
}

fn presence(presence: store::Presence) -> Presence {
    match presence {
        store::Presence::Present => Presence::Present,
        store::Presence::Missing => Presence::Missing,
        store::Presence::Altered => Presence::Altered,
    }
}
