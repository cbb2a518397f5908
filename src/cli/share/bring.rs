//! From what a shared store answers to videos in their place and payments on record.
//!
//! Owns where a video goes that comes, and that it lies there before the ledger is told
//! of it. Never removes and never overwrites: what gives its name to a newer take moves
//! to `takes/`. What is broken is named and left out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::known::Known;
use super::{Progress, Shared, share_error, tell_bad};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::find;
use crate::cli::prepare;
use crate::cli::words::shots;
use crate::id::{Fingerprint, ShotId};
use crate::ledger::{self, Contents, Ledger, Twice};
use crate::media::probe;
use crate::plan::Plan;
use crate::plan::history::Presence;
use crate::share::{Bad, Broken, Entry, EntryVideo, FetchError, Payment, Share, Standing};
use crate::store::{Partial, Saved, Store, StoreError};

/// Requests that are asked about at once.
const QUESTIONS: usize = 16;

/// Videos that are on their way at once.
const VIDEOS: usize = 4;

/// Shots that are put on record together: what a killed run has to fetch again.
const BATCH: usize = 64;

/// From as many questions on, a person is told what is waited for.
const MANY: usize = 200;

/// A shot of which the store is asked.
pub(super) struct Wanted {
    pub(super) shot: ShotId,
    pub(super) fingerprint: Fingerprint,
    pub(super) request: Arc<Map<String, Value>>,
    pub(super) file: String,
}

/// What the store knows of a shot.
pub(super) struct Answer {
    pub(super) wanted: Wanted,
    pub(super) entries: Vec<Entry>,
    pub(super) bad: Vec<Bad>,
}

/// What came.
#[derive(Debug, Default)]
pub(in crate::cli) struct Pulled {
    pub(super) videos: usize,
    pub(super) bytes: u64,
    pub(super) payments: usize,
    bad: Vec<Bad>,
    /// Requests of which something is in the store that could not be read.
    unread: HashSet<Fingerprint>,
}

impl Pulled {
    pub(super) fn add(&mut self, more: Self) {
        self.videos += more.videos;
        self.bytes += more.bytes;
        self.payments += more.payments;
        self.bad.extend(more.bad);
        self.unread.extend(more.unread);
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.videos == 0 && self.payments == 0
    }

    /// Whether everything in the store was as it should be.
    pub(super) fn is_sound(&self) -> bool {
        self.bad.is_empty()
    }

    /// Refuses to pay for what the store may hold in a form that cannot be read.
    pub(in crate::cli) fn lets_pay(&self, plan: &Plan) -> Result<(), CliError> {
        let unsure = plan.facts.shots.iter().find(|shot| {
            let fingerprint = shot.fingerprint.as_ref();
            shot.decision.may_pay() && fingerprint.is_some_and(|print| self.unread.contains(print))
        });
        let Some(shot) = unsure else { return Ok(()) };
        let message = format!(
            "what the shared store knows of `{}` cannot be read; it may be paid for, so nothing was created",
            shot.id
        );
        Err(CliError::new(Exit::ChecksFailed, message)
            .advice("mend what is named above, or go on without it: --store-optional"))
    }
}

/// Asks the store about every shot.
pub(super) async fn gather(share: &Share, wanted: Vec<Wanted>) -> Result<Vec<Answer>, CliError> {
    stream::iter(wanted)
        .map(|wanted| async move {
            let found = share.entries(&wanted.fingerprint, &wanted.request).await;
            let found = found.map_err(share_error)?;
            Ok(Answer {
                wanted,
                entries: found.entries,
                bad: found.bad,
            })
        })
        .buffered(QUESTIONS)
        .try_collect()
        .await
}

/// What is here.
pub(super) struct Local {
    /// Where each video is, by its digest.
    paths: HashMap<String, String>,
    /// How much is known of each payment.
    known: HashMap<Payment, (bool, Standing)>,
    /// When the latest payment for each request was made whose video is here.
    latest: HashMap<Fingerprint, Timestamp>,
}

impl Local {
    pub(super) fn new(entries: &[ledger::Entry], store: &Store) -> Self {
        let mut local = Self {
            paths: HashMap::new(),
            known: HashMap::new(),
            latest: HashMap::new(),
        };
        for known in entries {
            let entry = Entry::from(known);
            let record = &known.record;
            local.known.insert(entry.payment(), entry.knowledge());
            let video = record.video.as_ref().filter(|_| entry.saved().is_some());
            let Some(video) = video else { continue };
            let (video, presence) = find(video, record.saved_at, store);
            if presence != Presence::Present {
                continue;
            }
            local.paths.insert(video.sha256, video.path);
            let latest = local.latest.entry(entry.fingerprint);
            let latest = latest.or_insert(entry.intended_at);
            *latest = (*latest).max(entry.intended_at);
        }
        local
    }

    /// The videos of these entries that are not here.
    pub(super) fn missing<'e>(
        &'e self,
        entries: &'e [Entry],
    ) -> impl Iterator<Item = &'e EntryVideo> {
        let videos = entries.iter().filter_map(Entry::saved);
        videos.filter(|video| !self.paths.contains_key(&video.sha256))
    }

    /// Whether an entry says nothing new, with its video where it was.
    fn knows(&self, entry: &Entry, came: &HashSet<String>) -> bool {
        let known = self.known.get(&entry.payment());
        let came = entry
            .saved()
            .is_some_and(|video| came.contains(&video.sha256));
        known.is_some_and(|known| *known >= entry.knowledge()) && !came
    }

    /// What is to come for a shot. The latest payment's video gets the shot's name,
    /// unless there is a later one here; the others are takes.
    fn coming(&self, answer: &Answer) -> Vec<Coming> {
        let latest = answer.entries.iter().rfind(|entry| entry.saved().is_some());
        let here = self.latest.get(&answer.wanted.fingerprint);
        let counts = latest
            .filter(|latest| here.is_none_or(|here| *here < latest.intended_at))
            .and_then(Entry::saved);
        self.missing(&answer.entries)
            .map(|video| Coming {
                file: answer.wanted.file.clone(),
                is_take: counts.is_none_or(|counts| counts.sha256 != video.sha256),
                video: video.clone(),
            })
            .collect()
    }
}

/// A video that is to come.
struct Coming {
    file: String,
    is_take: bool,
    video: EntryVideo,
}

impl Shared {
    /// Gets what the store has of these shots, and puts it on record.
    pub(super) fn bring(
        &self,
        wanted: Vec<Wanted>,
        store: &Store,
        ledger: &mut Ledger,
        console: &mut Console,
    ) -> Result<Pulled, CliError> {
        if wanted.len() > MANY {
            let (share, shots) = (&self.share, shots(wanted.len()));
            console.say(format!("asking {share} about {shots}"));
        }
        let answers = self.work(gather(&self.share, wanted))?;
        let mut pulled = Pulled::default();
        for answer in &answers {
            tell_bad(&answer.bad, console);
            // A file that somebody else laid there says nothing of payments.
            if answer.bad.iter().any(|bad| bad.why != Broken::Name) {
                pulled.unread.insert(answer.wanted.fingerprint.clone());
            }
            pulled.bad.extend(answer.bad.iter().cloned());
        }
        let here = ledger.entries().map_err(prepare::ledger_error)?;
        let mut local = Local::new(&here, store);
        let coming = |answers: &[Answer]| -> Vec<Coming> {
            answers
                .iter()
                .flat_map(|answer| local.coming(answer))
                .collect()
        };
        let mut batches: Vec<(&[Answer], Vec<Coming>)> = answers
            .chunks(BATCH)
            .map(|answers| (answers, coming(answers)))
            .collect();
        let count = batches.iter().map(|(_, coming)| coming.len()).sum();
        let mut progress = Progress::new("pulled", count, console);
        let mut there = Known::read(store, &self.share.to_string());
        for (answers, coming) in &mut batches {
            let work = fetch(&self.share, std::mem::take(coming), store, &mut progress);
            let came = self.work(work)?;
            let new = came.paths.keys().cloned().collect();
            local.paths.extend(came.paths);
            pulled.bad.extend(came.bad);
            let taken = take_in(answers, &local, &new, ledger)?;
            pulled.payments += taken.payments;
            let entries = answers.iter().flat_map(|answer| &answer.entries);
            entries.for_each(|entry| there.add(entry.digest()));
            taken
                .twice
                .iter()
                .for_each(|twice| progress.say(&told_twice(twice)));
        }
        pulled.videos = progress.moved;
        pulled.bytes = progress.bytes;
        // Nobody has to send it back.
        there.keep().map_err(prepare::store_error)?;
        Ok(pulled)
    }
}

/// What a batch brought.
#[derive(Default)]
struct Came {
    /// Where each video is, by its digest.
    paths: HashMap<String, String>,
    bad: Vec<Bad>,
}

async fn fetch(
    share: &Share,
    coming: Vec<Coming>,
    store: &Store,
    progress: &mut Progress<'_>,
) -> Result<Came, CliError> {
    let mut arriving = stream::iter(coming)
        .map(|coming| async move {
            let fetched = fetch_one(share, &coming, store).await;
            (coming, fetched)
        })
        .buffer_unordered(VIDEOS);
    let mut came = Came::default();
    while let Some((coming, fetched)) = arriving.next().await {
        match fetched {
            Ok(saved) => {
                progress.moved(&saved.path, saved.bytes);
                came.paths.insert(coming.video.sha256, saved.path);
            }
            Err(FetchError::Bad(bad)) => {
                progress.bad(&bad);
                came.bad.push(bad);
            }
            Err(FetchError::Share(error)) => return Err(share_error(error)),
            Err(FetchError::Store(error)) => return Err(prepare::store_error(error)),
        }
    }
    Ok(came)
}

async fn fetch_one(share: &Share, coming: &Coming, store: &Store) -> Result<Saved, FetchError> {
    let mut partial = if coming.is_take {
        store.begin_take(&coming.file)?
    } else {
        store.begin(&coming.file)?
    };
    share.fetch(&coming.video, &mut partial).await?;
    let video = coming.video.clone();
    let kept = tokio::task::spawn_blocking(move || keep(partial, &video));
    let kept = kept
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    kept.map_err(|why| FetchError::Bad(share.bad_video(&coming.video, why)))
}

/// Puts what arrived in its place, if it is the video that was promised.
fn keep(partial: Partial, video: &EntryVideo) -> Result<Result<Saved, Broken>, StoreError> {
    let info = match probe::probe(partial.reopen()?) {
        Ok(info) => info,
        Err(error) => return Ok(Err(Broken::Video(error.to_string()))),
    };
    let promised = (video.width, video.height, video.duration_ms);
    if (info.width, info.height, info.duration_ms) != promised {
        return Ok(Err(Broken::Value("property of the video")));
    }
    partial.commit().map(Ok)
}

/// What was put on record.
struct Taken {
    payments: usize,
    twice: Vec<Twice>,
}

fn take_in(
    answers: &[Answer],
    local: &Local,
    came: &HashSet<String>,
    ledger: &mut Ledger,
) -> Result<Taken, CliError> {
    let now = Timestamp::now();
    let of = |answer: &Answer| -> Vec<ledger::Entry> {
        let new = answer
            .entries
            .iter()
            .filter(|entry| !local.knows(entry, came));
        let at_home = new.filter_map(|entry| {
            let path = entry
                .saved()
                .and_then(|video| local.paths.get(&video.sha256));
            // What a simulator made cannot be fetched once more.
            let is_lost = entry.run.free && path.is_none();
            let path = path.map_or(answer.wanted.file.as_str(), String::as_str);
            let request = Arc::clone(&answer.wanted.request);
            (!is_lost).then(|| entry.at_home(request, path, now))
        });
        at_home.collect()
    };
    let contents = Contents {
        entries: answers.iter().flat_map(of).collect(),
        ..Contents::default()
    };
    let taken = ledger.take_in(&contents).map_err(prepare::ledger_error)?;
    Ok(Taken {
        payments: taken.added + taken.advanced,
        twice: taken.twice,
    })
}

/// What is said of a request that two folders paid for.
pub(in crate::cli) fn told_twice(twice: &Twice) -> String {
    let shot = &twice.shot;
    if twice.unsettled {
        format!(
            "{shot}: was paid for here and elsewhere, and one of the two is not settled yet; both are kept"
        )
    } else {
        format!(
            "{shot}: was paid for here and elsewhere; both takes are kept, `runner takes` lists them"
        )
    }
}
