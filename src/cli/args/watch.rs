//! Arguments of `runner watch`.

use std::time::Duration;

use clap::Args;

use super::{ManifestArgs, ResultsArgs};

/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(100);

/// `runner watch`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner watch shots.yaml                        # in a terminal beside the editor
  runner watch shots.yaml --only 'tag(night)'
  runner watch shots.yaml --poll                 # on network drives
  runner watch shots.yaml --json | jq -c '[.check, .valid]'

Checks and plans at the start and whenever the manifest is saved, or a file that it
reads: pictures and files of variables. Nothing is sent, and nothing is written.
Ctrl-C is how it ends, and that is code 0; SIGTERM is 143.")]
pub struct WatchArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which results.
    #[command(flatten)]
    pub results: ResultsArgs,

    /// Look at the files again and again, where the system does not tell of changes.
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1s", value_parser = interval)]
    pub poll: Option<Duration>,

    /// Print a line of JSON for each check.
    #[arg(long)]
    pub json: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if interval < SHORTEST {
        return Err("at least 100ms".to_owned());
    }
    Ok(interval)
}
