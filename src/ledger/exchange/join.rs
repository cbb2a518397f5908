//! Two copies of one attempt → what is known of it.
//!
//! Owns which copy is further. Pure; joining is commutative, associative and
//! idempotent, so that it does not matter which folders are merged first.

use crate::ledger::read::Record;
use crate::ledger::standing::AttemptStanding;

/// What two copies of one attempt know together. What was asked for is the first's.
pub(super) fn join(one: Record, other: &Record) -> Record {
    let (further, behind) = if key(other) > key(&one) {
        (other, &one)
    } else {
        (&one, other)
    };
    // Names that the service gave are never forgotten, whatever the state.
    let task = further.task.clone().or_else(|| behind.task.clone());
    let file = further.file.clone().or_else(|| behind.file.clone());
    let trace_id = further.trace_id.clone().or_else(|| behind.trace_id.clone());
    let later = if video_key(other) > video_key(&one) {
        other
    } else {
        &one
    };
    let (video, saved_at) = (later.video.clone(), later.saved_at);
    Record {
        state: further.state,
        failure: further.failure.clone(),
        changed_at: further.changed_at,
        task,
        file,
        trace_id,
        video,
        saved_at,
        ..one
    }
}

/// How far a copy came: by its state as long as it is not settled, then by time.
fn key(
    record: &Record,
) -> (
    u8,
    jiff::Timestamp,
    &'static str,
    Option<&str>,
    Option<&str>,
) {
    let rank = match record.state {
        AttemptStanding::Intended => 0,
        AttemptStanding::Uncertain => 1,
        AttemptStanding::Created => 2,
        AttemptStanding::Succeeded => 3,
        // `saved` and `superseded` are told apart by what else there is.
        AttemptStanding::Saved
        | AttemptStanding::Superseded
        | AttemptStanding::Failed
        | AttemptStanding::Refused
        | AttemptStanding::Lost => 4,
    };
    let task = record.task.as_ref().map(crate::id::TaskId::as_str);
    let file = record.file.as_ref().map(crate::id::FileId::as_str);
    (rank, record.changed_at, record.state.as_str(), task, file)
}

fn video_key(record: &Record) -> (Option<jiff::Timestamp>, Option<&str>) {
    let sha256 = record.video.as_ref().map(|video| video.sha256.as_str());
    (record.saved_at, sha256)
}
