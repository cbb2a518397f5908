//! Whatever copies of ledgers there are and in which order they come together:
//! nothing is lost, nothing counts twice, and every order leads to the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::{
    Decision, EventKind, Failure, FailureClass, RunFacts, RunPart, ShotFacts, Video,
};

const SHOTS: u8 = 3;

fn shot(number: u8) -> ShotId {
    ShotId::new(format!("shot-{number}")).expect("a good id")
}

fn print(number: u8) -> Fingerprint {
    Fingerprint::from_hex(format!("{number:02x}").repeat(32))
}

fn facts(number: u8, another_take: bool) -> ShotFacts {
    let request = json!({"model": "MiniMax-Hailuo-2.3", "prompt": number.to_string()});
    ShotFacts {
        id: shot(number),
        scene: None,
        tags: Vec::new(),
        mode: "T2V".into(),
        model: "MiniMax-Hailuo-2.3".into(),
        prompt: number.to_string(),
        request: Arc::new(request.as_object().cloned().expect("an object")),
        fingerprint: Some(print(number)),
        decision: Decision::Create,
        reason: "new".into(),
        changes: Vec::new(),
        price: Some(Money::from_micros(280_000, "USD")),
        file: format!("shot-{number}.mp4"),
        depends_on: Vec::new(),
        frames: Vec::new(),
        seconds: 6,
        resolution: "768P".into(),
        earlier: false,
        another_take,
        verdict: None,
        existing: None,
        paid_task: None,
    }
}

/// A folder's ledger, and a clock and names that all folders of a test share.
struct Folder {
    ledger: Ledger,
    run: RunId,
}

#[derive(Default)]
struct World {
    folders: Vec<Folder>,
    ticks: i64,
}

impl World {
    fn now(&mut self) -> Timestamp {
        self.ticks += 1;
        Timestamp::from_second(1_700_000_000 + self.ticks).expect("a time of our days")
    }

    fn open(&mut self) -> usize {
        self.folders.push(Folder {
            ledger: Ledger::in_memory().expect("a ledger"),
            run: RunId::new("none"),
        });
        let at = self.folders.len() - 1;
        self.begin(at);
        at
    }

    /// Every folder's run has a name of its own, and all share one.
    fn begin(&mut self, at: usize) {
        self.ticks += 1;
        let run = RunId::new(format!("run-{}", self.ticks));
        self.folders[at].run = run.clone();
        let facts = RunFacts {
            run_id: run,
            manifest: "shots.yaml".into(),
            backend: "minimax".into(),
            base_url: "https://api.minimax.io".into(),
            free: false,
            runner_version: "0.1.0".into(),
            spec_version: "2026-01-01".into(),
            price_date: "2026-01-01".into(),
            part: Some(RunPart {
                of: RunId::new("ci"),
                shard: None,
                film: Vec::new(),
                missing: Vec::new(),
            }),
            shots: (0..SHOTS).map(|number| facts(number, true)).collect(),
        };
        self.tell(at, EventKind::RunStarted(Box::new(facts)));
    }

    /// Whether the ledger took it.
    fn tell(&mut self, at: usize, kind: EventKind) -> bool {
        let now = self.now();
        let event = Event {
            sequence: 0,
            at: now,
            elapsed: Duration::ZERO,
            kind,
        };
        let Folder { ledger, run } = &mut self.folders[at];
        let results = ledger.append(&run.clone(), &[event]).expect("a commit");
        results.iter().all(Result::is_ok)
    }

    /// What stands for a request, in a folder.
    fn standing(&self, at: usize, number: u8) -> Option<Record> {
        let records = self.folders[at].ledger.records().expect("records");
        records.by_fingerprint(&print(number)).cloned()
    }

    fn copy(&mut self, from: usize, to: usize) {
        let contents = self.folders[from].ledger.contents().expect("contents");
        let taken = self.folders[to].ledger.take_in(&contents);
        taken.expect("it can be taken in");
    }

    /// One step of what can happen to a shot in a folder.
    fn step(&mut self, at: usize, number: u8, step: Step) {
        let standing = self.standing(at, number);
        let state = standing.as_ref().map(|record| record.state);
        // The service says the same of a task, whichever copy of the ledger asks.
        let key = standing
            .as_ref()
            .map(|record| super::name::full(&record.attempt, &record.run));
        let key = key.unwrap_or_default();
        let attempt = standing.map(|record| record.attempt);
        let id = shot(number);
        let failure = || Failure::new(FailureClass::TaskFailed, "it failed");
        let kind = match (step, state, attempt) {
            (Step::Intend, _, _) => {
                let records = self.folders[at].ledger.records().expect("records");
                let next = records.attempts_of(&print(number)) + 1;
                EventKind::CreateIntended {
                    shot: id,
                    attempt: print(number).attempt(next),
                    fingerprint: print(number),
                }
            }
            (Step::Accept, Some(AttemptStanding::Intended), Some(attempt)) => {
                EventKind::CreateAccepted {
                    shot: id,
                    attempt,
                    task: TaskId::new(format!("task-{key}")),
                    trace_id: None,
                }
            }
            (Step::Doubt, Some(AttemptStanding::Intended), Some(attempt)) => {
                EventKind::CreateUncertain {
                    shot: id,
                    attempt,
                    failure: failure(),
                }
            }
            (Step::Refuse, Some(AttemptStanding::Intended), Some(attempt)) => {
                EventKind::CreateRefused {
                    shot: id,
                    attempt,
                    failure: failure(),
                    retry_in: None,
                }
            }
            (Step::Save, Some(AttemptStanding::Created), Some(attempt)) => {
                EventKind::TaskSucceeded {
                    shot: id,
                    attempt,
                    file: FileId::new(format!("file-{key}")),
                }
            }
            (Step::Save, Some(AttemptStanding::Succeeded), Some(attempt)) => {
                EventKind::VideoSaved {
                    shot: id,
                    attempt,
                    video: Video {
                        path: format!("shot-{number}.mp4"),
                        bytes: 1,
                        sha256: crate::id::sha256_hex(key.as_bytes()),
                        width: 1,
                        height: 1,
                        duration_ms: 1,
                        fps: 24.0,
                        codec: "avc1".into(),
                    },
                }
            }
            (
                Step::Fail,
                Some(AttemptStanding::Created | AttemptStanding::Succeeded),
                Some(attempt),
            ) => EventKind::TaskFailed {
                shot: id,
                attempt,
                failure: failure(),
            },
            (Step::GiveUp, Some(state), Some(attempt)) if state.is_uncertain() => {
                let now = self.now();
                let ledger = &mut self.folders[at].ledger;
                ledger.give_up(&attempt, now).expect("a person's word");
                return;
            }
            (Step::Choose, _, _) => {
                let now = self.now();
                let ledger = &mut self.folders[at].ledger;
                let takes = ledger.takes(&id).expect("takes");
                if let Some(take) = takes.last() {
                    let chosen = ledger.choose(&print(number), &take.attempt, now);
                    chosen.expect("a person's word");
                }
                return;
            }
            _ => return,
        };
        self.tell(at, kind);
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Intend,
    Accept,
    Doubt,
    Refuse,
    Save,
    Fail,
    GiveUp,
    Choose,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Step(usize, u8, Step),
    /// A run of its own begins in a folder.
    Begin(usize),
    /// A folder takes in another, as when a cache is restored.
    Copy(usize, usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let step = prop_oneof![
        4 => Just(Step::Intend),
        4 => Just(Step::Accept),
        1 => Just(Step::Doubt),
        1 => Just(Step::Refuse),
        6 => Just(Step::Save),
        1 => Just(Step::Fail),
        1 => Just(Step::GiveUp),
        1 => Just(Step::Choose),
    ];
    let act = prop_oneof![
        12 => (0..4_usize, 0..SHOTS, step).prop_map(|(at, number, step)| Act::Step(at, number, step)),
        1 => (0..4_usize).prop_map(Act::Begin),
        2 => (0..4_usize, 0..4_usize).prop_map(|(from, to)| Act::Copy(from, to)),
    ];
    proptest::collection::vec(act, 0..60)
}

/// Everything that matters of a ledger, by names that are the same everywhere.
type Told = BTreeMap<String, (AttemptStanding, Option<TaskId>, Option<String>)>;

fn told(ledger: &Ledger) -> Told {
    let entries = ledger.entries().expect("entries");
    let tell = |entry: &Entry| {
        let record = &entry.record;
        let video = record.video.as_ref().map(|video| video.sha256.clone());
        (entry.key(), (record.state, record.task.clone(), video))
    };
    entries.iter().map(tell).collect()
}

fn standing(ledger: &Ledger) -> BTreeMap<u8, (String, Option<String>)> {
    let records = ledger.records().expect("records");
    let key = |record: &Record| super::name::full(&record.attempt, &record.run);
    let of = |number: u8| {
        let record = records.by_fingerprint(&print(number))?;
        let chosen = records.chosen_for(&print(number)).map(key);
        Some((number, (key(record), chosen)))
    };
    (0..SHOTS).filter_map(of).collect()
}

fn merged(parts: &[&Contents]) -> Ledger {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    for part in parts {
        ledger.take_in(part).expect("it can be taken in");
    }
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn every_order_of_merging_leads_to_the_same_and_nothing_is_lost(
        acts in acts(),
        order in Just([0, 1, 2, 3]).prop_shuffle(),
    ) {
        let mut world = World::default();
        (0..4).for_each(|_| { world.open(); });
        for act in acts {
            match act {
                Act::Step(at, number, step) => world.step(at, number, step),
                Act::Begin(at) => world.begin(at),
                Act::Copy(from, to) => world.copy(from, to),
            }
        }
        let parts: Vec<Contents> = world
            .folders
            .iter()
            .map(|folder| folder.ledger.contents().expect("contents"))
            .collect();
        let [a, b, c, d] = order.map(|at: usize| &parts[at]);
        let one = merged(&[&parts[0], &parts[1], &parts[2], &parts[3]]);
        // Another order, some twice, and first two by two.
        let other = merged(&[d, a, b, a, c, d]);
        let left = merged(&[c, d]).contents().expect("contents");
        let right = merged(&[a, b]).contents().expect("contents");
        let grouped = merged(&[&left, &right]);
        for another in [&other, &grouped] {
            prop_assert_eq!(told(&one), told(another));
            prop_assert_eq!(standing(&one), standing(another));
            prop_assert_eq!(one.accounts().expect("the ledger can be read"), another.accounts().expect("the ledger can be read"));
            prop_assert_eq!(one.runs().expect("the ledger can be read"), another.runs().expect("the ledger can be read"));
            prop_assert_eq!(one.counting_runs().expect("the ledger can be read"), another.counting_runs().expect("the ledger can be read"));
        }
        nothing_is_lost(&one, &world)?;
    }
}

fn nothing_is_lost(one: &Ledger, world: &World) -> Result<(), TestCaseError> {
    let all = told(one);
    let mut keys = BTreeSet::new();
    for folder in &world.folders {
        for (key, (state, task, video)) in told(&folder.ledger) {
            let (merged, merged_task, merged_video) = &all[&key];
            prop_assert!(task.is_none() || task == *merged_task, "{}", key);
            prop_assert!(video.is_none() || video == *merged_video, "{}", key);
            // Only what another copy knows to be over is not open any more.
            let is_open = |told: &Told| told.get(&key).is_none_or(|told| told.0.is_unsettled());
            let open = world.folders.iter().all(|folder| is_open(&told_of(folder)));
            prop_assert_eq!(
                merged.is_unsettled(),
                open && state.is_unsettled(),
                "{}",
                key
            );
            keys.insert(key);
        }
        for (run, counts) in folder.ledger.run_entries().expect("runs") {
            let events = folder.ledger.events(&run.run_id).expect("events");
            let merged = one.events(&run.run_id).expect("events");
            prop_assert!(merged.len() >= events.len() && merged[..events.len()] == events);
            prop_assert!(!counts || one.counting_runs().expect("runs").contains(&run.run_id));
        }
    }
    prop_assert_eq!(keys, all.keys().cloned().collect::<BTreeSet<_>>());
    let records = one.records().expect("records");
    for number in 0..SHOTS {
        let holds = |state: AttemptStanding| state.holds_money() || state.has_video();
        let held =
            one.entries().expect("entries").into_iter().any(|entry| {
                entry.record.fingerprint == print(number) && holds(entry.record.state)
            });
        let standing = records.by_fingerprint(&print(number));
        // What was paid for is in the way of paying again.
        prop_assert_eq!(
            held,
            standing.is_some_and(|record| record.state.holds_money())
        );
    }
    Ok(())
}

fn told_of(folder: &Folder) -> Told {
    told(&folder.ledger)
}

/// Two folders that know nothing of each other made the same shot.
fn two(first: &[Step], second: &[Step]) -> (World, Ledger, Vec<Twice>) {
    let mut world = World::default();
    for steps in [first, second] {
        let at = world.open();
        for step in steps {
            world.step(at, 0, *step);
        }
    }
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let mut twice = Vec::new();
    for folder in &world.folders {
        let contents = folder.ledger.contents().expect("contents");
        twice.extend(ledger.take_in(&contents).expect("it can be").twice);
    }
    (world, ledger, twice)
}

const MADE: [Step; 4] = [Step::Intend, Step::Accept, Step::Save, Step::Save];

#[test]
fn what_two_folders_paid_for_is_kept_twice_and_said_once() {
    let (world, mut ledger, twice) = two(&MADE, &MADE);
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].shot, shot(0));
    assert_ne!(twice[0].known, twice[0].came);
    assert!(!twice[0].unsettled);
    assert_eq!(ledger.takes(&shot(0)).expect("takes").len(), 2);
    let spent = ledger.accounts().expect("accounts").spent;
    assert_eq!(spent.to_string(), "0.56 USD");
    // The one that was made last counts, and a third has a name of its own.
    let records = ledger.records().expect("records");
    let standing = records.by_fingerprint(&print(0)).expect("a record");
    assert_eq!(standing.attempt, twice[0].came);
    assert_eq!(records.attempts_of(&print(0)), 1);
    let again = world.folders[1].ledger.contents().expect("contents");
    let again = ledger.take_in(&again).expect("it can be taken in");
    assert_eq!(again, TakenIn::default());
}

#[test]
fn two_tasks_in_flight_are_collected_one_after_the_other() {
    let (_, ledger, twice) = two(&MADE[..2], &MADE[..3]);
    assert!(twice[0].unsettled);
    let mut world = World {
        ticks: 1_000,
        folders: vec![Folder {
            ledger,
            run: RunId::new("none"),
        }],
    };
    world.begin(0);
    let first = world.standing(0, 0).expect("one stands");
    assert_eq!(first.state, AttemptStanding::Succeeded);
    let reserved = |world: &World| {
        let accounts = world.folders[0].ledger.accounts().expect("accounts");
        accounts.reserved.to_string()
    };
    assert_eq!(reserved(&world), "0.56 USD");
    world.step(0, 0, Step::Save);
    let second = world.standing(0, 0).expect("the other stands");
    assert_eq!(second.state, AttemptStanding::Created);
    assert_ne!(first.attempt, second.attempt);
    assert_eq!(reserved(&world), "0.28 USD");
    // It fails, and the video that was made counts again.
    world.step(0, 0, Step::Fail);
    let standing = world.standing(0, 0).expect("the first stands again");
    assert_eq!(standing.attempt, first.attempt);
    assert_eq!(standing.state, AttemptStanding::Saved);
}

#[test]
fn a_doubt_outlives_a_video_and_is_settled_by_a_person() {
    let (_, mut ledger, _) = two(&MADE, &[Step::Intend, Step::Doubt]);
    let state = |ledger: &Ledger| {
        let records = ledger.records().expect("records");
        let record = records.by_fingerprint(&print(0)).expect("a record").clone();
        (record.state, record.attempt)
    };
    let (doubt, attempt) = state(&ledger);
    assert_eq!(doubt, AttemptStanding::Uncertain);
    ledger
        .give_up(&attempt, Timestamp::UNIX_EPOCH)
        .expect("a person's word");
    assert_eq!(state(&ledger).0, AttemptStanding::Saved);
}

#[test]
fn an_entry_is_read_back_from_its_text() {
    let (world, ..) = two(&MADE, &[Step::Intend, Step::Refuse]);
    for folder in &world.folders {
        for entry in folder.ledger.entries().expect("entries") {
            assert_eq!(entry.check(), Ok(()));
            let text = serde_json::to_string(&entry).expect("JSON");
            let back: Entry = serde_json::from_str(&text).expect("an entry");
            assert_eq!(back, entry);
            let mut ledger = Ledger::in_memory().expect("a ledger");
            let contents = Contents {
                entries: vec![back],
                ..Contents::default()
            };
            let taken = ledger.take_in(&contents).expect("it can be taken in");
            assert_eq!(taken.added, 1);
            assert_eq!(ledger.entries().expect("entries"), [entry]);
        }
    }
}

/// What makes a good entry a wrong one.
type Change<'a> = &'a dyn Fn(&mut Entry);

#[test]
fn what_runner_never_writes_is_refused() {
    let (world, ..) = two(&MADE, &[]);
    let good = world.folders[0]
        .ledger
        .entries()
        .expect("entries")
        .remove(0);
    let refused = |change: &dyn Fn(&mut Entry)| {
        let mut entry = good.clone();
        change(&mut entry);
        entry.check().expect_err("it is not ours").what
    };
    let wrong: [(&str, Change<'_>); 9] = [
        ("the fingerprint", &|entry| {
            entry.record.fingerprint = Fingerprint::from_hex("../..");
        }),
        ("the attempt's name", &|entry| {
            entry.record.attempt = AttemptId::new("../../x-1");
        }),
        ("the attempt's name", &|entry| entry.record.number = 0),
        ("the run", &|entry| entry.run.run_id = RunId::new("other")),
        ("a text", &|entry| {
            entry.run.manifest = "x".repeat(TEXT_MAX + 1);
        }),
        ("the request", &|entry| {
            let mut request = serde_json::Map::new();
            request.insert("prompt".into(), "x".repeat(REQUEST_MAX).into());
            entry.record.request = Arc::new(request);
        }),
        ("the task", &|entry| {
            entry.record.state = AttemptStanding::Created;
            entry.record.task = None;
        }),
        ("the video", &|entry| entry.record.video = None),
        ("the video's name", &|entry| {
            let video = entry.record.video.as_mut().expect("it has one");
            video.path = "../up.mp4".into();
        }),
    ];
    for (what, change) in wrong {
        assert_eq!(refused(change), what);
    }
}
