//! The plan as programs read it: what `plan --json` prints and a plan file keeps.
//!
//! Owns the names of its fields, which other programs rely on; a change that
//! takes one away changes [`SCHEMA_VERSION`]. Never holds a key or the query of a
//! link: queries carry signatures, and the fingerprint has what they mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::check::link;
use crate::event::{Decision, FieldChange, FrameUse, ShotFacts};
use crate::id::ShotId;
use crate::money::{Money, Total};
use crate::plan::estimate::Pace;
use crate::plan::lock::{Difference, Held};
use crate::plan::{Job, Plan, time};

/// Rises by a minor number when fields are added, by a major one when a program
/// that reads them would be wrong.
pub const SCHEMA_VERSION: &str = "1.0";

/// What `runner plan --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "runner plan --json")]
pub struct PlanReport {
    /// Version of this document; a reader refuses a major number that it does not know.
    pub schema_version: String,
    /// Whether the manifest has no errors; without it there is no plan.
    pub valid: bool,
    /// How many errors.
    pub error_count: usize,
    /// How many warnings.
    pub warning_count: usize,
    /// Every mistake and every warning, as `runner check --json` prints them.
    pub diagnostics: Vec<Map<String, Value>>,
    /// What holding it to the lock file came to; null without `--locked`.
    pub lock: Option<LockDocument>,
    /// What would be done; not there while a mistake stands in the way.
    #[serde(flatten)]
    pub plan: Option<PlanDocument>,
}

/// A plan beside the lock file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockDocument {
    /// The lock file.
    pub file: String,
    /// Whether nothing differs.
    pub holds: bool,
    /// Whether videos were compared; those of another backend are others.
    pub videos_compared: bool,
    /// How many videos are there that the lock says nothing of.
    pub unlocked_videos: usize,
    /// Everything that differs.
    pub differences: Vec<DifferenceDocument>,
}

/// What differs from the lock file in one shot, or in all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceDocument {
    /// The shot; null where it is about all of them.
    pub shot: Option<String>,
    /// What became of it.
    #[schemars(extend("enum" = ["added", "removed", "changed"]))]
    pub kind: String,
    /// What follows from it, where that is not plain.
    pub note: Option<String>,
    /// Field by field; `before` is what the lock says.
    pub changes: Vec<Change>,
}

/// What `apply` would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDocument {
    /// The program that planned.
    pub runner_version: String,
    /// Date of the facts in the bundled documents of the API.
    pub spec_version: String,
    /// The manifest, as it was named.
    pub manifest: String,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Where the backend is.
    pub base_url: String,
    /// Whether the backend charges nothing; prices are what the service would take.
    pub free: bool,
    /// The day of the price table.
    pub price_date: String,
    /// The sums.
    pub totals: Totals,
    /// About how long the service takes for the whole run, in seconds.
    pub estimate_s: u64,
    /// The longest way through shots that wait for each other.
    pub longest_chain: Chain,
    /// Every shot, in the order of the manifest, then what was paid for earlier
    /// and is not asked for any more.
    pub shots: Vec<ShotDocument>,
}

/// How many shots of each decision, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Made for the first time.
    pub create: usize,
    /// Made anew, although there is a video of each.
    pub replace: usize,
    /// Decided when the frames that they need are there.
    pub wait: usize,
    /// Left as they are.
    pub reuse: usize,
    /// Paid earlier, and collected.
    pub resume: usize,
    /// Perhaps paid earlier: a person has to look.
    pub uncertain: usize,
    /// Failed earlier, and left so.
    pub failed: usize,
    /// Known at another address only.
    pub elsewhere: usize,
    /// Not possible in this run.
    pub blocked: usize,
    /// The most that all of it can cost, one amount for each currency.
    pub cost: Vec<Price>,
    /// The part of it that is sure: what waits for frames is left out.
    pub cost_now: Vec<Price>,
    /// How many shots of unknown price may be created.
    pub unpriced: usize,
}

/// An amount of money; the number is a text, because floats lose cents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// For example `0.28`.
    pub amount: String,
    /// For example `USD`.
    pub currency: String,
}

/// Shots that are made one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// Their ids, source first.
    pub shots: Vec<String>,
    /// About how long the service takes for them, in seconds.
    pub estimate_s: u64,
}

/// One shot and what is done with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShotDocument {
    /// Its id.
    pub id: String,
    /// Whether it is what a shot was earlier, paid then and collected now.
    pub earlier_version: bool,
    /// What is done.
    #[schemars(extend("enum" = Decision::ALL.map(Decision::as_str)))]
    pub decision: String,
    /// Why, in a sentence.
    pub reason: String,
    /// What its request asks for that the last one of its name did not.
    pub changes: Vec<Change>,
    /// `T2V`, `I2V`, `FL2V` or `S2V`.
    pub mode: String,
    /// The model.
    pub model: String,
    /// The resolution, for example `768P`.
    pub resolution: String,
    /// The length in seconds.
    pub duration_s: u32,
    /// What creating it costs; null where that is not known.
    pub price: Option<Price>,
    /// About how long the service takes, in seconds; 0 where it is not asked.
    pub estimate_s: u64,
    /// The video's name in the output folder.
    pub file: String,
    /// Shots whose frames it needs.
    pub depends_on: Vec<String>,
    /// These frames.
    pub frames: Vec<FrameDocument>,
    /// What is asked for, as a digest; null while a frame of it is not there.
    pub fingerprint: Option<String>,
    /// The number of the attempt that would be made; null where none is.
    pub attempt: Option<u32>,
    /// The task that is collected; null where none is.
    pub task_id: Option<String>,
    /// SHA-256 of the video that is used; null where none is.
    pub video_sha256: Option<String>,
    /// The request, pictures as digests, links without their queries.
    pub request: Map<String, Value>,
}

/// A part of a request, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The field.
    pub field: String,
    /// What it was; null where it was not there.
    pub before: Option<Value>,
    /// What it is; null where it is not there any more.
    pub after: Option<Value>,
}

/// A frame of another shot's video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameDocument {
    /// What it is used as.
    pub field: String,
    /// The other shot.
    pub shot: String,
    /// Which of its frames.
    pub at: String,
    /// SHA-256 of its pixels; null while the video is not there.
    pub pixels_sha256: Option<String>,
}

impl PlanDocument {
    /// The plan, as a run of this pace would carry it out.
    pub fn new(plan: &Plan, pace: Pace) -> Self {
        let facts = &plan.facts;
        let (chain, time) = plan.longest_chain();
        let shots = facts.shots.iter().zip(&plan.jobs);
        Self {
            runner_version: facts.runner_version.clone(),
            spec_version: facts.spec_version.clone(),
            manifest: facts.manifest.clone(),
            backend: facts.backend.clone(),
            base_url: facts.base_url.clone(),
            free: facts.free,
            price_date: facts.price_date.clone(),
            totals: Totals::new(plan),
            estimate_s: plan.makespan(pace).as_secs(),
            longest_chain: Chain {
                shots: chain.iter().map(|shot| shot.id.to_string()).collect(),
                estimate_s: time.as_secs(),
            },
            shots: shots
                .map(|(shot, job)| ShotDocument::new(shot, job))
                .collect(),
        }
    }
}

impl LockDocument {
    /// What came of holding a plan to the lock in this file.
    pub fn new(file: String, held: &Held) -> Self {
        Self {
            file,
            holds: held.differences.is_empty(),
            videos_compared: held.takes,
            unlocked_videos: held.unlocked,
            differences: held
                .differences
                .iter()
                .map(DifferenceDocument::new)
                .collect(),
        }
    }
}

impl DifferenceDocument {
    fn new(difference: &Difference) -> Self {
        Self {
            shot: difference.shot.clone(),
            kind: difference.kind.as_str().to_owned(),
            note: difference.note.clone(),
            changes: difference.changes.iter().map(Change::new).collect(),
        }
    }
}

impl Totals {
    /// Counts a plan.
    pub fn new(plan: &Plan) -> Self {
        Self {
            create: plan.count(Decision::Create),
            replace: plan.count(Decision::Replace),
            wait: plan.count(Decision::Wait),
            reuse: plan.count(Decision::Reuse),
            resume: plan.count(Decision::Resume),
            uncertain: plan.count(Decision::Uncertain),
            failed: plan.count(Decision::Failed),
            elsewhere: plan.count(Decision::Elsewhere),
            blocked: plan.count(Decision::Blocked),
            cost: amounts(&plan.cost()),
            cost_now: amounts(&plan.cost_now()),
            unpriced: plan.unpriced(),
        }
    }
}

fn amounts(total: &Total) -> Vec<Price> {
    total.amounts().map(|money| Price::new(&money)).collect()
}

impl Price {
    fn new(money: &Money) -> Self {
        Self {
            amount: money.decimal(),
            currency: money.currency().to_owned(),
        }
    }
}

impl ShotDocument {
    fn new(shot: &ShotFacts, job: &Job) -> Self {
        let attempt = match job {
            Job::Create { next_attempt, .. } => Some(*next_attempt),
            _ => None,
        };
        Self {
            id: shot.id.to_string(),
            earlier_version: shot.earlier,
            decision: shot.decision.to_string(),
            reason: shot.reason.clone(),
            changes: shot.changes.iter().map(Change::new).collect(),
            mode: shot.mode.clone(),
            model: shot.model.clone(),
            resolution: shot.resolution.clone(),
            duration_s: shot.seconds,
            price: shot.price.as_ref().map(Price::new),
            estimate_s: time(shot).as_secs(),
            file: shot.file.clone(),
            depends_on: shot.depends_on.iter().map(ShotId::to_string).collect(),
            frames: shot.frames.iter().map(FrameDocument::new).collect(),
            fingerprint: shot.fingerprint.as_ref().map(|f| f.as_str().to_owned()),
            attempt,
            task_id: shot.paid_task.as_ref().map(ToString::to_string),
            video_sha256: shot.existing.as_ref().map(|video| video.sha256.clone()),
            request: link::shown(&shot.request),
        }
    }
}

impl Change {
    fn new(change: &FieldChange) -> Self {
        Self {
            field: change.field.clone(),
            before: change.before.as_ref().map(link::without_secrets),
            after: change.after.as_ref().map(link::without_secrets),
        }
    }
}

impl FrameDocument {
    fn new(frame: &FrameUse) -> Self {
        Self {
            field: frame.field.to_string(),
            shot: frame.shot.to_string(),
            at: frame.at.clone(),
            pixels_sha256: frame.pixels_sha256.clone(),
        }
    }
}
