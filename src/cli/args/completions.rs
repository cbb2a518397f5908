//! `runner completions` as it was typed.

use clap::Args;
use clap_complete::Shell;

/// `runner completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner completions bash > ~/.local/share/bash-completion/completions/runner
  runner completions zsh > ~/.zfunc/_runner           # a folder of $fpath
  runner completions fish > ~/.config/fish/completions/runner.fish
  runner completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// Which shell.
    #[arg(value_enum)]
    pub shell: Shell,
}
