//! Callbacks: the address is proved, then told what becomes of the task.
//!
//! Owns the only requests that the simulator sends, and sends them to the
//! address that a create names and nowhere else: no redirect is followed, no
//! proxy asked. Nobody's answer is waited for longer than a few seconds, and a
//! callback that fails is not sent again: the service promises no more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::task::TaskTracker;

use super::answer::{self, Refusal, Spelling};
use super::order::{Order, hexadecimal};
use super::scenario::{Action, Operation};
use super::task::{State, Task};
use super::trouble::Subject;
use super::world::World;

/// How long a challenge may take to come back, in real time whatever the scale
/// (minimax-api.md 2.7).
const CHALLENGE_TIME: Duration = Duration::from_secs(3);

/// How long a callback may take.
const CALL_TIME: Duration = Duration::from_secs(5);

/// The most bytes that are read of an answer to a challenge.
const ANSWER_LIMIT: usize = 64 << 10;

/// Digits of a challenge.
const CHALLENGE_DIGITS: usize = 32;

/// The wait between two looks at a clip that is rendered longer than its task lasts.
const RENDERING: Duration = Duration::from_millis(20);

/// What callbacks are sent with.
#[derive(Debug, Default)]
pub(super) struct Caller {
    /// Built by the first that is called; none if the system has no certificates.
    client: OnceLock<Option<Client>>,
    /// One for each task that somebody wants to hear of.
    calls: TaskTracker,
}

impl Caller {
    fn client(&self) -> Option<&Client> {
        let client = self.client.get_or_init(|| {
            // A second provider installed by somebody else serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .ok()
        });
        client.as_ref()
    }

    /// Waits for the callbacks in hand, which end when the server stops.
    pub(super) async fn finished(&self) {
        self.calls.close();
        self.calls.wait().await;
    }
}

/// Lets an order pass whose address answers, and every order without one.
pub(super) async fn checked(world: &World, order: Order) -> Result<Order, Refusal> {
    let Some(url) = &order.callback else {
        return Ok(order);
    };
    let digest = Sha256::new()
        .chain_update(order.digest)
        .chain_update("challenge")
        .finalize();
    let mut challenge = hexadecimal(&digest);
    challenge.truncate(CHALLENGE_DIGITS);
    let returned = timeout(CHALLENGE_TIME, returned(world, url, &challenge));
    match world.stop.run_until_cancelled(returned).await {
        Some(Ok(Some(answer))) if answer == challenge => Ok(order),
        _ => Err(Refusal::params("fail to check callback url")),
    }
}

/// What comes back for a challenge; nothing unless it comes under HTTP 200.
async fn returned(world: &World, url: &str, challenge: &str) -> Option<Value> {
    let body = json!({ "challenge": challenge });
    let request = world.caller.client()?.post(url).json(&body);
    let mut answer = request.send().await.ok()?;
    if answer.status() != reqwest::StatusCode::OK {
        return None;
    }
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await.ok()? {
        if text.len() + part.len() > ANSWER_LIMIT {
            return None;
        }
        text.extend_from_slice(&part);
    }
    let mut answer: Value = serde_json::from_slice(&text).ok()?;
    answer.get_mut("challenge").map(Value::take)
}

/// Begins to tell an address what becomes of a task.
pub(super) fn follow(world: &Arc<World>, task: Arc<Task>, url: String) {
    let telling = Arc::clone(world);
    // `finished` waits for it; the server's end ends it.
    world.caller.calls.spawn(async move {
        let stop = telling.stop.clone();
        let tell = async {
            let scale = telling.settings.time_scale;
            sleep_until(task.begins(scale)).await;
            call(&telling, &task, &State::Processing, &url).await;
            sleep_until(task.ends(scale)).await;
            call(&telling, &task, &end(&task, scale).await, &url).await;
        };
        stop.run_until_cancelled(tell).await;
    });
}

/// How a task ends; waits for its clip.
async fn end(task: &Task, scale: u32) -> State<'_> {
    loop {
        match task.state(scale) {
            end @ (State::Success(_) | State::Fail { .. }) => return end,
            _ => sleep(RENDERING).await,
        }
    }
}

/// Makes one callback, as the scenario wants it.
async fn call(world: &World, task: &Task, state: &State<'_>, url: &str) {
    world.count(Some(Operation::Callback));
    let then = world.troubles.next(Subject {
        operation: Operation::Callback,
        prompt: Some(&task.prompt),
        task: task.id,
    });
    let action = then.and_then(|then| then.action.as_ref());
    if let Some(then) = then {
        sleep(then.delay).await;
    }
    let spelling = match action {
        Some(Action::Status(other)) => Spelling::Other(other),
        _ => Spelling::Callback,
    };
    let mut body = answer::state_body(world.spec, task, state, spelling);
    if let Some(Action::TaskId(other)) = action {
        body["task_id"] = Value::from(other.as_str());
    }
    let times = match action {
        Some(Action::Drop) => 0,
        Some(Action::Duplicate) => 2,
        _ => 1,
    };
    for _ in 0..times {
        let Some(client) = world.caller.client() else {
            return;
        };
        // Whoever misses it has to ask; that is what callbacks are like.
        let _ = client.post(url).json(&body).timeout(CALL_TIME).send().await;
    }
}
