//! What a video track says about itself, from its sample table and its parameter sets.

use std::io::{Read, Seek};

use serde::Serialize;

use super::names;
use crate::media::colour::Tags;
use crate::media::decode;
use crate::media::demux::{Coding, Entry, Film};
use crate::media::probe::ProbeError;
use crate::media::sps::{Sps, avc_profile, hevc_profile};

/// A video track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Video {
    /// The codec after RFC 6381, for example `avc1.64001F`.
    pub codec: String,
    /// Profile in words.
    pub profile: Option<String>,
    /// Level as people write it, for example `3.1`.
    pub level: Option<String>,
    /// Bits of a sample.
    pub bit_depth: Option<u32>,
    /// How chroma is sampled, for example `4:2:0`.
    pub chroma: Option<String>,
    /// Whether pictures may be made of two fields.
    pub interlaced: Option<bool>,
    /// Width and height in their several meanings.
    pub size: Size,
    /// What is said about colours.
    pub colour: Colour,
    /// Length of what is shown in seconds.
    pub duration_s: f64,
    /// When the first frame is shown.
    pub start_s: f64,
    /// Frames in a second.
    pub frame_rate: Rate,
    /// Number of coded pictures.
    pub samples: usize,
    /// Number of frames that are shown.
    pub frames: usize,
    /// Where decoding can begin.
    pub key_frames: Keys,
    /// So many pictures are decoded before one that is shown before them; 0 without B-frames.
    pub reorder: usize,
    /// The edit list, where there is one.
    pub edits: Option<Edits>,
    /// Number of sample entries.
    pub sample_entries: usize,
    /// Bits of all coded pictures in a second.
    pub bit_rate_bps: u64,
}

/// Width and height in pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// As coded, in whole blocks.
    pub coded: Option<(u32, u32)>,
    /// What of it is to be seen.
    pub cropped: (u32, u32),
    /// As a player shows it, with the shape of pixels and the turn.
    pub display: (u32, u32),
    /// Width and height of a pixel.
    pub pixel_aspect: (u32, u32),
    /// How far a player turns it clockwise.
    pub rotation_degrees: u32,
}

/// Colours, in the names that ffmpeg has for them; nothing where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Colour {
    /// How red, green and blue become luma and chroma.
    pub matrix: Option<String>,
    /// Which red, green and blue.
    pub primaries: Option<String>,
    /// How light becomes numbers.
    pub transfer: Option<String>,
    /// `limited`, as in television, or `full`.
    pub range: Option<String>,
    /// The matrix that `runner frames` uses.
    pub used_matrix: String,
}

/// Frames in a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    /// The mean.
    pub fps: f64,
    /// The mean as a fraction.
    pub exact: (u64, u64),
    /// Whether every frame but the last is as long as the others.
    pub constant: bool,
}

/// Key frames.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Keys {
    /// How many there are.
    pub count: usize,
    /// The most frames from one to the next, or to the end.
    pub longest_distance: usize,
    /// The same in seconds.
    pub longest_distance_s: f64,
}

/// An edit list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edits {
    /// Number of entries, pauses included.
    pub count: usize,
    /// Coded pictures that are never shown.
    pub hidden: usize,
}

pub(super) fn video(film: &Film, reader: &mut (impl Read + Seek)) -> Result<Video, ProbeError> {
    let entry = film
        .entries
        .first()
        .ok_or_else(|| ProbeError::Damaged("a track without a description".to_owned()))?;
    // Some streams carry their parameter sets among the pictures.
    let sps = decode::sequence(&entry.coding).or_else(|| {
        let sample = film.sample(reader, 0).ok()?;
        decode::sequence_in(&sample, &entry.coding)
    });
    let sps = sps.as_ref();
    let start = film.shown.iter().map(|shown| shown.time).min().unwrap_or(0);
    let duration = seconds(film, film.length - start);
    let bytes: u64 = film.samples.iter().map(|one| u64::from(one.size)).sum();
    let ticks: i64 = film.samples.iter().map(|one| i64::from(one.ticks)).sum();
    Ok(Video {
        codec: entry.codec.clone(),
        profile: sps.map(|sps| profile(sps, &entry.coding).to_owned()),
        level: sps.map(|sps| level(sps, &entry.coding)),
        bit_depth: sps.map(|sps| sps.depth.0),
        chroma: sps.map(|sps| names::chroma(sps.chroma).to_owned()),
        interlaced: sps.map(|sps| !sps.progressive),
        size: size(entry, sps, film.turn.0),
        colour: colour(entry, sps),
        duration_s: duration,
        start_s: seconds(film, start),
        frame_rate: rate(film, ticks),
        samples: film.samples.len(),
        frames: film.shown.len(),
        key_frames: keys(film),
        reorder: reorder(film),
        edits: edits(film),
        sample_entries: film.entries.len(),
        bit_rate_bps: (bytes as f64 * 8.0 / seconds(film, ticks).max(1e-9)).round() as u64,
    })
}

fn seconds(film: &Film, ticks: i64) -> f64 {
    ticks as f64 / f64::from(film.timescale)
}

fn profile(sps: &Sps, coding: &Coding) -> &'static str {
    match coding {
        Coding::Hevc { .. } => hevc_profile(sps),
        _ => avc_profile(sps),
    }
}

fn level(sps: &Sps, coding: &Coding) -> String {
    let tenths = match coding {
        Coding::Hevc { .. } => sps.level / 3,
        // Baseline, Main and Extended write level 1b as 1.1 with a flag.
        _ if sps.level == 11 && sps.constraints & 0x10 != 0 && sps.profile < 100 => {
            return "1b".to_owned();
        }
        _ => sps.level,
    };
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn size(entry: &Entry, sps: Option<&Sps>, turn: u8) -> Size {
    let cropped = sps.map_or(entry.size, |sps| sps.size);
    let aspect = entry
        .aspect
        .or(sps.and_then(|sps| sps.aspect))
        .unwrap_or((1, 1));
    let wide = u64::from(cropped.0) * u64::from(aspect.0) + u64::from(aspect.1) / 2;
    let wide = u32::try_from(wide / u64::from(aspect.1)).unwrap_or(u32::MAX);
    let shown = (wide, cropped.1);
    Size {
        coded: sps.map(|sps| sps.coded),
        cropped,
        display: if turn % 2 == 1 {
            (shown.1, shown.0)
        } else {
            shown
        },
        pixel_aspect: aspect,
        rotation_degrees: u32::from(turn) * 90,
    }
}

fn colour(entry: &Entry, sps: Option<&Sps>) -> Colour {
    let stream = sps.map_or(Tags::UNKNOWN, |sps| sps.colour);
    let tags = stream.or(entry.colour);
    let height = sps.map_or(entry.size.1, |sps| sps.size.1);
    let range = tags
        .full_range
        .map(|full| if full { "full" } else { "limited" });
    Colour {
        matrix: names::matrix(tags.matrix),
        primaries: names::primaries(tags.primaries),
        transfer: names::transfer(tags.transfer),
        range: range.map(str::to_owned),
        used_matrix: names::matrix(tags.matrix_for(height)).unwrap_or_default(),
    }
}

fn rate(film: &Film, ticks: i64) -> Rate {
    let count = film.samples.len() as u64;
    let first = film.samples.first().map_or(0, |sample| sample.ticks);
    let all_but_last = film.samples.len().saturating_sub(1);
    let constant = film.samples[..all_but_last]
        .iter()
        .all(|sample| sample.ticks == first);
    let (frames, time) = (count * u64::from(film.timescale), ticks.max(1) as u64);
    let common = gcd(frames, time);
    Rate {
        fps: frames as f64 / time as f64,
        exact: (frames / common, time / common),
        constant,
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

fn keys(film: &Film) -> Keys {
    let samples = &film.samples;
    let mut places: Vec<usize> = (0..samples.len())
        .filter(|number| samples[*number].sync)
        .collect();
    let count = places.len();
    places.push(samples.len());
    let pairs = places.windows(2).map(|pair| (pair[0], pair[1]));
    let (from, to) = pairs.max_by_key(|(from, to)| to - from).unwrap_or((0, 0));
    let ticks: i64 = samples[from..to]
        .iter()
        .map(|sample| i64::from(sample.ticks))
        .sum();
    Keys {
        count,
        longest_distance: to - from,
        longest_distance_s: seconds(film, ticks),
    }
}

/// The most pictures that are decoded before one and shown after it.
fn reorder(film: &Film) -> usize {
    // More than 16 no decoder could keep.
    const WINDOW: usize = 64;
    let samples = &film.samples;
    let late = |number: usize| {
        let before = &samples[number.saturating_sub(WINDOW)..number];
        let shown = samples[number].composed;
        before.iter().filter(|one| one.composed > shown).count()
    };
    (0..samples.len()).map(late).max().unwrap_or(0)
}

fn edits(film: &Film) -> Option<Edits> {
    let mut shown = vec![false; film.samples.len()];
    for one in &film.shown {
        shown[one.sample as usize] = true;
    }
    (film.edits > 0).then(|| Edits {
        count: film.edits,
        hidden: shown.iter().filter(|shown| !**shown).count(),
    })
}
