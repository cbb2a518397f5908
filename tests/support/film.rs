//! A storyboard that is carried out in the test's own process: the real stages,
//! store, ledger, engine and HTTP, without the command line around them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runner::check::request::Request;
use runner::check::{self, CheckedShot};
use runner::diag::{SourceFile, Sources};
use runner::engine::{self, Observer, Ports, RunError, Shutdown};
use runner::id::{RunId, TaskId};
use runner::ledger::{Ledger, Records};
use runner::manifest;
use runner::media::library::Folder;
use runner::media::probe::probe;
use runner::plan::price::PriceTable;
use runner::plan::{self, Plan, Retry};
use runner::provider::minimax::{self, MiniMax, SILENCE};
use runner::shot::{self, Overrides};
use runner::simulator::{Clips, Scenario, Settings, Simulator};
use runner::spec::{Spec, Unlisted};
use runner::state::RunState;
use runner::store::{self, Store, StoreError};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What differs between runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub concurrency: usize,
    pub deadline: Duration,
    pub silence: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            concurrency: 4,
            deadline: Duration::from_secs(60),
            silence: SILENCE,
        }
    }
}

/// A folder with a storyboard of one short shot for each name.
pub(crate) struct Film {
    folder: tempfile::TempDir,
    shots: Vec<String>,
    runs: AtomicU32,
}

/// A simulator of tiny clips in which these rules hold, with hardly any waiting.
pub(crate) async fn service(rules: &Value) -> Simulator {
    let scenario: Scenario = serde_json::from_value(json!({ "rules": rules }))
        .unwrap_or_else(|error| panic!("{rules}: {error}"));
    let settings = Settings {
        time_scale: 100_000,
        clips: Clips::Tiny,
        scenario,
        ..Settings::default()
    };
    Simulator::start(settings, Spec::bundled())
        .await
        .expect("loopback has a free port")
}

/// The same for tests without a runtime of their own, and what it lives on.
pub(crate) fn serving(rules: &Value) -> (Runtime, Simulator) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the runtime starts");
    let simulator = runtime.block_on(service(rules));
    (runtime, simulator)
}

/// How many tasks were created for each prompt.
pub(crate) fn billed(simulator: &Simulator) -> HashMap<String, usize> {
    let mut billed = HashMap::new();
    for task in simulator.created() {
        *billed.entry(prompt_of(&task.body)).or_default() += 1;
    }
    billed
}

/// The task that was created for a prompt, if one was.
pub(crate) fn task_of(simulator: &Simulator, prompt: &str) -> Option<String> {
    let created = simulator.created();
    let task = created.iter().find(|task| prompt_of(&task.body) == prompt);
    task.map(|task| task.task_id.clone())
}

fn prompt_of(body: &Value) -> String {
    let prompt = body["prompt"].as_str();
    prompt.expect("every shot here has a prompt").to_owned()
}

/// Opens an output folder that nobody uses. A process that another test starts
/// holds every file of this one, locks as well, between its fork and its exec:
/// that is over in a moment.
pub(crate) fn unlocked(folder: &Path) -> Store {
    let begun = Instant::now();
    loop {
        match Store::open(folder) {
            Err(StoreError::Busy { .. }) if begun.elapsed() < Duration::from_secs(10) => {
                std::thread::yield_now();
            }
            store => return store.expect("nobody else uses the folder"),
        }
    }
}

/// The ledger of an output folder.
pub(crate) fn ledger(store: &Store) -> Ledger {
    Ledger::open(&store.layout().ledger()).expect("the ledger opens")
}

/// The manifest of these shots; each has its name in its prompt.
pub(crate) fn manifest(shots: &[String]) -> String {
    let mut text = "version: 1\ndefaults: { model: MiniMax-Hailuo-2.3 }\nlimits: { creates_per_minute: unlimited }\nshots:\n".to_owned();
    for id in shots {
        let _ = writeln!(text, "  - {{ id: {id}, prompt: {} }}", prompt(id));
    }
    text
}

/// The prompt of a shot.
pub(crate) fn prompt(shot: &str) -> String {
    format!("The {shot} alone")
}

impl Film {
    pub(crate) fn new(shots: &[&str]) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            shots: shots.iter().map(|&id| id.to_owned()).collect(),
            runs: AtomicU32::new(0),
        }
    }

    pub(crate) fn store(&self) -> Store {
        unlocked(self.folder.path())
    }

    fn checked(&self) -> Vec<CheckedShot> {
        let spec = Spec::bundled();
        let mut sources = Sources::default();
        let id = sources.add(SourceFile::new("shots.yaml", manifest(&self.shots)));
        let (manifest, _) = manifest::parse(&mut sources, id, spec, &manifest::NoFiles);
        let manifest = manifest.expect("the manifest above is one");
        let (shots, _) = shot::expand(&manifest, &sources, &Overrides::default(), spec);
        let context = check::Context {
            spec,
            media: &Folder::new(self.folder.path()),
            unlisted: Unlisted::Refuse,
        };
        let (checked, found) = check::check(&shots, &context);
        assert_eq!(checked.len(), self.shots.len(), "{found:?}");
        checked
    }

    /// The request of the first shot.
    pub(crate) fn request(&self) -> Request {
        let checked = self.checked();
        let request = checked[0].request.to_send(|_| Err::<String, ()>(()));
        request.expect("it has no pictures")
    }

    fn plan(&self, base_url: &str, store: &Store, records: &Records) -> Plan {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        plan::plan(
            self.checked(),
            plan::Context {
                run_id: RunId::new(format!("run-{run}")),
                manifest: "shots.yaml".to_owned(),
                backend: "minimax".to_owned(),
                base_url: base_url.to_owned(),
                free: false,
                spec_version: "1".to_owned(),
                prices: PriceTable::bundled("USD"),
                history: runner::cli::history(records, store, runner::cli::Memory::Keeps),
                retry: Retry::Nothing,
                now: Timestamp::UNIX_EPOCH,
                deadline: Duration::from_secs(1_800),
                selected: None,
                strangers: std::collections::HashSet::new(),
                force: std::collections::HashSet::new(),
                frames: std::sync::Arc::new(runner::plan::frames::NoFrames),
            },
        )
    }

    /// Plans by what is on record, and carries it out.
    pub(crate) async fn run(
        &self,
        base_url: &str,
        pace: Pace,
        observer: Observer,
    ) -> Result<RunState, RunError> {
        let store = self.store();
        let ledger = ledger(&store);
        let records = ledger.records().expect("the ledger can be read");
        let plan = self.plan(base_url, &store, &records);
        let provider = MiniMax::new(&minimax::Settings {
            base_url: base_url.to_owned(),
            key: "sk-of-a-test".to_owned(),
            label_shots: false,
            silence: pace.silence,
            witness: None,
            recorder: None,
        })
        .expect("the address is one");
        let ports = Ports {
            provider: Arc::new(provider),
            store: Arc::new(store),
            ledger,
            callbacks: None,
            turnstile: None,
            examiner: None,
            observer,
            wall_clock: Timestamp::now,
        };
        let settings = engine::Settings {
            concurrency: pace.concurrency,
            creates_per_minute: None,
            polls_per_minute: None,
            poll_interval: Duration::from_millis(5),
            deadline: pace.deadline,
            max_cost: None,
            time_scale: 2_000,
            isolated: false,
        };
        engine::run(plan, ports, &settings, &Shutdown::default()).await
    }

    /// Says of every uncertain creation what the service knows of it.
    pub(crate) fn resolve(&self, simulator: &Simulator) -> usize {
        let store = self.store();
        let mut ledger = ledger(&store);
        let records = ledger.records().expect("the ledger can be read");
        let uncertain = records.iter().filter(|record| record.state.is_uncertain());
        let mut settled = 0;
        for record in uncertain {
            let now = Timestamp::now();
            let result = match task_of(simulator, &prompt(record.shot.as_str())) {
                Some(task) => ledger
                    .settle(&record.attempt, &TaskId::new(task), now)
                    .map(drop),
                None => ledger.write_off(std::slice::from_ref(&record.attempt), now),
            };
            result.expect("the ledger can be written");
            settled += 1;
        }
        settled
    }

    /// The bytes of a shot's video.
    pub(crate) fn video(&self, shot: &str) -> Vec<u8> {
        let path = self.folder.path().join(format!("{shot}.mp4"));
        std::fs::read(path).expect("the video is there")
    }

    /// What is wrong with the videos of a run that says it has them.
    pub(crate) fn damage(&self, state: &RunState) -> Option<String> {
        for shot in &state.shots {
            let Some(video) = &shot.video else { continue };
            let path = self.folder.path().join(&video.path);
            let whole = File::open(&path).is_ok_and(|file| probe(file).is_ok());
            if !whole || store::digest(&path).ok().as_ref() != Some(&video.sha256) {
                return Some(format!("{} is not whole", path.display()));
            }
        }
        halves(self.folder.path())
    }
}

/// A video under a final name that is not whole, if there is one.
pub(crate) fn halves(folder: &Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).ok()?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|end| end == "mp4") {
            let whole = File::open(&path).is_ok_and(|file| probe(file).is_ok());
            if !whole {
                return Some(format!("{} is not whole", path.display()));
            }
        }
    }
    None
}
