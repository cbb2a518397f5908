//! `runner watch`: checks and plans at every save, beside an editor.
//!
//! Owns the order: look at the files, plan, listen, show, wait. Never sends,
//! never pays, and writes nothing but its output.

mod changes;
mod files;
mod show;
mod wake;

use std::collections::BTreeSet;
use std::path::PathBuf;

use self::files::Stamps;
use self::show::{Shown, show};
use self::wake::{Listening, Wake, Waker};
use crate::cli::args::{PlanArgs, PlanFormat, WatchArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::plan::{Rehearsal, rehearse};

pub(super) fn watch(args: WatchArgs, console: &mut Console) -> Result<Exit, CliError> {
    let poll = args.poll;
    let json = args.json;
    let args = PlanArgs {
        manifest: args.manifest,
        results: args.results,
        locked: false,
        save: None,
        all: false,
        requests: false,
        detailed_exitcode: false,
        format: PlanFormat::Text,
        json,
    };
    let mut waker = Waker::new(poll);
    let mut files = load::inputs(&args.manifest);
    let mut last_good = None;
    let mut number = 0;
    loop {
        // Before the files are read: what changes meanwhile is seen as a change.
        let before = Stamps::of(&files);
        let checked = rehearse(&args);
        if number == 0 && hopeless(&checked) {
            checked?;
            return Ok(Exit::Usage);
        }
        number += 1;
        keep(&mut files, &checked, &args);
        // Before anything is shown: who answers to what is shown is heard.
        let listening = waker.listen(&files);
        if let Listening::Unheard(why) = &listening {
            console.say(why);
        }
        let stamps = before.and(&files);
        let shown = Shown { number, json };
        let now = show(&shown, &checked, last_good.as_ref(), console);
        last_good = now.or(last_good);
        drop(checked);
        if let Some(exit) = wait(&waker, &stamps, &files) {
            return Ok(exit);
        }
    }
}

/// A mistake on the command line, or no manifest at all: no save mends that.
fn hopeless(checked: &Result<Rehearsal, CliError>) -> bool {
    matches!(checked, Err(error) if error.exit == Exit::Usage)
}

/// The files to look at from now on. Where nothing could be read, those of
/// before may be what is wrong.
fn keep(files: &mut BTreeSet<PathBuf>, checked: &Result<Rehearsal, CliError>, args: &PlanArgs) {
    match checked {
        Ok(rehearsal) => files.clone_from(rehearsal.files()),
        Err(_) => files.extend(load::inputs(&args.manifest)),
    }
}

/// Waits until a file differs; the exit where a signal comes first.
fn wait(waker: &Waker, stamps: &Stamps, files: &BTreeSet<PathBuf>) -> Option<Exit> {
    loop {
        if Stamps::of(files) != *stamps {
            return None;
        }
        match waker.next() {
            Wake::Look => {}
            Wake::End(exit) => return Some(exit),
        }
    }
}
