//! `runner man` as it was typed.

use std::path::PathBuf;

use clap::Args;

/// `runner man`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner man ~/.local/share/man/man1     # then: man runner-apply
  runner man | man -l -                  # the page of the program itself")]
pub struct ManArgs {
    /// The folder for a page of each command; without it the page of the program
    /// is printed.
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
