//! What videos show, in words: the part of `runner probe` that decodes.
//!
//! Owns the words and what a video is compared with; the numbers are those of `media::measure`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::line;
use crate::cli::args::ProbeArgs;
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::media::frames::Tools;
use crate::media::measure::{
    self, Band, Glance, Likeness, Measures, Moved, Sound, Span, Unheard, What,
};
use crate::media::{photo, still};

/// Less movement than so many thousandths of the picture is none.
const STANDING: i32 = 15;

/// What measures, and what with.
pub(super) struct Meter {
    ffmpeg: Option<PathBuf>,
    like: Option<Like>,
}

/// What videos are compared with.
enum Like {
    Film(Vec<Glance>),
    /// An encoded picture, which is cut to the shape of each video.
    Picture(Vec<u8>),
}

/// What was measured of one file.
pub(super) struct Measured {
    measures: Measures,
    likeness: Option<Likeness>,
}

impl Meter {
    /// The meter, if one is asked for; or why it cannot compare.
    pub(super) fn new(args: &ProbeArgs) -> Result<Option<Self>, String> {
        if !args.measure && args.like.is_none() {
            return Ok(None);
        }
        let mut meter = Self {
            ffmpeg: Environment::ffmpeg(),
            like: None,
        };
        if let Some(like) = &args.like {
            let looked = meter.look(like);
            let looked = looked
                .map_err(|reason| format!("cannot compare with `{}`: {reason}", like.display()))?;
            meter.like = Some(looked);
        }
        Ok(Some(meter))
    }

    /// What others are compared with.
    fn look(&self, path: &Path) -> Result<Like, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        if still::inspect(BufReader::new(file)).is_ok() {
            let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
            return Ok(Like::Picture(bytes));
        }
        let measures = self.of(path, What::Picture)?;
        match (measures.picture, measures.undecoded) {
            (Some(picture), _) => Ok(Like::Film(picture.glances)),
            (None, why) => Err(why.unwrap_or_default()),
        }
    }

    fn of(&self, path: &Path, what: What) -> Result<Measures, String> {
        let tools = Tools {
            ffmpeg: self.ffmpeg.as_deref(),
        };
        measure::measure(path, what, &tools).map_err(|error| error.to_string())
    }

    /// Measures a file; or why that cannot be.
    pub(super) fn measure(&self, path: &Path) -> Result<Measured, String> {
        let measures = self.of(path, What::All)?;
        let likeness = self.like.as_ref().and_then(|like| like.to(&measures));
        Ok(Measured {
            likeness: likeness.transpose()?,
            measures,
        })
    }
}

impl Like {
    /// How like it is to a video; nothing of one that could not be decoded.
    fn to(&self, measures: &Measures) -> Option<Result<Likeness, String>> {
        let glances = &measures.picture.as_ref()?.glances;
        let (width, height) = (measures.width.max(1), measures.height.max(1));
        Some(match self {
            Self::Film(film) => Ok(measure::likeness(film, glances)),
            Self::Picture(bytes) => photo::cut_to(bytes, width as usize, height as usize)
                .map(|picture| {
                    let first = glances.get(..1).unwrap_or_default();
                    measure::likeness(&[measure::glance_of_image(&picture)], first)
                })
                .map_err(|error| error.to_string()),
        })
    }
}

/// Adds what was measured to what is known already.
pub(super) fn add(object: &mut Value, measured: &Result<Measured, String>) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    match measured {
        Ok(measured) => {
            let measures = serde_json::to_value(&measured.measures).unwrap_or_default();
            object.insert("measures".to_owned(), measures);
            if let Some(likeness) = &measured.likeness {
                let mut value = serde_json::to_value(likeness).unwrap_or_default();
                value["band"] = json!(likeness.band().map(Band::name));
                object.insert("likeness".to_owned(), value);
            }
        }
        Err(reason) => {
            object.insert("measures".to_owned(), Value::Null);
            object.insert("unmeasured".to_owned(), json!(reason));
        }
    }
}

/// Says it to people.
pub(super) fn show(measured: &Result<Measured, String>, console: &mut Console) {
    let measured = match measured {
        Ok(measured) => measured,
        Err(reason) => {
            line(console, "measured", format!("no: {reason}"));
            return;
        }
    };
    if let Some(why) = &measured.measures.undecoded {
        line(console, "pictures", format!("not decoded: {why}"));
    }
    if let Some(picture) = &measured.measures.picture {
        line(console, "black", spans(&picture.black));
        line(console, "frozen", spans(&picture.frozen));
        line(console, "cuts", cuts(&picture.cuts));
        if let Some(last) = picture.glances.last() {
            line(console, "camera", camera(last.moved));
        }
    }
    if let Some(sound) = &measured.measures.audio {
        line(console, "loudness", loudness(sound));
    }
    if let Some(likeness) = &measured.likeness {
        line(console, "likeness", alike(likeness));
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn spans(spans: &[Span]) -> String {
    if spans.is_empty() {
        return "never".to_owned();
    }
    let spans = spans.iter().map(|span| {
        let (from, to) = (seconds(span.from_ms), seconds(span.to_ms));
        format!("{from} to {to} s")
    });
    spans.collect::<Vec<_>>().join(", ")
}

fn cuts(cuts: &[u64]) -> String {
    if cuts.is_empty() {
        return "none".to_owned();
    }
    let places: Vec<String> = cuts.iter().map(|at| seconds(*at)).collect();
    format!("{}, at {} s", cuts.len(), places.join(", "))
}

fn camera(moved: Moved) -> String {
    let parts = [
        (moved.right, ["to the right", "to the left"]),
        (moved.down, ["down", "up"]),
        (moved.closer, ["closer", "away"]),
    ];
    let parts = parts.iter().filter(|(far, _)| far.abs() >= STANDING);
    let parts: Vec<String> = parts
        .map(|(far, [ahead, back])| {
            let way = if *far > 0 { ahead } else { back };
            format!("{}% {way}", (far.abs() + 5) / 10)
        })
        .collect();
    if parts.is_empty() {
        "stands".to_owned()
    } else {
        parts.join(", ")
    }
}

fn loudness(sound: &Sound) -> String {
    let peak = sound.peak_dbfs.map(|peak| format!("peak {peak:.1} dBFS"));
    let heard = match (&sound.unheard, sound.loudness_lufs) {
        (Some(Unheard::Silence), _) => "silence".to_owned(),
        (Some(Unheard::TooShort), _) => "too short to be measured".to_owned(),
        (Some(Unheard::Undecoded(why)), _) => format!("not decoded: {why}"),
        (None, lufs) => format!("{:.1} LUFS", lufs.unwrap_or_default()),
    };
    [Some(heard), peak]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn alike(likeness: &Likeness) -> String {
    let band = likeness.band().map_or("in no band", Band::name);
    let share = |thousandths: u32| format!("{}%", (thousandths + 5) / 10);
    let (colour, hues) = (share(likeness.colour), share(likeness.hues));
    let layout = share(likeness.layout.max(0).unsigned_abs());
    match likeness.camera.map(share) {
        Some(camera) => {
            format!("{band}: colour {colour}, hues {hues}, layout {layout}, camera {camera}")
        }
        None => format!("{band}: colour {colour}, hues {hues}, layout {layout}"),
    }
}
