//! Whatever a service answers and whenever the process dies, one shot is paid
//! for once: random answers and random crashes against the life itself.
//!
//! Owns a host whose every operation has two places to die in: before its effect
//! and after it. The ledger is what survives; everything else begins anew.

use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use tokio::sync::Notify;

use super::checked;
use crate::check::CheckedShot;
use crate::check::request::CheckedRequest;
use crate::cli::{Memory, history};
use crate::engine::host::{Halt, Host, Rules, Woken};
use crate::engine::life::run_shot;
use crate::event::{
    Decision, Event, EventKind, Failure, FailureClass, Operation, ShotFacts, SkipReason, Video,
};
use crate::id::{AttemptId, FileId, Fingerprint, RunId, TaskId};
use crate::ledger::{AttemptStanding, Ledger};
use crate::plan::price::PriceTable;
use crate::plan::{self, Job, Plan, Retry};
use crate::provider::{Created, Progress};
use crate::store::{Rescued, Store};

/// A task that no service knows.
const FORGED: &str = "forged";

/// Runs after which every story here has come to its end.
const ENOUGH: usize = 40;

/// What a create answers.
#[derive(Debug, Clone, Copy)]
enum OnCreate {
    Accepted,
    /// Billed, and nobody is told.
    Lost,
    /// Not billed.
    Fails(FailureClass),
}

/// What a question answers.
#[derive(Debug, Clone, Copy)]
enum OnPoll {
    Running,
    Unknown,
    Succeeded,
    /// The service gives the task up.
    GivenUp(FailureClass),
    Fails(FailureClass),
}

/// What is posted to the address of an attempt that nobody answered.
#[derive(Debug, Clone, Copy)]
enum OnCall {
    Nothing,
    /// The task that was created, if one was.
    Task,
    /// Something that somebody made up.
    Forged,
}

/// What happens to one shot over several runs. Lists that are used up succeed.
#[derive(Debug, Clone)]
struct Story {
    creates: Vec<OnCreate>,
    polls: Vec<OnPoll>,
    saves: Vec<Option<FailureClass>>,
    /// What is posted, each time that somebody looks; empty where nobody listens.
    calls: Vec<OnCall>,
    /// After how many steps each of the first runs dies.
    crashes: Vec<u32>,
    /// Which of the runs ask for another try of what failed.
    retries: Vec<bool>,
}

fn class() -> impl Strategy<Value = FailureClass> {
    proptest::sample::select(FailureClass::ALL.to_vec())
}

fn story() -> impl Strategy<Value = Story> {
    let create = prop_oneof![
        2 => Just(OnCreate::Accepted),
        1 => Just(OnCreate::Lost),
        2 => class().prop_map(OnCreate::Fails),
    ];
    let given_up = prop_oneof![
        Just(FailureClass::TaskFailed),
        Just(FailureClass::Moderated)
    ];
    let poll = prop_oneof![
        2 => Just(OnPoll::Running),
        1 => Just(OnPoll::Unknown),
        1 => Just(OnPoll::Succeeded),
        1 => given_up.prop_map(OnPoll::GivenUp),
        2 => class().prop_map(OnPoll::Fails),
    ];
    let call = prop_oneof![
        2 => Just(OnCall::Nothing),
        1 => Just(OnCall::Task),
        1 => Just(OnCall::Forged),
    ];
    let save = prop_oneof![Just(None), class().prop_map(Some)];
    (
        prop::collection::vec(create, 0..8),
        prop::collection::vec(poll, 0..8),
        prop::collection::vec(save, 0..6),
        prop::collection::vec(call, 0..6),
        prop::collection::vec(0_u32..40, 0..6),
        prop::collection::vec(any::<bool>(), 0..8),
    )
        .prop_map(|(creates, polls, saves, calls, crashes, retries)| Story {
            creates,
            polls,
            saves,
            calls,
            crashes,
            retries,
        })
}

/// What the service knows, and what was seen of it; no crash touches it.
#[derive(Debug, Default)]
struct Service {
    creates: VecDeque<OnCreate>,
    polls: VecDeque<OnPoll>,
    saves: VecDeque<Option<FailureClass>>,
    calls: VecDeque<OnCall>,
    /// Every task that was billed, with whether it failed.
    tasks: Vec<(TaskId, bool)>,
    /// A create was sent, and no proof came back that nothing exists.
    money_is_out: bool,
    /// The task whose acceptance is on record.
    recorded: Option<TaskId>,
    broken: Vec<String>,
}

/// One run's host: the ledger and the service outlive it.
struct Model {
    service: Arc<Mutex<Service>>,
    ledger: Arc<Mutex<Ledger>>,
    folder: std::path::PathBuf,
    run: RunId,
    sequence: AtomicU64,
    clock: AtomicU64,
    steps: AtomicU64,
    crash_at: Option<u32>,
    crashed: Notify,
    refused: Mutex<bool>,
}

impl Model {
    fn service(&self) -> MutexGuard<'_, Service> {
        locked(&self.service)
    }

    /// A place where the process can die: then nothing after it happens.
    async fn step(&self) {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        if self.crash_at.is_some_and(|at| step >= u64::from(at)) {
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn append(&self, kind: EventKind) -> Result<(), Halt> {
        let event = Event {
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed),
            at: Timestamp::UNIX_EPOCH,
            elapsed: Duration::ZERO,
            kind,
        };
        let result = locked(&self.ledger).append(&self.run, &[event]);
        match result.expect("a ledger in memory can be written").remove(0) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.service().broken.push(format!("refused: {error}"));
                Err(Halt)
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(class: FailureClass) -> Failure {
    Failure::new(class, class.as_str())
}

fn is_proof(class: FailureClass) -> bool {
    class != FailureClass::Ambiguous
}

impl Host for Model {
    async fn record(&self, kind: EventKind) -> Result<(), Halt> {
        self.step().await;
        self.append(kind.clone())?;
        if let EventKind::CreateAccepted { task, .. } = kind {
            self.service().recorded = Some(task);
        }
        self.step().await;
        Ok(())
    }

    async fn admit(&self, _: &ShotFacts) -> Result<(), SkipReason> {
        self.step().await;
        Ok(())
    }

    async fn create(&self, _: &CheckedRequest, _: &AttemptId) -> Result<Created, Failure> {
        self.step().await;
        let answer = {
            let mut service = self.service();
            if service.money_is_out {
                service.broken.push("created again without proof".into());
            }
            service.money_is_out = true;
            let answer = service.creates.pop_front().unwrap_or(OnCreate::Accepted);
            if !matches!(answer, OnCreate::Fails(_)) {
                let task = TaskId::new(format!("{}", service.tasks.len() + 1));
                service.tasks.push((task, false));
            }
            answer
        };
        // Dying here is dying between the effect and its answer.
        self.step().await;
        let mut service = self.service();
        match answer {
            OnCreate::Accepted => Ok(Created {
                task: service.tasks.last().expect("it was billed").0.clone(),
                trace_id: None,
            }),
            OnCreate::Lost => Err(failure(FailureClass::Ambiguous)),
            OnCreate::Fails(class) => {
                service.money_is_out = !is_proof(class);
                Err(failure(class))
            }
        }
    }

    async fn poll(&self, task: &TaskId, _: Duration) -> Result<Progress, Failure> {
        self.step().await;
        if task.as_str() == FORGED {
            return Err(failure(FailureClass::Transient));
        }
        let answer = {
            let mut service = self.service();
            if service.tasks.last().is_none_or(|(last, _)| last != task) {
                service.broken.push(format!("asked for {task}"));
            }
            let answer = service.polls.pop_front().unwrap_or(OnPoll::Succeeded);
            match (answer, service.tasks.last_mut()) {
                // What failed stays failed, whoever asks again.
                (_, Some((_, true))) => OnPoll::GivenUp(FailureClass::TaskFailed),
                (OnPoll::GivenUp(_), Some((_, failed))) => {
                    *failed = true;
                    answer
                }
                _ => answer,
            }
        };
        self.step().await;
        let running = |status: &str, known| {
            Ok(Progress::Running {
                status: status.to_owned(),
                known,
            })
        };
        match answer {
            OnPoll::Running => running("Processing", true),
            OnPoll::Unknown => running("Thinking", false),
            OnPoll::Succeeded => Ok(Progress::Succeeded {
                status: "Success".to_owned(),
                file: FileId::new(task.as_str()),
            }),
            OnPoll::GivenUp(class) => Ok(Progress::Failed {
                status: "Fail".to_owned(),
                failure: failure(class),
            }),
            OnPoll::Fails(class) => Err(failure(class)),
        }
    }

    async fn save(
        &self,
        shot: &ShotFacts,
        _: &FileId,
        _: u32,
        _: Duration,
    ) -> Result<Video, Failure> {
        self.step().await;
        let answer = self.service().saves.pop_front().flatten();
        if let Some(class) = answer {
            return Err(failure(class));
        }
        let bytes = b"a video";
        std::fs::write(self.folder.join(&shot.file), bytes).expect("the folder is ours");
        self.step().await;
        Ok(Video {
            path: shot.file.clone(),
            bytes: bytes.len() as u64,
            sha256: crate::id::sha256_hex(bytes),
            width: 2,
            height: 2,
            duration_ms: 6_000,
            fps: 24.0,
            codec: "avc1".to_owned(),
        })
    }

    fn sleep(&self, wait: Duration) -> impl Future<Output = Woken> + Send {
        let millis = wait.as_millis() as u64;
        self.clock.fetch_add(millis, Ordering::Relaxed);
        let stopped = *locked(&self.refused);
        async move {
            self.step().await;
            if stopped {
                Woken::Stopped
            } else {
                Woken::Elapsed
            }
        }
    }

    fn listen(&self, _: &AttemptId, wait: Duration) -> impl Future<Output = Woken> + Send {
        self.sleep(wait)
    }

    fn named(&self, _: &AttemptId) -> Option<TaskId> {
        let mut service = self.service();
        match service.calls.pop_front()? {
            OnCall::Nothing => None,
            OnCall::Forged => Some(TaskId::new(FORGED)),
            // The service posts to the address of the attempt that made the task.
            OnCall::Task => {
                let (task, _) = service.tasks.last()?;
                (service.recorded.as_ref() != Some(task)).then(|| task.clone())
            }
        }
    }

    fn claim(&self, _: &TaskId, _: &Fingerprint) -> bool {
        true
    }

    fn is_listening(&self) -> bool {
        !self.service().calls.is_empty()
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.clock.load(Ordering::Relaxed))
    }

    fn heed(&self, _: &ShotFacts, failure: &Failure, _: Operation) -> Duration {
        if failure.class == FailureClass::KeyRefused {
            *locked(&self.refused) = true;
        }
        Duration::from_secs(2)
    }

    fn rescue(&self, _: &Rescued) {}
}

fn shot() -> CheckedShot {
    static SHOT: OnceLock<CheckedShot> = OnceLock::new();
    SHOT.get_or_init(|| checked(&["a"]).remove(0)).clone()
}

/// Everything that outlives a run.
struct World {
    service: Arc<Mutex<Service>>,
    ledger: Arc<Mutex<Ledger>>,
    folder: tempfile::TempDir,
    runs: usize,
}

impl World {
    fn new(story: &Story) -> Self {
        let service = Service {
            creates: story.creates.clone().into(),
            polls: story.polls.clone().into(),
            saves: story.saves.clone().into(),
            calls: story.calls.clone().into(),
            ..Service::default()
        };
        Self {
            service: Arc::new(Mutex::new(service)),
            ledger: Arc::new(Mutex::new(Ledger::in_memory().expect("memory is there"))),
            folder: tempfile::tempdir().expect("a temporary folder"),
            runs: 0,
        }
    }

    fn plan(&self, retry: Retry) -> Plan {
        let records = locked(&self.ledger).records().expect("it can be read");
        let store = Store::open_read(self.folder.path()).expect("it is there");
        plan::plan(
            vec![shot()],
            plan::Context {
                run_id: RunId::new(format!("run-{}", self.runs)),
                manifest: "shots.yaml".to_owned(),
                backend: "minimax".to_owned(),
                base_url: "https://service.example".to_owned(),
                free: false,
                spec_version: "1".to_owned(),
                prices: PriceTable::bundled("USD"),
                history: history(&records, &store, Memory::Keeps),
                retry,
                now: Timestamp::UNIX_EPOCH,
                deadline: Duration::from_secs(1_800),
                selected: None,
                strangers: std::collections::HashSet::new(),
                force: std::collections::HashSet::new(),
                frames: std::sync::Arc::new(crate::plan::frames::NoFrames),
            },
        )
    }

    /// What a plan may say, by what is on record and at the service.
    fn judge(&self, facts: &ShotFacts) {
        let mut service = locked(&self.service);
        let alive = service.tasks.last().filter(|(_, failed)| !failed);
        let wrong = match (&service.recorded, alive) {
            (Some(known), Some((last, _))) if known == last => match facts.decision {
                Decision::Resume => facts.paid_task.as_ref() != Some(known),
                decision => decision != Decision::Reuse,
            },
            _ => facts.decision == Decision::Create && service.money_is_out,
        };
        if wrong {
            let found = format!("{:?}, with {service:?}", facts.decision);
            service.broken.push(found);
        }
    }

    /// Plans and lives once, to the end or to the crash; what was decided.
    async fn live(&mut self, retry: Retry, crash_at: Option<u32>) -> Decision {
        let mut plan = self.plan(retry);
        self.runs += 1;
        let facts = plan.facts.shots[0].clone();
        let job = plan.jobs.remove(0);
        if retry == Retry::Failed && facts.decision == Decision::Create {
            // A person asked to pay for another try of what failed.
            let mut service = locked(&self.service);
            let failed = service.tasks.last().is_some_and(|(_, failed)| *failed);
            if failed && service.recorded.is_some() {
                service.money_is_out = false;
            }
        }
        self.judge(&facts);
        let listens = matches!(job, Job::Settle { .. });
        if !listens && !matches!(facts.decision, Decision::Create | Decision::Resume) {
            return facts.decision;
        }
        let host = Model {
            service: Arc::clone(&self.service),
            ledger: Arc::clone(&self.ledger),
            folder: self.folder.path().to_owned(),
            run: plan.facts.run_id.clone(),
            sequence: AtomicU64::new(0),
            clock: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            crash_at,
            crashed: Notify::new(),
            refused: Mutex::new(false),
        };
        let decision = facts.decision;
        // The first fact of every run; the engine's own part, never cut off here.
        if host
            .append(EventKind::RunStarted(Box::new(plan.facts)))
            .is_err()
        {
            return decision;
        }
        let rules = Rules {
            poll_interval: Duration::from_secs(10),
            deadline: Duration::from_secs(1_800),
            unit: Duration::from_secs(1),
        };
        tokio::select! {
            biased;
            end = run_shot(&host, &rules, &facts, &job) => {
                if end.is_err() {
                    locked(&self.service).broken.push("the ledger refused".into());
                }
            }
            () = host.crashed.notified() => {}
        }
        decision
    }

    /// A person looks, and tells the ledger what is true.
    fn resolve(&self) {
        let mut ledger = locked(&self.ledger);
        let mut service = locked(&self.service);
        let records = ledger.records().expect("it can be read");
        for record in records.iter().filter(|record| record.state.is_uncertain()) {
            // The last task is this attempt's, unless an earlier one has it.
            let task = service.tasks.last().map(|(task, _)| task.clone());
            if let Some(task) = task.filter(|task| service.recorded.as_ref() != Some(task)) {
                let settled = ledger.settle(&record.attempt, &task, Timestamp::UNIX_EPOCH);
                settled.expect("it can be written");
                service.recorded = Some(task);
            } else {
                let lost = std::slice::from_ref(&record.attempt);
                let written = ledger.write_off(lost, Timestamp::UNIX_EPOCH);
                written.expect("it can be written");
                service.money_is_out = false;
            }
        }
    }
}

async fn told(story: &Story) -> Result<(), TestCaseError> {
    let mut world = World::new(story);
    let mut retries = story.retries.iter().copied();
    for &crash_at in &story.crashes {
        let retry = retry(retries.next().unwrap_or(false));
        world.live(retry, Some(crash_at)).await;
        whole(&world, story)?;
    }
    // From here on nobody dies, and a person answers what only a person can.
    for _ in 0..ENOUGH {
        let decision = world.live(Retry::Failed, None).await;
        whole(&world, story)?;
        match decision {
            Decision::Reuse => return paid_for_what_was_asked(&world, story),
            Decision::Uncertain => world.resolve(),
            _ => {}
        }
    }
    Err(TestCaseError::fail(format!("no end: {story:?}")))
}

fn retry(asked: bool) -> Retry {
    if asked { Retry::Failed } else { Retry::Nothing }
}

fn whole(world: &World, story: &Story) -> Result<(), TestCaseError> {
    let service = locked(&world.service);
    prop_assert!(service.broken.is_empty(), "{:?}\n{story:?}", service.broken);
    Ok(())
}

/// One task that gave the video, and before it only such as the service failed.
fn paid_for_what_was_asked(world: &World, story: &Story) -> Result<(), TestCaseError> {
    let service = locked(&world.service);
    let alive = service.tasks.iter().filter(|(_, failed)| !failed).count();
    prop_assert_eq!(alive, 1, "{:?}\n{:?}", service.tasks, story);
    let records = locked(&world.ledger).records().expect("it can be read");
    let saved = records.iter().next().map(|record| record.state);
    prop_assert_eq!(saved, Some(AttemptStanding::Saved));
    prop_assert!(Path::new(&world.folder.path().join("a.mp4")).exists());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_shot_is_paid_for_once_whatever_happens(story in story()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime without extras builds");
        runtime.block_on(told(&story))?;
    }
}
