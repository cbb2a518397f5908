//! What a create asks for, and when two ask for the same.
//!
//! Owns the comparison: all fields but the address of callbacks, links without what
//! makes them work, pictures by digest. A picture has several: of its bytes, of the
//! data URL that it came in, of its pixels; one that fits is enough, so that another
//! encoder of frames makes no other request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::check::link;
use crate::check::media::MediaField;
use crate::id::sha256_hex;
use crate::plan::fingerprint::canonical_text;

/// What stands in the place of a picture when the rest is compared.
const PICTURE: &str = "<picture>";

/// Keys of digests where a request is shown.
const DIGESTS: [&str; 2] = ["sha256", "pixels_sha256"];

/// A create that can be compared.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As people are shown it.
    pub shown: Map<String, Value>,
    /// All but the pictures.
    skeleton: String,
    /// The digests of each picture, in the order of the fields' names.
    pictures: Vec<Vec<String>>,
}

/// A picture in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub sha256: String,
    /// Digest of the data URL.
    pub url_sha256: String,
}

impl Asked {
    /// From a request as it is hashed and remembered; `None` while a part of it is a
    /// frame that is not there yet.
    pub fn of_shown(shown: &Map<String, Value>) -> Option<Self> {
        let mut body = link::shown(shown);
        body.remove("callback_url");
        let shown = body.clone();
        let mut pictures = Vec::new();
        let mut to_come = false;
        in_media(&mut body, &mut |value| {
            to_come |= value.get("shot").is_some();
            if let Some(digests) = digests(value) {
                pictures.push(digests);
                *value = Value::String(PICTURE.to_owned());
            }
        });
        (!to_come).then(|| Self {
            shown,
            skeleton: canonical_text(&body),
            pictures,
        })
    }

    /// From a body as it is sent, with the pictures in it; `None` for what is no
    /// JSON object.
    pub fn of_body(bytes: &[u8]) -> Option<(Self, Vec<Media>)> {
        let Ok(Value::Object(mut body)) = serde_json::from_slice(bytes) else {
            return None;
        };
        let mut media = Vec::new();
        in_media(&mut body, &mut |value| {
            if let Value::String(url) = &*value
                && let Some(picture) = Media::of(url)
            {
                *value = serde_json::json!({ "sha256": picture.sha256 });
                media.push(picture);
            }
        });
        let mut asked = Self::of_shown(&body)?;
        for (digests, media) in asked.pictures.iter_mut().zip(&media) {
            digests.push(media.url_sha256.clone());
        }
        Some((asked, media))
    }

    /// The same, knowing more digests of each picture.
    #[must_use]
    pub fn also(mut self, more: impl Iterator<Item = String>) -> Self {
        for (digests, more) in self.pictures.iter_mut().zip(more) {
            if !digests.contains(&more) {
                digests.push(more);
            }
        }
        self
    }

    /// The pictures, by their digests, each as it is shown.
    pub fn pictures(&self) -> Vec<(&[String], Value)> {
        let mut shown = Vec::new();
        in_media(&mut self.shown.clone(), &mut |value| {
            if digests(value).is_some() {
                shown.push(value.clone());
            }
        });
        let known = self.pictures.iter().map(Vec::as_slice);
        known.zip(shown).collect()
    }

    /// As people are shown it, its pictures as `known` shows those of such digests: a
    /// frame is one whether its pixels were recorded or its file.
    pub fn shown_as(&self, known: impl Fn(&[String]) -> Option<Value>) -> Map<String, Value> {
        let mut shown = self.shown.clone();
        let mut pictures = self.pictures.iter();
        in_media(&mut shown, &mut |value| {
            if digests(value).is_some()
                && let Some(other) = pictures.next().and_then(|digests| known(digests))
            {
                *value = other;
            }
        });
        shown
    }

    /// All but the pictures; the same for all that may be the same.
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }

    /// Whether both ask for the same.
    pub fn is(&self, other: &Self) -> bool {
        let fits = |(one, other): (&Vec<String>, &Vec<String>)| {
            one.iter().any(|digest| other.contains(digest))
        };
        self.skeleton == other.skeleton
            && self.pictures.len() == other.pictures.len()
            && self.pictures.iter().zip(&other.pictures).all(fits)
    }

    /// Whether there is a picture in it.
    pub fn has_pictures(&self) -> bool {
        !self.pictures.is_empty()
    }
}

impl Media {
    /// The picture in a data URL.
    fn of(url: &str) -> Option<Self> {
        let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
        let bytes = if head.ends_with(";base64") {
            BASE64_STANDARD.decode(data.trim()).ok()?
        } else {
            data.as_bytes().to_vec()
        };
        Some(Self {
            sha256: sha256_hex(&bytes),
            url_sha256: sha256_hex(url.as_bytes()),
            bytes,
        })
    }
}

/// The digests of a picture as it is shown; `None` for what is none.
fn digests(value: &Value) -> Option<Vec<String>> {
    let object = value.as_object()?;
    let digests = DIGESTS.iter().filter_map(|key| object.get(*key)?.as_str());
    let digests: Vec<String> = digests.map(ToOwned::to_owned).collect();
    (!digests.is_empty()).then_some(digests)
}

/// Goes to every part of a request where a picture can be, in the order of names.
fn in_media(body: &mut Map<String, Value>, visit: &mut impl FnMut(&mut Value)) {
    let mut fields = [
        MediaField::FirstFrame,
        MediaField::LastFrame,
        MediaField::Subject,
    ]
    .map(MediaField::request_field);
    fields.sort_unstable();
    for field in fields {
        if let Some(value) = body.get_mut(field) {
            each(value, visit);
        }
    }
}

/// Leaves and innermost objects; depth is that of JSON that could be read.
fn each(value: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, visit)),
        Value::Object(object) => {
            let mut values: Vec<_> = object.iter_mut().collect();
            values.sort_by(|one, other| one.0.cmp(other.0));
            for (_, item) in values {
                each(item, visit);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::{Map, Value, json};

    use super::Asked;
    use crate::id::sha256_hex;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            _ => Map::new(),
        }
    }

    fn shown(value: Value) -> Asked {
        Asked::of_shown(&object(value)).expect("it is whole")
    }

    fn sent(value: &Value) -> Asked {
        let (asked, _) = Asked::of_body(value.to_string().as_bytes()).expect("it is JSON");
        asked
    }

    #[test]
    fn what_is_sent_is_what_was_planned() {
        let url = format!(
            "data:image/png;base64,{}",
            BASE64_STANDARD.encode(b"picture")
        );
        let body = json!({
            "prompt": "data:,a", "model": "m", "first_frame_image": url,
            "callback_url": "https://me.example/7",
            "subject_reference": [{ "type": "character", "image": ["https://a.example/b.png?s=1"] }],
        });
        let subject = json!([{ "type": "character", "image": ["https://a.example/b.png?s=2"] }]);
        for digest in [sha256_hex(b"picture"), sha256_hex(url.as_bytes())] {
            let planned = shown(json!({
                "model": "m", "prompt": "data:,a", "subject_reference": subject,
                "first_frame_image": { "sha256": digest, "media_type": "image/png" },
            }));
            assert!(sent(&body).is(&planned) && planned.is(&sent(&body)));
        }
        let other = shown(json!({
            "model": "m", "prompt": "data:,a", "subject_reference": subject,
            "first_frame_image": { "sha256": "00", "media_type": "image/png" },
        }));
        assert!(!sent(&body).is(&other));
        let without = shown(json!({ "model": "m", "prompt": "data:,a" }));
        assert!(!sent(&body).is(&without));
    }

    #[test]
    fn a_frame_that_is_to_come_is_not_compared() {
        let waits = json!({ "first_frame_image": { "shot": "a", "frame": "last" } });
        assert!(Asked::of_shown(&object(waits)).is_none());
        assert!(Asked::of_body(b"[]").is_none() && Asked::of_body(b"{").is_none());
    }
}
