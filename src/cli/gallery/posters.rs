//! A still of each video, kept in the output folder.
//!
//! Owns the names of kept stills: the digest of the video and the mean colour, so
//! that a look at the folder tells all that is known. Taken on all cores, a few in
//! memory at a time. Never an error: a video without a still is shown without one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use crate::cli::env::Environment;
use crate::cli::sheet::pictures::{decode, in_order};
use crate::engine::Shutdown;
use crate::media::frames::Tools;
use crate::media::thumbnail::{Thumbnail, is_own_jpeg, thumbnail};
use crate::report::gallery::{Picture, Poster};
use crate::shot::FrameAt;
use crate::store::{Layout, write_atomic};

/// Of a card on a screen with two pixels to a point, nearly.
const WIDTH: u32 = 480;

/// What a page holds of stills; the rest are files beside it. Browsers read pages
/// of this size at once, and mail lets them through.
const INSIDE_BYTES: usize = 8 * 1024 * 1024;

/// A video of which a still is wanted.
pub(super) struct Footage {
    pub(super) sha256: String,
    /// Relative to the output folder, with forward slashes.
    pub(super) path: String,
}

/// The stills of these videos, by digest; new ones unless the run is to end.
pub(super) fn posters(
    footage: &[Footage],
    layout: &Layout,
    shutdown: &Shutdown,
) -> BTreeMap<String, Poster> {
    let folder = layout.posters();
    let mut kept = kept(&folder);
    let mut asked = BTreeSet::new();
    let missing: Vec<&Footage> = footage
        .iter()
        .filter(|one| !kept.contains_key(&one.sha256) && asked.insert(&one.sha256))
        .collect();
    let writable = missing.is_empty() || fs::create_dir_all(&folder).is_ok();
    if writable {
        let ended = || shutdown.interrupt.is_cancelled() || shutdown.terminate.is_cancelled();
        let made = in_order(missing.len(), &|at| {
            let one = missing[at];
            (!ended()).then(|| make(&layout.path(&one.path), &one.sha256, &folder))
        });
        let made = missing.iter().zip(made.into_iter().map(Option::flatten));
        kept.extend(made.filter_map(|(one, made)| Some((one.sha256.clone(), made?))));
    }
    take_in(footage, &kept)
}

/// A still that is kept.
struct Kept {
    path: PathBuf,
    mean: [u8; 3],
}

/// What earlier runs left.
fn kept(folder: &Path) -> HashMap<String, Kept> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let (digest, mean) = name.to_str()?.strip_suffix(".jpg")?.split_once('.')?;
            let mean = colour(mean)?;
            let path = entry.path();
            Some((digest.to_owned(), Kept { path, mean }))
        })
        .collect()
}

fn colour(digits: &str) -> Option<[u8; 3]> {
    let is_one = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_one)?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue])
}

fn make(video: &Path, sha256: &str, folder: &Path) -> Option<Kept> {
    let Thumbnail { jpeg, mean, .. } = still(video)?;
    let [red, green, blue] = mean;
    let path = folder.join(format!("{sha256}.{red:02x}{green:02x}{blue:02x}.jpg"));
    write_atomic(&path, &jpeg).ok()?;
    Some(Kept { path, mean })
}

fn still(video: &Path) -> Option<Thumbnail> {
    let ffmpeg = Environment::ffmpeg();
    let tools = Tools {
        ffmpeg: ffmpeg.as_deref(),
    };
    // A decoder that fails on a file from outside takes no run with it; nothing
    // that it touched is used after a panic.
    let taken = panic::catch_unwind(AssertUnwindSafe(|| {
        decode(video, &[FrameAt::Middle], &tools)
    }));
    let still = taken.ok()?.ok()?.pop()?;
    thumbnail(&still.picture, WIDTH).ok()
}

/// In the order of the film, so that what does not fit is the end of it.
fn take_in(footage: &[Footage], kept: &HashMap<String, Kept>) -> BTreeMap<String, Poster> {
    let mut posters = BTreeMap::new();
    let mut left = INSIDE_BYTES;
    for one in footage {
        let Some(Kept { path, mean }) = kept.get(&one.sha256) else {
            continue;
        };
        if posters.contains_key(&one.sha256) {
            continue;
        }
        let size = fs::metadata(path).map_or(u64::MAX, |found| found.len());
        let picture = match usize::try_from(size) {
            Ok(size) if size <= left => match fs::read(path) {
                Ok(jpeg) if is_own_jpeg(&jpeg) => {
                    left = left.saturating_sub(jpeg.len());
                    Picture::Inside(jpeg)
                }
                _ => continue,
            },
            _ => {
                // Once it is full, all that follows are files: no small ones in between.
                left = 0;
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                Picture::Beside(format!("{}/{name}", Layout::POSTERS))
            }
        };
        let mean = *mean;
        posters.insert(one.sha256.clone(), Poster { picture, mean });
    }
    posters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_colour() {
        assert_eq!(colour("0a10ff"), Some([10, 16, 255]));
        for wrong in ["", "0a10f", "0a10ff0", "zzzzzz", "+a10ff"] {
            assert_eq!(colour(wrong), None, "{wrong}");
        }
    }
}
