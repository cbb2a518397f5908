//! Where results and the count of creations are kept.

use std::path::Path;

use crate::cli::config::shown;
use crate::cli::doctor::Check;
use crate::cli::env::Environment;
use crate::ledger::Ledger;
use crate::store::{Site, Store, survey};

/// Room for some hundred videos; less is worth a word.
const ROOM: u64 = 2 * 1024 * 1024 * 1024;

/// The output folder and what earlier runs left in it.
pub(super) fn results(folder: &Path) -> Vec<Check> {
    let site = survey(folder);
    let mut checks = vec![room(folder, &site)];
    if let Some(kind) = site.network {
        checks.push(
            Check::doubtful("output", format!("{} is on {kind}, which other machines share", shown(folder)))
                .help("the ledger is safe for one machine at a time: never run two on it, or choose another folder with --out"),
        );
    }
    if site.folds_case {
        let message = "`Boat.mp4` and `boat.mp4` are one file here; shots whose names differ in nothing else are refused";
        checks.push(Check::good("file names", message));
    }
    match Store::open_read(folder) {
        Ok(store) => checks.extend(earlier(&store)),
        Err(error) => checks.push(Check::bad("output", error.to_string())),
    }
    checks
}

fn room(folder: &Path, site: &Site) -> Check {
    let name = shown(folder);
    if let Some(why) = &site.unwritable {
        let message = format!("nothing can be written to {}: {why}", shown(&site.folder));
        return Check::bad("output", message)
            .help("change its permissions, or choose another folder with --out");
    }
    let free = site.free.map(|bytes| {
        let gigabytes = bytes as f64 / 1e9;
        (bytes, format!(", {gigabytes:.1} GB free"))
    });
    match free {
        Some((bytes, text)) if bytes < ROOM => {
            Check::doubtful("output", format!("{name} can be written{text}"))
                .help("make room: what was paid has to be fetched within hours")
        }
        Some((_, text)) => Check::good("output", format!("{name} can be written{text}")),
        None => Check::good("output", format!("{name} can be written")),
    }
}

fn earlier(store: &Store) -> Vec<Check> {
    let mut checks = Vec::new();
    if store.is_in_use() {
        let message = "a run is going on in this folder";
        checks.push(Check::doubtful("lock", message).help("wait for it, or stop it with Ctrl-C"));
    }
    let path = store.layout().ledger();
    let found = Ledger::open_read(&path).and_then(|ledger| {
        let Some(ledger) = ledger else {
            return Ok(None);
        };
        let damage = ledger.damage()?;
        // What cannot be understood is as bad as what is damaged.
        let count = ledger.records()?.len();
        Ok(Some((damage, count)))
    });
    checks.push(match found {
        Ok(None) => Check::good("ledger", "none yet: nothing was paid into this folder"),
        Ok(Some((damage, count))) if damage.is_empty() => {
            Check::good("ledger", format!("whole, with {count} creations on record"))
        }
        Ok(Some((damage, _))) => Check::bad("ledger", format!("damaged: {}", damage.join("; ")))
            .help("copy the folder before anything else; nothing is paid for while it is so"),
        Err(error) => {
            let help = error
                .advice()
                .unwrap_or("copy the folder before anything else");
            Check::bad("ledger", error.to_string()).help(help)
        }
    });
    checks
}

/// Where all runs of this user count their creations.
pub(super) fn state() -> Check {
    let alone = "creations per minute are counted for each run alone";
    let Some(folder) = Environment::state_folder() else {
        return Check::doubtful("state", format!("no folder for what runs share: {alone}"))
            .help("name one with RUNNER_STATE_DIR");
    };
    let site = survey(&folder);
    match site.unwritable {
        None => Check::good("state", format!("{} can be written", shown(&folder))),
        Some(why) => Check::doubtful("state", format!("{}: {why}: {alone}", shown(&folder)))
            .help("name another folder with RUNNER_STATE_DIR"),
    }
}
