//! What the tests of the whole program share: a folder of their own, a clean
//! environment, and the program itself.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder that goes away, and the program run in it.
pub struct Stage {
    folder: tempfile::TempDir,
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let parent = path.parent().expect("it is in the folder");
        fs::create_dir_all(parent).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program in this folder, with none of this machine's variables.
    pub fn command(&self) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command().args(args))
    }

    /// The simulated, tiny, fast version of `apply`.
    pub fn apply(&self, args: &[&str]) -> Ran {
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

    /// The report of the last simulated run.
    pub fn report(&self) -> Value {
        serde_json::from_slice(&self.read("out/simulated/report.json")).expect("it is JSON")
    }
}

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.env_clear().env("NO_COLOR", "1");
    command
}

pub fn ran(command: &mut Command) -> Ran {
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
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .collect();
    files.sort();
    files
}

pub fn name(path: &Path) -> String {
    path.file_stem()
        .expect("it has a name")
        .to_string_lossy()
        .into_owned()
}
