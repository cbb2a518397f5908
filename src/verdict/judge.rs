//! Expectations × what was measured → checks.
//!
//! Pure: the same expectations and the same measures give the same words. Never
//! measures, and never guesses: what is not known is said to be unknown.

use std::collections::BTreeMap;

use crate::event::{Check, Judgement, Video};
use crate::manifest::expect::{Band, Expectation, FPS_TOLERANCE, Key, Wanted, codec_family};
use crate::media::measure::{self, Bounds, Likeness, Picture, Sound, Span, Unheard};

/// What is known of one video; why not, where it is not.
pub struct Evidence<'a> {
    /// The file itself.
    pub video: &'a Video,
    /// Its sound track, or that it has none.
    pub sound: Result<Option<&'a Sound>, &'a str>,
    /// What its pictures show.
    pub picture: Result<&'a Picture, &'a str>,
    /// How like it is to what it was compared with.
    pub likeness: BTreeMap<Key, Result<Likeness, String>>,
}

/// No passage, and no cut.
const NONE: &str = "none";

/// What was found, or why nothing could be.
type Found = Result<(bool, String), String>;

/// Judges one video by each expectation, in their order.
pub fn judge(expectations: &[Expectation], evidence: &Evidence<'_>) -> Vec<Check> {
    let checks = expectations.iter();
    checks
        .filter(|one| one.key != Key::Passes)
        .map(|one| {
            let (result, found) = match found(one, evidence) {
                Ok((true, found)) => (Judgement::Passed, found),
                Ok((false, found)) => (Judgement::Failed, found),
                Err(why) => (Judgement::Unknown, why),
            };
            Check {
                name: one.key.as_str().into(),
                result,
                expected: expected(&one.wanted, one.key),
                found,
            }
        })
        .collect()
}

fn found(one: &Expectation, evidence: &Evidence<'_>) -> Found {
    let video = evidence.video;
    let picture = || evidence.picture.map_err(str::to_owned);
    match (one.key, &one.wanted) {
        (Key::Size, Wanted::Size { width, height }) => Ok((
            (video.width, video.height) == (*width, *height),
            format!("{}x{}", video.width, video.height),
        )),
        (Key::Duration, Wanted::Length { min, max }) => Ok((
            (*min..=*max).contains(&video.duration_ms),
            time(video.duration_ms),
        )),
        (Key::Fps, Wanted::Between { min, max }) => {
            Ok((within(video.fps, *min, *max), decimal(video.fps)))
        }
        (Key::Codec, Wanted::Codecs(allowed)) => Ok((
            allowed.iter().any(|codec| is_codec(&video.codec, codec)),
            video.codec.clone(),
        )),
        (Key::Audio, Wanted::Present(wanted)) => {
            let there = evidence.sound.map_err(str::to_owned)?.is_some();
            Ok((there == *wanted, presence(there).to_owned()))
        }
        (Key::Black, Wanted::AtMostMs(longest)) => Ok(passages(&picture()?.black, *longest)),
        (Key::Frozen, Wanted::AtMostMs(longest)) => Ok(passages(&picture()?.frozen, *longest)),
        (Key::Cuts, Wanted::AtMost(most)) => {
            let cuts = &picture()?.cuts;
            Ok((cuts.len() as u64 <= *most, cuts_text(cuts)))
        }
        (Key::Loudness, Wanted::Between { min, max }) => loudness(evidence, *min, *max),
        (key, Wanted::Within(band)) => like(key, band, evidence),
        // No other pair is ever lowered.
        (key, _) => Err(format!("`{key}` means nothing here")),
    }
}

fn within(number: f64, min: f64, max: f64) -> bool {
    // Bounds that were written as decimals are hit exactly.
    const ROUNDING: f64 = 1e-9;
    number >= min - ROUNDING && number <= max + ROUNDING
}

/// Whether a codec as files name it is one as people name it.
fn is_codec(codec: &str, wanted: &str) -> bool {
    let begins = |start: &str| {
        let head = codec.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    match codec_family(wanted) {
        Some(family) => family.iter().any(|start| begins(start)),
        None => begins(wanted),
    }
}

/// The longest of them; of two that are as long, the first.
fn passages(spans: &[Span], longest: u64) -> (bool, String) {
    let worst = spans.iter().rev().max_by_key(|span| span.length_ms());
    let Some(worst) = worst else {
        return (true, NONE.to_owned());
    };
    let text = format!("{} at {}", time(worst.length_ms()), time(worst.from_ms));
    (worst.length_ms() <= longest, text)
}

/// Places beyond these are counted only.
const CUTS_NAMED: usize = 4;

fn cuts_text(cuts: &[u64]) -> String {
    let places = cuts.iter().take(CUTS_NAMED);
    let places: Vec<String> = places.map(|at| time(*at)).collect();
    let places = places.join(", ");
    match cuts.len() {
        0 => NONE.to_owned(),
        number @ 1..=CUTS_NAMED => format!("{number} at {places}"),
        number => format!("{number} at {places} and later"),
    }
}

fn loudness(evidence: &Evidence<'_>, min: f64, max: f64) -> Found {
    let Some(sound) = evidence.sound.map_err(str::to_owned)? else {
        return Ok((true, presence(false).to_owned()));
    };
    match (sound.loudness_lufs, &sound.unheard) {
        (Some(loudness), _) => Ok((
            within(loudness, min, max),
            format!("{} LUFS", decimal(loudness)),
        )),
        (None, Some(Unheard::Silence)) => Ok((false, "silence".to_owned())),
        (None, Some(Unheard::TooShort)) => Err("the sound is too short to be measured".to_owned()),
        (None, Some(Unheard::Undecoded(why))) => Err(why.clone()),
        (None, None) => Err("the sound was not listened to".to_owned()),
    }
}

fn like(key: Key, band: &Band, evidence: &Evidence<'_>) -> Found {
    let likeness = evidence.likeness.get(&key);
    let likeness = likeness
        .cloned()
        .unwrap_or_else(|| Err("nothing was compared".to_owned()))?;
    let bounds = bounds(band).ok_or_else(|| "no such band is known".to_owned())?;
    Ok((
        likeness.is_within(&bounds),
        numbers(&Bounds::from(likeness), likeness.camera.is_some()),
    ))
}

/// The numbers of a band; what an author leaves out does not count.
fn bounds(band: &Band) -> Option<Bounds> {
    match band {
        Band::Named(name) => {
            let mut known = measure::Band::ALL.into_iter();
            known
                .find(|band| band.name() == name)
                .map(measure::Band::bounds)
        }
        Band::Own(numbers) => {
            let own = |name: &str| numbers.iter().find(|(own, _)| own == name);
            let own = |name: &str| own(name).map(|(_, number)| (number * 1000.0).round() as i32);
            Some(Bounds {
                colour: own("colour").map_or(0, i32::unsigned_abs),
                layout: own("layout").unwrap_or(0),
                hues: own("hues").map_or(0, i32::unsigned_abs),
                camera: own("camera").map_or(0, i32::unsigned_abs),
            })
        }
    }
}

fn numbers(bounds: &Bounds, has_camera: bool) -> String {
    let thousandths = |number: u32| format!("{}.{:03}", number / 1000, number % 1000);
    let (colour, hues) = (thousandths(bounds.colour), thousandths(bounds.hues));
    let layout = thousandths(bounds.layout.max(0).unsigned_abs());
    let camera = thousandths(bounds.camera);
    if has_camera {
        format!("colour {colour}, hues {hues}, layout {layout}, camera {camera}")
    } else {
        format!("colour {colour}, hues {hues}, layout {layout}")
    }
}

/// The least numbers that count; a camera of 0 says nothing.
fn least(bounds: Bounds) -> String {
    numbers(&bounds, bounds.camera > 0)
}

/// An expectation in words.
fn expected(wanted: &Wanted, key: Key) -> String {
    match wanted {
        Wanted::Nothing => "anything".to_owned(),
        Wanted::Size { width, height } => format!("{width}x{height}"),
        Wanted::Length { min, max } => format!("{} to {}", time(*min), time(*max)),
        Wanted::Between { min, max } if key == Key::Loudness => {
            format!("{} to {} LUFS", decimal(*min), decimal(*max))
        }
        // A number alone, which may be off by less than anybody wrote.
        Wanted::Between { min, max } if max - min <= 3.0 * FPS_TOLERANCE => {
            decimal((min + max) / 2.0)
        }
        Wanted::Between { min, max } => format!("{} to {}", decimal(*min), decimal(*max)),
        Wanted::Codecs(codecs) => codecs.join(" or "),
        Wanted::Present(there) => presence(*there).to_owned(),
        Wanted::AtMostMs(0) | Wanted::AtMost(0) => NONE.to_owned(),
        Wanted::AtMostMs(longest) => format!("{} at most", time(*longest)),
        Wanted::AtMost(most) => format!("{most} at most"),
        Wanted::Passes { wanted, of } => format!("{wanted} of {of}"),
        Wanted::Within(band) => match (band, bounds(band)) {
            (Band::Named(name), Some(bounds)) => format!("{name}: {} at least", least(bounds)),
            (_, Some(bounds)) => format!("{} at least", least(bounds)),
            (Band::Named(name), None) => name.clone(),
            (Band::Own(_), None) => "a band".to_owned(),
        },
    }
}

fn presence(there: bool) -> &'static str {
    if there {
        "a sound track"
    } else {
        "no sound track"
    }
}

/// `5.875 s`, `6 s`.
fn time(millis: u64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    if rest == 0 {
        return format!("{seconds} s");
    }
    let text = format!("{seconds}.{rest:03}");
    format!("{} s", text.trim_end_matches('0'))
}

/// At most three decimals, and none that say nothing.
fn decimal(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
