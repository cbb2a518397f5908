//! `report.html` after a run: what the page needs beside the report.
//!
//! Owns the gathering of takes and stills. Stills are taken out of videos once and
//! kept by the video's digest, so that a run that makes nothing decodes nothing.
//! Looks at ledger and videos only; what goes wrong with a still leaves it out.

mod posters;

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::args::ApplyArgs;
use crate::cli::error::CliError;
use crate::cli::words::slashes;
use crate::cli::{prepare, takes};
use crate::engine::Shutdown;
use crate::event::Video;
use crate::id::{ShotId, TaskId};
use crate::lang::Language;
use crate::ledger::Ledger;
use crate::plan::history::Presence;
use crate::report::gallery::{Extras, Poster, Take, Typed, html};
use crate::report::model::Shot;
use crate::report::{Report, Sink, SinkError};
use crate::state::RunState;
use crate::store::{Store, write_atomic};

use self::posters::{Footage, posters};

/// A sink that puts the page in its place when the run ends.
pub(super) struct Gallery {
    pub(super) store: Store,
    pub(super) typed: Typed,
    /// What the page speaks.
    pub(super) language: Language,
    /// Whoever is told to end does not begin with stills.
    pub(super) shutdown: Shutdown,
}

impl Sink for Gallery {
    fn on_event(&mut self, _: &crate::event::Event, _: &RunState) {}

    fn finish(&mut self, state: &RunState) -> Result<(), SinkError> {
        let page = self.page(&Report::of(state));
        write_atomic(&self.store.layout().gallery(), page.as_bytes()).map_err(|source| {
            SinkError::File {
                what: "the gallery",
                source,
            }
        })
    }
}

impl Gallery {
    /// The page of a run of this output folder.
    pub(super) fn page(&self, report: &Report) -> String {
        let translate = |word: &str| self.language.tr(word).into_owned();
        let extras = self.extras(report);
        html(&report.to_json(), &extras, &translate, self.language.tag())
    }

    fn extras(&self, report: &Report) -> Extras {
        let mut extras = Extras {
            typed: self.typed.clone(),
            ..Extras::default()
        };
        let ledger = Ledger::open_read(&self.store.layout().ledger());
        let ledger = ledger.ok().flatten();
        let backend = report.backend.as_deref().unwrap_or_default();
        let mut footage = Vec::new();
        for shot in &report.shots {
            footage.extend(shot.video.as_ref().map(|video| Footage {
                sha256: video.sha256.clone(),
                path: video.path.clone(),
            }));
            let (Some(ledger), false) = (&ledger, shot.earlier_version) else {
                continue;
            };
            let takes = self.takes(shot, backend, ledger);
            footage.extend(takes.iter().map(|take| Footage {
                sha256: take.sha256.clone(),
                path: take.path.clone(),
            }));
            if !takes.is_empty() {
                extras.takes.insert(shot.id.clone(), takes);
            }
        }
        extras.posters = posters(&footage, self.store.layout(), &self.shutdown);
        extras
    }

    /// Those that are there, newest first; one that was made twice is one.
    fn takes(&self, shot: &Shot, backend: &str, ledger: &Ledger) -> Vec<Take> {
        let Ok(id) = ShotId::new(&*shot.id) else {
            return Vec::new();
        };
        // The report is whole without them.
        let found = takes::of_shot(&id, backend, &self.store, ledger).unwrap_or_default();
        let mut list: Vec<Take> = Vec::new();
        for (record, video, presence) in found {
            let known = list.iter().any(|take| take.sha256 == video.sha256);
            if known || presence != Presence::Present {
                continue;
            }
            let counting = shot.video.as_ref();
            list.push(Take {
                at: record.intended_at.to_string(),
                task_id: record
                    .task
                    .as_ref()
                    .map(|task| TaskId::as_str(task).to_owned()),
                duration_ms: video.duration_ms,
                earlier_version: shot.fingerprint.as_deref() != Some(record.fingerprint.as_str()),
                counts: counting.is_some_and(|counting| counting.sha256 == video.sha256),
                sha256: video.sha256,
                path: video.path,
            });
        }
        list
    }
}

/// Stills of these videos, which are there; new ones are kept in their folder.
pub(super) fn stills(store: &Store, videos: &[Video]) -> BTreeMap<String, Poster> {
    let footage = videos.iter().map(|video| Footage {
        sha256: video.sha256.clone(),
        path: video.path.clone(),
    });
    let footage: Vec<Footage> = footage.collect();
    posters(&footage, store.layout(), &Shutdown::default())
}

/// The page of a run that ended long ago, in the output folder that it was in.
pub(super) fn again(
    report: &Report,
    folder: &Path,
    language: Language,
) -> Result<String, CliError> {
    let store = Store::open_read(folder).map_err(prepare::store_error)?;
    let mut options = Vec::new();
    if report.simulated {
        options.push("--simulate".to_owned());
    }
    let out = Some(slashes(folder));
    let gallery = Gallery {
        store,
        typed: Typed {
            manifest: report.manifest.clone().unwrap_or_default(),
            options,
            out: out.clone(),
            resolve_out: out,
        },
        language,
        shutdown: Shutdown::default(),
    };
    Ok(gallery.page(report))
}

/// What commands have to repeat to mean the same film.
pub(super) fn typed(args: &ApplyArgs, folder: &Path) -> Typed {
    let manifest = &args.manifest;
    let mut options = Vec::new();
    for (name, value) in &manifest.vars {
        options.extend(["--var".to_owned(), format!("{name}={value}")]);
    }
    for file in &manifest.vars_file {
        options.extend(["--vars-file".to_owned(), slashes(file)]);
    }
    if manifest.simulate {
        options.push("--simulate".to_owned());
    }
    if let Some(backend) = &manifest.backend {
        options.extend(["--backend".to_owned(), backend.clone()]);
    }
    if let Some(profile) = &manifest.profile {
        options.extend(["--profile".to_owned(), profile.clone()]);
    }
    let out = args.results.out.as_deref().map(slashes);
    Typed {
        manifest: slashes(&manifest.manifest),
        options,
        resolve_out: out.clone().or_else(|| Some(slashes(folder))),
        out,
    }
}
