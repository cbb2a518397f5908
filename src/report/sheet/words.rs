//! What a card says in words: lengths, times, facts.
//!
//! Owns wording that both the pictures and the PDF use.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Card, Film};
use crate::media::text::clean;

/// More of a title than this fits on no line.
const TITLE: usize = 300;

/// `6 s`, `5.9 s`.
pub(super) fn seconds(length: Duration) -> String {
    let tenths = (length.as_millis() + 50) / 100;
    if tenths.is_multiple_of(10) {
        format!("{} s", tenths / 10)
    } else {
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

/// `1:02.5`: minutes, seconds and tenths, with hours where there are any.
pub fn clock(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    let (hours, minutes) = (tenths / 36000, tenths / 600 % 60);
    let rest = format!("{:02}.{}", tenths / 10 % 60, tenths % 10);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest}")
    } else {
        format!("{minutes}:{rest}")
    }
}

impl Film {
    /// The title as one line of bounded length.
    pub(super) fn heading(&self) -> String {
        clean(&self.title).chars().take(TITLE).collect()
    }

    /// `5 shots  ·  30 s  ·  all made`.
    pub(super) fn summary(&self) -> String {
        let count = self.cards.len();
        let shots = if count == 1 {
            "1 shot".to_owned()
        } else {
            format!("{count} shots")
        };
        let length = self.length();
        let length = if length < Duration::from_secs(60) {
            seconds(length)
        } else {
            clock(length)
        };
        let made = match self.made() {
            made if made == count => "all made".to_owned(),
            0 => "none made yet".to_owned(),
            made => format!("{made} of {count} made"),
        };
        format!("{shots}  ·  {length}  ·  {made}")
    }

    /// How many digits the numbers of shots have.
    fn digits(&self) -> usize {
        let most = self.cards.iter().map(|card| card.number).max().unwrap_or(1);
        most.to_string().len().max(2)
    }

    /// `07` of a film with 99 shots, `007` of one with more.
    pub(super) fn number(&self, card: &Card) -> String {
        format!("{:0digits$}", card.number, digits = self.digits())
    }
}

impl Card {
    /// `6 s  ·  MiniMax-Hailuo-2.3  ·  T2V 768P  ·  1366x768`.
    pub(super) fn facts(&self) -> String {
        let mut facts = format!(
            "{}  ·  {}  ·  {} {}",
            seconds(self.length),
            self.model,
            self.mode,
            self.resolution
        );
        if let Some((width, height)) = self.size {
            let _ = write!(facts, "  ·  {width}x{height}");
        }
        facts
    }

    /// `0:06.0 – 0:12.0`; empty where that is not known.
    pub(super) fn span(&self) -> String {
        self.start.map_or_else(String::new, |start| {
            format!("{} – {}", clock(start), clock(start + self.length))
        })
    }
}
