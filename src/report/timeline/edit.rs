//! An edit that came back: which parts of which videos are used, and in which order.
//!
//! Owns the meaning of a foreign timeline: trims, order, speed, transitions, nested
//! stacks. Believes nothing: every time has to be a number that a film can have.
//! Never knows a manifest; whose video a clip shows is for the caller to find out.

use super::address::path_of_target;
use super::shape::{self, Effect, Media, Node, Range, Time};

/// Why an edit cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// No timeline has that many bytes.
    #[error("a timeline of more than {most} MB is not read")]
    TooLarge {
        /// The limit in megabytes.
        most: usize,
    },
    /// No timeline has that many parts.
    #[error("a timeline of more than {most} objects is not read")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// It is no JSON, or not of this shape.
    #[error("it is no OpenTimelineIO file")]
    NotOtio {
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
    /// It is something else.
    #[error("it holds `{found}`, not a timeline with a track of pictures")]
    NoTimeline {
        /// The schema that it names.
        found: String,
    },
    /// A time that no film has.
    #[error("`{name}` has a time that no film has")]
    Time {
        /// The part of the timeline.
        name: String,
    },
}

/// A timeline as an editor left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Its name.
    pub name: String,
    /// What is seen, in order.
    pub uses: Vec<Use>,
    /// What could not be taken into account, a sentence each.
    pub warnings: Vec<String>,
}

/// A piece of a video, or the gap that stands for one, in the edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// What it is a piece of.
    pub source: Source,
    /// When it is seen, in seconds from the beginning of the edit.
    pub at: f64,
    /// The first second of the video that is used.
    pub from: f64,
    /// How many seconds of the video are used.
    pub length: f64,
}

/// Everything by which a clip can be recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The shot that we wrote beside it.
    pub shot: Option<String>,
    /// The digest of the take that is shown, as we wrote it.
    pub sha256: Option<String>,
    /// The clip's name.
    pub name: String,
    /// The path of its media, decoded.
    pub path: Option<String>,
    /// Whether it is a gap.
    pub is_gap: bool,
}

/// Longer than any film, in seconds.
const LONGEST: f64 = 1e6;
/// Rounding of rates, in seconds.
const NOTHING: f64 = 1e-6;

/// Reads a timeline of `OpenTimelineIO`.
pub fn read_edit(text: &[u8]) -> Result<Edit, EditError> {
    let root = shape::parse(text)?;
    let is = |node: &Node, kind: &str| node.schema.split('.').next() == Some(kind);
    let stack = match (&root.tracks, is(&root, "Timeline")) {
        (Some(tracks), true) => tracks,
        _ if is(&root, "Stack") || is(&root, "Track") => &root,
        _ => {
            return Err(EditError::NoTimeline {
                found: root.schema.chars().take(40).collect(),
            });
        }
    };
    let mut reading = Reading::default();
    reading.composition(stack, 0.0, None)?;
    let mut uses = reading.uses;
    uses.sort_by(|a, b| a.at.total_cmp(&b.at));
    Ok(Edit {
        name: root.name.clone().unwrap_or_default(),
        uses,
        warnings: reading.warnings,
    })
}

#[derive(Default)]
struct Reading {
    uses: Vec<Use>,
    warnings: Vec<String>,
}

/// A part of a composition's own time, in seconds: begin and end.
type Window = (f64, f64);

impl Reading {
    /// Reads a track or a stack that is seen from `at` on; of it only a window, if
    /// there is one. Answers how long it is.
    fn composition(
        &mut self,
        node: &Node,
        at: f64,
        window: Option<Window>,
    ) -> Result<f64, EditError> {
        let window = match (range(node.source_range, node)?, window) {
            (Some(own), Some((begin, end))) => {
                let from = own.0 + begin;
                Some((from, (own.0 + end).min(own.1)))
            }
            (own, outer) => own.or(outer),
        };
        let offset = window.map_or(0.0, |window| window.0);
        let length = if node.schema.starts_with("Track") {
            self.track(node, at - offset, window)?
        } else {
            let mut length = 0.0_f64;
            for child in &node.children {
                length = length.max(self.item(child, at - offset, window)?);
            }
            length
        };
        Ok(window.map_or(length, |(begin, end)| end - begin))
    }

    fn track(&mut self, track: &Node, at: f64, window: Option<Window>) -> Result<f64, EditError> {
        if track.kind.as_deref().is_some_and(|kind| kind != "Video") {
            return Ok(0.0);
        }
        let mut clock = 0.0;
        for (number, item) in track.children.iter().enumerate() {
            if item.schema.starts_with("Transition") {
                continue;
            }
            let before = number
                .checked_sub(1)
                .and_then(|number| track.children.get(number));
            let after = track.children.get(number + 1);
            let handles = (
                handle(before, |transition| transition.in_offset)?,
                handle(after, |transition| transition.out_offset)?,
            );
            let inner = window.map(|(begin, end)| (begin - clock, end - clock));
            clock += self.placed(item, at + clock, inner, handles)?;
        }
        Ok(clock)
    }

    fn item(&mut self, item: &Node, at: f64, window: Option<Window>) -> Result<f64, EditError> {
        self.placed(item, at, window, (0.0, 0.0))
    }

    /// Reads one part at its place. `window` is what is seen of it, in its own time
    /// from its beginning; `handles` is what transitions use before and behind it.
    fn placed(
        &mut self,
        item: &Node,
        at: f64,
        window: Option<Window>,
        handles: (f64, f64),
    ) -> Result<f64, EditError> {
        let kind = item.schema.split('.').next().unwrap_or_default();
        if !matches!(kind, "Clip" | "Gap") {
            if !matches!(kind, "Stack" | "Track") {
                let name = item.name.clone().unwrap_or_default();
                self.warnings
                    .push(format!("`{name}` is left out: {kind} is not known"));
                return Ok(0.0);
            }
            let length = length_of(item)?;
            let seen = cut(window, length);
            if item.enabled != Some(false) && seen.1 > seen.0 {
                let clipped = window.map(|_| seen);
                self.composition(item, at + seen.0, clipped)?;
            }
            return Ok(length);
        }
        let whole = clip_range(item)?;
        let length = whole.1 - whole.0;
        let seen = cut(window, length);
        if item.enabled != Some(false) && seen.1 - seen.0 > NOTHING {
            self.take(item, kind == "Gap", (at, whole.0), seen, handles)?;
        }
        Ok(length)
    }

    fn take(
        &mut self,
        item: &Node,
        is_gap: bool,
        (at, begin): (f64, f64),
        seen: Window,
        handles: (f64, f64),
    ) -> Result<(), EditError> {
        let media = active(item);
        let ours = |media: &Media| media.metadata.runner.as_ref()?.sha256.clone();
        let source = Source {
            shot: item
                .metadata
                .runner
                .as_ref()
                .and_then(|ours| ours.shot.clone()),
            sha256: media.and_then(ours),
            name: item.name.clone().unwrap_or_default(),
            path: media
                .and_then(|media| media.target_url.as_deref())
                .map(path_of_target),
            is_gap,
        };
        let speed = speed(item)?;
        let available = media.and_then(|media| media.available_range);
        let first = range(available, item)?.map_or(0.0, |range| range.0);
        let from = (begin - first + seen.0 - handles.0).max(0.0);
        self.uses.push(if is_gap {
            Use {
                source,
                at: at + seen.0,
                from: 0.0,
                length: seen.1 - seen.0,
            }
        } else {
            Use {
                source,
                at: at + seen.0,
                from,
                length: (seen.1 - seen.0 + handles.0 + handles.1) * speed,
            }
        });
        Ok(())
    }
}

/// How many seconds of the video pass in a second.
fn speed(item: &Node) -> Result<f64, EditError> {
    let mut speed = 1.0;
    for Effect {
        schema,
        time_scalar,
    } in &item.effects
    {
        match (schema.split('.').next(), time_scalar) {
            (Some("LinearTimeWarp"), Some(scalar)) => speed *= scalar.abs(),
            (Some("FreezeFrame"), _) => speed = 0.0,
            _ => {}
        }
    }
    if speed.is_finite() && speed <= 1000.0 {
        Ok(speed)
    } else {
        Err(wrong_time(item))
    }
}

/// What is seen of something, in its own time.
fn cut(window: Option<Window>, length: f64) -> Window {
    match window {
        Some((begin, end)) => (begin.clamp(0.0, length), end.clamp(0.0, length)),
        None => (0.0, length),
    }
}

/// How far a transition beside a clip reaches into what the cut leaves out.
fn handle(beside: Option<&Node>, offset: impl Fn(&Node) -> Option<Time>) -> Result<f64, EditError> {
    match beside.filter(|node| node.schema.starts_with("Transition")) {
        Some(transition) => match offset(transition) {
            Some(time) => seconds(time, transition),
            None => Ok(0.0),
        },
        None => Ok(0.0),
    }
}

fn active(clip: &Node) -> Option<&Media> {
    let key = clip
        .active_media_reference_key
        .as_deref()
        .unwrap_or("DEFAULT_MEDIA");
    let several = clip.media_references.get(key).and_then(Option::as_ref);
    several.or(clip.media_reference.as_ref())
}

/// What is used of a clip's media, else all of it.
fn clip_range(clip: &Node) -> Result<Window, EditError> {
    if let Some(own) = range(clip.source_range, clip)? {
        return Ok(own);
    }
    let available = active(clip).and_then(|media| media.available_range);
    Ok(range(available, clip)?.unwrap_or((0.0, 0.0)))
}

/// How long a composition is: its own range, else that of its parts.
fn length_of(node: &Node) -> Result<f64, EditError> {
    if let Some((begin, end)) = range(node.source_range, node)? {
        return Ok(end - begin);
    }
    let mut lengths = Vec::with_capacity(node.children.len());
    for child in &node.children {
        lengths.push(match child.schema.split('.').next() {
            Some("Transition") => 0.0,
            Some("Clip" | "Gap") => clip_range(child).map(|(begin, end)| end - begin)?,
            _ => length_of(child)?,
        });
    }
    Ok(if node.schema.starts_with("Track") {
        lengths.iter().sum()
    } else {
        lengths.into_iter().fold(0.0, f64::max)
    })
}

fn range(range: Option<Range>, node: &Node) -> Result<Option<Window>, EditError> {
    let Some(range) = range else { return Ok(None) };
    let (start, length) = (
        seconds(range.start_time, node)?,
        seconds(range.duration, node)?,
    );
    if length < 0.0 {
        return Err(wrong_time(node));
    }
    Ok(Some((start, start + length)))
}

fn seconds(time: Time, node: &Node) -> Result<f64, EditError> {
    let seconds = time.value / time.rate;
    let is_time = time.rate > 0.0 && seconds.is_finite() && seconds.abs() <= LONGEST;
    if is_time {
        Ok(seconds)
    } else {
        Err(wrong_time(node))
    }
}

fn wrong_time(node: &Node) -> EditError {
    EditError::Time {
        name: node
            .name
            .as_deref()
            .unwrap_or_default()
            .chars()
            .take(100)
            .collect(),
    }
}

#[cfg(test)]
mod tests;
