//! Pictures on their way from one scene to those that go on from them.
//!
//! Owns the waiting. A picture is there until the last scene that needs it has it, so that a long film does not keep
//! every picture of every chain.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::plot::Plot;
use crate::media::plane::Picture;

/// A scene and the number of one of its frames.
pub(super) type Place = (usize, u64);

/// Where pictures wait.
pub(super) struct Shelf {
    content: Mutex<Content>,
    changed: Condvar,
}

struct Content {
    pictures: HashMap<Place, Arc<Picture>>,
    /// How many scenes have not fetched a picture yet.
    left: HashMap<Place, usize>,
    closed: bool,
}

impl Shelf {
    pub(super) fn new(plot: &Plot) -> Self {
        let wanted = plot.wanted.iter().enumerate();
        let left = wanted.flat_map(|(scene, frames)| {
            frames
                .iter()
                .map(move |(frame, count)| ((scene, *frame), *count))
        });
        let content = Content {
            pictures: HashMap::new(),
            left: left.collect(),
            closed: false,
        };
        Self {
            content: Mutex::new(content),
            changed: Condvar::new(),
        }
    }

    pub(super) fn put(&self, place: Place, picture: Picture) {
        self.content().pictures.insert(place, Arc::new(picture));
        self.changed.notify_all();
    }

    /// Waits for a picture; `None` when it will never come. Scenes are begun after those whose pictures they need, so
    /// whoever waits waits for somebody who works.
    pub(super) fn fetch(&self, place: Place) -> Option<Arc<Picture>> {
        let mut content = self.content();
        loop {
            if content.closed {
                return None;
            }
            if let Some(picture) = content.pictures.get(&place).cloned() {
                let left = content.left.entry(place).or_insert(1);
                *left = left.saturating_sub(1);
                if *left == 0 {
                    content.pictures.remove(&place);
                }
                return Some(picture);
            }
            content = self
                .changed
                .wait(content)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets nobody wait any longer.
    pub(super) fn close(&self) {
        self.content().closed = true;
        self.changed.notify_all();
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the shelf if its thread panics: others would wait for ever for what it was about to put there.
pub(super) struct Guard<'a>(pub(super) &'a Shelf);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}
