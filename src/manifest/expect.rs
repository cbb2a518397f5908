//! What an author expects of videos: the keys under `expect`, tree to values.
//!
//! Owns the short forms and what they stand for. A value of the wrong shape was
//! told by `validate` and is left out here in silence; whether a sound one can
//! ever hold is `check`'s to say, and whether it does hold is `verdict`'s.

use std::fmt;

use crate::diag::Span;
use crate::manifest::tree::{Entry, Kind, Node};

/// What the likenesses are written under.
const LIKENESS: &str = "likeness";

/// How far a length without a tolerance of its own may be off, in milliseconds: a
/// clip of "6 s" has a whole number of frames, and the last of them may be missing.
pub const LENGTH_TOLERANCE_MS: u64 = 250;

/// How far a frame rate may be off: 23.976 is no 24, and 24.000001 is.
pub const FPS_TOLERANCE: f64 = 0.01;

/// Codecs by the names that people use, with how files name them (RFC 6381).
pub const CODECS: [(&str, &[&str]); 8] = [
    ("h264", &["avc1", "avc3"]),
    ("avc", &["avc1", "avc3"]),
    ("h265", &["hvc1", "hev1"]),
    ("hevc", &["hvc1", "hev1"]),
    ("av1", &["av01"]),
    ("vp9", &["vp09"]),
    ("vp8", &["vp08"]),
    ("mpeg4", &["mp4v"]),
];

/// How files name a codec that people name so; `None` for what is no such name.
pub fn codec_family(name: &str) -> Option<&'static [&'static str]> {
    let plain = name.replace(['.', '-', '_'], "");
    let mut known = CODECS.iter();
    known
        .find(|(known, _)| known.eq_ignore_ascii_case(&plain))
        .map(|(_, family)| *family)
}

macro_rules! keys {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// One thing that can be expected.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Key { $($(#[$doc])* $variant,)* }

        impl Key {
            /// Every key, in the order in which verdicts tell them.
            pub const ALL: &[Key] = &[$(Key::$variant,)*];

            /// How it is written, with a dot where it is nested.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

keys! {
    /// Pixels across and down.
    Size = "size",
    /// The length.
    Duration = "duration",
    /// Frames per second.
    Fps = "fps",
    /// The video codec.
    Codec = "codec",
    /// Whether there is a sound track.
    Audio = "audio",
    /// The longest black span.
    Black = "black",
    /// The longest span without movement.
    Frozen = "frozen",
    /// Cuts in the middle of the clip.
    Cuts = "cuts",
    /// How loud the sound is.
    Loudness = "loudness",
    /// How the video begins, against the first frame that was given.
    LikeFirstFrame = "likeness.first_frame",
    /// The video, against the take that a person accepted.
    LikeAccepted = "likeness.accepted",
    /// The video, against the other takes.
    LikeTakes = "likeness.takes",
    /// Of how many takes how many have to pass.
    Passes = "passes",
}

impl Key {
    /// The keys under `likeness`, and how each is written there.
    pub const LIKENESS: [(Key, &'static str); 3] = [
        (Key::LikeFirstFrame, "first_frame"),
        (Key::LikeAccepted, "accepted"),
        (Key::LikeTakes, "takes"),
    ];
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One expectation with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What it is about.
    pub key: Key,
    /// What is expected of that.
    pub wanted: Wanted,
    /// Where it was written.
    pub span: Span,
    /// Whether it was written for many shots, as in `defaults`.
    pub inherited: bool,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Nothing: what others say of the key does not count here.
    Nothing,
    /// These pixels.
    Size {
        /// Across.
        width: u32,
        /// Down.
        height: u32,
    },
    /// A length between these, in milliseconds, both included.
    Length {
        /// The shortest.
        min: u64,
        /// The longest.
        max: u64,
    },
    /// A number between these, both included.
    Between {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// One of these codecs.
    Codecs(Vec<String>),
    /// Whether it is there.
    Present(bool),
    /// At most this many milliseconds at a time.
    AtMostMs(u64),
    /// At most this many.
    AtMost(u64),
    /// Within this band.
    Within(Band),
    /// Of so many takes so many.
    Passes {
        /// How many have to pass.
        wanted: u32,
        /// Of how many.
        of: u32,
    },
}

/// How like two videos have to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Band {
    /// One that has a name.
    Named(String),
    /// Limits of one's own, by the name of the number.
    Own(Vec<(String, f64)>),
}

/// What is expected in one place of the manifest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expect {
    /// Whether nothing that others say counts: `expect: none`.
    pub alone: bool,
    /// What is said.
    pub list: Vec<Expectation>,
}

/// Everything under `expect`; nothing where it is not there.
pub(crate) fn lower(node: Option<&Node>) -> Expect {
    let Some(node) = node else {
        return Expect::default();
    };
    let mut list = Vec::new();
    for entry in node.entries() {
        let name: &str = &entry.key.value;
        if name == LIKENESS {
            let likeness = likeness(entry);
            list.extend(likeness.filter_map(|(key, node)| expectation(key, node)));
        } else if let Some(key) = Key::ALL.iter().find(|key| key.as_str() == name) {
            list.extend(expectation(*key, &entry.value));
        }
    }
    Expect {
        alone: node.kind == Kind::Null || node.text() == Some("none"),
        list,
    }
}

/// Nothing in its place takes what others say of it away.
fn expectation(key: Key, node: &Node) -> Option<Expectation> {
    let wanted = match node.kind {
        Kind::Null => Wanted::Nothing,
        _ => value(key, node)?,
    };
    Some(Expectation {
        key,
        wanted,
        span: node.span,
        inherited: false,
    })
}

/// What counts for a shot, the nearest settings first, each with whether many
/// share it: each key by itself.
pub(crate) fn merged<'a>(layers: impl Iterator<Item = (&'a Expect, bool)>) -> Vec<Expectation> {
    let mut merged: Vec<Expectation> = Vec::new();
    for (layer, inherited) in layers {
        for one in &layer.list {
            if !merged.iter().any(|known| known.key == one.key) {
                merged.push(Expectation {
                    inherited,
                    ..one.clone()
                });
            }
        }
        if layer.alone {
            break;
        }
    }
    merged.retain(|one| one.wanted != Wanted::Nothing);
    merged.sort_by_key(|one| one.key);
    merged
}

/// Nothing in its place takes all of it away.
fn likeness(entry: &Entry) -> impl Iterator<Item = (Key, &Node)> {
    let node = &entry.value;
    Key::LIKENESS
        .into_iter()
        .filter_map(move |(key, name)| match node.kind {
            Kind::Null => Some((key, node)),
            _ => node.get(name).map(|value| (key, value)),
        })
}

fn band(node: &Node) -> Option<Band> {
    if let Some(name) = node.text() {
        return Some(Band::Named(name.to_owned()));
    }
    let number = |entry: &Entry| Some(((*entry.key.value).to_owned(), number(&entry.value)?));
    let own: Vec<_> = node.entries().iter().filter_map(number).collect();
    (!own.is_empty()).then_some(Band::Own(own))
}

fn value(key: Key, node: &Node) -> Option<Wanted> {
    match key {
        Key::Size => size(node.text()?),
        Key::Duration => match node.kind {
            Kind::Number(_) => length(&format!("{}s", number(node)?)),
            _ => length(node.text()?),
        },
        Key::Fps => match number(node) {
            Some(fps) => Some(around(fps, FPS_TOLERANCE)),
            None => between(node.text()?, FPS_TOLERANCE),
        },
        Key::Codec => codecs(node),
        Key::Audio => match node.kind {
            Kind::Bool(there) => Some(Wanted::Present(there)),
            _ => None,
        },
        Key::Black | Key::Frozen => match node.kind {
            Kind::Bool(false) => Some(Wanted::AtMostMs(0)),
            _ => millis(node.text()?).map(Wanted::AtMostMs),
        },
        Key::Cuts => match node.kind {
            Kind::Bool(false) => Some(Wanted::AtMost(0)),
            _ => whole(number(node)?).map(Wanted::AtMost),
        },
        Key::Loudness => between(unit(node.text()?, "LUFS"), 0.0),
        Key::Passes => passes(node.text()?),
        Key::LikeFirstFrame | Key::LikeAccepted | Key::LikeTakes => band(node).map(Wanted::Within),
    }
}

fn number(node: &Node) -> Option<f64> {
    match &node.kind {
        Kind::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..1e9).contains(&number)).then_some(number as u64)
}

/// `1366x768`, however the cross is written.
fn size(text: &str) -> Option<Wanted> {
    let (width, height) = text.split_once(['x', 'X', '×', '*'])?;
    let pixels = |text: &str| text.trim().parse().ok().filter(|pixels| *pixels > 0);
    Some(Wanted::Size {
        width: pixels(width)?,
        height: pixels(height)?,
    })
}

/// `6s`, `5.5s..6.5s`, `6s ± 100ms`.
fn length(text: &str) -> Option<Wanted> {
    if let Some((min, max)) = text.split_once("..") {
        return Some(Wanted::Length {
            min: millis(min)?,
            max: millis(max)?,
        });
    }
    let (middle, off) = match tolerance(text) {
        Some((middle, off)) => (middle, millis(off)?),
        None => (text, LENGTH_TOLERANCE_MS),
    };
    let middle = millis(middle)?;
    Some(Wanted::Length {
        min: middle.saturating_sub(off),
        max: middle.saturating_add(off),
    })
}

/// `24`, `24..30`, `-16 ± 2`; a number alone may be `off` by so much.
fn between(text: &str, off: f64) -> Option<Wanted> {
    let number = |text: &str| {
        let text = text.trim().replace('\u{2212}', "-");
        text.parse::<f64>().ok().filter(|n| n.is_finite())
    };
    if let Some((min, max)) = text.split_once("..") {
        return Some(Wanted::Between {
            min: number(min)?,
            max: number(max)?,
        });
    }
    match tolerance(text) {
        Some((middle, off)) => Some(around(number(middle)?, number(off)?.abs())),
        None if off > 0.0 => Some(around(number(text)?, off)),
        None => None,
    }
}

fn around(middle: f64, off: f64) -> Wanted {
    Wanted::Between {
        min: middle - off,
        max: middle + off,
    }
}

fn tolerance(text: &str) -> Option<(&str, &str)> {
    let signs = ["±", "+/-", "+-"];
    signs.iter().find_map(|sign| text.split_once(sign))
}

/// `250ms`, `1.5s`, `1m`.
fn millis(text: &str) -> Option<u64> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let unit = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        _ => return None,
    };
    let millis = number.trim().parse::<f64>().ok()? * unit;
    (0.0..1e9).contains(&millis).then(|| millis.round() as u64)
}

/// The text without a unit that may stand behind it.
fn unit<'t>(text: &'t str, unit: &str) -> &'t str {
    text.trim().strip_suffix(unit).unwrap_or(text).trim()
}

/// One codec or several.
fn codecs(node: &Node) -> Option<Wanted> {
    let list = match node.kind {
        Kind::Text(_) => std::slice::from_ref(node),
        _ => node.items(),
    };
    let texts = list.iter().filter_map(Node::text).map(str::trim);
    let texts: Vec<String> = texts.map(str::to_owned).collect();
    (!texts.is_empty()).then_some(Wanted::Codecs(texts))
}

/// `2 of 3`.
fn passes(text: &str) -> Option<Wanted> {
    let (wanted, of) = text.split_once("of")?;
    Some(Wanted::Passes {
        wanted: wanted.trim().parse().ok()?,
        of: of.trim().parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Wanted, between, length, passes, size};

    #[test]
    fn short_forms_are_what_they_stand_for() {
        let length_of = |min, max| Some(Wanted::Length { min, max });
        assert_eq!(length("6s"), length_of(5_750, 6_250));
        assert_eq!(length("5.5s..6s"), length_of(5_500, 6_000));
        assert_eq!(length("6s ± 100ms"), length_of(5_900, 6_100));
        assert_eq!(length("6s +- 100ms"), length_of(5_900, 6_100));
        assert_eq!(length("100ms"), length_of(0, 350));
        for odd in ["6", "6 sec", "s", "", "6s..", "-1s", "1e99s", "6s ± x"] {
            assert_eq!(length(odd), None, "{odd}");
        }
        let range = |min, max| Some(Wanted::Between { min, max });
        assert_eq!(between("-24..-14", 0.0), range(-24.0, -14.0));
        assert_eq!(between("−16 ± 2", 0.0), range(-18.0, -14.0));
        assert_eq!(between("-16", 0.0), None, "no sound is exactly so loud");
        let (width, height) = (1366, 768);
        for text in ["1366x768", "1366 x 768", "1366×768", "1366X768"] {
            assert_eq!(size(text), Some(Wanted::Size { width, height }), "{text}");
        }
        assert_eq!(size("0x768"), None);
        let two = Wanted::Passes { wanted: 2, of: 3 };
        assert_eq!(passes("2 of 3"), Some(two));
        assert_eq!(passes("two of three"), None);
    }
}
