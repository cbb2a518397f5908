//! How values look to a person: time, size, width, colour.
//!
//! Owns looks only. Never decides what is said.

use std::fmt;
use std::time::Duration;

use crate::lang::Language;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether to use colour, and what to speak; decided by whoever opened the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    color: bool,
    language: Language,
}

/// What a piece of text means, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Quiet,
    Good,
    Warning,
    Bad,
}

impl Paint {
    /// Colour if `color`, plain text otherwise.
    pub fn new(color: bool) -> Self {
        Self {
            color,
            language: Language::English,
        }
    }

    /// The same in a language.
    #[must_use]
    pub fn speaking(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// A message in that language.
    pub(super) fn say(self, text: &str) -> String {
        self.language.tr(text).into_owned()
    }

    /// Lines in that language, each by itself.
    pub(super) fn say_lines(self, text: &str) -> String {
        self.language.lines(text).into_owned()
    }

    /// Plain text.
    pub fn plain() -> Self {
        Self::new(false)
    }

    pub(super) fn paint(self, tone: Tone, text: impl fmt::Display) -> String {
        let code = match tone {
            _ if !self.color => return text.to_string(),
            Tone::Plain => return text.to_string(),
            Tone::Strong => "1",
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// ` 3.2s`, `1m40s`, `2h03m`: at most six columns up to a hundred hours.
pub(super) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 100 {
        // Tenths cut off, not rounded: a clock never shows what has not been.
        format!("{seconds:>2}.{}s", duration.subsec_millis() / 100)
    } else if seconds < 100 * 60 {
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60)
    }
}

/// `12s`, `1m40s`, `2h03m`: at most six columns up to a thousand hours.
pub(crate) fn elapsed_seconds(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..6000 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => elapsed(duration),
    }
}

/// A wait as people say it: `250ms`, `1.5s`, `2m30s`.
pub(super) fn wait(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis}ms"),
        millis @ 1000..60_000 => format!("{}.{}s", millis / 1000, millis / 100 % 10),
        millis => format!("{}m{:02}s", millis / 60_000, millis / 1000 % 60),
    }
}

/// `1.2 MB`, in powers of ten, as file managers show it.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes / 100 % 10),
        1_000_000..1_000_000_000 => {
            format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
        }
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// What a service said, safe to print: one line, no control characters that
/// could move a terminal's cursor.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Columns that `text` takes on a terminal; two for each Chinese character.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// Spaces up to `width` columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

/// At most `width` columns, the end replaced by `…` where it is longer.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    if width == 0 {
        return String::new();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// `1 shot`, `2 shots`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Parts that are not empty, with commas.
pub(super) fn list(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{columns, cut, elapsed, elapsed_seconds, one_line, pad, size, wait};

    #[test]
    fn times_and_sizes_are_short() {
        let seconds = Duration::from_secs_f64;
        assert_eq!(elapsed(seconds(0.0)), " 0.0s");
        assert_eq!(elapsed(seconds(3.29)), " 3.2s");
        assert_eq!(elapsed(seconds(99.99)), "99.9s");
        assert_eq!(elapsed(seconds(100.0)), "1m40s");
        assert_eq!(elapsed(seconds(7384.0)), "2h03m");
        assert_eq!(elapsed_seconds(seconds(9.9)), "9s");
        assert_eq!(elapsed_seconds(seconds(99.0)), "1m39s");
        assert_eq!(elapsed_seconds(seconds(7384.0)), "2h03m");
        assert_eq!(wait(seconds(0.25)), "250ms");
        assert_eq!(wait(seconds(1.5)), "1.5s");
        assert_eq!(wait(seconds(150.0)), "2m30s");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_234_567), "1.2 MB");
    }

    #[test]
    fn a_message_cannot_move_the_cursor() {
        assert_eq!(one_line("a\n b\t\x1b[2Jc\u{9b}"), "a b [2Jc");
    }

    #[test]
    fn width_is_in_columns() {
        assert_eq!(columns("镜头"), 4);
        assert_eq!(pad("镜头", 6), "镜头  ");
        assert_eq!(cut("镜头一二三", 6), "镜头…");
        assert_eq!(cut("short", 6), "short");
        assert_eq!(cut("short", 1), "…");
        assert_eq!(cut("short", 0), "");
    }
}
