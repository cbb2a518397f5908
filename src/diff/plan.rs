//! A plan as one side of a comparison.

use serde_json::json;

use super::model::{Document, Group, Kind};
use super::side::{Fact, FrameOf, Side, SideShot, request_facts};
use crate::plan::document::{PlanDocument, Price, ShotDocument};

/// What a plan tells.
const TELLS: [Group; 9] = [
    Group::Prompt,
    Group::Settings,
    Group::Frames,
    Group::Order,
    Group::Decision,
    Group::Price,
    Group::Bytes,
    Group::File,
    Group::Program,
];

impl Side {
    /// A plan, called `name`.
    pub fn of_plan(name: &str, plan: &PlanDocument) -> Self {
        let amounts: Vec<String> = plan.totals.cost.iter().map(amount).collect();
        let facts = [
            Fact::new(Group::Settings, "backend", &*plan.backend),
            Fact::new(Group::Settings, "simulated", plan.free).map(Fact::unknown_elsewhere),
            Fact::new(Group::Settings, "base_url", &*plan.base_url)
                .map(|fact| fact.unknown_elsewhere().beside()),
            Fact::new(Group::Price, "cost", amounts.join(" + ")).map(Fact::beside),
            Fact::new(Group::Program, "runner_version", &*plan.runner_version),
            Fact::new(Group::Program, "spec_version", &*plan.spec_version),
            Fact::new(Group::Program, "price_date", &*plan.price_date),
        ];
        Self {
            document: Document {
                name: name.to_owned(),
                kind: Kind::Plan,
                manifest: Some(plan.manifest.clone()),
                run_id: None,
                shots: plan.shots.len(),
            },
            backend: Some(plan.backend.clone()),
            tells: TELLS.into(),
            facts: facts.into_iter().flatten().collect(),
            shots: plan.shots.iter().map(shot).collect(),
        }
    }
}

fn amount(price: &Price) -> String {
    format!("{} {}", price.amount, price.currency)
}

fn shot(shot: &ShotDocument) -> SideShot {
    let frames = shot.frames.iter().map(|frame| FrameOf {
        field: &frame.field,
        shot: &frame.shot,
        at: &frame.at,
        pixels_sha256: frame.pixels_sha256.as_deref(),
    });
    let mut facts = request_facts(&shot.request, frames);
    let effective = Effective {
        mode: &shot.mode,
        model: &shot.model,
        resolution: &shot.resolution,
        seconds: shot.duration_s,
    };
    facts.extend(effective.facts(&shot.request));
    let video = shot.video_sha256.as_ref();
    let rest = [
        Fact::new(Group::Decision, "decision", &*shot.decision),
        Fact::new(Group::Decision, "reason", &*shot.reason)
            .map(|fact| fact.unknown_elsewhere().beside()),
        Fact::new(Group::Price, "price", shot.price.as_ref().map(amount)),
        Fact::new(Group::File, "file", &*shot.file),
        Fact::new(
            Group::Bytes,
            "video",
            video.map(|sha256| json!({ "sha256": sha256 })),
        ),
    ];
    facts.extend(rest.into_iter().flatten());
    SideShot {
        id: shot.id.clone(),
        earlier: shot.earlier_version,
        fingerprint: shot.fingerprint.clone(),
        facts,
        why: None,
        video: None,
    }
}

/// What is in force, also where the request leaves it to the service.
#[derive(Debug, Clone, Copy)]
pub struct Effective<'a> {
    /// `T2V`, `I2V`, `FL2V` or `S2V`.
    pub mode: &'a str,
    /// The model.
    pub model: &'a str,
    /// The resolution.
    pub resolution: &'a str,
    /// The length in seconds.
    pub seconds: u32,
}

impl Effective<'_> {
    /// What the request does not say itself.
    pub fn facts(self, request: &serde_json::Map<String, serde_json::Value>) -> Vec<Fact> {
        let facts = [
            Fact::new(Group::Settings, "mode", self.mode),
            Fact::new(Group::Settings, "model", self.model),
            Fact::new(Group::Settings, "resolution", self.resolution),
            Fact::new(Group::Settings, "duration", self.seconds),
        ];
        let facts = facts.into_iter().flatten();
        facts
            .filter(|fact| !request.contains_key(&fact.field))
            .map(Fact::unknown_elsewhere)
            .collect()
    }
}
