//! A film in storyboard order: what is there of each shot, and what is not.
//!
//! Owns the model that every format is written from, and how long each part is.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::time::Rate;
use crate::money::Money;

/// Everything that an editing program is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Film {
    /// The name of the timeline.
    pub name: String,
    /// The manifest's file name.
    pub manifest: String,
    /// The backend's name in the manifest.
    pub backend: String,
    /// Shots in storyboard order.
    pub scenes: Vec<Scene>,
}

/// One shot.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Its name in the manifest.
    pub id: String,
    /// `T2V`, `I2V`, `FL2V` or `S2V`.
    pub mode: String,
    /// The model that is asked for.
    pub model: String,
    /// The resolution that is asked for.
    pub resolution: String,
    /// The rendered prompt.
    pub prompt: String,
    /// Camera commands in the prompt, in order, in the listed spelling.
    pub camera: Vec<String>,
    /// The length that is asked for, in seconds.
    pub seconds: u32,
    /// The request's fields, media as digests.
    pub request: Map<String, Value>,
    /// What exactly is asked for.
    pub fingerprint: Option<String>,
    /// Where it stands, in a word: `saved`, `failed`, `not made`.
    pub state: String,
    /// Why there is no video; empty where there is one.
    pub reason: String,
    /// The take that counts.
    pub shown: Option<Take>,
    /// Every other take that is there, newest first.
    pub others: Vec<Take>,
}

/// One video of a shot.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
    /// Where it is: absolute.
    pub path: PathBuf,
    /// Its name in the output folder, with forward slashes.
    pub file: String,
    /// Number of frames, counted in the file.
    pub frames: u64,
    /// Frames per second, from the file.
    pub rate: Rate,
    /// Pixels across and down.
    pub size: (u32, u32),
    /// The codec after RFC 6381.
    pub codec: String,
    /// Whether it has sound.
    pub has_sound: bool,
    /// What is on record of how it was made.
    pub made: Option<Made>,
}

/// How a take was made, by the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The attempt's name.
    pub attempt: String,
    /// The service's name of the task.
    pub task: Option<String>,
    /// What exactly was asked for.
    pub fingerprint: String,
    /// When it was asked for, RFC 3339.
    pub at: String,
    /// What it cost by the table of its day.
    pub price: Option<Money>,
    /// The request's fields, media as digests.
    pub request: Map<String, Value>,
}

impl Film {
    /// The rate of the timeline: that of the first video.
    pub fn rate(&self) -> Rate {
        self.shown().next().map_or(Rate::FILM, |take| take.rate)
    }

    /// Pixels across and down: those of the first video.
    pub fn size(&self) -> (u32, u32) {
        self.shown().next().map_or((1920, 1080), |take| take.size)
    }

    /// Whether any video that counts has sound.
    pub fn has_sound(&self) -> bool {
        self.shown().any(|take| take.has_sound)
    }

    /// Its length in frames of the timeline.
    pub fn frames(&self) -> u64 {
        let rate = self.rate();
        self.scenes.iter().map(|scene| scene.frames(rate)).sum()
    }

    /// Every scene with the frame of the timeline that it begins at.
    pub(super) fn placed(&self) -> impl Iterator<Item = (u64, &Scene)> {
        let rate = self.rate();
        self.scenes.iter().scan(0, move |at, scene| {
            let begin = *at;
            *at += scene.frames(rate);
            Some((begin, scene))
        })
    }

    fn shown(&self) -> impl Iterator<Item = &Take> {
        self.scenes.iter().filter_map(|scene| scene.shown.as_ref())
    }
}

impl Scene {
    /// Its length in frames of a timeline: that of the video, as far as whole
    /// frames go, else the length that is asked for.
    pub fn frames(&self, rate: Rate) -> u64 {
        let frames = match &self.shown {
            Some(take) => take.rate.convert(take.frames, rate),
            None => rate.frames_of(self.seconds),
        };
        frames.max(1)
    }

    /// What an author wants to see beside the picture: prompt and camera.
    pub(super) fn note(&self) -> String {
        let mut note = self.prompt.trim().to_owned();
        if !self.camera.is_empty() {
            if !note.is_empty() {
                note.push('\n');
            }
            note.push_str("camera: ");
            note.push_str(&self.camera.join(", "));
        }
        if self.shown.is_none() {
            note = format!("{}: {}\n{note}", self.state, self.reason);
        }
        note
    }
}

impl Take {
    /// The first digits of its digest, as `runner takes` shows them.
    pub fn short(&self) -> &str {
        self.sha256.get(..8).unwrap_or(&self.sha256)
    }

    /// The last part of its name.
    pub(super) fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }
}
