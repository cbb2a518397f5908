//! Checked shots → the scenes of a film.
//!
//! Owns what is seen of each shot, and the words on cards. Reads finished videos only to see whether they can be shown.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::scenes::{self, Named};
use crate::check::CheckedShot;
use crate::check::media::{CheckedMedia, MediaField};
use crate::cli::words::shots as count_shots;
use crate::id::ShotId;
use crate::media::film::{self, Card, Content, Image, Scene, Shot, Video};
use crate::media::fonts::Fonts;
use crate::media::probe::probe;
use crate::media::script::Script;
use crate::spec::Spec;

const TITLE_MS: u32 = 2000;
const SCENE_MS: u32 = 1500;

/// A film in scenes, and what its author has to know of it.
pub(super) struct Storyboard {
    /// Shown scenes in order, then the shots that only lend frames.
    pub(super) scenes: Vec<Scene>,
    /// What could not be shown as it is meant, in sentences.
    pub(super) notes: Vec<String>,
}

/// What the storyboard is made from.
pub(super) struct Material<'a> {
    /// The film's name.
    pub(super) title: &'a str,
    /// Every shot of the manifest, in its order.
    pub(super) shots: &'a [CheckedShot],
    /// The shots that are shown; `None` for all.
    pub(super) selected: Option<&'a HashSet<ShotId>>,
    /// Videos that are there.
    pub(super) finished: &'a HashMap<ShotId, PathBuf>,
    /// Whether there are cards.
    pub(super) cards: bool,
}

/// Lays out the film.
pub(super) fn draw(material: &Material<'_>) -> Storyboard {
    let mut notes = Vec::new();
    let ids = material.shots.iter().map(|shot| &shot.id);
    let numbers: HashMap<&ShotId, usize> = ids.zip(0..).collect();
    let contents: Vec<Content> = material
        .shots
        .iter()
        .map(|shot| content(material, &numbers, shot, &mut notes))
        .collect();
    let is_shown = |shot: &CheckedShot| material.selected.is_none_or(|all| all.contains(&shot.id));
    let shown: Vec<usize> = (0..material.shots.len())
        .filter(|shot| is_shown(&material.shots[*shot]))
        .collect();
    let mut film = Layout::new(material, &contents);
    film.title(&shown);
    for shot in &shown {
        film.scene_of(*shot, &shown);
        film.push(*shot, true);
    }
    for shot in (0..contents.len()).filter(|shot| !is_shown(&material.shots[*shot])) {
        film.push(shot, false);
    }
    let (mut scenes, places) = (film.scenes, film.places);
    connect(&mut scenes, &places);
    Storyboard { scenes, notes }
}

/// The characters of a film that no font has.
pub(super) fn missing(scenes: &[Scene], fonts: &Fonts) -> BTreeSet<char> {
    let mut missing = BTreeSet::new();
    for scene in scenes.iter().filter(|scene| scene.shown) {
        missing.append(&mut fonts.missing(&scene.name));
        match &scene.content {
            Content::Shot(shot) => missing.append(&mut fonts.missing(&shot.prompt)),
            Content::Card(card) => missing.append(&mut fonts.missing(&card.heading)),
            Content::Video(_) => {}
        }
    }
    missing
}

/// A film as it grows.
struct Layout<'a> {
    material: &'a Material<'a>,
    contents: &'a [Content],
    /// The scene of every shot that is in one.
    names: Vec<Option<Named<'a>>>,
    last: Option<Named<'a>>,
    scenes: Vec<Scene>,
    /// Where each shot is in `scenes`, by its place in the manifest.
    places: HashMap<usize, usize>,
}

impl<'a> Layout<'a> {
    fn new(material: &'a Material<'a>, contents: &'a [Content]) -> Self {
        Self {
            material,
            contents,
            names: scenes::of_shots(material.shots),
            last: None,
            scenes: Vec::new(),
            places: HashMap::new(),
        }
    }

    fn title(&mut self, shown: &[usize]) {
        let heading = self.material.title.to_owned();
        let mut lines = vec![self.extent(shown)];
        let finished = shown
            .iter()
            .filter(|shot| matches!(self.contents[**shot], Content::Video(_)));
        match finished.count() {
            0 => {}
            count if count == shown.len() => lines.push("all finished".to_owned()),
            count => lines.push(format!("{count} finished")),
        }
        self.card(heading, lines, TITLE_MS);
    }

    /// A card, where the shot is the first one of its scene.
    fn scene_of(&mut self, shot: usize, shown: &[usize]) {
        let scene = self.names[shot];
        if std::mem::replace(&mut self.last, scene) == scene {
            return;
        }
        let Some(Named { heading, .. }) = scene else {
            return;
        };
        let own: Vec<usize> = shown
            .iter()
            .copied()
            .filter(|other| self.names[*other] == scene)
            .collect();
        let lines = vec![self.extent(&own)];
        self.card(heading.to_owned(), lines, SCENE_MS);
    }

    fn card(&mut self, heading: String, lines: Vec<String>, duration_ms: u32) {
        if !self.material.cards {
            return;
        }
        self.scenes.push(Scene {
            name: heading.clone(),
            chapter: Some(heading.clone()),
            content: Content::Card(Card {
                heading,
                lines,
                duration_ms,
            }),
            shown: true,
        });
    }

    /// `6 shots, 36 s`
    fn extent(&self, shots: &[usize]) -> String {
        let total: u64 = shots.iter().map(|shot| length(&self.contents[*shot])).sum();
        let seconds = total.div_ceil(1000);
        let time = if seconds < 60 {
            format!("{seconds} s")
        } else {
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        };
        format!("{}, {time}", count_shots(shots.len()))
    }

    fn push(&mut self, shot: usize, shown: bool) {
        self.places.insert(shot, self.scenes.len());
        let name = self.material.shots[shot].id.to_string();
        self.scenes.push(Scene {
            chapter: Some(name.clone()),
            name,
            content: self.contents[shot].clone(),
            shown,
        });
    }
}

/// Frames of other shots were named by their place in the manifest.
fn connect(scenes: &mut [Scene], places: &HashMap<usize, usize>) {
    for scene in scenes {
        let Content::Shot(shot) = &mut scene.content else {
            continue;
        };
        for image in [&mut shot.first, &mut shot.last].into_iter().flatten() {
            if let Image::Frame { scene, .. } = image {
                *scene = places[scene];
            }
        }
    }
}

/// How long a scene is, in milliseconds.
pub(super) fn length(content: &Content) -> u64 {
    match content {
        Content::Card(card) => u64::from(card.duration_ms),
        Content::Shot(shot) => u64::from(shot.duration_ms),
        Content::Video(video) => video.duration_ms,
    }
}

fn content(
    material: &Material<'_>,
    numbers: &HashMap<&ShotId, usize>,
    shot: &CheckedShot,
    notes: &mut Vec<String>,
) -> Content {
    let of = format!("{}/{}", numbers[&shot.id] + 1, material.shots.len());
    if let Some(path) = material.finished.get(&shot.id) {
        match video(path, format!("{of}  {}", shot.id)) {
            Ok(video) => return Content::Video(video),
            Err(reason) => notes.push(format!(
                "{}: its video `{}` is sketched, because it cannot be shown: {reason}",
                shot.id,
                path.display()
            )),
        }
    }
    let request = &shot.request;
    let script = Script::of(
        request.prompt(),
        request.mode(),
        request.model(),
        Spec::bundled(),
    );
    let mut image = |field: MediaField| image(numbers, shot, field, notes);
    Content::Shot(Shot {
        prompt: script.text,
        moves: script.moves,
        badge: format!("ANIMATIC  {of}"),
        duration_ms: request.seconds().saturating_mul(1000),
        first: image(MediaField::FirstFrame),
        last: image(MediaField::LastFrame),
    })
}

/// A finished video, if it can be shown.
fn video(path: &Path, label: String) -> Result<Video, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let info = probe(BufReader::new(file)).map_err(|error| error.to_string())?;
    film::can_show(path)?;
    Ok(Video {
        path: path.to_owned(),
        label,
        duration_ms: info.duration_ms,
    })
}

fn image(
    numbers: &HashMap<&ShotId, usize>,
    shot: &CheckedShot,
    field: MediaField,
    notes: &mut Vec<String>,
) -> Option<Image> {
    let (_, media) = shot.request.media().iter().find(|(own, _)| *own == field)?;
    let key = field.manifest_key();
    match media {
        CheckedMedia::File(facts) => Some(Image::File(facts.path.clone())),
        CheckedMedia::Taken(taken) => Some(Image::File(taken.frame.picture.path.clone())),
        CheckedMedia::Inline { url, .. } => Some(Image::Bytes(inline(url))),
        CheckedMedia::Url(_) => {
            notes.push(format!(
                "{}: its {key} is an address, which is not fetched for an animatic",
                shot.id
            ));
            None
        }
        CheckedMedia::Frame { shot: source, at } => {
            let scene = *numbers.get(source)?;
            Some(Image::Frame { scene, at: *at })
        }
    }
}

/// The bytes of a data URL; what is none is no picture, and said to be none when it is decoded.
fn inline(url: &str) -> Vec<u8> {
    let data = url.split_once(";base64,").map_or("", |(_, data)| data);
    STANDARD.decode(data).unwrap_or_default()
}
