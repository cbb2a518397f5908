//! A page in one file: where what goes, how text becomes harmless, and what it may do.
//!
//! Owns the policy that lets a page's own style and script run and nothing else.
//! Pages are written by hand and put in as they are; what comes from a run goes in
//! through [`escaped`] or [`inert`] only.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// HTML, with `{{…}}` where something is put in.
    pub(super) page: &'static str,
    /// One style sheet.
    pub(super) style: &'static str,
    /// One script, of one scope, in the order of reading.
    pub(super) script: &'static str,
}

/// What differs between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Lang,
    Title,
    Data,
    Word(&'a str),
}

impl Frame {
    /// The page with each `{{…}}` replaced. In one pass, so that nothing that was put
    /// in is taken for a place to put something in.
    pub(super) fn fill(self, part: &dyn Fn(Part<'_>) -> String) -> String {
        let Self {
            page: frame,
            style,
            script,
        } = self;
        let mut page = String::with_capacity(frame.len() + style.len() + script.len());
        let mut pieces = frame.split("{{");
        page.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
            match name {
                "style" => page.push_str(style),
                "script" => page.push_str(script),
                "policy" => page.push_str(&self.policy()),
                "lang" => page.push_str(&part(Part::Lang)),
                "title" => page.push_str(&part(Part::Title)),
                "data" => page.push_str(&part(Part::Data)),
                word => page.push_str(&part(Part::Word(word))),
            }
            page.push_str(rest);
        }
        page
    }

    /// `file:` beside `'self'`, because browsers do not agree what the latter means for
    /// a page without a host; a page from a host cannot load it anyway.
    fn policy(self) -> String {
        let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; \
             img-src data: 'self' file:; media-src 'self' file:; \
             base-uri 'none'; form-action 'none'",
            digest(self.script),
            digest(self.style)
        )
    }

    /// What is asked of a translation: by the page in `{{…}}`, by the script in
    /// `t("…")`.
    #[cfg(test)]
    pub(super) fn asked(self) -> std::collections::BTreeSet<String> {
        const PARTS: [&str; 6] = ["lang", "title", "data", "policy", "style", "script"];
        let places = self.page.split("{{").skip(1);
        let names = places.filter_map(|piece| piece.split_once("}}").map(|(name, _)| name));
        let in_page = names.filter(|name| !PARTS.contains(name));
        let calls = self.script.match_indices("t(\"");
        let own = calls.filter(|(at, _)| {
            let before = self.script[..*at].chars().next_back();
            !before.is_some_and(char::is_alphanumeric)
        });
        let in_script = own.filter_map(|(at, open)| self.script[at + open.len()..].split_once('"'));
        in_page
            .chain(in_script.map(|(word, _)| word))
            .map(ToOwned::to_owned)
            .collect()
    }
}

/// Text for between tags and for quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// JSON for inside a `script` element. Outside of its texts, JSON has none of these
/// characters, and inside they may be written so: the meaning stays.
pub(super) fn inert(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 64);
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(safe, "\\u{:04x}", u32::from(character))
                    .expect("writing to a string cannot fail");
            }
            other => safe.push(other),
        }
    }
    safe
}

/// A JPEG as an address that holds it.
pub(super) fn data_uri(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
}
