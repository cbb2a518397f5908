//! `runner doctor`: what could stand in the way of a run, before it costs anything.
//!
//! Owns the list of checks and how it is shown. Looks only: nothing is created,
//! and a key is neither shown nor, unless asked, sent.

mod machine;
mod place;
mod service;

use std::fmt::Write as _;

use clap::CommandFactory as _;
use serde_json::{Value, json};

use crate::cli::args::{Cli, DoctorArgs, ManifestArgs};
use crate::cli::config::{self, Files};
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::{prepare, render};
use crate::diag::Sources;
use crate::manifest::model::Manifest;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Doubtful,
    Bad,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "warn",
            Self::Bad => "fail",
        }
    }
}

/// One check.
#[derive(Debug)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    message: String,
    help: Option<String>,
}

impl Check {
    fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Good, message)
    }

    fn doubtful(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Doubtful, message)
    }

    fn bad(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Bad, message)
    }

    fn new(name: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            name,
            verdict,
            message: message.into(),
            help: None,
        }
    }

    /// Says what to do about it.
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

pub(super) fn doctor(args: &DoctorArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut checks = vec![machine::versions()];
    let mut sources = Sources::default();
    let files = Files::read(&mut sources, args.manifest.as_deref(), &Cli::command());
    checks.extend(configuration(&files, &sources));
    let loaded = match &args.manifest {
        Some(path) => match load::load(&ManifestArgs::of(path, args.profile.as_deref())) {
            Ok(loaded) => {
                checks.push(manifest(&loaded));
                Some(loaded)
            }
            Err(error) => {
                checks.push(
                    Check::bad("manifest", error.to_string())
                        .help(error.advice.unwrap_or_default()),
                );
                None
            }
        },
        None => None,
    };
    let folder = args
        .manifest
        .as_deref()
        .map_or_else(|| "".into(), load::folder_of);
    let environment = Environment::load(&folder);
    checks.extend(variables(&environment));
    let nothing = Manifest::default();
    let manifest = loaded
        .as_ref()
        .and_then(|loaded| loaded.manifest.as_ref())
        .unwrap_or(&nothing);
    let target = load::target(
        &files,
        &environment,
        manifest,
        backend_choice(),
        args.profile.as_deref(),
    );
    if let Ok(target) = &target {
        checks.extend(service::offline(target, &environment));
        if !target.simulated && (args.online || args.send_key) {
            checks.extend(service::online(target, &environment, args.send_key)?);
        }
        if let Some(loaded) = &loaded {
            let folder = prepare::output_folder(loaded, manifest, target, args.out.as_ref());
            checks.extend(place::results(&folder));
        }
    }
    checks.push(place::state());
    checks.extend(machine::surroundings());
    say(&checks, args.json, console);
    let failed = checks.iter().any(|check| check.verdict == Verdict::Bad);
    Ok(if failed {
        Exit::Internal
    } else {
        Exit::Success
    })
}

/// What the manifest and the configuration say is what is looked at.
fn backend_choice() -> crate::cli::backend::Choice<'static> {
    crate::cli::backend::Choice::default()
}

fn configuration(files: &Files, sources: &Sources) -> Vec<Check> {
    let found: Vec<&str> = files
        .places
        .iter()
        .filter(|place| place.found)
        .map(|place| place.shown.as_str())
        .collect();
    if files.diagnostics.is_empty() {
        let message = if found.is_empty() {
            "no configuration file".to_owned()
        } else {
            found.join(", ")
        };
        return vec![Check::good("configuration", message)];
    }
    let check = |diagnostic: &crate::diag::Diagnostic| {
        let place = diagnostic.primary.as_ref().map(|label| {
            let (line, column) = sources.line_column(label.span);
            format!("{}:{line}:{column}: ", sources.get(label.span.file).name)
        });
        let message = format!("{}{}", place.unwrap_or_default(), diagnostic.message);
        Check {
            help: diagnostic.help.clone(),
            ..Check::bad("configuration", message)
        }
    };
    files.diagnostics.iter().map(check).collect()
}

fn variables(environment: &Environment) -> Vec<Check> {
    let unset = "unset it, or mend its name";
    let mut checks: Vec<Check> = config::strangers()
        .into_iter()
        .map(|word| Check::doubtful("variables", word).help(unset))
        .collect();
    for file in environment.files() {
        let name = config::shown(&file.path);
        if !file.is_whole {
            let message =
                format!("{name} has a line that cannot be read, and what follows it may be lost");
            checks.push(
                Check::doubtful(".env", message)
                    .help("write NAME=value, with quotes where there are spaces"),
            );
        }
        if !file.ignored.is_empty() {
            let ignored = file.ignored.join(", ");
            let message = format!("{name} sets {ignored}, which has no effect there");
            checks.push(Check::doubtful(".env", message).help(
                "a .env file gives keys and hosts; settings go into the environment or runner.yaml",
            ));
        }
    }
    checks
}

fn manifest(loaded: &Loaded) -> Check {
    let name = &loaded.sources.get(crate::diag::SourceId(0)).name;
    let count = render::count(&loaded.diagnostics);
    if loaded.has_errors() {
        let message = format!("{name}: {count}");
        Check::bad("manifest", message).help(format!("runner check {name}"))
    } else {
        let shots = crate::cli::words::shots(loaded.shots.len());
        let with = if count.is_empty() {
            count
        } else {
            format!(", {count}")
        };
        Check::good("manifest", format!("{name}: {shots}{with}"))
    }
}

fn say(checks: &[Check], json: bool, console: &mut Console) {
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let (failed, doubtful) = (count(Verdict::Bad), count(Verdict::Doubtful));
    if json {
        let all: Vec<Value> = checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "verdict": check.verdict.word(),
                    "message": check.message,
                    "help": check.help,
                })
            })
            .collect();
        console.data(format!(
            "{:#}",
            json!({ "failed": failed, "warned": doubtful, "checks": all })
        ));
        return;
    }
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let _ = writeln!(
            text,
            "{:4}  {:width$}  {}",
            check.verdict.word(),
            check.name,
            check.message
        );
        if let Some(help) = check.help.as_ref().filter(|help| !help.is_empty()) {
            let _ = writeln!(text, "{:4}  {:width$}  help: {help}", "", "");
        }
    }
    let _ = write!(text, "{failed} failed, {doubtful} to look at");
    console.text(render::calm(&text));
}
