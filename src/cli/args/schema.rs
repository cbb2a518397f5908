//! `runner schema`

use clap::{Args, ValueEnum};

/// `runner schema`
#[derive(Debug, Args)]
#[command(after_help = "\
Example, for editors with a YAML language server:
  runner schema manifest > shots.schema.json
  and as the first line of shots.yaml:
  # yaml-language-server: $schema=shots.schema.json")]
pub struct SchemaArgs {
    /// Of what.
    #[arg(value_enum)]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Manifests, with models and resolutions from the API's documents.
    Manifest,
    /// `report.json`.
    Report,
    /// What `plan --json` prints.
    Plan,
    /// What `plan --save` keeps.
    PlanFile,
    /// What `diff --format json` prints.
    Diff,
    /// `shots.lock`, as JSON says what TOML holds.
    Lock,
    /// The lines of `--progress json`.
    Events,
    /// What `runner check --json` prints.
    Diagnostics,
}
