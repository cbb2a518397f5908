//! From a manifest and its output folder to a film: what `export`, `cut` and
//! `retime` have in common.
//!
//! Looks at ledger and files, never writes. Files are measured here, so that a
//! timeline says what is in them and not what was asked for.

use std::fs::File;
use std::path::PathBuf;

use crate::cli::args::{ManifestArgs, ResultsArgs};
use crate::cli::backend::Target;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::load::Loaded;
use crate::cli::{load, prepare, status, takes};
use crate::event::{ShotFacts, Video};
use crate::ledger::{Ledger, Record, Records};
use crate::manifest::model::Manifest;
use crate::media::probe::probe;
use crate::plan::history::Presence;
use crate::report::timeline::{Film, Made, Rate, Scene, Take};
use crate::spec::Spec;
use crate::store::Store;

/// A film, and what it was gathered from.
pub(super) struct Gathered {
    pub film: Film,
    pub store: Store,
    pub records: Records,
    pub loaded: Loaded,
    pub manifest: Manifest,
    pub target: Target,
    /// The facts that the scenes were made from, in the same order.
    pub shots: Vec<ShotFacts>,
}

/// Gathers the selected shots; `None` for a manifest with mistakes, which are told.
pub(super) fn gather(
    args: &ManifestArgs,
    videos: Option<&PathBuf>,
    console: &mut Console,
) -> Result<Option<Gathered>, CliError> {
    let mut loaded = load::load(args)?;
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        console.diagnostics(&loaded);
        return Ok(None);
    };
    if loaded.has_errors() {
        // A film without the shots that have a mistake would be another film.
        console.diagnostics(&loaded);
        return Ok(None);
    }
    let folder = prepare::output_folder(&loaded, &manifest, &target, videos);
    let store = Store::open_read(&folder).map_err(prepare::store_error)?;
    let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
    let records = match &ledger {
        Some(ledger) => ledger.records().map_err(prepare::ledger_error)?,
        None => Records::default(),
    };
    let results = ResultsArgs::default();
    let plan = prepare::plan(
        &mut loaded,
        &manifest,
        &target,
        &results,
        &store,
        &records,
        None,
    )?;
    let shots: Vec<ShotFacts> = plan
        .facts
        .shots
        .into_iter()
        .filter(|shot| !shot.earlier)
        .collect();
    let gathering = Gathering {
        store: &store,
        ledger: ledger.as_ref(),
        records: &records,
        target: &target,
    };
    let scenes = shots
        .iter()
        .map(|shot| gathering.scene(shot, console))
        .collect::<Result<_, _>>()?;
    let file_name = |path: Option<&std::ffi::OsStr>| {
        path.map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let film = Film {
        name: file_name(args.manifest.file_stem()),
        manifest: file_name(args.manifest.file_name()),
        backend: target.name.clone(),
        scenes,
    };
    Ok(Some(Gathered {
        film,
        store,
        records,
        loaded,
        manifest,
        target,
        shots,
    }))
}

struct Gathering<'a> {
    store: &'a Store,
    ledger: Option<&'a Ledger>,
    records: &'a Records,
    target: &'a Target,
}

impl Gathering<'_> {
    fn scene(&self, shot: &ShotFacts, console: &mut Console) -> Result<Scene, CliError> {
        let (mut state, mut reason) = (
            status::state_of(shot, self.records).to_string(),
            shot.reason.clone(),
        );
        let shown = match shot
            .existing
            .as_ref()
            .map(|video| self.counting(shot, video))
        {
            Some(Ok(take)) => {
                reason.clear();
                Some(take)
            }
            Some(Err(why)) => {
                console.say(format!("{}: {why}", shot.id));
                "damaged".clone_into(&mut state);
                reason = why;
                None
            }
            None => None,
        };
        Ok(Scene {
            id: shot.id.to_string(),
            mode: shot.mode.clone(),
            model: shot.model.clone(),
            resolution: shot.resolution.clone(),
            camera: camera_of(&shot.prompt, Spec::bundled()),
            prompt: shot.prompt.clone(),
            seconds: shot.seconds,
            request: (*shot.request).clone(),
            fingerprint: shot.fingerprint.as_ref().map(ToString::to_string),
            others: self.others(shot, shown.as_ref(), console)?,
            state,
            reason,
            shown,
        })
    }

    /// The take that counts, with what is on record of it: what a person chose,
    /// else what stands for the request.
    fn counting(&self, shot: &ShotFacts, video: &Video) -> Result<Take, String> {
        let fingerprint = shot.fingerprint.as_ref();
        let chosen = fingerprint.and_then(|print| self.records.chosen_for(print));
        let standing = fingerprint.and_then(|print| self.records.by_fingerprint(print));
        let made = [chosen, standing].into_iter().flatten().find(|record| {
            let saved = record.video.as_ref();
            saved.is_some_and(|saved| saved.sha256 == video.sha256)
        });
        self.take(video, made)
    }

    /// Every other take that is there; one that cannot be read is left out with a word.
    fn others(
        &self,
        shot: &ShotFacts,
        shown: Option<&Take>,
        console: &mut Console,
    ) -> Result<Vec<Take>, CliError> {
        let Some(ledger) = self.ledger else {
            return Ok(Vec::new());
        };
        let mut others: Vec<Take> = Vec::new();
        for (record, video, presence) in
            takes::of_shot(&shot.id, &self.target.name, self.store, ledger)?
        {
            let known = shown
                .into_iter()
                .chain(&others)
                .any(|take| take.sha256 == video.sha256);
            if known || presence != Presence::Present {
                continue;
            }
            match self.take(&video, Some(&record)) {
                Ok(take) => others.push(take),
                Err(why) => console.say(format!("{}: {why}; this take is left out", shot.id)),
            }
        }
        Ok(others)
    }

    fn take(&self, video: &Video, record: Option<&Record>) -> Result<Take, String> {
        let path = self.store.layout().path(&video.path);
        let path = path.canonicalize().unwrap_or(path);
        let unusable =
            |error: &dyn std::error::Error| format!("`{}` cannot be used: {error}", video.path);
        let file = File::open(&path).map_err(|error| unusable(&error))?;
        let info = probe(std::io::BufReader::new(file)).map_err(|error| unusable(&error))?;
        let rate = Rate::from_fps(info.fps)
            .ok_or_else(|| format!("`{}` has no frame rate", video.path))?;
        Ok(Take {
            sha256: video.sha256.clone(),
            path,
            file: video.path.clone(),
            frames: info.frames,
            rate,
            size: (info.width, info.height),
            codec: info.codec,
            has_sound: info.has_audio,
            made: record.map(made),
        })
    }
}

fn made(record: &Record) -> Made {
    Made {
        attempt: record.attempt.to_string(),
        task: record.task.as_ref().map(ToString::to_string),
        fingerprint: record.fingerprint.to_string(),
        at: record.intended_at.to_string(),
        price: record.price.clone(),
        request: (*record.request).clone(),
    }
}

/// The camera commands in a rendered prompt, in order, as the documents list them.
fn camera_of(prompt: &str, spec: &Spec) -> Vec<String> {
    let known = |word: &str| {
        let commands = spec.camera_commands().iter();
        let mut named = commands.filter(|command| command.en == word || command.zh == word);
        named.next().map(|command| command.en.clone())
    };
    prompt
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .flat_map(|(inside, _)| inside.split([',', '，']))
        .filter_map(|word| known(word.trim()))
        .collect()
}
