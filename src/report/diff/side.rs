//! A report as one side of a comparison.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diff::{
    Clip, Document, Effective, Fact, FrameOf, Group, Kind, Side, SideShot, request_facts,
};
use crate::report::Report;
use crate::report::model::Shot;
use crate::report::twin::{Video, sum};
use crate::report::verdict::Verdict;

impl Side {
    /// A report, called `name`.
    pub fn of_report(name: &str, report: &Report) -> Self {
        let run = &report.run;
        Self {
            document: Document {
                name: name.to_owned(),
                kind: Kind::Report,
                manifest: report.manifest.clone(),
                run_id: run.run_id.clone(),
                shots: report.shots.len(),
            },
            backend: report.backend.clone(),
            tells: BTreeSet::from(Group::ALL),
            facts: whole(report),
            shots: report.shots.iter().map(shot).collect(),
        }
    }
}

/// What is said of the run as a whole.
fn whole(report: &Report) -> Vec<Fact> {
    let run = &report.run;
    let totals = &report.totals;
    let stopped = report.stopped.as_ref();
    let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(&**text));
    let facts = [
        Fact::new(Group::Settings, "backend", text(&report.backend)),
        Fact::new(Group::Settings, "simulated", report.simulated).map(Fact::unknown_elsewhere),
        Fact::new(Group::Settings, "base_url", text(&run.base_url))
            .map(|fact| fact.unknown_elsewhere().beside()),
        Fact::new(Group::Outcome, "finished", report.finished),
        Fact::new(
            Group::Outcome,
            "stopped",
            stopped.map(|stopped| json!(stopped.code)),
        ),
        Fact::new(Group::Price, "spent", sum(&totals.spent)).map(Fact::beside),
        Fact::new(Group::Price, "list_price", sum(&totals.list_price)).map(Fact::beside),
        Fact::new(
            Group::Program,
            "runner_version",
            text(&report.runner_version),
        ),
        Fact::new(Group::Program, "spec_version", text(&report.spec_version)),
        Fact::new(Group::Program, "price_date", text(&report.price_date)),
        Fact::new(Group::Run, "run_id", text(&run.run_id)),
        Fact::new(
            Group::Run,
            "started_at",
            run.started_at.map(|at| at.to_string()),
        ),
        Fact::new(Group::Run, "elapsed_ms", run.elapsed_ms),
    ];
    facts.into_iter().flatten().collect()
}

fn shot(shot: &Shot) -> SideShot {
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
    facts.extend(labels(shot));
    facts.extend(ending(shot));
    facts.extend(shot.video.iter().flat_map(video));
    facts.extend(shot.verdict.iter().flat_map(checks));
    facts.extend(of_this_run(shot));
    SideShot {
        id: shot.id.clone(),
        earlier: shot.earlier_version,
        fingerprint: shot.fingerprint.clone(),
        facts,
        why: shot.outcome_reason.as_ref().map(|why| why.message.clone()),
        video: shot.video.as_ref().map(clip),
    }
}

fn labels(shot: &Shot) -> impl Iterator<Item = Fact> {
    let scene = shot.scene.as_ref();
    let title = scene.map(|scene| scene.title.as_ref().unwrap_or(&scene.id));
    let tags = (!shot.tags.is_empty()).then(|| json!(shot.tags));
    let facts = [
        Fact::new(
            Group::Labels,
            "scene",
            title.map(|title| Value::from(&**title)),
        ),
        Fact::new(Group::Labels, "tags", tags),
    ];
    facts.into_iter().flatten()
}

/// What was decided and what came of it.
fn ending(shot: &Shot) -> impl Iterator<Item = Fact> {
    let why = shot.outcome_reason.as_ref();
    let error = shot.error.as_ref();
    let facts = [
        Fact::new(Group::Decision, "decision", shot.decision.as_str()),
        Fact::new(Group::Decision, "reason", &*shot.reason)
            .map(|fact| fact.unknown_elsewhere().beside()),
        Fact::new(Group::Outcome, "outcome", shot.outcome.as_str()),
        Fact::new(Group::Outcome, "why", why.map(|why| why.code.as_str())),
        Fact::new(
            Group::Outcome,
            "error",
            error.map(|error| error.class.as_str()),
        ),
        Fact::new(
            Group::Outcome,
            "error_code",
            error.and_then(|error| error.code),
        ),
        // The service may put a number of its own into every message.
        Fact::new(
            Group::Outcome,
            "message",
            why.map(|why| Value::from(&*why.message)),
        )
        .map(Fact::beside),
        Fact::new(
            Group::Price,
            "price",
            shot.price.as_ref().map(ToString::to_string),
        ),
    ];
    facts.into_iter().flatten()
}

fn video(video: &Video) -> impl Iterator<Item = Fact> + use<> {
    let facts = [
        Fact::new(
            Group::Video,
            "size",
            format!("{}x{}", video.width, video.height),
        ),
        Fact::new(Group::Video, "duration_ms", video.duration_ms),
        Fact::new(Group::Video, "fps", video.fps),
        Fact::new(Group::Video, "codec", &*video.codec),
        Fact::new(Group::Bytes, "video", json!({ "sha256": video.sha256 })),
        Fact::new(Group::Bytes, "bytes", video.bytes).map(Fact::beside),
        Fact::new(Group::File, "file", &*video.path),
    ];
    facts.into_iter().flatten()
}

/// What the checks said; what they found is another number in every run.
fn checks(verdict: &Verdict) -> Vec<Fact> {
    let mut facts = Vec::new();
    facts.extend(Fact::new(Group::Checks, "checks", verdict.result.as_str()));
    for check in &verdict.checks {
        let name = &check.name;
        let expected = format!("{name} expected");
        let found = format!("{name} found");
        facts.extend(Fact::new(Group::Checks, name, check.result.as_str()));
        facts.extend(Fact::new(Group::Checks, &expected, &*check.expected));
        facts.extend(Fact::new(Group::Checks, &found, &*check.found).map(Fact::beside));
    }
    if let Some(takes) = &verdict.takes {
        let passed = format!("{} of {} passed", takes.passed, takes.there);
        facts.extend(Fact::new(Group::Checks, "takes", passed).map(Fact::beside));
    }
    facts
}

fn clip(video: &Video) -> Clip {
    Clip {
        path: video.path.clone(),
        sha256: video.sha256.clone(),
        duration_ms: video.duration_ms,
        fps: video.fps,
    }
}

/// What no second run has again.
fn of_this_run(shot: &Shot) -> impl Iterator<Item = Fact> {
    let run = &shot.run;
    let took = run.created_at.zip(run.ended_at).map(|(created, ended)| {
        let took = ended.duration_since(created).as_millis();
        u64::try_from(took).unwrap_or(0)
    });
    let task = shot.task_id.as_ref().map(|task| Value::from(&**task));
    let facts = [
        Fact::new(Group::Run, "time_ms", took),
        Fact::new(Group::Run, "retries", run.retries),
        Fact::new(Group::Run, "task_id", task),
    ];
    facts.into_iter().flatten()
}
