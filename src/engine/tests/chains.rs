//! Shots that start from frames of other shots, with time paused.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::{Ran, checked_lines, context, ran, settings};
use crate::check::media::{Frame, MediaFacts};
use crate::engine::{Settings, Shutdown};
use crate::event::{Decision, FailureClass, Video};
use crate::id::{ShotId, TaskId, sha256_hex};
use crate::plan::frames::FrameLibrary;
use crate::plan::history::{History, Leftover, Past, Presence, Standing};
use crate::plan::{self, Context, Job, Plan};
use crate::provider::Progress;
use crate::provider::fake::{Fake, Room, Script};
use crate::shot::FrameAt;
use crate::state::{Outcome, Phase};

/// Frames that are told apart by their video's digest and their place.
struct Frames {
    folder: tempfile::TempDir,
    /// Places of which no frame can be taken.
    broken: Option<&'static str>,
    /// Whether the pictures that were kept are gone.
    forgetful: bool,
    taken: Mutex<()>,
}

impl Frames {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            broken: None,
            forgetful: false,
            taken: Mutex::default(),
        }
    }

    fn frame(&self, video: &Video, at: FrameAt) -> Frame {
        let _one_at_a_time = self.taken.lock().expect("no panic");
        let bytes = format!("{} {at}", video.sha256).into_bytes();
        let sha256 = sha256_hex(&bytes);
        let path: PathBuf = self.folder.path().join(&sha256);
        // Another shot may be reading it.
        if !path.exists() {
            std::fs::write(&path, &bytes).expect("the folder is ours");
        }
        Frame {
            video_sha256: video.sha256.clone(),
            pixels_sha256: sha256.clone(),
            decoder: "test".to_owned(),
            picture: MediaFacts {
                path,
                sha256,
                media_type: "image/png",
                bytes: bytes.len() as u64,
                width: 1366,
                height: 768,
            },
        }
    }
}

impl FrameLibrary for Frames {
    fn kept(&self, video: &Video, at: FrameAt) -> Option<Frame> {
        (!self.forgetful).then(|| self.frame(video, at))
    }

    fn take(&self, video: &Video, at: FrameAt) -> Result<Frame, String> {
        let place = at.to_string();
        match self.broken {
            Some(broken) if broken == place => Err(format!("`{}` has no such frame", video.path)),
            _ => Ok(self.frame(video, at)),
        }
    }
}

fn from(id: &str, source: &str) -> String {
    format!("{{ id: {id}, prompt: shot {id}, first_frame: {{ shot: {source} }} }}")
}

fn alone(id: &str) -> String {
    format!("{{ id: {id}, prompt: shot {id} }}")
}

fn film(shots: &[String], history: &History) -> Plan {
    film_with(shots, history, Frames::new())
}

fn film_with(shots: &[String], history: &History, frames: Frames) -> Plan {
    let context = Context {
        frames: Arc::new(frames),
        ..context(history)
    };
    plan::plan(checked_lines(shots), context)
}

async fn run_of(plan: Plan, fake: &Arc<Fake>) -> Ran {
    ran(plan, fake, &settings(), &Shutdown::default()).await
}

#[tokio::test(start_paused = true)]
async fn each_begins_when_its_source_is_on_disk() {
    let fake = Arc::new(Fake::default());
    let plan = film(
        &[from("c", "b"), from("b", "a"), alone("a")],
        &History::default(),
    );
    let decisions: Vec<Decision> = plan.facts.shots.iter().map(|s| s.decision).collect();
    assert_eq!(
        decisions,
        [Decision::Wait, Decision::Wait, Decision::Create]
    );
    assert_eq!(plan.cost().to_string(), "0.84 USD", "what waits is counted");
    let ran = run_of(plan, &fake).await;
    insta::assert_snapshot!(ran.story());
    assert_eq!(fake.billed(), ["a", "b", "c"]);
    let shot = &ran.state.shots[0];
    assert!(shot.facts.fingerprint.is_some(), "it is known by now");
    assert_eq!(shot.facts.frames[0].decoder.as_deref(), Some("test"));
}

#[tokio::test(start_paused = true)]
async fn two_sources_and_one_frame_for_many() {
    let fake = Arc::new(Fake::default());
    let both = "{ id: both, model: MiniMax-Hailuo-02, prompt: p, first_frame: { shot: a }, last_frame: { shot: b, frame: first } }";
    let mut shots = vec![both.to_owned(), alone("a"), alone("b")];
    shots.extend((0..5).map(|number| from(&format!("fan{number}"), "a")));
    let ran = run_of(film(&shots, &History::default()), &fake).await;
    assert!(ran.outcomes().iter().all(|end| *end == Outcome::Succeeded));
    assert_eq!(fake.billed().len(), 8, "one task each");
    let begun = fake.billed();
    let at = |id: &str| begun.iter().position(|shot| shot == id);
    assert!(at("both") > at("a").max(at("b")), "{begun:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_bars_all_behind_it_and_nothing_is_paid_for_them() {
    let fake = Arc::new(Fake::default());
    let failed = Progress::Failed {
        status: "Fail".to_owned(),
        failure: crate::provider::fake::failure(FailureClass::TaskFailed),
    };
    fake.script(
        "a",
        Script {
            polls: [Ok(failed)].into(),
            ..Script::default()
        },
    );
    let shots = [alone("a"), from("b", "a"), from("c", "b"), alone("d")];
    let ran = run_of(film(&shots, &History::default()), &fake).await;
    insta::assert_snapshot!(ran.story());
    assert_eq!(fake.billed(), ["a", "d"]);
    assert_eq!(crate::cli::Exit::of_run(&ran.state).code(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_late_leaves_the_rest_for_another_run() {
    let fake = Arc::new(Fake::default());
    fake.room(Room {
        creates: 10,
        window: Duration::from_secs(1),
        work: Duration::from_secs(10_000),
    });
    let shots = [alone("a"), from("b", "a"), from("c", "b")];
    let ran = run_of(film(&shots, &History::default()), &fake).await;
    insta::assert_snapshot!(ran.story());
    assert_eq!(crate::cli::Exit::of_run(&ran.state).code(), 102);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_cannot_be_taken_bars_its_shot() {
    let fake = Arc::new(Fake::default());
    let frames = Frames {
        broken: Some("5000ms"),
        ..Frames::new()
    };
    let late = "{ id: b, prompt: p, first_frame: { shot: a, frame: 5s } }".to_owned();
    let shots = [alone("a"), late, from("c", "b"), from("d", "a")];
    let ran = run_of(film_with(&shots, &History::default(), frames), &fake).await;
    insta::assert_snapshot!(ran.story());
    assert_eq!(fake.billed(), ["a", "d"]);
}

/// Frames of two names can be one picture: then two shots are one request.
#[tokio::test(start_paused = true)]
async fn the_same_video_is_not_paid_for_under_two_names() {
    struct Same(Frames);
    impl FrameLibrary for Same {
        fn kept(&self, video: &Video, _: FrameAt) -> Option<Frame> {
            Some(self.0.frame(video, FrameAt::Last))
        }
        fn take(&self, video: &Video, _: FrameAt) -> Result<Frame, String> {
            Ok(self.0.frame(video, FrameAt::Last))
        }
    }
    let fake = Arc::new(Fake::default());
    let shot = |id: &str, at: &str| {
        format!("{{ id: {id}, prompt: p, first_frame: {{ shot: a, frame: {at} }} }}")
    };
    let shots = [alone("a"), shot("b", "last"), shot("c", "5.9s")];
    let context = Context {
        frames: Arc::new(Same(Frames::new())),
        ..context(&History::default())
    };
    let ran = run_of(plan::plan(checked_lines(&shots), context), &fake).await;
    assert_eq!(fake.billed(), ["a", "b"]);
    let c = &ran.state.shots[2];
    assert!(matches!(c.phase, Phase::Skipped(_)), "{:?}", c.phase);
    insta::assert_snapshot!(c.facts.reason);
}

/// A run for which `shot` was paid, and what it left.
fn paid(facts: &crate::event::ShotFacts, standing: Standing) -> Past {
    let fingerprint = facts.fingerprint.clone().expect("it is decided");
    Past {
        attempt: fingerprint.attempt(1),
        shot: facts.id.clone(),
        standing,
        base_url: "https://service.example".to_owned(),
        intended_at: Timestamp::UNIX_EPOCH,
        date: "1970-01-01".to_owned(),
        request: Arc::clone(&facts.request),
    }
}

fn video_of(shot: &str) -> Video {
    let bytes = crate::provider::fake::video();
    Video {
        path: format!("{shot}.mp4"),
        bytes: bytes.len() as u64,
        sha256: sha256_hex(&bytes),
        width: 64,
        height: 36,
        duration_ms: 6_000,
        fps: 24.0,
        codec: "avc1.42C00A".to_owned(),
    }
}

fn saved(shot: &str, presence: Presence) -> Standing {
    Standing::Saved {
        video: video_of(shot),
        presence,
        task: TaskId::new(shot),
        file: None,
    }
}

/// The facts of `b`, which starts from `a`, when `a` has its video.
fn decided(shots: &[String]) -> (crate::event::ShotFacts, crate::event::ShotFacts) {
    let first = film(shots, &History::default());
    let a = first.facts.shots[0].clone();
    let mut history = History::default();
    let past = paid(&a, saved("a", Presence::Present));
    history.requests.insert(past_key(&a), past);
    let second = film(shots, &history);
    (a, second.facts.shots[1].clone())
}

fn past_key(facts: &crate::event::ShotFacts) -> crate::id::Fingerprint {
    facts.fingerprint.clone().expect("it is decided")
}

/// What may be asked for is not collected as something that nobody asks for.
#[test]
fn what_was_paid_for_a_waiting_shot_is_found_when_it_is_decided() {
    let shots = [alone("a"), from("b", "a")];
    let (_, b) = decided(&shots);
    let standing = Standing::Paid {
        task: TaskId::new("b"),
        file: None,
    };
    let past = paid(&b, standing);
    let mut history = History::default();
    history.requests.insert(past_key(&b), past.clone());
    history.unsettled.push(Leftover {
        fingerprint: past_key(&b),
        backend: "minimax".to_owned(),
        past,
        price: None,
    });
    // `a` is made anew, and is by its pixels what it was.
    let found = later(&shots, &history);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].decision, Decision::Resume);

    // With another prompt it asks for something else: both are had.
    let changed = [
        alone("a"),
        "{ id: b, prompt: other, first_frame: { shot: a } }".to_owned(),
    ];
    let found = later(&changed, &history);
    let decisions: Vec<Decision> = found.iter().map(|shot| shot.decision).collect();
    assert_eq!(decisions, [Decision::Create, Decision::Resume]);
    assert!(found[1].earlier, "{:?}", found[1].id);
}

/// What is decided on the second shot when the first is there.
fn later(shots: &[String], history: &History) -> Vec<crate::event::ShotFacts> {
    let mut plan = film(shots, history);
    assert_eq!(plan.facts.shots.len(), 2, "nothing is collected yet for b");
    let Some(Job::Wait(shot)) = plan.jobs.pop() else {
        panic!("the second shot does not wait");
    };
    let a = ShotId::new("a").expect("a good id");
    let videos = HashMap::from([(a, video_of("a"))]);
    let decided = plan.later.decide(plan.later.look(&shot, &videos));
    decided.into_iter().map(|(facts, _)| facts).collect()
}

#[test]
fn what_is_there_is_planned_without_waiting() {
    let shots = [alone("a"), from("b", "a"), from("c", "b")];
    let (a, b) = decided(&shots);
    assert_eq!(b.decision, Decision::Create);
    let mut history = History::default();
    for (facts, presence) in [(&a, Presence::Missing), (&b, Presence::Present)] {
        let past = paid(facts, saved(facts.id.as_str(), presence));
        history.requests.insert(past_key(facts), past);
    }
    // The file of `a` is gone, its frames are kept.
    let plan = film(&shots, &history);
    let decisions: Vec<Decision> = plan.facts.shots.iter().map(|s| s.decision).collect();
    assert_eq!(
        decisions,
        [Decision::Resume, Decision::Reuse, Decision::Create]
    );
}

#[test]
fn a_shot_that_is_not_selected_gives_its_frames_if_it_has_them() {
    let shots = [alone("a"), from("b", "a")];
    let selected = |history: &History| {
        let only = ShotId::new("b").expect("a good id");
        let context = Context {
            frames: Arc::new(Frames::new()),
            selected: Some([only].into()),
            ..context(history)
        };
        plan::plan(checked_lines(&shots), context).facts.shots
    };
    let without = selected(&History::default());
    assert_eq!(without.len(), 1);
    assert_eq!(without[0].decision, Decision::Blocked);
    insta::assert_snapshot!(without[0].reason);
    let (a, _) = decided(&shots);
    let mut history = History::default();
    history
        .requests
        .insert(past_key(&a), paid(&a, saved("a", Presence::Present)));
    assert_eq!(selected(&history)[0].decision, Decision::Create);
}

/// Nobody fetches the video of a shot that is not selected.
#[tokio::test(start_paused = true)]
async fn no_shot_waits_for_one_that_nobody_makes() {
    let shots = [alone("a"), from("b", "a"), from("c", "b")];
    let (a, _) = decided(&shots);
    let mut history = History::default();
    history
        .requests
        .insert(past_key(&a), paid(&a, saved("a", Presence::Missing)));
    let only = ["b", "c"].map(|id| ShotId::new(id).expect("a good id"));
    let context = Context {
        frames: Arc::new(Frames {
            forgetful: true,
            ..Frames::new()
        }),
        selected: Some(only.into()),
        ..context(&history)
    };
    let plan = plan::plan(checked_lines(&shots), context);
    let reasons: Vec<&str> = plan.facts.shots.iter().map(|s| s.reason.as_str()).collect();
    insta::assert_debug_snapshot!(reasons);
    let fake = Arc::new(Fake::default());
    let ran = run_of(plan, &fake).await;
    assert!(fake.billed().is_empty());
    for shot in &ran.state.shots {
        assert!(matches!(shot.phase, Phase::Skipped(_)), "{:?}", shot.phase);
    }
}

/// What was paid for is found by what the ledger has of its frame, also where
/// another decoder sees other pixels in the same video.
#[test]
fn a_decoder_that_sees_other_pixels_makes_nothing_anew() {
    struct Other(Frames);
    impl FrameLibrary for Other {
        fn kept(&self, _: &Video, _: FrameAt) -> Option<Frame> {
            None
        }
        fn take(&self, video: &Video, at: FrameAt) -> Result<Frame, String> {
            Ok(Frame {
                pixels_sha256: "0".repeat(64),
                ..self.0.frame(video, at)
            })
        }
    }
    let shots = [alone("a"), from("b", "a")];
    let (a, b) = decided(&shots);
    let mut history = History::default();
    for facts in [&a, &b] {
        let past = paid(facts, saved(facts.id.as_str(), Presence::Present));
        history.requests.insert(past_key(facts), past);
    }
    let other = |history: &History| {
        let context = Context {
            frames: Arc::new(Other(Frames::new())),
            ..context(history)
        };
        plan::plan(checked_lines(&shots), context).facts.shots[1].decision
    };
    assert_eq!(other(&history), Decision::Create, "nothing is on record");
    let frame = &b.frames[0];
    let video = frame.video_sha256.clone().expect("it is there");
    let pixels = frame.pixels_sha256.clone().expect("it is there");
    history.frames.insert((video, frame.at.clone()), pixels);
    assert_eq!(other(&history), Decision::Reuse);
}

/// The bound is the longest chain, or all the work over the places for it.
#[tokio::test(start_paused = true)]
async fn a_chain_at_the_end_of_a_film_does_not_make_it_longer() {
    const WORK: Duration = Duration::from_secs(120);
    let mut shots: Vec<String> = (0..95).map(|number| alone(&format!("s{number}"))).collect();
    shots.push(alone("c0"));
    shots.extend((1..10).map(|number| from(&format!("c{number}"), &format!("c{}", number - 1))));
    let fake = Arc::new(Fake::default());
    fake.room(Room {
        creates: 1_000,
        window: Duration::from_secs(1),
        work: WORK,
    });
    let places = Settings {
        concurrency: 10,
        ..settings()
    };
    let plan = film(&shots, &History::default());
    let ran = ran(plan, &fake, &places, &Shutdown::default()).await;
    assert!(ran.outcomes().iter().all(|end| *end == Outcome::Succeeded));
    let bound = WORK * 105 / 10;
    let over = ran.state.elapsed.as_secs_f64() / bound.as_secs_f64();
    assert!(over < 1.15, "{over} times the bound");
}

/// No order of ends begins a shot before all that it needs, twice, or never.
#[tokio::test(start_paused = true)]
async fn every_film_is_made_whole_in_an_order_that_its_frames_allow() {
    let mut seed: u64 = 7;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..40 {
        let count = 2 + next(14);
        let mut shots = Vec::new();
        let mut needs: HashMap<String, Vec<String>> = HashMap::new();
        for number in 0..count {
            // Alone, a last frame is no request.
            let frames = ["first_frame", "last_frame"];
            let used = if number > 0 { next(3) as usize } else { 0 };
            let mut line =
                format!("{{ id: s{number}, model: MiniMax-Hailuo-02, prompt: shot {number}");
            for field in &frames[..used] {
                let source = next(number);
                let _ = write!(line, ", {field}: {{ shot: s{source}, frame: {number}ms }}");
                let entry = needs.entry(format!("s{number}")).or_default();
                entry.push(format!("s{source}"));
            }
            line.push_str(" }");
            shots.push(line);
        }
        // In any order of the manifest.
        for at in (1..shots.len()).rev() {
            shots.swap(at, next(at as u64 + 1) as usize);
        }
        let fake = Arc::new(Fake::default());
        let plan = film(&shots, &History::default());
        let ran = run_of(plan, &fake).await;
        assert!(
            ran.outcomes().iter().all(|end| *end == Outcome::Succeeded),
            "{shots:#?}"
        );
        let billed = fake.billed();
        assert_eq!(billed.len(), count as usize, "one task each");
        let at = |id: &String| billed.iter().position(|shot| shot == id);
        for (shot, sources) in &needs {
            assert!(
                sources.iter().all(|source| at(source) < at(shot)),
                "{shots:#?}"
            );
        }
    }
}
