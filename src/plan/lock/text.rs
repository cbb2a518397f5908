//! A lock as a text, both ways.
//!
//! Owns the words of the file, which are no language's, and where a text is wrong.

use serde::Deserialize as _;
use toml::de::{DeTable, Deserializer};

use super::{Lock, NoLock, VERSION};

/// What stands above the facts.
const HEAD: &str = "\
# What this storyboard asks for, and which videos were accepted for it.
# Written by `runner lock`; keep it beside the manifest, under version control.
";

/// Characters of a parser's message that are shown: it may repeat what it read.
const MESSAGE_MAX: usize = 200;

/// What a lock says that it is.
const FORMAT: &str = "runner lock";

/// What git leaves in a file that it could not merge.
const MARKS: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

impl Lock {
    /// Reads what [`Self::to_text`] wrote. Nesting is bounded by the parser; whoever
    /// reads the text bounds its length by `LARGEST`.
    pub fn parse(text: &str) -> Result<Self, NoLock> {
        // Git may have written the ends of lines as Windows does.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n");
        let damaged = |error: &toml::de::Error| no_lock(&text, error);
        let table = DeTable::parse(&text).map_err(|error| damaged(&error))?;
        let format = table.get_ref().get("format");
        if format.and_then(|format| format.get_ref().as_str()) != Some(FORMAT) {
            return Err(NoLock::Foreign);
        }
        let version = table.get_ref().get("version");
        let version = version.and_then(|version| version.get_ref().as_integer());
        let version = version.and_then(|number| number.as_str().parse::<i64>().ok());
        match version {
            Some(found) if found != i64::from(VERSION) => return Err(NoLock::Version(found)),
            // The typed reading says what is wrong with it, and where.
            _ => {}
        }
        Self::deserialize(Deserializer::from(table)).map_err(|error| damaged(&error))
    }

    /// The lock as a text: the same facts give the same bytes.
    pub fn to_text(&self) -> Result<String, NoLock> {
        let facts = toml::to_string_pretty(self).map_err(NoLock::Unwritable)?;
        Ok(format!("{HEAD}{facts}"))
    }
}

fn no_lock(text: &str, error: &toml::de::Error) -> NoLock {
    let mark = text
        .lines()
        .position(|line| MARKS.iter().any(|mark| line.starts_with(mark)));
    if let Some(at) = mark {
        return NoLock::Unmerged(at + 1);
    }
    let place = error.span().map_or(0, |span| span.start);
    NoLock::Damaged {
        line: text.get(..place).unwrap_or(text).matches('\n').count() + 1,
        message: error.message().chars().take(MESSAGE_MAX).collect(),
    }
}
