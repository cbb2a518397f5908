//! Every environment variable that the program reads, named and explained.
//!
//! The only file that asks the environment. A `.env` file beside the manifest
//! or in the working folder counts as environment that the real one overrides;
//! it is read into a map and never exported, so that child processes and crash
//! reports do not see the key. It may have come with a storyboard, so it gives keys
//! and hosts and none of the program's own `RUNNER_…` settings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// What the variables of the program's own settings begin with.
const OWN: &str = "RUNNER_";

/// Keys shorter than this are words, and two variables may share one.
const SHORTEST_KEY: usize = 8;

/// Where a variable was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the environment of this process.
    Process,
    /// In a `.env` file.
    File(PathBuf),
}

/// The variables of this process over those of `.env` files.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    variables: HashMap<String, (String, Origin)>,
    files: Vec<DotEnv>,
}

/// A `.env` file that was found.
#[derive(Debug, Clone)]
pub(super) struct DotEnv {
    /// Where.
    pub path: PathBuf,
    /// Whether all of it was understood. Its lines are never shown.
    pub is_whole: bool,
    /// Settings of the program's own in it, which do not count.
    pub ignored: Vec<String>,
}

impl Environment {
    /// Reads `.env` in the manifest's folder and the working folder, and the
    /// process environment over both.
    pub(super) fn load(manifest_dir: &Path) -> Self {
        let mut environment = Self::default();
        let mut folders = vec![Path::new(""), manifest_dir];
        folders.dedup_by(|a, b| a.join(".").canonicalize().ok() == b.join(".").canonicalize().ok());
        for folder in folders {
            environment.take(&folder.join(".env"));
        }
        let own = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        for (name, value) in own {
            // An empty one counts as unset.
            if !value.trim().is_empty() {
                environment.variables.insert(name, (value, Origin::Process));
            }
        }
        environment
    }

    fn take(&mut self, path: &Path) {
        let Ok(entries) = dotenvy::from_path_iter(path) else {
            return;
        };
        let mut file = DotEnv {
            path: path.to_owned(),
            is_whole: true,
            ignored: Vec::new(),
        };
        for entry in entries {
            match entry {
                Ok((name, _)) if name.starts_with(OWN) => file.ignored.push(name),
                Ok((name, value)) => {
                    let origin = Origin::File(path.to_owned());
                    self.variables.insert(name, (value, origin));
                }
                Err(_) => file.is_whole = false,
            }
        }
        // The nearest counts most and is named first.
        self.files.insert(0, file);
    }

    /// The `.env` files that were found, the one that counts most first.
    pub(super) fn files(&self) -> &[DotEnv] {
        &self.files
    }

    /// Where a variable comes from, if it is set.
    pub(super) fn origin(&self, name: &str) -> Option<&Origin> {
        self.get(name)?;
        self.variables.get(name).map(|(_, origin)| origin)
    }

    /// Another variable of this process with the same value: a `.env` file may say
    /// `X=${Y}`, and give away under one name what another one holds.
    pub(super) fn same_as(&self, name: &str, value: &str) -> Option<&str> {
        let same = |(other, (text, origin)): (&String, &(String, Origin))| {
            other != name && *origin == Origin::Process && text.contains(value)
        };
        (value.len() >= SHORTEST_KEY)
            .then(|| {
                self.variables
                    .iter()
                    .find(|(other, held)| same((other, held)))
            })
            .flatten()
            .map(|(other, _)| other.as_str())
    }

    /// The value of a flag's variable. Only this process's environment has any.
    pub(super) fn flag(variable: &str) -> Option<String> {
        let value = std::env::var_os(variable)?.into_string().ok()?;
        (!value.trim().is_empty()).then_some(value)
    }

    /// What the variables that all programs share say of colours: `NO_COLOR`, then
    /// `CLICOLOR_FORCE`, then `CLICOLOR`. `CLICOLOR_FORCE=0` forces nothing, which is
    /// said here because the library behind the streams takes it for a yes.
    pub(super) fn colour() -> Option<bool> {
        use std::io::IsTerminal as _;

        let force = Self::flag("CLICOLOR_FORCE");
        if Self::flag("NO_COLOR").is_some() {
            return Some(false);
        }
        if force.as_deref().is_some_and(|force| force != "0") {
            return Some(true);
        }
        if Self::flag("CLICOLOR").as_deref() == Some("0") {
            return Some(false);
        }
        force.map(|_| std::io::stdout().is_terminal() && std::io::stderr().is_terminal())
    }

    /// Every `RUNNER_…` variable of this process.
    pub(super) fn own() -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(OWN)).collect();
        names.sort();
        names
    }

    /// The words that the program was started with.
    pub(super) fn words() -> Vec<std::ffi::OsString> {
        std::env::args_os().collect()
    }

    /// The working folder.
    pub(super) fn here() -> PathBuf {
        std::env::current_dir().unwrap_or_default()
    }

    /// The user's home.
    pub(super) fn home() -> Option<PathBuf> {
        etcetera::home_dir().ok()
    }

    /// Where the user's own settings are: `RUNNER_CONFIG_DIR`, else where the system
    /// keeps such files; on macOS where command-line tools look, which is `~/.config`.
    pub(super) fn config_folder() -> Option<PathBuf> {
        if let Some(folder) = Self::flag("RUNNER_CONFIG_DIR") {
            return Some(PathBuf::from(folder));
        }
        let strategy = etcetera::choose_base_strategy().ok()?;
        Some(strategy.config_dir().join("runner"))
    }

    /// Where files of this user on this machine are, which belong to no storyboard:
    /// `RUNNER_STATE_DIR`, else where the system keeps such files.
    pub(super) fn state_folder() -> Option<PathBuf> {
        if let Some(folder) = Self::flag("RUNNER_STATE_DIR") {
            return Some(PathBuf::from(folder));
        }
        let strategy = etcetera::choose_base_strategy().ok()?;
        let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        Some(state.join("runner"))
    }

    /// A file in the state folder, which is made. `None` where no such place can be made.
    pub(super) fn state_file(name: &str) -> Option<PathBuf> {
        let folder = Self::state_folder()?;
        std::fs::create_dir_all(&folder).ok()?;
        Some(folder.join(name))
    }

    /// The ffmpeg of this machine: what `RUNNER_FFMPEG` names, else the first one on `PATH`. `none` means that
    /// there is none. A `.env` file has no say: it may have come with a storyboard, and must not name programs.
    pub(super) fn ffmpeg() -> Option<PathBuf> {
        match std::env::var_os("RUNNER_FFMPEG").filter(|named| !named.is_empty()) {
            Some(named) if named == "none" => None,
            Some(named) => Some(PathBuf::from(named)),
            None => {
                let name = format!("ffmpeg{}", std::env::consts::EXE_SUFFIX);
                std::env::split_paths(&std::env::var_os("PATH")?)
                    // A relative folder would run whatever lies in the working folder.
                    .filter(|folder| folder.is_absolute())
                    .map(|folder| folder.join(&name))
                    .find(|file| file.is_file())
            }
        }
    }

    /// The file that GitHub names for what a step wants to say on the job's page;
    /// `None` elsewhere. A `.env` file has no say: it must not name files to be written.
    pub(super) fn job_summary() -> Option<PathBuf> {
        std::env::var_os("GITHUB_ACTIONS").filter(|set| set == "true")?;
        let named = std::env::var_os("GITHUB_STEP_SUMMARY")?;
        (!named.is_empty()).then(|| PathBuf::from(named))
    }

    /// The variables of this process whose names begin so. A `.env` file has no say:
    /// it may have come with a storyboard, and must not say where a cloud's keys go.
    pub(super) fn beginning_with(prefixes: &[&str]) -> Vec<(String, String)> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
            .filter(|(_, value)| !value.trim().is_empty());
        let mut variables: Vec<(String, String)> = variables.collect();
        variables.sort();
        variables
    }

    /// A variable; an empty one counts as unset.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|(value, _)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// A variable as it was written.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|(value, _)| value.as_str())
    }
}
