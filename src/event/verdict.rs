//! What checks said of a video: each by itself, and all of them together.
//!
//! Owns the words. How a check is judged is known elsewhere; no verdict ever
//! changes what a shot is: its video is there, whatever is thought of it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What came of a check, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It is as expected.
    Passed,
    /// It could not be found out.
    Unknown,
    /// It is not as expected.
    Failed,
}

impl Judgement {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// One check of one video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The key in the manifest, for example `size` or `likeness.accepted`.
    pub name: Cow<'static, str>,
    /// What came of it.
    pub result: Judgement,
    /// What was expected, in words.
    pub expected: String,
    /// What was found, or why nothing could be, in words.
    pub found: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            expected,
            found,
            ..
        } = self;
        match self.result {
            Judgement::Passed => write!(f, "{name}: {found}"),
            Judgement::Failed => write!(f, "{name}: {found}, expected {expected}"),
            Judgement::Unknown => write!(f, "{name} cannot be checked: {found}"),
        }
    }
}

/// How many of several takes passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quorum {
    /// How many have to.
    pub wanted: u32,
    /// Of how many.
    pub of: u32,
    /// How many there are to be judged, `of` at most.
    pub there: u32,
    /// How many of these passed.
    pub passed: u32,
    /// How many of these failed.
    pub failed: u32,
}

impl Quorum {
    /// Decided as soon as the takes that are missing cannot change it.
    pub fn result(self) -> Judgement {
        if self.passed >= self.wanted {
            Judgement::Passed
        } else if self.of.saturating_sub(self.failed) < self.wanted {
            Judgement::Failed
        } else {
            Judgement::Unknown
        }
    }
}

impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            wanted,
            of,
            there,
            passed,
            ..
        } = self;
        write!(
            f,
            "{passed} of {there} takes passed, expected {wanted} of {of}"
        )
    }
}

/// What all checks of a shot said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One for each expectation, of the video that counts.
    pub checks: Vec<Check>,
    /// Of several takes, where the author asks for some of them only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<Quorum>,
}

impl Verdict {
    /// The worst of its checks, or what the takes decided.
    pub fn result(&self) -> Judgement {
        if let Some(takes) = self.takes {
            return takes.result();
        }
        self.own()
    }

    /// The worst of its checks, whatever other takes are like.
    pub fn own(&self) -> Judgement {
        let results = self.checks.iter().map(|check| check.result);
        results.max().unwrap_or(Judgement::Passed)
    }

    /// Why it did not pass: what failed first, then what could not be found out;
    /// empty where it passed.
    pub fn reasons(&self) -> Vec<String> {
        if self.result() == Judgement::Passed {
            return Vec::new();
        }
        let of = |wanted: Judgement| {
            let checks = self.checks.iter();
            checks
                .filter(move |check| check.result == wanted)
                .map(Check::to_string)
        };
        let takes = self.takes.iter().map(Quorum::to_string);
        let checks = of(Judgement::Failed).chain(of(Judgement::Unknown));
        takes.chain(checks).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Judgement, Quorum};

    #[test]
    fn takes_that_are_missing_decide_nothing_that_is_decided() {
        let of_three = |passed, failed| {
            let quorum = Quorum {
                wanted: 2,
                of: 3,
                there: passed + failed,
                passed,
                failed,
            };
            quorum.result()
        };
        assert_eq!(of_three(2, 0), Judgement::Passed);
        assert_eq!(of_three(1, 0), Judgement::Unknown);
        assert_eq!(of_three(1, 1), Judgement::Unknown);
        assert_eq!(of_three(0, 2), Judgement::Failed);
        assert_eq!(of_three(1, 2), Judgement::Failed);
    }
}
