//! The command line: arguments in, exit code out.
//!
//! The only part that prints, reads the environment, and knows every other
//! part. Each command is a file; this one is the table of contents.

mod animatic;
mod annotate;
mod apply;
mod args;
mod backend;
mod beside;
mod callbacks;
mod check;
mod choose;
mod completions;
mod console;
mod cut;
mod env;
mod error;
mod exit;
mod export;
mod frames;
mod gallery;
mod graph;
mod handoff;
mod history;
mod init;
mod limits;
mod lint;
mod load;
mod man;
mod plan;
mod prepare;
mod probe;
mod render;
mod report;
mod resolve;
mod retime;
mod runs;
mod schema;
mod sheet;
mod signals;
mod simulate;
mod status;
mod table;
mod takes;
mod terminal;
mod tongue;
mod verbose;
mod watch;
mod words;

use clap::{CommandFactory as _, FromArgMatches as _};

pub use self::args::{Cli, Command};
use self::console::Console;
pub use self::error::CliError;
pub use self::exit::Exit;
pub use self::history::{Memory, history};
pub use self::plan::{Rehearsal, rehearse};

/// Runs the program on this process's arguments.
pub fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let language = tongue::language(&arguments, env::variable);
    let command = tongue::translated(Cli::command(), language);
    let cli = command.try_get_matches_from(arguments);
    let cli = match cli.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let mut console = Console::new(cli.color, language);
    let exit = match dispatch(cli.command, &mut console) {
        Ok(exit) => exit,
        Err(error) => {
            console.error(&error);
            error.exit
        }
    };
    std::process::ExitCode::from(exit.code())
}

fn dispatch(command: Command, console: &mut Console) -> Result<Exit, CliError> {
    match command {
        Command::Init(args) => init::init(&args, console),
        Command::Check(args) => check::check(&args, console),
        Command::Plan(args) => plan::plan(&args, console),
        Command::Watch(args) => watch::watch(args, console),
        Command::Graph(args) => graph::graph(&args, console),
        Command::Animatic(args) => animatic::animatic(&args, console),
        Command::Apply(args) => apply::apply(&args, console),
        Command::Status(args) => status::status(&args, console),
        Command::Runs(args) => runs::runs(&args, console),
        Command::Report(args) => report::report(&args, console),
        Command::Takes(args) => takes::takes(&args, console),
        Command::Sheet(args) => sheet::sheet(&args, console),
        Command::Export(args) => export::export(&args, console),
        Command::Cut(args) => cut::cut(&args, console),
        Command::Retime(args) => retime::retime(&args, console),
        Command::Resolve(args) => resolve::resolve(&args, console),
        Command::Frames(args) => frames::frames(&args, console),
        Command::Probe(args) => Ok(probe::probe(&args, console)),
        Command::Simulate(args) => simulate::simulate(&args, console),
        Command::Schema(args) => Ok(schema::schema(&args, console)),
        Command::Completions(args) => Ok(completions::completions(&args, console)),
        Command::Man(args) => man::man(&args, console),
    }
}

/// Help and version are no errors; everything else that clap says is.
fn usage(error: &clap::Error) -> std::process::ExitCode {
    let exit = if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    };
    // A closed pipe is the reader's choice.
    let _ = error.print();
    std::process::ExitCode::from(exit.code())
}
