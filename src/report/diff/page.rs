//! A difference as a page to look at, beside the videos of both sides.
//!
//! Owns what is in the page. It stands on the gallery's frame, style and first
//! script, and on its rules: what a document says goes in as data and is shown as
//! text, and the page asks for nothing but the videos. Never reads a file.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fate;
use super::words::WORDS;
use crate::diff::{Change, Diff, Group, Seen, ShotDiff};
use crate::report::gallery::{Picture, Poster};
use crate::report::page::{self, Frame, Part};

pub(super) const FRAME: Frame = Frame {
    page: include_str!("page.html"),
    style: concat!(
        include_str!("../gallery/style/base.css"),
        include_str!("../gallery/style/film.css"),
        include_str!("../gallery/style/cards.css"),
        include_str!("../gallery/style/shot.css"),
        include_str!("../gallery/style/media.css"),
        include_str!("style/diff.css"),
    ),
    script: concat!(
        "(() => {\n\"use strict\";\n",
        include_str!("../gallery/script/base.js"),
        include_str!("../gallery/script/theme.js"),
        include_str!("script/head.js"),
        include_str!("script/shots.js"),
        include_str!("script/stage.js"),
        include_str!("script/keys.js"),
        "})();\n",
    ),
};

/// What belongs to one side and is no fact.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Its output folder, relative to the page, with forward slashes; `None` where
    /// it has no videos.
    pub folder: Option<String>,
    /// Stills, by the SHA-256 of their video.
    pub posters: BTreeMap<String, Poster>,
}

/// The page. `translate` is asked for each of the page's words and for sentences;
/// `lang` is the language that it answers in.
pub fn html(
    diff: &Diff,
    before: &Beside,
    after: &Beside,
    translate: &dyn Fn(&str) -> String,
    lang: &str,
) -> String {
    let sides = Sides { before, after };
    let data = sides.data(diff, translate, lang).to_string();
    let title = format!("{} → {}", diff.before.name, diff.after.name);
    FRAME.fill(&|part| match part {
        Part::Lang => page::escaped(lang),
        Part::Title => page::escaped(&title),
        Part::Data => page::inert(&data),
        Part::Word(word) => page::escaped(&translate(word)),
    })
}

struct Sides<'a> {
    before: &'a Beside,
    after: &'a Beside,
}

impl Sides<'_> {
    fn data(&self, diff: &Diff, translate: &dyn Fn(&str) -> String, lang: &str) -> Value {
        let words: Map<String, Value> = WORDS
            .iter()
            .map(|word| ((*word).to_owned(), translate(word).into()))
            .collect();
        let shots = diff.shots.iter();
        json!({
            "lang": lang,
            "words": words,
            "groups": Group::ALL.map(Group::as_str),
            "diff": {
                "schema_version": diff.schema_version,
                "verdict": translate(&super::verdict(diff)),
                "before": diff.before,
                "after": diff.after,
                "ignored": diff.ignored,
                "changes": changes(&diff.changes, translate),
                "shots": shots.map(|shot| self.shot(shot, translate)).collect::<Value>(),
            },
            "posters": self.posters(),
        })
    }

    fn shot(&self, shot: &ShotDiff, translate: &dyn Fn(&str) -> String) -> Value {
        let fate = fate(shot).into_iter();
        json!({
            "id": shot.id,
            "was": shot.was,
            "status": shot.status,
            "moved": shot.moved,
            "differs": shot.differs,
            "fate": fate.map(|text| translate(&text)).collect::<Vec<_>>(),
            "changes": changes(&shot.changes, translate),
            "before": seen(shot.before.as_ref(), self.before, translate),
            "after": seen(shot.after.as_ref(), self.after, translate),
        })
    }

    fn posters(&self) -> Map<String, Value> {
        let mut posters = Map::new();
        for side in [self.before, self.after] {
            for (digest, poster) in &side.posters {
                let mut poster = poster.clone();
                if let Picture::Beside(path) = &poster.picture {
                    poster.picture = Picture::Beside(joined(side.folder.as_deref(), path));
                }
                posters.insert(digest.clone(), poster.as_json());
            }
        }
        posters
    }
}

fn changes(changes: &[Change], translate: &dyn Fn(&str) -> String) -> Value {
    let of = |change: &Change| {
        json!({
            "group": change.group,
            "label": translate(change.label()),
            "old": translate(&change.was()),
            "new": translate(&change.is()),
            "counts": change.counts,
            "words": change.words,
        })
    };
    let told = changes.iter().filter(|change| change.is_of_interest());
    told.map(of).collect()
}

fn seen(seen: Option<&Seen>, beside: &Beside, translate: &dyn Fn(&str) -> String) -> Value {
    let Some(seen) = seen else {
        return Value::Null;
    };
    let clip = seen.video.as_ref().filter(|_| beside.folder.is_some());
    let video = clip.map(|clip| {
        json!({
            "sha256": clip.sha256,
            "address": address(&joined(beside.folder.as_deref(), &clip.path)),
            "duration_ms": clip.duration_ms,
            "fps": clip.fps,
        })
    });
    json!({
        "position": seen.position,
        "prompt": seen.prompt,
        "outcome": seen.outcome,
        "why": seen.why.as_deref().map(translate),
        "video": video,
    })
}

fn joined(folder: Option<&str>, path: &str) -> String {
    match folder {
        None | Some("") => path.to_owned(),
        Some(folder) => format!("{folder}/{path}"),
    }
}

/// A path as an address relative to the page; a name may hold anything but `/`.
fn address(path: &str) -> String {
    let mut address = String::from(if path.starts_with('/') {
        "file://"
    } else {
        "./"
    });
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => address.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(byte)),
            byte => address.extend([format!("%{byte:02X}")]),
        }
    }
    address
}
