//! Arguments of `runner push` and `runner pull`, and those of `apply` about the store.

use std::path::PathBuf;

use clap::Args;

use super::ManifestArgs;

/// Which shared store.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// The shared store: `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`,
    /// or a folder. Keys come from the environment, as the cloud's own tools name them.
    // A path as far as configuration files and shells are concerned.
    #[arg(long, value_name = "ADDRESS")]
    pub store: Option<PathBuf>,
}

/// `runner push`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner push shots.yaml --store s3://studio/films
  runner push shots.yaml --store /mnt/team --dry-run      # only list

What is in the store is never changed or removed. `store:` in `runner.yaml` saves
typing the address; `runner apply --store` pushes by itself.")]
pub struct PushArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Say what would be pushed, and push nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `runner pull`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner pull shots.yaml --store s3://studio/films
  runner pull shots.yaml --only 'tag(night)' --dry-run    # only list

Everything is verified by its digest. A video that is there is never removed: one
that gives its name to a newer take moves to `takes/`. `runner apply --store` pulls by
itself what the plan needs.")]
pub struct PullArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,

    /// The output folder, instead of the manifest's `output.dir`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Say what would be pulled, and pull nothing.
    #[arg(long)]
    pub dry_run: bool,
}
