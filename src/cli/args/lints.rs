//! What is to become of warnings, as it was typed.

use clap::Args;

use crate::diag::{Code, suggest};

/// Levels of warnings, for commands that read a manifest.
#[derive(Debug, Default, Args)]
pub struct LintArgs {
    /// Make errors of all `warnings`, or of one kind; may be repeated.
    #[arg(long, value_name = "CODE", value_parser = lint)]
    pub deny: Vec<Lint>,

    /// Say nothing of all `warnings`, or of one kind; may be repeated.
    #[arg(long, value_name = "CODE", value_parser = lint)]
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

fn lint(name: &str) -> Result<Lint, String> {
    if name == "warnings" {
        return Ok(Lint::Warnings);
    }
    match Code::of(name) {
        Some(code) if code.is_lint() => Ok(Lint::One(code)),
        Some(code) => Err(format!("`{code}` is always an error")),
        None => {
            let lints = Code::ALL.iter().filter(|code| code.is_lint());
            let names = lints.map(|code| code.as_str()).chain(["warnings"]);
            Err(match suggest(name, names) {
                Some(near) => format!("there is no such warning; did you mean `{near}`?"),
                None => "there is no such warning; `runner explain` lists them".to_owned(),
            })
        }
    }
}
