//! `runner resolve`

use std::path::PathBuf;

use clap::Args;

/// `runner resolve`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples, after a look in the vendor's console:
  runner resolve shots.yaml opening --task 106916112212032   # it is there: collect it
  runner resolve shots.yaml opening --lost                   # it is not: create it again")]
pub struct ResolveArgs {
    /// The manifest.
    #[arg(value_name = "FILE")]
    pub manifest: PathBuf,

    /// The shot whose creation is uncertain.
    #[arg(value_name = "SHOT")]
    pub shot: String,

    /// The task that was created; the next `apply` collects it.
    #[arg(long, value_name = "ID", conflicts_with = "lost")]
    pub task: Option<String>,

    /// No video will come of it: no task was created, or the service has lost it;
    /// the next `apply` creates, and pays for, a new one.
    #[arg(long, required_unless_present = "task")]
    pub lost: bool,

    /// Which attempt, where the shot has several uncertain ones.
    #[arg(long, value_name = "ID")]
    pub attempt: Option<String>,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
