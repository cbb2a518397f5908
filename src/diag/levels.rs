//! What an author makes of a warning: nothing, a warning, or an error.
//!
//! Owns the order in which the manifest and the command line decide. An error is
//! never made less: it says that the API would refuse, or that nobody knows what
//! was meant.

use std::collections::BTreeMap;
use std::fmt;

use super::{Code, Diagnostic, Severity};

/// What becomes of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It is not said.
    Allow,
    /// It is said, and stops nothing.
    Warn,
    /// It stops the run.
    Deny,
}

impl Level {
    /// Every level, the mildest first.
    pub const ALL: [Level; 3] = [Self::Allow, Self::Warn, Self::Deny];

    /// The word in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    /// The level of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of mistakes that may be warnings.
const LINTS: [Code; 22] = [
    Code::Matrix,
    Code::UnknownCamera,
    Code::CameraUnsupported,
    Code::CameraCombination,
    Code::PromptOptimizer,
    Code::PromptLength,
    Code::ThinPrompt,
    Code::MissingPrompt,
    Code::InvisibleCharacters,
    Code::FrameSize,
    Code::MixedShapes,
    Code::RepeatedRequest,
    Code::IgnoredSetting,
    Code::Expectation,
    Code::DeepChain,
    Code::PictureAddress,
    Code::UnknownModel,
    Code::RetiredModel,
    Code::Limit,
    Code::Callback,
    Code::UnusedVariable,
    Code::UnknownVariable,
];

impl Code {
    /// Whether it may be a warning, and so be allowed or denied.
    pub fn is_lint(self) -> bool {
        LINTS.contains(&self)
    }

    /// The code of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

/// The levels that were asked for; what nobody names is a warning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    all: Option<Level>,
    by_code: BTreeMap<Code, Level>,
}

impl Levels {
    /// Sets the level of one kind; the last word counts.
    pub fn set(&mut self, code: Code, level: Level) {
        self.by_code.insert(code, level);
    }

    /// Sets the level of every kind that is not named.
    pub fn set_all(&mut self, level: Level) {
        self.all = Some(level);
    }

    /// Leaves out what is allowed and makes errors of what is denied. `self` has
    /// the first word, `otherwise` (the manifest's) the second.
    pub fn apply(&self, otherwise: &Levels, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain_mut(|diagnostic| {
            if diagnostic.is_error() {
                return true;
            }
            let code = diagnostic.code;
            let named = self.by_code.get(&code).or(otherwise.by_code.get(&code));
            match named.copied().or(self.all) {
                Some(Level::Allow) => return false,
                Some(Level::Deny) => diagnostic.severity = Severity::Error,
                Some(Level::Warn) | None => {}
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Levels};
    use crate::diag::{Code, Diagnostic, Severity};

    fn left(flags: &Levels, manifest: &Levels, severity: Severity) -> Option<Severity> {
        let told = Diagnostic::new(severity, Code::UnusedVariable, None, "x");
        let mut told = vec![told];
        flags.apply(manifest, &mut told);
        told.first().map(|told| told.severity)
    }

    #[test]
    fn a_name_says_more_than_all_and_a_flag_more_than_the_manifest() {
        let level = |level| {
            let mut levels = Levels::default();
            levels.set(Code::UnusedVariable, level);
            levels
        };
        let mut all = Levels::default();
        all.set_all(Level::Deny);
        let none = Levels::default();
        let left = |flags: &Levels, manifest: &Levels| left(flags, manifest, Severity::Warning);
        assert_eq!(left(&none, &none), Some(Severity::Warning));
        assert_eq!(left(&all, &none), Some(Severity::Error));
        assert_eq!(left(&all, &level(Level::Allow)), None);
        assert_eq!(left(&all, &level(Level::Warn)), Some(Severity::Warning));
        assert_eq!(left(&level(Level::Allow), &level(Level::Deny)), None);
    }

    #[test]
    fn an_error_stays_one() {
        let mut allow = Levels::default();
        allow.set(Code::UnusedVariable, Level::Allow);
        allow.set_all(Level::Allow);
        let none = Levels::default();
        assert_eq!(left(&allow, &none, Severity::Error), Some(Severity::Error));
    }
}
