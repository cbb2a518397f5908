//! From a file name to checked shots: the pure stages, one after the other.
//!
//! Owns reading the texts and collecting the diagnostics of every stage. A
//! stage runs although an earlier one found mistakes, so that an author sees
//! all of them at once.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::CommandFactory as _;
use serde_json::Value;

use crate::check::{self, CheckedShot};
use crate::cli::args::{Cli, ManifestArgs};
use crate::cli::backend::{self, Choice, Target};
use crate::cli::beside::{self, Beside};
use crate::cli::choose::{self, Selection};
use crate::cli::config::{self, Files};
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::lint;
use crate::diag::{Diagnostic, SourceFile, SourceId, Sources};
use crate::id::ShotId;
use crate::manifest::model::{Manifest, Var};
use crate::manifest::{self, NoFiles};
use crate::media::library::Folder;
use crate::shot::{self, Overrides};
use crate::spec::Spec;
use crate::verdict::Examiner;

/// The largest text that is read, in bytes; `manifest` says the same with a place.
const TEXT_LIMIT: u64 = 16 * 1024 * 1024 + 1;

/// Everything that is known of a manifest.
pub(super) struct Loaded {
    /// Every text that was read.
    pub sources: Sources,
    /// The folder that paths are relative to.
    pub folder: PathBuf,
    /// What the author wrote; `None` when it is no manifest at all.
    pub manifest: Option<Manifest>,
    /// The service to be used; `None` when none can be chosen.
    pub target: Option<Target>,
    /// The environment beside the manifest.
    pub environment: Environment,
    /// The configuration beside it. What is wrong with it was said before.
    pub settings: Files,
    /// The shots that have no mistake, selected or not.
    pub shots: Vec<CheckedShot>,
    /// The selected ones; `None` for all.
    pub selected: Option<HashSet<ShotId>>,
    /// What was asked for on the command line.
    pub selection: Selection,
    /// Whether the ledger has a say in what is selected, and was not asked yet.
    pub undecided: bool,
    /// Every file that was read, or looked for: the manifest, vars files, what is
    /// included, tables, local pictures.
    pub files: BTreeSet<PathBuf>,
    /// Values of variables from outside the manifest.
    pub overrides: Overrides,
    /// Every mistake and every lint.
    pub diagnostics: Vec<Diagnostic>,
    /// Who judges the videos, once they are planned, if anything is expected of any.
    pub examiner: Option<Arc<Examiner>>,
}

impl Loaded {
    /// Whether anything stands in the way of a run.
    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The selected shots that have no mistake.
    pub(super) fn chosen(&self) -> impl Iterator<Item = &CheckedShot> {
        let chosen = |shot: &&CheckedShot| match &self.selected {
            Some(selected) => selected.contains(&shot.id),
            None => true,
        };
        self.shots.iter().filter(chosen)
    }
}

/// The output folder that a manifest names, whatever else may be wrong with it.
pub(super) fn output_folder(path: &Path) -> Result<PathBuf, CliError> {
    let mut sources = Sources::default();
    let id = read(&mut sources, path)?;
    let (manifest, _) = manifest::parse(&mut sources, id, Spec::bundled(), &NoFiles);
    let mut manifest = manifest.ok_or_else(|| {
        let message = format!("`{}` is not a manifest", path.display());
        CliError::new(Exit::ManifestInvalid, message).advice("`runner check` says why")
    })?;
    let files = Files::read(&mut sources, Some(path), &Cli::command());
    config::under(&mut manifest, &files, None);
    Ok(folder_of(path).join(manifest.output.dir()))
}

/// The folder that the paths of a manifest are relative to.
pub(super) fn folder_of(manifest: &Path) -> PathBuf {
    match manifest.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads and checks a manifest.
pub(super) fn load(args: &ManifestArgs) -> Result<Loaded, CliError> {
    load_forced(args, &[])
}

/// Reads and checks a manifest for a command that takes `--force`.
pub(super) fn load_forced(args: &ManifestArgs, force: &[String]) -> Result<Loaded, CliError> {
    load_among(args, force, &[])
}

/// The same for a command that knows of shots which may not be there any more.
pub(super) fn load_among(
    args: &ManifestArgs,
    force: &[String],
    known: &[ShotId],
) -> Result<Loaded, CliError> {
    let mut sources = Sources::default();
    let main = read(&mut sources, &args.manifest)?;
    let selection = Selection::read(args, force, known, &mut sources)?;
    let mut vars_files = Vec::new();
    let mut diagnostics = Vec::new();
    for path in &args.vars_file {
        let file = read(&mut sources, path)?;
        let (vars, mut found) = manifest::parse_vars(&sources, file);
        diagnostics.append(&mut found);
        vars_files.push(vars);
    }
    let folder = folder_of(&args.manifest);
    let environment = Environment::load(&folder);
    let spec = Spec::bundled();
    let beside = Beside::new(&args.manifest);
    let (manifest, mut found) = manifest::parse(&mut sources, main, spec, &beside);
    diagnostics.append(&mut found);
    let mut files = inputs(args);
    files.extend(beside.asked());
    let settings = Files::read(&mut sources, Some(&args.manifest), &Cli::command());
    let mut loaded = Loaded {
        sources,
        folder,
        manifest: None,
        target: None,
        environment,
        settings,
        shots: Vec::new(),
        selected: None,
        selection,
        undecided: false,
        examiner: None,
        files,
        overrides: Overrides::default(),
        diagnostics,
    };
    if let Some(mut manifest) = manifest {
        config::under(&mut manifest, &loaded.settings, args.profile.as_deref());
        go_on(&mut loaded, &manifest, args, vars_files, spec)?;
        lint::levels(&args.lints).apply(&manifest.lints, &mut loaded.diagnostics);
        loaded.manifest = Some(manifest);
    }
    Ok(loaded)
}

/// The texts that a command line names.
pub(super) fn inputs(args: &ManifestArgs) -> BTreeSet<PathBuf> {
    let vars = args.vars_file.iter();
    vars.chain([&args.manifest]).cloned().collect()
}

fn go_on(
    loaded: &mut Loaded,
    manifest: &Manifest,
    args: &ManifestArgs,
    files: Vec<Vec<Var>>,
    spec: &Spec,
) -> Result<(), CliError> {
    let choice = Choice {
        simulate: args.simulate,
        backend: args.backend.as_deref(),
        ..Choice::default()
    };
    let profile = args.profile.as_deref();
    match target(
        &loaded.settings,
        &loaded.environment,
        manifest,
        choice,
        profile,
    ) {
        Ok(target) => loaded.target = Some(target),
        Err(diagnostic) => loaded.diagnostics.push(*diagnostic),
    }
    let overrides = Overrides {
        vars: args.vars.iter().map(value).collect(),
        files,
    };
    let (shots, mut found) = shot::expand(manifest, &loaded.sources, &overrides, spec);
    loaded.diagnostics.append(&mut found);
    loaded.overrides = overrides;
    let library = Folder::new(&loaded.folder);
    let context = check::Context {
        spec,
        media: &library,
        unlisted: loaded
            .target
            .as_ref()
            .map_or(crate::spec::Unlisted::Refuse, |target| target.unlisted),
    };
    let (checked, mut found) = check::check(&shots, &context);
    loaded.diagnostics.append(&mut found);
    let pictures = library.asked().into_iter();
    loaded.files.extend(pictures.map(|picture| {
        let plain = picture.strip_prefix(".").map(Path::to_owned);
        plain.unwrap_or(picture)
    }));
    let regrets = lint::settings(manifest, loaded.target.as_ref());
    loaded.diagnostics.extend(regrets);
    let excused = loaded.has_errors();
    let Loaded {
        selection, sources, ..
    } = loaded;
    selection.over(&shots, &checked, sources, excused)?;
    loaded.shots = checked;
    loaded.undecided = loaded.selection.asks_the_past();
    if loaded.undecided {
        return Ok(());
    }
    choose::settle(loaded)
}

/// The service, by flags, environment, manifest and configuration.
pub(super) fn target(
    files: &Files,
    environment: &Environment,
    manifest: &Manifest,
    choice: Choice<'_>,
    profile: Option<&str>,
) -> Result<Target, Box<Diagnostic>> {
    let asked = profile.and_then(|name| files.profile(name));
    let usual = files.usual.as_ref();
    let usual = usual.and_then(|name| files.profile(&name.value));
    let choice = Choice {
        asked: asked.as_ref(),
        usual: usual.as_ref(),
        ..choice
    };
    backend::choose(manifest, environment, choice)
}

/// `6` is a number and `rain` is a text, as in YAML.
fn value((name, text): &(String, String)) -> (String, Value) {
    let value = match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text.clone()),
    };
    (name.clone(), value)
}

/// Reads a text and adds it.
pub(super) fn read(sources: &mut Sources, path: &Path) -> Result<SourceId, CliError> {
    let unreadable = |error| {
        CliError::unreadable(path, error).advice(beside::similar(path).map_or_else(
            || "see `runner apply --help` for an example".to_owned(),
            |near| format!("did you mean `{}`?", path.with_file_name(near).display()),
        ))
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(TEXT_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let message = format!("`{}` is not UTF-8 text", path.display());
        CliError::new(Exit::ManifestInvalid, message)
            .because(error.utf8_error())
            .advice("save it as UTF-8")
    })?;
    Ok(sources.add(SourceFile::new(path.display().to_string(), text)))
}
