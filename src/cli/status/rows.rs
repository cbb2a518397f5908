//! Where each shot stands: plan and records in, a row each out.
//!
//! Owns the words for states. Never prints.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Decision, FailureClass, Judgement, ShotFacts, Verdict, Video};
use crate::id::Fingerprint;
use crate::ledger::{AttemptStanding, LatestRun, Record, Records};
use crate::plan::Plan;
use crate::select::Status;
use crate::verdict::Examiner;

/// What was read at one moment.
pub(super) struct Looked<'a> {
    /// Everything on record.
    pub(super) records: &'a Records,
    /// The run that goes on, if one does.
    pub(super) run: Option<&'a LatestRun>,
    /// When the plan was made; what was saved since then is newer than it.
    pub(super) planned_at: Timestamp,
    /// The moment.
    pub(super) now: Timestamp,
    /// Who judges, where anything is expected.
    pub(super) examiner: Option<&'a Examiner>,
}

/// One shot, or one task that no shot asks for any more.
pub(super) struct Row {
    pub(super) shot: String,
    pub(super) state: &'static str,
    /// Since its creation began, while it is under way.
    pub(super) time: Option<Duration>,
    /// The service's own word, while it is under way.
    pub(super) status: Option<String>,
    /// Its video, or why there is none.
    pub(super) about: String,
    /// What the checks say of the video.
    pub(super) verdict: Option<Verdict>,
    pub(super) record: Option<Record>,
}

impl Row {
    /// Whether a run is at work on it.
    pub(super) fn is_active(&self) -> bool {
        self.time.is_some()
    }
}

/// Shots in manifest order, then what holds money and belongs to none of them.
pub(super) fn rows(plan: &Plan, looked: &Looked<'_>) -> Vec<Row> {
    let shots = &plan.facts.shots;
    let mut rows: Vec<Row> = shots.iter().map(|shot| of_shot(shot, looked)).collect();
    let shown: HashSet<&Fingerprint> = rows
        .iter()
        .filter_map(|row| row.record.as_ref())
        .map(|record| &record.fingerprint)
        .chain(shots.iter().filter_map(|shot| shot.fingerprint.as_ref()))
        .collect();
    let elsewhere = looked.records.iter().filter(|record| {
        let open = record.state.holds_money() && record.state != AttemptStanding::Saved;
        open && !shown.contains(&record.fingerprint)
    });
    let elsewhere: Vec<Row> = elsewhere
        .map(|record| Row {
            shot: record.shot.to_string(),
            state: status_of(record.state).as_str(),
            time: None,
            status: None,
            about: format!("at {} ({})", record.base_url, record.backend),
            verdict: None,
            record: Some(record.clone()),
        })
        .collect();
    rows.extend(elsewhere);
    rows
}

fn of_shot(shot: &ShotFacts, looked: &Looked<'_>) -> Row {
    let record = record_of(shot, looked.records).or_else(|| made_in_this_run(shot, looked));
    let mut state = record
        .and_then(|record| now(record, looked))
        .unwrap_or_else(|| state_of(shot, looked.records).as_str());
    let made = record.filter(|_| state == "saved");
    let made = made.and_then(|record| record.video.as_ref());
    let verdict = verdict(shot, made, looked);
    if state == "saved" {
        state = judged(verdict.as_ref()).as_str();
    }
    let time = record.filter(|_| matches!(state, "creating" | "running" | "finished"));
    let time = time.filter(|_| looked.run.is_some()).map(|record| {
        let since = looked.now.duration_since(record.intended_at);
        // The clock may have been set back in between.
        since.try_into().unwrap_or_default()
    });
    let statuses = looked.run.map(|run| &run.statuses);
    let status = statuses.filter(|_| time.is_some());
    let status = status.and_then(|statuses| statuses.get(shot.id.as_str()).cloned());
    let about = match (&shot.existing, made, state) {
        (Some(video), _, _) | (None, Some(video), _) => about(video, verdict.as_ref()),
        (None, None, "creating") => "no answer yet".to_owned(),
        (None, None, "finished") => "fetching the video".to_owned(),
        (None, None, _) => status.clone().unwrap_or_else(|| shot.reason.clone()),
    };
    Row {
        shot: shot.id.to_string(),
        state,
        time,
        status,
        about,
        verdict,
        record: record.cloned(),
    }
}

/// What the checks say: of what a run made since, and else of what the plan found.
fn verdict(shot: &ShotFacts, made: Option<&Video>, looked: &Looked<'_>) -> Option<Verdict> {
    let known = shot.existing.as_ref();
    let newer = made.filter(|made| known.is_none_or(|known| known.sha256 != made.sha256));
    match (newer, looked.examiner) {
        (Some(made), Some(examiner)) => examiner.recall(shot, made),
        (Some(_), None) => None,
        (None, _) => shot.verdict.clone(),
    }
}

/// The video, and why it is not as expected.
fn about(video: &Video, verdict: Option<&Verdict>) -> String {
    let reasons = verdict.map(Verdict::reasons).unwrap_or_default();
    let words = std::iter::once(video.path.clone()).chain(reasons);
    words.collect::<Vec<_>>().join("; ")
}

/// A shot that waited for frames has a fingerprint by now that no plan knew.
fn made_in_this_run<'r>(shot: &ShotFacts, looked: &Looked<'r>) -> Option<&'r Record> {
    let run = looked.run?;
    let latest = looked.records.latest_of_shot(&shot.id)?;
    (shot.fingerprint.is_none() && latest.run == run.id).then_some(latest)
}

/// What a run that goes on makes of a record; `None` where the plan knows it all.
fn now(record: &Record, looked: &Looked<'_>) -> Option<&'static str> {
    let run = looked.run.filter(|run| run.id == record.run);
    match record.state {
        AttemptStanding::Saved => record
            .saved_at
            .is_some_and(|at| at >= looked.planned_at)
            .then_some("saved"),
        AttemptStanding::Intended => run.map(|_| "creating"),
        AttemptStanding::Refused => {
            let class = record.failure.as_ref().map(|failure| failure.class);
            let again = matches!(
                class,
                Some(FailureClass::Throttled | FailureClass::Unreachable)
            );
            run.filter(|_| again).map(|_| "waiting")
        }
        _ => run.map(|_| status_of(record.state).as_str()),
    }
}

/// Where a shot stands.
pub(in crate::cli) fn state_of(shot: &ShotFacts, records: &Records) -> Status {
    match (shot.decision, record_of(shot, records)) {
        (Decision::Reuse, _) => judged(shot.verdict.as_ref()),
        (Decision::Blocked, _) => Status::Blocked,
        (Decision::Resume, Some(record)) if record.state == AttemptStanding::Saved => {
            Status::FileGone
        }
        (_, Some(record)) if record.state != AttemptStanding::Superseded => status_of(record.state),
        _ if records.latest_of_shot(&shot.id).is_none() => Status::New,
        _ => Status::NotMade,
    }
}

/// Of a video that is there.
fn judged(verdict: Option<&Verdict>) -> Status {
    match verdict.map(Verdict::result) {
        Some(Judgement::Failed) => Status::Unexpected,
        Some(Judgement::Unknown) => Status::Unchecked,
        Some(Judgement::Passed) | None => Status::Saved,
    }
}

fn record_of<'r>(shot: &ShotFacts, records: &'r Records) -> Option<&'r Record> {
    let fingerprint = shot.fingerprint.as_ref();
    fingerprint.and_then(|fingerprint| records.by_fingerprint(fingerprint))
}

fn status_of(state: AttemptStanding) -> Status {
    match state {
        AttemptStanding::Intended | AttemptStanding::Uncertain => Status::Uncertain,
        AttemptStanding::Created => Status::Running,
        AttemptStanding::Succeeded => Status::Finished,
        AttemptStanding::Saved | AttemptStanding::Superseded => Status::Saved,
        AttemptStanding::Failed => Status::Failed,
        AttemptStanding::Refused => Status::Refused,
        AttemptStanding::Lost => Status::NotMade,
    }
}
