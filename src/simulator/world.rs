//! All that the simulator knows: its tasks, and what was asked of it.
//!
//! Owns the tables and the ids. Locks are held for a look-up or an insertion,
//! never while something is read, validated or rendered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::callback::Caller;
use super::order::{Order, Rules, number};
use super::scenario::Operation;
use super::storage::Storage;
use super::studio::Studio;
use super::task::{Task, Timetable};
use super::trouble::Troubles;
use crate::spec::Spec;

/// How many requests came, by operation, and how many callbacks went out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Creations, refused ones included.
    pub create: u64,
    /// Questions for a task's state.
    pub query: u64,
    /// Questions for a file's link.
    pub retrieve: u64,
    /// Files read with a key.
    pub content: u64,
    /// Files read by a link.
    pub download: u64,
    /// Callbacks that were due, dropped ones included; challenges are not counted.
    pub callback: u64,
    /// Requests to paths that do not exist.
    pub unknown: u64,
}

/// A task that was created, as a test sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The id that the answer gave, or would have given.
    pub task_id: String,
    /// What the request's `X-Shot-Id` said.
    pub shot_id: Option<String>,
    /// The body; a text of over 8 KiB is replaced by its length and SHA-256.
    pub body: Value,
}

/// Everything that handlers share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) spec: &'static Spec,
    pub(super) rules: Rules,
    pub(super) settings: Settings,
    pub(super) storage: Storage,
    pub(super) studio: Arc<Studio>,
    pub(super) troubles: Troubles,
    pub(super) caller: Caller,
    /// Cancelled when the server stops.
    pub(super) stop: CancellationToken,
    tables: Mutex<Tables>,
    /// By [`Operation`]; the last one counts unknown paths.
    counts: [AtomicU64; Operation::ALL.len() + 1],
    traces: AtomicU64,
}

#[derive(Debug, Default)]
struct Tables {
    tasks: HashMap<u64, Arc<Task>>,
    /// The task of each file.
    files: HashMap<u64, Arc<Task>>,
    /// How often each request was made.
    repeats: HashMap<[u8; 32], u64>,
    created: Vec<Created>,
}

impl World {
    pub(super) fn new(mut settings: Settings, spec: &'static Spec, base_url: String) -> Self {
        let scenario = std::mem::take(&mut settings.scenario);
        Self {
            spec,
            rules: Rules::new(spec, settings.seed, settings.clips),
            storage: Storage::new(base_url, settings.seed, settings.time_scale),
            studio: Arc::new(Studio::new(settings.clips, settings.workers)),
            troubles: Troubles::new(scenario),
            caller: Caller::default(),
            stop: CancellationToken::new(),
            tables: Mutex::default(),
            counts: Default::default(),
            traces: AtomicU64::new(0),
            settings,
        }
    }

    /// Creates the task of an order and begins its clip.
    pub(super) fn accept(
        &self,
        prompt: String,
        mut order: Order,
        failure: Option<i64>,
    ) -> Arc<Task> {
        let body = std::mem::take(&mut order.body);
        let shot_id = order.shot.take();
        let task = {
            let mut tables = locked(&self.tables);
            let task = Arc::new(self.task(&mut tables, prompt, &order));
            tables.tasks.insert(task.id, Arc::clone(&task));
            tables.files.insert(task.file, Arc::clone(&task));
            let task_id = task.id.to_string();
            tables.created.push(Created {
                task_id,
                shot_id,
                body,
            });
            task
        };
        if let Some(code) = failure {
            task.failure.get_or_init(|| code);
        } else {
            self.studio.commission(Arc::clone(&task), order);
        }
        task
    }

    /// Ids come from the request and from how often it was made, not from the order of requests.
    fn task(&self, tables: &mut Tables, prompt: String, order: &Order) -> Task {
        let repeat = tables.repeats.entry(order.digest).or_default();
        let start = mixed(number(&order.digest, 0) ^ mixed(*repeat));
        *repeat += 1;
        let id = free_id(&tables.tasks, start);
        let file = free_id(&tables.files, mixed(start ^ self.settings.seed ^ 0xf11e));
        Task {
            id,
            file,
            prompt,
            digest: order.digest,
            timetable: Timetable::new(&order.digest, order.size, order.seconds),
            created: Instant::now(),
            created_at: Timestamp::now().as_second(),
            failure: OnceLock::new(),
            clip: OnceLock::new(),
        }
    }

    /// The task of an id as it was given out.
    pub(super) fn task_of(&self, id: &str) -> Option<Arc<Task>> {
        let id = number_of(id)?;
        locked(&self.tables).tasks.get(&id).cloned()
    }

    /// The task that a file belongs to.
    pub(super) fn task_of_file(&self, file: &str) -> Option<Arc<Task>> {
        let file = number_of(file)?;
        locked(&self.tables).files.get(&file).cloned()
    }

    pub(super) fn count(&self, operation: Option<Operation>) {
        let place = operation.map_or(Operation::ALL.len(), |operation| operation as usize);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
    }

    /// A number that no other answer has.
    pub(super) fn next_trace(&self) -> u64 {
        mixed(self.traces.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn requests(&self) -> Requests {
        let counts = self.counts.each_ref();
        let [
            create,
            query,
            retrieve,
            content,
            download,
            callback,
            unknown,
        ] = counts.map(|count| count.load(Ordering::Relaxed));
        Requests {
            create,
            query,
            retrieve,
            content,
            download,
            callback,
            unknown,
        }
    }

    pub(super) fn billed(&self) -> usize {
        locked(&self.tables).created.len()
    }

    pub(super) fn created(&self) -> Vec<Created> {
        locked(&self.tables).created.clone()
    }
}

/// An id of 15 digits that is not taken.
fn free_id(taken: &HashMap<u64, Arc<Task>>, start: u64) -> u64 {
    const LEAST: u64 = 100_000_000_000_000;
    let mut id = LEAST + start % (LEAST * 9);
    while taken.contains_key(&id) {
        id = if id == LEAST * 10 - 1 { LEAST } else { id + 1 };
    }
    id
}

/// An id is its decimal digits and nothing else.
fn number_of(id: &str) -> Option<u64> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|_| digits)
}

/// A number that has nothing to do with its neighbours' (the finaliser of `SplitMix64`).
pub(super) fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// The content of a lock; a panic elsewhere leaves tables that are still sound.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
