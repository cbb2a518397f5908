//! Ctrl-C, SIGTERM, and the question how things stand.
//!
//! The first asks the run to end well; the second ends the process at once.
//! The ledger is durable at every moment, so that is safe too.

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::engine::Shutdown;
use crate::report::Glance;

/// Watches for signals until the process ends. Aborted by whoever spawned it.
#[expect(
    clippy::exit,
    reason = "the second signal leaves at once, whatever is going on"
)]
pub(super) async fn watch(shutdown: Shutdown) {
    loop {
        let exit = next().await;
        let first = !shutdown.interrupt.is_cancelled() && !shutdown.terminate.is_cancelled();
        if !first {
            std::process::exit(i32::from(exit.code()));
        }
        match exit {
            Exit::Terminated => shutdown.terminate.cancel(),
            _ => shutdown.interrupt.cancel(),
        }
    }
}

/// Says how things stand whenever SIGUSR1 asks for it, until the process ends.
#[cfg(unix)]
pub(super) async fn answer(glance: Glance, mut console: Console) {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut asked) = signal(SignalKind::user_defined1()) else {
        return;
    };
    while asked.recv().await.is_some() {
        let text = glance.text();
        glance.aside(|| console.say(text));
    }
}

#[cfg(not(unix))]
pub(super) async fn answer(_: Glance, _: Console) {}

/// The next signal that asks to end.
#[cfg(unix)]
pub(super) async fn next() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return interrupt().await;
    };
    tokio::select! {
        exit = interrupt() => exit,
        _ = terminate.recv() => Exit::Terminated,
        _ = hangup.recv() => Exit::Terminated,
    }
}

#[cfg(not(unix))]
pub(super) async fn next() -> Exit {
    interrupt().await
}

async fn interrupt() -> Exit {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system ends the process, which is safe too.
        std::future::pending::<()>().await;
    }
    Exit::Interrupted
}
