//! `apply --record`: a recorder before the run, and its last word after it.
//!
//! Owns what of the ledger belongs into a recording: the task behind each video that
//! this run did not make. What is kept of an exchange is `recording`'s to say.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::args::ApplyArgs;
use crate::cli::backend::{SIMULATOR, Target};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare;
use crate::cli::words::slashes;
use crate::event::Failure;
use crate::ledger::{AttemptStanding, Ledger, Record, Records};
use crate::provider::exchange;
use crate::recording::{Kept, Meta, Past, PastEnd, Recorder, RecordingError, Video};
use crate::spec::Spec;
use crate::state::{RunState, ShotState};
use crate::store::Store;

/// What stands for the address of the simulator, whose port is another each time.
const SIMULATED: &str = "https://simulator.invalid";

/// A recording that is being made.
#[derive(Clone)]
pub(super) struct Recording {
    recorder: Arc<Recorder>,
    folder: String,
}

impl Recording {
    /// The recording that was asked for; see [`Recording::begin`].
    pub(super) fn of(args: &ApplyArgs, target: &Target) -> Result<Option<Self>, CliError> {
        let folder = args.recording.record.as_deref();
        folder.map(|folder| Self::begin(folder, target)).transpose()
    }

    /// Begins, or goes on with, the recording of a folder. Nothing is paid yet.
    fn begin(folder: &Path, target: &Target) -> Result<Self, CliError> {
        let base_url = if target.name == SIMULATOR {
            SIMULATED
        } else {
            &target.base_url
        };
        let spec = Spec::bundled();
        let meta = Meta::new(&target.name, base_url, spec, &prepare::spec_version());
        let recorder = Recorder::open(folder, meta, Timestamp::now).map_err(unusable)?;
        Ok(Self {
            recorder: Arc::new(recorder),
            folder: slashes(folder),
        })
    }

    /// Who is told of exchanges.
    pub(super) fn recorder(&self) -> Arc<dyn exchange::Recorder> {
        Arc::clone(&self.recorder) as Arc<dyn exchange::Recorder>
    }

    /// Ends it; what it came to, for a person.
    pub(super) fn end(&self, state: &RunState, store: &Store) -> String {
        // A ledger that cannot be read takes nothing from what was heard.
        let records = Ledger::read(&store.layout().ledger()).ok();
        let past = records.map_or_else(Vec::new, |records| past(state, &records, store));
        let kept = self.recorder.finish(&past);
        self.told(&kept)
    }

    fn told(&self, kept: &Kept) -> String {
        let folder = &self.folder;
        let recorded = match (kept.heard, kept.remembered) {
            (heard, 0) => format!("recorded {heard} exchanges in `{folder}`"),
            (heard, more) => format!(
                "recorded {heard} exchanges in `{folder}`, and put in {more} from the ledger"
            ),
        };
        match &kept.trouble {
            None => recorded,
            Some(why) => format!("the recording in `{folder}` is not whole: {why}"),
        }
    }
}

/// A recording that cannot be used.
pub(super) fn unusable(error: RecordingError) -> CliError {
    let advice = error.advice();
    CliError::new(Exit::Usage, "the recording cannot be used")
        .because(error)
        .advice(advice)
}

/// What the ledger knows of every shot of a run.
fn past(state: &RunState, records: &Records, store: &Store) -> Vec<Past> {
    let shots = state.shots.iter();
    shots
        .filter_map(|shot| past_of(shot, records, store))
        .collect()
}

fn past_of(shot: &ShotState, records: &Records, store: &Store) -> Option<Past> {
    let fingerprint = shot.facts.fingerprint.as_ref()?;
    let chosen = records.chosen_for(fingerprint);
    let is_it = |record: &&Record| {
        let (kept, here) = (record.video.as_ref(), shot.video.as_ref());
        kept.zip(here)
            .is_some_and(|(kept, here)| kept.sha256 == here.sha256)
    };
    let record = chosen
        .filter(is_it)
        .or_else(|| records.by_fingerprint(fingerprint))?;
    let end = match (&shot.video, record.state) {
        (Some(video), _) => PastEnd::Saved(Video {
            from: store.layout().path(&video.path),
            sha256: video.sha256.clone(),
            bytes: video.bytes,
        }),
        (None, AttemptStanding::Failed) => failed(record.failure.as_ref()),
        (None, AttemptStanding::Created | AttemptStanding::Succeeded) => PastEnd::Open,
        _ => return None,
    };
    let task = record.task.as_ref().map(|task| task.as_str().to_owned());
    Some(Past {
        shot: shot.facts.id.to_string(),
        request: (*shot.facts.request).clone(),
        // A record of a task always has its name; a made-up one is as good here.
        task: task
            .filter(|task| !task.is_empty())
            .unwrap_or_else(|| fingerprint.as_str().chars().take(16).collect()),
        file: record.file.as_ref().map(|file| file.as_str().to_owned()),
        end,
    })
}

fn failed(failure: Option<&Failure>) -> PastEnd {
    let code = failure.and_then(|failure| failure.code);
    let message = failure.map(|failure| failure.message.clone());
    PastEnd::Failed {
        code: code.filter(|code| *code != 0).unwrap_or(1000),
        message: message.unwrap_or_default(),
    }
}
