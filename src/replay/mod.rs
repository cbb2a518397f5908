//! A recording, served on loopback in the place of the service.
//!
//! Owns the server's life. What is answered to what is `deck`'s to say, without a
//! connection; `answer` puts it on the wire. Reaches nobody, reads no environment, and
//! writes nothing.

mod answer;
mod deck;
mod serve;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

pub use deck::{Deck, Miss};

use crate::simulator::wire::Doorway;
use serve::Stage;

/// How long [`Replay::stop`] waits for answers that are being sent.
const GRACE: Duration = Duration::from_secs(2);

/// A running server. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Replay {
    base_url: String,
    deck: Arc<Deck>,
    server: JoinHandle<()>,
    guard: DropGuard,
}

impl Replay {
    /// Starts to serve; bound and answering when it returns. `deadline` is how long a
    /// shot is tried: a recorded wish to wait is passed on where it is longer, and
    /// else nobody waits.
    ///
    /// # Errors
    ///
    /// That loopback has no port.
    pub async fn start(deck: Deck, deadline: Duration) -> io::Result<Self> {
        let doorway = Doorway::open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let base_url = doorway.base_url();
        let deck = Arc::new(deck);
        let stop = tokio_util::sync::CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let stage = Stage {
            deck: Arc::clone(&deck),
            base_url: base_url.clone(),
            deadline,
        };
        // `stop` awaits it; after a drop it ends on its own, by the guard.
        let server = tokio::spawn(doorway.serve(serve::router(stage), stop));
        Ok(Self {
            base_url,
            deck,
            server,
            guard,
        })
    }

    /// The address to give a client.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// What is served.
    pub fn deck(&self) -> &Deck {
        &self.deck
    }

    /// Requests that are not in the recording, in the order of shots' names.
    pub fn misses(&self) -> Vec<Miss> {
        self.deck.misses()
    }

    /// Takes no more requests, and ends those in hand.
    pub async fn stop(self) {
        drop(self.guard);
        // Someone who reads very slowly must not hold up the end.
        let _ = tokio::time::timeout(GRACE, self.server).await;
    }
}
