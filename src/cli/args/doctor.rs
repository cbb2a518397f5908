//! `runner doctor` as it was typed.

use std::path::PathBuf;

use clap::Args;

/// `runner doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner doctor                          # this machine
  runner doctor shots.yaml --online      # and the service of this storyboard, without the key
  runner doctor shots.yaml --send-key    # and whether the service takes the key; costs nothing

Nothing is created or changed. Ends with 0 if nothing failed, else with 1; warnings
alone do not fail.")]
pub struct DoctorArgs {
    /// The manifest whose folder, service and earlier runs are looked at.
    #[arg(value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// Use this profile: `global`, `mainland`, or one of a configuration file.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Ask the service whether it can be reached. The key is not sent.
    #[arg(long)]
    pub online: bool,

    /// Ask the service about a task that does not exist, with the key: tells whether
    /// it is taken, and costs nothing.
    #[arg(long)]
    pub send_key: bool,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
