//! `runner config`: the settings in force, and where each comes from.
//!
//! Explains a command line without carrying it out. Never shows a key: of a key it
//! says whether there is one and where.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{Arg, CommandFactory as _};
use serde_json::{Value, json};

use crate::cli::args::{Cli, ConfigArgs};
use crate::cli::backend::{Choice, Target};
use crate::cli::config::files::{Files, shown};
use crate::cli::config::layers::{Completeness, Layers, Origin, Wrong};
use crate::cli::config::{secrets, twins, under};
use crate::cli::console::Console;
use crate::cli::env::{self, Environment};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{limits, load, prepare, render};
use crate::diag::{Span, Spanned, suggest};
use crate::manifest::model::{Limits, Manifest, Output};
use crate::manifest::{self, NoFiles};
use crate::spec::Spec;

pub(in crate::cli) fn config(args: &ConfigArgs, console: &mut Console) -> Result<Exit, CliError> {
    let (args, words) = explained(args);
    let mut layers = match Layers::of(&words, Completeness::Partial) {
        Ok(layers) => layers,
        Err(Wrong::Typed(error)) => {
            // Says what is wrong with the explained line, or its help.
            let _ = error.print();
            return Ok(if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            });
        }
        Err(Wrong::Variable(error)) => return Err(error),
    };
    let folder = layers
        .manifest
        .as_deref()
        .map_or_else(|| "".into(), load::folder_of);
    let environment = Environment::load(&folder);
    for name in strangers() {
        console.say(name);
    }
    if args.paths {
        console.data(paths(&layers.files, &environment, args.json));
    } else {
        let rows = rows(&mut layers, &environment)?;
        console.data(written(&rows, &args));
    }
    let files = &layers.files;
    if !files.diagnostics.is_empty() {
        console.mistakes(&files.diagnostics, &layers.sources);
    }
    Ok(if files.has_errors() {
        Exit::Usage
    } else {
        Exit::Success
    })
}

/// The command line that is explained. Behind a manifest, flags of this command are
/// still its own; behind a command they are the other one's.
fn explained(args: &ConfigArgs) -> (ConfigArgs, Vec<OsString>) {
    let mut own = ConfigArgs {
        words: Vec::new(),
        ..*args
    };
    let root = Cli::command();
    let first = args.words.iter().find(|word| !word.starts_with('-'));
    let is_command = first.is_some_and(|word| root.find_subcommand(word).is_some());
    let mut words = vec![OsString::from("runner")];
    if !is_command {
        words.push(twins::MAIN.into());
    }
    for word in &args.words {
        match word.as_str() {
            "--origin" if !is_command => own.origin = true,
            "--paths" if !is_command => own.paths = true,
            "--json" if !is_command => own.json = true,
            word => words.push(word.into()),
        }
    }
    (own, words)
}

/// A word on every `RUNNER_…` variable that nothing reads.
pub(in crate::cli) fn strangers() -> Vec<String> {
    let known = twins::variables(&Cli::command());
    let unknown = Environment::own()
        .into_iter()
        .filter(|name| !known.contains(name));
    let word = |name: String| match suggest(&name, known.iter().map(String::as_str)) {
        Some(near) => format!("{name} is no setting and has no effect; did you mean {near}?"),
        None => format!("{name} is no setting and has no effect"),
    };
    unknown.map(word).collect()
}

/// One setting.
struct Row {
    name: String,
    value: Option<String>,
    origin: String,
}

fn rows(layers: &mut Layers, environment: &Environment) -> Result<Vec<Row>, CliError> {
    let manifest = read_manifest(layers)?;
    let root = layers.root.clone();
    let Some(command) = root.find_subcommand(&layers.command) else {
        return Ok(Vec::new());
    };
    let globals = root.get_arguments().filter(|arg| arg.is_global_set());
    let mut rows = Vec::new();
    let mut has_service = false;
    for arg in command
        .get_arguments()
        .chain(globals)
        .filter(|arg| twins::is_setting(arg))
    {
        let id = arg.get_id().as_str();
        let origin = layers.origins.get(id).unwrap_or(&Origin::Default);
        let typed = *origin == Origin::Flag;
        if matches!(id, "backend" | "simulate" | "profile") {
            has_service = true;
        } else if twins::typed_only(arg).is_none() || typed {
            rows.push(row(layers, &manifest, arg, origin));
        }
    }
    if has_service {
        service(layers, &manifest, environment, &mut rows);
    }
    Ok(rows)
}

/// The manifest of the explained command line, as far as it is there, over the files.
fn read_manifest(layers: &mut Layers) -> Result<Manifest, CliError> {
    let mut manifest = Manifest::default();
    if let Some(path) = layers.manifest.clone() {
        let id = load::read(&mut layers.sources, &path)?;
        // `runner check` tells what is wrong with it; what it includes has no settings.
        manifest = manifest::parse(&mut layers.sources, id, Spec::bundled(), &NoFiles)
            .0
            .unwrap_or_default();
    }
    under(&mut manifest, &layers.files, layers.profile.as_deref());
    Ok(manifest)
}

fn row(layers: &Layers, manifest: &Manifest, arg: &Arg, origin: &Origin) -> Row {
    let name = twins::key(arg);
    let above = matches!(origin, Origin::Flag | Origin::Variable(_));
    if twins::is_mirrored(&layers.root, arg) && !above {
        return mirrored(layers, manifest, name);
    }
    let inner = layers.matches.subcommand_matches(&layers.command);
    let matches = if arg.is_global_set() {
        Some(&layers.matches)
    } else {
        inner
    };
    let values: Vec<String> = matches
        .and_then(|matches| matches.get_raw(arg.get_id().as_str()))
        .map(|raw| {
            raw.map(|value| value.to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default();
    let value = match (twins::is_switch(arg), values.is_empty()) {
        // Only what was typed has no value of its own.
        (true, true) => Some((*origin == Origin::Flag).to_string()),
        (false, true) => None,
        (_, false) => Some(values.join(", ")),
    };
    let secret = secrets::is_secret(&name);
    Row {
        value: if secret {
            value.map(|_| "set".to_owned())
        } else {
            value
        },
        origin: match origin {
            Origin::Flag => format!("--{}", arg.get_long().unwrap_or_default()),
            Origin::Variable(variable) => variable.clone(),
            Origin::File(place) => place.clone(),
            Origin::Default => "default".to_owned(),
        },
        name,
    }
}

/// A setting that the manifest has too, with the file's filled in.
fn mirrored(layers: &Layers, manifest: &Manifest, name: String) -> Row {
    fn span<T>(value: Option<&Spanned<T>>) -> Option<Span> {
        value.map(|value| value.span)
    }
    let limits = &manifest.limits;
    let (written, usual) = match name.as_str() {
        "out" => (
            span(manifest.output.dir.as_ref()),
            Some(Output::DIR.to_owned()),
        ),
        "concurrency" => (
            span(limits.concurrency.as_ref()),
            Some(Limits::CONCURRENCY.to_string()),
        ),
        "creates_per_minute" => (
            span(limits.creates_per_minute.as_ref()),
            Limits::CREATES_PER_MINUTE
                .limit()
                .map(|rate| rate.to_string()),
        ),
        "polls_per_minute" => (
            span(limits.polls_per_minute.as_ref()),
            Limits::POLLS_PER_MINUTE
                .limit()
                .map(|rate| rate.to_string()),
        ),
        "deadline" => (
            span(limits.deadline.as_ref()),
            Some(humantime::format_duration(prepare::DEADLINE).to_string()),
        ),
        "poll_interval" => (
            span(limits.poll_interval.as_ref()),
            Some(humantime::format_duration(limits::POLL_INTERVAL).to_string()),
        ),
        _ => (span(limits.max_cost.as_ref()), None),
    };
    let Some(at) = written else {
        let origin = "default".to_owned();
        return Row {
            name,
            value: usual,
            origin,
        };
    };
    let text = &layers.sources.get(at.file).text;
    let text = text.get(at.start..at.end).unwrap_or_default();
    let value = match (&manifest.output.dir, name.as_str()) {
        // A file above the manifest says it as seen from there.
        (Some(dir), "out") => dir.value.replace('\\', "/"),
        _ => text.trim_matches(['"', '\'']).to_owned(),
    };
    Row {
        name,
        value: Some(value),
        origin: layers.place(at),
    }
}

/// Which service, and whether there is a key for it.
fn service(layers: &Layers, manifest: &Manifest, environment: &Environment, rows: &mut Vec<Row>) {
    let inner = layers.matches.subcommand_matches(&layers.command);
    let inner = inner.unwrap_or(&layers.matches);
    let backend = inner.try_get_one::<String>("backend").ok().flatten();
    let simulate = inner.try_get_one::<bool>("simulate").ok().flatten();
    let choice = Choice {
        simulate: simulate.copied().unwrap_or(false),
        backend: backend.map(String::as_str),
        ..Choice::default()
    };
    let profile = layers.profile.as_deref();
    let said = |id: &str| match layers.origins.get(id) {
        Some(Origin::Flag) => Some(format!("--{id}")),
        Some(Origin::Variable(variable)) => Some(variable.clone()),
        _ => None,
    };
    let usual = layers.files.usual.as_ref();
    rows.push(Row {
        name: "profile".to_owned(),
        value: layers.effective_profile(),
        origin: said("profile")
            .or_else(|| usual.map(|name| layers.place(name.span)))
            .unwrap_or_else(|| "default".to_owned()),
    });
    let Ok(target) = load::target(&layers.files, environment, manifest, choice, profile) else {
        return;
    };
    let written = manifest
        .backend
        .as_ref()
        .map(|name| layers.place(name.span));
    let asked = ["simulate", "backend", "profile"]
        .iter()
        .find_map(|id| said(id));
    rows.push(Row {
        name: "backend".to_owned(),
        value: Some(target.name.clone()),
        origin: asked.or(written).unwrap_or_else(|| "default".to_owned()),
    });
    rows.extend(address(&target, environment));
}

fn address(target: &Target, environment: &Environment) -> Vec<Row> {
    if target.simulated {
        return Vec::new();
    }
    let key = environment.origin(&target.key_variable);
    vec![
        Row {
            name: "base_url".to_owned(),
            value: Some(target.base_url.clone()),
            origin: target.origin.clone(),
        },
        Row {
            name: target.key_variable.clone(),
            value: key.map(|_| "set".to_owned()),
            origin: key.map_or_else(|| "not set".to_owned(), place_of),
        },
    ]
}

/// Where a variable is set, in words.
pub(in crate::cli) fn place_of(origin: &env::Origin) -> String {
    match origin {
        env::Origin::Process => "environment".to_owned(),
        env::Origin::File(path) => shown(path),
    }
}

fn written(rows: &[Row], args: &ConfigArgs) -> String {
    if args.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|row| json!({ "name": row.name, "value": row.value, "origin": row.origin }))
            .collect();
        return format!("{:#}", json!({ "settings": rows }));
    }
    let lines: Vec<String> = rows
        .iter()
        .map(|row| format!("{}: {}", row.name, row.value.as_deref().unwrap_or("~")))
        .collect();
    let width = lines.iter().map(String::len).max().unwrap_or(0).min(60);
    let mut text = String::new();
    for (line, row) in lines.iter().zip(rows) {
        if args.origin {
            let _ = writeln!(text, "{line:width$}  # {}", row.origin);
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    render::calm(text.trim_end())
}

/// The files that are looked for, the one that counts most first.
fn paths(files: &Files, environment: &Environment, json: bool) -> String {
    let mut rows: Vec<(String, &str)> = environment
        .files()
        .iter()
        .map(|file| (shown(&file.path), "read"))
        .collect();
    rows.extend(files.places.iter().map(|place| {
        let found = if place.found { "read" } else { "not there" };
        (place.shown.clone(), found)
    }));
    if json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(path, state)| json!({ "path": path, "read": *state == "read" }))
            .collect();
        return format!("{:#}", json!({ "paths": rows }));
    }
    let lines: Vec<String> = rows
        .iter()
        .map(|(path, state)| format!("{path}  # {state}"))
        .collect();
    render::calm(&lines.join("\n"))
}
