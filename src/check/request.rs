//! The request of a checked shot, in three views: to send, to show, to hash.
//!
//! Owns how media appear in each view. Never touches a file: the bytes of a
//! picture are handed in when the request is sent, so that ten thousand shots
//! do not hold ten thousand pictures.

use serde_json::{Map, Value, json};

use crate::check::media::{CheckedMedia, Frame, MediaField, TakenFrame};
use crate::id::ShotId;
use crate::shot::FrameAt;
use crate::spec::{Mode, Spec};

/// A request that the documents allow. Built only by `check`.
#[derive(Debug, Clone)]
pub struct CheckedRequest {
    shot: ShotId,
    mode: Mode,
    model: String,
    body: Map<String, Value>,
    media: Vec<(MediaField, CheckedMedia)>,
    seconds: u32,
    resolution: String,
}

/// A request with its pictures inside, ready to leave. Built only from a
/// [`CheckedRequest`]; a provider takes nothing else.
#[derive(Debug, Clone)]
pub struct Request {
    shot: ShotId,
    body: Map<String, Value>,
    shown: Map<String, Value>,
}

impl Request {
    /// The shot that it is for; a service does not see this.
    pub fn shot(&self) -> &ShotId {
        &self.shot
    }

    /// The JSON body.
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// The same as it is hashed and remembered: pictures by their digests.
    pub fn shown(&self) -> &Map<String, Value> {
        &self.shown
    }

    /// Where the service shall say what becomes of it. Not a part of what is asked
    /// for: another address is not another video.
    #[must_use]
    pub fn called_back_at(mut self, url: String) -> Self {
        let name = "callback_url".to_owned();
        self.body.insert(name, Value::String(url));
        self
    }

    /// Gives the JSON body away without copying the pictures in it.
    pub fn into_body(self) -> Map<String, Value> {
        self.body
    }
}

impl CheckedRequest {
    pub(super) fn new(
        shot: ShotId,
        mode: Mode,
        model: String,
        body: Map<String, Value>,
        media: Vec<(MediaField, CheckedMedia)>,
        spec: &Spec,
    ) -> Self {
        let whole = Value::Object(body);
        // The documents state both for every mode; `tests/spec.rs` holds that.
        let seconds = spec.output_seconds(mode, &whole).unwrap_or_default();
        let resolution = spec.output_resolution(mode, &whole).unwrap_or_default();
        let Value::Object(body) = whole else {
            unreachable!("an object was wrapped two lines above")
        };
        Self {
            shot,
            mode,
            model,
            body,
            media,
            seconds,
            resolution,
        }
    }

    /// T2V, I2V, FL2V or S2V.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The model that is asked for.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The prompt as it is sent; empty where there is none.
    pub fn prompt(&self) -> &str {
        self.body
            .get("prompt")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The length of the clip in seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The resolution of the clip, for example `768P`.
    pub fn resolution(&self) -> &str {
        &self.resolution
    }

    /// Its pictures.
    pub fn media(&self) -> &[(MediaField, CheckedMedia)] {
        &self.media
    }

    /// Shots whose frames it needs, whether they were taken already or not.
    pub fn depends_on(&self) -> Vec<ShotId> {
        self.shots_of(|media| match media {
            CheckedMedia::Frame { shot, .. } => Some(shot),
            CheckedMedia::Taken(taken) => Some(&taken.shot),
            CheckedMedia::File(_) | CheckedMedia::Url(_) | CheckedMedia::Inline { .. } => None,
        })
    }

    /// Shots whose frames are not in it yet.
    pub fn waits_for(&self) -> Vec<ShotId> {
        self.shots_of(|media| match media {
            CheckedMedia::Frame { shot, .. } => Some(shot),
            _ => None,
        })
    }

    fn shots_of(&self, which: impl Fn(&CheckedMedia) -> Option<&ShotId>) -> Vec<ShotId> {
        let mut shots: Vec<ShotId> = Vec::new();
        for shot in self.media.iter().filter_map(|(_, media)| which(media)) {
            if !shots.contains(shot) {
                shots.push(shot.clone());
            }
        }
        shots
    }

    /// The request with the frames in it that `take` has; `Ok(None)` leaves one
    /// for later.
    ///
    /// # Errors
    ///
    /// The first one of `take`.
    pub fn with_frames<E>(
        mut self,
        mut take: impl FnMut(&ShotId, FrameAt) -> Result<Option<Frame>, E>,
    ) -> Result<Self, E> {
        for (_, media) in &mut self.media {
            let CheckedMedia::Frame { shot, at } = media else {
                continue;
            };
            if let Some(frame) = take(shot, *at)? {
                let (shot, at) = (shot.clone(), *at);
                *media = CheckedMedia::Taken(TakenFrame { shot, at, frame });
            }
        }
        Ok(self)
    }

    /// The request as it is hashed and remembered: local pictures by digest and type,
    /// so that moving a file changes nothing. An address stands in it in full, so
    /// whoever shows it asks [`link`](crate::check::link) first.
    pub fn shown(&self) -> Map<String, Value> {
        let mut body = self.body.clone();
        for (field, media) in &self.media {
            let value = match media {
                CheckedMedia::File(facts) => {
                    json!({ "sha256": facts.sha256, "media_type": facts.media_type })
                }
                CheckedMedia::Url(url) => Value::String(url.clone()),
                CheckedMedia::Inline { sha256, .. } => json!({ "sha256": sha256 }),
                CheckedMedia::Frame { shot, at } => {
                    json!({ "shot": shot.as_str(), "frame": at.to_string() })
                }
                // Not whose frame it is: a shot that is renamed is paid for once.
                CheckedMedia::Taken(taken) => {
                    json!({ "pixels_sha256": taken.frame.pixels_sha256 })
                }
            };
            field.place(&mut body, value);
        }
        body
    }

    /// The request to send; `load` gives the URL or data URL of each picture.
    pub fn to_send<E>(
        &self,
        mut load: impl FnMut(&CheckedMedia) -> Result<String, E>,
    ) -> Result<Request, E> {
        let mut body = self.body.clone();
        for (field, media) in &self.media {
            field.place(&mut body, load(media)?);
        }
        let (shot, shown) = (self.shot.clone(), self.shown());
        Ok(Request { shot, body, shown })
    }
}
