//! Expectations that cannot hold, whatever the service makes.
//!
//! Owns what an author would regret to find out from a video that was paid for.
//! Never judges a video: that is `verdict`.

use std::sync::Arc;

use crate::check::media::{CheckedMedia, MediaField};
use crate::check::request::CheckedRequest;
use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::expect::{CODECS, Expectation, Key, Wanted, codec_family};
use crate::manifest::listed;
use crate::shot::Shot;
use crate::spec::Spec;

/// How far a side may be from the number in a resolution's name: sizes are even.
const SIDE_TOLERANCE: u32 = 16;

/// What counts for this shot: a check that is meant for all, and that it has
/// nothing for, is for the others.
pub(super) fn fitting(shot: &Shot) -> Arc<[Expectation]> {
    let fits = |one: &Expectation| {
        one.key != Key::LikeFirstFrame || !one.inherited || shot.first_frame.is_some()
    };
    if shot.expect.iter().all(fits) {
        return Arc::clone(&shot.expect);
    }
    shot.expect
        .iter()
        .filter(|one| fits(one))
        .cloned()
        .collect()
}

/// Everything that is odd about the expectations of a shot.
pub(super) fn lint(shot: &Shot, request: Option<&CheckedRequest>, spec: &Spec) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for one in fitting(shot).iter() {
        let told = impossible(one).or_else(|| contradicting(one, shot, request?, spec));
        found.extend(told);
    }
    found
}

/// What nothing could ever be.
fn impossible(one: &Expectation) -> Option<Diagnostic> {
    let error = |message: String| Some(Diagnostic::error(Code::BadValue, one.span, message));
    match &one.wanted {
        Wanted::Length { min, max } if min > max => {
            error(format!("`{}` ends before it begins", one.key))
                .map(|told| told.help("write the shorter length first"))
        }
        Wanted::Between { min, max } if min > max => {
            error(format!("`{}` ends before it begins", one.key))
                .map(|told| told.help("write the lower number first"))
        }
        Wanted::Passes { wanted, of } if wanted > of => {
            error(format!("{wanted} of {of} takes cannot pass"))
                .map(|told| told.help(format!("write `{of} of {wanted}`")))
        }
        Wanted::Codecs(codecs) => codecs.iter().find_map(|codec| unknown_codec(one, codec)),
        _ => None,
    }
}

fn unknown_codec(one: &Expectation, codec: &str) -> Option<Diagnostic> {
    let head = codec.split('.').next().unwrap_or_default();
    let fourcc = |known: &&str| known.eq_ignore_ascii_case(head);
    let known = CODECS.iter().any(|(_, family)| family.iter().any(&fourcc));
    if known || codec_family(codec).is_some() {
        return None;
    }
    let names = CODECS.iter().map(|(name, _)| *name);
    let message = format!("no video codec is called `{codec}` here");
    let told = Diagnostic::error(Code::BadValue, one.span, message);
    Some(if let Some(near) = suggest(codec, names.clone()) {
        told.help(format!("did you mean `{near}`?"))
    } else {
        let names: Vec<&str> = names.collect();
        told.help(format!("known are {}", listed(&names)))
    })
}

/// What this request cannot give.
fn contradicting(
    one: &Expectation,
    shot: &Shot,
    request: &CheckedRequest,
    spec: &Spec,
) -> Option<Diagnostic> {
    let warning = |message: String| Diagnostic::warning(Code::Expectation, one.span, message);
    match (one.key, &one.wanted) {
        (Key::Duration, Wanted::Length { min, max }) => {
            let asked = u64::from(request.seconds()) * 1_000;
            // Clips are a little shorter or longer than they are asked for.
            let near = asked.saturating_sub(1_000)..=asked + 1_000;
            if near.contains(min) || near.contains(max) || (*min..=*max).contains(&asked) {
                return None;
            }
            let message = format!("`{}` will be {} s long", shot.id, request.seconds());
            let told = warning(message).label("this never holds");
            Some(match shot.setting("duration") {
                Some(asked) => told.also(asked.span, "asked for here"),
                None => told,
            })
        }
        (Key::Size, Wanted::Size { width, height }) => {
            // With a first frame it has the shape of that, and this shorter side.
            let (wide, high) = spec.output_size(request.resolution())?;
            let side = wide.min(high);
            let shorter = *width.min(height);
            if shorter.abs_diff(side) <= SIDE_TOLERANCE {
                return None;
            }
            let message = format!("`{}` will be {}", shot.id, request.resolution());
            let told = warning(message).label(format!("its shorter side is {shorter}"));
            Some(match shot.setting("resolution") {
                Some(asked) => told.also(asked.span, "asked for here"),
                None => told,
            })
        }
        (Key::LikeFirstFrame, _) => first_frame(one, shot, request),
        _ => None,
    }
}

fn first_frame(one: &Expectation, shot: &Shot, request: &CheckedRequest) -> Option<Diagnostic> {
    if shot.is_broken("first_frame") {
        return None;
    }
    let warning = |message: String| Diagnostic::warning(Code::Expectation, one.span, message);
    let mut media = request.media().iter();
    match media.find(|(field, _)| *field == MediaField::FirstFrame) {
        None => Some(
            warning(format!("`{}` has no first frame to be like", shot.id))
                .help("give it a `first_frame`, or take this check away"),
        ),
        Some((_, CheckedMedia::Url(_))) => {
            let place = shot.first_frame.as_ref()?.span;
            let message = format!("the first frame of `{}` is not on this machine", shot.id);
            let told = warning(message).also(place, "only the service fetches it");
            Some(told.help("download the picture, and name the file"))
        }
        Some(_) => None,
    }
}
