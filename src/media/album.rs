//! Frames of finished videos, kept as pictures: the [`FrameLibrary`] of a real
//! output folder.
//!
//! Owns the files under `.runner/frames/`. A frame is decoded once for each
//! video and place; what is kept is found again by the video's digest, so that a
//! video that is fetched again, renamed or moved aside has its frames still.
//! Everything here can be made again from the videos.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::check::media::{Frame, MediaFacts};
use crate::event::Video;
use crate::id::sha256_hex;
use crate::media::frames::{self, Tools};
use crate::plan::frames::FrameLibrary;
use crate::shot::FrameAt;
use crate::store::{self, Layout};

/// What stands beside a kept picture.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    pixels_sha256: String,
    decoder: String,
    sha256: String,
    bytes: u64,
    width: u32,
    height: u32,
}

/// The frames of one output folder.
#[derive(Debug)]
pub struct Album {
    layout: Layout,
    ffmpeg: Option<PathBuf>,
    /// Whether nothing may be written: frames are then kept in memory only, and
    /// cannot be sent.
    only_looking: bool,
    known: Mutex<HashMap<(String, String), Frame>>,
}

impl Album {
    /// Of a folder whose lock this process holds.
    pub fn new(layout: Layout, ffmpeg: Option<PathBuf>) -> Self {
        Self {
            layout,
            ffmpeg,
            only_looking: false,
            known: Mutex::default(),
        }
    }

    /// Of a folder in which nothing is written.
    pub fn only_looking(layout: Layout, ffmpeg: Option<PathBuf>) -> Self {
        Self {
            only_looking: true,
            ..Self::new(layout, ffmpeg)
        }
    }

    fn picture(&self, video: &Video, at: FrameAt) -> PathBuf {
        let name = format!("{}-{at}.png", video.sha256);
        self.layout.frames().join(name)
    }

    /// Reads what an earlier run kept; anything odd about it makes it unknown.
    fn read(&self, video: &Video, at: FrameAt) -> Option<Frame> {
        let path = self.picture(video, at);
        let note = fs::read(path.with_extension("json")).ok()?;
        let note: Note = serde_json::from_slice(&note).ok()?;
        let whole = store::digest(&path).is_ok_and(|sha256| sha256 == note.sha256);
        whole.then(|| frame(path, video, note))
    }

    fn decode(&self, video: &Video, at: FrameAt) -> Result<Frame, String> {
        let name = &video.path;
        let path = self.layout.path(name);
        // What is decoded decides what is paid for, so that it has to be the very
        // file that is on record.
        let digest = store::digest(&path).map_err(|error| format!("`{name}`: {error}"))?;
        if digest != video.sha256 {
            return Err(format!("`{name}` is not the video that was saved"));
        }
        let tools = Tools {
            ffmpeg: self.ffmpeg.as_deref(),
        };
        let refused = |error: &dyn std::error::Error| {
            format!("no {at} frame can be taken out of `{name}`: {error}")
        };
        // Decoders are fenced where they are called; this is for the rest of the way to a
        // picture. No hostile file may end a run with creates in flight, and nothing of
        // what was taken is used after a panic.
        let taken = panic::catch_unwind(AssertUnwindSafe(|| frames::take(&path, &[at], &tools)));
        let taken = taken
            .map_err(|_| format!("no {at} frame can be taken out of `{name}`: its decoder failed"))?
            .map_err(|error| refused(&error))?;
        let Some(taken) = taken.into_iter().next() else {
            return Err(format!("no {at} frame can be taken out of `{name}`"));
        };
        let picture = frames::encode_png(&taken);
        let note = Note {
            pixels_sha256: taken.digest(),
            decoder: taken.decoder.to_string(),
            sha256: sha256_hex(&picture),
            bytes: picture.len() as u64,
            width: taken.width,
            height: taken.height,
        };
        let path = self.picture(video, at);
        if !self.only_looking {
            keep(&path, &picture, &note)
                .map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
        }
        Ok(frame(path, video, note))
    }

    fn remember(&self, video: &Video, at: FrameAt, frame: &Frame) {
        let key = (video.sha256.clone(), at.to_string());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, frame.clone());
    }
}

impl FrameLibrary for Album {
    fn kept(&self, video: &Video, at: FrameAt) -> Option<Frame> {
        let key = (video.sha256.clone(), at.to_string());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frame) = known.get(&key) {
            return Some(frame.clone());
        }
        drop(known);
        let frame = self.read(video, at)?;
        self.remember(video, at, &frame);
        Some(frame)
    }

    fn take(&self, video: &Video, at: FrameAt) -> Result<Frame, String> {
        if let Some(frame) = self.kept(video, at) {
            return Ok(frame);
        }
        let frame = self.decode(video, at)?;
        self.remember(video, at, &frame);
        Ok(frame)
    }
}

fn frame(path: PathBuf, video: &Video, note: Note) -> Frame {
    Frame {
        video_sha256: video.sha256.clone(),
        pixels_sha256: note.pixels_sha256,
        decoder: note.decoder,
        picture: MediaFacts {
            path,
            sha256: note.sha256,
            media_type: "image/png",
            bytes: note.bytes,
            width: note.width,
            height: note.height,
        },
    }
}

/// The note comes last: without it the picture is nobody's. Whole or not at all,
/// also where two shots take the same frame at once.
fn keep(path: &Path, picture: &[u8], note: &Note) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let note = serde_json::to_vec(note).expect("a note has only text keys");
    let place = |bytes: &[u8], path: &Path| {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error).map(drop)
    };
    place(picture, path)?;
    place(&note, &path.with_extension("json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::clip::{ClipRequest, render_tiny};

    /// A folder with one video in it.
    fn folder() -> (tempfile::TempDir, Video) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bytes = render_tiny(&ClipRequest {
            width: 1366,
            height: 768,
            duration_ms: 1_000,
            fps: 24,
            seed: 3,
            title: "a",
            prompt: "",
            moves: &[],
            first_frame: None,
            last_frame: None,
        })
        .expect("a tiny clip can always be made");
        fs::write(folder.path().join("a.mp4"), &bytes).expect("the folder is ours");
        let video = Video {
            path: "a.mp4".to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256_hex(&bytes),
            width: 64,
            height: 36,
            duration_ms: 1_000,
            fps: 24.0,
            codec: "avc1.42C00B".to_owned(),
        };
        (folder, video)
    }

    #[test]
    fn a_frame_is_kept_for_its_video_whatever_becomes_of_the_file() {
        let (folder, video) = folder();
        let layout = Layout::new(folder.path());
        let first = Album::new(layout.clone(), None);
        let taken = first.take(&video, FrameAt::Last).expect("it is whole");
        let picture = fs::read(&taken.picture.path).expect("it is kept");
        assert_eq!(sha256_hex(&picture), taken.picture.sha256);
        fs::remove_file(folder.path().join("a.mp4")).expect("it is there");
        let later = Album::only_looking(layout, None);
        assert_eq!(later.kept(&video, FrameAt::Last), Some(taken.clone()));
        assert_eq!(later.take(&video, FrameAt::Last), Ok(taken.clone()));
        // Half of a picture is no picture.
        fs::write(&taken.picture.path, &picture[1..]).expect("it is ours");
        let again = Album::only_looking(Layout::new(folder.path()), None);
        assert_eq!(again.kept(&video, FrameAt::Last), None);
    }

    #[test]
    fn another_file_under_the_name_of_the_video_gives_no_frame() {
        let (folder, video) = folder();
        let other = Video {
            sha256: "0".repeat(64),
            ..video.clone()
        };
        let album = Album::new(Layout::new(folder.path()), None);
        let refused = album.take(&other, FrameAt::First);
        assert_eq!(
            refused.expect_err("it is another one"),
            "`a.mp4` is not the video that was saved"
        );
        fs::write(folder.path().join("a.mp4"), b"words").expect("it is ours");
        assert!(album.take(&video, FrameAt::First).is_err());
    }

    #[test]
    fn who_only_looks_writes_nothing() {
        let (folder, video) = folder();
        let album = Album::only_looking(Layout::new(folder.path()), None);
        let taken = album.take(&video, FrameAt::First).expect("it is whole");
        assert!(!taken.picture.path.exists());
        assert_eq!(
            album.take(&video, FrameAt::First),
            Ok(taken),
            "it is decoded once"
        );
    }
}
