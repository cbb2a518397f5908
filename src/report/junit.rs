//! `JUnit`, as Jenkins and most CI services read it: one test case for each shot.
//!
//! Owns what of a run is a pass, a failure and an error. Escaping, and stripping what
//! XML cannot hold, is the library's.
//!
//! A shot whose video is there is a pass, whether it was made or reused: a second run
//! must not look worse than the first; only its checks can make a failure of it, of
//! type `check`. Any other failure is a judgement on the shot itself,
//! which its author can change; an error is everything else. What was left by choice (an
//! interrupt, a budget, a later turn) is skipped.

use std::time::Duration;

use chrono::DateTime;
use jiff::Timestamp;
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::Report;
use super::model::{Attempt, AttemptResult, Shot};
use super::twin::{CallError, ErrorClass, Outcome, sum};
use super::verdict::Judgement;
use super::words::{EndingCode, Reason};

impl Report {
    /// The run as a `JUnit` document.
    pub fn to_junit(&self) -> String {
        let name = self.manifest.as_deref().unwrap_or("runner");
        let mut suite = TestSuite::new(name);
        suite.set_time(Duration::from_millis(self.run.elapsed_ms));
        suite.add_properties(self.properties());
        let class = class(name);
        suite.add_test_cases(self.shots.iter().map(|shot| case(shot, class)));
        if let Some(reason) = &self.stopped {
            suite.set_system_err(said(
                "the run was stopped: ",
                &reason.message,
                reason.advice.as_deref(),
            ));
        }
        let mut junit = quick_junit::Report::new("runner");
        junit.set_time(Duration::from_millis(self.run.elapsed_ms));
        if let Some(at) = self.run.started_at.and_then(time) {
            suite.set_timestamp(at);
            junit.set_timestamp(at);
        }
        junit.add_test_suite(suite);
        junit.to_string().expect("writing to memory cannot fail")
    }

    fn properties(&self) -> Vec<Property> {
        let finished = self.finished.to_string();
        let spent = sum(&self.totals.spent);
        some([
            ("run_id", self.run.run_id.as_deref()),
            ("backend", self.backend.as_deref()),
            ("base_url", self.run.base_url.as_deref()),
            ("runner_version", self.runner_version.as_deref()),
            ("spec_version", self.spec_version.as_deref()),
            ("price_date", self.price_date.as_deref()),
            ("finished", Some(finished.as_str())),
            ("spent", Some(spent.as_str())),
        ])
    }
}

/// The manifest's path without what comes after its last dot, which is what the test
/// cases of one manifest are grouped by. A scene is a property: a shot that moves to
/// another one keeps its history in a CI service.
fn class(manifest: &str) -> &str {
    match manifest.rsplit_once('.') {
        Some((class, end)) if !class.is_empty() && !end.contains(['/', '\\']) => class,
        _ => manifest,
    }
}

fn time(at: Timestamp) -> Option<DateTime<chrono::FixedOffset>> {
    let nanoseconds = u32::try_from(at.subsec_nanosecond()).unwrap_or_default();
    DateTime::from_timestamp(at.as_second(), nanoseconds).map(|at| at.fixed_offset())
}

fn some<'a>(all: impl IntoIterator<Item = (&'static str, Option<&'a str>)>) -> Vec<Property> {
    all.into_iter()
        .filter_map(|(name, value)| Some(Property::new(name, value?)))
        .collect()
}

fn case(shot: &Shot, class: &str) -> TestCase {
    let mut case = TestCase::new(shot.id.as_str(), status(shot));
    case.set_classname(class);
    if let Some(begun) = begun(shot) {
        if let Some(begun) = time(begun) {
            case.set_timestamp(begun);
        }
        let ended = shot.run.saved_at.or(shot.run.ended_at);
        let took = ended.and_then(|ended| Duration::try_from(ended.duration_since(begun)).ok());
        case.set_time(took.unwrap_or_default());
    } else {
        case.set_time(Duration::ZERO);
    }
    case.add_properties(facts(shot));
    if let Some(video) = &shot.video {
        case.set_system_out(format!("video: {}", video.path));
    }
    case
}

/// When this run first did something for the shot.
fn begun(shot: &Shot) -> Option<Timestamp> {
    let attempt = shot.run.attempts.first().map(|attempt| attempt.at);
    let status = shot.run.statuses.first().map(|status| status.at);
    attempt
        .or(status)
        .or(shot.run.ended_at)
        .or(shot.run.saved_at)
}

fn facts(shot: &Shot) -> Vec<Property> {
    let price = shot.price.as_ref().map(ToString::to_string);
    let tags = (!shot.tags.is_empty()).then(|| shot.tags.join(", "));
    some([
        ("decision", Some(shot.decision.as_str())),
        ("outcome", Some(shot.outcome.as_str())),
        ("checks", shot.judgement().map(Judgement::as_str)),
        ("scene", shot.scene.as_ref().map(|scene| scene.id.as_str())),
        ("tags", tags.as_deref()),
        ("mode", Some(shot.mode.as_str())),
        ("model", Some(shot.model.as_str())),
        ("resolution", Some(shot.resolution.as_str())),
        ("price", price.as_deref()),
        ("fingerprint", shot.fingerprint.as_deref()),
        ("task_id", shot.task_id.as_deref()),
        ("file_id", shot.file_id.as_deref()),
        ("trace_id", shot.run.trace_id.as_deref()),
        (
            "video",
            shot.video.as_ref().map(|video| video.path.as_str()),
        ),
    ])
}

fn status(shot: &Shot) -> TestCaseStatus {
    let mut status = match shot.outcome {
        Outcome::Succeeded => return checked(shot),
        Outcome::Skipped if left_by_trouble(shot) => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        Outcome::Skipped => TestCaseStatus::skipped(),
        Outcome::Failed => TestCaseStatus::non_success(kind(shot.error.as_ref())),
        Outcome::Pending | Outcome::Uncertain => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(reason) = &shot.outcome_reason {
        status.set_message(reason.message.as_str());
        status.set_type(type_of(shot, reason));
        status.set_description(said("", &reason.message, reason.advice.as_deref()));
    }
    let last = match shot.outcome {
        // The attempt that the failure itself is of.
        Outcome::Failed if shot.error.is_some() => shot.run.attempts.len().saturating_sub(1),
        _ => shot.run.attempts.len(),
    };
    status.add_reruns(shot.run.attempts.iter().take(last).filter_map(rerun));
    status
}

/// A shot whose video is there: a pass, unless its checks say otherwise. These are
/// failures of a type of their own: nothing is wrong with the run.
fn checked(shot: &Shot) -> TestCaseStatus {
    let verdict = shot.verdict.as_ref();
    let Some(verdict) = verdict.filter(|verdict| verdict.result != Judgement::Passed) else {
        let mut status = TestCaseStatus::success();
        status.add_reruns(shot.run.attempts.iter().filter_map(rerun));
        return status;
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(match verdict.result {
        Judgement::Unknown => "check_unknown",
        Judgement::Passed | Judgement::Failed => "check",
    });
    status.set_message(verdict.why());
    let reasons = verdict.reasons.join("\n");
    status.set_description(said("", &reasons, verdict.advice()));
    status.add_reruns(shot.run.attempts.iter().filter_map(rerun));
    status
}

/// Whether it was left because something went wrong elsewhere: a run that creates
/// nothing, for example because the service cannot be reached, must not look well.
fn left_by_trouble(shot: &Shot) -> bool {
    let code = shot.outcome_reason.as_ref().map(|reason| reason.code);
    matches!(
        code,
        Some(EndingCode::Stopped | EndingCode::Blocked | EndingCode::ModelNotOnPlan)
    )
}

/// The most exact word that there is.
fn type_of(shot: &Shot, reason: &Reason<EndingCode>) -> &'static str {
    match (&shot.error, shot.outcome) {
        (Some(error), Outcome::Failed) => error.class.as_str(),
        _ => reason.code.as_str(),
    }
}

fn kind(error: Option<&CallError>) -> NonSuccessKind {
    match error.map(|error| error.class) {
        // An earlier run paid for it, and the service failed it.
        None | Some(ErrorClass::Moderated | ErrorClass::Invalid | ErrorClass::TaskFailed) => {
            NonSuccessKind::Failure
        }
        Some(_) => NonSuccessKind::Error,
    }
}

/// A creation that was refused, and tried again.
fn rerun(attempt: &Attempt) -> Option<TestRerun> {
    let refused = attempt.result == AttemptResult::Refused;
    let error = attempt.error.as_ref().filter(|_| refused)?;
    let mut rerun = TestRerun::new(kind(Some(error)));
    if let Some(at) = time(attempt.at) {
        rerun.set_timestamp(at);
    }
    rerun.set_type(error.class.as_str());
    rerun.set_message(error.message.as_str());
    rerun.set_description(said("", &error.message, Some(&error.advice)));
    Some(rerun)
}

fn said(lead: &str, message: &str, advice: Option<&str>) -> String {
    match advice {
        Some(advice) => format!("{lead}{message}\nhelp: {advice}"),
        None => format!("{lead}{message}"),
    }
}
