//! Keys that mean nothing here, and what their authors meant.
//!
//! Owns the vendor's own names beside ours. Never reports; `validate` does.

use crate::diag::suggest;

/// Fields of the API and words of other tools that have another key in a manifest.
const OURS: [(&str, &str); 14] = [
    ("name", "id"),
    ("text", "prompt"),
    ("image", "first_frame"),
    ("image_url", "first_frame"),
    ("start_frame", "first_frame"),
    ("start_image", "first_frame"),
    ("end_frame", "last_frame"),
    ("end_image", "last_frame"),
    ("character", "subject"),
    ("seconds", "duration"),
    ("variables", "vars"),
    ("first_frame_image", "first_frame"),
    ("last_frame_image", "last_frame"),
    ("subject_reference", "subject"),
];

/// Fields that other services have and this one has not.
const NOWHERE: [&str; 6] = [
    "aspect_ratio",
    "cfg_scale",
    "fps",
    "guidance_scale",
    "negative_prompt",
    "seed",
];

/// The known key that was probably meant by one that is not.
pub(super) fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let ours = OURS.iter().find(|(theirs, _)| *theirs == key);
    let ours = ours.and_then(|(_, ours)| known.iter().find(|known| known == &ours));
    ours.copied()
        .or_else(|| suggest(key, known.iter().copied()))
}

/// Why a field is not there and what to do instead, where that is known.
pub(super) fn reason(key: &str) -> Option<(&'static str, &'static str)> {
    if key == "callback_url" {
        return Some((
            "the runner listens itself, and makes an address for every creation",
            "write `callback: { listen: …, public_url: … }` at the top of the manifest",
        ));
    }
    if ["api_key", "apikey", "key", "token"].contains(&key.to_lowercase().as_str()) {
        return Some((
            "a manifest is shared, and a key in it would be shared with it",
            "delete it here, and put `MINIMAX_API_KEY=…` into the environment or a `.env` file",
        ));
    }
    let nowhere = NOWHERE.contains(&key);
    nowhere.then_some(("the API has no such field", "leave it out"))
}
