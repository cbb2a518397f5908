//! `--record` and `--replay` of `runner apply`

use std::path::PathBuf;

use clap::Args;

/// Recording and replaying.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Recording")]
pub struct RecordingArgs {
    /// Keep every exchange with the service in this folder, as HAR with the videos
    /// beside it, without keys and signed links; adds to what is there.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    /// Run over a recording instead of a service: no key, no network, no cost, no
    /// waiting. What is not in it is said, with exit code 23. The videos go to a folder
    /// of their own, which is emptied first.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["record", "simulate", "backend", "profile"])]
    pub replay: Option<PathBuf>,
}
