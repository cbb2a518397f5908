//! Pictures that a request carries: what is known of them before they are sent.
//!
//! Owns the rules' application, not the rules (they are in the documents) and
//! not the files (a [`MediaLibrary`] reads them).

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::check::Context;
use crate::diag::{Code, Diagnostic, Span};
use crate::id::ShotId;
use crate::id::sha256_hex;
use crate::shot::{FrameAt, MediaInput, MediaSource};
use crate::spec::ImageRules;

/// What the schema sees where a local picture will be.
pub const STAND_IN: &str = "data:image/png;base64,AAAA";

/// Which part of the request a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaField {
    /// The clip starts with it.
    FirstFrame,
    /// The clip ends with it.
    LastFrame,
    /// The person in the clip.
    Subject,
}

impl MediaField {
    /// The field of the request.
    pub fn request_field(self) -> &'static str {
        match self {
            Self::FirstFrame => "first_frame_image",
            Self::LastFrame => "last_frame_image",
            Self::Subject => "subject_reference",
        }
    }

    /// The key of the manifest.
    pub fn manifest_key(self) -> &'static str {
        match self {
            Self::FirstFrame => "first_frame",
            Self::LastFrame => "last_frame",
            Self::Subject => "subject",
        }
    }

    /// Puts a picture (a URL or data URL) where the request wants it.
    pub fn place(self, body: &mut Map<String, Value>, image: impl Into<Value>) {
        let image: Value = image.into();
        let value = match self {
            Self::FirstFrame | Self::LastFrame => image,
            Self::Subject => json!([{ "type": "character", "image": [image] }]),
        };
        body.insert(self.request_field().to_owned(), value);
    }
}

/// A picture that was looked at, or one that cannot be yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedMedia {
    /// A local file, read again when its turn comes.
    File(MediaFacts),
    /// The service fetches it itself.
    Url(String),
    /// It stands in the manifest itself, as a data URL.
    Inline {
        /// The whole data URL.
        url: String,
        /// SHA-256 of the data URL, 64 hexadecimal digits.
        sha256: String,
    },
    /// A frame of another shot's video, which may not exist yet.
    Frame {
        /// The other shot.
        shot: ShotId,
        /// Which of its frames.
        at: FrameAt,
    },
    /// A frame of another shot's video, taken out of it.
    Taken(TakenFrame),
}

/// A frame that was taken out of another shot's finished video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenFrame {
    /// The other shot.
    pub shot: ShotId,
    /// Which of its frames.
    pub at: FrameAt,
    /// What is on it, and where it is kept.
    pub frame: Frame,
}

/// A frame, kept as a picture that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// SHA-256 of the video that it is from, 64 hexadecimal digits.
    pub video_sha256: String,
    /// SHA-256 of its pixels, 64 hexadecimal digits: the same whatever file they
    /// are kept in, so that another PNG encoder makes no other shot of it.
    pub pixels_sha256: String,
    /// What decoded it, for example `built-in`.
    pub decoder: String,
    /// The picture itself.
    pub picture: MediaFacts,
}

/// What is known of a local picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFacts {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// The true media type, by content.
    pub media_type: &'static str,
    /// Size in bytes.
    pub bytes: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Why a picture cannot be described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaProblem {
    /// There is no such file.
    #[error("there is no file `{path}`")]
    Missing {
        /// Where it was looked for.
        path: String,
        /// A file of a similar name beside it.
        similar: Option<String>,
    },
    /// It is there and cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// It is not a picture of a type that is known here.
    #[error("`{path}` cannot be used: {reason}")]
    NotAPicture {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is far larger than anything a request may carry.
    #[error("`{path}` has {bytes} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
}

/// Describes local pictures; the files are read behind this seam.
pub trait MediaLibrary {
    /// Looks at the file that the manifest calls `path`; nothing over
    /// `max_bytes` is read.
    fn describe(&self, path: &Path, max_bytes: u64) -> Result<MediaFacts, MediaProblem>;
}

pub(super) fn check(
    input: &MediaInput,
    context: &Context<'_>,
) -> Result<CheckedMedia, Box<Diagnostic>> {
    match &input.source {
        MediaSource::Url(url) if url.starts_with("data:") => Ok(CheckedMedia::Inline {
            url: url.clone(),
            sha256: sha256_hex(url.as_bytes()),
        }),
        MediaSource::Url(url) => Ok(CheckedMedia::Url(url.clone())),
        MediaSource::Frame { shot, at } => Ok(CheckedMedia::Frame {
            shot: shot.clone(),
            at: *at,
        }),
        MediaSource::File { path } => {
            let rules = context.spec.image_rules();
            let facts = context
                .media
                .describe(path, rules.max_bytes)
                .map_err(|problem| Box::new(unreadable(&problem, input.span, rules)))?;
            match refusal(&facts, rules) {
                None => Ok(CheckedMedia::File(facts)),
                Some(reason) => Err(Box::new(refused(path, &reason, input.span))),
            }
        }
    }
}

fn unreadable(problem: &MediaProblem, span: Span, rules: &ImageRules) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::Media, span, problem.to_string());
    match problem {
        MediaProblem::Missing {
            similar: Some(name),
            ..
        } => diagnostic.help(format!("did you mean `{name}`?")),
        MediaProblem::Missing { .. } => {
            diagnostic.note("paths are relative to the file that names them")
        }
        MediaProblem::TooLarge { .. } => {
            diagnostic.note(format!("a picture stays under {} bytes", rules.max_bytes))
        }
        MediaProblem::NotAPicture { .. } | MediaProblem::Unreadable { .. } => diagnostic,
    }
}

fn refused(path: &Path, reason: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::Media,
        span,
        format!("the API would refuse `{}`: {reason}", path.display()),
    )
}

/// The rule that a picture breaks, if it breaks one.
fn refusal(facts: &MediaFacts, rules: &ImageRules) -> Option<String> {
    let (width, height) = (u64::from(facts.width), u64::from(facts.height));
    let short = width.min(height);
    if facts.bytes >= rules.max_bytes {
        return Some(format!(
            "it has {} bytes, and a picture stays under {}",
            facts.bytes, rules.max_bytes
        ));
    }
    if short <= u64::from(rules.min_short_side_px_exclusive) {
        return Some(format!(
            "it is {width}x{height}, and the short side has to be over {} pixels",
            rules.min_short_side_px_exclusive
        ));
    }
    let (low, high) = (rules.min_ratio, rules.max_ratio);
    let too_narrow = width * u64::from(low.1) < height * u64::from(low.0);
    let too_wide = width * u64::from(high.1) > height * u64::from(high.0);
    (too_narrow || too_wide).then(|| {
        format!(
            "it is {width}x{height}, and width to height has to be between {}:{} and {}:{}",
            low.0, low.1, high.0, high.1
        )
    })
}
