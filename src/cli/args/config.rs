//! `runner config` as it was typed.

use clap::Args;

/// `runner config`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner config                                       # what `apply` would use
  runner config shots.yaml --origin                   # with this storyboard, and where it all comes from
  runner config --origin sheet shots.yaml --columns 3 # what this command line would use
  runner config --paths                               # which files are read

Flags count before variables, those before the manifest, then runner.yaml beside it
or above it in its repository, then the user's own config.yaml. Keys are never shown.")]
pub struct ConfigArgs {
    /// Say where each setting comes from.
    #[arg(long)]
    pub origin: bool,

    /// Only the files that are looked for.
    #[arg(long)]
    pub paths: bool,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,

    /// A manifest, or a whole command line that is explained and not carried out.
    #[arg(
        value_name = "FILE | COMMAND…",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<String>,
}
