//! What a create asks for: validated, with its pictures, size, length and digest.
//!
//! Owns the way from a body to an [`Order`]. Pure: it creates nothing, and the
//! same body gives the same order. What is allowed is asked of the documents.

use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Clips;
use super::answer::Refusal;
use super::picture::Still;
use super::prompt;
use crate::media::clip::Flaw;
use crate::media::motion::Move;
use crate::media::script::Script;
use crate::spec::{ImageRules, Mode, Spec};

/// Texts longer than this many bytes are kept by their digest alone.
const LONG: usize = 8192;
/// The longest side that is made, in pixels.
const LONGEST_SIDE: u32 = 3840;

/// An accepted request, ready to be made.
#[derive(Debug)]
pub(super) struct Order {
    /// Seed, body and shot name in one number.
    pub(super) digest: [u8; 32],
    /// The shot that the request names.
    pub(super) shot: Option<String>,
    pub(super) title: String,
    /// The prompt as clips show it.
    pub(super) text: String,
    pub(super) moves: Vec<Vec<Move>>,
    /// Width and height in pixels, even.
    pub(super) size: (u32, u32),
    pub(super) seconds: u32,
    pub(super) first: Option<Still>,
    pub(super) last: Option<Still>,
    /// What shall be wrong with the clip.
    pub(super) flaw: Option<Flaw>,
    /// Where changes of the task are posted, http or https.
    pub(super) callback: Option<String>,
    /// The body with long texts shortened.
    pub(super) body: Value,
}

/// A body as far as it could be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The prompt as sent; empty where there is none.
    pub(super) prompt: String,
    /// The start of the digest: the same for the same body.
    pub(super) key: u64,
    pub(super) order: Result<Order, Refusal>,
}

/// What bodies are read by.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    spec: &'static Spec,
    seed: u64,
    images: Arc<ImageRules>,
}

impl Rules {
    /// Those of the documents. Tiny clips are smaller than the least picture of the
    /// API, and a frame of one has to be taken all the same.
    pub(super) fn new(spec: &'static Spec, seed: u64, clips: Clips) -> Self {
        let mut images = spec.image_rules().clone();
        if clips == Clips::Tiny {
            images.min_short_side_px_exclusive = 0;
        }
        let images = Arc::new(images);
        Self { spec, seed, images }
    }
}

/// Reads the body of a create.
pub(super) fn read(rules: &Rules, shot: Option<String>, body: &[u8]) -> Reading {
    let refused = |message: String| Reading {
        prompt: String::new(),
        key: 0,
        order: Err(Refusal::params(&message)),
    };
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(error) => return refused(format!("the body is not JSON: {error}")),
    };
    let Some(fields) = body.as_object() else {
        return refused("the body is not a JSON object".to_owned());
    };
    let digest = digest(rules.seed, shot.as_deref(), fields);
    let prompt = fields
        .get("prompt")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Reading {
        prompt: prompt.to_owned(),
        key: number(&digest, 0),
        order: order(rules, digest, shot, &body, fields),
    }
}

fn order(
    rules: &Rules,
    digest: [u8; 32],
    shot: Option<String>,
    body: &Value,
    fields: &Map<String, Value>,
) -> Result<Order, Refusal> {
    let spec = rules.spec;
    let mode = Mode::of_request(fields);
    let violations = spec.validate(mode, body);
    if !violations.is_empty() {
        let messages: Vec<_> = violations.into_iter().map(|found| found.message).collect();
        return Err(Refusal::params(&messages.join("; ")));
    }
    let first = still(&rules.images, fields, "first_frame_image")?;
    let last = still(&rules.images, fields, "last_frame_image")?;
    check_subject(&rules.images, fields)?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let script = Script::of(text("prompt"), mode, text("model"), spec);
    let title = shot
        .clone()
        .unwrap_or_else(|| match prompt::title(&script.text) {
            none if none.is_empty() => mode.as_str().to_owned(),
            words => words,
        });
    let resolution = spec.output_resolution(mode, body);
    let wide = resolution.and_then(|name| spec.output_size(&name));
    Ok(Order {
        digest,
        shot,
        title,
        text: script.text,
        moves: script.moves,
        size: frame_size(wide.unwrap_or((1366, 768)), first.as_ref()),
        seconds: spec.output_seconds(mode, body).unwrap_or(6),
        first,
        last,
        flaw: None,
        callback: fields.get("callback_url").and_then(web_address),
        body: shortened(body),
    })
}

/// The documents take nothing else; what is posted to shall not hang on them.
fn web_address(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let web = ["http://", "https://"]
        .iter()
        .any(|begin| text.starts_with(begin));
    web.then(|| text.to_owned())
}

fn still(
    rules: &ImageRules,
    fields: &Map<String, Value>,
    name: &str,
) -> Result<Option<Still>, Refusal> {
    let Some(source) = fields.get(name).and_then(Value::as_str) else {
        return Ok(None);
    };
    let still = Still::read(source, rules);
    still
        .map(Some)
        .map_err(|reason| Refusal::params(&format!("`{name}` cannot be used: {reason}")))
}

/// Subjects are looked at like frames, though no clip shows them.
fn check_subject(rules: &ImageRules, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let subjects = fields.get("subject_reference").and_then(Value::as_array);
    let images = subjects.into_iter().flatten();
    let images = images.filter_map(|subject| subject.get("image")?.as_array());
    for source in images.flatten().filter_map(Value::as_str) {
        Still::read(source, rules).map_err(|reason| {
            Refusal::params(&format!("`subject_reference` cannot be used: {reason}"))
        })?;
    }
    Ok(())
}

/// The size of a clip: that of the resolution, or as its first frame is shaped.
///
/// The short side stays that of the resolution.
fn frame_size((width, height): (u32, u32), first: Option<&Still>) -> (u32, u32) {
    let Some(Still::Given { size, .. }) = first else {
        return (width, height);
    };
    let (long, small) = (size.0.max(size.1), size.0.min(size.1));
    let short = width.min(height);
    // The nearest even number.
    let side = (u64::from(short) * u64::from(long) + u64::from(small)) / (2 * u64::from(small)) * 2;
    let side = u32::try_from(side)
        .unwrap_or(LONGEST_SIDE)
        .clamp(short, LONGEST_SIDE);
    if size.0 >= size.1 {
        (side, short)
    } else {
        (short, side)
    }
}

/// The digest of all that makes a clip, whatever the order of fields.
fn digest(seed: u64, shot: Option<&str>, fields: &Map<String, Value>) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(seed.to_be_bytes());
    feed_text(&mut digest, shot.unwrap_or_default());
    // Where news go has no bearing on the video, and may differ from attempt to attempt.
    feed_fields(&mut digest, fields, Some("callback_url"));
    digest.finalize().into()
}

fn feed_fields(digest: &mut Sha256, fields: &Map<String, Value>, without: Option<&str>) {
    let mut sorted: Vec<_> = fields
        .iter()
        .filter(|(name, _)| Some(name.as_str()) != without)
        .collect();
    sorted.sort_by_key(|(name, _)| *name);
    digest.update([b'{']);
    for (name, value) in sorted {
        feed_text(digest, name);
        feed(digest, value);
    }
    digest.update([b'}']);
}

fn feed(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => feed_fields(digest, fields, None),
        Value::Array(items) => {
            digest.update([b'[']);
            for item in items {
                feed(digest, item);
            }
            digest.update([b']']);
        }
        Value::String(text) => feed_text(digest, text),
        scalar => digest.update(scalar.to_string()),
    }
}

fn feed_text(digest: &mut Sha256, text: &str) {
    digest.update([b'"']);
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text);
}

/// A number out of a digest; different places give unrelated numbers.
pub(super) fn number(digest: &[u8; 32], place: usize) -> u64 {
    let bytes = digest.iter().cycle().skip(place * 8).take(8);
    bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The digest in hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A body whose images are told by their digests: thousands of them are kept.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONG => {
            let digest = hexadecimal(&Sha256::digest(text.as_bytes()));
            Value::String(format!("<{} bytes, sha256 {digest}>", text.len()))
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), shortened(value)));
            Value::Object(fields.collect())
        }
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest_of(body: &Value) -> u64 {
        read(
            &Rules::new(Spec::bundled(), 7, Clips::Full),
            None,
            body.to_string().as_bytes(),
        )
        .key
    }

    #[test]
    fn the_order_of_fields_and_the_callback_do_not_change_the_digest() {
        let one = json!({ "model": "MiniMax-Hailuo-02", "prompt": "a" });
        let same = json!({ "callback_url": "https://x.example", "prompt": "a", "model": "MiniMax-Hailuo-02" });
        let other = json!({ "model": "MiniMax-Hailuo-02", "prompt": "b" });
        assert_eq!(digest_of(&one), digest_of(&same));
        assert_ne!(digest_of(&one), digest_of(&other));
    }

    #[test]
    fn clips_are_shaped_like_their_first_frame() {
        let shaped = |size| {
            let first = Still::Given {
                bytes: Vec::new(),
                size,
            };
            frame_size((1366, 768), Some(&first))
        };
        assert_eq!(shaped((1920, 1080)), (1366, 768));
        assert_eq!(shaped((600, 800)), (768, 1024));
        assert_eq!(shaped((1000, 1000)), (768, 768));
        assert_eq!(shaped((1000, 400)), (1920, 768));
        let address = Still::Address("https://example.com/a.png".to_owned());
        assert_eq!(frame_size((960, 540), Some(&address)), (960, 540));
    }

    #[test]
    fn a_model_without_camera_control_sees_words() {
        let moves = |model: &str| {
            let body = json!({ "model": model, "prompt": "A road [Push in]" }).to_string();
            let reading = read(
                &Rules::new(Spec::bundled(), 7, Clips::Full),
                None,
                body.as_bytes(),
            );
            let order = reading.order.expect("the body is valid");
            (order.moves.len(), order.text)
        };
        assert_eq!(moves("MiniMax-Hailuo-2.3"), (1, "A road".to_owned()));
        assert_eq!(moves("T2V-01"), (0, "A road [Push in]".to_owned()));
    }
}
