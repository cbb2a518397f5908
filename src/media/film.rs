//! Films: many scenes in, one MP4 out, at their true lengths.
//!
//! Owns what a film consists of and the order of work. Scenes are drawn on several threads and written in the film's
//! order as they come. Every scene has an encoder of its own, so that it begins with a sync sample and its bytes do
//! not depend on what comes before it, nor on the number of threads. No clock: the same film gives the same bytes.
//!
//! `plot` says what comes after what, `reel` draws and encodes one scene, `shelf` hands pictures from scene to scene,
//! `card` paints words, `footage` shows finished videos.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use thiserror::Error;

use super::clip::ClipError;
use super::encode::sync_period;
use super::fonts::Fonts;
use super::motion::Move;
use super::mux::{self, Chapter, Outline, Writer};
use crate::shot::FrameAt;

mod card;
mod footage;
mod plot;
mod reel;
mod shelf;

use plot::Plot;
use reel::Reel;
use shelf::Shelf;

/// A film to be made.
#[derive(Debug)]
pub struct Film<'a> {
    /// Width in pixels, even, 16 to 3840.
    pub width: u32,
    /// Height in pixels, even, 16 to 3840; at most 2160 for the smaller of the two.
    pub height: u32,
    /// Frames per second, 6 to 60.
    pub fps: u32,
    /// What captions and cards are set in.
    pub fonts: &'a Fonts,
    /// In the order in which they are shown.
    pub scenes: &'a [Scene],
}

/// One part of a film.
#[derive(Debug, Clone)]
pub struct Scene {
    /// What errors call it, and its heading where it has one: the shot's id.
    pub name: String,
    /// What is seen.
    pub content: Content,
    /// Whether it is in the film; otherwise it only lends its frames to others.
    pub shown: bool,
    /// Its title in the list of chapters.
    pub chapter: Option<String>,
}

/// What is seen of a scene.
#[derive(Debug, Clone)]
pub enum Content {
    /// Words.
    Card(Card),
    /// A shot that is not made yet.
    Shot(Shot),
    /// A finished video.
    Video(Video),
}

/// Words that stand for a while: the title of a film or of a part of it.
#[derive(Debug, Clone)]
pub struct Card {
    /// The large line.
    pub heading: String,
    /// Smaller lines under it.
    pub lines: Vec<String>,
    /// How long it stands, in milliseconds.
    pub duration_ms: u32,
}

/// A shot that is not made yet: a picture or a generated scene under a moving camera.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The caption's text.
    pub prompt: String,
    /// Camera steps: in order, sharing the time equally; the moves inside a step act at once.
    pub moves: Vec<Vec<Move>>,
    /// Stands in the upper right corner.
    pub badge: String,
    /// Length in milliseconds.
    pub duration_ms: u32,
    /// What it begins with; without it, a generated scene.
    pub first: Option<Image>,
    /// What its last quarter fades to.
    pub last: Option<Image>,
}

/// A finished video, shown as it is.
#[derive(Debug, Clone)]
pub struct Video {
    /// The file.
    pub path: PathBuf,
    /// What stands in its corner.
    pub label: String,
    /// Its length in milliseconds.
    pub duration_ms: u64,
}

/// Where a picture comes from.
#[derive(Debug, Clone)]
pub enum Image {
    /// A JPEG, PNG or WebP file, read when its turn comes.
    File(PathBuf),
    /// The bytes of such a file.
    Bytes(Vec<u8>),
    /// A frame of another scene of the film, as it is without words over it.
    Frame {
        /// Its place in the list of scenes.
        scene: usize,
        /// Which frame.
        at: FrameAt,
    },
}

/// Why a film could not be made.
#[derive(Debug, Error)]
pub enum FilmError {
    /// A number is outside of its bounds.
    #[error(
        "cannot make a film of {width}x{height} pixels at {fps} frames per second: sides are even, 16 to 3840 pixels, the smaller one at most 2160; 6 to 60 frames per second"
    )]
    Bounds {
        /// Width in pixels as asked.
        width: u32,
        /// Height in pixels as asked.
        height: u32,
        /// Frames per second as asked.
        fps: u32,
    },
    /// There is nothing to show.
    #[error("there is no scene to show")]
    Empty,
    /// A scene waits for its own frames, or for those of a scene that is not there.
    #[error("`{scene}` needs a frame that can never be there")]
    Circle {
        /// The scene's name.
        scene: String,
    },
    /// A picture cannot be used.
    #[error("the {which} of `{scene}` cannot be shown: {reason}")]
    Still {
        /// The scene's name.
        scene: String,
        /// `first frame` or `last frame`, and the file's name where it has one.
        which: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A finished video cannot be shown.
    #[error("the finished video of `{scene}`, `{}`, cannot be shown: {reason}", path.display())]
    Video {
        /// The scene's name.
        scene: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A scene could not be encoded.
    #[error("`{scene}` cannot be shown")]
    Scene {
        /// The scene's name.
        scene: String,
        /// Why not.
        #[source]
        source: ClipError,
    },
    /// The file could not be written.
    #[error("the film cannot be written")]
    Write(#[source] ClipError),
    /// Somebody asked to stop.
    #[error("the film was interrupted")]
    Stopped,
}

/// Whether a file that begins with these bytes is a film that was made here; 128 of them are enough.
pub fn is_film(begin: &[u8]) -> bool {
    mux::is_film(begin)
}

/// How many bytes [`is_film`] wants to see.
pub const MARKED: usize = mux::MARKED;

/// How many frames a film will have; refuses what can be refused before anything is drawn.
pub fn frames(film: &Film<'_>) -> Result<u64, FilmError> {
    Ok(Plot::new(film)?.shown_frames(film))
}

/// The scenes that are shown, in order, and how many frames each has.
pub fn lengths<'f>(film: &Film<'f>) -> impl Iterator<Item = (&'f Scene, u64)> {
    let fps = film.fps;
    let shown = film.scenes.iter().filter(|scene| scene.shown);
    shown.map(move |scene| (scene, plot::length(scene, fps)))
}

/// Whether a finished video can be shown; decodes its first picture. The error is a reason in words.
pub fn can_show(path: &Path) -> Result<(), String> {
    footage::Footage::open(path).map(drop)
}

/// Makes the film: faststart MP4, H.264, yuv420p in BT.709 limited range, constant frame rate.
///
/// `progress` is told of every frame, on any thread, and says whether to go on. Takes about three seconds of a core for
/// six seconds of film at 768P; as many cores are used as there are `threads`.
pub fn shoot(
    film: &Film<'_>,
    threads: usize,
    progress: &(dyn Fn() -> bool + Sync),
    out: impl Write + Seek,
) -> Result<(), FilmError> {
    let plot = Plot::new(film)?;
    let writer = Writer::begin(out, outline(film, &plot)).map_err(FilmError::Write)?;
    let shelf = Shelf::new(&plot);
    let crew = Crew {
        film,
        plot: &plot,
        shelf: &shelf,
        progress,
        next: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        let (done, finished) = channel();
        for _ in 0..threads.clamp(1, plot.order.len()) {
            let (crew, done) = (&crew, done.clone());
            scope.spawn(move || crew.work(&done));
        }
        drop(done);
        let written = assemble(writer, &plot, &finished);
        if written.is_err() {
            crew.stop();
        }
        written
    })
}

fn outline(film: &Film<'_>, plot: &Plot) -> Outline {
    let mut frames = 0;
    let mut syncs = 0;
    let mut chapters = Vec::new();
    let shown = film.scenes.iter().zip(&plot.frames);
    for (scene, count) in shown.filter(|(scene, _)| scene.shown) {
        if let Some(title) = &scene.chapter {
            chapters.push(Chapter::new(title, frames, film.fps));
        }
        frames += count;
        syncs += count.div_ceil(u64::from(sync_period(film.fps)));
    }
    Outline {
        width: film.width,
        height: film.height,
        fps: film.fps,
        frames,
        syncs,
        chapters,
    }
}

/// What a thread hands in: a place in the plot's order, and what became of it.
type Done = (usize, Result<Option<Reel>, FilmError>);

/// The threads that draw.
struct Crew<'a> {
    film: &'a Film<'a>,
    plot: &'a Plot,
    shelf: &'a Shelf,
    progress: &'a (dyn Fn() -> bool + Sync),
    next: AtomicUsize,
    stopped: AtomicBool,
}

impl Crew<'_> {
    /// Draws scenes until there are none left, or somebody failed.
    fn work(&self, done: &Sender<Done>) {
        let _guard = shelf::Guard(self.shelf);
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(scene) = self.plot.order.get(place) else {
                return;
            };
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let goes_on = || (self.progress)() && !self.stopped.load(Ordering::Relaxed);
            let reel = reel::shoot(self.film, self.plot, *scene, self.shelf, &goes_on);
            if reel.is_err() {
                self.stop();
            }
            if done.send((place, reel)).is_err() {
                return;
            }
        }
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.shelf.close();
    }
}

/// Writes reels in the film's order as they come.
fn assemble<W: Write + Seek>(
    mut writer: Writer<W>,
    plot: &Plot,
    finished: &Receiver<Done>,
) -> Result<(), FilmError> {
    let mut waiting: BTreeMap<usize, Reel> = BTreeMap::new();
    let mut failed: Option<(usize, FilmError)> = None;
    let mut shown = plot.shown.iter().peekable();
    for (place, reel) in finished {
        match reel {
            Ok(Some(reel)) => {
                waiting.insert(plot.order[place], reel);
            }
            Ok(None) => {}
            // The first in order, so that the same film fails with the same words; who only stopped says nothing.
            Err(error) => {
                let weight = |error: &FilmError| matches!(error, FilmError::Stopped);
                let better = failed
                    .as_ref()
                    .is_none_or(|(other, known)| (weight(&error), place) < (weight(known), *other));
                if better {
                    failed = Some((place, error));
                }
            }
        }
        if failed.is_some() {
            continue;
        }
        while let Some(reel) = shown.peek().and_then(|scene| waiting.remove(scene)) {
            shown.next();
            writer
                .add(&reel.parameters, &reel.samples)
                .map_err(FilmError::Write)?;
        }
    }
    match failed {
        Some((_, error)) => Err(error),
        None => writer.finish().map_err(FilmError::Write),
    }
}

#[cfg(test)]
mod tests;
