//! Every environment variable that the program reads, named and explained.
//!
//! The only file that asks the environment. A `.env` file beside the manifest
//! or in the working folder counts as environment that the real one overrides;
//! it is read into a map and never exported, so that child processes and crash
//! reports do not see the key.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// A variable of this process alone; an empty one counts as unset.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    Some(value).filter(|value| !value.is_empty())
}

/// The variables of this process over those of `.env` files.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    variables: HashMap<String, String>,
}

impl Environment {
    /// Reads `.env` in the manifest's folder and the working folder, and the
    /// process environment over both.
    pub(super) fn load(manifest_dir: &Path) -> Self {
        let mut variables = HashMap::new();
        for folder in [Path::new("."), manifest_dir] {
            if let Ok(entries) = dotenvy::from_path_iter(folder.join(".env")) {
                variables.extend(entries.filter_map(Result::ok));
            }
        }
        variables.extend(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
        Self { variables }
    }

    /// A file that belongs to this user on this machine and to no storyboard,
    /// with its folder made: under `RUNNER_STATE_DIR`, else where the system keeps
    /// such files. `None` where no such place can be made.
    pub(super) fn state_file(&self, name: &str) -> Option<PathBuf> {
        let folder = if let Some(folder) = self.get("RUNNER_STATE_DIR") {
            PathBuf::from(folder)
        } else {
            let strategy = etcetera::choose_base_strategy().ok()?;
            let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
            state.join("runner")
        };
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

    /// A variable; an empty one counts as unset.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }
}
