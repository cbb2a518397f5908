//! A text such as `tag(night) - weather-*` → which shots are meant.
//!
//! Owns the language: reading it, saying what is wrong with it, judging shots by
//! it. Pure: what became of shots in earlier runs is handed in with them, and
//! whether anybody has to look that up is [`Expr::asks_the_past`].
//!
//! ```text
//!  text ── parse ──► Expr ── unknown ──► diagnostics on names that nothing has
//!                      └──── judge ────► a verdict on every shot
//! ```

mod expr;
mod judge;
mod names;
mod parser;
mod pattern;
mod scan;
mod words;

#[cfg(test)]
mod tests;

pub use self::expr::{Expr, Field};
pub use self::judge::judge;
pub use self::names::unknown;
pub use self::parser::parse;
pub use self::pattern::Pattern;
pub use self::words::{Status, StatusWord};

use crate::event::{Decision, Scene};
use crate::id::ShotId;
use crate::spec::Mode;

/// A shot as far as an expression can ask about it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its name.
    pub id: ShotId,
    /// The scene that it belongs to.
    pub scene: Option<Scene>,
    /// The author's words for it.
    pub tags: Vec<String>,
    /// What its request says; `None` while a mistake is in it.
    pub request: Option<Asked>,
    /// What became of it; `None` where nobody looked, or it has a mistake.
    pub past: Option<Past>,
}

/// The parts of a shot's request that can be asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The model.
    pub model: String,
    /// The way of asking for a video.
    pub mode: Mode,
    /// The shots whose frames it needs.
    pub depends_on: Vec<ShotId>,
}

/// What became of a shot, and what would be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Where it stands.
    pub status: Status,
    /// What `runner plan` says of it.
    pub decision: Decision,
    /// Whether the last try under its name failed, and no other video is there.
    pub failed: bool,
}
