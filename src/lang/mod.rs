//! What a person reads, in a language other than English.
//!
//! Owns the catalogue and how a sentence finds its translation in it. The program
//! thinks, stores and reports to programs in English: a ledger, a report and a
//! JSON line are the same whoever wrote them, and a run of yesterday is shown in
//! the language of today. So nothing here is called while something is decided,
//! only where it is shown, with the finished English sentence. Never prints.
//!
//! A sentence is found by its pattern: `no shot is called {pattern}` is both the
//! format string in the source and the `msgid` of the catalogue, and what stood
//! in the hole is looked up again, because it may be a sentence of its own.
//! `tests/catalogue.rs` holds every message of the source to an entry here.

mod catalogue;
mod pattern;

use std::borrow::Cow;
use std::sync::LazyLock;

pub use self::catalogue::Catalogue;

/// The one catalogue besides English, in the format of GNU gettext.
const CHINESE: &str = include_str!("zh.po");

static CHINESE_CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::parse(CHINESE).expect("a test reads zh.po"));

/// The language that a person is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// As the program is written.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The language of a locale such as `zh_CN.UTF-8`; `None` for what no
    /// catalogue speaks.
    pub fn of_locale(locale: &str) -> Option<Self> {
        let end = locale.find(['_', '-', '.', '@']).unwrap_or(locale.len());
        match locale[..end].to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" | "c" | "posix" => Some(Self::English),
            _ => None,
        }
    }

    /// Its BCP 47 tag, as pages name their language.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// The message in this language; as it is where the catalogue has none.
    pub fn tr(self, message: &str) -> Cow<'_, str> {
        let found = self.catalogue().and_then(|all| all.translate(message));
        found.map_or(Cow::Borrowed(message), Cow::Owned)
    }

    /// Each line by itself, with its margins and colours left as they are.
    pub fn lines(self, text: &str) -> Cow<'_, str> {
        let Some(catalogue) = self.catalogue() else {
            return Cow::Borrowed(text);
        };
        if let Some(whole) = catalogue.translate(text) {
            return Cow::Owned(whole);
        }
        let line = |line: &str| {
            let spans = coloured(line).into_iter();
            spans
                .map(|span| within_margins(span, catalogue))
                .collect::<String>()
        };
        Cow::Owned(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
    }

    /// The catalogue; `None` for the language that needs none.
    pub fn catalogue(self) -> Option<&'static Catalogue> {
        match self {
            Self::English => None,
            Self::Chinese => Some(&CHINESE_CATALOGUE),
        }
    }
}

/// The parts of a line that have one colour each, and what sets the colours.
fn coloured(line: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        let end = rest[at..].find(|c: char| c.is_ascii_alphabetic());
        let end = end.map_or(rest.len(), |end| at + end + 1);
        spans.extend([&rest[..at], &rest[at..end]]);
        rest = &rest[end..];
    }
    spans.push(rest);
    spans
}

fn within_margins(span: &str, catalogue: &Catalogue) -> String {
    let words = span.trim();
    let begin = span.len() - span.trim_start().len();
    let found = (!words.starts_with('\u{1b}')).then(|| catalogue.translate(words));
    match found.flatten() {
        None => span.to_owned(),
        Some(found) => format!("{}{found}{}", &span[..begin], &span[begin + words.len()..]),
    }
}

#[cfg(test)]
mod tests;
