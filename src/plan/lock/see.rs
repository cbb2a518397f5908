//! A plan → what a lock of it would say, as far as that can be seen here.
//!
//! Owns the canonical form of a request. Never reads a file: which videos are on
//! disk is handed in.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::{Api, LockedShot};
use crate::check::link;
use crate::check::media::MediaField;
use crate::event::{Decision, FrameUse, ShotFacts};
use crate::id::ShotId;
use crate::plan::fingerprint::Key;
use crate::plan::{API, Plan};

/// What is known of a plan beside itself.
#[derive(Debug, Default)]
pub struct View {
    /// Whose fingerprints are wanted: the lock's backend, which a simulated run is
    /// held to as well.
    pub backend: String,
    /// SHA-256 of the documents' facts.
    pub api_sha256: String,
    /// Which of equal requests a shot is; 1 where nothing is said.
    pub occurrences: HashMap<ShotId, u32>,
    /// SHA-256 of the video of each shot, where one is there and was looked at.
    pub videos: HashMap<ShotId, String>,
    /// Whether every shot of the manifest is in the plan.
    pub whole: bool,
}

/// What a lock of a plan would say, and what is not known here.
#[derive(Debug)]
pub struct Seen {
    /// The backend that fingerprints are of.
    pub backend: String,
    /// The documents.
    pub api: Api,
    pub(super) shots: BTreeMap<String, SeenShot>,
    /// Whether the plan is of this backend: videos of another one are other videos.
    pub(super) own: bool,
    /// Whether nothing is charged: what is made again costs nothing, and comes out
    /// the same.
    pub(super) free: bool,
    /// Whether every shot of the manifest was looked at.
    pub(super) whole: bool,
}

/// One shot.
#[derive(Debug)]
pub(super) struct SeenShot {
    pub(super) fingerprint: Option<String>,
    pub(super) request: Map<String, Value>,
    pub(super) video: Video,
    /// What is on disk under its name, whatever the plan thinks of it.
    pub(super) on_disk: Option<String>,
}

/// Where a shot's video stands before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Video {
    /// It is there and counts.
    There(String),
    /// It was paid for, and this run fetches it.
    Fetched,
    /// This run would make one.
    Made,
    /// This run will not have one, and why.
    None(String),
}

impl Seen {
    /// Looks at a plan.
    pub fn new(plan: &Plan, view: &View) -> Self {
        let facts = &plan.facts;
        let own = view.backend == facts.backend;
        let kept = kept(plan);
        let shots = facts.shots.iter().enumerate();
        let shots = shots.filter(|(_, shot)| !shot.earlier).map(|(at, shot)| {
            let seen = SeenShot {
                fingerprint: fingerprint(shot, view, own),
                request: canonical_request(shot, own),
                video: video(shot, kept[at], view),
                on_disk: view.videos.get(&shot.id).cloned(),
            };
            (shot.id.to_string(), seen)
        });
        Self {
            backend: view.backend.clone(),
            api: Api {
                version: facts.spec_version.clone(),
                sha256: view.api_sha256.clone(),
            },
            shots: shots.collect(),
            own,
            free: facts.free,
            whole: view.whole,
        }
    }

    /// Whether videos and frames are of the backend that they are compared with.
    pub fn knows_takes(&self) -> bool {
        self.own
    }
}

/// Which shots have their very own video after a run: it is there, or fetched, or
/// found as soon as those are there that it needs frames of.
fn kept(plan: &Plan) -> Vec<bool> {
    let shots = &plan.facts.shots;
    let mut kept = vec![false; shots.len()];
    for at in plan.graph.order() {
        kept[at] = match shots[at].decision {
            Decision::Reuse | Decision::Resume => true,
            Decision::Wait => plan.graph.needs[at].iter().all(|&need| kept[need]),
            _ => false,
        };
    }
    kept
}

fn video(shot: &ShotFacts, kept: bool, view: &View) -> Video {
    match (shot.decision, &shot.existing) {
        // What is on disk, and not what is on record.
        (Decision::Reuse, Some(video)) => {
            let sha256 = view.videos.get(&shot.id).unwrap_or(&video.sha256);
            Video::There(sha256.clone())
        }
        (Decision::Resume, _) => Video::Fetched,
        (Decision::Wait, _) if kept => Video::Fetched,
        (decision, _) if decision.may_pay() => Video::Made,
        _ => Video::None(shot.reason.clone()),
    }
}

/// That of the plan, or what it would be with the other backend: known as long as
/// no frame of a video is in it.
fn fingerprint(shot: &ShotFacts, view: &View, own: bool) -> Option<String> {
    if own {
        let known = shot.fingerprint.as_ref();
        return known.map(|known| known.as_str().to_owned());
    }
    let key = Key {
        backend: &view.backend,
        api: API,
        request: &shot.request,
        occurrence: view.occurrences.get(&shot.id).copied().unwrap_or(1),
    };
    let alone = shot.frames.is_empty();
    alone.then(|| key.fingerprint().as_str().to_owned())
}

/// The request as a lock has it.
fn canonical_request(shot: &ShotFacts, own: bool) -> Map<String, Value> {
    let mut request = (*shot.request).clone();
    for frame in &shot.frames {
        if let Some(field) = field(frame) {
            field.place(&mut request, shown(frame, own));
        }
    }
    sorted(&link::shown(&request))
}

fn field(frame: &FrameUse) -> Option<MediaField> {
    let all = [
        MediaField::FirstFrame,
        MediaField::LastFrame,
        MediaField::Subject,
    ];
    all.into_iter()
        .find(|field| field.manifest_key() == frame.field)
}

fn shown(frame: &FrameUse, own: bool) -> Value {
    let mut shown = json!({ "shot": frame.shot.as_str(), "frame": frame.at });
    if let Some(pixels) = frame.pixels_sha256.as_ref().filter(|_| own) {
        shown["pixels_sha256"] = json!(pixels);
    }
    shown
}

/// Keys in order, at every depth, and nothing that is null: the order in which an
/// author writes fields changes nothing.
fn sorted(object: &Map<String, Value>) -> Map<String, Value> {
    let mut fields: Vec<(&String, &Value)> = object.iter().collect();
    fields.retain(|(_, value)| !value.is_null());
    fields.sort_by_key(|(key, _)| *key);
    let fields = fields.into_iter();
    fields
        .map(|(key, value)| (key.clone(), sorted_value(value)))
        .collect()
}

fn sorted_value(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(sorted(object)),
        Value::Array(items) => items.iter().map(sorted_value).collect(),
        other => other.clone(),
    }
}

impl SeenShot {
    /// As a lock has it, without a take.
    pub(super) fn locked(&self) -> LockedShot {
        LockedShot {
            fingerprint: self.fingerprint.clone(),
            take: None,
            request: self.request.clone(),
        }
    }
}
