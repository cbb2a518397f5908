//! `runner explain` as it was typed.

use clap::Args;

/// `runner explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner explain                    # every code and every exit code, a line each
  runner explain undefined-variable
  runner explain exit-102")]
pub struct ExplainArgs {
    /// A code, as it stands in brackets behind `error`, or `exit-` and a number.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,

    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
