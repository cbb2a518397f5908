//! Shots that start from frames of other shots: what can be decided now, and
//! what only when those videos are there.
//!
//! Owns the order of decisions and what one shot can give to the next. Pure but
//! for the [`FrameLibrary`](super::frames::FrameLibrary) of the context, which
//! reads videos that are on disk.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::check::CheckedShot;
use crate::check::media::{CheckedMedia, Frame};
use crate::check::request::CheckedRequest;
use crate::event::{Decision, FrameUse, ShotFacts, Video};
use crate::id::{Fingerprint, ShotId};
use crate::plan::decide::Decided;
use crate::plan::graph::Graph;
use crate::plan::history::Standing;
use crate::plan::{Context, Job, facts, leftover, plan_whole};
use crate::shot::FrameAt;

/// Which shot asks for what.
pub(super) type Asked = HashMap<Fingerprint, ShotId>;

/// What a shot can give to those that need a frame of it.
#[derive(Debug)]
enum Source {
    /// Its video is there.
    Video(Video),
    /// Its video was made and is not there now: frames that were taken are known.
    Again {
        /// What was saved.
        video: Video,
        /// Why the others cannot be had in this run; `None` where it is fetched again.
        never: Option<&'static str>,
    },
    /// This run will have it.
    Coming,
    /// This run will not have it; why, in a part of a sentence about the shot.
    Never(&'static str),
}

/// A request with the frames in it that can be had.
enum Filled {
    /// All of them.
    Whole(Box<CheckedShot>),
    /// Others come in this run.
    Part(Box<CheckedShot>),
    /// One cannot be had, and why.
    Never(String),
}

/// Decides on every selected shot, sources first; the answer is in the order of
/// the manifest.
pub(super) fn plan_all(
    shots: Vec<CheckedShot>,
    context: &Context,
) -> (Vec<(ShotFacts, Job)>, Asked) {
    let edges: Vec<_> = shots
        .iter()
        .map(|shot| (shot.id.clone(), shot.request.depends_on()))
        .collect();
    let graph = Graph::new(&edges);
    let looked_at = looked_at(&shots, &graph, context);
    let order = graph.order().into_iter().filter(|&at| looked_at[at]);
    let mut shots: Vec<Option<CheckedShot>> = shots.into_iter().map(Some).collect();
    let mut planned: Vec<Option<(ShotFacts, Job)>> = shots.iter().map(|_| None).collect();
    let mut sources: HashMap<ShotId, Source> = HashMap::new();
    let mut asked = Asked::new();
    for at in order {
        let Some(shot) = shots[at].take() else {
            continue;
        };
        let selected = context.is_selected(&shot.id);
        let (facts, job) = plan_shot(shot, context, &sources, &mut asked);
        sources.insert(facts.id.clone(), source(&facts, selected, context));
        if selected {
            planned[at] = Some((facts, job));
        }
    }
    (planned.into_iter().flatten().collect(), asked)
}

/// The selected shots, and all that they need.
fn looked_at(shots: &[CheckedShot], graph: &Graph, context: &Context) -> Vec<bool> {
    let selected = shots.iter().map(|shot| context.is_selected(&shot.id));
    let mut looked_at: Vec<bool> = selected.collect();
    // Backwards: what needs a shot comes before the shot.
    for at in graph.order().into_iter().rev() {
        if looked_at[at] {
            for &need in &graph.needs[at] {
                looked_at[need] = true;
            }
        }
    }
    looked_at
}

fn plan_shot(
    shot: CheckedShot,
    context: &Context,
    sources: &HashMap<ShotId, Source>,
    asked: &mut Asked,
) -> (ShotFacts, Job) {
    if shot.request.waits_for().is_empty() {
        return asking(plan_whole(shot, context), false, asked);
    }
    let frame = |shot: &ShotId, at: FrameAt| match sources.get(shot) {
        Some(Source::Video(video)) => take(context, video, at).map(Some),
        Some(Source::Again { video, never }) => match (context.frames.kept(video, at), never) {
            (None, Some(why)) => Err(format!("needs a frame of `{shot}`, which {why}")),
            (frame, _) => Ok(frame.map(|frame| as_recorded(context, frame, at))),
        },
        Some(Source::Coming) => Ok(None),
        Some(Source::Never(why)) => Err(format!("needs a frame of `{shot}`, which {why}")),
        None => Err(format!("needs a frame of `{shot}`, which is not there")),
    };
    match fill(&shot, frame) {
        Filled::Whole(shot) => asking(plan_whole(*shot, context), true, asked),
        Filled::Never(why) => blocked(&shot, why, context),
        Filled::Part(rest) => {
            let waits = rest.request.waits_for();
            let decided = Decided::new(Decision::Wait, waits_for(&waits));
            let facts = facts(&shot, shot.request.shown(), None, decided, context);
            (facts, Job::Wait(rest))
        }
    }
}

fn take(context: &Context, video: &Video, at: FrameAt) -> Result<Frame, String> {
    let frame = context.frames.take(video, at)?;
    Ok(as_recorded(context, frame, at))
}

/// The frame under the digest that the ledger has for it. The pictures that are
/// kept may be lost, and another decoder may then see other pixels in the very same
/// video: what was paid for shall be found all the same.
fn as_recorded(context: &Context, frame: Frame, at: FrameAt) -> Frame {
    let place = (frame.video_sha256.clone(), at.to_string());
    match context.history.frames.get(&place) {
        Some(pixels_sha256) => Frame {
            pixels_sha256: pixels_sha256.clone(),
            ..frame
        },
        None => frame,
    }
}

fn fill(
    shot: &CheckedShot,
    take: impl FnMut(&ShotId, FrameAt) -> Result<Option<Frame>, String>,
) -> Filled {
    let request = match shot.request.clone().with_frames(take) {
        Err(why) => return Filled::Never(why),
        Ok(request) => request,
    };
    let whole = request.waits_for().is_empty();
    let filled = Box::new(CheckedShot {
        request,
        ..shot.clone()
    });
    if whole {
        Filled::Whole(filled)
    } else {
        Filled::Part(filled)
    }
}

fn waits_for(shots: &[ShotId]) -> String {
    let names: Vec<String> = shots.iter().map(|shot| format!("`{shot}`")).collect();
    format!("decided when {} is there", names.join(" and "))
}

fn blocked(shot: &CheckedShot, why: String, context: &Context) -> (ShotFacts, Job) {
    let decided = Decided::new(Decision::Blocked, why);
    let facts = facts(shot, shot.request.shown(), None, decided, context);
    (facts, Job::Nothing)
}

/// Two shots may find only now that they ask for one and the same video: frames
/// of different names can be one picture. The second is not made.
fn asking(
    (mut facts, job): (ShotFacts, Job),
    chained: bool,
    asked: &mut Asked,
) -> (ShotFacts, Job) {
    let Some(fingerprint) = facts.fingerprint.clone() else {
        return (facts, job);
    };
    match asked.get(&fingerprint) {
        Some(other) if chained && *other != facts.id => {
            facts.decision = Decision::Blocked;
            facts.reason = format!(
                "asks for the very same video as `{other}`, down to the pixels of its frames; change one of the two, or use the video of `{other}`"
            );
            facts.existing = None;
            facts.paid_task = None;
            (facts, Job::Nothing)
        }
        _ => {
            asked.insert(fingerprint, facts.id.clone());
            (facts, job)
        }
    }
}

/// What a shot that was decided on can give.
fn source(facts: &ShotFacts, selected: bool, context: &Context) -> Source {
    if let (Decision::Reuse, Some(video)) = (facts.decision, &facts.existing) {
        return Source::Video(video.clone());
    }
    let saved = || {
        let past = context.history.requests.get(facts.fingerprint.as_ref()?)?;
        match &past.standing {
            Standing::Saved { video, .. } => Some(video.clone()),
            _ => None,
        }
    };
    let never = match facts.decision {
        Decision::Resume if !selected => Some("is not selected, and its video has to be fetched"),
        _ if !selected => Some("is not selected and has no video yet"),
        Decision::Create
        | Decision::Replace
        | Decision::Wait
        | Decision::Resume
        | Decision::Reuse => None,
        Decision::Uncertain => Some("may have been paid: settle that first"),
        Decision::Failed => Some("failed in an earlier run"),
        Decision::Elsewhere => Some("only another address can deliver"),
        Decision::Blocked => Some("cannot be made in this run"),
    };
    let fetched = matches!(facts.decision, Decision::Resume | Decision::Elsewhere);
    match (saved().filter(|_| fetched), never) {
        (Some(video), never) => Source::Again { video, never },
        (None, Some(why)) => Source::Never(why),
        (None, None) => Source::Coming,
    }
}

/// The frames that a request uses, as reports tell them.
pub(super) fn frames(request: &CheckedRequest) -> Vec<FrameUse> {
    let used = request.media().iter().filter_map(|(field, media)| {
        let (shot, at, frame) = match media {
            CheckedMedia::Frame { shot, at } => (shot, at, None),
            CheckedMedia::Taken(taken) => (&taken.shot, &taken.at, Some(&taken.frame)),
            _ => return None,
        };
        Some(FrameUse {
            field: field.manifest_key().into(),
            shot: shot.clone(),
            at: at.to_string(),
            video_sha256: frame.map(|frame| frame.video_sha256.clone()),
            pixels_sha256: frame.map(|frame| frame.pixels_sha256.clone()),
            decoder: frame.map(|frame| frame.decoder.clone()),
        })
    });
    used.collect()
}

/// A shot that has its frames, before it is known whether another asks for the same.
pub struct Looked((ShotFacts, Job));

/// Decides, during the run, on shots that waited.
pub struct Later {
    pub(super) context: Context,
    pub(super) asked: Mutex<Asked>,
}

impl Later {
    /// What planning knew.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Looks at a shot whose sources are all there; `videos` has theirs. May take
    /// as long as decoding them takes, and asks nobody what other shots are.
    pub fn look(&self, shot: &CheckedShot, videos: &HashMap<ShotId, Video>) -> Looked {
        let context = &self.context;
        let frame = |shot: &ShotId, at: FrameAt| match videos.get(shot) {
            Some(video) => take(context, video, at).map(Some),
            None => Err(format!("needs a frame of `{shot}`, which is not there")),
        };
        Looked(match fill(shot, frame) {
            Filled::Whole(shot) => plan_whole(*shot, context),
            Filled::Never(why) => blocked(shot, why, context),
            // `frame` has a video or an error, so that nothing is left for later.
            Filled::Part(_) => blocked(shot, "a frame is not there".to_owned(), context),
        })
    }

    /// Decides on a shot that was looked at; of two that ask for one video the first
    /// to come here has it. Behind the shot comes what was paid for it earlier and
    /// is not what it asks for now.
    pub fn decide(&self, Looked(looked): Looked) -> Vec<(ShotFacts, Job)> {
        let decided = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asking(looked, true, &mut asked)
        };
        let mut all = self.released(&decided.0);
        all.insert(0, decided);
        all
    }

    /// What was paid for a shot earlier, once it is known what it asks for now, or
    /// that it cannot ask for anything in this run.
    pub fn released(&self, shot: &ShotFacts) -> Vec<(ShotFacts, Job)> {
        let left = leftover::of_shot(shot, &self.context);
        left.into_iter()
            .filter(|(facts, _)| self.ask(facts))
            .collect()
    }

    /// Notes what a shot asks for; false where another does already.
    pub(super) fn ask(&self, facts: &ShotFacts) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fingerprint) = &facts.fingerprint else {
            return true;
        };
        let owner = asked
            .entry(fingerprint.clone())
            .or_insert_with(|| facts.id.clone());
        *owner == facts.id
    }
}
