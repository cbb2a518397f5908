//! `apply --replay`: a recording in the place of the service.
//!
//! Owns what is said of requests that are not in it, before anything runs as far as
//! the plan knows them, and after the run for the others.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::cli::args::{ApplyArgs, ManifestArgs};
use crate::cli::backend::{SIMULATOR, Target};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::plan::difference::{self, Marks};
use crate::cli::record::unusable;
use crate::cli::render::calm;
use crate::cli::words::{shots, slashes};
use crate::engine::Settings;
use crate::event::FieldChange;
use crate::id::ShotId;
use crate::plan::{Job, Plan, changes};
use crate::recording::{Asked, Meta, Recording};
use crate::replay::{Deck, Miss, Replay};
use crate::spec::Spec;

/// Requests that are listed before a person has seen enough.
const SHOWN: usize = 20;

/// How much faster than life a replay is: nobody waits.
const TIME_SCALE: u32 = 1_000_000;

/// The longest that a shot is tried: a replayed service asks for a day where it has
/// nothing more to say.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// A recording that is to be replayed.
pub(super) struct Replayed {
    deck: Deck,
    folder: String,
}

impl Replayed {
    /// Reads the recording that was named, if one was.
    pub(super) fn open(args: &ApplyArgs, console: &mut Console) -> Result<Option<Self>, CliError> {
        let Some(folder) = &args.recording.replay else {
            return Ok(None);
        };
        let recording = Recording::open(folder).map_err(unusable)?;
        recording.verify().map_err(unusable)?;
        let replayed = Self {
            folder: slashes(folder),
            deck: Deck::new(recording),
        };
        for word in replayed.words() {
            console.say(word);
        }
        Ok(Some(replayed))
    }

    /// What is to be known of it before it is replayed.
    fn words(&self) -> Vec<String> {
        let (recording, folder) = (self.deck.recording(), &self.folder);
        let meta = self.meta();
        let count = recording.entries.len();
        let mut words = vec![format!(
            "replaying {count} exchanges of `{folder}`, begun with runner {}",
            meta.runner_version
        )];
        let here = Meta::new(&meta.backend, "", Spec::bundled(), "");
        if here.spec_sha256 != meta.spec_sha256 {
            words.push(format!(
                "the recording was begun with other API documents, of {}",
                meta.spec_version
            ));
        }
        if recording.cut_off {
            words.push(
                "the run that recorded last was cut off: what it heard until then is replayed"
                    .to_owned(),
            );
        }
        words
    }

    fn meta(&self) -> &Meta {
        &self.deck.recording().meta
    }

    /// The arguments under which the manifest is read: nothing of this machine has a
    /// say in which service it is.
    pub(super) fn arguments(&self, args: &ManifestArgs) -> ManifestArgs {
        let simulate = self.meta().backend == SIMULATOR;
        ManifestArgs {
            simulate,
            backend: (!simulate).then(|| self.meta().backend.clone()),
            profile: None,
            ..args.clone()
        }
    }

    /// The service that was recorded, of which nobody asks a key.
    pub(super) fn target(&self, target: Target) -> Target {
        Target {
            simulated: true,
            replayed: true,
            base_url: self.meta().base_url.clone(),
            ..target
        }
    }

    /// Says of every request that the plan knows and the recording does not what is
    /// different about it; `false` where there is any.
    pub(super) fn has_all(&self, plan: &Plan, console: &mut Console) -> bool {
        let jobs = plan.facts.shots.iter().zip(&plan.jobs);
        let made = jobs.filter(|(_, job)| matches!(job, Job::Create { .. }));
        let asked: Vec<(ShotId, Asked)> = made
            .filter_map(|(shot, _)| Some((shot.id.clone(), Asked::of_shown(&shot.request)?)))
            .collect();
        let missing = self.deck.deal(&asked);
        let missing: Vec<(&str, &Map<String, Value>)> = missing
            .into_iter()
            .map(|at| (asked[at].0.as_str(), &asked[at].1.shown))
            .collect();
        if missing.is_empty() {
            return true;
        }
        say(&self.deck, &missing, console);
        let count = shots(missing.len());
        console.say(format!(
            "{count} not in the recording `{}`; nothing was run",
            self.folder
        ));
        false
    }

    /// Serves it.
    pub(super) async fn serve(self, deadline: Duration) -> Result<Serving, CliError> {
        let Self { deck, folder } = self;
        let replay = Replay::start(deck, deadline).await;
        let replay = replay.map_err(|error| {
            CliError::new(Exit::Internal, "the recording cannot be served").because(error)
        })?;
        Ok(Serving { replay, folder })
    }
}

/// A recording that is being served.
pub(super) struct Serving {
    replay: Replay,
    folder: String,
}

/// What a run asked for that was not there.
pub(super) struct Missed {
    misses: Vec<Miss>,
    /// What is nearest to each.
    lines: Vec<String>,
    folder: String,
}

impl Serving {
    pub(super) fn base_url(&self) -> String {
        self.replay.base_url()
    }

    /// Ends it; what was asked for and not there.
    pub(super) async fn stop(self, colour: bool) -> Missed {
        let misses = self.replay.misses();
        let lines = misses
            .iter()
            .take(SHOWN)
            .flat_map(|miss| {
                told(
                    self.replay.deck(),
                    &miss.shot,
                    &miss.asked,
                    miss.recorded,
                    marks(colour),
                )
            })
            .collect();
        self.replay.stop().await;
        Missed {
            misses,
            lines,
            folder: self.folder,
        }
    }
}

impl Missed {
    /// Says what was not there; what the exit code is then.
    pub(super) fn say(&self, console: &mut Console) -> Option<Exit> {
        if self.misses.is_empty() {
            return None;
        }
        for line in &self.lines {
            console.say(line);
        }
        let count = shots(self.misses.len());
        console.say(format!("{count} not in the recording `{}`", self.folder));
        Some(Exit::NotRecorded)
    }
}

/// Nobody waits, and no shot stops another: how it ends depends on no order.
pub(super) fn settings(settings: &Settings) -> Settings {
    Settings {
        creates_per_minute: None,
        polls_per_minute: None,
        poll_interval: Duration::ZERO,
        deadline: settings.deadline.min(LONGEST),
        max_cost: None,
        time_scale: TIME_SCALE,
        isolated: true,
        concurrency: settings.concurrency,
    }
}

/// A plan that was kept is of other results than a replay's, which has none.
pub(super) fn no_plan(args: &ApplyArgs) -> Result<(), CliError> {
    if args.recording.replay.is_none() {
        return Ok(());
    }
    let error = CliError::new(Exit::Usage, "a plan that was kept cannot be replayed");
    Err(error.advice("replay the manifest itself"))
}

fn marks(colour: bool) -> Marks {
    if colour { Marks::Colour } else { Marks::Signs }
}

fn say(deck: &Deck, missing: &[(&str, &Map<String, Value>)], console: &mut Console) {
    let marks = marks(console.colour());
    for (shot, asked) in missing.iter().take(SHOWN) {
        for line in told(deck, shot, asked, 0, marks) {
            console.say(line);
        }
    }
    if let Some(more) = missing.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        console.say(format!("and {more} more"));
    }
}

/// A request and what is nearest to it, as lines.
fn told(
    deck: &Deck,
    shot: &str,
    asked: &Map<String, Value>,
    recorded: usize,
    marks: Marks,
) -> Vec<String> {
    let shot = calm(shot);
    let Some(nearest) = deck.nearest(&shot, asked) else {
        return vec![format!("{shot}: nothing is recorded that it is like")];
    };
    let changes: Vec<FieldChange> = changes::between(nearest.asked, asked);
    if changes.is_empty() {
        return vec![match recorded {
            0 => format!("{shot}: the same was recorded, but for fewer shots"),
            times => format!(
                "{shot}: asked for {} times, and recorded {times}",
                times + 1
            ),
        }];
    }
    let mut lines = vec![if nearest.shot == shot {
        format!("{shot}: differs from what was recorded for it:")
    } else {
        format!(
            "{shot}: differs from what is nearest, which is `{}`:",
            calm(nearest.shot)
        )
    }];
    let fields = changes.iter();
    lines.extend(fields.map(|change| format!("    {}", difference::field(change, marks))));
    lines
}

/// Whether a folder is the one that a replay reads: emptying it would be the end of it.
pub(super) fn keeps_off(out: &Path, args: &ApplyArgs) -> Result<(), CliError> {
    let Some(recording) = &args.recording.replay else {
        return Ok(());
    };
    let real = |path: &Path| path.canonicalize().ok();
    match (real(out), real(recording)) {
        (Some(out), Some(recording)) if recording.starts_with(&out) => {
            let message = format!(
                "the recording is in the output folder `{}`, which a replay empties",
                slashes(&out)
            );
            Err(CliError::new(Exit::Usage, message).advice("name another folder with --out"))
        }
        _ => Ok(()),
    }
}
