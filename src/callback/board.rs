//! Who is expected to be called back, and what was said.
//!
//! Owns the tokens and the table of attempts. Locks are held for a look-up,
//! never while something is read or waited for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use super::secret::KEY_BYTES;
use crate::id::{AttemptId, TaskId, hex};

/// Bytes of a digest that a token shows, as two digits each: 160 bits.
const TOKEN_BYTES: usize = 20;

/// What callbacks said of one attempt. None of it is proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// How many callbacks came, challenges not counted.
    pub callbacks: u64,
    /// The task that the last of them to name one named.
    pub task: Option<TaskId>,
    /// The last status that was said, in the service's words.
    pub status: Option<String>,
    /// How many named another task than the first; each is worth a question.
    pub contradictions: u64,
}

/// One callback, as far as it could be understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) task: Option<TaskId>,
    pub(super) status: Option<String>,
}

/// One attempt that may be called back.
#[derive(Default)]
pub(super) struct Slot {
    heard: Mutex<Heard>,
    /// Holds one permit from a callback until somebody has waited for it.
    news: Notify,
}

impl Slot {
    /// Keeps what was said and wakes the waiter.
    pub(super) fn hear(&self, said: Said) {
        let mut heard = locked(&self.heard);
        heard.callbacks += 1;
        match (&heard.task, said.task) {
            (None, named) => heard.task = named,
            (Some(first), Some(other)) if *first != other => {
                heard.contradictions += 1;
                heard.task = Some(other);
            }
            _ => {}
        }
        if said.status.is_some() {
            heard.status = said.status;
        }
        drop(heard);
        self.news.notify_one();
    }
}

/// All attempts, by name and by token. No `Debug`: it would show tokens.
pub(super) struct Board {
    secret: [u8; KEY_BYTES],
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    /// A token is looked up by its hash, and only an equal one is compared to
    /// its end, so time tells a stranger nothing that 160 bits would not hide.
    by_token: HashMap<String, Arc<Slot>>,
    by_attempt: HashMap<AttemptId, Arc<Slot>>,
}

impl Board {
    pub(super) fn new(secret: [u8; KEY_BYTES]) -> Self {
        Self {
            secret,
            tables: Mutex::default(),
        }
    }

    /// Lets an attempt be called back; gives its token.
    pub(super) fn expect(&self, attempt: &AttemptId) -> String {
        let token = self.token(attempt);
        let mut tables = locked(&self.tables);
        let slot = Arc::clone(tables.by_attempt.entry(attempt.clone()).or_default());
        tables.by_token.insert(token.clone(), slot);
        token
    }

    /// The attempt behind a token, if it is expected.
    pub(super) fn slot(&self, token: &str) -> Option<Arc<Slot>> {
        locked(&self.tables).by_token.get(token).cloned()
    }

    pub(super) fn heard(&self, attempt: &AttemptId) -> Heard {
        let slot = locked(&self.tables).by_attempt.get(attempt).cloned();
        slot.map_or_else(Heard::default, |slot| locked(&slot.heard).clone())
    }

    pub(super) async fn next(&self, attempt: &AttemptId) -> Heard {
        self.expect(attempt);
        let slot = locked(&self.tables).by_attempt.get(attempt).cloned();
        let slot = slot.expect("an attempt is never taken off the board");
        slot.news.notified().await;
        locked(&slot.heard).clone()
    }

    /// Derived and not drawn, so that the next run answers under the same
    /// address with nothing kept but the secret. Only a part of the digest is
    /// shown, so that it cannot be continued with more text.
    fn token(&self, attempt: &AttemptId) -> String {
        let digest = Sha256::new()
            .chain_update(self.secret)
            .chain_update(attempt.as_str())
            .finalize();
        hex(&digest[..TOKEN_BYTES])
    }
}

/// The content of a lock; a panic elsewhere leaves tables that are still sound.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
