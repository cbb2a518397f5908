//! Which videos are looked at for a shot, how often, and what is kept.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{Examiner, Expectations, Measure};
use crate::check::media::{MediaFacts, MediaLibrary, MediaProblem};
use crate::check::{self, CheckedShot};
use crate::diag::{SourceFile, Sources};
use crate::event::{Decision, Judgement, ShotFacts, Verdict, Video};
use crate::id::{Fingerprint, ShotId, sha256_hex};
use crate::ledger::Takes;
use crate::media::clip::{ClipRequest, Flaw, render_tiny_flawed};
use crate::media::measure::What;
use crate::plan::frames::NoFrames;
use crate::shot::{self, Overrides};
use crate::spec::{Spec, Unlisted};
use crate::store::Store;
use crate::verdict::measure_with;

struct NoMedia;

impl MediaLibrary for NoMedia {
    fn describe(&self, path: &Path, _: u64) -> Result<MediaFacts, MediaProblem> {
        Err(MediaProblem::Missing {
            path: path.display().to_string(),
            similar: None,
        })
    }
}

/// The shots of a manifest that begins with what every one has.
fn checked(rest: &str) -> Vec<CheckedShot> {
    let text = format!("version: 1\n{rest}");
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", text));
    let spec = Spec::bundled();
    let (manifest, told) =
        crate::manifest::parse(&mut sources, id, spec, &crate::manifest::NoFiles);
    assert!(
        !told.iter().any(crate::diag::Diagnostic::is_error),
        "{told:?}"
    );
    let manifest = manifest.expect("the manifest above is whole");
    let (shots, _) = shot::expand(&manifest, &sources, &Overrides::default(), spec);
    let context = check::Context {
        spec,
        media: &NoMedia,
        unlisted: Unlisted::Refuse,
    };
    check::check(&shots, &context).0
}

/// One shot of which this is expected.
fn expecting(expect: &str) -> Vec<CheckedShot> {
    checked(&format!(
        "shots:\n  - {{ id: a, model: MiniMax-Hailuo-2.3, prompt: A fox runs, expect: {expect} }}\n"
    ))
}

fn facts(request: &str) -> ShotFacts {
    ShotFacts {
        id: ShotId::new("a").expect("an id"),
        scene: None,
        tags: Vec::new(),
        mode: "T2V".into(),
        model: "MiniMax-Hailuo-2.3".into(),
        prompt: "A fox runs".into(),
        request: Arc::default(),
        fingerprint: Some(print(request)),
        decision: Decision::Reuse,
        reason: String::new(),
        changes: Vec::new(),
        price: None,
        file: "a.mp4".into(),
        depends_on: Vec::new(),
        frames: Vec::new(),
        seconds: 6,
        resolution: "768P".into(),
        earlier: false,
        another_take: false,
        existing: None,
        verdict: None,
        paid_task: None,
    }
}

fn print(request: &str) -> Fingerprint {
    Fingerprint::from_hex(sha256_hex(request.as_bytes()))
}

/// An output folder with videos in it.
struct Folder {
    folder: tempfile::TempDir,
    store: Store,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(folder.path()).expect("an empty folder can be used");
        Self { folder, store }
    }

    /// A tiny clip under a name.
    fn clip(&self, name: &str, seed: u64, flaw: Option<Flaw>) -> Video {
        let request = ClipRequest {
            width: 1366,
            height: 768,
            duration_ms: 2_000,
            fps: 24,
            seed,
            title: name,
            prompt: "",
            moves: &[],
            first_frame: None,
            last_frame: None,
        };
        let bytes = render_tiny_flawed(&request, flaw).expect("a tiny clip can be made");
        std::fs::write(self.folder.path().join(name), &bytes).expect("the folder is ours");
        let small = flaw == Some(Flaw::Small);
        Video {
            path: name.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256_hex(&bytes),
            width: if small { 32 } else { 64 },
            height: if small { 18 } else { 36 },
            duration_ms: 2_000,
            fps: 24.0,
            codec: "avc1.42C00B".to_owned(),
        }
    }

    fn examiner(&self, shots: &[CheckedShot], takes: Takes, measure: Measure) -> Examiner {
        Examiner::new(
            Expectations::of(shots),
            takes,
            Arc::new(NoFrames),
            self.store.clone(),
            measure,
        )
    }
}

/// Measures, and counts how often.
fn counting() -> (Measure, Arc<AtomicUsize>) {
    let times = Arc::new(AtomicUsize::new(0));
    let (count, real) = (Arc::clone(&times), measure_with(None));
    let measure: Measure = Box::new(move |path, what: What| {
        count.fetch_add(1, Ordering::Relaxed);
        real(path, what)
    });
    (measure, times)
}

fn results(verdict: &Verdict) -> Vec<(&str, Judgement)> {
    let checks = verdict.checks.iter();
    checks.map(|check| (&*check.name, check.result)).collect()
}

#[test]
fn what_is_on_record_is_judged_without_a_file() {
    let folder = Folder::new();
    let shots = expecting("{ size: 64x36, duration: 2s, fps: 24, codec: h264 }");
    let (measure, times) = counting();
    let examiner = folder.examiner(&shots, Takes::default(), measure);
    let video = Video {
        path: "gone.mp4".into(),
        ..folder.clip("a.mp4", 1, None)
    };
    let verdict = examiner.recall(&facts("x"), &video).expect("it is known");
    assert_eq!(verdict.result(), Judgement::Passed);
    assert_eq!(times.load(Ordering::Relaxed), 0);
}

#[test]
fn a_video_is_measured_once_and_a_changed_expectation_asks_for_no_second_time() {
    let folder = Folder::new();
    let video = folder.clip("a.mp4", 1, Some(Flaw::Black));
    let (measure, times) = counting();
    let strict = folder.examiner(&expecting("{ black: false }"), Takes::default(), measure);
    assert_eq!(
        strict.recall(&facts("x"), &video),
        None,
        "nobody has looked"
    );
    let verdict = strict.examine(&facts("x"), &video).expect("it is expected");
    assert_eq!(results(&verdict), [("black", Judgement::Failed)]);
    drop(strict);
    let (measure, again) = counting();
    let lenient = expecting("{ black: 3s, cuts: 0, audio: false }");
    let lenient = folder.examiner(&lenient, Takes::default(), measure);
    let verdict = lenient
        .recall(&facts("x"), &video)
        .expect("it is in the book");
    assert_eq!(verdict.result(), Judgement::Passed, "{verdict:?}");
    assert_eq!(
        (times.load(Ordering::Relaxed), again.load(Ordering::Relaxed)),
        (1, 0)
    );
}

#[test]
fn another_file_under_its_name_is_not_taken_for_the_video() {
    let folder = Folder::new();
    let video = folder.clip("a.mp4", 1, None);
    folder.clip("a.mp4", 2, Some(Flaw::Black));
    let (measure, times) = counting();
    let shots = expecting("{ black: false, size: 64x36 }");
    let examiner = folder.examiner(&shots, Takes::default(), measure);
    let verdict = examiner
        .examine(&facts("x"), &video)
        .expect("it is expected");
    assert_eq!(verdict.result(), Judgement::Unknown);
    assert_eq!(
        verdict.reasons(),
        ["black cannot be checked: `a.mp4` is not the video that was saved"]
    );
    assert_eq!(times.load(Ordering::Relaxed), 0);
}

#[test]
fn a_decoder_that_fails_fails_nothing_else() {
    let folder = Folder::new();
    let video = folder.clip("a.mp4", 1, None);
    let shots = expecting("{ black: false }");
    let measure: Measure = Box::new(|_, _| panic!("as if a decoder had a mistake"));
    let examiner = folder.examiner(&shots, Takes::default(), measure);
    let verdict = examiner
        .examine(&facts("x"), &video)
        .expect("it is expected");
    assert_eq!(verdict.result(), Judgement::Unknown);
}

#[test]
fn takes_of_the_same_request_are_counted_the_newest_first() {
    let folder = Folder::new();
    let new = folder.clip("a.mp4", 1, Some(Flaw::Black));
    let old = folder.clip("old.mp4", 2, None);
    let older = folder.clip("older.mp4", 3, None);
    let other = folder.clip("other.mp4", 4, None);
    let made = vec![(print("x"), old), (print("y"), other), (print("x"), older)];
    let shot = facts("x");
    let takes = |made: &[(Fingerprint, Video)]| Takes {
        made: [(shot.id.clone(), made.to_vec())].into(),
        ..Takes::default()
    };
    let quorum = |expect: &str, made: &[(Fingerprint, Video)]| {
        let examiner = folder.examiner(&expecting(expect), takes(made), measure_with(None));
        let verdict = examiner.examine(&shot, &new).expect("it is expected");
        (verdict.result(), verdict.reasons().join("; "))
    };
    let two_of_three = "{ black: false, passes: 2 of 3 }";
    assert_eq!(
        quorum(two_of_three, &made),
        (Judgement::Passed, String::new())
    );
    let (result, why) = quorum(two_of_three, &made[..2]);
    assert_eq!(result, Judgement::Unknown);
    assert!(
        why.starts_with("1 of 2 takes passed, expected 2 of 3; black: "),
        "{why}"
    );
    let (result, why) = quorum("{ black: false, passes: 2 of 2 }", &made);
    assert_eq!(result, Judgement::Failed);
    assert!(
        why.starts_with("1 of 2 takes passed, expected 2 of 2"),
        "{why}"
    );
}

#[test]
fn a_video_is_like_itself_and_nobody_guesses_what_was_accepted() {
    let folder = Folder::new();
    let video = folder.clip("a.mp4", 1, None);
    let shot = facts("x");
    let shots = expecting("{ likeness: { accepted: close, takes: close } }");
    let alone = folder.examiner(&shots, Takes::default(), measure_with(None));
    let verdict = alone.examine(&shot, &video).expect("it is expected");
    let unknown = Judgement::Unknown;
    let both = [("likeness.accepted", unknown), ("likeness.takes", unknown)];
    assert_eq!(results(&verdict), both);
    let takes = Takes {
        accepted: [(shot.id.clone(), video.clone())].into(),
        ..Takes::default()
    };
    let accepted = folder.examiner(&shots, takes, measure_with(None));
    let verdict = accepted.examine(&shot, &video).expect("it is expected");
    assert_eq!(verdict.checks[0].result, Judgement::Passed, "{verdict:?}");
}

#[test]
fn shots_and_defaults_merge_key_by_key() {
    let shots = checked(
        "defaults: { model: MiniMax-Hailuo-2.3, expect: { size: 1366x768, black: false, likeness: { takes: loose, first_frame: alike } } }
shots:
  - { id: as-all, prompt: A fox runs }
  - { id: other, prompt: A fox sits, expect: { black: 1s, cuts: 0, likeness: { takes: close } } }
  - { id: less, prompt: A fox eats, expect: { size: null, likeness: null } }
  - { id: nothing, prompt: A fox hides, expect: none }
overrides: { as-all: { expect: { cuts: 1 } } }
",
    );
    let told = |shot: &CheckedShot| {
        let list = shot.expect.iter();
        let list = list.map(|one| format!("{} {:?}", one.key, one.wanted));
        format!("{}: {}\n", shot.id, list.collect::<Vec<_>>().join(", "))
    };
    insta::assert_snapshot!(shots.iter().map(told).collect::<String>());
}

#[test]
fn several_may_look_at_once() {
    let folder = Folder::new();
    let shots = expecting("{ black: false, frozen: 3s, likeness: { accepted: loose } }");
    let videos: Vec<Video> = (0..8)
        .map(|seed| folder.clip(&format!("{seed}.mp4"), seed, None))
        .collect();
    let shot = facts("x");
    let takes = Takes {
        accepted: [(shot.id.clone(), videos[0].clone())].into(),
        ..Takes::default()
    };
    let examiner = folder.examiner(&shots, takes, measure_with(None));
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for video in &videos {
            scope.spawn(|| {
                let verdict = examiner.examine(&shot, video).expect("it is expected");
                told.lock()
                    .expect("no panic")
                    .push((video.path.clone(), verdict));
            });
        }
    });
    for (path, verdict) in told.into_inner().expect("no panic") {
        let video = videos
            .iter()
            .find(|video| video.path == path)
            .expect("it is one");
        assert_eq!(examiner.recall(&shot, video), Some(verdict), "{path}");
    }
}
