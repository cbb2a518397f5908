//! `runner takes`: every video that was ever made for a shot, and which counts.
//!
//! Nothing is sent and nothing is deleted. Choosing puts a copy of the take under
//! the shot's name; what had the name goes to `takes/`.

use jiff::Timestamp;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::check::link;
use crate::cli::args::{ResultsArgs, TakesArgs};
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::find;
use crate::cli::load::Loaded;
use crate::cli::words::padded;
use crate::cli::{load, prepare};
use crate::event::{Decision, ShotFacts, Video};
use crate::id::ShotId;
use crate::ledger::{Ledger, Record};
use crate::manifest::model::Manifest;
use crate::plan::Plan;
use crate::plan::history::Presence;
use crate::store::Store;

pub(super) fn takes(args: &TakesArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load(&args.manifest)?;
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        console.diagnostics(&loaded);
        return Ok(Exit::ManifestInvalid);
    };
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.out.as_ref());
    let Some(digits) = &args.select else {
        let store = Store::open_read(&folder).map_err(prepare::store_error)?;
        let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
        let found = match ledger {
            Some(ledger) => list(&mut loaded, &manifest, &target, &store, &ledger)?,
            None => Vec::new(),
        };
        show(&found, args.json, console);
        return Ok(Exit::Success);
    };
    let store = Store::open(&folder).map_err(prepare::store_error)?;
    let mut ledger = prepare::ledger(&store, console)?;
    let found = list(&mut loaded, &manifest, &target, &store, &ledger)?;
    let take = pick(&found, digits)?;
    choose(take, &store, &mut ledger)?;
    console.say(format!(
        "{}: take {} is `{}` from now on",
        take.shot.id,
        short(&take.video),
        take.shot.file
    ));
    Ok(Exit::Success)
}

/// One video of one shot.
struct Take {
    shot: ShotFacts,
    record: Record,
    /// Where it is now.
    video: Video,
    presence: Presence,
}

impl Take {
    /// Whether it is what the next run uses for the shot.
    fn counts(&self) -> bool {
        let existing = self.shot.existing.as_ref();
        existing.is_some_and(|video| video.sha256 == self.video.sha256)
    }

    /// Whether it was made by what the manifest says now.
    fn is_current(&self) -> bool {
        self.shot.fingerprint.as_ref() == Some(&self.record.fingerprint)
    }
}

/// The takes of every selected shot, newest first.
fn list(
    loaded: &mut Loaded,
    manifest: &Manifest,
    target: &Target,
    store: &Store,
    ledger: &Ledger,
) -> Result<Vec<Take>, CliError> {
    let records = ledger.records().map_err(prepare::ledger_error)?;
    let results = ResultsArgs::default();
    let plan: Plan = prepare::plan(loaded, manifest, target, &results, store, &records, None)?;
    let mut takes = Vec::new();
    for shot in plan.facts.shots.into_iter().filter(|shot| !shot.earlier) {
        for (record, video, presence) in of_shot(&shot.id, &target.name, store, ledger)? {
            takes.push(Take {
                shot: shot.clone(),
                video,
                presence,
                record,
            });
        }
    }
    Ok(takes)
}

/// The takes of one shot, newest first: each with where its video is now.
pub(super) fn of_shot(
    shot: &ShotId,
    backend: &str,
    store: &Store,
    ledger: &Ledger,
) -> Result<Vec<(Record, Video, Presence)>, CliError> {
    let mut takes = Vec::new();
    for record in ledger.takes(shot).map_err(prepare::ledger_error)? {
        // A simulated clip is never taken for a paid one.
        let video = record.video.as_ref();
        let Some(video) = video.filter(|_| record.backend == backend) else {
            continue;
        };
        let (video, presence) = find(video, record.saved_at, store);
        takes.push((record, video, presence));
    }
    Ok(takes)
}

/// The one take that these digits mean.
fn pick<'t>(takes: &'t [Take], digits: &str) -> Result<&'t Take, CliError> {
    let digits = digits.to_ascii_lowercase();
    let found: Vec<&Take> = takes
        .iter()
        .filter(|take| take.video.sha256.starts_with(&digits))
        .collect();
    let same = |take: &&Take| {
        take.shot.id == found[0].shot.id && take.video.sha256 == found[0].video.sha256
    };
    if found.is_empty() {
        return Err(CliError::new(
            Exit::NothingSelected,
            format!("no take begins with `{digits}`"),
        )
        .advice("`runner takes FILE` lists them"));
    }
    if digits.len() < 4 || !found.iter().all(same) {
        return Err(
            CliError::new(Exit::Usage, format!("`{digits}` means several takes"))
                .advice("give more digits, or the shot with --only"),
        );
    }
    Ok(found[0])
}

fn choose(take: &Take, store: &Store, ledger: &mut Ledger) -> Result<(), CliError> {
    let Some(fingerprint) = &take.shot.fingerprint else {
        return Err(CliError::new(
            Exit::Usage,
            format!("`{}` waits for another shot's frame", take.shot.id),
        ));
    };
    if matches!(take.shot.decision, Decision::Resume | Decision::Uncertain) && !take.counts() {
        let message = format!("a task for `{}` is under way", take.shot.id);
        return Err(CliError::new(Exit::Usage, message)
            .advice("let `apply` collect it, or settle it with `resolve`; then choose"));
    }
    if take.presence != Presence::Present {
        let message = format!("`{}` is not there any more", take.video.path);
        return Err(CliError::new(Exit::NothingSelected, message)
            .advice("a take that was deleted cannot be chosen; `apply` fetches only what counts"));
    }
    // The file first: a choice without its file would be fetched once more.
    store
        .adopt(&take.video, &take.shot.file)
        .map_err(prepare::store_error)?;
    ledger
        .choose(fingerprint, &take.record.attempt, Timestamp::now())
        .map_err(prepare::ledger_error)
}

fn short(video: &Video) -> &str {
    video.sha256.get(..8).unwrap_or(&video.sha256)
}

fn show(takes: &[Take], as_json: bool, console: &mut Console) {
    if as_json {
        let list: Value = takes.iter().map(take_json).collect();
        console.data(format!("{list:#}"));
        return;
    }
    if takes.is_empty() {
        console.say("no video was made yet");
    }
    let widths = takes.iter().map(|take| take.shot.id.as_str().width());
    let columns = widths.max().unwrap_or(0).min(40);
    for take in takes {
        let sign = if take.counts() { '*' } else { ' ' };
        let file = match take.presence {
            Presence::Present => take.video.path.as_str(),
            Presence::Missing => "(deleted)",
            Presence::Altered => "(changed)",
        };
        let version = if take.is_current() {
            ""
        } else {
            "  of an earlier version"
        };
        console.data(format!(
            "{sign} {}  {}  {}  {file}{version}",
            padded(take.shot.id.as_str(), columns),
            short(&take.video),
            take.record.intended_at.strftime("%Y-%m-%d %H:%MZ"),
        ));
    }
}

fn take_json(take: &Take) -> Value {
    json!({
        "shot": take.shot.id.as_str(),
        "sha256": take.video.sha256,
        "counts": take.counts(),
        "earlier_version": !take.is_current(),
        "present": take.presence == Presence::Present,
        "path": take.video.path,
        "bytes": take.video.bytes,
        "task_id": take.record.task.as_ref().map(crate::id::TaskId::as_str),
        "intended_at": take.record.intended_at.to_string(),
        "request": link::shown(&take.record.request),
    })
}
