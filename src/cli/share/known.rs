//! What of this folder is in a shared store already.
//!
//! Owns a file of digests beside the ledger. It saves questions and decides nothing:
//! without it everything is offered again, and what is there stays as it is.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::id::sha256_hex;
use crate::store::{self, Store, StoreError};

/// Digits that tell stores apart.
const DIGITS: usize = 16;

/// The entries of one folder that one store has.
pub(super) struct Known {
    path: PathBuf,
    store: String,
    digests: HashSet<String>,
    fresh: String,
}

impl Known {
    pub(super) fn read(store: &Store, address: &str) -> Self {
        let path = store.layout().shared();
        let place = sha256_hex(address.as_bytes())[..DIGITS].to_owned();
        // What cannot be read is asked for again.
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let digests = text
            .lines()
            .filter_map(|line| line.strip_prefix(&place)?.strip_prefix(' '))
            .map(ToOwned::to_owned)
            .collect();
        Self {
            path,
            store: place,
            digests,
            fresh: String::new(),
        }
    }

    pub(super) fn has(&self, digest: &str) -> bool {
        self.digests.contains(digest)
    }

    pub(super) fn add(&mut self, digest: String) {
        if !self.digests.contains(&digest) {
            self.fresh.extend([&self.store, " ", &*digest, "\n"]);
            self.digests.insert(digest);
        }
    }

    /// Writes down what was added.
    pub(super) fn keep(self) -> Result<(), StoreError> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        store::append(&self.path, self.fresh.as_bytes())
    }
}
