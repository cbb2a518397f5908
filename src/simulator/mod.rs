//! The video API on loopback: real HTTP, tasks that take their time, real videos.
//!
//! Owns the server's life: settings in, an address out, counts for tests. What
//! a request may hold is asked of [`Spec`], never written here; pictures are
//! made by `media`. It reads no environment, prints nothing and reaches no
//! other host but the one that a create wants to be called back at.
//!
//! A request goes through `api` (routes), `order` (what is asked for), `world`
//! (the tasks), `studio` (their clips) and `storage` (links to them). `callback`
//! tells what becomes of a task. `trouble` stands before each answer and does
//! what a [`Scenario`] says.

mod answer;
mod api;
mod callback;
mod order;
mod picture;
pub(crate) mod prompt;
pub mod scenario;
pub(crate) mod storage;
mod studio;
mod task;
pub(crate) mod trouble;
pub(crate) mod wire;
mod world;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use crate::spec::Spec;
use wire::Doorway;
use world::World;

pub use scenario::Scenario;
pub use world::{Created, Requests};

/// How long [`Simulator::stop`] waits for answers that are being sent.
const GRACE: Duration = Duration::from_secs(2);

/// How real the videos are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clips {
    /// As large as asked, with caption and camera moves; seconds of one core each.
    Full,
    /// As long as asked, but 64 pixels wide or high; for tests and benchmarks.
    Tiny,
}

/// What a simulator is started with.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Decides task ids, durations and pictures, whatever the order of requests.
    pub seed: u64,
    /// How many times faster than life tasks go on; 0 counts as 1.
    pub time_scale: u32,
    /// How real the videos are.
    pub clips: Clips,
    /// The only key that is taken; without one, any bearer key is.
    pub key: Option<String>,
    /// The path before `/v1`, as gateways have it: empty, or such as `/minimaxi`.
    pub prefix: String,
    /// The most clips that are rendered at once; 0 counts as 1.
    pub workers: usize,
    /// Trouble to make.
    pub scenario: Scenario,
}

impl fmt::Debug for Settings {
    /// All but the key, which may be a real one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("seed", &self.seed)
            .field("time_scale", &self.time_scale)
            .field("clips", &self.clips)
            .field("prefix", &self.prefix)
            .field("workers", &self.workers)
            .field("scenario", &self.scenario)
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    /// A free port on loopback, full clips at sixty times the speed of life.
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 0,
            time_scale: 60,
            clips: Clips::Full,
            key: None,
            prefix: String::new(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            scenario: Scenario::default(),
        }
    }
}

/// Why a simulator could not be started.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address as asked.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The prefix is no plain path.
    #[error(
        "the prefix \"{prefix}\" is not a path of letters, digits, \"-\", \"_\", \".\" and \"/\""
    )]
    Prefix {
        /// The prefix as asked.
        prefix: String,
    },
}

/// A running simulator. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Simulator {
    base_url: String,
    world: Arc<World>,
    server: JoinHandle<()>,
    guard: DropGuard,
}

impl Simulator {
    /// Starts to serve; bound and answering when it returns.
    pub async fn start(settings: Settings, spec: &'static Spec) -> Result<Self, SimulatorError> {
        let prefix = plain_prefix(&settings.prefix)?;
        let refuse = |source| SimulatorError::Listen {
            address: settings.address,
            source,
        };
        let doorway = Doorway::open(settings.address).await.map_err(refuse)?;
        let base_url = format!("{}{prefix}", doorway.base_url());
        let world = Arc::new(World::new(settings, spec, base_url.clone()));
        let guard = world.stop.clone().drop_guard();
        let router = api::router(Arc::clone(&world), &prefix);
        let serving = doorway.serve(router, world.stop.clone());
        let closing = Arc::clone(&world);
        // `stop` awaits it; after a drop it ends on its own, by the guard.
        let server = tokio::spawn(async move {
            let close = async {
                closing.stop.cancelled().await;
                closing.studio.close();
            };
            tokio::join!(serving, close);
        });
        Ok(Self {
            base_url,
            world,
            server,
            guard,
        })
    }

    /// The address to give a client, with the prefix and without a slash at the end.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// How many tasks were created, and so would have been billed.
    pub fn billed(&self) -> usize {
        self.world.billed()
    }

    /// How many requests came to each operation, refused ones included.
    pub fn requests(&self) -> Requests {
        self.world.requests()
    }

    /// The tasks that were created, in the order of their creation.
    pub fn created(&self) -> Vec<Created> {
        self.world.created()
    }

    /// Makes no more trouble: the rest of its life, the scenario is empty.
    pub fn end_trouble(&self) {
        self.world.troubles.end();
    }

    /// Takes no more requests, ends those in hand, and gives up what still waits to be rendered.
    pub async fn stop(self) {
        drop(self.guard);
        // Someone who reads very slowly must not hold up the end.
        let _ = tokio::time::timeout(GRACE, self.server).await;
        self.world.studio.finished().await;
        self.world.caller.finished().await;
    }
}

/// The prefix with a slash before it and none behind, or nothing at all.
fn plain_prefix(prefix: &str) -> Result<String, SimulatorError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let trimmed = prefix.trim_matches('/');
    if !trimmed.chars().all(plain) || trimmed.contains("//") {
        let prefix = prefix.to_owned();
        return Err(SimulatorError::Prefix { prefix });
    }
    Ok(match trimmed {
        "" => String::new(),
        path => format!("/{path}"),
    })
}
