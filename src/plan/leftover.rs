//! What was paid for before a shot changed, or went away.
//!
//! Owns finding it and how it is shown. Nothing is created for it: it is
//! collected, because it was paid for, and kept among the takes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::event::{Decision, ShotFacts};
use crate::id::{Fingerprint, ShotId};
use crate::plan::decide::PaidTask;
use crate::plan::history::{Leftover, Standing};
use crate::plan::{Context, Job, settle_past};

/// The length of a clip where the request does not say (minimax-api.md 3.1).
const SECONDS: u32 = 6;

/// Everything that holds money and that none of these shots asks for. Where only
/// some shots are planned, that of the others is left for another run.
///
/// What was paid for a shot that waits may be what it asks for in the end, so
/// that is [`of_shot`]'s, later. So may be what was made from a frame for a shot
/// of another name, while any shot waits: that is left for another run.
pub(super) fn leftovers(shots: &[ShotFacts], context: &Context) -> Vec<(ShotFacts, Job)> {
    let asked: HashSet<&Fingerprint> = shots
        .iter()
        .filter_map(|shot| shot.fingerprint.as_ref())
        .collect();
    let of: HashMap<&ShotId, &ShotFacts> = shots.iter().map(|shot| (&shot.id, shot)).collect();
    let waiting = shots.iter().any(|shot| shot.decision == Decision::Wait);
    unsettled(context)
        .filter(|left| !asked.contains(&left.fingerprint))
        .filter(|left| !(waiting && is_chained(left) && !of.contains_key(&left.past.shot)))
        .filter_map(|left| match of.get(&left.past.shot) {
            Some(shot) if shot.decision == Decision::Wait => None,
            Some(shot) => leftover(left, &shot.file, context),
            None if context.selected.is_some() => None,
            None => leftover(left, &format!("{}.mp4", left.past.shot), context),
        })
        .collect()
}

/// What holds money, was made for this shot, and is not what it asks for.
pub(super) fn of_shot(shot: &ShotFacts, context: &Context) -> Vec<(ShotFacts, Job)> {
    unsettled(context)
        .filter(|left| left.past.shot == shot.id)
        .filter(|left| Some(&left.fingerprint) != shot.fingerprint.as_ref())
        .filter_map(|left| leftover(left, &shot.file, context))
        .collect()
}

/// Whether it was made from a frame of another shot's video.
fn is_chained(left: &Leftover) -> bool {
    let image = |value: &Value| value.get("pixels_sha256").is_some();
    left.past.request.values().any(image)
}

fn unsettled(context: &Context) -> impl Iterator<Item = &Leftover> {
    let here = |left: &&Leftover| left.backend == context.backend;
    context.history.unsettled.iter().filter(here)
}

/// `None` for a task that only another address knows: nothing can be done about
/// it here, and `runner status` shows it.
fn leftover(left: &Leftover, file: &str, context: &Context) -> Option<(ShotFacts, Job)> {
    let past = &left.past;
    let (decision, reason, job) = match &past.standing {
        Standing::Paid { task, file } if past.base_url == context.base_url => (
            Decision::Resume,
            format!(
                "paid on {} for what `{}` was then; its video is kept in takes/",
                past.date, past.shot
            ),
            Job::Collect(PaidTask {
                attempt: past.attempt.clone(),
                task: task.clone(),
                file: file.clone(),
            }),
        ),
        Standing::Uncertain { .. } => (
            Decision::Uncertain,
            format!(
                "may have been paid on {} for what `{}` was then",
                past.date, past.shot
            ),
            settle_past(past, context),
        ),
        _ => return None,
    };
    let paid_task = match &job {
        Job::Collect(paid) => Some(paid.task.clone()),
        _ => None,
    };
    let text = |field: &str| past.request.get(field).and_then(Value::as_str);
    let seconds = past.request.get("duration").and_then(Value::as_u64);
    let facts = ShotFacts {
        id: past.shot.earlier(&left.fingerprint),
        scene: None,
        tags: Vec::new(),
        mode: mode(left).to_owned(),
        model: text("model").unwrap_or_default().to_owned(),
        prompt: text("prompt").unwrap_or_default().to_owned(),
        request: Arc::clone(&past.request),
        fingerprint: Some(left.fingerprint.clone()),
        decision,
        reason,
        changes: Vec::new(),
        price: left.price.clone(),
        file: file.to_owned(),
        depends_on: Vec::new(),
        frames: Vec::new(),
        seconds: seconds.map_or(SECONDS, |seconds| seconds as u32),
        resolution: text("resolution").unwrap_or_default().to_owned(),
        earlier: true,
        another_take: false,
        existing: None,
        verdict: None,
        paid_task,
    };
    Some((facts, job))
}

/// The mode follows from the fields that are there (minimax-api.md 0.3).
fn mode(left: &Leftover) -> &'static str {
    let has = |field: &str| left.past.request.contains_key(field);
    if has("subject_reference") {
        "S2V"
    } else if has("last_frame_image") {
        "FL2V"
    } else if has("first_frame_image") {
        "I2V"
    } else {
        "T2V"
    }
}
