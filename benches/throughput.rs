//! Shots per second of the whole way, beside what the same server gives to a
//! client that only makes the same calls.
//!
//! The server is `runner simulate` in a process of its own, for both sides, so
//! that the processor time of the client can be told from the server's. Both
//! sides have as many shots in flight, and connections that stay open.

mod support;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runner::check::request::Request;
use runner::engine::Settings;
use runner::event::Failure;
use runner::id::{FileId, TaskId};
use runner::provider::minimax::{self, MiniMax};
use runner::provider::{Body, Created, Location, Progress, Provider, Rest};
use runner::store::Store;
use serde_json::Value;
use support::Server;
use tokio::task::JoinSet;

const SHOTS: usize = 2_000;
const CONCURRENCY: usize = 256;

/// So fast that a task is finished when it is first asked for: what is measured
/// is work, not waiting.
const TIME_SCALE: u32 = 100_000;

const ROUNDS: usize = 3;

const KEY: &str = "any";

/// A file system in memory, where there is one: what the disk costs is missing
/// there, and with it what the neighbours do to the disk.
const MEMORY: &str = "/dev/shm";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the runtime starts");
    let server = Server::start(TIME_SCALE);
    let text = support::storyboard(SHOTS);
    let bodies = bodies(&text);
    // Removed only at the end: some file systems search long for a free place
    // when many files were removed just before.
    let mut places = vec![Place::new("disk", tempfile::tempdir())];
    if Path::new(MEMORY).is_dir() {
        places.push(Place::new("memory", tempfile::tempdir_in(MEMORY)));
    }
    let mut calls: Option<Measured> = None;
    // By turns, so that a busy minute of the machine meets all of them; the first
    // round also renders the clips that all later requests share.
    for round in 0..ROUNDS {
        let next = measure(&server, || runtime.block_on(load(&server.url, &bodies)));
        let bytes = next.bytes / SHOTS as u64;
        keep_faster(&mut calls, next);
        for place in &mut places {
            let folder = place.folder.path().join(format!("run-{round}"));
            let next = measure(&server, || {
                runtime.block_on(apply(&server.url, &text, &folder))
            });
            keep_faster(&mut place.whole, next);
            let folder = place.folder.path().join(format!("store-{round}"));
            let next = measure(&server, || runtime.block_on(keep(bytes, &folder)));
            keep_faster(&mut place.store, next);
        }
    }
    print(&calls.expect("it ran"), &places);
}

/// A file system with the best rounds on it.
struct Place {
    name: &'static str,
    folder: tempfile::TempDir,
    whole: Option<Measured>,
    store: Option<Measured>,
}

impl Place {
    fn new(name: &'static str, folder: std::io::Result<tempfile::TempDir>) -> Self {
        Self {
            name,
            folder: folder.expect("a temporary folder"),
            whole: None,
            store: None,
        }
    }
}

/// One side's best round.
struct Measured {
    wall: Duration,
    client: Duration,
    server: Duration,
    requests: HashMap<&'static str, u64>,
    /// Of all videos together.
    bytes: u64,
    /// Up to the plan; a part of `wall`.
    planning: Duration,
}

/// What one round of either side says of itself.
struct Round {
    requests: HashMap<&'static str, u64>,
    bytes: u64,
    planning: Duration,
}

fn measure(server: &Server, round: impl FnOnce() -> Round) -> Measured {
    let (client, service, begun) = (support::own_cpu(), server.cpu(), Instant::now());
    let round = round();
    Measured {
        wall: begun.elapsed(),
        client: support::own_cpu().saturating_sub(client),
        server: server.cpu().saturating_sub(service),
        requests: round.requests,
        bytes: round.bytes,
        planning: round.planning,
    }
}

fn keep_faster(best: &mut Option<Measured>, next: Measured) {
    if best.as_ref().is_none_or(|best| next.wall < best.wall) {
        *best = Some(next);
    }
}

/// The whole way: text, shots, plan, run, with ledger and store on this disk.
async fn apply(url: &str, text: &str, folder: &Path) -> Round {
    let begun = Instant::now();
    let plan = support::planned(support::checked(text), url);
    let planning = begun.elapsed();
    let settings = minimax::Settings {
        base_url: url.to_owned(),
        key: KEY.to_owned(),
        label_shots: false,
        silence: minimax::SILENCE,
        witness: None,
        recorder: None,
    };
    let provider = Arc::new(Counted {
        inner: MiniMax::new(&settings).expect("the address is one"),
        calls: Calls::default(),
    });
    let settings = Settings {
        concurrency: CONCURRENCY,
        creates_per_minute: None,
        polls_per_minute: None,
        poll_interval: Duration::from_millis(1),
        deadline: Duration::from_secs(600),
        max_cost: None,
        time_scale: 1,
        isolated: false,
    };
    let state = support::carried_out(plan, Arc::clone(&provider), folder, &settings).await;
    let videos = state.shots.iter().filter_map(|shot| shot.video.as_ref());
    Round {
        requests: provider.calls.by_name(),
        bytes: videos.map(|video| video.bytes).sum(),
        planning,
    }
}

/// The bodies of the creates, as the whole way sends them.
fn bodies(text: &str) -> Vec<String> {
    support::checked(text)
        .iter()
        .map(|shot| {
            let request = shot.request.to_send(|_| Err("no pictures"));
            let request = request.expect("the storyboard has no pictures");
            Value::Object(request.into_body()).to_string()
        })
        .collect()
}

/// The bound: the same calls, and nothing else. No plan, no ledger, no disk, no
/// verification, no typed client; answers are read only as far as the next call
/// needs.
async fn load(url: &str, bodies: &[String]) -> Round {
    // The provider installs it too; whoever comes first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let calls = Arc::new(Calls::default());
    let bytes = Arc::new(AtomicU64::new(0));
    let next = Arc::new(AtomicUsize::new(0));
    let bodies: Arc<[String]> = bodies.into();
    let mut workers = JoinSet::new();
    for _ in 0..CONCURRENCY {
        let caller = Caller {
            client: client.clone(),
            url: url.to_owned(),
            calls: Arc::clone(&calls),
        };
        let (bodies, next, bytes) = (Arc::clone(&bodies), Arc::clone(&next), Arc::clone(&bytes));
        // Awaited below.
        workers.spawn(async move {
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let length = caller
                    .video(body.clone())
                    .await
                    .expect("the server answers");
                bytes.fetch_add(length, Ordering::Relaxed);
            }
        });
    }
    workers.join_all().await;
    Round {
        requests: calls.by_name(),
        bytes: bytes.load(Ordering::Relaxed),
        planning: Duration::ZERO,
    }
}

/// One connection's worth of the load.
struct Caller {
    client: reqwest::Client,
    url: String,
    calls: Arc<Calls>,
}

impl Caller {
    async fn video(&self, body: String) -> reqwest::Result<u64> {
        let post = self
            .client
            .post(format!("{}/v1/video_generation", self.url));
        let post = post.header("content-type", "application/json").body(body);
        let created = self.ask(Call::Create, post).await?;
        let task = created["task_id"].as_str().expect("a task was created");
        let file = loop {
            let url = format!("{}/v1/query/video_generation?task_id={task}", self.url);
            let answer = self.ask(Call::Poll, self.client.get(url)).await?;
            if answer["status"] == "Success" {
                break answer["file_id"]
                    .as_str()
                    .expect("it has a file")
                    .to_owned();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let url = format!("{}/v1/files/retrieve?file_id={file}", self.url);
        let answer = self.ask(Call::Locate, self.client.get(url)).await?;
        let link = answer["file"]["download_url"].as_str().expect("a link");
        self.calls.count(Call::Fetch);
        let video = self.client.get(link).send().await?.bytes().await?;
        Ok(video.len() as u64)
    }

    async fn ask(&self, call: Call, request: reqwest::RequestBuilder) -> reqwest::Result<Value> {
        self.calls.count(call);
        request.bearer_auth(KEY).send().await?.json().await
    }
}

/// What the disk alone gives: as many videos of the same size, synced and put in
/// their place by the store, on as many blocking threads as there are shots in
/// flight.
async fn keep(bytes: u64, folder: &Path) -> Round {
    let store = Store::open(folder).expect("the folder can be used");
    let video: Arc<[u8]> = vec![0; bytes as usize].into();
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..CONCURRENCY {
        let (store, video, next) = (store.clone(), Arc::clone(&video), Arc::clone(&next));
        // Awaited below.
        workers.spawn_blocking(move || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= SHOTS {
                    return;
                }
                let mut partial = store.begin(&format!("{number}.mp4")).expect("a free name");
                partial.write(&video).expect("there is room");
                partial.commit().expect("the disk takes it");
            }
        });
    }
    workers.join_all().await;
    Round {
        requests: HashMap::new(),
        bytes: bytes * SHOTS as u64,
        planning: Duration::ZERO,
    }
}

/// The kinds of calls, in the order in which a shot needs them.
#[derive(Clone, Copy)]
enum Call {
    Create,
    Poll,
    Locate,
    Fetch,
    Content,
}

/// How often each was made.
#[derive(Default)]
struct Calls([AtomicU64; 5]);

impl Calls {
    fn count(&self, call: Call) {
        self.0[call as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn by_name(&self) -> HashMap<&'static str, u64> {
        ["create", "poll", "retrieve", "download", "content"]
            .into_iter()
            .zip(&self.0)
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
            .collect()
    }
}

/// The real provider, counted.
struct Counted {
    inner: MiniMax,
    calls: Calls,
}

impl Provider for Counted {
    async fn create(&self, request: Request) -> Result<Created, Failure> {
        self.calls.count(Call::Create);
        self.inner.create(request).await
    }

    async fn poll(&self, task: &TaskId) -> Result<Progress, Failure> {
        self.calls.count(Call::Poll);
        self.inner.poll(task).await
    }

    async fn locate(&self, file: &FileId) -> Result<Location, Failure> {
        self.calls.count(Call::Locate);
        self.inner.locate(file).await
    }

    async fn fetch(&self, location: &Location, rest: Option<&Rest>) -> Result<Body, Failure> {
        self.calls.count(Call::Fetch);
        self.inner.fetch(location, rest).await
    }

    async fn fetch_content(&self, file: &FileId) -> Result<Body, Failure> {
        self.calls.count(Call::Content);
        self.inner.fetch_content(file).await
    }
}

fn print(calls: &Measured, places: &[Place]) {
    support::heading(format!(
        "throughput: {SHOTS} shots, {CONCURRENCY} in flight, server in another process, best of {ROUNDS}"
    ));
    side("calls alone", calls);
    for place in places {
        let (Some(whole), Some(store)) = (&place.whole, &place.store) else {
            continue;
        };
        support::line("", "", "");
        side(&format!("runner, {}", place.name), whole);
        support::line("  text to plan", support::milliseconds(whole.planning), {
            format!("of {}", support::milliseconds(whole.wall))
        });
        side(&format!("store alone, {}", place.name), store);
        ratios(calls, whole, store);
    }
}

fn side(name: &str, side: &Measured) {
    let requests: u64 = side.requests.values().sum();
    let processor = format!(
        "shots; processor a shot: {}, server {}",
        microseconds(side.client),
        microseconds(side.server)
    );
    support::line(name, support::rate(SHOTS, side.wall), processor);
    if requests > 0 {
        let each = requests as f64 / SHOTS as f64;
        let counts = support::counts(&side.requests, SHOTS);
        support::line(
            "",
            support::rate(requests as usize, side.wall),
            format!("requests; {each:.2} a shot: {counts}"),
        );
    }
}

/// By the clock, and by processor time, which busy neighbours disturb less.
fn ratios(calls: &Measured, whole: &Measured, store: &Measured) {
    let [calls, whole, store] = [calls, whole, store].map(|measured| {
        let processor = measured.client + measured.server;
        [measured.wall, processor].map(|time| time.as_secs_f64())
    });
    let by_clock = support::ratio(calls[0], whole[0]);
    let by_processor = support::ratio(calls[1], whole[1]);
    support::line(
        "  runner / calls",
        by_clock,
        format!("{by_processor} by processor time; aim: 0.50 or more"),
    );
    let by_clock = support::ratio(calls[0] + store[0], whole[0]);
    let by_processor = support::ratio(calls[1] + store[1], whole[1]);
    support::line(
        "  runner / (calls, then store)",
        by_clock,
        format!("{by_processor} by processor time"),
    );
}

fn microseconds(time: Duration) -> String {
    format!("{:.0} us", time.as_secs_f64() * 1e6 / SHOTS as f64)
}
