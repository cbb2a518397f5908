//! A folder with one manifest in it, and `runner plan` without the printing.
//!
//! Owns what holds for every manifest: it is either refused with reasons or
//! planned whole, and both can be shown.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use runner::cli::{Cli, CliError, Command, Rehearsal, rehearse};
use runner::event::Decision;
use runner::plan::Plan;
use serde_json::Value;

/// The longest prompt, as the bundled documents have it.
const PROMPT_LIMIT: usize = 2000;

pub(super) struct Stage {
    /// Goes away with its content.
    _folder: tempfile::TempDir,
    file: PathBuf,
    command: Cli,
}

impl Stage {
    pub(super) fn new() -> Self {
        use clap::Parser as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("shots.yaml");
        let command = ["runner".as_ref(), "plan".as_ref(), file.as_os_str()];
        let command = Cli::try_parse_from(command).expect("a plan of a file");
        Self {
            _folder: folder,
            file,
            command,
        }
    }

    /// Plans this text, holds what has to hold, and gives the plan, where there
    /// is one. Refused without a place is what is not UTF-8, and an output folder
    /// that cannot be one.
    pub(super) fn play(&self, text: &[u8]) -> Result<Option<Plan>, CliError> {
        fs::write(&self.file, text).expect("the folder is ours");
        let Command::Plan(args) = &self.command.command else {
            unreachable!("it was parsed as a plan");
        };
        let rehearsal = rehearse(args)?;
        let told = rehearsal.diagnostics();
        let errors = told.iter().filter(|told| told.is_error()).count();
        assert_eq!(
            rehearsal.plan().is_none(),
            errors > 0,
            "a plan beside {errors} errors, or neither"
        );
        shown(&rehearsal, text.len(), errors);
        if let Some(plan) = rehearsal.plan() {
            whole(plan);
        }
        Ok(rehearsal.into_plan())
    }
}

/// Every diagnostic can be shown, and points into the text.
fn shown(rehearsal: &Rehearsal, length: usize, errors: usize) {
    let plain = rehearsal.as_text(false);
    let stray = plain.chars().find(|&c| c.is_control() && c != '\n');
    assert_eq!(stray, None, "in what is printed:\n{}", plain.escape_debug());
    assert!(rehearsal.as_text(true).len() >= plain.len());
    let json = rehearsal.as_json();
    assert_eq!(json["valid"], errors == 0);
    for told in json["diagnostics"].as_array().expect("a list") {
        let related = told["related"].as_array().expect("a list");
        for range in related.iter().chain([&told["range"]]) {
            points_into_the_text(range, length);
        }
    }
}

fn points_into_the_text(range: &Value, length: usize) {
    let byte = |end: &str| range[end]["byte"].as_u64();
    if let (Some(start), Some(end)) = (byte("start"), byte("end")) {
        assert!(
            start <= end && end <= length as u64,
            "{range} of {length} bytes"
        );
    }
}

/// Nothing is planned that a service or a file system would trip over.
fn whole(plan: &Plan) {
    assert_eq!(plan.facts.shots.len(), plan.jobs.len());
    let mut ids = HashSet::new();
    let mut files = HashSet::new();
    for shot in &plan.facts.shots {
        let id = &shot.id;
        assert!(ids.insert(id.as_str().to_lowercase()), "`{id}` twice");
        let file = &shot.file;
        assert!(files.insert(file.to_lowercase()), "`{file}` twice");
        let inside = !file.starts_with('/') && !file.split('/').any(|part| part == "..");
        assert!(inside, "`{file}` is outside");
        assert!(shot.prompt.chars().count() <= PROMPT_LIMIT, "`{id}`");
        let new = match shot.decision {
            Decision::Create | Decision::Blocked => true,
            Decision::Wait => shot.fingerprint.is_none() && !shot.frames.is_empty(),
            _ => false,
        };
        assert!(new, "`{id}` is {} without a past", shot.decision);
    }
}
