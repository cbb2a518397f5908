//! A lock and what is seen now → the lock as it would be now.
//!
//! Owns what becomes of facts that only one of them knows: a fresh checkout has no
//! videos, and must neither fail for that nor forget which ones were accepted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::compare::{Difference, differences};
use super::see::{Seen, SeenShot, Video};
use super::{Lock, LockedShot};

/// What came of holding a plan to a lock.
#[derive(Debug)]
pub struct Held {
    /// Everything that is not as the lock says.
    pub differences: Vec<Difference>,
    /// Videos that are there and that the lock says nothing of.
    pub unlocked: usize,
    /// Whether videos were compared; those of another backend are others.
    pub takes: bool,
}

impl Seen {
    /// Holds what is seen to a lock: every difference that a run would make.
    pub fn held_to(&self, lock: &Lock) -> Held {
        let mut now = Lock::new(self.backend.clone(), self.api.clone());
        let mut notes = BTreeMap::new();
        let mut unlocked = 0;
        for (id, seen) in &self.shots {
            let Some(locked) = lock.shots.get(id) else {
                now.shots.insert(id.clone(), seen.locked());
                continue;
            };
            let mut shot = seen.beside(locked, Known::ByBoth);
            let there = matches!(seen.video, Video::There(_));
            unlocked += usize::from(self.own && there && locked.take.is_none());
            let (take, note) = self.take(seen, locked, shot.is_as(locked));
            shot.take = take;
            notes.extend(note.map(|note| (id.clone(), note)));
            now.shots.insert(id.clone(), shot);
        }
        if !self.whole {
            now.adopt_others(lock, &BTreeSet::new());
        }
        let mut differences = differences(lock, &now);
        for difference in &mut differences {
            let id = difference.shot.as_ref();
            difference.note = id.and_then(|id| notes.remove(id));
        }
        Held {
            differences,
            unlocked,
            takes: self.own,
        }
    }

    /// The take that a run would leave, as far as the lock cares, and why not the
    /// accepted one.
    fn take(
        &self,
        seen: &SeenShot,
        locked: &LockedShot,
        same: bool,
    ) -> (Option<String>, Option<String>) {
        let Some(accepted) = &locked.take else {
            return (None, None);
        };
        let kept = (Some(accepted.clone()), None);
        if !self.own {
            return kept;
        }
        match &seen.video {
            Video::There(video) => (Some(video.clone()), None),
            Video::Fetched => kept,
            // That the request is another one says it all.
            Video::Made | Video::None(_) if self.free || !same => kept,
            Video::Made => (None, Some(AGAIN.to_owned())),
            // No run is on record that made it, but it is there.
            Video::None(_) if seen.on_disk.as_ref() == Some(accepted) => kept,
            Video::None(why) => (None, Some(format!("the accepted video is not here: {why}"))),
        }
    }

    /// The lock as it is to be written: with everything that is seen, and with what
    /// an earlier lock knows of shots that ask for the same still. Where only some
    /// shots are looked at, the others stay as they were, but for those that `gone`
    /// names.
    pub fn locked(&self, earlier: Option<&Lock>, gone: &BTreeSet<String>) -> Lock {
        let earlier = earlier.filter(|lock| lock.backend == self.backend);
        let mut now = Lock::new(self.backend.clone(), self.api.clone());
        for (id, seen) in &self.shots {
            let known = earlier.and_then(|lock| lock.shots.get(id));
            now.shots
                .insert(id.clone(), seen.locked_after(known, self.own));
        }
        if let Some(lock) = earlier.filter(|_| !self.whole) {
            now.api = lock.api.clone();
            now.adopt_others(lock, gone);
        }
        now
    }
}

/// Said of an accepted take that would be replaced.
const AGAIN: &str = "the accepted video is not here, and no video that is made again is the same";

/// Which facts of a frame, and of what depends on it, stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// What both know; the rest is as the lock says.
    ByBoth,
    /// What either knows.
    ByEither,
}

impl SeenShot {
    /// The shot as a lock would have it that was written now.
    fn locked_after(&self, known: Option<&LockedShot>, own: bool) -> LockedShot {
        let (mut shot, kept) = match known {
            Some(known) => {
                let shot = self.beside(known, Known::ByEither);
                let same = shot.asks_as(known);
                (shot, known.take.clone().filter(|_| same))
            }
            None => (self.locked(), None),
        };
        shot.take = match &self.video {
            Video::There(video) if own => Some(video.clone()),
            _ => kept,
        };
        shot
    }

    /// What is seen, with the frames of other shots as the lock knows them.
    fn beside(&self, locked: &LockedShot, known: Known) -> LockedShot {
        let mut shot = self.locked();
        let unseen = lacks_pixels(&shot.request);
        fill(&mut shot.request, &locked.request, known);
        let unlocked = locked.fingerprint.is_none() && known == Known::ByBoth;
        if (unseen || unlocked) && shot.request == locked.request {
            shot.fingerprint.clone_from(&locked.fingerprint);
        }
        shot
    }
}

impl LockedShot {
    /// Whether everything but the take is the same.
    fn is_as(&self, other: &Self) -> bool {
        self.request == other.request && self.fingerprint == other.fingerprint
    }

    /// The same, as far as both are known.
    fn asks_as(&self, earlier: &Self) -> bool {
        let unknown = earlier.fingerprint.is_none();
        let mut request = self.request.clone();
        fill(&mut request, &earlier.request, Known::ByBoth);
        request == earlier.request && (unknown || self.fingerprint == earlier.fingerprint)
    }
}

impl Lock {
    /// Takes over the shots of another lock that this one has none of.
    fn adopt_others(&mut self, other: &Self, gone: &BTreeSet<String>) {
        for (id, shot) in &other.shots {
            if !self.shots.contains_key(id) && !gone.contains(id) {
                self.shots.insert(id.clone(), shot.clone());
            }
        }
    }
}

const PIXELS: &str = "pixels_sha256";

/// Whether a frame of another shot is in it whose pixels are not known.
fn lacks_pixels(object: &Map<String, Value>) -> bool {
    let here = object.contains_key("shot") && !object.contains_key(PIXELS);
    here || object.values().any(value_lacks_pixels)
}

fn value_lacks_pixels(value: &Value) -> bool {
    match value {
        Value::Object(object) => lacks_pixels(object),
        Value::Array(items) => items.iter().any(value_lacks_pixels),
        _ => false,
    }
}

/// Brings what is known of frames into line with another request.
fn fill(object: &mut Map<String, Value>, other: &Map<String, Value>, known: Known) {
    let one = |key: &str| object.get(key) == other.get(key);
    if object.contains_key("shot") && one("shot") && one("frame") {
        match (object.get(PIXELS), other.get(PIXELS)) {
            (None, Some(pixels)) => {
                object.insert(PIXELS.to_owned(), pixels.clone());
            }
            (Some(_), None) if known == Known::ByBoth => {
                object.remove(PIXELS);
            }
            _ => {}
        }
        return;
    }
    for (key, value) in object.iter_mut() {
        if let Some(other) = other.get(key) {
            fill_value(value, other, known);
        }
    }
}

fn fill_value(value: &mut Value, other: &Value, known: Known) {
    match (value, other) {
        (Value::Object(object), Value::Object(other)) => fill(object, other, known),
        (Value::Array(items), Value::Array(others)) => {
            for (item, other) in items.iter_mut().zip(others) {
                fill_value(item, other, known);
            }
        }
        _ => {}
    }
}
