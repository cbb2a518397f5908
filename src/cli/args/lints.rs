//! What is to become of warnings, as it was typed.

use std::fmt;
use std::str::FromStr;

use clap::Args;

use crate::diag::{Code, suggest};

/// What stands for every kind that is not named.
const WARNINGS: &str = "warnings";

/// Levels of warnings, for commands that read a manifest.
#[derive(Debug, Clone, Default, Args)]
pub struct LintArgs {
    /// Make errors of all `warnings`, or of one kind; may be repeated.
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(Lint))]
    pub deny: Vec<Lint>,

    /// Say nothing of all `warnings`, or of one kind; may be repeated.
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(Lint))]
    pub allow: Vec<Lint>,
}

/// One kind of warning, or all that are not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lint {
    /// All of them.
    Warnings,
    /// One kind.
    One(Code),
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warnings => WARNINGS,
            Self::One(code) => code.as_str(),
        })
    }
}

impl FromStr for Lint {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == WARNINGS {
            return Ok(Self::Warnings);
        }
        match Code::of(name) {
            Some(code) if code.is_lint() => Ok(Self::One(code)),
            Some(code) => Err(format!("`{code}` is always an error")),
            None => {
                let lints = Code::ALL.iter().filter(|code| code.is_lint());
                let names = lints.map(|code| code.as_str()).chain([WARNINGS]);
                Err(match suggest(name, names) {
                    Some(near) => format!("there is no such warning; did you mean `{near}`?"),
                    None => "there is no such warning; `runner explain` lists them".to_owned(),
                })
            }
        }
    }
}
