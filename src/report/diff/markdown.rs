//! A difference as Markdown, for a comment on a pull request.
//!
//! Owns the order (verdict, table, folded rest), the escaping of words that came
//! and went, and the size. Whatever stands in a document is only ever text here.

use std::fmt::Write as _;

use super::{by_what, fate, verdict};
use crate::diff::words::{Piece, near};
use crate::diff::{Change, Diff, Seen, ShotDiff, Status};
use crate::report::markdown::{code, escaped};

/// GitHub takes a comment of up to 65,536 characters.
const CHARACTERS_MAX: usize = 65_000;

/// What the table leaves for what comes after it.
const CHARACTERS_OF_THE_END: usize = 8_000;

/// The most lines of the folded rest.
const BESIDE_MAX: usize = 20;

impl Diff {
    /// The difference in GitHub's dialect of Markdown, short enough for a comment.
    pub fn to_markdown(&self) -> String {
        let mark = if self.same { "✅" } else { "❌" };
        let mut text = format!("### {mark} {}\n\n", escaped(&verdict(self)));
        let (before, after) = (&self.before, &self.after);
        let _ = writeln!(text, "{} → {}", code(&before.name), code(&after.name));
        for change in self.changes.iter().filter(|change| change.counts) {
            let _ = write!(text, "\n- {}", line(change));
        }
        if self.changes.iter().any(|change| change.counts) {
            text.push('\n');
        }
        self.table(&mut text);
        self.rest(&mut text);
        text
    }

    /// Every shot that differs; cut where it would grow too long.
    fn table(&self, text: &mut String) {
        if self.shots.is_empty() {
            return;
        }
        text.push_str("\n| Shot | What differs |\n| --- | --- |\n");
        let mut length = text.chars().count();
        for (written, shot) in self.shots.iter().enumerate() {
            let row = row(shot);
            length += row.chars().count();
            if length > CHARACTERS_MAX - CHARACTERS_OF_THE_END {
                let _ = writeln!(text, "\nand {} more", self.shots.len() - written);
                return;
            }
            text.push_str(&row);
        }
    }

    /// What a person asks for only when something is odd.
    fn rest(&self, text: &mut String) {
        let told = |change: &&Change| !change.counts && change.is_of_interest();
        let beside: Vec<&Change> = self.changes.iter().filter(told).collect();
        if beside.is_empty() && self.ignored.is_empty() && self.totals.by.is_empty() {
            return;
        }
        text.push_str("\n<details><summary>Details</summary>\n\n");
        if !self.totals.by.is_empty() {
            let _ = writeln!(
                text,
                "- shots by what differs: {}",
                escaped(&by_what(&self.totals))
            );
        }
        if !self.ignored.is_empty() {
            let words: Vec<&str> = self.ignored.iter().map(|group| group.as_str()).collect();
            let _ = writeln!(text, "- ignored: {}", escaped(&words.join(", ")));
        }
        for change in beside.iter().take(BESIDE_MAX) {
            let _ = writeln!(text, "- {} (does not count)", line(change));
        }
        text.push_str("\n</details>\n");
    }
}

fn row(shot: &ShotDiff) -> String {
    let fate = fate(shot).into_iter().map(|text| escaped(&text));
    let asked = match shot.status {
        Status::Added => asked("ins", shot.after.as_ref()),
        Status::Removed => asked("del", shot.before.as_ref()),
        Status::Kept => None,
    };
    let fate = fate.chain(asked);
    let changes = shot.changes.iter().filter(|change| change.counts).map(line);
    let cells: Vec<String> = fate.chain(changes).collect();
    format!("| {} | {} |\n", code(&shot.id), cells.join("<br>"))
}

/// The prompt of a shot that came or went.
fn asked(tag: &str, seen: Option<&Seen>) -> Option<String> {
    let prompt = seen?.prompt.as_deref()?;
    Some(format!("<{tag}>{}</{tag}>", escaped(prompt)))
}

fn line(change: &Change) -> String {
    let name = escaped(change.label());
    match &change.words {
        Some(pieces) => format!("{name}&#58; {}", words(pieces)),
        None => format!(
            "{name}&#58; {} → {}",
            escaped(&change.old()),
            escaped(&change.new())
        ),
    }
}

/// Words that went struck out, words that came underlined.
pub(in crate::report) fn words(pieces: &[Piece]) -> String {
    let tagged = |tag: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{tag}>{}</{tag}>", spaced(text)),
    };
    let shown = |piece: Piece| match piece {
        Piece::Same { same } => spaced(&same),
        Piece::Other { gone, came } => tagged("del", &gone) + &tagged("ins", &came),
    };
    near(pieces).into_iter().map(shown).collect()
}

/// Text with the spaces at its ends, which stand between two words.
fn spaced(text: &str) -> String {
    let at_start = text.starts_with(char::is_whitespace);
    let at_end = text.ends_with(char::is_whitespace);
    match (escaped(text), at_start, at_end) {
        (words, true, _) if words.is_empty() => " ".to_owned(),
        (words, start, end) => {
            let space = |is: bool| if is { " " } else { "" };
            format!("{}{words}{}", space(start), space(end))
        }
    }
}
