//! `report.html`: a run as a page to look at, beside its videos.
//!
//! Owns what is in the page and how it gets there. The report goes in as data that
//! cannot end its element, and the script shows it as text only, so nothing that a
//! prompt, a name or a service says becomes markup. The page asks for nothing but
//! the videos beside it: style and script are in it, named by their digests, and
//! its policy allows no others. Equal input gives equal bytes. Never reads a file.

#[cfg(test)]
mod tests;
mod ways;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::report::page::{self, Frame, Part};
use crate::spec::Spec;

pub use self::words::WORDS;

const FRAME: Frame = Frame {
    page: include_str!("page.html"),
    style: concat!(
        include_str!("style/base.css"),
        include_str!("style/film.css"),
        include_str!("style/cards.css"),
        include_str!("style/shot.css"),
        include_str!("style/media.css"),
    ),
    script: concat!(
        "(() => {\n\"use strict\";\n",
        include_str!("script/base.js"),
        include_str!("script/theme.js"),
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
    ),
};

/// What a gallery shows beside the report.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// For each shot every video that is there, newest first.
    pub takes: BTreeMap<String, Vec<Take>>,
    /// Stills, by the SHA-256 of their video.
    pub posters: BTreeMap<String, Poster>,
    /// How the run was asked for.
    pub typed: Typed,
}

/// One video of a shot.
#[derive(Debug, Clone, Serialize)]
pub struct Take {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Relative to the page, with forward slashes.
    pub path: String,
    /// When it was asked for, in RFC 3339.
    pub at: String,
    /// The task that made it.
    pub task_id: Option<String>,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// Whether the manifest asks for something else by now.
    pub earlier_version: bool,
    /// Whether it is the one that is used.
    pub counts: bool,
}

/// A still of a video.
#[derive(Debug, Clone)]
pub struct Poster {
    /// Where the picture is.
    pub picture: Picture,
    /// Its mean colour in sRGB, shown until it is there.
    pub mean: [u8; 3],
}

/// The bytes of a still, or where they are.
#[derive(Debug, Clone)]
pub enum Picture {
    /// A JPEG, kept in the page.
    Inside(Vec<u8>),
    /// A file, by its path relative to the page, with forward slashes.
    Beside(String),
}

/// How the run was asked for, as far as commands that go on repeat it.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// The manifest.
    pub manifest: String,
    /// Which backend and which variables.
    pub options: Vec<String>,
    /// The output folder, where a command has to name it.
    pub out: Option<String>,
    /// The same for `resolve`, which knows no backend.
    pub resolve_out: Option<String>,
}

/// The page for a report, given as JSON text. `translate` is asked for each of
/// [`WORDS`]; `lang` is the language that it answers in.
pub fn html(
    report: &str,
    extras: &Extras,
    translate: &dyn Fn(&str) -> String,
    lang: &str,
) -> String {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let data = data(&report, extras, translate, lang).to_string();
    let title = title(&report);
    FRAME.fill(&|part| match part {
        Part::Lang => page::escaped(lang),
        Part::Title => page::escaped(&title),
        Part::Data => page::inert(&data),
        Part::Word(word) => page::escaped(&translate(word)),
    })
}

fn data(report: &Value, extras: &Extras, translate: &dyn Fn(&str) -> String, lang: &str) -> Value {
    let words: Map<String, Value> = WORDS
        .iter()
        .map(|word| ((*word).to_owned(), translate(word).into()))
        .collect();
    let posters: Map<String, Value> = extras
        .posters
        .iter()
        .map(|(digest, poster)| (digest.clone(), poster.as_json()))
        .collect();
    json!({
        "lang": lang,
        "title": title(report),
        "words": words,
        "said": said(report, translate),
        "camera": camera(Spec::bundled()),
        "report": report,
        "ways": ways::of_report(report, &extras.typed),
        "takes": takes(extras),
        "posters": posters,
    })
}

/// What the run says in sentences, where the page's language says it otherwise. The
/// report itself stays as it was written.
fn said(report: &Value, translate: &dyn Fn(&str) -> String) -> Map<String, Value> {
    let shots = report["shots"].as_array().into_iter().flatten();
    let of_shot = |shot: &'_ Value| {
        let (ending, error) = (&shot["outcome_reason"], &shot["error"]);
        let all = [
            &ending["message"],
            &ending["advice"],
            &error["message"],
            &error["advice"],
        ];
        let checks = shot["verdict"]["checks"].as_array().into_iter().flatten();
        let checks = checks.flat_map(|check| [&check["found"], &check["expected"]]);
        all.into_iter()
            .chain([&shot["reason"]])
            .chain(checks)
            .cloned()
            .collect::<Vec<_>>()
    };
    let stopped = &report["stopped"];
    let run = [&stopped["message"], &stopped["advice"]];
    let all = shots.flat_map(of_shot).chain(run.into_iter().cloned());
    let mut said = Map::new();
    for sentence in all {
        let Some(text) = sentence.as_str().filter(|text| !said.contains_key(*text)) else {
            continue;
        };
        let other = translate(text);
        if other != text {
            said.insert(text.to_owned(), other.into());
        }
    }
    said
}

/// For each shot its takes, each with the command that chooses it.
fn takes(extras: &Extras) -> Map<String, Value> {
    let of_shot = |(id, takes): (&String, &Vec<Take>)| {
        let takes = takes.iter().map(|take| {
            let mut value = json!(take);
            value["choose"] = ways::choose(id, &take.sha256, &extras.typed).into();
            value
        });
        (id.clone(), takes.collect())
    };
    extras.takes.iter().map(of_shot).collect()
}

/// The manifest's name without its folder and ending.
fn title(report: &Value) -> String {
    let manifest = report["manifest"].as_str().unwrap_or_default();
    let name = manifest.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() { "runner" } else { stem }.to_owned()
}

/// The camera commands that are marked in prompts, in both languages.
fn camera(spec: &Spec) -> Vec<&str> {
    let commands = spec.camera_commands().iter();
    commands
        .flat_map(|command| [command.en.as_str(), command.zh.as_str()])
        .collect()
}

impl Poster {
    /// As the pages read it.
    pub(super) fn as_json(&self) -> Value {
        let [red, green, blue] = self.mean;
        json!({
            "mean": format!("#{red:02x}{green:02x}{blue:02x}"),
            "inside": match &self.picture {
                Picture::Inside(jpeg) => Some(page::data_uri(jpeg)),
                Picture::Beside(_) => None,
            },
            "beside": match &self.picture {
                Picture::Inside(_) => None,
                Picture::Beside(path) => Some(path),
            },
        })
    }
}
