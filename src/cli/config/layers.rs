//! The command line with everything under it: variables, then files.
//!
//! Owns the order. What is typed is parsed first and alone; what lower layers say
//! of the other flags is checked by their parsers and put in as their defaults, so
//! that the typed arguments know nothing of layers. Settings that the manifest has
//! too are left to `under`, because a file stands under the manifest.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use crate::cli::args::Cli;
use crate::cli::config::files::Files;
use crate::cli::config::twins;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::tongue;
use crate::diag::Sources;
use crate::lang::Language;

/// Variables that say for every program whether it uses colours; above a file.
const COLOUR: [&str; 3] = ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"];

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was typed.
    Flag,
    /// A variable of this name.
    Variable(String),
    /// A file, with the place in it.
    File(String),
    /// Nobody said anything.
    Default,
}

/// A command line with its settings.
pub(in crate::cli) struct Settled {
    /// The arguments, all layers together.
    pub cli: Cli,
    /// The files that were read.
    pub files: Files,
    /// Their texts.
    pub sources: Sources,
}

/// Why there is no command line.
pub(in crate::cli) enum Wrong {
    /// What was typed is wrong, or help was asked for.
    Typed(clap::Error),
    /// What a variable says is wrong.
    Variable(CliError),
}

/// Which flags may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Completeness {
    /// A command that is carried out needs all of them.
    Whole,
    /// One that is only explained does not.
    Partial,
}

/// Parses a command line and puts the other layers under it.
pub(in crate::cli) fn settle(words: &[OsString], language: Language) -> Result<Settled, Wrong> {
    let layers = Layers::spoken(words, Completeness::Whole, language)?;
    let cli = Cli::from_arg_matches(&layers.matches).map_err(Wrong::Typed)?;
    Ok(Settled {
        cli,
        files: layers.files,
        sources: layers.sources,
    })
}

/// A command line flag by flag.
pub(super) struct Layers {
    pub(super) matches: ArgMatches,
    pub(super) origins: BTreeMap<String, Origin>,
    pub(super) command: String,
    pub(super) root: Command,
    pub(super) files: Files,
    pub(super) sources: Sources,
    pub(super) manifest: Option<PathBuf>,
    /// The profile that a flag or a variable names.
    pub(super) profile: Option<String>,
}

impl Layers {
    pub(super) fn of(words: &[OsString], completeness: Completeness) -> Result<Self, Wrong> {
        Self::spoken(words, completeness, Language::English)
    }

    /// The same, with help in a language.
    fn spoken(
        words: &[OsString],
        completeness: Completeness,
        language: Language,
    ) -> Result<Self, Wrong> {
        let root = Cli::command();
        let mut command = twins::described(root.clone());
        if completeness == Completeness::Partial {
            command = lenient(command);
        }
        // Help is answered here; what is filled in below is never shown.
        let typed = tongue::translated(command.clone(), language)
            .try_get_matches_from(words)
            .map_err(Wrong::Typed)?;
        let (name, inner) = typed.subcommand().unwrap_or(("help", &typed));
        let (name, inner) = (name.to_owned(), inner.clone());
        let manifest = inner
            .try_get_one::<PathBuf>("manifest")
            .ok()
            .flatten()
            .cloned();
        let mut sources = Sources::default();
        let files = Files::read(&mut sources, manifest.as_deref(), &root);
        let mut layers = Self {
            matches: typed.clone(),
            origins: BTreeMap::new(),
            command: name,
            root,
            files,
            sources,
            manifest,
            profile: None,
        };
        layers.profile = layers.profile(&inner)?;
        let command = layers.fill(command, &inner)?;
        layers.matches = command.try_get_matches_from(words).map_err(Wrong::Typed)?;
        Ok(layers)
    }

    /// The profile that was asked for; there has to be one of that name.
    fn profile(&self, typed: &ArgMatches) -> Result<Option<String>, Wrong> {
        let flag = typed.try_get_one::<String>("profile");
        let Ok(flag) = flag else { return Ok(None) };
        let variable = "RUNNER_PROFILE";
        // What is typed beside it says where the service is already.
        let elsewhere = ["backend", "simulate"]
            .iter()
            .any(|id| source(typed, id) == Some(ValueSource::CommandLine));
        let asked = flag
            .cloned()
            .or_else(|| Environment::flag(variable).filter(|_| !elsewhere));
        match asked {
            Some(name) if self.files.profile(&name).is_none() => {
                let (message, help) = self.files.no_profile(&name);
                Err(Wrong::Variable(
                    CliError::new(Exit::Usage, message).advice(help),
                ))
            }
            asked => Ok(asked),
        }
    }

    /// Gives every flag that was not typed what the layers under it say.
    fn fill(&mut self, mut command: Command, typed: &ArgMatches) -> Result<Command, Wrong> {
        let root = self.root.clone();
        let Some(own) = root.find_subcommand(&self.command) else {
            return Ok(command);
        };
        let globals = root.get_arguments().filter(|arg| arg.is_global_set());
        for arg in own
            .get_arguments()
            .chain(globals)
            .filter(|arg| twins::is_setting(arg))
        {
            let id = arg.get_id().to_string();
            if source(typed, &id) == Some(ValueSource::CommandLine) {
                self.origins.insert(id, Origin::Flag);
                continue;
            }
            let (origin, values) = self.lower(own, arg)?;
            if !values.is_empty() {
                command = with_default(command, &self.command, arg, values);
            }
            self.origins.insert(id, origin);
        }
        Ok(command)
    }

    /// What a variable or a file says of a flag.
    fn lower(&self, own: &Command, arg: &Arg) -> Result<(Origin, Vec<String>), Wrong> {
        let nothing = (Origin::Default, Vec::new());
        // Of two flags that exclude each other, the one that was typed counts.
        let excluded = !arg.is_global_set() && self.excludes(own, arg);
        if excluded {
            return Ok(nothing);
        }
        if let Some(variable) = twins::variable(&self.root, &self.command, arg)
            && let Some(value) = Environment::flag(&variable)
        {
            let values = twins::checked(arg, &[value]).map_err(|refused| {
                let message = format!("{variable}: {}", refused.message);
                let error = CliError::new(Exit::Usage, message);
                Wrong::Variable(match refused.help {
                    Some(help) => error.advice(help),
                    None => error.advice(format!(
                        "unset {variable}, or give it a value as for --{}",
                        arg.get_long().unwrap_or_default()
                    )),
                })
            })?;
            return Ok((Origin::Variable(variable), values));
        }
        let overruled =
            arg.get_id() == "color" && COLOUR.iter().any(|name| Environment::flag(name).is_some());
        if overruled || twins::is_mirrored(&self.root, arg) {
            return Ok(nothing);
        }
        let profile = self.effective_profile();
        let setting = self
            .files
            .setting(&self.root, &self.command, arg, profile.as_deref());
        Ok(setting.map_or(nothing, |setting| {
            let origin = Origin::File(self.place(setting.span));
            (origin, setting.values.clone())
        }))
    }

    /// Whether a flag was typed that cannot stand beside this one.
    fn excludes(&self, own: &Command, arg: &Arg) -> bool {
        let inner = self.matches.subcommand_matches(&self.command);
        let inner = inner.unwrap_or(&self.matches);
        let mut typed = own.get_arguments().filter(|other| {
            let id = other.get_id().as_str();
            !other.is_global_set() && source(inner, id) == Some(ValueSource::CommandLine)
        });
        let one_way = |a: &Arg, b: &Arg| {
            let excluded = own.get_arg_conflicts_with(a);
            excluded
                .iter()
                .any(|excluded| excluded.get_id() == b.get_id())
        };
        typed.any(|other| one_way(arg, other) || one_way(other, arg))
    }

    /// The profile in force: asked for, else the usual one.
    pub(super) fn effective_profile(&self) -> Option<String> {
        let usual = || self.files.usual.as_ref().map(|name| name.value.clone());
        self.profile.clone().or_else(usual)
    }

    /// A place in a file, as compilers write it.
    pub(super) fn place(&self, span: crate::diag::Span) -> String {
        let (line, column) = self.sources.line_column(span);
        format!("{}:{line}:{column}", self.sources.get(span.file).name)
    }
}

fn source(matches: &ArgMatches, id: &str) -> Option<ValueSource> {
    // Asking for an id that a command does not have is no mistake here.
    matches
        .try_contains_id(id)
        .ok()
        .and_then(|_| matches.value_source(id))
}

fn with_default(root: Command, command: &str, arg: &Arg, values: Vec<String>) -> Command {
    let id = arg.get_id().to_string();
    let set = move |arg: Arg| arg.default_values(values);
    if arg.is_global_set() {
        root.mut_arg(id, set)
    } else {
        root.mut_subcommand(command, |command| command.mut_arg(id, set))
    }
}

/// The same command line without flags that have to be there.
fn lenient(root: Command) -> Command {
    let names: Vec<String> = root
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let relax = |arg: Arg| arg.required(false);
    names.into_iter().fold(root, |root, name| {
        root.mut_subcommand(name, |command| command.mut_args(relax))
    })
}
