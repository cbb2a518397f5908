//! The four ways to ask for a video, told apart by the fields of the request.

use std::fmt;

use serde_json::{Map, Value};

use super::shared::REQUESTS;

/// How a video is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// From a prompt alone.
    TextToVideo,
    /// From a first frame.
    ImageToVideo,
    /// Between a first and a last frame.
    FirstLastFrame,
    /// With a subject that the video keeps.
    SubjectReference,
}

impl Mode {
    /// Every mode, in the order of the declaration.
    pub const ALL: [Mode; 4] = [
        Mode::TextToVideo,
        Mode::ImageToVideo,
        Mode::FirstLastFrame,
        Mode::SubjectReference,
    ];

    /// The short name: T2V, I2V, FL2V or S2V.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::TextToVideo => "T2V",
            Mode::ImageToVideo => "I2V",
            Mode::FirstLastFrame => "FL2V",
            Mode::SubjectReference => "S2V",
        }
    }

    /// The name in a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Mode::TextToVideo => "text-to-video",
            Mode::ImageToVideo => "image-to-video",
            Mode::FirstLastFrame => "first-and-last-frame video",
            Mode::SubjectReference => "subject-reference video",
        }
    }

    /// The schema of this mode's request in the documents.
    pub fn component(self) -> &'static str {
        REQUESTS[self as usize]
    }

    /// The mode that a request asks for by the fields it carries.
    ///
    /// The service decides in the same way: nothing in a request names a mode.
    pub fn of_request(request: &Map<String, Value>) -> Mode {
        if request.contains_key("subject_reference") {
            Mode::SubjectReference
        } else if request.contains_key("last_frame_image") {
            Mode::FirstLastFrame
        } else if request.contains_key("first_frame_image") {
            Mode::ImageToVideo
        } else {
            Mode::TextToVideo
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
