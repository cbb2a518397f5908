//! `runner init` as it was typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `runner init`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner init                            # shots.yaml here, from the pictures here if there are any
  runner init my-film                    # my-film/shots.yaml
  runner init relay.yaml --example chain

Nothing is ever overwritten: what exists is kept, and said.")]
pub struct InitArgs {
    /// A folder, or the manifest to be written (a name that ends with .yaml).
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    pub path: PathBuf,

    /// Begin with an example instead of the folder's pictures.
    #[arg(long, value_enum, value_name = "NAME")]
    pub example: Option<Example>,
}

/// A storyboard to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// Two shots with what they share.
    Minimal,
    /// Shots that go on where another one ends.
    Chain,
    /// A short film: variables, a matrix, camera commands, a chain, limits.
    Film,
}
