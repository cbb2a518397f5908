//! Checked shots + what earlier runs left → a plan: for every shot what will be
//! done, why, and what it costs.
//!
//! Pure and synchronous. The plan is what a person is shown and what the engine
//! carries out; nothing is decided again later.

pub mod decide;
pub mod fingerprint;
pub mod graph;
pub mod history;
mod leftover;
pub mod price;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::check::CheckedShot;
use crate::check::request::CheckedRequest;
use crate::event::{Decision, RunFacts, ShotFacts};
use crate::id::{AttemptId, Fingerprint, RunId, ShotId, TaskId};
use crate::money::Total;
use crate::plan::decide::{Decided, PaidTask};
use crate::plan::fingerprint::Key;
use crate::plan::graph::Graph;
use crate::plan::history::{History, Past};
use crate::plan::price::PriceTable;

/// The generation of the API that the bundled documents describe.
pub const API: &str = "v1";

/// Whether tasks that failed at the service are paid for once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// What failed stays failed.
    Nothing,
    /// `--retry failed`.
    Failed,
}

/// What planning needs besides the shots.
pub struct Context<'a> {
    /// This run's name.
    pub run_id: RunId,
    /// The manifest as the author named it.
    pub manifest: &'a str,
    /// The backend's name.
    pub backend: &'a str,
    /// Where the backend is, without any secret.
    pub base_url: &'a str,
    /// Date of the facts in the documents.
    pub spec_version: &'a str,
    /// Whether the backend charges nothing.
    pub free: bool,
    /// What videos cost.
    pub prices: &'a PriceTable,
    /// What earlier runs left.
    pub history: &'a History,
    /// What to do with failed tasks.
    pub retry: Retry,
    /// The time of day.
    pub now: Timestamp,
    /// How long a task may take.
    pub deadline: Duration,
    /// Whether all shots of the manifest are planned, or only some of them.
    pub whole: bool,
    /// Shots whose file is there although no run is on record that made it.
    pub strangers: &'a HashSet<ShotId>,
    /// Shots of which another take is wanted, although there is one.
    pub force: &'a HashSet<ShotId>,
}

/// Everything that a run will do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the run's first event will say.
    pub facts: RunFacts,
    /// One for each shot, in manifest order, then one for each task that was paid
    /// for something else; parallel to `facts.shots`.
    pub jobs: Vec<Job>,
    /// Which job waits for which.
    pub graph: Graph,
    /// What each task that is on record was created for.
    pub tasks: HashMap<TaskId, Fingerprint>,
}

/// What the engine does to carry out one shot's decision.
#[derive(Debug, Clone)]
pub enum Job {
    /// Nothing: no call is made for it.
    Nothing,
    /// A task is created, and collected.
    Create {
        /// What will be sent.
        request: Box<CheckedRequest>,
        /// The number of the next attempt, from 1.
        next_attempt: u32,
    },
    /// A task that was paid earlier is collected.
    Collect(PaidTask),
    /// A creation of an earlier run that nobody answered: where the service can
    /// call back, that is waited for.
    Settle {
        /// The attempt that may have been paid.
        attempt: AttemptId,
        /// How much of its deadline is left.
        patience: Duration,
    },
}

impl Plan {
    /// How many shots have this decision.
    pub fn count(&self, decision: Decision) -> usize {
        self.facts
            .shots
            .iter()
            .filter(|shot| shot.decision == decision)
            .count()
    }

    /// What creating all that is to be created costs, as far as prices are known.
    pub fn cost(&self) -> Total {
        self.to_create()
            .filter_map(|shot| shot.price.clone())
            .collect()
    }

    /// How many shots are to be created at an unknown price.
    pub fn unpriced(&self) -> usize {
        self.to_create().filter(|shot| shot.price.is_none()).count()
    }

    fn to_create(&self) -> impl Iterator<Item = &ShotFacts> {
        self.facts
            .shots
            .iter()
            .filter(|shot| shot.decision == Decision::Create)
    }
}

/// Decides on every shot.
pub fn plan(shots: Vec<CheckedShot>, context: &Context<'_>) -> Plan {
    let edges: Vec<_> = shots
        .iter()
        .map(|shot| (shot.id.clone(), shot.request.depends_on()))
        .collect();
    let graph = Graph::new(&edges);
    let mut facts = Vec::with_capacity(shots.len());
    let mut jobs = Vec::with_capacity(shots.len());
    for shot in shots {
        let (shot_facts, job) = plan_shot(shot, context);
        facts.push(shot_facts);
        jobs.push(job);
    }
    for (shot_facts, job) in leftover::leftovers(&facts, context) {
        facts.push(shot_facts);
        jobs.push(job);
    }
    Plan {
        facts: RunFacts {
            run_id: context.run_id.clone(),
            manifest: context.manifest.to_owned(),
            backend: context.backend.to_owned(),
            base_url: context.base_url.to_owned(),
            free: context.free,
            runner_version: env!("CARGO_PKG_VERSION").to_owned(),
            spec_version: context.spec_version.to_owned(),
            price_date: context.prices.date().to_owned(),
            shots: facts,
        },
        jobs,
        graph,
        tasks: context.history.tasks.clone(),
    }
}

fn plan_shot(shot: CheckedShot, context: &Context<'_>) -> (ShotFacts, Job) {
    let request = shot.request.shown();
    let depends_on = shot.request.depends_on();
    let fingerprint = depends_on.is_empty().then(|| {
        let key = Key {
            backend: context.backend,
            api: API,
            request: &request,
            occurrence: shot.occurrence,
        };
        key.fingerprint()
    });
    let decided = match &fingerprint {
        None => waits_for_a_frame(&depends_on),
        Some(fingerprint) => match context.history.requests.get(fingerprint) {
            Some(past) => {
                let decided = decide::on_past(past, context.retry, context.base_url);
                if context.force.contains(&shot.id) {
                    decide::another_take(decided)
                } else {
                    decided
                }
            }
            None if is_stranger(&shot.id, context) => decide::on_stranger(&shot.file, &shot.id),
            None => decide::on_new(&request, context.history.last(&shot.id)),
        },
    };
    let (resolution, seconds) = (shot.request.resolution(), shot.request.seconds());
    let price = context
        .prices
        .price(shot.request.model(), resolution, seconds)
        .cloned();
    let used = fingerprint
        .as_ref()
        .and_then(|fingerprint| context.history.attempts.get(fingerprint));
    let next_attempt = used.copied().unwrap_or(0) + 1;
    let facts = ShotFacts {
        mode: shot.request.mode().to_string(),
        model: shot.request.model().to_owned(),
        prompt: shot.request.prompt().to_owned(),
        request: Arc::new(request),
        fingerprint,
        decision: decided.decision,
        reason: decided.reason,
        price,
        file: shot.file,
        depends_on,
        seconds,
        resolution: resolution.to_owned(),
        earlier: false,
        another_take: decided.another_take,
        existing: decided.existing,
        paid_task: decided.paid.as_ref().map(|paid| paid.task.clone()),
        id: shot.id,
    };
    let job = match (decided.paid, facts.decision) {
        (Some(paid), _) => Job::Collect(paid),
        (None, Decision::Uncertain) => settle(facts.fingerprint.as_ref(), context),
        (None, Decision::Create) => Job::Create {
            request: Box::new(shot.request),
            next_attempt,
        },
        (None, _) => Job::Nothing,
    };
    (facts, job)
}

/// A creation that nobody answered is waited for as long as its task may take.
fn settle(fingerprint: Option<&Fingerprint>, context: &Context<'_>) -> Job {
    let past = fingerprint.and_then(|fingerprint| context.history.requests.get(fingerprint));
    past.map_or(Job::Nothing, |past| settle_past(past, context))
}

fn settle_past(past: &Past, context: &Context<'_>) -> Job {
    let age = context.now.duration_since(past.intended_at);
    let patience = Duration::try_from(age)
        .ok()
        .and_then(|age| context.deadline.checked_sub(age));
    match patience {
        Some(patience) if past.base_url == context.base_url => Job::Settle {
            attempt: past.attempt.clone(),
            patience,
        },
        _ => Job::Nothing,
    }
}

/// Whether paying for the shot may be paying twice, and nobody said to.
fn is_stranger(shot: &ShotId, context: &Context<'_>) -> bool {
    context.strangers.contains(shot) && !context.force.contains(shot)
}

/// The graph is there, the frames are not: said before anything is paid.
fn waits_for_a_frame(depends_on: &[crate::id::ShotId]) -> Decided {
    let source = depends_on.first().map_or("another shot", |id| id.as_str());
    Decided::new(
        Decision::Blocked,
        format!(
            "starts from a frame of `{source}`, and this version cannot take frames out of videos yet; save the frame as a picture and name its file instead"
        ),
    )
}
