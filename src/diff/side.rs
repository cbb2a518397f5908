//! A document as it is compared: whichever kind it is, facts with names.
//!
//! Owns the one shape that reports, plans and locks are brought to. Never decides
//! which facts count.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::model::{Clip, Document, Group, Seen};
use crate::plan::changes::manifest_key;

/// One document.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// What it is.
    pub document: Document,
    /// The backend; requests to two of them have other fingerprints.
    pub backend: Option<String>,
    /// What this kind of document tells.
    pub tells: BTreeSet<Group>,
    /// Facts of the document as a whole.
    pub facts: Vec<Fact>,
    /// Its shots, in its order.
    pub shots: Vec<SideShot>,
}

/// One shot of a document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SideShot {
    /// Its name.
    pub id: String,
    /// Whether it is what a shot was earlier.
    pub earlier: bool,
    /// Hash of what is asked for; `None` while a part is another shot's frame.
    pub fingerprint: Option<String>,
    /// The facts that are compared.
    pub facts: Vec<Fact>,
    /// What is told of it in a sentence.
    pub why: Option<String>,
    /// Its video, where there is a file.
    pub video: Option<Clip>,
}

/// A fact with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub group: Group,
    /// Its name.
    pub field: String,
    /// What it is.
    pub value: Value,
    /// Whether another document that has no such fact may simply not know it.
    pub may_be_unknown: bool,
    /// Whether it is told beside, and never makes a difference.
    pub beside: bool,
}

/// A frame of another shot in a request.
#[derive(Debug, Clone, Copy)]
pub struct FrameOf<'a> {
    /// What it is used as, as authors say it: `first_frame`.
    pub field: &'a str,
    /// The other shot.
    pub shot: &'a str,
    /// Which of its frames.
    pub at: &'a str,
    /// Its pixels, where the video is there.
    pub pixels_sha256: Option<&'a str>,
}

impl Fact {
    /// A fact; one that is null is none.
    pub fn new(group: Group, field: &str, value: impl Into<Value>) -> Option<Self> {
        let value = value.into();
        (!value.is_null()).then(|| Self {
            group,
            field: field.to_owned(),
            value,
            may_be_unknown: false,
            beside: false,
        })
    }

    /// The same, where a document without it does not deny it.
    #[must_use]
    pub fn unknown_elsewhere(self) -> Self {
        Self {
            may_be_unknown: true,
            ..self
        }
    }

    /// The same, as something that never makes a difference.
    #[must_use]
    pub fn beside(self) -> Self {
        Self {
            beside: true,
            ..self
        }
    }
}

/// What a request asks for, as authors name it; a frame of another shot's video
/// is which frame it is, and its pixels are a fact of their own.
pub fn request_facts<'a>(
    request: &Map<String, Value>,
    frames: impl IntoIterator<Item = FrameOf<'a>>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fields = BTreeSet::new();
    let mut of_frames = Vec::new();
    for frame in frames {
        fields.insert(frame.field);
        let value = json!({ "shot": frame.shot, "frame": frame.at });
        of_frames.extend(Fact::new(Group::Settings, frame.field, value));
        let pixels = frame
            .pixels_sha256
            .map(|sha256| json!({ "sha256": sha256 }));
        let pixels = Fact::new(Group::Frames, frame.field, pixels);
        of_frames.extend(pixels.map(Fact::unknown_elsewhere));
    }
    for (field, value) in request {
        let name = manifest_key(field);
        let group = if field == "prompt" {
            Group::Prompt
        } else {
            Group::Settings
        };
        if !fields.contains(name) {
            facts.extend(Fact::new(group, name, value.clone()));
        }
    }
    facts.append(&mut of_frames);
    facts
}

impl SideShot {
    /// The first fact of this name.
    pub(super) fn fact(&self, group: Group, field: &str) -> Option<&Value> {
        let mut facts = self.facts.iter();
        facts
            .find(|fact| fact.group == group && fact.field == field)
            .map(|fact| &fact.value)
    }

    /// What a person looks at; `position` counts from 1.
    pub(super) fn seen(&self, position: usize) -> Seen {
        let text = |group, field| {
            let value = self.fact(group, field)?;
            value.as_str().map(ToOwned::to_owned)
        };
        Seen {
            position,
            earlier_version: self.earlier,
            prompt: text(Group::Prompt, "prompt"),
            decision: text(Group::Decision, "decision"),
            outcome: text(Group::Outcome, "outcome"),
            why: self.why.clone(),
            price: text(Group::Price, "price"),
            video: self.video.clone(),
        }
    }
}
