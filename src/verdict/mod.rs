//! What videos are, against what their author expects of them.
//!
//! Owns which videos are looked at for a shot: its own, the one that was accepted,
//! its other takes, its first frame. The words are `judge`'s, and `lab` measures.
//! Never pays, never touches a video, and never says what a shot is: that is the
//! fold in `state`.
//!
//! ```text
//!  expectations ─┐
//!  a video ── lab (book | file) ──► measures ── judge ──► checks ──► verdict
//! ```

mod judge;
mod lab;
mod reference;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

pub use self::judge::{Evidence, judge};
use self::lab::{Answer, Lab, May, NotKnown};
pub use self::lab::{Measure, measure_with};
use self::reference::First;
use crate::check::CheckedShot;
use crate::event::{Check, Judgement, Quorum, ShotFacts, Verdict, Video};
use crate::id::{Fingerprint, ShotId};
use crate::ledger::Takes;
use crate::manifest::expect::{Expectation, Key, Wanted};
use crate::media::measure::{Glance, Likeness, Measures, What, likeness};
use crate::plan::frames::FrameLibrary;
use crate::store::Store;

/// Takes that a video is compared with; older ones say little.
const TAKES_COMPARED: usize = 20;

/// From so many shots on, what is known is read at once.
const MANY: usize = 64;

/// What is expected of one shot's video.
#[derive(Debug, Clone)]
struct Expected {
    list: Arc<[Expectation]>,
    first: First,
}

/// What is expected of every shot that has expectations.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    shots: HashMap<ShotId, Expected>,
}

impl Expectations {
    /// Of these shots.
    pub fn of(shots: &[CheckedShot]) -> Self {
        let expecting = shots.iter().filter(|shot| !shot.expect.is_empty());
        let shots = expecting.map(|shot| {
            let expected = Expected {
                list: Arc::clone(&shot.expect),
                first: First::of(shot),
            };
            (shot.id.clone(), expected)
        });
        Self {
            shots: shots.collect(),
        }
    }

    /// Whether nothing is expected of any.
    pub fn is_empty(&self) -> bool {
        self.shots.is_empty()
    }

    /// Whether other takes have to be known.
    pub fn ask_for_takes(&self) -> bool {
        let asks =
            |one: &Expectation| matches!(one.key, Key::LikeAccepted | Key::LikeTakes | Key::Passes);
        let mut lists = self.shots.values().map(|expected| &expected.list);
        lists.any(|list| list.iter().any(asks))
    }
}

/// Looks at videos, and says what it thinks of them.
pub struct Examiner {
    expectations: Expectations,
    takes: Takes,
    frames: Arc<dyn FrameLibrary>,
    lab: Lab,
}

impl fmt::Debug for Examiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examiner")
            .field("expectations", &self.expectations)
            .field("lab", &self.lab)
            .finish_non_exhaustive()
    }
}

impl Examiner {
    /// For the videos of an output folder.
    pub fn new(
        expectations: Expectations,
        takes: Takes,
        frames: Arc<dyn FrameLibrary>,
        store: Store,
        measure: Measure,
    ) -> Self {
        let lab = Lab::new(store, measure);
        if expectations.shots.len() >= MANY {
            lab.recall_all();
        }
        Self {
            expectations,
            takes,
            frames,
            lab,
        }
    }

    /// Whether anything is expected of a shot. A video that was paid for something
    /// else is not judged by what is asked for now.
    pub fn expects(&self, shot: &ShotFacts) -> bool {
        !shot.earlier && self.expectations.shots.contains_key(&shot.id)
    }

    /// Judges a video of a shot; opens files, and takes its time.
    pub fn examine(&self, shot: &ShotFacts, video: &Video) -> Option<Verdict> {
        self.verdict(shot, video, May::Measure).ok().flatten()
    }

    /// The same by what is known already; nothing where that is not enough.
    pub fn recall(&self, shot: &ShotFacts, video: &Video) -> Option<Verdict> {
        self.verdict(shot, video, May::Recall).ok().flatten()
    }

    fn verdict(
        &self,
        shot: &ShotFacts,
        video: &Video,
        may: May,
    ) -> Result<Option<Verdict>, NotKnown> {
        let expected = self.expectations.shots.get(&shot.id);
        let Some(expected) = expected.filter(|_| !shot.earlier) else {
            return Ok(None);
        };
        let subject = Subject {
            shot,
            expected,
            may,
        };
        let checks = self.checks(&subject, video)?;
        let passes = expected.list.iter().find_map(|one| match one.wanted {
            Wanted::Passes { wanted, of } => Some((wanted, of)),
            _ => None,
        });
        let mut verdict = Verdict {
            checks,
            takes: None,
        };
        if let Some((wanted, of)) = passes {
            verdict.takes = Some(self.quorum(&subject, video, verdict.own(), (wanted, of))?);
        }
        Ok(Some(verdict))
    }

    fn checks(&self, subject: &Subject<'_>, video: &Video) -> Result<Vec<Check>, NotKnown> {
        let list = &subject.expected.list;
        // Before the measures: what is seen for these is measured on the way.
        let likeness = self.likenesses(subject, video)?;
        let measures = match needs(list) {
            None => None,
            Some(what) => Some(self.lab.measures(video, what, subject.may)?),
        };
        let evidence = evidence(video, measures.as_ref(), likeness);
        Ok(judge(list, &evidence))
    }

    /// The newest takes of the same request, this video first.
    fn quorum(
        &self,
        subject: &Subject<'_>,
        video: &Video,
        own: Judgement,
        (wanted, of): (u32, u32),
    ) -> Result<Quorum, NotKnown> {
        let mut results = vec![own];
        for take in self.of_request(subject.shot, video) {
            if results.len() >= of as usize {
                break;
            }
            let checks = self.checks(subject, take)?.into_iter();
            let worst = checks.map(|check| check.result).max();
            results.push(worst.unwrap_or(Judgement::Passed));
        }
        let count = |wanted: Judgement| results.iter().filter(|one| **one == wanted).count() as u32;
        Ok(Quorum {
            wanted,
            of,
            there: results.len() as u32,
            passed: count(Judgement::Passed),
            failed: count(Judgement::Failed),
        })
    }

    /// Other videos that were made by the very same request, the newest first.
    fn of_request<'s>(
        &'s self,
        shot: &'s ShotFacts,
        video: &'s Video,
    ) -> impl Iterator<Item = &'s Video> {
        let is_same = |fingerprint: &Fingerprint| shot.fingerprint.as_ref() == Some(fingerprint);
        let takes = self.takes.made.get(&shot.id).into_iter().flatten();
        takes
            .filter(move |(fingerprint, take)| is_same(fingerprint) && take.sha256 != video.sha256)
            .map(|(_, take)| take)
    }

    fn likenesses(
        &self,
        subject: &Subject<'_>,
        video: &Video,
    ) -> Result<BTreeMap<Key, Result<Likeness, String>>, NotKnown> {
        let mut likenesses = BTreeMap::new();
        for one in subject.expected.list.iter() {
            let likeness = match one.key {
                Key::LikeFirstFrame => self.like_first(subject, video)?,
                Key::LikeAccepted => self.like_accepted(subject, video)?,
                Key::LikeTakes => self.like_takes(subject, video)?,
                _ => continue,
            };
            likenesses.insert(one.key, likeness);
        }
        Ok(likenesses)
    }

    fn like_first(&self, subject: &Subject<'_>, video: &Video) -> Result<Compared, NotKnown> {
        let glances = match self.lab.glances(video, subject.may)? {
            Ok(glances) => glances,
            Err(why) => return Ok(Err(why)),
        };
        let size = (video.width, video.height);
        let first = &subject.expected.first;
        let look = || first.glance(subject.shot, &*self.frames, size);
        let digest = first.digest(subject.shot);
        let given = self.lab.picture(digest, size, subject.may, look)?;
        Ok(given.map(|given| likeness(&[given], glances.get(..1).unwrap_or_default())))
    }

    fn like_accepted(&self, subject: &Subject<'_>, video: &Video) -> Result<Compared, NotKnown> {
        match self.takes.accepted.get(&subject.shot.id) {
            Some(accepted) => self.like(video, accepted, subject.may),
            None => Ok(Err(
                "no take was accepted: `runner takes FILE --select DIGITS` accepts one".to_owned(),
            )),
        }
    }

    /// The nearest of the other takes, whatever was asked for then.
    fn like_takes(&self, subject: &Subject<'_>, video: &Video) -> Result<Compared, NotKnown> {
        let takes = self.takes.made.get(&subject.shot.id).into_iter().flatten();
        let others = takes.map(|(_, take)| take);
        let others = others.filter(|take| take.sha256 != video.sha256);
        let mut nearest: Compared = Err("there is no other take".to_owned());
        for take in others.take(TAKES_COMPARED) {
            let like = self.like(video, take, subject.may)?;
            let nearer = match (&nearest, &like) {
                (Ok(known), Ok(like)) => closeness(like) > closeness(known),
                (known, _) => known.is_err(),
            };
            if nearer {
                nearest = like;
            }
        }
        Ok(nearest)
    }

    fn like(&self, video: &Video, other: &Video, may: May) -> Result<Compared, NotKnown> {
        let pair = (self.lab.glances(video, may)?, self.lab.glances(other, may)?);
        let pair: (Answer<Vec<Glance>>, Answer<Vec<Glance>>) = pair;
        Ok(match pair {
            (Ok(one), Ok(other)) => Ok(likeness(&one, &other)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        })
    }
}

/// How like two things are, or why that is not known.
type Compared = Result<Likeness, String>;

/// What is being judged, and by what.
struct Subject<'a> {
    shot: &'a ShotFacts,
    expected: &'a Expected,
    may: May,
}

/// One number to choose the nearest by.
fn closeness(likeness: &Likeness) -> i64 {
    let camera = likeness.camera.map_or(0, i64::from);
    i64::from(likeness.colour) + i64::from(likeness.hues) + i64::from(likeness.layout) + camera
}

/// What has to be measured; nothing where what is on record is enough.
fn needs(list: &[Expectation]) -> Option<What> {
    let needs = list.iter().filter_map(|one| match one.key {
        Key::Audio => Some(What::Properties),
        Key::Loudness => Some(What::Sound),
        Key::Black | Key::Frozen | Key::Cuts => Some(What::Picture),
        // The first are on record, the last are compared by glances, which bring
        // their own.
        Key::Size
        | Key::Duration
        | Key::Fps
        | Key::Codec
        | Key::Passes
        | Key::LikeFirstFrame
        | Key::LikeAccepted
        | Key::LikeTakes => None,
    });
    needs.reduce(What::and)
}

fn evidence<'a>(
    video: &'a Video,
    measures: Option<&'a Answer<Measures>>,
    likeness: BTreeMap<Key, Compared>,
) -> Evidence<'a> {
    const UNASKED: &str = "it was not measured";
    let measures = match measures {
        None => Err(UNASKED),
        Some(Ok(measures)) => Ok(&**measures),
        Some(Err(why)) => Err(why.as_str()),
    };
    let undecoded = |measures: &'a Measures| measures.undecoded.as_deref().unwrap_or(UNASKED);
    Evidence {
        video,
        sound: measures.map(|measures| measures.audio.as_ref()),
        picture: measures.and_then(|measures| {
            let picture = measures.picture.as_ref();
            picture.ok_or_else(|| undecoded(measures))
        }),
        likeness,
    }
}
