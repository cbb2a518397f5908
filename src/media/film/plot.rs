//! What has to be drawn before what, and how long everything is.
//!
//! Pure: looks at no file.

use std::collections::HashSet;

use super::{Content, Film, FilmError, Image, Scene};
use crate::shot::FrameAt;

/// The fewest frames of a scene. Two scenes of one frame would be two sync samples in a row, which a decoder must be
/// able to tell apart, and encoders that know nothing of each other number theirs alike.
const FEWEST: u64 = 2;

/// The order of work.
#[derive(Debug)]
pub(super) struct Plot {
    /// Scenes in an order in which each comes after those whose frames it needs.
    pub(super) order: Vec<usize>,
    /// The scenes that are shown, in the film's order.
    pub(super) shown: Vec<usize>,
    /// Frames of each scene.
    pub(super) frames: Vec<u64>,
    /// Which frames of each scene others need, and how many need each.
    pub(super) wanted: Vec<Vec<(u64, usize)>>,
}

impl Plot {
    pub(super) fn new(film: &Film<'_>) -> Result<Self, FilmError> {
        check(film)?;
        let shown: Vec<usize> = (0..film.scenes.len())
            .filter(|scene| film.scenes[*scene].shown)
            .collect();
        if shown.is_empty() {
            return Err(FilmError::Empty);
        }
        let frames: Vec<u64> = film
            .scenes
            .iter()
            .map(|scene| length(scene, film.fps))
            .collect();
        let order = order(film.scenes, &shown)?;
        let mut wanted = vec![Vec::new(); film.scenes.len()];
        for scene in &order {
            for (source, at) in needs(&film.scenes[*scene]) {
                want(&mut wanted[source], number(at, frames[source], film.fps));
            }
        }
        Ok(Self {
            order,
            shown,
            frames,
            wanted,
        })
    }

    pub(super) fn shown_frames(&self, film: &Film<'_>) -> u64 {
        let all = film.scenes.iter().zip(&self.frames);
        all.filter(|(scene, _)| scene.shown)
            .map(|(_, frames)| frames)
            .sum()
    }
}

fn want(wanted: &mut Vec<(u64, usize)>, frame: u64) {
    match wanted.iter_mut().find(|(known, _)| *known == frame) {
        Some((_, count)) => *count += 1,
        None => wanted.push((frame, 1)),
    }
}

fn check(film: &Film<'_>) -> Result<(), FilmError> {
    let side = |side: u32| (16..=3840).contains(&side) && side.is_multiple_of(2);
    let Film {
        width, height, fps, ..
    } = *film;
    if side(width) && side(height) && width.min(height) <= 2160 && (6..=60).contains(&fps) {
        Ok(())
    } else {
        Err(FilmError::Bounds { width, height, fps })
    }
}

/// The number of the frame that is meant, of a scene of `frames`.
pub(super) fn number(at: FrameAt, frames: u64, fps: u32) -> u64 {
    let last = frames - 1;
    match at {
        FrameAt::First => 0,
        FrameAt::Middle => last / 2,
        FrameAt::Last => last,
        FrameAt::Time(time) => {
            let number = time.as_millis() * u128::from(fps) / 1000;
            u64::try_from(number).unwrap_or(last).min(last)
        }
    }
}

pub(super) fn length(scene: &Scene, fps: u32) -> u64 {
    let ms = match &scene.content {
        Content::Card(card) => u64::from(card.duration_ms),
        Content::Shot(shot) => u64::from(shot.duration_ms),
        // Bounded, because the number comes out of a file.
        Content::Video(video) => video.duration_ms.min(24 * 3600 * 1000),
    };
    ((ms * u64::from(fps) + 500) / 1000).max(FEWEST)
}

/// The scenes whose frames a scene needs.
pub(super) fn needs(scene: &Scene) -> impl Iterator<Item = (usize, FrameAt)> {
    let images = match &scene.content {
        Content::Shot(shot) => [shot.first.as_ref(), shot.last.as_ref()],
        Content::Card(_) | Content::Video(_) => [None, None],
    };
    images
        .into_iter()
        .flatten()
        .filter_map(|image| match image {
            Image::Frame { scene, at } => Some((*scene, *at)),
            Image::File(_) | Image::Bytes(_) => None,
        })
}

/// Depth first without recursion: a chain may be as long as a film.
fn order(scenes: &[Scene], shown: &[usize]) -> Result<Vec<usize>, FilmError> {
    let mut order = Vec::with_capacity(scenes.len());
    let mut done = vec![false; scenes.len()];
    let mut open = HashSet::new();
    for start in shown {
        let mut way = vec![*start];
        while let Some(scene) = way.last().copied() {
            if done[scene] {
                way.pop();
                continue;
            }
            open.insert(scene);
            let missing = needs(&scenes[scene])
                .find(|(source, _)| !done.get(*source).is_some_and(|done| *done));
            match missing {
                None => {
                    done[scene] = true;
                    order.push(scene);
                    way.pop();
                }
                Some((source, _)) if source < scenes.len() && !open.contains(&source) => {
                    way.push(source);
                }
                Some(_) => {
                    return Err(FilmError::Circle {
                        scene: scenes[scene].name.clone(),
                    });
                }
            }
        }
    }
    Ok(order)
}
