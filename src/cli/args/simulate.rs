//! `runner simulate`, and the simulator as a part of `apply`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The simulator as a part of `apply`, or alone.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Simulator")]
pub struct SimulatorArgs {
    /// How much faster than life simulated tasks run.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub time_scale: u32,

    /// Decides the pictures; the same seed gives the same bytes.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Size of the simulated clips.
    #[arg(long, value_enum, default_value_t = ClipSize::Full, value_name = "SIZE")]
    pub clips: ClipSize,

    /// A file of troubles to simulate.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

/// Size of simulated clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClipSize {
    /// The size that was asked for.
    Full,
    /// A few pixels, made at once; for tests.
    Tiny,
}

/// `runner simulate`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  runner simulate --listen 127.0.0.1:8787 &
  MINIMAX_API_KEY=any MINIMAX_BASE_URL=http://127.0.0.1:8787 runner apply shots.yaml")]
pub struct SimulateArgs {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,

    /// A path before `/v1`, as gateways have it, for example /minimaxi.
    #[arg(long, value_name = "PATH", default_value = "")]
    pub prefix: String,

    /// Refuse every other key than this one.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// How it behaves.
    #[command(flatten)]
    pub simulator: SimulatorArgs,
}
