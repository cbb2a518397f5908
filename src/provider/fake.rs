//! A scripted service in memory, for tests of the engine with paused time.
//!
//! Owns what each shot's calls answer; what is not scripted succeeds. It counts
//! every task that it took, because that is what is billed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use tokio::time::Instant;

use crate::check::request::Request;
use crate::event::{Failure, FailureClass};
use crate::id::{FileId, TaskId};
use crate::media::clip::{self, ClipRequest};
use crate::provider::{Body, Created, Location, Progress, Provider, Rest, Version};

/// What one shot's calls answer, each list from its front; empty lists succeed.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) creates: VecDeque<FailureClass>,
    /// A create that fails after the task was taken: billed, not answered.
    pub(crate) lost_answer: bool,
    /// How long a refused create asks to wait.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) polls: VecDeque<Result<Progress, FailureClass>>,
    pub(crate) links: VecDeque<FailureClass>,
    pub(crate) downloads: VecDeque<Result<Sent, FailureClass>>,
    /// What the content call brings; it fails otherwise.
    pub(crate) contents: VecDeque<Vec<u8>>,
}

/// What comes of one opening of a link.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) start: u64,
    pub(crate) length: Option<u64>,
    pub(crate) version: Option<&'static str>,
    pub(crate) bytes: Vec<u8>,
    /// Whether the connection breaks after the bytes.
    pub(crate) breaks: bool,
}

impl From<Vec<u8>> for Sent {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }
}

impl From<Sent> for Body {
    fn from(sent: Sent) -> Self {
        let bytes = Ok(Bytes::from(sent.bytes));
        let end = sent.breaks.then(|| Err(failure(FailureClass::Transient)));
        Self {
            start: sent.start,
            length: sent.length,
            version: sent.version.map(Version::new),
            bytes: futures::stream::iter([bytes].into_iter().chain(end)).boxed(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Fake {
    state: Mutex<State>,
}

/// What a service has room for, and how long it works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Creates that it takes in any window of `window`; the others are refused.
    pub(crate) creates: usize,
    pub(crate) window: Duration,
    /// From a create to its video.
    pub(crate) work: Duration,
}

#[derive(Debug, Default)]
struct State {
    room: Option<Room>,
    /// When each create was taken, by shot.
    taken: Vec<(String, Instant)>,
    scripts: HashMap<String, Script>,
    billed: Vec<String>,
    calls: Vec<String>,
}

impl Fake {
    pub(crate) fn script(&self, shot: &str, script: Script) {
        self.lock().scripts.insert(shot.to_owned(), script);
    }

    /// From now on, no more than there is room for.
    pub(crate) fn room(&self, room: Room) {
        self.lock().room = Some(room);
    }

    /// The shots that were billed, in order, with repetitions.
    pub(crate) fn billed(&self) -> Vec<String> {
        self.lock().billed.clone()
    }

    /// Every call, as `operation shot`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, operation: &str, shot: &str, answer: impl FnOnce(&mut Script) -> T) -> T {
        let mut state = self.lock();
        state.calls.push(format!("{operation} {shot}"));
        answer(state.scripts.entry(shot.to_owned()).or_default())
    }
}

impl State {
    /// Refuses a create for which there is no room; else counts it.
    fn crowded(&mut self, shot: &str) -> Option<FailureClass> {
        let room = self.room?;
        let now = Instant::now();
        let recent = self.taken.iter().rev();
        let recent = recent.take_while(|(_, at)| now - *at < room.window);
        if recent.count() >= room.creates {
            return Some(FailureClass::Throttled);
        }
        self.taken.push((shot.to_owned(), now));
        None
    }

    fn at_work(&self, shot: &str) -> Option<Progress> {
        let (_, at) = self.taken.iter().find(|(name, _)| name == shot)?;
        (at.elapsed() < self.room?.work).then(|| Progress::Running {
            status: "Processing".to_owned(),
            known: true,
        })
    }
}

pub(crate) fn failure(class: FailureClass) -> Failure {
    Failure::new(class, format!("scripted {}", class.as_str()))
}

/// A whole video of six seconds, a few pixels wide.
pub(crate) fn video() -> Vec<u8> {
    clip::render_tiny(&ClipRequest {
        width: 1366,
        height: 768,
        duration_ms: 6_000,
        fps: 24,
        seed: 1,
        title: "fake",
        prompt: "",
        moves: &[],
        first_frame: None,
        last_frame: None,
    })
    .expect("a tiny clip can always be made")
}

impl Provider for Fake {
    async fn create(&self, request: Request) -> Result<Created, Failure> {
        let shot = request.shot().to_string();
        let (refused, lost, retry_after) = self.call("create", &shot, |script| {
            (
                script.creates.pop_front(),
                std::mem::take(&mut script.lost_answer),
                script.retry_after,
            )
        });
        if let Some(class) = refused.or_else(|| self.lock().crowded(&shot)) {
            return Err(Failure {
                retry_after,
                ..failure(class)
            });
        }
        self.lock().billed.push(shot.clone());
        if lost {
            return Err(failure(FailureClass::Ambiguous));
        }
        Ok(Created {
            task: TaskId::new(shot),
            trace_id: None,
        })
    }

    async fn poll(&self, task: &TaskId) -> Result<Progress, Failure> {
        let shot = task.as_str();
        let scripted = self.call("poll", shot, |script| script.polls.pop_front());
        scripted
            .or_else(|| self.lock().at_work(shot).map(Ok))
            .unwrap_or_else(|| {
                Ok(Progress::Succeeded {
                    status: "Success".to_owned(),
                    file: FileId::new(shot),
                })
            })
            .map_err(failure)
    }

    async fn locate(&self, file: &FileId) -> Result<Location, Failure> {
        match self.call("locate", file.as_str(), |script| script.links.pop_front()) {
            Some(class) => Err(failure(class)),
            None => Ok(Location::new(file.as_str())),
        }
    }

    async fn fetch(&self, location: &Location, rest: Option<&Rest>) -> Result<Body, Failure> {
        let shot = location.expose();
        let operation = match rest {
            Some(rest) => format!("fetch from {}", rest.start),
            None => "fetch".to_owned(),
        };
        let scripted = self.call(&operation, shot, |script| script.downloads.pop_front());
        let sent = scripted.unwrap_or_else(|| Ok(video().into()));
        sent.map(Body::from).map_err(failure)
    }

    async fn fetch_content(&self, file: &FileId) -> Result<Body, Failure> {
        let bytes = self.call("content", file.as_str(), |script| {
            script.contents.pop_front()
        });
        match bytes {
            Some(bytes) => Ok(Sent::from(bytes).into()),
            None => Err(failure(FailureClass::Transient)),
        }
    }
}
