//! Pictures that lie in a folder, as shots that begin with them.
//!
//! Owns which pictures are taken, their order and the names of their shots. A
//! picture that the service would refuse is left out, and said.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::check;
use crate::diag::{Diagnostic, SourceFile, Sources};
use crate::id::ShotId;
use crate::manifest;
use crate::media::library::Folder;
use crate::shot::{self, Overrides};
use crate::spec::{Spec, Unlisted};

/// The longest name that a shot gets from its picture.
const NAME_CHARS: usize = 40;

const HEAD: &str = "\
# A shot for each picture of this folder, in the order of their names. Say in each
# prompt what happens; see what it would cost: runner plan FILE
version: 1

# For every shot that does not say otherwise.
defaults:
  model: MiniMax-Hailuo-2.3
  resolution: 768P
  duration: 6

shots:
";

/// What became of a folder's pictures.
pub(super) struct Pictures {
    /// How many became shots.
    pub(super) taken: usize,
    /// The manifest.
    pub(super) text: String,
    /// The others, and why.
    pub(super) left_out: Vec<(String, String)>,
}

/// A manifest of the pictures in a folder; `None` where there is none.
pub(super) fn storyboard(folder: &Path) -> Option<Pictures> {
    let mut names: Vec<String> = folder
        .read_dir()
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_picture(name))
        .collect();
    names.sort_by_cached_key(|name| (in_order(name), name.clone()));
    let mut pictures = Pictures {
        taken: 0,
        text: HEAD.to_owned(),
        left_out: Vec::new(),
    };
    let mut used = HashSet::new();
    for name in names {
        let shot = of_picture(&name, &mut used);
        if let Some(why) = trouble(&format!("{HEAD}{shot}"), folder) {
            pictures.left_out.push((name, why));
        } else {
            pictures.text.push_str(&shot);
            pictures.taken += 1;
        }
    }
    (pictures.taken > 0 || !pictures.left_out.is_empty()).then_some(pictures)
}

fn is_picture(name: &str) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default().to_lowercase();
    // A template in a name would be carried out.
    matches!(ending.as_str(), "png" | "jpg" | "jpeg" | "webp")
        && !name.starts_with('.')
        && !name.contains("{{")
        && !name.contains("{%")
}

fn of_picture(name: &str, used: &mut HashSet<String>) -> String {
    let id = id(name, used);
    let path = serde_json::Value::from(name);
    format!(
        "  - id: {id}\n    first_frame: {path}\n    prompt: The scene comes to life, calm and natural.\n"
    )
}

/// The picture's name, made a shot's name that nobody has yet.
fn id(name: &str, used: &mut HashSet<String>) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let letters = stem.chars().map(|c| match c {
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => c,
        _ => '-',
    });
    let kept: String = letters
        .skip_while(|c| !c.is_alphanumeric())
        .take(NAME_CHARS)
        .collect();
    let kept = kept.trim_end_matches('-');
    // Beginning with a letter it is no number to YAML, nor `true`, nor `null`.
    let plain = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_word = kept.starts_with(char::is_alphabetic)
        && !plain.contains(&kept.to_lowercase().as_str())
        && ShotId::new(kept).is_ok();
    let mut id = if is_word {
        kept.to_owned()
    } else {
        format!("shot-{kept}").trim_end_matches('-').to_owned()
    };
    let first = id.clone();
    let mut number = 2;
    // File systems differ on whether case matters, and videos are files.
    while !used.insert(id.to_lowercase()) {
        id.clear();
        let _ = write!(id, "{first}-{number}");
        number += 1;
    }
    id
}

/// What `check` has to say of a manifest, if anything.
fn trouble(text: &str, folder: &Path) -> Option<String> {
    let spec = Spec::bundled();
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml".to_owned(), text.to_owned()));
    let (manifest, found) = manifest::parse(&mut sources, id, spec, &manifest::NoFiles);
    if let Some(found) = found.first() {
        return Some(found.message.clone());
    }
    let (shots, mut found) = shot::expand(&manifest?, &sources, &Overrides::default(), spec);
    let library = Folder::new(folder);
    let context = check::Context {
        spec,
        media: &library,
        unlisted: Unlisted::Refuse,
    };
    found.extend(check::check(&shots, &context).1);
    found
        .first()
        .map(|found: &Diagnostic| found.message.clone())
}

/// Numbers by their value: `still2` comes before `still10`.
fn in_order(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let text = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (text, after) = after.split_at(text);
        // Words come after numbers, as file managers have it.
        let number = number.parse().unwrap_or(u64::MAX);
        parts.push((number, text.to_lowercase()));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{id, in_order};

    #[test]
    fn numbers_count_by_value() {
        let mut names = ["b", "still10", "Still2", "10", "9", "a1b2", "a1b10"];
        names.sort_by_cached_key(|name| in_order(name));
        assert_eq!(
            names,
            ["9", "10", "a1b2", "a1b10", "b", "Still2", "still10"]
        );
    }

    #[test]
    fn pictures_give_names_that_shots_can_have() {
        let mut used = HashSet::new();
        let mut id = |name| id(name, &mut used);
        assert_eq!(id("girl.png"), "girl");
        assert_eq!(id("Girl.jpg"), "Girl-2");
        assert_eq!(id("girl.webp"), "girl-3");
        assert_eq!(id("01 hello, world!.png"), "shot-01-hello--world");
        assert_eq!(id("镜头 一.png"), "镜头-一");
        assert_eq!(id("null.png"), "shot-null");
        assert_eq!(id("con.png"), "shot-con");
        assert_eq!(id("!!.png"), "shot");
    }
}
