//! `runner push`, and what `apply` sends when it is done.
//!
//! Owns what is shared and in which order: a payment without a video goes first, because
//! it is small and nobody else knows of it; a video goes before its entry, because
//! whoever finds the entry looks for it.

use std::collections::HashSet;

use futures::{StreamExt as _, stream};

use super::known::Known;
use super::{Progress, Shared, share_error, size, tell_bad};
use crate::cli::args::PushArgs;
use crate::cli::choose;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::find;
use crate::cli::words::{payments, videos};
use crate::cli::{load, prepare};
use crate::id::ShotId;
use crate::ledger::{self, AttemptStanding, Ledger};
use crate::plan::history::Presence;
use crate::share::{Bad, Entry, EntryVideo, Put, SendError, Share};
use crate::store::Store;

/// Objects that are on their way at once.
const AT_ONCE: usize = 8;

pub(super) fn push(args: &PushArgs, console: &mut Console) -> Result<Exit, CliError> {
    let shared = Shared::needed(&args.store)?;
    let mut loaded = load::load(&args.manifest)?;
    choose::look(&mut loaded, args.out.as_ref())?;
    let chosen: Option<HashSet<ShotId>> = loaded.selected.clone();
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        console.diagnostics(&loaded);
        return Ok(Exit::ManifestInvalid);
    };
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.out.as_ref());
    let is_chosen = |shot: &ShotId| chosen.as_ref().is_none_or(|chosen| chosen.contains(shot));
    if args.dry_run {
        let store = Store::open_read(&folder).map_err(prepare::store_error)?;
        let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
        let entries = ledger.map_or(Ok(Vec::new()), |ledger| ledger.entries());
        let entries = entries.map_err(prepare::ledger_error)?;
        list(&parcels(&entries, &store, is_chosen), console);
        return Ok(Exit::Success);
    }
    let store = Store::open(&folder).map_err(prepare::store_error)?;
    let ledger = prepare::ledger(&store, console)?;
    let entries = ledger.entries().map_err(prepare::ledger_error)?;
    let parcels = parcels(&entries, &store, is_chosen);
    shared.push(parcels, &store, console)
}

fn list(parcels: &[Parcel], console: &mut Console) {
    for parcel in parcels {
        let shot = &parcel.entry.shot;
        match &parcel.video {
            Some((path, video)) => {
                let size = size(video.bytes);
                console.data(format!("{shot}  {path}  {size}"));
            }
            None => console.data(format!("{shot}  (no video)")),
        }
    }
}

/// A payment on its way, with its video where there is one.
pub(super) struct Parcel {
    entry: Entry,
    /// Its digest, which names it.
    digest: String,
    /// Path in the output folder, and what it has to be.
    video: Option<(String, EntryVideo)>,
}

/// What others can make use of: whatever was, or may have been, paid for, and every
/// video. What was refused was not paid, and a simulator's tasks end with it.
fn parcels(
    entries: &[ledger::Entry],
    store: &Store,
    is_chosen: impl Fn(&ShotId) -> bool,
) -> Vec<Parcel> {
    let chosen = entries.iter().filter(|known| is_chosen(&known.record.shot));
    let mut parcels: Vec<Parcel> = chosen.filter_map(|known| parcel(known, store)).collect();
    // Stable: otherwise as they were intended.
    parcels.sort_by_key(|parcel| parcel.video.is_some());
    parcels
}

fn parcel(known: &ledger::Entry, store: &Store) -> Option<Parcel> {
    let record = &known.record;
    if record.state == AttemptStanding::Refused {
        return None;
    }
    let entry = Entry::from(known);
    if entry.saved().is_none() {
        // A simulator's tasks end with it.
        return (!known.run.free).then(|| Parcel {
            digest: entry.digest(),
            entry,
            video: None,
        });
    }
    let there = record.video.as_ref().and_then(|video| {
        let (video, presence) = find(video, record.saved_at, store);
        (presence == Presence::Present).then_some(video.path)
    });
    let video = there.zip(entry.video.clone());
    let entry = match (&video, known.run.free) {
        (Some(_), _) => entry,
        (None, true) => return None,
        // The service still has it.
        (None, false) => entry.without_video()?,
    };
    Some(Parcel {
        digest: entry.digest(),
        entry,
        video,
    })
}

/// What became of the parcels.
#[derive(Default)]
struct Sent {
    videos: usize,
    bytes: u64,
    entries: usize,
    there: usize,
    bad: Vec<Bad>,
    changed: usize,
}

impl Shared {
    /// Sends what the store does not have, as far as is known, after a run.
    pub(in crate::cli) fn after(
        &self,
        store: &Store,
        console: &mut Console,
    ) -> Result<Exit, CliError> {
        let ledger = Ledger::open(&store.layout().ledger()).map_err(prepare::ledger_error)?;
        let entries = ledger.entries().map_err(prepare::ledger_error)?;
        let known = Known::read(store, &self.share.to_string());
        let mut parcels = parcels(&entries, store, |_| true);
        parcels.retain(|parcel| !known.has(&parcel.digest));
        if parcels.is_empty() {
            return Ok(Exit::Success);
        }
        self.push(parcels, store, console)
    }

    fn push(
        &self,
        parcels: Vec<Parcel>,
        store: &Store,
        console: &mut Console,
    ) -> Result<Exit, CliError> {
        let mut known = Known::read(store, &self.share.to_string());
        let with_video = parcels.iter().filter(|parcel| parcel.video.is_some());
        let mut progress = Progress::new("pushed", with_video.count(), console);
        let result = self.work(send(&self.share, parcels, store, &mut known, &mut progress));
        // What arrived is not asked for again, even where the rest did not.
        known.keep().map_err(prepare::store_error)?;
        let sent = result?;
        tell_bad(&sent.bad, console);
        let (share, videos, amount) = (&self.share, videos(sent.videos), size(sent.bytes));
        let (new, there) = (payments(sent.entries), sent.there);
        console.say(format!(
            "pushed to {share}: {videos} ({amount}) and {new}; {there} were there"
        ));
        Ok(if sent.bad.is_empty() && sent.changed == 0 {
            Exit::Success
        } else {
            Exit::ChecksFailed
        })
    }
}

async fn send(
    share: &Share,
    parcels: Vec<Parcel>,
    store: &Store,
    known: &mut Known,
    progress: &mut Progress<'_>,
) -> Result<Sent, CliError> {
    let mut leaving = stream::iter(parcels)
        .map(|parcel| async move {
            let sent = send_one(share, &parcel, store).await;
            (parcel, sent)
        })
        .buffer_unordered(AT_ONCE);
    let mut all = Sent::default();
    while let Some((parcel, sent)) = leaving.next().await {
        let video = parcel.video.as_ref();
        match sent {
            Ok((of_video, of_entry)) => {
                match (of_video, video) {
                    (Some(Put::New), Some((path, video))) => {
                        all.videos += 1;
                        all.bytes += video.bytes;
                        progress.moved(path, video.bytes);
                    }
                    (Some(_), _) => progress.step(),
                    (None, _) => {}
                }
                match of_entry {
                    Put::New => all.entries += 1,
                    Put::There => all.there += 1,
                    Put::Refused(_) => {}
                }
                known.add(parcel.digest);
            }
            Err(Unsent::Refused(bad)) => all.bad.push(bad),
            Err(Unsent::Send(SendError::Share(error))) => return Err(share_error(error)),
            Err(Unsent::Send(error)) => {
                all.changed += 1;
                let path = video.map_or("", |(path, _)| path);
                progress.say(&format!("`{path}` was not pushed: {error}"));
            }
        }
    }
    Ok(all)
}

/// Why a parcel did not arrive.
enum Unsent {
    /// Something else has its name in the store.
    Refused(Bad),
    /// It could not be sent.
    Send(SendError),
}

async fn send_one(
    share: &Share,
    parcel: &Parcel,
    store: &Store,
) -> Result<(Option<Put>, Put), Unsent> {
    let mut of_video = None;
    if let Some((path, video)) = &parcel.video {
        let sent = share.send(&store.layout().path(path), video).await;
        match sent.map_err(Unsent::Send)? {
            Put::Refused(bad) => return Err(Unsent::Refused(bad)),
            put => of_video = Some(put),
        }
    }
    let noted = share.note(&parcel.entry).await;
    match noted.map_err(|error| Unsent::Send(error.into()))? {
        Put::Refused(bad) => Err(Unsent::Refused(bad)),
        put => Ok((of_video, put)),
    }
}
