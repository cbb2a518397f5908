//! The threads that draw a film, and the one that writes it.
//!
//! Owns who draws what next, and how an error ends the work of all. Scenes are written in the film's order, whatever
//! order they are finished in.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::plot::Plot;
use super::reel::{self, Reel};
use super::shelf::{self, Shelf};
use super::{Film, FilmError};
use crate::media::mux::Writer;

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

/// Draws all scenes on so many threads, and writes them in the film's order.
pub(super) fn make<W: Write + Seek>(
    film: &Film<'_>,
    plot: &Plot,
    threads: usize,
    progress: &(dyn Fn() -> bool + Sync),
    writer: Writer<W>,
) -> Result<(), FilmError> {
    let shelf = Shelf::new(plot);
    let crew = Crew {
        film,
        plot,
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
        let written = assemble(writer, plot, &finished);
        if written.is_err() {
            crew.stop();
        }
        written
    })
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
