//! The sums of a plan, in sentences.
//!
//! Owns what is counted and how it is said; what is asked before money is spent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::cli::words::{cost, shots};
use crate::event::{Decision, ShotFacts};
use crate::money::Total;
use crate::plan::Plan;
use crate::plan::estimate::Pace;

/// Shots of a chain that are named one by one.
const CHAIN_SHOWN: usize = 8;

/// Kinds of videos that are named one by one before money is spent.
const KINDS_SHOWN: usize = 4;

/// The sums of a plan in one line.
pub(in crate::cli) fn summary(plan: &Plan) -> String {
    let counts: Vec<String> = Decision::ALL
        .into_iter()
        .map(|decision| (decision, plan.count(decision)))
        .filter(|(_, count)| *count > 0)
        .map(|(decision, count)| format!("{count} to {}", verb(decision)))
        .collect();
    let list = format!("by the prices of {}", plan.facts.price_date);
    let most = cost(&plan.cost(), plan.unpriced());
    let cost = if plan.count(Decision::Wait) > 0 {
        let now = plan.cost_now();
        format!("{now} now, at most {most} with what waits for frames")
    } else {
        most
    };
    let cost = if plan.facts.free {
        format!("costs nothing (at the service {cost}, {list})")
    } else {
        format!("costs {cost}, {list}")
    };
    format!(
        "plan for `{}` on {}: {}; {cost}",
        plan.facts.manifest,
        plan.facts.backend,
        if counts.is_empty() {
            "nothing to do".to_owned()
        } else {
            counts.join(", ")
        },
    )
}

fn verb(decision: Decision) -> &'static str {
    match decision {
        Decision::Create => "create",
        Decision::Replace => "replace",
        Decision::Wait => "decide when their frames are there",
        Decision::Reuse => "reuse",
        Decision::Resume => "collect",
        Decision::Uncertain => "settle by hand",
        Decision::Failed => "leave as failed",
        Decision::Elsewhere => "collect elsewhere",
        Decision::Blocked => "leave out",
    }
}

/// `longest chain: a -> b -> c, 3 videos one after the other, about 6 min`.
pub(super) fn longest_chain(plan: &Plan) -> Option<String> {
    let (chain, time) = plan.longest_chain();
    let names: Vec<&str> = chain.iter().map(|shot| shot.id.as_str()).collect();
    let count = Some(names.len()).filter(|&count| count > 1)?;
    let shown = match names.as_slice() {
        [first, second, .., last] if count > CHAIN_SHOWN => {
            format!("{first} -> {second} -> … -> {last}")
        }
        names => names.join(" -> "),
    };
    Some(format!(
        "longest chain: {shown}, {count} videos one after the other, about {} at the service",
        minutes(time)
    ))
}

/// How long the whole run takes, and what it depends on.
pub(super) fn whole_run(plan: &Plan, pace: Pace) -> Option<String> {
    let time = Some(plan.makespan(pace)).filter(|time| !time.is_zero())?;
    let creates = match pace.creates_per_minute {
        Some(creates) => format!("{creates} creates a minute"),
        None => "as many creates as that takes".to_owned(),
    };
    Some(format!(
        "the whole run: about {} at the service, {} at once, {creates}",
        minutes(time),
        shots(pace.concurrency)
    ))
}

/// `2 min`, rounded up: nobody is told too little.
pub(super) fn minutes(time: Duration) -> String {
    format!("{} min", time.as_secs().div_ceil(60))
}

/// What is asked before money is spent: how much, for what, and where.
pub(in crate::cli) fn question(plan: &Plan) -> String {
    let paid = || {
        plan.facts
            .shots
            .iter()
            .filter(|shot| shot.decision.may_pay())
    };
    // What waits for a frame may have to be created: the price is at most this.
    let most = if plan.count(Decision::Wait) > 0 {
        "up to "
    } else {
        ""
    };
    let mut kinds: BTreeMap<(String, Option<i64>), Vec<&ShotFacts>> = BTreeMap::new();
    for shot in paid() {
        let kind = format!("{} {} {} s", shot.model, shot.resolution, shot.seconds);
        let price = shot.price.as_ref().map(crate::money::Money::micros);
        kinds.entry((kind, price)).or_default().push(shot);
    }
    let sum = |shots: &[&ShotFacts]| {
        let known: Total = shots.iter().filter_map(|shot| shot.price.clone()).collect();
        let unpriced = shots.iter().filter(|shot| shot.price.is_none()).count();
        (known, unpriced)
    };
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|((_, price), shots)| {
        std::cmp::Reverse(price.map_or(i64::MAX, |price| price * shots.len() as i64))
    });
    let mut text = String::new();
    for ((kind, _), shots) in kinds.iter().take(KINDS_SHOWN) {
        let (known, unpriced) = sum(shots);
        let _ = writeln!(
            text,
            "  {} x {kind}: {}",
            shots.len(),
            cost(&known, unpriced)
        );
    }
    if kinds.len() > KINDS_SHOWN {
        let _ = writeln!(text, "  and {} more kinds", kinds.len() - KINDS_SHOWN);
    }
    let count = paid().count();
    let all = cost(&plan.cost(), plan.unpriced());
    format!(
        "{text}create {most}{} for {most}{all} at {}? [y/N] ",
        shots(count),
        plan.facts.base_url
    )
}
