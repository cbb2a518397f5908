//! The two files with settings: the project's and the user's.
//!
//! Owns where they are looked for and what was found. The project's file is
//! `runner.yaml` beside the manifest, else in the nearest folder above it up to
//! the root of its repository; outside of a repository nothing above is looked
//! at, since anybody may write to a folder such as `/tmp`.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use clap::{Arg, Command};

use crate::cli::config::profiles::Profile;
use crate::cli::config::{keys, secrets};
use crate::cli::env::Environment;
use crate::cli::words::slashes;
use crate::diag::{Code, Diagnostic, Severity, SourceFile, Sources, Span, Spanned};
use crate::manifest;

/// The name of a project's file.
const PROJECT: &str = "runner.yaml";

/// The name of the user's file, in a folder of its own.
const USER: &str = "config.yaml";

/// The largest file that is read, in bytes: nobody writes as many settings.
const LIMIT: u64 = 1024 * 1024;

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Kind {
    /// It came with the storyboard.
    Project,
    /// It is this person's own.
    User,
}

/// A place where settings are looked for.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Place {
    /// Whose it would be.
    pub kind: Kind,
    /// Where.
    pub path: PathBuf,
    /// The same as it is shown.
    pub shown: String,
    /// Whether there is a file.
    pub found: bool,
    /// Folders between it and the manifest.
    pub above: usize,
}

/// One flag's value in a file.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Setting {
    /// The key, which is the flag's.
    pub key: String,
    /// The command that it is for; `None` for all that have the flag.
    pub command: Option<String>,
    /// The profile that it belongs to.
    pub profile: Option<String>,
    /// What the flag would be given.
    pub values: Vec<String>,
    /// Where it was written.
    pub span: Span,
    /// Folders between its file and the manifest.
    pub above: usize,
}

/// Everything that the files say; of two settings the first counts.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Files {
    /// Where was looked, the most important first.
    pub places: Vec<Place>,
    pub(super) settings: Vec<Setting>,
    /// Profiles with names of somebody's own.
    pub profiles: Vec<Profile>,
    /// The profile that is used where nobody says otherwise.
    pub usual: Option<Spanned<String>>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

impl Files {
    /// Finds and reads them. Texts are added to `sources`.
    pub(in crate::cli) fn read(
        sources: &mut Sources,
        manifest: Option<&Path>,
        root: &Command,
    ) -> Self {
        let mut files = Self::default();
        for mut place in [project(manifest), user()].into_iter().flatten() {
            match text(&place.path) {
                Ok(None) => {}
                Ok(Some(text)) => {
                    place.found = true;
                    files.take(sources, &place, &text, root);
                }
                Err(why) => {
                    place.found = true;
                    let message = format!("`{}` cannot be read: {why}", place.shown);
                    let unreadable = Diagnostic::new(Severity::Error, Code::Syntax, None, message)
                        .help("mend it, or move it away");
                    files.diagnostics.push(unreadable);
                }
            }
            files.places.push(place);
        }
        files.check_usual();
        files
    }

    fn take(&mut self, sources: &mut Sources, place: &Place, text: &str, root: &Command) {
        let masked = secrets::masked(text);
        let file = SourceFile::new(place.shown.clone(), masked.as_str());
        let id = sources.add(file);
        let (tree, mut found) = manifest::parse_tree(sources, id);
        self.diagnostics.append(&mut found);
        let Some(tree) = tree else { return };
        let before = self.diagnostics.len();
        let secrets = keys::secrets(&tree, text, &masked);
        if secrets.is_empty() {
            keys::read(self, &tree, place, root);
        }
        self.diagnostics.extend(secrets);
        // People read from top to bottom.
        let place = |found: &Diagnostic| found.primary.as_ref().map(|label| label.span);
        self.diagnostics[before..].sort_by_key(place);
    }

    /// The first setting of a flag for a command, with the settings of a profile
    /// before all others.
    pub(super) fn setting(
        &self,
        root: &Command,
        command: &str,
        arg: &Arg,
        profile: Option<&str>,
    ) -> Option<&Setting> {
        let key = super::twins::key(arg);
        let shared = super::twins::is_shared(root, arg);
        let fits = |setting: &&Setting| {
            let command_fits = match &setting.command {
                Some(own) => own == command,
                None => shared,
            };
            setting.key == key && command_fits
        };
        let of_profile =
            |setting: &&Setting| setting.profile.is_some() && setting.profile.as_deref() == profile;
        let plain = |setting: &&Setting| setting.profile.is_none();
        let mut all = self.settings.iter().filter(fits);
        all.clone().find(of_profile).or_else(|| all.find(plain))
    }

    /// Whether anything stands in the way of using them.
    pub(in crate::cli) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// The text of a file, if there is one.
fn text(path: &Path) -> Result<Option<String>, String> {
    match path.metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
        Ok(found) if !found.is_file() => return Err("it is not a file".to_owned()),
        Ok(found) if found.len() > LIMIT => {
            return Err("it has more than a million bytes".to_owned());
        }
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| "it is not UTF-8 text".to_owned())
}

/// The project's file, or where it would be.
fn project(manifest: Option<&Path>) -> Option<Place> {
    let folder = manifest.and_then(Path::parent).unwrap_or(Path::new(""));
    let folder = std::path::absolute(folder.join(".")).ok()?;
    let manifest = manifest.and_then(|path| std::path::absolute(path).ok());
    let repository = folder
        .ancestors()
        .position(|folder| folder.join(".git").exists())
        .unwrap_or(0);
    let candidates = folder.ancestors().take(repository + 1).enumerate();
    let place = |(above, folder): (usize, &Path)| {
        let path = folder.join(PROJECT);
        Place {
            kind: Kind::Project,
            shown: shown(&path),
            found: path.symlink_metadata().is_ok() && manifest.as_deref() != Some(&*path),
            path,
            above,
        }
    };
    let mut places: Vec<Place> = candidates.map(place).collect();
    // A storyboard may be called so; then it is no file with settings.
    places.retain(|place| manifest.as_deref() != Some(&*place.path));
    let at = places.iter().position(|place| place.found).unwrap_or(0);
    (at < places.len())
        .then(|| places.swap_remove(at))
        .map(|place| Place {
            found: false,
            ..place
        })
}

/// The user's file, or where it would be.
fn user() -> Option<Place> {
    let path = Environment::config_folder()?.join(USER);
    Some(Place {
        kind: Kind::User,
        shown: shown(&path),
        found: false,
        path,
        above: 0,
    })
}

/// A path as seen from the working folder, else from home, with `/`.
pub(in crate::cli) fn shown(path: &Path) -> String {
    let Ok(path) = std::path::absolute(path) else {
        return slashes(path);
    };
    let here = Environment::here();
    for (up, folder) in here.ancestors().enumerate().take(4) {
        // From the root of the system everything can be reached, and nothing is near.
        if folder.parent().is_none() {
            break;
        }
        if let Ok(rest) = path.strip_prefix(folder) {
            return slashes(
                std::iter::repeat_n("..", up)
                    .collect::<PathBuf>()
                    .join(rest),
            );
        }
    }
    match Environment::home().and_then(|home| Some(path.strip_prefix(home).ok()?.to_owned())) {
        Some(rest) => slashes(Path::new("~").join(rest)),
        None => slashes(path),
    }
}
