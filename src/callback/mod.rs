//! Where the service may call back: a listener with one path for each attempt.
//!
//! Owns the socket, the paths and what was said on them. What a callback says
//! is a hint and never a proof: it names the task of a creation that nobody
//! answered, and it is a reason to ask the service now. It is not signed, so
//! nothing is believed until the service itself has been asked. Prints nothing,
//! sends nothing, and knows no plan, ledger or engine.
//!
//! The service proves the address before it takes a creation (minimax-api.md
//! 2.7): it posts a `challenge` and wants it back within 3 seconds. So a
//! listener has to stand before the first creation is sent.
//!
//! A request goes through `lines` (how many connections, and for how long),
//! `serve` (what is answered) and `board` (who is expected, what was said).

mod board;
mod lines;
mod secret;
mod serve;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::id::{AttemptId, TaskId};
use board::Board;
use lines::Lines;

pub use board::Heard;
pub use secret::{KEY_BYTES, secret};

/// How long [`Listener::stop`] waits for answers that are being sent.
const GRACE: Duration = Duration::from_secs(1);

/// What a listener is started with.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the service reaches that address, for example the address of a
    /// tunnel: http or https, without query and fragment, as the manifest
    /// takes it. A path is kept.
    pub public_url: String,
    /// What makes paths unguessable; see [`secret()`].
    pub secret: [u8; KEY_BYTES],
}

impl fmt::Debug for Settings {
    /// All but the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// Why nobody can call back.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// The address is taken, or none of this machine's.
    #[error("cannot listen for callbacks on {address}")]
    Listen {
        /// The address as asked.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// A listener that is up. Dropping it stops it without waiting.
///
/// Everything but [`Listener::start`] and [`Listener::stop`] is a look-up, takes
/// `&self`, and may be called from many tasks at once.
pub struct Listener {
    address: SocketAddr,
    public_url: String,
    board: Arc<Board>,
    stop: CancellationToken,
    /// Holds the one task that serves; `stop` waits for it.
    serving: TaskTracker,
    _guard: DropGuard,
}

impl Listener {
    /// Begins to listen; bound and answering when it returns.
    pub async fn start(settings: Settings) -> Result<Self, CallbackError> {
        let refuse = |source| CallbackError::Listen {
            address: settings.listen,
            source,
        };
        let socket = TcpListener::bind(settings.listen).await.map_err(refuse)?;
        let address = socket.local_addr().map_err(refuse)?;
        let board = Arc::new(Board::new(settings.secret));
        let stop = CancellationToken::new();
        let serving = axum::serve(Lines::new(socket), serve::router(Arc::clone(&board)))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let tracker = TaskTracker::new();
        // `stop` waits for it; after a drop it ends on its own, by the guard.
        tracker.spawn(serving.into_future());
        tracker.close();
        Ok(Self {
            address,
            public_url: settings.public_url.trim_end_matches('/').to_owned(),
            board,
            stop: stop.clone(),
            serving: tracker,
            _guard: stop.drop_guard(),
        })
    }

    /// The address that is listened on; with port 0 asked for, the one that was free.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the service shall post what becomes of an attempt, which is
    /// expected from now on.
    ///
    /// The same for the same secret, in every run. Its last part is what keeps
    /// strangers out: it goes into the creation's body and nowhere else, neither
    /// into a log nor into a report.
    pub fn url(&self, attempt: &AttemptId) -> String {
        format!("{}/{}", self.public_url, self.board.expect(attempt))
    }

    /// Expects callbacks for an attempt of an earlier run, whose address the
    /// service still has. Called twice, it changes nothing.
    pub fn expect(&self, attempt: &AttemptId) {
        self.board.expect(attempt);
    }

    /// The task that a callback for this attempt named; the last one, if earlier
    /// ones named others. A hint: only the service's own answer is proof.
    pub fn named(&self, attempt: &AttemptId) -> Option<TaskId> {
        self.heard(attempt).task
    }

    /// Everything that callbacks for this attempt said so far.
    pub fn heard(&self, attempt: &AttemptId) -> Heard {
        self.board.heard(attempt)
    }

    /// Waits for the next callback for this attempt: a hint to ask now.
    ///
    /// One that came since the last call, or before the first, is not lost, and
    /// several of them count as one. For one waiter per attempt; giving the wait
    /// up loses nothing. An attempt that nobody expects is expected from now
    /// on. Without a callback it never ends, not even when the listener stops,
    /// so it belongs beside a timer.
    pub async fn next(&self, attempt: &AttemptId) -> Heard {
        self.board.next(attempt).await
    }

    /// Takes no more callbacks and ends those in hand. Called twice, it changes nothing.
    pub async fn stop(&self) {
        self.stop.cancel();
        // Someone who sends very slowly must not hold up the end; `lines` cuts
        // such a connection soon.
        let _ = tokio::time::timeout(GRACE, self.serving.wait()).await;
    }
}

impl fmt::Debug for Listener {
    /// The address alone: a path is as good as a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
