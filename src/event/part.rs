//! A run of which several processes carry out a part each: its name and its shards.
//!
//! Owns the two words that a person types, `ID` and `2/4`, and what of them is
//! refused. Which shot is in which shard is the plan's.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{RunId, ShotId};

/// Longest name of a run, in characters: it stands in names of files.
const RUN_ID_MAX_CHARS: usize = 100;

/// More shards than this are a slip of the finger.
const MOST_SHARDS: u32 = 10_000;

/// A part of a run that others carry out the rest of, or carried out the same of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPart {
    /// The name that all parts of the run have.
    pub of: RunId,
    /// Which shard it is; `None` for all of what was selected.
    pub shard: Option<Shard>,
    /// Every shot that was selected, of all shards, in manifest order; empty where
    /// the part is not one of several.
    pub film: Vec<ShotId>,
    /// Shards that are not among what was merged to this run.
    pub missing: Vec<Shard>,
}

/// One of several parts that the shots of a manifest are dealt to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    count: NonZeroU32,
    index: NonZeroU32,
}

/// Why a text names no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not two numbers.
    #[error("a shard is written as INDEX/COUNT, for example 2/4")]
    Form,
    /// `2/0`.
    #[error("there is no shard of 0: the number behind the stroke says how many there are")]
    None,
    /// `0/4`.
    #[error("shards count from 1: the first of {count} is 1/{count}")]
    Zero {
        /// How many there are.
        count: u32,
    },
    /// `5/4`.
    #[error("there is no shard {index} of {count}: the last one is {count}/{count}")]
    Beyond {
        /// Which was asked for.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// A number that nobody means.
    #[error("there can be {MOST_SHARDS} shards at most")]
    TooMany,
}

impl Shard {
    /// The `index`th of `count` shards, both from 1.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        let shards = NonZeroU32::new(count).ok_or(ShardError::None)?;
        if count > MOST_SHARDS {
            return Err(ShardError::TooMany);
        }
        match NonZeroU32::new(index) {
            None => Err(ShardError::Zero { count }),
            Some(_) if index > count => Err(ShardError::Beyond { index, count }),
            Some(index) => Ok(Self {
                count: shards,
                index,
            }),
        }
    }

    /// Which one, from 1.
    pub fn index(self) -> u32 {
        self.index.get()
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.count.get()
    }

    /// All shards of this many, this one among them.
    pub fn siblings(self) -> impl Iterator<Item = Self> {
        let count = self.count;
        (1..=count.get())
            .filter_map(NonZeroU32::new)
            .map(move |index| Self { count, index })
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError::Form)?;
        let number = |text: &str| -> Result<u32, ShardError> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if !digits {
                return Err(ShardError::Form);
            }
            text.parse().map_err(|_| ShardError::TooMany)
        };
        Self::new(number(index.trim())?, number(count.trim())?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Why a text cannot name a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a run has 1 to {RUN_ID_MAX_CHARS} characters: letters, digits, `-`, `_` and `.`, and begins with a letter or a digit"
)]
pub struct RunNameError;

/// The name that a person gives to a run.
pub fn run_name(text: &str) -> Result<RunId, RunNameError> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !begins || text.len() > RUN_ID_MAX_CHARS || !text.chars().all(allowed) {
        return Err(RunNameError);
    }
    Ok(RunId::new(text))
}

#[cfg(test)]
mod tests {
    use super::{Shard, ShardError, run_name};

    #[test]
    fn shards_count_from_one() {
        let shard: Shard = "2/4".parse().expect("a shard");
        assert_eq!((shard.index(), shard.count()), (2, 4));
        assert_eq!(shard.to_string(), "2/4");
        assert_eq!(shard.siblings().count(), 4);
        for (text, why) in [
            ("", ShardError::Form),
            ("2", ShardError::Form),
            ("/4", ShardError::Form),
            ("a/4", ShardError::Form),
            ("-1/4", ShardError::Form),
            ("+1/4", ShardError::Form),
            ("1/2/3", ShardError::Form),
            ("0/4", ShardError::Zero { count: 4 }),
            ("5/4", ShardError::Beyond { index: 5, count: 4 }),
            ("2/0", ShardError::None),
            ("1/10001", ShardError::TooMany),
            ("1/99999999999", ShardError::TooMany),
        ] {
            assert_eq!(text.parse::<Shard>(), Err(why), "{text}");
        }
    }

    #[test]
    fn names_of_runs_are_names_of_files() {
        for good in ["4711", "ci-4711.2", "20260901T080000.000001Z-0abcd"] {
            assert!(run_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", "-x", ".x", "a b", "a/b", "../a", "a\n", long.as_str()] {
            assert!(run_name(bad).is_err(), "{bad}");
        }
    }
}
