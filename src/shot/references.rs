//! What a shot needs from outside: files, addresses, frames of other shots.
//!
//! Owns the reading of picture sources. Never opens a file: whether a picture is there is `check`'s.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::id::ShotId;
use crate::manifest::Manifest;
use crate::manifest::model::PictureSource;
use crate::shot::assemble::Made;
use crate::shot::findings::{Findings, Within};
use crate::shot::{FrameAt, MediaInput, MediaSource, Shot};

/// Most names that a message lists.
pub(super) const SHOWN: usize = 8;

/// Most references that are explained: each costs a look at every shot.
const MAX_MISSED: usize = 200;

/// A rendered picture source: a location, or a shot and perhaps a frame.
pub(super) fn media(
    source: &PictureSource,
    first: &str,
    frame: Option<&str>,
) -> Result<MediaInput, Box<Diagnostic>> {
    match source {
        PictureSource::Location(written) | PictureSource::Character(written) => {
            location(first, written.span)
        }
        PictureSource::Frame {
            shot, frame: place, ..
        } => {
            let id = ShotId::new(first).map_err(|_| unknown_shot(first, shot.span, None))?;
            let span = place.as_ref().map_or(shot.span, |place| place.span);
            let at = frame_at(frame.unwrap_or("last"), span)?;
            Ok(MediaInput {
                source: MediaSource::Frame { shot: id, at },
                span: shot.span,
            })
        }
    }
}

/// A path or an address.
pub(super) fn location(text: &str, span: Span) -> Result<MediaInput, Box<Diagnostic>> {
    let source = source(text, span)?;
    Ok(MediaInput { source, span })
}

fn source(text: &str, span: Span) -> Result<MediaSource, Box<Diagnostic>> {
    let refuse = |message: String| Err(Box::new(Diagnostic::error(Code::BadValue, span, message)));
    if text.trim().is_empty() {
        return refuse("a picture needs a path or an address".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("https://") || lower.starts_with("http://") || lower.starts_with("data:") {
        return Ok(MediaSource::Url(text.to_owned()));
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return refuse(format!(
            "pictures come from http and https addresses, not from `{scheme}`"
        ));
    }
    if text.contains(char::is_control) {
        return refuse("a path cannot have control characters in it".to_owned());
    }
    Ok(MediaSource::File {
        path: PathBuf::from(text),
    })
}

fn frame_at(text: &str, span: Span) -> Result<FrameAt, Box<Diagnostic>> {
    match text.trim() {
        "first" => Ok(FrameAt::First),
        "middle" => Ok(FrameAt::Middle),
        "last" => Ok(FrameAt::Last),
        time => parse_time(time).filter(is_whole).map(FrameAt::Time).ok_or_else(|| {
            let message = format!("`{time}` is no frame of a video");
            let help = match suggest(time, ["first", "middle", "last"]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write `first`, `middle`, `last` or a time such as `2.5s`, to the millisecond".to_owned(),
            };
            Box::new(Diagnostic::error(Code::BadValue, span, message).help(help))
        }),
    }
}

/// Finer times would be told apart by nobody who reads them in milliseconds.
fn is_whole(time: &std::time::Duration) -> bool {
    time.subsec_nanos().is_multiple_of(1_000_000)
}

/// `2.5s` and all that `humantime` reads, which has no fractions.
fn parse_time(text: &str) -> Option<std::time::Duration> {
    let seconds = text.strip_suffix('s').filter(|number| {
        number.contains('.') && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    match seconds {
        Some(number) => std::time::Duration::try_from_secs_f64(number.parse().ok()?).ok(),
        None => humantime::parse_duration(text).ok(),
    }
}

fn unknown_shot(name: &str, span: Span, near: Option<&str>) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::error(
        Code::UnknownShot,
        span,
        format!("there is no shot `{name}`"),
    );
    Box::new(match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    })
}

/// Refuses references to shots that are not there, or that are several.
pub(super) fn check(made: &[Made], manifest: &Manifest, findings: &mut Findings) {
    let known: HashSet<&str> = made.iter().map(|made| made.id.as_str()).collect();
    let mut missed = 0;
    for one in made {
        let within = Within {
            id: one.id.as_str(),
            shared: one.shared,
        };
        for (shot, span) in one.shot.iter().flat_map(frames) {
            if !known.contains(shot.as_str()) {
                findings.within(within, *missing(shot, span, made, manifest));
                missed += 1;
            }
        }
        if missed >= MAX_MISSED {
            return;
        }
    }
}

fn missing(shot: &ShotId, span: Span, made: &[Made], manifest: &Manifest) -> Box<Diagnostic> {
    let entries = manifest.shots.iter().enumerate();
    let mut several = entries.filter(|(_, entry)| entry.id.value == shot.as_str());
    let Some((number, entry)) = several.next() else {
        let near = suggest(shot.as_str(), made.iter().map(|made| made.id.as_str()));
        return unknown_shot(shot.as_str(), span, near);
    };
    let names: Vec<&str> = made
        .iter()
        .filter(|made| made.entry == number)
        .map(|made| made.id.as_str())
        .collect();
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let message = format!("`{shot}` stands for {} shots", names.len());
    let diagnostic =
        Diagnostic::error(Code::UnknownShot, span, message).also(entry.id.span, "this one");
    Box::new(if shown.is_empty() {
        diagnostic
    } else {
        diagnostic.help(format!("name one of them: {}{more}", shown.join(", ")))
    })
}

/// The shots whose frames a shot uses, with the places that say so.
pub(super) fn frames(shot: &Shot) -> impl Iterator<Item = (&ShotId, Span)> {
    let inputs = [&shot.first_frame, &shot.last_frame, &shot.subject];
    inputs
        .into_iter()
        .flatten()
        .filter_map(|input| match &input.source {
            MediaSource::Frame { shot, .. } => Some((shot, input.span)),
            MediaSource::File { .. } | MediaSource::Url(_) => None,
        })
}

/// The shots that have to be finished before this one can begin, each once.
pub fn dependencies(shot: &Shot) -> Vec<ShotId> {
    let mut found: Vec<ShotId> = Vec::new();
    for (id, _) in frames(shot) {
        if !found.contains(id) {
            found.push(id.clone());
        }
    }
    found
}
