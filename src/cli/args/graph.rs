//! `runner graph` as it was typed.

use clap::{Args, ValueEnum};

use super::{ManifestArgs, ResultsArgs};

/// `runner graph`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner graph shots.yaml                          # Mermaid, for a README or a pull request
  runner graph shots.yaml --format svg > film.svg
  runner graph shots.yaml --format dot | dot -Tpng > film.png")]
pub struct GraphArgs {
    /// Which manifest.
    #[command(flatten)]
    pub manifest: ManifestArgs,

    /// Which results.
    #[command(flatten)]
    pub results: ResultsArgs,

    /// How it is drawn.
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid, value_name = "FORMAT")]
    pub format: GraphFormat,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Text that GitHub, GitLab and many editors draw.
    Mermaid,
    /// Graphviz.
    Dot,
    /// A picture.
    Svg,
}
