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
mod checks;
mod choose;
mod completions;
mod config;
mod console;
mod cut;
mod diff;
mod doctor;
mod env;
mod error;
mod exit;
mod explain;
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
mod lock;
mod man;
mod merge;
mod plan;
mod prepare;
mod probe;
mod record;
mod render;
mod replay;
mod report;
mod resolve;
mod retime;
mod runs;
mod schema;
mod share;
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

pub use self::args::{Cli, Colour, Command};
use self::console::Console;
pub use self::error::CliError;
pub use self::exit::Exit;
pub use self::history::{Memory, history};
pub use self::plan::{Rehearsal, rehearse};
use crate::lang::Language;

/// Runs the program on this process's arguments.
pub fn main() -> std::process::ExitCode {
    let words = env::Environment::words();
    let language = tongue::language(&words, env::Environment::flag);
    let settled = match config::settle(&words, language) {
        Ok(settled) => settled,
        Err(config::Wrong::Typed(error)) => return usage(&error),
        Err(config::Wrong::Variable(error)) => {
            Console::new(Colour::Auto, language).error(&error);
            return std::process::ExitCode::from(error.exit.code());
        }
    };
    // A file may say it, too.
    let language = settled.cli.lang.map_or(language, Language::from);
    let mut console = Console::new(settled.cli.color, language);
    let exit = match sound(&settled, &mut console) {
        Err(exit) => exit,
        Ok(()) => match dispatch(settled.cli.command, &mut console) {
            Ok(exit) => exit,
            Err(error) => {
                console.error(&error);
                error.exit
            }
        },
    };
    std::process::ExitCode::from(exit.code())
}

/// Nothing is done by settings that were not understood, but to say so.
fn sound(settled: &config::Settled, console: &mut Console) -> Result<(), Exit> {
    let files = &settled.files;
    let tells = matches!(settled.cli.command, Command::Config(_) | Command::Doctor(_));
    if tells || files.diagnostics.is_empty() {
        return Ok(());
    }
    console.mistakes(&files.diagnostics, &settled.sources);
    if files.has_errors() {
        console.say(format!(
            "configuration: {}",
            render::count(&files.diagnostics)
        ));
        return Err(Exit::Usage);
    }
    Ok(())
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
        Command::Lock(args) => lock::lock(&args, console),
        Command::Status(args) => status::status(&args, console),
        Command::Runs(args) => runs::runs(&args, console),
        Command::Report(args) => report::report(&args, console),
        Command::Merge(args) => merge::merge(&args, console),
        Command::Diff(args) => diff::diff(&args, console),
        Command::Takes(args) => takes::takes(&args, console),
        Command::Push(args) => share::push(&args, console),
        Command::Pull(args) => share::pull(&args, console),
        Command::Sheet(args) => sheet::sheet(&args, console),
        Command::Export(args) => export::export(&args, console),
        Command::Cut(args) => cut::cut(&args, console),
        Command::Retime(args) => retime::retime(&args, console),
        Command::Resolve(args) => resolve::resolve(&args, console),
        Command::Frames(args) => frames::frames(&args, console),
        Command::Probe(args) => Ok(probe::probe(&args, console)),
        Command::Simulate(args) => simulate::simulate(&args, console),
        Command::Explain(args) => explain::explain(&args, console),
        Command::Schema(args) => Ok(schema::schema(&args, console)),
        Command::Completions(args) => Ok(completions::completions(&args, console)),
        Command::Man(args) => man::man(&args, console),
        Command::Config(args) => config::config(&args, console),
        Command::Doctor(args) => doctor::doctor(&args, console),
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
