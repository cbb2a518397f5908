//! `runner completions`: scripts for shells, made from the arguments themselves.

use clap::CommandFactory as _;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;

pub(super) fn completions(args: &CompletionsArgs, console: &mut Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "runner", &mut script);
    console.data(String::from_utf8_lossy(&script).trim_end());
    Exit::Success
}
