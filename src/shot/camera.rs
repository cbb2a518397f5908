//! The camera vocabulary: any spelling in, the listed spelling out.
//!
//! Owns how a command is recognised and which combinations are doubtful. The
//! commands themselves come from the documents; none is named here but the one
//! that means no movement. Where they stand in a prompt is `prompt`'s.

use std::collections::HashMap;
use std::fmt;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::listed;
use crate::shot::synonyms;
use crate::spec::{CameraCommand, Spec};

/// More at once than this is advised against (minimax-api.md, section 8).
const ADVISED_AT_ONCE: usize = 3;

/// The command that no other can go with.
const STATIC: &str = "static_shot";

/// The group of commands that are not two directions of one movement.
const UNRELATED: &str = "other";

/// Every command by every spelling.
#[derive(Debug)]
pub(super) struct Vocabulary {
    commands: Vec<CameraCommand>,
    /// Spelling without case, space, `-` and `_` to command and listed spelling.
    spellings: HashMap<String, (usize, String)>,
}

/// A word that is no command, with advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownCommand {
    word: String,
    help: String,
}

impl UnknownCommand {
    pub(super) fn message(&self) -> String {
        format!("`{}` is no camera command", self.word)
    }

    pub(super) fn diagnostic(&self, span: Span) -> Diagnostic {
        Diagnostic::error(Code::UnknownCamera, span, self.message()).help(&*self.help)
    }
}

impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for UnknownCommand {}

impl Vocabulary {
    pub(super) fn new(spec: &Spec) -> Self {
        let commands = spec.camera_commands().to_vec();
        let mut spellings = HashMap::new();
        for (at, command) in commands.iter().enumerate() {
            for listed in [&command.en, &command.zh] {
                spellings.insert(bare(listed), (at, listed.clone()));
            }
        }
        Self {
            commands,
            spellings,
        }
    }

    /// The command behind a spelling, and the listed spelling in its language.
    pub(super) fn find(&self, word: &str) -> Option<(usize, &str)> {
        let (at, listed) = self.spellings.get(&bare(word))?;
        Some((*at, listed))
    }

    /// The name of a command that does not depend on language.
    pub(super) fn id(&self, command: usize) -> &str {
        &self.commands[command].id
    }

    /// The command that was probably meant.
    pub(super) fn near(&self, word: &str) -> Option<&str> {
        let chinese = !word.is_ascii();
        if let Some(id) = synonyms::meant(&bare(word)) {
            let mut commands = self.commands.iter();
            return commands
                .find(|command| command.id == id)
                .map(|command| listed_in(command, chinese));
        }
        let spaced = word.replace(['-', '_'], " ");
        let english = self.commands.iter().map(|command| command.en.as_str());
        let chinese = self.commands.iter().map(|command| command.zh.as_str());
        suggest(spaced.trim(), english.chain(chinese))
    }

    /// The longest command that a sentence holds, as in `slowly push in`.
    fn inside(&self, word: &str) -> Option<&str> {
        let sentence = bare(word);
        let held = self
            .spellings
            .iter()
            .filter(|(spelling, _)| sentence.contains(*spelling));
        let longest = held.max_by_key(|(spelling, _)| (spelling.len(), *spelling));
        longest.map(|(_, (_, listed))| listed.as_str())
    }

    /// A word that `find` does not know, with what was probably meant.
    pub(super) fn unknown(&self, word: &str) -> UnknownCommand {
        let help = match self.near(word).or_else(|| self.inside(word)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => self.all(word),
        };
        UnknownCommand {
            word: word.to_owned(),
            help,
        }
    }

    /// Every command, in the language of a word.
    pub(super) fn all(&self, word: &str) -> String {
        let chinese = !word.is_ascii();
        let commands = self.commands.iter();
        let all: Vec<&str> = commands
            .map(|command| listed_in(command, chinese))
            .collect();
        format!("the commands are {}", listed(&all))
    }

    /// `[Pan left,Pedestal up]` for any spelling of the two.
    pub(super) fn bracket<'w>(
        &self,
        words: impl Iterator<Item = &'w str>,
    ) -> Result<String, UnknownCommand> {
        let mut listed = Vec::new();
        for word in words.flat_map(|word| word.split([',', '，', '、'])) {
            let word = word.trim_matches(|c: char| c.is_whitespace() || "[]【】［］".contains(c));
            match self.find(word) {
                Some((_, spelling)) => listed.push(spelling),
                None => return Err(self.unknown(word)),
            }
        }
        Ok(format!("[{}]", listed.join(",")))
    }

    /// What is doubtful about commands that act at once.
    pub(super) fn doubts(&self, commands: &[usize], span: Span) -> Vec<Diagnostic> {
        let warn = |message: String| Diagnostic::warning(Code::CameraCombination, span, message);
        let mut doubts = Vec::new();
        if commands.len() > ADVISED_AT_ONCE {
            let many = commands.len();
            doubts.push(
                warn(format!("{many} camera commands at once"))
                    .note(format!(
                        "{ADVISED_AT_ONCE} at once is the most that is advised"
                    ))
                    .help("let some of them follow in a bracket of their own"),
            );
        }
        for (position, &one) in commands.iter().enumerate() {
            for &other in &commands[..position] {
                if let Some(message) = self.contradiction(other, one) {
                    doubts.push(warn(message));
                }
            }
        }
        doubts
    }

    fn contradiction(&self, one: usize, other: usize) -> Option<String> {
        let (one, other) = (&self.commands[one], &self.commands[other]);
        if one.id == other.id {
            return None;
        }
        if one.id == STATIC || other.id == STATIC {
            let moving = if one.id == STATIC { other } else { one };
            return Some(format!(
                "a static shot and `{}` at once contradict each other",
                moving.en
            ));
        }
        let undone = one.group == other.group && one.group != UNRELATED;
        undone.then(|| format!("`{}` and `{}` at once undo each other", one.en, other.en))
    }
}

/// Whether film people use the word for one of the commands.
pub(super) fn is_synonym(word: &str) -> bool {
    synonyms::meant(&bare(word)).is_some()
}

fn listed_in(command: &CameraCommand, chinese: bool) -> &str {
    if chinese { &command.zh } else { &command.en }
}

/// A spelling without what spellings differ in.
fn bare(word: &str) -> String {
    let kept = word
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'));
    kept.flat_map(char::to_lowercase).collect()
}
