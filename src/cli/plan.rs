//! `runner plan`: what `apply` would do, why, and what it would cost.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::args::{PlanArgs, ResultsArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::words::{cost, money_json};
use crate::cli::{prepare, render};
use crate::diag::Diagnostic;
use crate::event::{Decision, FrameUse, ShotFacts};
use crate::ledger::{Ledger, Records};
use crate::money::Money;
use crate::plan::Plan;
use crate::store::Store;

/// Shots of a chain that are named one by one.
const CHAIN_SHOWN: usize = 8;

pub(super) fn plan(args: &PlanArgs, console: &mut Console) -> Result<Exit, CliError> {
    let rehearsal = rehearse(args)?;
    if args.json {
        console.data(format!("{:#}", rehearsal.as_json()));
    } else {
        console.diagnostics(&rehearsal.loaded);
    }
    let Some(plan) = rehearsal.plan else {
        return Ok(Exit::ManifestInvalid);
    };
    if !args.json {
        console.data(as_text(&plan));
    }
    Ok(if plan.count(Decision::Uncertain) > 0 {
        Exit::Uncertain
    } else {
        Exit::Success
    })
}

/// A manifest and what `apply` would do with it; nothing was sent or written.
pub struct Rehearsal {
    loaded: Loaded,
    plan: Option<Plan>,
}

/// Does what `runner plan` does before it shows anything.
pub fn rehearse(args: &PlanArgs) -> Result<Rehearsal, CliError> {
    let mut loaded = load::load_forced(&args.manifest, &args.results.force)?;
    let plan = if loaded.has_errors() {
        None
    } else {
        make(&mut loaded, &args.results)?
    };
    Ok(Rehearsal { loaded, plan })
}

impl Rehearsal {
    /// Every mistake and every lint.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.loaded.diagnostics
    }

    /// Every file that was read for it, or looked for.
    pub(super) fn files(&self) -> &BTreeSet<PathBuf> {
        &self.loaded.files
    }

    /// Shows every mistake and every lint to a person.
    pub(super) fn tell(&self, console: &mut Console) {
        console.diagnostics(&self.loaded);
    }

    /// Every mistake and every lint, as a program reads them.
    pub(super) fn diagnostics_json(&self) -> Value {
        render::diagnostics_json(&self.loaded.diagnostics, &self.loaded.sources)
    }

    /// What would be done; `None` while a mistake stands in the way.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// The plan, to be carried out.
    pub fn into_plan(self) -> Option<Plan> {
        self.plan
    }

    /// All of it as a person reads it.
    pub fn as_text(&self, colour: bool) -> String {
        let mut text = render::diagnostics(&self.loaded.diagnostics, &self.loaded.sources, colour);
        if let Some(plan) = &self.plan {
            text.push_str(&as_text(plan));
        }
        text
    }

    /// All of it as a program reads it.
    pub fn as_json(&self) -> Value {
        as_json(&self.loaded, self.plan.as_ref())
    }
}

pub(super) fn make(loaded: &mut Loaded, results: &ResultsArgs) -> Result<Option<Plan>, CliError> {
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        return Ok(None);
    };
    let folder = prepare::output_folder(loaded, &manifest, &target, results.out.as_ref());
    let store = Store::open_read(&folder).map_err(prepare::store_error)?;
    let records = read_records(&store)?;
    let plan = prepare::plan(loaded, &manifest, &target, results, &store, &records, None)?;
    loaded.manifest = Some(manifest);
    Ok(Some(plan))
}

/// Everything on record in an output folder; nothing where there is no ledger yet.
pub(super) fn read_records(store: &Store) -> Result<Records, CliError> {
    Ledger::read(&store.layout().ledger()).map_err(prepare::ledger_error)
}

/// The plan as a person reads it: a block for each shot, then the sums.
fn as_text(plan: &Plan) -> String {
    let mut text = String::new();
    for shot in &plan.facts.shots {
        text.push_str(&block(shot));
        text.push('\n');
    }
    text.push_str(&summary(plan));
    text.push_str(&longest_chain(plan));
    render::calm(&text)
}

/// `longest chain: a -> b -> c, 3 videos one after the other, about 6 min`.
fn longest_chain(plan: &Plan) -> String {
    let (chain, time) = plan.longest_chain();
    let names: Vec<&str> = chain.iter().map(|shot| shot.id.as_str()).collect();
    let Some(count) = Some(names.len()).filter(|&count| count > 1) else {
        return String::new();
    };
    let shown = match names.as_slice() {
        [first, second, .., last] if count > CHAIN_SHOWN => {
            format!("{first} -> {second} -> … -> {last}")
        }
        names => names.join(" -> "),
    };
    format!(
        "\nlongest chain: {shown}, {count} videos one after the other, about {} min at the service",
        time.as_secs().div_ceil(60)
    )
}

/// The frames that a shot is made from, a line each.
fn frames(shot: &ShotFacts) -> String {
    let line = |frame: &FrameUse| {
        let digest = frame.pixels_sha256.as_deref();
        let digest = digest.and_then(|digest| digest.get(..8));
        let taken = digest.map_or_else(|| "not there yet".to_owned(), |d| format!("pixels {d}"));
        let FrameUse {
            field, shot, at, ..
        } = frame;
        format!("    {field} <- {at} of {shot} ({taken})\n")
    };
    shot.frames.iter().map(line).collect()
}

fn block(shot: &ShotFacts) -> String {
    let sign = match shot.decision {
        Decision::Create => "+",
        Decision::Wait => "*",
        Decision::Reuse => "=",
        Decision::Resume => ">",
        Decision::Uncertain => "?",
        Decision::Failed => "x",
        Decision::Elsewhere => "~",
        Decision::Blocked => "!",
    };
    let price = shot
        .price
        .as_ref()
        .map_or_else(|| "no price".to_owned(), Money::to_string);
    let request = serde_json::Value::Object((*shot.request).clone());
    format!(
        "{sign} {id}: {decision} ({reason})\n    {mode}  {resolution}  {seconds} s  {price}  -> {file}\n{frames}    {request}\n",
        frames = frames(shot),
        id = shot.id,
        decision = shot.decision,
        reason = shot.reason,
        mode = shot.mode,
        resolution = shot.resolution,
        seconds = shot.seconds,
        file = shot.file,
    )
}

/// The sums of a plan in one line.
pub(super) fn summary(plan: &Plan) -> String {
    let counts: Vec<String> = Decision::ALL
        .into_iter()
        .map(|decision| (decision, plan.count(decision)))
        .filter(|(_, count)| *count > 0)
        .map(|(decision, count)| format!("{count} to {}", verb(decision)))
        .collect();
    let list = format!("by the prices of {}", plan.facts.price_date);
    let cost = cost(&plan.cost(), plan.unpriced());
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
        Decision::Wait => "decide when their frames are there",
        Decision::Reuse => "reuse",
        Decision::Resume => "collect",
        Decision::Uncertain => "settle by hand",
        Decision::Failed => "leave as failed",
        Decision::Elsewhere => "collect elsewhere",
        Decision::Blocked => "leave out",
    }
}

fn as_json(loaded: &Loaded, plan: Option<&Plan>) -> Value {
    let mut report = render::diagnostics_json(&loaded.diagnostics, &loaded.sources);
    if let Some(plan) = plan {
        report["backend"] = json!(plan.facts.backend);
        report["price_date"] = json!(plan.facts.price_date);
        report["totals"] = totals(plan);
        let (chain, time) = plan.longest_chain();
        report["longest_chain"] = json!({
            "shots": chain.iter().map(|shot| shot.id.as_str()).collect::<Vec<_>>(),
            "estimate_s": time.as_secs(),
        });
        report["shots"] = plan.facts.shots.iter().map(shot_json).collect();
    }
    report
}

/// The sums of a plan for programs.
pub(super) fn totals(plan: &Plan) -> Value {
    json!({
        "create": plan.count(Decision::Create),
        "wait": plan.count(Decision::Wait),
        "reuse": plan.count(Decision::Reuse),
        "resume": plan.count(Decision::Resume),
        "uncertain": plan.count(Decision::Uncertain),
        "failed": plan.count(Decision::Failed),
        "elsewhere": plan.count(Decision::Elsewhere),
        "blocked": plan.count(Decision::Blocked),
        "cost": plan.cost().amounts().map(|money| money_json(&money)).collect::<Vec<_>>(),
        "unpriced": plan.unpriced(),
    })
}

fn shot_json(shot: &ShotFacts) -> Value {
    json!({
        "id": shot.id.as_str(),
        "earlier_version": shot.earlier,
        "decision": shot.decision.as_str(),
        "reason": shot.reason,
        "mode": shot.mode,
        "model": shot.model,
        "resolution": shot.resolution,
        "duration_s": shot.seconds,
        "price": shot.price.as_ref().map(money_json),
        "file": shot.file,
        "depends_on": shot.depends_on.iter().map(super::super::id::ShotId::as_str).collect::<Vec<_>>(),
        "frames": shot.frames.iter().map(|frame| json!({
            "field": frame.field,
            "shot": frame.shot.as_str(),
            "at": frame.at,
            "pixels_sha256": frame.pixels_sha256,
        })).collect::<Vec<_>>(),
        "fingerprint": shot.fingerprint.as_ref().map(super::super::id::Fingerprint::as_str),
        "request": shot.request,
    })
}
