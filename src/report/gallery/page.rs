//! The page's frame: where what goes, and how text becomes harmless.
//!
//! Owns `page.html`, its style and its script, which are written by hand and put
//! in as they are, and the policy that lets these run and nothing else. What comes
//! from a run goes in through [`escaped`] or [`inert`] only.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("page.html");

const STYLE: &str = concat!(
    include_str!("style/base.css"),
    include_str!("style/film.css"),
    include_str!("style/cards.css"),
    include_str!("style/shot.css"),
    include_str!("style/media.css"),
);

/// One script, of one scope, in the order of reading.
pub(super) const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("script/base.js"),
    include_str!("script/shots.js"),
    include_str!("script/cards.js"),
    include_str!("script/preview.js"),
    include_str!("script/filter.js"),
    include_str!("script/shot.js"),
    include_str!("script/parts.js"),
    include_str!("script/film.js"),
    include_str!("script/head.js"),
    include_str!("script/keys.js"),
    "})();\n",
);

/// What differs between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Lang,
    Title,
    Data,
    Word(&'a str),
}

/// The page with each `{{…}}` replaced. In one pass, so that nothing that was put
/// in is taken for a place to put something in.
pub(super) fn fill(part: &dyn Fn(Part<'_>) -> String) -> String {
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len());
    let mut pieces = PAGE.split("{{");
    page.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        match name {
            "style" => page.push_str(STYLE),
            "script" => page.push_str(SCRIPT),
            "policy" => page.push_str(&POLICY),
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
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; \
         img-src data: 'self' file:; media-src 'self' file:; \
         base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
});

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

#[cfg(test)]
pub(super) fn places() -> Vec<&'static str> {
    PAGE.split("{{")
        .skip(1)
        .filter_map(|piece| piece.split_once("}}").map(|(name, _)| name))
        .collect()
}
