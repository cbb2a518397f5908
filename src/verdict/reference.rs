//! The first frame that a shot was given, to compare its video with.
//!
//! Owns where such a picture is and that it is still the one that was asked with.
//! Never asks the network for one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::check::CheckedShot;
use crate::check::media::{CheckedMedia, Frame, MediaField};
use crate::event::{ShotFacts, Video};
use crate::id::sha256_hex;
use crate::media::measure::{Glance, glance_of_image};
use crate::media::photo;
use crate::plan::frames::FrameLibrary;
use crate::shot::FrameAt;

/// Where the first frame of a shot is.
#[derive(Debug, Clone)]
pub(super) enum First {
    /// The shot has none.
    None,
    /// A picture on disk, and the digest it was checked with.
    File { path: PathBuf, sha256: String },
    /// A picture in the manifest itself.
    Inline(Arc<str>),
    /// A picture that the service fetches.
    Elsewhere,
    /// A frame of another shot's video.
    Frame(FrameAt),
}

impl First {
    pub(super) fn of(shot: &CheckedShot) -> Self {
        let mut media = shot.request.media().iter();
        let first = media.find(|(field, _)| *field == MediaField::FirstFrame);
        match first {
            None => Self::None,
            Some((_, CheckedMedia::File(facts))) => Self::File {
                path: facts.path.clone(),
                sha256: facts.sha256.clone(),
            },
            Some((_, CheckedMedia::Inline { url, .. })) => Self::Inline(url.as_str().into()),
            Some((_, CheckedMedia::Url(_))) => Self::Elsewhere,
            Some((_, CheckedMedia::Frame { at, .. })) => Self::Frame(*at),
            Some((_, CheckedMedia::Taken(taken))) => Self::Frame(taken.at),
        }
    }

    /// What tells it from other pictures; nothing where there is none to be had.
    pub(super) fn digest(&self, shot: &ShotFacts) -> Option<String> {
        match self {
            Self::None | Self::Elsewhere => None,
            Self::File { sha256, .. } => Some(sha256.clone()),
            Self::Inline(url) => Some(sha256_hex(url.as_bytes())),
            Self::Frame(at) => Some(format!("{}-{at}", source(shot)?)),
        }
    }

    /// What it looks like, cut to the shape of a video as the service cuts it.
    pub(super) fn glance(
        &self,
        shot: &ShotFacts,
        frames: &dyn FrameLibrary,
        (width, height): (u32, u32),
    ) -> Result<Glance, String> {
        let bytes = self.bytes(shot, frames)?;
        let (width, height) = (width.max(1) as usize, height.max(1) as usize);
        let image = photo::cut_to(&bytes, width, height);
        let image = image.map_err(|error| format!("the first frame: {error}"))?;
        Ok(glance_of_image(&image))
    }

    fn bytes(&self, shot: &ShotFacts, frames: &dyn FrameLibrary) -> Result<Vec<u8>, String> {
        match self {
            Self::None => Err("the shot has no first frame".to_owned()),
            Self::Elsewhere => {
                Err("the first frame is an address, and only the service fetches it".to_owned())
            }
            Self::Inline(url) => {
                let (_, text) = url.split_once(',').unwrap_or_default();
                let bytes = BASE64_STANDARD.decode(text);
                bytes.map_err(|_| "the first frame is no whole picture".to_owned())
            }
            Self::File { path, sha256 } => read(path, sha256),
            Self::Frame(at) => {
                let frame = kept(shot, *at, frames);
                let frame = frame.ok_or("the first frame is not kept any more")?;
                read(&frame.picture.path, &frame.picture.sha256)
            }
        }
    }
}

/// SHA-256 of the video that the first frame is from.
fn source(shot: &ShotFacts) -> Option<&String> {
    let mut used = shot.frames.iter();
    let used = used.find(|frame| frame.field == MediaField::FirstFrame.manifest_key())?;
    used.video_sha256.as_ref()
}

/// The frame that the request was made with.
fn kept(shot: &ShotFacts, at: FrameAt, frames: &dyn FrameLibrary) -> Option<Frame> {
    // Only the digest is looked at: the picture was kept when it was sent.
    let video = Video {
        path: String::new(),
        bytes: 0,
        sha256: source(shot)?.clone(),
        width: 0,
        height: 0,
        duration_ms: 0,
        fps: 0.0,
        codec: String::new(),
    };
    frames.kept(&video, at)
}

fn read(path: &Path, sha256: &str) -> Result<Vec<u8>, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = std::fs::read(path)
        .map_err(|error| format!("the first frame `{name}` cannot be read: {error}"))?;
    if sha256_hex(&bytes) != sha256 {
        return Err(format!("the first frame `{name}` is not what it was"));
    }
    Ok(bytes)
}
