//! Checked shots + what earlier runs left → a plan: for every shot what will be
//! done, why, and what it costs.
//!
//! Pure and synchronous. The plan is what a person is shown and what the engine
//! carries out; nothing is decided again later.

mod chain;
pub mod changes;
pub mod decide;
pub mod document;
pub mod estimate;
pub mod fingerprint;
pub mod frames;
pub mod graph;
pub mod history;
mod leftover;
pub mod lock;
pub mod price;
pub mod record;
pub mod shard;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::check::CheckedShot;
use crate::check::request::CheckedRequest;
use crate::event::{Decision, RunFacts, ShotFacts};
use crate::id::{AttemptId, Fingerprint, RunId, ShotId};
use crate::money::Total;
pub use crate::plan::chain::{Later, Looked};
use crate::plan::decide::{Decided, PaidTask};
use crate::plan::estimate::{Pace, Work};
use crate::plan::fingerprint::Key;
use crate::plan::frames::FrameLibrary;
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

/// What planning needs besides the shots. Kept for the run: what waits for
/// another shot's video is decided on by the same rules, later.
pub struct Context {
    /// This run's name.
    pub run_id: RunId,
    /// The manifest as the author named it.
    pub manifest: String,
    /// The backend's name.
    pub backend: String,
    /// Where the backend is, without any secret.
    pub base_url: String,
    /// Date of the facts in the documents.
    pub spec_version: String,
    /// Whether the backend charges nothing.
    pub free: bool,
    /// What videos cost.
    pub prices: PriceTable,
    /// What earlier runs left.
    pub history: History,
    /// What to do with failed tasks.
    pub retry: Retry,
    /// The time of day.
    pub now: Timestamp,
    /// How long a task may take.
    pub deadline: Duration,
    /// The shots that are planned; `None` for all of them. The others are looked
    /// at only for the frames that they can give.
    pub selected: Option<HashSet<ShotId>>,
    /// Shots whose file is there although no run is on record that made it.
    pub strangers: HashSet<ShotId>,
    /// Shots of which another take is wanted, although there is one.
    pub force: HashSet<ShotId>,
    /// Frames of videos that are there.
    pub frames: Arc<dyn FrameLibrary>,
}

impl Context {
    fn is_selected(&self, shot: &ShotId) -> bool {
        let selected = self.selected.as_ref();
        selected.is_none_or(|selected| selected.contains(shot))
    }
}

/// Everything that a run will do.
pub struct Plan {
    /// What the run's first event will say.
    pub facts: RunFacts,
    /// One for each shot, in manifest order, then one for each task that was paid
    /// for something else; parallel to `facts.shots`.
    pub jobs: Vec<Job>,
    /// Which job waits for which.
    pub graph: Graph,
    /// What is decided during the run.
    pub later: Later,
}

/// What the engine does to carry out one shot's decision.
#[derive(Debug)]
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
    /// Its request is whole when the videos are there that it needs frames of.
    Wait(Box<CheckedShot>),
}

impl Plan {
    /// What the plan was made with, for another choice of shots.
    pub fn into_context(self) -> Context {
        self.later.context
    }

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

    /// The longest way through what is still to be made, source first, and about
    /// how long the service takes for it. Empty where no shot waits for another.
    pub fn longest_chain(&self) -> (Vec<&ShotFacts>, Duration) {
        let takes = |at: usize| time(&self.facts.shots[at]);
        let way = self.graph.longest(|at| takes(at).as_secs());
        let to_make = way.into_iter().filter(|&at| !takes(at).is_zero());
        let way: Vec<usize> = to_make.collect();
        if way.len() < 2 {
            return (Vec::new(), Duration::ZERO);
        }
        let time = way.iter().map(|&at| takes(at)).sum();
        (way.iter().map(|&at| &self.facts.shots[at]).collect(), time)
    }

    /// About how long the service takes for all of it, at this pace.
    pub fn makespan(&self, pace: Pace) -> Duration {
        let work: Vec<Work> = self
            .facts
            .shots
            .iter()
            .map(|shot| Work {
                time: time(shot),
                creates: shot.decision.may_pay(),
            })
            .collect();
        estimate::makespan(&self.graph, &work, pace)
    }

    /// What creating costs that starts before anything is decided later.
    pub fn cost_now(&self) -> Total {
        let shots = self.facts.shots.iter();
        let now = shots.filter(|shot| shot.decision.pays());
        now.filter_map(|shot| shot.price.clone()).collect()
    }

    /// Everything that may have to be created.
    fn to_create(&self) -> impl Iterator<Item = &ShotFacts> {
        self.facts
            .shots
            .iter()
            .filter(|shot| shot.decision.may_pay())
    }
}

/// About how long the service takes for a shot in this run.
pub fn time(shot: &ShotFacts) -> Duration {
    match shot.decision {
        Decision::Create | Decision::Replace | Decision::Wait | Decision::Resume => {
            estimate::generation(&shot.resolution, shot.seconds)
        }
        _ => Duration::ZERO,
    }
}

/// Decides on every shot. `shots` are all of the manifest: those that are not
/// selected can still give frames of videos that are there.
pub fn plan(shots: Vec<CheckedShot>, context: Context) -> Plan {
    let (planned, asked) = chain::plan_all(shots, &context);
    let (mut facts, mut jobs): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
    let later = Later {
        context,
        asked: Mutex::new(asked),
    };
    for (shot_facts, job) in leftover::leftovers(&facts, &later.context) {
        later.ask(&shot_facts);
        facts.push(shot_facts);
        jobs.push(job);
    }
    let edges: Vec<_> = facts
        .iter()
        .map(|shot| (shot.id.clone(), shot.depends_on.clone()))
        .collect();
    let context = &later.context;
    Plan {
        facts: RunFacts {
            run_id: context.run_id.clone(),
            manifest: context.manifest.clone(),
            backend: context.backend.clone(),
            base_url: context.base_url.clone(),
            free: context.free,
            runner_version: env!("CARGO_PKG_VERSION").to_owned(),
            spec_version: context.spec_version.clone(),
            price_date: context.prices.date().to_owned(),
            part: None,
            shots: facts,
        },
        jobs,
        graph: Graph::new(&edges),
        later,
    }
}

/// Decides on one shot whose request is whole.
fn plan_whole(shot: CheckedShot, context: &Context) -> (ShotFacts, Job) {
    let request = shot.request.shown();
    let key = Key {
        backend: &context.backend,
        api: API,
        request: &request,
        occurrence: shot.occurrence,
    };
    let fingerprint = key.fingerprint();
    let decided = match context.history.requests.get(&fingerprint) {
        Some(past) => {
            let decided = decide::on_past(past, context.retry, &context.base_url);
            if context.force.contains(&shot.id) {
                decide::another_take(decided)
            } else {
                decided
            }
        }
        None if is_stranger(&shot.id, context) => decide::on_stranger(&shot.file, &shot.id),
        None => decide::on_new(&request, context.history.last(&shot.id)),
    };
    let decided = decided.over(context.history.with_video.contains(&shot.id));
    let next_attempt = context.history.attempts.get(&fingerprint).copied();
    let next_attempt = next_attempt.unwrap_or(0) + 1;
    let paid = decided.paid.clone();
    let facts = facts(&shot, request, Some(fingerprint), decided, context);
    let job = match (paid, facts.decision) {
        (Some(paid), _) => Job::Collect(paid),
        (None, Decision::Uncertain) => settle(facts.fingerprint.as_ref(), context),
        (None, Decision::Create | Decision::Replace) => Job::Create {
            request: Box::new(shot.request),
            next_attempt,
        },
        (None, _) => Job::Nothing,
    };
    (facts, job)
}

/// A shot and what was decided on it, as events tell it.
fn facts(
    shot: &CheckedShot,
    request: Map<String, Value>,
    fingerprint: Option<Fingerprint>,
    decided: Decided,
    context: &Context,
) -> ShotFacts {
    let (resolution, seconds) = (shot.request.resolution(), shot.request.seconds());
    let model = shot.request.model();
    let price = context.prices.price(model, resolution, seconds).cloned();
    let last = context.history.last(&shot.id);
    let last = last.filter(|_| decided.decision.may_pay());
    let changes = last.map(|last| changes::between(&last.request, &request));
    ShotFacts {
        mode: shot.request.mode().to_string(),
        model: model.to_owned(),
        prompt: shot.request.prompt().to_owned(),
        request: Arc::new(request),
        fingerprint,
        decision: decided.decision,
        reason: decided.reason,
        changes: changes.unwrap_or_default(),
        price,
        file: shot.file.clone(),
        depends_on: shot.request.depends_on(),
        frames: chain::frames(&shot.request),
        seconds,
        resolution: resolution.to_owned(),
        earlier: false,
        another_take: decided.another_take,
        existing: decided.existing,
        verdict: None,
        paid_task: decided.paid.map(|paid| paid.task),
        id: shot.id.clone(),
        scene: shot.scene.clone(),
        tags: shot.tags.clone(),
    }
}

/// A creation that nobody answered is waited for as long as its task may take.
fn settle(fingerprint: Option<&Fingerprint>, context: &Context) -> Job {
    let past = fingerprint.and_then(|fingerprint| context.history.requests.get(fingerprint));
    past.map_or(Job::Nothing, |past| settle_past(past, context))
}

fn settle_past(past: &Past, context: &Context) -> Job {
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
fn is_stranger(shot: &ShotId, context: &Context) -> bool {
    context.strangers.contains(shot) && !context.force.contains(shot)
}
