//! The shared store on the command line: `push`, `pull`, and what `apply` does with it.
//!
//! Owns opening the store and what its troubles mean to the shell. What comes in and
//! goes out is in `pull` and `push`, which both also serve `apply`; `known` remembers
//! what is in the store, so that running again asks nothing.

mod bring;
mod herald;
mod known;
mod pull;
mod push;

use std::future::Future;
use std::path::Path;

use crate::cli::args::{ApplyArgs, PullArgs, PushArgs, StoreArgs};
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{signals, simulate};
use crate::ledger::Ledger;
use crate::report::Sink;
use crate::share::{Address, AddressError, Bad, Share, ShareError, Trouble, VARIABLES};
use crate::store::Store;

use self::bring::Pulled;
pub(super) use self::bring::told_twice;
use self::herald::Herald;
pub(super) use self::pull::Planning;
use self::pull::What;

pub(super) fn push(args: &PushArgs, console: &mut Console) -> Result<Exit, CliError> {
    push::push(args, console)
}

pub(super) fn pull(args: &PullArgs, console: &mut Console) -> Result<Exit, CliError> {
    pull::pull(args, console)
}

/// A shared store, and what moves bytes.
pub(super) struct Shared {
    share: Share,
    runtime: tokio::runtime::Runtime,
}

impl Shared {
    /// The store of a command line; `None` where none is named. Nothing is sent.
    pub(super) fn of(args: &StoreArgs) -> Result<Option<Self>, CliError> {
        args.store.as_deref().map(Self::open).transpose()
    }

    /// The store of a command that does nothing without one.
    fn needed(args: &StoreArgs) -> Result<Self, CliError> {
        let missing = || {
            CliError::new(Exit::Usage, "no shared store is named").advice(
                "say which: --store s3://BUCKET/PREFIX, RUNNER_STORE, or `store:` in runner.yaml",
            )
        };
        Self::of(args)?.ok_or_else(missing)
    }

    fn open(address: &Path) -> Result<Self, CliError> {
        let address = Address::parse(&address.to_string_lossy()).map_err(address_error)?;
        let variables = Environment::beginning_with(&VARIABLES);
        let share = Share::open(&address, &variables).map_err(share_error)?;
        let runtime = simulate::runtime()?;
        Ok(Self { share, runtime })
    }

    /// Does some work, or leaves it where a signal asks to end: whatever was being
    /// moved is not there yet, and comes another time.
    fn work<T>(&self, work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        self.runtime.block_on(async {
            tokio::select! {
                result = work => result,
                exit = signals::next() => Err(CliError::new(exit, "interrupted").advice(
                    "run it again: what was moved already is not moved twice",
                )),
            }
        })
    }
}

/// The shared store of a run, which may have none.
pub(super) struct ForApply {
    shared: Option<Shared>,
    /// Whether a person said that the run goes on without it, whatever that costs.
    optional: bool,
}

impl ForApply {
    /// A replay has none: nothing is asked of anybody, and what it plays was not paid
    /// for once more.
    pub(super) fn open(
        args: &ApplyArgs,
        replays: bool,
        console: &mut Console,
    ) -> Result<Self, CliError> {
        let optional = args.store_optional;
        if replays {
            if args.store.store.is_some() {
                console.say("a replay leaves the shared store alone");
            }
            let shared = None;
            return Ok(Self { shared, optional });
        }
        let shared = Shared::of(&args.store).or_else(|error| without(error, optional, console))?;
        Ok(Self { shared, optional })
    }

    /// Gets what the plan would otherwise pay for. A store that cannot be used stops the
    /// run: it may have what would be paid for.
    pub(super) fn pull(
        &self,
        planning: &mut Planning<'_>,
        store: &Store,
        ledger: &mut Ledger,
        console: &mut Console,
    ) -> Result<Pulled, CliError> {
        let Some(shared) = &self.shared else {
            return Ok(Pulled::default());
        };
        let pulled = shared.pull(planning, What::NotHere, store, ledger, console);
        let pulled = pulled.or_else(|error| without(error, self.optional, console))?;
        Ok(if self.optional {
            Pulled::default()
        } else {
            pulled
        })
    }

    /// Who tells the store of tasks while the run goes on.
    pub(super) fn herald(&self) -> Option<Box<dyn Sink>> {
        let shared = self.shared.as_ref()?;
        let runtime = shared.runtime.handle().clone();
        Some(Box::new(Herald::new(shared.share.clone(), runtime)))
    }

    /// Sends what is new. The run is over and its exit code stands; where all was good,
    /// and the store does not have it, something is left to do.
    pub(super) fn push(&self, exit: Exit, store: &Store, console: &mut Console) -> Exit {
        let Some(shared) = &self.shared else {
            return exit;
        };
        let pushed = shared.after(store, console).unwrap_or_else(|error| {
            console.error(&error.advice(
                "everything is in the output folder; `runner push FILE` or the next run sends it",
            ));
            Exit::Unfinished
        });
        match exit {
            Exit::Success if !self.optional => pushed,
            exit => exit,
        }
    }
}

/// Goes on without the store where a person said so.
fn without<T: Default>(
    error: CliError,
    optional: bool,
    console: &mut Console,
) -> Result<T, CliError> {
    // A person who wants to end does not want to go on without the store.
    if !optional || matches!(error.exit, Exit::Interrupted | Exit::Terminated) {
        return Err(error);
    }
    console.error(&error);
    console.say("going on without the shared store");
    Ok(T::default())
}

fn address_error(error: AddressError) -> CliError {
    let advice = error.advice();
    CliError::new(Exit::Usage, error.to_string()).advice(advice)
}

/// A store that cannot be used.
fn share_error(error: ShareError) -> CliError {
    let exit = match error.trouble {
        Trouble::Unreachable => Exit::Network,
        Trouble::Denied => Exit::Key,
        Trouble::Nowhere | Trouble::Settings => Exit::Usage,
    };
    let advice = error.advice();
    CliError::new(exit, "the shared store cannot be used")
        .because(error)
        .advice(advice)
}

/// Names what lies in the store and cannot be used.
fn tell_bad(bad: &[Bad], console: &mut Console) {
    for bad in bad {
        console.say(format!("shared store: {bad}; it is left alone"));
    }
}

/// Says how far it is, often enough and not too often.
struct Progress<'c> {
    console: &'c mut Console,
    verb: &'static str,
    total: usize,
    done: usize,
    moved: usize,
    bytes: u64,
    tenths: usize,
}

/// As many are named one by one.
const NAMED: usize = 20;

impl<'c> Progress<'c> {
    fn new(verb: &'static str, total: usize, console: &'c mut Console) -> Self {
        Self {
            console,
            verb,
            total,
            done: 0,
            moved: 0,
            bytes: 0,
            tenths: 0,
        }
    }

    fn say(&mut self, line: &str) {
        self.console.say(line);
    }

    fn moved(&mut self, name: &str, bytes: u64) {
        self.moved += 1;
        self.bytes += bytes;
        if self.total <= NAMED {
            let (verb, size) = (self.verb, size(bytes));
            self.console.say(format!("{verb} {name} ({size})"));
        }
        self.step();
    }

    fn bad(&mut self, bad: &Bad) {
        tell_bad(std::slice::from_ref(bad), self.console);
        self.step();
    }

    fn step(&mut self) {
        self.done += 1;
        let tenths = self.done * 10 / self.total.max(1);
        if self.total > NAMED && tenths > self.tenths {
            self.tenths = tenths;
            let (verb, done, total, size) = (self.verb, self.done, self.total, size(self.bytes));
            self.console
                .say(format!("{verb}: {done} of {total} videos, {size}"));
        }
    }
}

/// `1.2 MB`, in powers of ten, as file managers show it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}
