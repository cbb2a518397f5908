//! The shared store: videos and what is on record of them, for a team and for CI.
//!
//! Owns everything that is said to an object store. Never decides what is paid, never
//! touches a ledger, and never changes or removes an object: what has a name in the
//! store keeps its content, because the name is made of the content's digest.
//!
//! In reading order: `address` is what a person writes, `open` makes a client of it,
//! `names` says where everything is, `entry` is what one payment looks like there, and
//! `transfer` moves both in and out. Nothing that comes from there is believed before
//! it was looked at: anybody who can write to the store may have made it.
//!
//! Deliberately absent: locks and leases. A lease that expires would let two machines
//! pay for one request, and one that does not would have to be broken by hand.

mod address;
mod entry;
mod error;
mod names;
mod open;
#[cfg(test)]
mod tests;
mod transfer;

use std::fmt;
use std::sync::Arc;

use object_store::ObjectStore;
use tokio::sync::Semaphore;

pub use self::address::{Address, AddressError, Cloud};
pub use self::entry::{Broken, Entry, EntryRun, EntryVideo, Payment, Standing};
use self::error::Secrets;
pub use self::error::{ShareError, Trouble};
use self::names::Names;
pub use self::open::VARIABLES;
pub use self::transfer::{Bad, FetchError, Found, Put, SendError};

/// A shared store. Cheap to clone.
#[derive(Clone)]
pub struct Share {
    client: Arc<dyn ObjectStore>,
    names: Names,
    secrets: Arc<Secrets>,
    // Memory for what is being sent, by all who share it.
    room: Arc<Semaphore>,
    shown: Arc<str>,
}

impl Share {
    /// The store at an address, with the variables of its cloud. Nothing is sent; a
    /// folder has to be there.
    pub fn open(address: &Address, variables: &[(String, String)]) -> Result<Self, ShareError> {
        let secrets = Secrets::among(variables);
        Ok(Self {
            client: open::client(address, variables, &secrets)?,
            names: Names::under(address.prefix()),
            secrets: Arc::new(secrets),
            room: Arc::new(Semaphore::new(transfer::ROOM as usize)),
            shown: address.to_string().into(),
        })
    }

    /// A store of any kind, for tests.
    #[cfg(test)]
    fn over(client: Arc<dyn ObjectStore>) -> Self {
        Self {
            client,
            names: Names::under(""),
            secrets: Arc::new(Secrets::default()),
            room: Arc::new(Semaphore::new(transfer::ROOM as usize)),
            shown: "memory".into(),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Share").field(&self.shown).finish()
    }
}
