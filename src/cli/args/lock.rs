//! `runner lock`

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// `runner lock`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner lock shots.yaml                            # writes shots.lock: keep it under version control
  runner lock shots.yaml --check                    # exit code 22 where it would be written anew
  runner lock shots.yaml --update opening           # accepts what changed of one shot, and nothing else
  runner apply shots.yaml --locked                  # fails before anything differs from it

The lock says of each shot what is asked for, word by word, and which video was
accepted, by its digest. A video that is not on this machine stays accepted.")]
pub struct LockArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Write nothing; exit with 22 where the lock is not what it would be written as.
    #[arg(long)]
    pub check: bool,

    /// Move only these shots in the lock, named as --only does; also one that the
    /// manifest does not have any more. May be repeated.
    #[arg(long, value_name = "EXPR")]
    pub update: Vec<String>,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
