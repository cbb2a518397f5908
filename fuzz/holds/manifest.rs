//! Any bytes as a manifest: read, expanded, checked, planned and shown.

use super::stage::Stage;

thread_local! {
    static STAGE: Stage = Stage::new();
}

pub(crate) fn manifest(bytes: &[u8]) {
    let played = STAGE.with(|stage| stage.play(bytes));
    if std::str::from_utf8(bytes).is_err() {
        assert!(played.is_err(), "no manifest is anything but UTF-8");
    }
}
