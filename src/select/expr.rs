//! An expression as a tree, and as text again.
//!
//! Owns the shape and its canonical writing: reading that gives the same tree.

use std::fmt;

use crate::event::Decision;
use crate::select::pattern::Pattern;
use crate::select::words::StatusWord;
use crate::spec::Mode;

/// Which shots are meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// `all()`
    All,
    /// `none()`
    None,
    /// A bare name is one of a shot.
    Name(Field, Pattern),
    /// `mode(t2v)`
    Mode(Mode),
    /// `status(failed)`
    Status(&'static StatusWord),
    /// `decision(create)`
    Decision(Decision),
    /// `changed()`: would be made.
    Changed,
    /// `failed()`: failed the last time.
    Failed,
    /// `deps(…)`: these shots and all that they need.
    Deps(Box<Expr>),
    /// `rdeps(…)`: these shots and all that need them.
    Rdeps(Box<Expr>),
    /// `not a`, `!a`
    Not(Box<Expr>),
    /// `a and b`, `a & b`
    And(Box<Expr>, Box<Expr>),
    /// `a - b`
    Minus(Box<Expr>, Box<Expr>),
    /// `a or b`, `a | b`
    Or(Box<Expr>, Box<Expr>),
}

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A shot.
    Id,
    /// A tag.
    Tag,
    /// A scene, by id or title.
    Scene,
    /// A model.
    Model,
}

impl Field {
    /// The predicate that asks for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Tag => "tag",
            Self::Scene => "scene",
            Self::Model => "model",
        }
    }
}

impl Expr {
    /// Whether judging needs to know what became of shots in earlier runs.
    pub fn asks_the_past(&self) -> bool {
        match self {
            Self::Status(_) | Self::Decision(_) | Self::Changed | Self::Failed => true,
            Self::All | Self::None | Self::Name(..) | Self::Mode(_) => false,
            Self::Deps(inner) | Self::Rdeps(inner) | Self::Not(inner) => inner.asks_the_past(),
            Self::And(left, right) | Self::Minus(left, right) | Self::Or(left, right) => {
                left.asks_the_past() || right.asks_the_past()
            }
        }
    }

    /// How tightly it holds together; what is looser needs brackets inside it.
    fn tightness(&self) -> u8 {
        match self {
            Self::Or(..) => 0,
            Self::And(..) | Self::Minus(..) => 1,
            _ => 2,
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all()"),
            Self::None => f.write_str("none()"),
            Self::Changed => f.write_str("changed()"),
            Self::Failed => f.write_str("failed()"),
            Self::Name(Field::Id, pattern) if pattern.stands_alone() => pattern.fmt(f),
            Self::Name(field, pattern) => write!(f, "{}({pattern})", field.as_str()),
            Self::Mode(mode) => write!(f, "mode({})", mode.as_str()),
            Self::Status(word) => write!(f, "status({})", word.name),
            Self::Decision(decision) => write!(f, "decision({decision})"),
            Self::Deps(inner) => write!(f, "deps({inner})"),
            Self::Rdeps(inner) => write!(f, "rdeps({inner})"),
            Self::Not(inner) => write!(f, "not {}", Held(inner, 2)),
            // What stands on the left is read first, so it may be as loose.
            Self::And(left, right) => write!(f, "{} & {}", Held(left, 1), Held(right, 2)),
            Self::Minus(left, right) => write!(f, "{} - {}", Held(left, 1), Held(right, 2)),
            Self::Or(left, right) => write!(f, "{} | {}", Held(left, 0), Held(right, 1)),
        }
    }
}

/// An expression in brackets, unless it is as tight as this.
struct Held<'e>(&'e Expr, u8);

impl fmt::Display for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(expr, tightness) = self;
        if expr.tightness() < *tightness {
            write!(f, "({expr})")
        } else {
            expr.fmt(f)
        }
    }
}
