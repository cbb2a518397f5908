//! `runner merge`

use std::path::PathBuf;

use clap::Args;

use super::WrittenReport;
use super::report::written;

/// `runner merge`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner merge shard-1 shard-2 shard-3 --out out
  runner merge shard-* --out out --report junit=junit.xml --report github
  runner merge out-of-a-colleague --out out      # what was paid there is not paid here

What is in the output folder already stays; what came later tells how a shot ended.
A merge that was cut off is made again with the same command. The exit code is what
one run of all shots would have had; 102 also where a shard is missing, and 101 where
a video is damaged or gone.")]
pub struct MergeArgs {
    /// The output folders of runs.
    #[arg(value_name = "FOLDER", required = true)]
    pub folders: Vec<PathBuf>,

    /// The output folder that all of it comes to; it may have a ledger of its own.
    #[arg(long, value_name = "DIR", required = true)]
    pub out: PathBuf,

    /// Write the report in another form too: junit=FILE, markdown=FILE or json=FILE;
    /// `github` annotates the job and adds to its summary. May be repeated.
    #[arg(long = "report", value_name = "FORM[=FILE]", value_parser = written)]
    pub reports: Vec<WrittenReport>,

    /// Leave out of reports what differs between two runs that did the same: times, ids
    /// of runs, attempts.
    #[arg(long)]
    pub stable: bool,
}
