//! From checked shots to a plan: output folder, earlier runs, prices.
//!
//! Shared by `plan`, which only looks, and `apply`, which takes the lock.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::check::CheckedShot;
use crate::cli::args::{ResultsArgs, RetryWhat};
use crate::cli::backend::Target;
use crate::cli::checks;
use crate::cli::choose;
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::{Memory, history};
use crate::cli::load::Loaded;
use crate::id::{RunId, ShotId};
use crate::ledger::{Ledger, LedgerError, Records};
use crate::manifest::model::{Limits, Manifest};
use crate::media::album::Album;
use crate::plan::frames::FrameLibrary;
use crate::plan::price::PriceTable;
use crate::plan::{self, Plan, Retry};
use crate::spec::Spec;
use crate::store::{self, Rescued, Store, StoreError};

/// How long a task may take where the author says nothing (minimax-api.md 6.3).
pub(super) const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// Where simulated clips go by default, so that they never mix with paid ones.
const SIMULATED: &str = "simulated";

/// Where a replay goes by default, which begins with nothing each time.
const REPLAYED: &str = "replayed";

/// The output folder of a run.
pub(super) fn output_folder(
    loaded: &Loaded,
    manifest: &Manifest,
    target: &Target,
    flag: Option<&PathBuf>,
) -> PathBuf {
    if let Some(folder) = flag {
        folder.clone()
    } else {
        let folder = loaded.folder.join(manifest.output.dir());
        if target.replayed {
            folder.join(REPLAYED)
        } else if target.simulated {
            folder.join(SIMULATED)
        } else {
            folder
        }
    }
}

/// The ledger of an output folder, to be written. What could not be written
/// into it when it was paid is taken in first.
pub(super) fn ledger(store: &Store, console: &mut Console) -> Result<Ledger, CliError> {
    let mut ledger = Ledger::open(&store.layout().ledger()).map_err(ledger_error)?;
    let unreadable = |source| {
        CliError::new(
            Exit::Internal,
            "paid tasks that were rescued cannot be read",
        )
        .because(source)
    };
    let rescued = store.rescued().map_err(unreadable)?;
    if rescued.is_empty() {
        return Ok(ledger);
    }
    let mut unknown = 0;
    for Rescued {
        shot,
        attempt,
        task,
    } in &rescued
    {
        let found = ledger
            .settle(attempt, task, Timestamp::now())
            .map_err(ledger_error)?;
        if found {
            console.say(format!("{shot}: task {task} is in the ledger now"));
        } else {
            unknown += 1;
            console.say(format!(
                "{shot}: task {task} was paid, and this ledger does not know its attempt {attempt}"
            ));
        }
    }
    // Lines that no ledger takes stay: nothing else knows them.
    if unknown == 0 {
        store.forget_rescued().map_err(unreadable)?;
    }
    Ok(ledger)
}

/// The price table of an account, with the manifest's prices over it.
pub(super) fn prices(manifest: &Manifest, target: &Target) -> PriceTable {
    let mut table = PriceTable::bundled(target.currency());
    for own in &manifest.prices {
        table.set(
            &own.model.value,
            &own.resolution.value,
            own.duration.value,
            own.price.value.clone(),
        );
    }
    table
}

/// Decides on every shot by what earlier runs left.
pub(super) fn plan(
    loaded: &mut Loaded,
    manifest: &Manifest,
    target: &Target,
    results: &ResultsArgs,
    store: &Store,
    records: &Records,
    deadline: Option<Duration>,
) -> Result<Plan, CliError> {
    let strangers = if target.simulated {
        HashSet::new()
    } else {
        strangers(&loaded.shots, store, records, &target.name)
    };
    let frames: Arc<dyn FrameLibrary> = Arc::new(album(store));
    loaded.examiner = checks::examiner(loaded, target, store, &frames)?;
    let context = plan::Context {
        run_id: run_id(),
        manifest: loaded.sources.get(crate::diag::SourceId(0)).name.clone(),
        backend: target.name.clone(),
        base_url: target.base_url.clone(),
        spec_version: spec_version(),
        free: target.simulated,
        prices: prices(manifest, target),
        history: history(records, store, memory(target)),
        retry: match results.retry {
            Some(RetryWhat::Failed) => Retry::Failed,
            None => Retry::Nothing,
        },
        now: Timestamp::now(),
        deadline: deadline.unwrap_or_else(|| self::deadline(&manifest.limits)),
        selected: None,
        strangers,
        force: HashSet::new(),
        frames,
    };
    choose::plan(loaded, records, context)
}

/// Frames of the videos that are there.
fn album(store: &Store) -> Album {
    let (layout, ffmpeg) = (store.layout().clone(), Environment::ffmpeg());
    if store.is_locked() {
        Album::new(layout, ffmpeg)
    } else {
        Album::only_looking(layout, ffmpeg)
    }
}

/// How long a task may take, by the manifest or as is usual.
pub(super) fn deadline(limits: &Limits) -> Duration {
    let written = limits.deadline.as_ref();
    written.map_or(DEADLINE, |deadline| deadline.value)
}

/// Shots whose file is there although no run is on record that made it: its
/// ledger may have been left behind or deleted.
fn strangers(
    shots: &[CheckedShot],
    store: &Store,
    records: &Records,
    backend: &str,
) -> HashSet<ShotId> {
    shots
        .iter()
        .filter(|shot| !records.knows_file(backend, &shot.file))
        // Anything but a file is in the way, which is said elsewhere.
        .filter(|shot| {
            let path = store.layout().path(&shot.file);
            let found = path.symlink_metadata();
            // Some run made it, under another name or for nothing.
            let made = || store::digest(&path).is_ok_and(|sha256| records.knows_video(&sha256));
            found.is_ok_and(|found| found.is_file()) && !made()
        })
        .map(|shot| shot.id.clone())
        .collect()
}

/// Whether tasks of earlier runs can still be asked for.
pub(super) fn memory(target: &Target) -> Memory {
    if target.simulated {
        Memory::Forgets
    } else {
        Memory::Keeps
    }
}

/// The version that the bundled documents carry.
pub(super) fn spec_version() -> String {
    Spec::bundled()
        .bundle()
        .pointer("/info/version")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Sorts by time. The process id alone does not tell two runs of one second
/// apart where every container has the same one.
fn run_id() -> RunId {
    let now = Timestamp::now();
    let time = now.strftime("%Y%m%dT%H%M%S");
    let micros = now.subsec_microsecond();
    let process = std::process::id() & 0xF_FFFF;
    RunId::new(format!("{time}.{micros:06}Z-{process:05x}"))
}

/// A folder that cannot be used.
pub(super) fn store_error(error: StoreError) -> CliError {
    let advice = error.advice().map(ToOwned::to_owned);
    let mut failed =
        CliError::new(Exit::Internal, "the output folder cannot be used").because(error);
    failed.advice = advice;
    failed
}

/// A ledger that cannot be used.
pub(super) fn ledger_error(error: LedgerError) -> CliError {
    let advice = error.advice().map(ToOwned::to_owned);
    let mut failed = CliError::new(
        Exit::Internal,
        "the ledger cannot be used, and nothing is paid for without it",
    )
    .because(error);
    failed.advice = advice;
    failed
}
