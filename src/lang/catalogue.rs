//! Every message of the program with its translation.
//!
//! Owns reading the catalogue and choosing the entry that fits a sentence best.

use std::collections::{HashMap, HashSet};

use super::pattern::Pattern;

/// Sentences in holes of sentences are looked up to this depth.
const DEPTH: usize = 6;

/// Patterns with fewer letters fit sentences that they have nothing to do with.
const LETTERS: usize = 4;

/// Longer texts are no messages; they are somebody's data.
const LONGEST: usize = 4096;

/// What separates the parts of an enumeration, and what does so in Chinese.
const SEPARATORS: [(&str, &str); 3] = [("; ", "；"), (", ", "，"), (": ", "：")];

/// Messages by what they are in English.
#[derive(Debug)]
pub struct Catalogue {
    plain: HashMap<String, String>,
    // Those with holes, the ones with the most words first.
    patterns: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    english: Pattern,
    translated: Pattern,
    // What has to stand in a sentence before it is worth a closer look.
    longest: String,
}

impl Catalogue {
    /// Reads a catalogue in the format of GNU gettext (`.po`).
    ///
    /// # Errors
    ///
    /// A sentence that names the entry: what cannot be read, and a translation
    /// with a hole that its message does not have.
    pub fn parse(text: &str) -> Result<Self, String> {
        let options = polib::po_file::POParseOptions::default();
        let file = polib::po_file::parse_from_reader_with_option(text.as_bytes(), &options)
            .map_err(|error| error.to_string())?;
        let mut catalogue = Self {
            plain: HashMap::new(),
            patterns: Vec::new(),
        };
        for message in file.messages() {
            let translation = message
                .msgstr()
                .map_err(|_| format!("`{}` has plural forms", message.msgid()))?;
            if translation.is_empty() {
                continue;
            }
            catalogue.add(message.msgid(), translation)?;
            // Texts of several lines are looked up line by line, too.
            let line = |text: &str| text.trim_matches('\n').to_owned();
            if line(message.msgid()) != message.msgid() {
                catalogue.add(&line(message.msgid()), &line(translation))?;
            }
        }
        catalogue.patterns.sort_by(|a, b| {
            let weight = |entry: &Entry| std::cmp::Reverse(entry.english.weight());
            weight(a).cmp(&weight(b))
        });
        Ok(catalogue)
    }

    fn add(&mut self, english: &str, translated: &str) -> Result<(), String> {
        let (before, after) = open_ends(english);
        let english = Pattern::parse(english).open(before, after);
        let translated = Pattern::parse(translated).open(before, after);
        let holes: HashSet<&str> = english.holes().collect();
        if let Some(stray) = translated.holes().find(|hole| !holes.contains(hole)) {
            let message = english.fill(|hole| format!("{{{hole}}}"));
            return Err(format!("`{message}` has no `{{{stray}}}`"));
        }
        // A page fills some messages itself: it asks for them with their holes.
        let text = |pattern: &Pattern| pattern.fill(|hole| format!("{{{hole}}}"));
        self.plain.insert(text(&english), text(&translated));
        let letters = english.words().flat_map(str::chars);
        let letters = letters.filter(|c| c.is_alphabetic()).count();
        if holes.is_empty() || letters < LETTERS {
            return Ok(());
        }
        if let Some(longest) = english.words().max_by_key(|words| words.len()) {
            self.patterns.push(Entry {
                longest: longest.to_owned(),
                english,
                translated,
            });
        }
        Ok(())
    }

    /// The sentence in this language; `None` where no entry fits.
    pub fn translate(&self, sentence: &str) -> Option<String> {
        self.at_depth(sentence, DEPTH)
    }

    fn at_depth(&self, sentence: &str, depth: usize) -> Option<String> {
        if depth == 0 || sentence.len() > LONGEST || !sentence.contains(char::is_alphabetic) {
            return None;
        }
        if let Some(plain) = self.plain.get(sentence) {
            return Some(plain.clone());
        }
        if let Some(counted) = self.counted(sentence) {
            return Some(counted);
        }
        // `3 to create, 2 to reuse` would fit `{n} to reuse`, too.
        self.in_parts(sentence, depth, Known::All)
            .or_else(|| self.by_pattern(sentence, depth))
            .or_else(|| self.in_parts(sentence, depth, Known::Some))
    }

    /// `3 saved`, `2 to create`: a number of things, and what is with them.
    fn counted(&self, sentence: &str) -> Option<String> {
        let (number, what) = sentence.split_once(' ')?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if let Some(plain) = self.plain.get(what) {
            return Some(format!("{number} 个{plain}"));
        }
        let plain = self.plain.get(what.strip_prefix("to ")?)?;
        Some(format!("{number} 个待{plain}"))
    }

    fn by_pattern(&self, sentence: &str, depth: usize) -> Option<String> {
        if depth == 0 {
            return None;
        }
        let fitting = self.patterns.iter().find_map(|entry| {
            let holes = sentence
                .contains(&entry.longest)
                .then(|| entry.english.find(sentence))??;
            Some((entry, holes))
        });
        let (entry, holes) = fitting?;
        Some(entry.translated.fill(|hole| {
            let text = holes.get(hole).copied().unwrap_or_default();
            self.at_depth(text, depth - 1)
                .unwrap_or_else(|| text.to_owned())
        }))
    }

    /// An enumeration, part by part.
    fn in_parts(&self, sentence: &str, depth: usize, known: Known) -> Option<String> {
        SEPARATORS.iter().find_map(|(separator, own)| {
            let parts: Vec<&str> = sentence.split(separator).collect();
            if parts.len() < 2 || !parts.iter().all(|part| is_balanced(part)) {
                return None;
            }
            let part = |part: &&str| match known {
                Known::All => self.message(part, depth - 1),
                Known::Some => self.at_depth(part, depth - 1),
            };
            let translated: Vec<Option<String>> = parts.iter().map(part).collect();
            let enough = match known {
                Known::All => translated.iter().all(Option::is_some),
                Known::Some => translated.iter().any(Option::is_some),
            };
            enough.then(|| {
                let parts = translated.into_iter().zip(parts);
                let parts = parts.map(|(found, part)| found.unwrap_or_else(|| part.to_owned()));
                parts.collect::<Vec<_>>().join(own)
            })
        })
    }

    /// One message and no enumeration.
    fn message(&self, sentence: &str, depth: usize) -> Option<String> {
        let plain = self.plain.get(sentence).cloned();
        let plain = plain.or_else(|| self.counted(sentence));
        plain.or_else(|| self.by_pattern(sentence, depth))
    }
}

/// Whether every bracket of a part closes in it.
fn is_balanced(part: &str) -> bool {
    part.matches('(').count() == part.matches(')').count()
}

/// Whether a message is the end of a sentence, such as `, by hand`, or its
/// beginning, such as `up to `.
fn open_ends(message: &str) -> (bool, bool) {
    let before = message.starts_with([' ', ',', ';', ':', ')']);
    let after = message.ends_with([' ', '(']);
    (before, after)
}

/// How much of an enumeration has to be known.
#[derive(Debug, Clone, Copy)]
enum Known {
    All,
    Some,
}
