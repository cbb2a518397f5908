//! `runner report`: any run again, in any form.
//!
//! Owns which run is meant. Reads only: what is told is what the ledger remembers,
//! folded by the same rules as while it happened, or a report on disk.

use std::path::{Path, PathBuf};

use crate::cli::args::{ManifestArgs, ReportArgs, ReportFormat, WhoseArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{gallery, load, prepare};
use crate::event::Event;
use crate::id::RunId;
use crate::lang::Language;
use crate::ledger::{Ledger, PastRun};
use crate::report::{Form, Line, Paint, Places, Report};
use crate::state::{RunState, together};
use crate::store::{Store, write_atomic};

pub(super) fn report(args: &ReportArgs, console: &mut Console) -> Result<Exit, CliError> {
    let text = if is_report(&args.whose.of) {
        of_file(args, console.language())?
    } else {
        of_run(args, console)?
    };
    match &args.output {
        Some(path) => write_atomic(path, text.as_bytes()).map_err(|error| {
            let message = format!("`{}` cannot be written", path.display());
            CliError::new(Exit::Internal, message).because(error)
        })?,
        None if args.format == ReportFormat::Text => console.text(text.trim_end()),
        None => console.lines(text),
    }
    Ok(Exit::Success)
}

fn is_report(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "json") && path.is_file()
}

fn of_file(args: &ReportArgs, language: Language) -> Result<String, CliError> {
    let path = &args.whose.of;
    let bytes = std::fs::read(path).map_err(|error| CliError::unreadable(path, error))?;
    let report: Report = serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("`{}` is not a report of a run", path.display());
        CliError::new(Exit::Usage, message)
            .because(error)
            .advice("name the report.json of an output folder, or a manifest")
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    if args.format == ReportFormat::Html {
        return gallery::again(&report, folder, language);
    }
    form(args, report, folder).ok_or_else(|| {
        CliError::new(
            Exit::Usage,
            "a report.json does not have the events of its run",
        )
        .advice("name the manifest or the output folder instead, and the run with --run")
    })
}

fn of_run(args: &ReportArgs, console: &mut Console) -> Result<String, CliError> {
    let past = Past::open(&args.whose, console)?;
    let run = past.named(&args.run)?;
    let events = past.events(run)?;
    let state = folded(&events);
    if args.format == ReportFormat::Jsonl {
        return Ok(lines(&events));
    }
    if args.format == ReportFormat::Html {
        return gallery::again(&Report::of(&state), &past.folder, console.language());
    }
    Ok(form(args, Report::of(&state), &past.folder).unwrap_or_default())
}

/// A report in a form that needs nothing else.
fn form(args: &ReportArgs, report: Report, folder: &Path) -> Option<String> {
    let form = match args.format {
        ReportFormat::Text => {
            let places = Places {
                videos: folder.display().to_string(),
                report: None,
                gallery: None,
            };
            return Some(report.to_text(&places, Paint::plain()));
        }
        ReportFormat::Jsonl | ReportFormat::Html => return None,
        ReportFormat::Json if args.stable => return Some(report.stable().to_json()),
        ReportFormat::Json => Form::Json,
        ReportFormat::Junit => Form::Junit,
        ReportFormat::Markdown => Form::Markdown,
        ReportFormat::Github => Form::Github,
    };
    Some(form.of(&report))
}

fn lines(events: &[Event]) -> String {
    let mut state = RunState::default();
    let mut text = String::new();
    for event in events {
        state.apply(event);
        text.push_str(&Line::of(event, &state).to_json());
    }
    text
}

/// A run as far as its events go.
pub(super) fn folded(events: &[Event]) -> RunState {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    state
}

/// The runs of an output folder.
pub(super) struct Past {
    pub(super) folder: PathBuf,
    pub(super) runs: Vec<PastRun>,
    ledger: Option<Ledger>,
    /// Whether a run goes on; it can only be the latest.
    pub(super) running: bool,
}

impl Past {
    pub(super) fn open(whose: &WhoseArgs, console: &mut Console) -> Result<Self, CliError> {
        let folder = output_folder(whose, console)?;
        let store = Store::open_read(&folder).map_err(prepare::store_error)?;
        let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
        let runs = match &ledger {
            Some(ledger) => ledger.runs().map_err(prepare::ledger_error)?,
            None => Vec::new(),
        };
        Ok(Self {
            folder,
            runs,
            ledger,
            running: store.is_in_use(),
        })
    }

    /// What happened in a run.
    pub(super) fn events(&self, run: &PastRun) -> Result<Vec<Event>, CliError> {
        let mut parts = Vec::new();
        for part in &run.parts {
            if let Some(ledger) = &self.ledger {
                parts.push(ledger.events(part).map_err(prepare::ledger_error)?);
            }
        }
        let events = together(&parts);
        if events.is_empty() {
            let message = format!("run {} is too long ago: only its name is kept", run.id);
            return Err(CliError::new(Exit::Usage, message));
        }
        Ok(events)
    }

    pub(super) fn named(&self, name: &str) -> Result<&PastRun, CliError> {
        let none = || {
            let message = format!(
                "there is no such run in `{}`: {name}",
                self.folder.display()
            );
            CliError::new(Exit::Usage, message)
                .advice("`runner runs` lists them; simulated runs are found with --simulate")
        };
        match name {
            "latest" => return self.runs.first().ok_or_else(none),
            "previous" => return self.runs.get(1).ok_or_else(none),
            _ => {}
        }
        let named = |run: &&PastRun| {
            let called = |id: &RunId| {
                let id = id.as_str();
                !name.is_empty() && (id.starts_with(name) || id.ends_with(name))
            };
            called(&run.id) || run.parts.iter().any(called)
        };
        let found: Vec<&PastRun> = self.runs.iter().filter(named).collect();
        match found.as_slice() {
            [] => Err(none()),
            [run] => Ok(run),
            [one, other, ..] => {
                let message = format!("`{name}` names {} runs", found.len());
                let advice = format!("write more of it: {} or {}", one.id, other.id);
                Err(CliError::new(Exit::Usage, message).advice(advice))
            }
        }
    }
}

fn output_folder(whose: &WhoseArgs, console: &mut Console) -> Result<PathBuf, CliError> {
    if whose.of.is_dir() {
        return Ok(whose.of.clone());
    }
    if let Some(folder) = &whose.out {
        return Ok(folder.clone());
    }
    let loaded = load::load(&ManifestArgs {
        simulate: whose.simulate,
        backend: whose.backend.clone(),
        ..ManifestArgs::of(&whose.of, None)
    })?;
    if let (Some(manifest), Some(target)) = (&loaded.manifest, &loaded.target) {
        return Ok(prepare::output_folder(&loaded, manifest, target, None));
    }
    console.diagnostics(&loaded);
    let message = format!("`{}` names no output folder", whose.of.display());
    Err(CliError::new(Exit::ManifestInvalid, message).advice("name the output folder instead"))
}
