//! CMX3600: the edit decision list that every program has read since the tapes.
//!
//! Owns reel names, events and comments. The format knows 999 events, names of
//! eight characters, and one whole rate; what does not fit is refused or said.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::film::{Film, Scene, Take};
use super::time::{Counting, Rate, timecode};

/// The most events that fit into three digits.
const MAX_EVENTS: usize = 999;
/// Characters of a reel's name.
const REEL: usize = 8;

/// Why a film does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdlError {
    /// Three digits number the events.
    #[error("an EDL holds {MAX_EVENTS} events, and this film has {events}")]
    TooLong {
        /// How many there are.
        events: usize,
    },
    /// Numbers are left out only where a second has a thousandth less.
    #[error("drop-frame timecode is for 29.97 and 59.94 frames a second, and this film has {fps}")]
    NoDrop {
        /// The film's rate.
        fps: String,
    },
}

/// The list as text, and what is not exact in it, a sentence each.
pub fn edl(film: &Film, counting: Counting) -> Result<(String, Vec<String>), EdlError> {
    let rate = film.rate();
    if film.scenes.len() > MAX_EVENTS {
        return Err(EdlError::TooLong {
            events: film.scenes.len(),
        });
    }
    if counting == Counting::Drop && !rate.can_drop() {
        return Err(EdlError::NoDrop {
            fps: fps_text(rate),
        });
    }
    let warnings = warnings(film);
    let mode = match counting {
        Counting::NonDrop => "NON-DROP FRAME",
        Counting::Drop => "DROP FRAME",
    };
    let mut text = format!("TITLE: {}\nFCM: {mode}\n", line(&film.name, 70));
    for warning in &warnings {
        let _ = writeln!(text, "* COMMENT: {}", line(warning, 200));
    }
    let mut reels = Reels::default();
    for (number, (begin, scene)) in (1..).zip(film.placed()) {
        text.push('\n');
        event(
            &mut text,
            number,
            begin,
            scene,
            (rate, counting),
            &mut reels,
        );
    }
    Ok((text, warnings))
}

fn event(
    text: &mut String,
    number: u32,
    begin: u64,
    scene: &Scene,
    (rate, counting): (Rate, Counting),
    reels: &mut Reels,
) {
    let length = scene.frames(rate);
    let begin = rate.start(counting) + begin;
    let code = |frames| timecode(frames, rate, counting);
    let (reel, channels) = match &scene.shown {
        Some(take) if take.has_sound => (reels.name(&scene.id), "AA/V"),
        Some(_) => (reels.name(&scene.id), "V"),
        None => ("BL".to_owned(), "V"),
    };
    let _ = writeln!(
        text,
        "{number:03}  {reel:<8} {channels:<5} C        {} {} {} {}",
        code(0),
        code(length),
        code(begin),
        code(begin + length),
    );
    match &scene.shown {
        Some(take) => of_take(text, take, rate),
        None => {
            let _ = writeln!(
                text,
                "* COMMENT: {}",
                line(&format!("{}: {}", scene.state, scene.reason), 200)
            );
        }
    }
    let _ = writeln!(text, "* COMMENT: SHOT {}", line(&scene.id, 200));
    let note = line(&scene.note(), 200);
    let colour = if scene.shown.is_some() {
        "GREEN"
    } else {
        "RED"
    };
    let _ = writeln!(text, "* LOC: {} {colour:<7} {note}", code(begin));
}

/// Editors look for the file by the clip's name.
fn of_take(text: &mut String, take: &Take, rate: Rate) {
    let _ = writeln!(text, "* FROM CLIP NAME: {}", take.file_name());
    let path = take.path.to_string_lossy();
    let path = path.replace(|c: char| c.is_control(), "?");
    let _ = writeln!(text, "* SOURCE FILE: {path}");
    if take.rate != rate {
        let _ = writeln!(
            text,
            "* COMMENT: SOURCE HAS {} FPS, COUNTED HERE AT {}",
            fps_text(take.rate),
            fps_text(rate)
        );
    }
}

fn warnings(film: &Film) -> Vec<String> {
    let rate = film.rate();
    let mut warnings = Vec::new();
    if !rate.is_usual() {
        warnings.push(format!(
            "an EDL counts whole frames a second: {} is counted as {}",
            fps_text(rate),
            rate.nominal()
        ));
    }
    let others = film.scenes.iter().filter(|scene| {
        let shown = scene.shown.as_ref();
        shown.is_some_and(|take| take.rate != rate)
    });
    for scene in others {
        warnings.push(format!(
            "an EDL has one rate: the source times of `{}` are counted at {} frames a second",
            scene.id,
            fps_text(rate)
        ));
    }
    warnings
}

/// `24`, `23.976`.
fn fps_text(rate: Rate) -> String {
    let text = format!("{:.3}", rate.fps());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// One line of it, cut where it gets too long for old readers.
fn line(text: &str, most: usize) -> String {
    let calm = text.replace(|c: char| c.is_control(), " ");
    let words: Vec<&str> = calm.split_whitespace().collect();
    let joined = words.join(" ");
    match joined.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &joined[..end]),
        None => joined,
    }
}

/// Names of reels: eight capitals and digits, each of one shot only.
#[derive(Default)]
struct Reels {
    taken: HashSet<String>,
}

impl Reels {
    /// What every list means by itself: black, and a source that is no tape.
    const RESERVED: [&str; 2] = ["BL", "AX"];

    fn name(&mut self, id: &str) -> String {
        let plain: String = id
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let plain = if plain.is_empty() { "SHOT" } else { &plain };
        let whole = &plain[..plain.len().min(REEL)];
        let numbered = (1_u32..).map(|number| {
            let digits = number.to_string();
            let kept = plain.len().min(REEL - digits.len());
            format!("{}{digits}", &plain[..kept])
        });
        let free =
            |name: &String| !Self::RESERVED.contains(&name.as_str()) && !self.taken.contains(name);
        let name = std::iter::once(whole.to_owned())
            .chain(numbered)
            .find(free)
            .expect("there are more numbers than events");
        self.taken.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::Reels;

    #[test]
    fn reels_are_short_and_unlike() {
        let mut reels = Reels::default();
        let names: Vec<String> = [
            "opening",
            "weather-rain-35mm",
            "weather-rain-85mm",
            "镜头一",
            "镜头二",
            "bl",
            "weather-rain",
        ]
        .iter()
        .map(|id| reels.name(id))
        .collect();
        assert_eq!(
            names,
            [
                "OPENING", "WEATHERR", "WEATHER1", "SHOT", "SHOT1", "BL1", "WEATHER2"
            ]
        );
    }
}
