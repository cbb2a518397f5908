//! A plan that was kept: what it was made from, and what moved since.
//!
//! Owns the plan file's format and the comparison of two plans. Nothing in a
//! file is carried out: a fresh plan is, when it is the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::event::FieldChange;
use crate::plan::changes;
use crate::plan::document::{PlanDocument, SCHEMA_VERSION, ShotDocument};

/// What a plan file says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// The only kind.
    #[serde(rename = "runner plan")]
    RunnerPlan,
}

/// A plan and everything that it depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "runner plan --save")]
pub struct PlanFile {
    /// What this file is.
    pub format: Format,
    /// Version of the format.
    pub schema_version: String,
    /// What `runner plan` was called with.
    pub arguments: Arguments,
    /// Every text and every picture that was read.
    pub files: Vec<FileRead>,
    /// What is to be done.
    pub plan: PlanDocument,
}

/// The arguments that a plan depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags, one for each of the command line"
)]
pub struct Arguments {
    /// The manifest, relative to the working folder unless it is absolute.
    pub manifest: String,
    /// `--var`
    pub vars: Vec<Var>,
    /// `--vars-file`
    pub vars_files: Vec<String>,
    /// `--only`
    pub only: Vec<String>,
    /// `--changed`
    pub changed: bool,
    /// `--failed`
    pub failed: bool,
    /// `--shard`
    pub shard: Option<String>,
    /// `--simulate`
    pub simulate: bool,
    /// `--backend`
    pub backend: Option<String>,
    /// `--profile`
    pub profile: Option<String>,
    /// `--deny`: it decides whether the plan is carried out.
    pub deny: Vec<String>,
    /// `--allow`
    pub allow: Vec<String>,
    /// `--out`
    pub out: Option<String>,
    /// `--force`
    pub force: Vec<String>,
    /// Whether `--retry failed` was said.
    pub retry_failed: bool,
}

/// A variable that was set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Var {
    /// Its name.
    pub name: String,
    /// Its value, as it was typed.
    pub value: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileRead {
    /// Where it is.
    pub path: String,
    /// SHA-256 of what is in it.
    pub sha256: String,
}

/// Why a text is no plan file that can be used.
#[derive(Debug, thiserror::Error)]
pub enum NoPlan {
    /// It ends too early, or something else is in it.
    #[error("it is damaged, or no plan")]
    Damaged(#[source] serde_json::Error),
    /// It was written by another generation of this program.
    #[error("its format has version {0}, and this program knows version {SCHEMA_VERSION}")]
    Version(String),
}

impl PlanFile {
    /// A plan to be kept.
    pub fn new(arguments: Arguments, files: Vec<FileRead>, plan: PlanDocument) -> Self {
        Self {
            format: Format::RunnerPlan,
            schema_version: SCHEMA_VERSION.to_owned(),
            arguments,
            files,
            plan,
        }
    }

    /// Reads what [`PlanFile`] is written as.
    pub fn parse(text: &str) -> Result<Self, NoPlan> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "format")]
            _format: Format,
            schema_version: String,
        }
        let head: Head = serde_json::from_str(text).map_err(NoPlan::Damaged)?;
        if major(&head.schema_version) != major(SCHEMA_VERSION) {
            return Err(NoPlan::Version(head.schema_version));
        }
        serde_json::from_str(text).map_err(NoPlan::Damaged)
    }

    /// What moved since; empty where `now` would do the very same.
    pub fn moved(&self, now: &PlanDocument, files: &[FileRead]) -> Vec<Moved> {
        let mut moved: Vec<Moved> = whole(&self.plan, now).into_iter().collect();
        moved.extend(files_moved(&self.files, files));
        moved.extend(shots_moved(&self.plan.shots, &now.shots));
        moved
    }
}

/// Whether a text says that it is a plan file, however damaged.
pub fn looks_like_a_plan(text: &str) -> bool {
    let Some(inside) = text.trim_start().strip_prefix('{') else {
        return false;
    };
    let mut inside = inside.split_whitespace();
    let beginning: Vec<&str> = inside.by_ref().take(3).collect();
    beginning.concat().starts_with("\"format\":\"runnerplan\"")
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// What: a shot, a file, or the program.
    pub what: What,
    /// How.
    pub changes: Vec<FieldChange>,
}

/// What can move under a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Everything at once, for example the program itself.
    Plan,
    /// A file.
    File(String),
    /// A shot.
    Shot(String),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("the whole plan"),
            Self::File(path) => write!(f, "file `{path}`"),
            Self::Shot(id) => write!(f, "shot `{id}`"),
        }
    }
}

fn whole(then: &PlanDocument, now: &PlanDocument) -> Option<Moved> {
    let facts = |plan: &PlanDocument| {
        object(json!({
            "runner_version": plan.runner_version,
            "spec_version": plan.spec_version,
            "manifest": plan.manifest,
            "backend": plan.backend,
            "base_url": plan.base_url,
            "free": plan.free,
            "price_date": plan.price_date,
        }))
    };
    let changes = changes::between(&facts(then), &facts(now));
    let what = What::Plan;
    (!changes.is_empty()).then_some(Moved { what, changes })
}

fn files_moved(then: &[FileRead], now: &[FileRead]) -> Vec<Moved> {
    let by_path = |files: &[FileRead]| -> BTreeMap<String, Value> {
        let files = files.iter();
        files
            .map(|file| (file.path.clone(), json!({ "sha256": file.sha256 })))
            .collect()
    };
    paired(&by_path(then), &by_path(now))
        .into_iter()
        .map(|(path, change)| Moved {
            what: What::File(path),
            changes: vec![change],
        })
        .collect()
}

/// What differs, with a field of its own for what came and what went.
fn paired(
    then: &BTreeMap<String, Value>,
    now: &BTreeMap<String, Value>,
) -> Vec<(String, FieldChange)> {
    let all: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    all.into_iter()
        .filter(|key| then.get(*key) != now.get(*key))
        .map(|key| {
            let change = FieldChange {
                field: "content".to_owned(),
                before: then.get(key).cloned(),
                after: now.get(key).cloned(),
            };
            (key.clone(), change)
        })
        .collect()
}

fn shots_moved<'s>(then: &'s [ShotDocument], now: &'s [ShotDocument]) -> Vec<Moved> {
    let by_id = |shots: &'s [ShotDocument]| -> HashMap<&'s str, &'s ShotDocument> {
        shots.iter().map(|shot| (shot.id.as_str(), shot)).collect()
    };
    let (before, after) = (by_id(then), by_id(now));
    let mut moved = Vec::new();
    for old in then {
        let changes = match after.get(old.id.as_str()) {
            Some(new) => shot_moved(old, new),
            None => vec![came_or_went(Some(old), None)],
        };
        push(&mut moved, &old.id, changes);
    }
    for new in now
        .iter()
        .filter(|new| !before.contains_key(new.id.as_str()))
    {
        push(&mut moved, &new.id, vec![came_or_went(None, Some(new))]);
    }
    moved
}

fn push(moved: &mut Vec<Moved>, id: &str, changes: Vec<FieldChange>) {
    if !changes.is_empty() {
        let what = What::Shot(id.to_owned());
        moved.push(Moved { what, changes });
    }
}

fn came_or_went(old: Option<&ShotDocument>, new: Option<&ShotDocument>) -> FieldChange {
    let decision = |shot: &ShotDocument| Value::String(shot.decision.clone());
    FieldChange {
        field: "decision".to_owned(),
        before: old.map(decision),
        after: new.map(decision),
    }
}

/// What is done, for how much; then what is asked for, word by word.
fn shot_moved(old: &ShotDocument, new: &ShotDocument) -> Vec<FieldChange> {
    let mut found = changes::between(&outcome(old), &outcome(new));
    found.extend(changes::between(&old.request, &new.request));
    // A link with another query, or the second of two shots that was the first.
    if found.is_empty() && old.fingerprint != new.fingerprint {
        let print = |shot: &ShotDocument| shot.fingerprint.clone().map(Value::String);
        found.push(FieldChange {
            field: "fingerprint".to_owned(),
            before: print(old),
            after: print(new),
        });
    }
    found
}

fn outcome(shot: &ShotDocument) -> Map<String, Value> {
    let frames: Vec<String> = shot
        .frames
        .iter()
        .map(|frame| {
            let pixels = frame.pixels_sha256.as_deref().unwrap_or("not there yet");
            format!("{} of {}: {pixels}", frame.at, frame.shot)
        })
        .collect();
    let price = shot.price.as_ref();
    let facts = json!({
        "decision": shot.decision,
        "reason": shot.reason,
        "price": price.map(|price| format!("{} {}", price.amount, price.currency)),
        "file": shot.file,
        "frames": frames.join(", "),
        "attempt": shot.attempt,
        "task": shot.task_id,
        "video": shot.video_sha256.as_ref().map(|sha256| json!({ "sha256": sha256 })),
    });
    let known = object(facts)
        .into_iter()
        .filter(|(_, value)| !value.is_null());
    known.collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
