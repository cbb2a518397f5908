//! What is said of an animatic, to people and to programs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::storyboard::{self, Storyboard};
use crate::cli::console::Console;
use crate::cli::words::shots as count_shots;
use crate::media::film::{self, Content, Film, Image};
use crate::media::fonts::Fonts;

/// More missing characters than these are only counted.
const SHOWN_MISSING: usize = 12;

/// What could not be shown as it is meant, and what no font has: each once.
pub(super) fn warn(storyboard: &Storyboard, fonts: &Fonts, console: &mut Console) {
    for note in &storyboard.notes {
        console.say(format!("note: {note}"));
    }
    let missing = storyboard::missing(&storyboard.scenes, fonts);
    if missing.is_empty() {
        return;
    }
    let named: Vec<String> = missing
        .iter()
        .take(SHOWN_MISSING)
        .map(|each| format!("{each} (U+{:04X})", u32::from(*each)))
        .collect();
    let more = match missing.len().saturating_sub(SHOWN_MISSING) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    console.say(format!(
        "warning: no font has {}{more}; □ stands in the film instead\n  help: name a font that has them with --font FILE",
        named.join(", ")
    ));
}

/// `6 shots (2 finished) and 1 card, 38.0 s, 1366x768 at 24 frames per second, 9.1 MB`
pub(super) fn summary(film: &Film<'_>, frames: u64, out: &Path) -> String {
    let shown = || film.scenes.iter().filter(|scene| scene.shown);
    let count = |of: fn(&Content) -> bool| shown().filter(|scene| of(&scene.content)).count();
    let cards = count(|content| matches!(content, Content::Card(_)));
    let finished = count(|content| matches!(content, Content::Video(_)));
    let mut text = count_shots(shown().count() - cards);
    if finished > 0 {
        let _ = write!(text, " ({finished} finished)");
    }
    match cards {
        0 => {}
        1 => text.push_str(" and 1 card"),
        cards => {
            let _ = write!(text, " and {cards} cards");
        }
    }
    let bytes = fs::metadata(out).map_or(0, |found| found.len());
    format!(
        "animatic of {text}: {:.1} s, {}x{} at {} frames per second, {:.1} MB",
        frames as f64 / f64::from(film.fps),
        film.width,
        film.height,
        film.fps,
        bytes as f64 / 1e6,
    )
}

/// When everything begins, in milliseconds from the film's begin.
pub(super) fn as_json(film: &Film<'_>, out: &Path) -> Value {
    let mut frame = 0;
    let mut parts = Vec::new();
    for (scene, frames) in film::lengths(film) {
        let ms = |frames: u64| frames * 1000 / u64::from(film.fps);
        let (kind, from) = match &scene.content {
            Content::Card(_) => ("card", None),
            Content::Video(video) => ("video", Some(video.path.display().to_string())),
            Content::Shot(shot) => match &shot.first {
                None => ("scene", None),
                Some(Image::Bytes(_)) => ("picture", None),
                Some(Image::File(path)) => ("picture", Some(path.display().to_string())),
                Some(Image::Frame { scene, .. }) => {
                    ("frame", Some(film.scenes[*scene].name.clone()))
                }
            },
        };
        parts.push(json!({
            "name": scene.name,
            "shows": kind,
            "from": from,
            "start_ms": ms(frame),
            "duration_ms": ms(frame + frames) - ms(frame),
        }));
        frame += frames;
    }
    json!({
        "file": out.display().to_string(),
        "width": film.width,
        "height": film.height,
        "fps": film.fps,
        "frames": frame,
        "duration_ms": frame * 1000 / u64::from(film.fps),
        "parts": parts,
    })
}
