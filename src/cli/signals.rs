//! Ctrl-C and SIGTERM.
//!
//! The first asks the run to end well; the second ends the process at once.
//! The ledger is durable at every moment, so that is safe too.

use crate::cli::exit::Exit;
use crate::engine::Shutdown;

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
