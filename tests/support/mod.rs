//! What the tests of the whole program share: a folder of their own, a clean
//! environment, and the program itself.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod film;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder that goes away, and the program run in it.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let parent = path.parent().expect("it is in the folder");
        fs::create_dir_all(parent).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program in this folder, with none of this machine's variables.
    pub(crate) fn command(&self) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(self.command().args(args))
    }

    /// The simulated, tiny, fast version of `apply`.
    pub(crate) fn apply(&self, args: &[&str]) -> Ran {
        let fast = [
            "apply",
            "shots.yaml",
            "--simulate",
            "--clips",
            "tiny",
            "--time-scale",
            "20000",
        ];
        ran(self.command().args(fast).args(args))
    }

    /// `apply` against a service of its own, with a key.
    pub(crate) fn apply_at(&self, simulator: &Simulated, args: &[&str]) -> Ran {
        let fast = ["apply", "shots.yaml", "--poll-interval", "100ms"];
        ran(self
            .command()
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", &simulator.url)
            .args(fast)
            .args(args))
    }

    /// The report of the last simulated run.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_slice(&self.read("out/simulated/report.json")).expect("it is JSON")
    }
}

/// `runner simulate` as a process of its own, which outlives the runs against it.
pub(crate) struct Simulated {
    process: Child,
    url: String,
}

impl Simulated {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut process = program()
            .args(["simulate", "--listen", "127.0.0.1:0", "--clips", "tiny"])
            .args(["--time-scale", "20000"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let stdout = process.stdout.take().expect("it was piped");
        let mut url = String::new();
        BufReader::new(stdout)
            .read_line(&mut url)
            .expect("it prints its address");
        let url = url.trim().to_owned();
        Self { process, url }
    }

    pub(crate) fn address(&self) -> &str {
        &self.url
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    // What the runs of this machine share is not to be touched by tests.
    command
        .env_clear()
        .env("NO_COLOR", "1")
        .env("RUNNER_STATE_DIR", env!("CARGO_TARGET_TMPDIR"))
        .env(
            "RUNNER_CONFIG_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/no-settings"),
        );
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program starts");
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).expect("stdout is text"),
        stderr: String::from_utf8(stderr).expect("stderr is text"),
    }
}

/// Every file of a folder with this ending, by name.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .collect();
    files.sort();
    files
}

pub(crate) fn name(path: &Path) -> String {
    path.file_stem()
        .expect("it has a name")
        .to_string_lossy()
        .into_owned()
}
