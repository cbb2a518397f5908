//! Frames and posters of many shots, on all cores and in order.
//!
//! Owns which frames of a video are asked for and how large they become. Where
//! frames come from is a function that is handed in, so that tests need no video.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use image::RgbImage;

use crate::media::frames::{self, FrameError, Tools};
use crate::media::thumbnail::{Thumbnail, jpeg, scaled, thumbnail};
use crate::report::sheet::{Print, Prints, Still, Stills, fitted};
use crate::shot::FrameAt;

/// Takes frames out of a video: which file, which places; in the order asked.
pub(super) type Source<'a> = dyn Fn(&Path, &[FrameAt]) -> Result<Vec<Still>, String> + Sync + 'a;

/// A video to be looked at.
#[derive(Debug, Clone)]
pub(super) struct Footage {
    pub(super) path: PathBuf,
    pub(super) length: Duration,
}

/// What is wanted of every video.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// So many frames, evenly spaced.
    pub(super) frames: usize,
    /// In pixels, at most.
    pub(super) cell: (u32, u32),
    /// Which frame, and at most how many pixels wide.
    pub(super) poster: Option<(FrameAt, u32)>,
}

/// What a video gave.
pub(super) struct Look {
    /// None where no video is there.
    pub(super) stills: Stills,
    pub(super) poster: Option<Thumbnail>,
}

/// The decoders of this program, and its helpers.
pub(in crate::cli) fn decode(
    path: &Path,
    at: &[FrameAt],
    tools: &Tools<'_>,
) -> Result<Vec<Still>, String> {
    let taken = frames::take(path, at, tools).map_err(|error| reason(&error))?;
    let still = |frame: frames::Frame| {
        let picture = RgbImage::from_raw(frame.width, frame.height, frame.rgb);
        let time = frame.time;
        picture
            .map(|picture| Still { picture, time })
            .ok_or_else(|| "a frame has fewer pixels than its size says".to_owned())
    };
    taken.into_iter().map(still).collect()
}

/// An error with its causes in a line.
fn reason(error: &FrameError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Looks at a video once, for everything that is wanted of it.
pub(super) fn look(footage: Option<&Footage>, wish: &Wish, source: &Source<'_>) -> Look {
    let Some(footage) = footage else {
        return Look {
            stills: Ok(Vec::new()),
            poster: None,
        };
    };
    match see(footage, wish, source) {
        Ok((stills, poster)) => Look {
            stills: Ok(stills),
            poster,
        },
        Err(reason) => Look {
            stills: Err(reason),
            poster: None,
        },
    }
}

fn see(
    footage: &Footage,
    wish: &Wish,
    source: &Source<'_>,
) -> Result<(Vec<Still>, Option<Thumbnail>), String> {
    let mut at = places(wish.frames, footage.length);
    at.extend(wish.poster.map(|(at, _)| within(at, footage.length)));
    if at.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut taken = source(&footage.path, &at)?;
    if taken.len() != at.len() || taken.iter().any(|still| still.picture.is_empty()) {
        return Err("it gave fewer frames than it has".to_owned());
    }
    let poster = match wish
        .poster
        .and_then(|(_, width)| taken.pop().zip(Some(width)))
    {
        Some((still, width)) => {
            Some(thumbnail(&still.picture, width).map_err(|error| error.to_string())?)
        }
        None => None,
    };
    let stills = taken.into_iter().map(|still| shrunk(still, wish.cell));
    Ok((stills.collect(), poster))
}

/// As large as its cell, but never larger than it was.
fn shrunk(still: Still, cell: (u32, u32)) -> Still {
    let own = still.picture.dimensions();
    let size = fitted(cell, own);
    if size.0 >= own.0 || size.1 >= own.1 {
        return still;
    }
    Still {
        picture: scaled(&still.picture, size),
        ..still
    }
}

/// The middle one, or from the first to the last.
fn places(count: usize, length: Duration) -> Vec<FrameAt> {
    match count {
        0 => Vec::new(),
        1 => vec![FrameAt::Middle],
        count => (0..count)
            .map(|at| match at {
                0 => FrameAt::First,
                at if at + 1 == count => FrameAt::Last,
                at if 2 * at + 1 == count => FrameAt::Middle,
                at => FrameAt::Time(length.mul_f64(at as f64 / (count - 1) as f64)),
            })
            .collect(),
    }
}

/// A time behind the end means the last frame.
fn within(at: FrameAt, length: Duration) -> FrameAt {
    match at {
        FrameAt::Time(time) if time >= length => FrameAt::Last,
        at => at,
    }
}

/// Frames as they are printed; those that are smaller than their place stay so.
pub(super) fn prints(stills: Stills) -> Prints {
    let print = |still: Still| {
        let bytes = jpeg(&still.picture).map_err(|error| error.to_string())?;
        Ok(Print {
            jpeg: Arc::new(bytes),
            width: still.picture.width(),
            height: still.picture.height(),
            time: still.time,
        })
    };
    stills?.into_iter().map(print).collect()
}

/// Does a piece of work for each number below `count`, as many at once as there are
/// cores; the results are in order.
pub(in crate::cli) fn in_order<T: Send>(
    count: usize,
    work: &(dyn Fn(usize) -> T + Sync),
) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(count)).map(|_| scope.spawn(take)).collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use image::Rgb;

    use super::*;

    fn footage(seconds: u64) -> Footage {
        Footage {
            path: PathBuf::from("one.mp4"),
            length: Duration::from_secs(seconds),
        }
    }

    fn grey(at: &[FrameAt]) -> Vec<Still> {
        let still = |_: &FrameAt| Still {
            picture: RgbImage::from_pixel(160, 90, Rgb([90; 3])),
            time: Duration::ZERO,
        };
        at.iter().map(still).collect()
    }

    const WISH: Wish = Wish {
        frames: 5,
        cell: (80, 80),
        poster: Some((FrameAt::Time(Duration::from_secs(7)), 100)),
    };

    #[test]
    fn a_video_is_opened_once_for_frames_and_poster() {
        let asked = Mutex::new(Vec::new());
        let source = |_: &Path, at: &[FrameAt]| {
            asked.lock().expect("nobody panics").push(at.to_vec());
            Ok(grey(at))
        };
        let seen = look(Some(&footage(6)), &WISH, &source);
        let time = |ms| FrameAt::Time(Duration::from_millis(ms));
        assert_eq!(
            *asked.lock().expect("nobody panics"),
            [vec![
                FrameAt::First,
                time(1500),
                FrameAt::Middle,
                time(4500),
                FrameAt::Last,
                // Seven seconds are behind the end.
                FrameAt::Last,
            ]]
        );
        let stills = seen.stills.expect("it was grey");
        assert_eq!(stills.len(), 5);
        assert_eq!(stills[0].picture.dimensions(), (80, 45));
        assert_eq!(seen.poster.map(|poster| poster.width), Some(100));
    }

    #[test]
    fn no_video_is_no_mistake_and_a_broken_one_is() {
        let broken = |_: &Path, _: &[FrameAt]| Err("damaged".to_owned());
        let none = look(None, &WISH, &broken);
        assert!(none.stills.is_ok_and(|stills| stills.is_empty()));
        let seen = look(Some(&footage(6)), &WISH, &broken);
        assert_eq!(seen.stills.err().as_deref(), Some("damaged"));
        let short = |_: &Path, _: &[FrameAt]| Ok(Vec::new());
        assert!(look(Some(&footage(6)), &WISH, &short).stills.is_err());
    }

    #[test]
    fn results_are_in_order_and_each_piece_is_done_once() {
        let done = AtomicUsize::new(0);
        let numbers = in_order(500, &|at| {
            done.fetch_add(1, Ordering::Relaxed);
            at * 2
        });
        assert_eq!(numbers, (0..500).map(|at| at * 2).collect::<Vec<_>>());
        assert_eq!(done.into_inner(), 500);
        assert!(in_order(0, &|at| at).is_empty());
    }
}
