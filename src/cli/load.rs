//! From a file name to checked shots: the pure stages, one after the other.
//!
//! Owns reading the texts and collecting the diagnostics of every stage. A
//! stage runs although an earlier one found mistakes, so that an author sees
//! all of them at once.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::check::{self, CheckedShot};
use crate::cli::args::ManifestArgs;
use crate::cli::backend::{self, Target};
use crate::cli::beside::{self, Beside};
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::lint;
use crate::diag::{Diagnostic, SourceFile, SourceId, Sources, suggest};
use crate::id::ShotId;
use crate::manifest::model::{Manifest, Var};
use crate::manifest::{self, NoFiles};
use crate::media::library::Folder;
use crate::shot::{self, Overrides, Shot};
use crate::spec::Spec;

/// The largest text that is read, in bytes; `manifest` says the same with a place.
const TEXT_LIMIT: u64 = 16 * 1024 * 1024 + 1;

/// Everything that is known of a manifest.
pub(super) struct Loaded {
    /// Every text that was read.
    pub sources: Sources,
    /// Every file that the shots come from: the manifest, vars files, what it
    /// includes and the tables it reads, local pictures. Those that are not
    /// there are named too.
    pub files: Vec<PathBuf>,
    /// The folder that paths are relative to.
    pub folder: PathBuf,
    /// What the author wrote; `None` when it is no manifest at all.
    pub manifest: Option<Manifest>,
    /// The service to be used; `None` when none can be chosen.
    pub target: Option<Target>,
    /// The environment beside the manifest.
    pub environment: Environment,
    /// The shots that have no mistake, selected or not.
    pub shots: Vec<CheckedShot>,
    /// The selected ones; `None` for all.
    pub selected: Option<HashSet<ShotId>>,
    /// Values of variables from outside the manifest.
    pub overrides: Overrides,
    /// Every mistake and every lint.
    pub diagnostics: Vec<Diagnostic>,
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
    let manifest = manifest.ok_or_else(|| {
        let message = format!("`{}` is not a manifest", path.display());
        CliError::new(Exit::ManifestInvalid, message).advice("`runner check` says why")
    })?;
    Ok(folder_of(path).join(manifest.output.dir()))
}

fn folder_of(manifest: &Path) -> PathBuf {
    match manifest.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads and checks a manifest.
pub(super) fn load(args: &ManifestArgs) -> Result<Loaded, CliError> {
    let mut sources = Sources::default();
    let main = read(&mut sources, &args.manifest)?;
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
    let mut files = vec![args.manifest.clone()];
    files.extend(args.vars_file.iter().cloned());
    files.extend(beside.asked());
    let mut loaded = Loaded {
        files,
        sources,
        folder,
        manifest: None,
        target: None,
        environment,
        shots: Vec::new(),
        selected: None,
        overrides: Overrides::default(),
        diagnostics,
    };
    if let Some(manifest) = manifest {
        go_on(&mut loaded, &manifest, args, vars_files, spec)?;
        loaded.manifest = Some(manifest);
    }
    Ok(loaded)
}

fn go_on(
    loaded: &mut Loaded,
    manifest: &Manifest,
    args: &ManifestArgs,
    files: Vec<Vec<Var>>,
    spec: &Spec,
) -> Result<(), CliError> {
    let flag = args.backend.as_deref();
    match backend::choose(manifest, &loaded.environment, args.simulate, flag) {
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
    let pictures: HashSet<PathBuf> = shots
        .iter()
        .flat_map(Shot::local_pictures)
        .map(|picture| beside::join(&args.manifest, picture))
        .collect();
    let mut pictures: Vec<PathBuf> = pictures.into_iter().collect();
    pictures.sort();
    loaded.files.append(&mut pictures);
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
    let ids: Vec<&ShotId> = shots.iter().map(|shot| &shot.id).collect();
    loaded.selected = select(&ids, &args.only)?;
    loaded.shots = checked;
    let regrets = lint::settings(manifest, loaded.target.as_ref());
    loaded.diagnostics.extend(regrets);
    Ok(())
}

/// `6` is a number and `rain` is a text, as in YAML.
fn value((name, text): &(String, String)) -> (String, Value) {
    let value = match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text.clone()),
    };
    (name.clone(), value)
}

fn read(sources: &mut Sources, path: &Path) -> Result<SourceId, CliError> {
    let unreadable = |error| {
        CliError::unreadable(path, error).advice(beside::similar(path).map_or_else(
            || "see `runner apply --help` for an example".to_owned(),
            |near| format!("did you mean `{near}`?"),
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

/// The shots that `--only` names; every pattern has to name something.
fn select(ids: &[&ShotId], patterns: &[String]) -> Result<Option<HashSet<ShotId>>, CliError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    matching(ids, patterns).map(Some)
}

fn no_such_shot(pattern: &str, ids: &[&ShotId]) -> CliError {
    let names = ids.iter().map(|id| id.as_str());
    let error = CliError::new(
        Exit::NothingSelected,
        format!("no shot is called `{pattern}`"),
    );
    match suggest(pattern, names) {
        Some(near) => error.advice(format!("did you mean `{near}`?")),
        None => error.advice("`runner check FILE` lists the shots"),
    }
}

/// The selected shots that patterns name; every pattern has to name one.
pub(super) fn named(loaded: &Loaded, patterns: &[String]) -> Result<HashSet<ShotId>, CliError> {
    let ids: Vec<&ShotId> = loaded.chosen().map(|shot| &shot.id).collect();
    matching(&ids, patterns)
}

fn matching(ids: &[&ShotId], patterns: &[String]) -> Result<HashSet<ShotId>, CliError> {
    let mut named = HashSet::new();
    for pattern in patterns {
        let mut chosen = ids.iter().filter(|id| selects(pattern, id)).peekable();
        if chosen.peek().is_none() {
            return Err(no_such_shot(pattern, ids));
        }
        named.extend(chosen.map(|id| (*id).clone()));
    }
    Ok(named)
}

fn selects(pattern: &str, id: &ShotId) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => id.as_str().starts_with(beginning),
        None => id.as_str() == pattern,
    }
}
