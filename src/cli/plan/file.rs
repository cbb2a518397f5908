//! Plan files: keeping a plan, and carrying out exactly the plan that was kept.
//!
//! Owns reading and writing them. A file is compared, never obeyed: what is done
//! comes out of a fresh plan, and only when both are the same.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Rehearsal;
use super::difference::{self, Told};
use crate::check::link::is_link;
use crate::check::media::CheckedMedia;
use crate::cli::args::{ApplyArgs, Lint, LintArgs, ManifestArgs, PlanArgs, ResultsArgs, RetryWhat};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Loaded;
use crate::cli::render::calm;
use crate::engine::Settings;
use crate::event::Shard;
use crate::id::sha256_hex;
use crate::money::Money;
use crate::plan::Plan;
use crate::plan::document::PlanDocument;
use crate::plan::record::{Arguments, FileRead, Moved, PlanFile, Var, looks_like_a_plan};
use crate::store;

/// The largest plan file that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The beginning of a file, enough to tell a plan from a manifest.
const BEGINNING: u64 = 256;

/// What plan files are called, so that a foreign one is not read as a manifest.
const ENDING: &str = ".plan.json";

/// Every text and picture that a manifest is made of.
pub(in crate::cli) fn files_read(loaded: &Loaded) -> Vec<FileRead> {
    let texts = loaded
        .sources
        .iter()
        .filter(|source| !source.typed)
        .map(|source| FileRead {
            path: slashes(&source.name),
            sha256: sha256_hex(source.text.as_bytes()),
        });
    let media = loaded.shots.iter().flat_map(|shot| shot.request.media());
    let pictures = media.filter_map(|(_, media)| match media {
        CheckedMedia::File(facts) => Some(FileRead {
            path: slashes(&facts.path.display().to_string()),
            sha256: facts.sha256.clone(),
        }),
        _ => None,
    });
    let mut files: Vec<FileRead> = texts.chain(pictures).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.dedup();
    files
}

fn slashes(path: &str) -> String {
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    match path.strip_prefix("./") {
        Some(inside) => inside.to_owned(),
        None => path,
    }
}

/// `--out` is the output folder here as everywhere; `terraform plan -out` is not.
pub(super) fn is_a_folder(out: Option<&Path>) -> Result<(), CliError> {
    match out {
        Some(path) if path.extension().is_some_and(|end| end == "json") && !path.is_dir() => {
            let path = path.display();
            let error = CliError::new(Exit::Usage, "`--out` names the output folder");
            Err(error.advice(format!("to keep the plan: --save {path}")))
        }
        _ => Ok(()),
    }
}

/// Keeps a plan.
pub(super) fn save(path: &Path, args: &PlanArgs, rehearsal: &Rehearsal) -> Result<(), CliError> {
    let Some(plan) = rehearsal.document() else {
        return Ok(());
    };
    if beginning(path).is_some_and(|text| !looks_like_a_plan(&text)) {
        let message = format!("`{}` is there and is no plan", path.display());
        return Err(CliError::new(Exit::Usage, message).advice("give the plan another name"));
    }
    let arguments = arguments(&args.manifest, &args.results)?;
    let file = PlanFile::new(arguments, rehearsal.files.clone(), plan);
    let text = serde_json::to_string_pretty(&file).expect("a plan has text keys only");
    holds_no_key("plan", &text, &rehearsal.loaded)?;
    store::write_atomic(path, format!("{text}\n").as_bytes()).map_err(|error| {
        let message = format!("`{}` cannot be written", path.display());
        CliError::new(Exit::Internal, message).because(error)
    })
}

/// A key that stands in the storyboard would stand in the file that is made of it.
pub(in crate::cli) fn holds_no_key(
    what: &str,
    text: &str,
    loaded: &Loaded,
) -> Result<(), CliError> {
    let variable = loaded.target.as_ref().map(|target| &target.key_variable);
    let key = variable.and_then(|variable| loaded.environment.get(variable));
    match key {
        Some(key) if text.contains(key) => Err(CliError::new(
            Exit::Usage,
            format!("the {what} holds the key of the service, and is not written"),
        )
        .advice("take the key out of the manifest and of `--var`")),
        _ => Ok(()),
    }
}

fn arguments(manifest: &ManifestArgs, results: &ResultsArgs) -> Result<Arguments, CliError> {
    // Every field by name: a new flag has to be kept, too.
    let ManifestArgs {
        manifest,
        vars,
        vars_file,
        only,
        changed,
        failed,
        shard,
        simulate,
        backend,
        profile,
        lints: LintArgs { deny, allow },
    } = manifest;
    let ResultsArgs { out, force, retry } = results;
    let vars = vars.iter().map(|(name, value)| variable(name, value));
    Ok(Arguments {
        manifest: text(manifest)?,
        vars: vars.collect::<Result<_, _>>()?,
        vars_files: vars_file
            .iter()
            .map(|p| text(p))
            .collect::<Result<_, _>>()?,
        only: only.clone(),
        changed: *changed,
        failed: *failed,
        shard: shard.map(|shard| shard.to_string()),
        simulate: *simulate,
        backend: backend.clone(),
        profile: profile.clone(),
        deny: words(deny),
        allow: words(allow),
        out: out.as_deref().map(text).transpose()?,
        force: force.clone(),
        retry_failed: *retry == Some(RetryWhat::Failed),
    })
}

fn words(lints: &[Lint]) -> Vec<String> {
    lints.iter().map(Lint::to_string).collect()
}

/// The query of a link can be a signature, which no plan shall hold.
fn variable(name: &str, value: &str) -> Result<Var, CliError> {
    if is_link(value) && value.contains('?') {
        let message =
            format!("the link in `--var {name}=…` may be signed, and plans hold no signature");
        return Err(CliError::new(Exit::Usage, message)
            .advice("put it into a file, and name that with --vars-file"));
    }
    Ok(Var {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

fn text(path: &Path) -> Result<String, CliError> {
    let text = path.to_str().map(ToOwned::to_owned);
    text.ok_or_else(|| {
        let message = format!("`{}` is no UTF-8 name, and cannot be kept", path.display());
        CliError::new(Exit::Usage, message)
    })
}

/// A plan that is to be carried out.
pub(in crate::cli) struct Accepted {
    path: PathBuf,
    plan: PlanFile,
    lints: LintArgs,
    shard: Option<Shard>,
}

impl Accepted {
    /// The plan file that `apply` was called with; `None` where it is a manifest.
    pub(in crate::cli) fn find(args: &ApplyArgs) -> Result<Option<Self>, CliError> {
        let path = &args.manifest.manifest;
        let named = path.to_str().is_some_and(|name| name.ends_with(ENDING));
        let said = beginning(path).is_some_and(|text| looks_like_a_plan(&text));
        if !named && !said {
            return Ok(None);
        }
        let plan = read(path)?;
        let accepted = Self {
            path: path.clone(),
            lints: lints(path, &plan.arguments)?,
            shard: shard(path, &plan.arguments)?,
            plan,
        };
        accepted.is_not_contradicted(args)?;
        Ok(Some(accepted))
    }

    /// A flag that would change the plan makes another plan of it.
    fn is_not_contradicted(&self, args: &ApplyArgs) -> Result<(), CliError> {
        let kept = &self.plan.arguments;
        let given = arguments(&args.manifest, &args.results)?;
        let flags = [
            ("--var", !given.vars.is_empty()),
            ("--vars-file", !given.vars_files.is_empty()),
            ("--only", !given.only.is_empty()),
            ("--changed", given.changed),
            ("--failed", given.failed),
            ("--simulate", given.simulate),
            (
                "--shard",
                given.shard.is_some() && given.shard != kept.shard,
            ),
            // It may come out of the environment, which stayed the same.
            (
                "--backend",
                given.backend.is_some() && given.backend != kept.backend,
            ),
            (
                "--profile",
                given.profile.is_some() && given.profile != kept.profile,
            ),
            ("--deny", !given.deny.is_empty() && given.deny != kept.deny),
            (
                "--allow",
                !given.allow.is_empty() && given.allow != kept.allow,
            ),
            ("--out", given.out.is_some()),
            ("--force", !given.force.is_empty()),
            ("--retry", given.retry_failed),
        ];
        match flags.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(CliError::new(
                Exit::Usage,
                format!(
                    "`{flag}` would change the plan that `{}` holds",
                    self.path.display()
                ),
            )
            .advice(format!(
                "make another plan: runner plan {} {flag} … --save FILE",
                calm(&kept.manifest)
            ))),
            None => Ok(()),
        }
    }

    /// The arguments of the plan in place of those of `apply`.
    pub(in crate::cli) fn arguments(&self, args: &ApplyArgs) -> ApplyArgs {
        let kept = &self.plan.arguments;
        let vars = kept.vars.iter();
        ApplyArgs {
            manifest: ManifestArgs {
                manifest: PathBuf::from(&kept.manifest),
                vars: vars
                    .map(|var| (var.name.clone(), var.value.clone()))
                    .collect(),
                vars_file: kept.vars_files.iter().map(PathBuf::from).collect(),
                only: kept.only.clone(),
                changed: kept.changed,
                failed: kept.failed,
                shard: self.shard,
                simulate: kept.simulate,
                backend: kept.backend.clone(),
                profile: kept.profile.clone(),
                lints: self.lints.clone(),
            },
            results: ResultsArgs {
                out: kept.out.as_ref().map(PathBuf::from),
                force: kept.force.clone(),
                retry: kept.retry_failed.then_some(RetryWhat::Failed),
            },
            ..args.clone()
        }
    }

    /// Refuses a plan under which anything moved, and says what.
    pub(in crate::cli) fn still_holds(
        &self,
        now: &PlanDocument,
        files: &[FileRead],
        console: &mut Console,
    ) -> Result<(), CliError> {
        let moved = self.plan.moved(now, files);
        if moved.is_empty() {
            return Ok(());
        }
        let told = moved.iter().map(|Moved { what, changes }| Told {
            title: format!("{what}:"),
            changes,
            note: None,
        });
        difference::tell(told, console);
        Err(self.stale("what it was made from moved"))
    }

    /// The error of a plan that cannot be carried out any more.
    pub(in crate::cli) fn stale(&self, why: &str) -> CliError {
        let path = self.path.display();
        let message = format!("the plan `{path}` is stale: {why}; nothing was created");
        let kept = &self.plan.arguments;
        let manifest = calm(&kept.manifest);
        let alone = Arguments {
            manifest: kept.manifest.clone(),
            ..Arguments::default()
        };
        let flags = if *kept == alone {
            ""
        } else {
            " with the same flags"
        };
        CliError::new(Exit::PlanStale, message).advice(format!(
            "make it again{flags}, and look at it: runner plan {manifest} --save {path}"
        ))
    }

    /// What waits for frames is decided later, and never for more than was said.
    pub(in crate::cli) fn bound(plan: &Plan, settings: &mut Settings) {
        let cost = plan.cost();
        let mut amounts = cost.amounts();
        let (Some(most), None) = (amounts.next(), amounts.next()) else {
            return;
        };
        let over =
            |limit: &Money| limit.currency() == most.currency() && limit.micros() > most.micros();
        let is_bound = !settings.max_cost.as_ref().is_none_or(over);
        if !plan.facts.free && plan.unpriced() == 0 && !is_bound {
            settings.max_cost = Some(most);
        }
    }
}

fn refused(path: &Path, why: &str) -> CliError {
    CliError::new(Exit::Usage, format!("`{}` {why}", path.display()))
        .advice("make it again: runner plan shots.yaml --save film.plan.json")
}

/// What was said of warnings; another version may know other ones.
fn lints(path: &Path, kept: &Arguments) -> Result<LintArgs, CliError> {
    let read = |words: &[String]| -> Result<Vec<Lint>, CliError> {
        let lint = |word: &String| {
            word.parse().map_err(|_| {
                let why = format!("cannot be carried out: no warning is called `{word}`");
                refused(path, &why)
            })
        };
        words.iter().map(lint).collect()
    };
    Ok(LintArgs {
        deny: read(&kept.deny)?,
        allow: read(&kept.allow)?,
    })
}

fn shard(path: &Path, kept: &Arguments) -> Result<Option<Shard>, CliError> {
    let read = |word: &String| {
        word.parse().map_err(|_| {
            refused(
                path,
                &format!("cannot be carried out: `{word}` is no shard"),
            )
        })
    };
    kept.shard.as_ref().map(read).transpose()
}

fn read(path: &Path) -> Result<PlanFile, CliError> {
    let unreadable = |error| CliError::unreadable(path, error);
    let file = File::open(path).map_err(unreadable)?;
    let refused = |why: &str| refused(path, why);
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused("is too large for a plan"));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("is no plan: it is not UTF-8 text"))?;
    PlanFile::parse(&text).map_err(|error| refused("cannot be carried out").because(error))
}

/// The first characters of a file that is there.
fn beginning(path: &Path) -> Option<String> {
    // Opening a pipe would wait for somebody who writes.
    let file = path.is_file().then(|| File::open(path).ok()).flatten()?;
    let mut bytes = Vec::new();
    file.take(BEGINNING).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
