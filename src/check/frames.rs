//! Frames of other shots, as far as they can be judged before there is a video.

use std::collections::HashMap;
use std::time::Duration;

use crate::check::CheckedShot;
use crate::diag::{Code, Diagnostic};
use crate::id::ShotId;
use crate::shot::{FrameAt, MediaSource, Shot};

/// Errors for frames at a time that their video will not have.
pub(super) fn beyond_the_end<'s>(
    shots: &'s [Shot],
    checked: &[CheckedShot],
) -> Vec<(&'s ShotId, Diagnostic)> {
    let seconds: HashMap<&ShotId, u32> = checked
        .iter()
        .map(|shot| (&shot.id, shot.request.seconds()))
        .collect();
    let mut beyond = Vec::new();
    for shot in shots {
        let inputs = [&shot.first_frame, &shot.last_frame, &shot.subject];
        for input in inputs.into_iter().flatten() {
            let MediaSource::Frame {
                shot: source,
                at: FrameAt::Time(time),
            } = &input.source
            else {
                continue;
            };
            if let Some(&length) = seconds.get(source)
                && *time >= Duration::from_secs(length.into())
            {
                let message =
                    format!("`{source}` is {length} s long and has no frame at that time");
                let diagnostic = Diagnostic::error(Code::BadValue, input.span, message)
                    .help(format!("name a time before {length}s, or write `last`"));
                beyond.push((&shot.id, diagnostic));
            }
        }
    }
    beyond
}
