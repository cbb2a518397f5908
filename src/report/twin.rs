//! The shapes that report and event lines share.
//!
//! Owns the names of their fields. Twins of the vocabulary on purpose: renaming
//! something there changes no file format.

use serde::Serialize;

use crate::event::{Failure, Video};
use crate::money::{Money, Total};
use crate::state::RunState;

use super::words::{Reason, failure_text};

#[derive(Serialize)]
pub(super) struct MoneyTwin {
    amount: String,
    currency: String,
}

impl From<&Money> for MoneyTwin {
    fn from(money: &Money) -> Self {
        Self {
            amount: money.decimal(),
            currency: money.currency().to_owned(),
        }
    }
}

fn amounts(total: &Total) -> Vec<MoneyTwin> {
    total
        .amounts()
        .filter(|money| money.micros() != 0)
        .map(|money| MoneyTwin::from(&money))
        .collect()
}

#[derive(Serialize)]
pub(super) struct ErrorTwin {
    class: &'static str,
    code: Option<i64>,
    message: String,
    advice: &'static str,
    trace_id: Option<String>,
}

impl From<&Failure> for ErrorTwin {
    fn from(failure: &Failure) -> Self {
        let bare = Failure {
            code: None,
            ..failure.clone()
        };
        Self {
            class: failure.class.as_str(),
            code: failure.code,
            message: failure_text(&bare),
            advice: failure.class.advice(),
            trace_id: failure.trace_id.clone(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ReasonTwin {
    code: &'static str,
    message: String,
    advice: Option<&'static str>,
}

impl From<Reason> for ReasonTwin {
    fn from(reason: Reason) -> Self {
        Self {
            code: reason.code,
            message: reason.message,
            advice: reason.advice,
        }
    }
}

#[derive(Serialize)]
pub(super) struct VideoTwin {
    path: String,
    bytes: u64,
    sha256: String,
    width: u32,
    height: u32,
    duration_ms: u64,
    fps: f64,
    codec: String,
}

impl From<&Video> for VideoTwin {
    fn from(video: &Video) -> Self {
        Self {
            path: video.path.clone(),
            bytes: video.bytes,
            sha256: video.sha256.clone(),
            width: video.width,
            height: video.height,
            duration_ms: video.duration_ms,
            fps: video.fps,
            codec: video.codec.clone(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct TotalsTwin {
    shots: usize,
    succeeded: usize,
    created: usize,
    reused: usize,
    resumed: usize,
    failed: usize,
    pending: usize,
    uncertain: usize,
    skipped: usize,
    spent: Vec<MoneyTwin>,
    reserved: Vec<MoneyTwin>,
    saved_by_reuse: Vec<MoneyTwin>,
    at_risk: Vec<MoneyTwin>,
    created_without_price: usize,
}

impl From<&RunState> for TotalsTwin {
    fn from(state: &RunState) -> Self {
        let counts = state.counts();
        Self {
            shots: counts.total,
            succeeded: counts.succeeded,
            created: counts.created,
            reused: counts.reused,
            resumed: counts.resumed,
            failed: counts.failed,
            pending: counts.pending,
            uncertain: counts.uncertain,
            skipped: counts.skipped,
            spent: amounts(&state.spent()),
            reserved: amounts(&state.reserved()),
            saved_by_reuse: amounts(&state.saved()),
            at_risk: amounts(&state.at_risk()),
            created_without_price: created_without_price(state),
        }
    }
}

/// Paid shots that the sums leave out.
pub(super) fn created_without_price(state: &RunState) -> usize {
    let shots = state.shots.iter();
    shots
        .filter(|shot| shot.created() && shot.facts.price.is_none())
        .count()
}
