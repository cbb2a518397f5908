//! From a finished file at the service to its bytes in a temporary file.
//!
//! Owns one turn: link first, the API's own content call where the link fails,
//! and a link's transfer that breaks off goes on where it broke. Parts are put
//! together only where the sender says that they are of one file. Never looks
//! at what arrived, and never waits between tries: both are decided elsewhere.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::Instant;

use crate::event::{Failure, FailureClass, ShotFacts};
use crate::id::FileId;
use crate::provider::{Body, Location, Provider, Rest};
use crate::store::{Partial, Store};

/// No video of ten seconds is larger: a hundred times what 1080P takes. More is
/// somebody filling the disk.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Transfers in one turn: a connection that breaks this often is left for the
/// next turn, which goes another way.
const TRANSFERS: u32 = 16;

/// What one turn is to bring.
pub(super) struct Wanted<'a> {
    pub(super) shot: &'a ShotFacts,
    pub(super) file: &'a FileId,
    /// The how manyth try this is, from 0.
    pub(super) turn: u32,
    /// After this nobody waits for it any more.
    pub(super) patience: Duration,
}

/// Fetches a video to a temporary file.
pub(super) async fn fetch<P: Provider>(
    provider: &P,
    store: &Arc<Store>,
    wanted: &Wanted<'_>,
) -> Result<Partial, Failure> {
    let begun = Instant::now();
    let (mut body, mut link) = open(provider, wanted.file, wanted.turn).await?;
    let place_for = if wanted.shot.earlier {
        store.begin_take(&wanted.shot.file)
    } else {
        store.begin(&wanted.shot.file)
    };
    let mut partial = place_for.map_err(|error| local(&error))?;
    let mut rest = None;
    for transfer in 1.. {
        place(&body, rest.as_ref(), &mut partial)?;
        let (start, length, version) = (body.start, body.length, body.version.take());
        let failure = match receive(body, &mut partial).await? {
            End::Whole => break,
            End::Broken(failure) => failure,
        };
        // A link that falls silent again and again may not eat up the time in
        // which the other way would have brought the video.
        let hopeful = partial.bytes() > start
            && transfer < TRANSFERS
            && begun.elapsed() < wanted.patience / 2;
        let missing = length.zip(version).map(|(length, version)| Rest {
            start: partial.bytes(),
            length,
            version,
        });
        let (Some(missing), Some(link), true) = (missing, &mut link, hopeful) else {
            return Err(failure);
        };
        body = reopen(provider, wanted.file, link, &missing).await?;
        rest = Some(missing);
    }
    Ok(partial)
}

/// The link first, as the vendor's guide has it; then the content call
/// (minimax-api.md 10, row 16). Every other turn begins with the content call:
/// a link can also answer, and answer with something that is no video.
async fn open<P: Provider>(
    provider: &P,
    file: &FileId,
    turn: u32,
) -> Result<(Body, Option<Location>), Failure> {
    if turn % 2 == 1
        && let Ok(body) = provider.fetch_content(file).await
    {
        return Ok((body, None));
    }
    match follow(provider, file, None).await {
        Ok((body, link)) => Ok((body, Some(link))),
        Err(failure) if failure.class == FailureClass::KeyRefused => Err(failure),
        // The link's failure says more: that is the way that should work.
        Err(failure) => match provider.fetch_content(file).await {
            Ok(body) => Ok((body, None)),
            Err(_) => Err(failure),
        },
    }
}

/// Asks for the rest of a file; by a fresh link, if the one at hand has expired
/// meanwhile or fails for another reason.
async fn reopen<P: Provider>(
    provider: &P,
    file: &FileId,
    link: &mut Location,
    rest: &Rest,
) -> Result<Body, Failure> {
    if let Ok(body) = provider.fetch(link, Some(rest)).await {
        return Ok(body);
    }
    let (body, fresh) = follow(provider, file, Some(rest)).await?;
    *link = fresh;
    Ok(body)
}

/// Opens a fresh link.
async fn follow<P: Provider>(
    provider: &P,
    file: &FileId,
    rest: Option<&Rest>,
) -> Result<(Body, Location), Failure> {
    let link = provider.locate(file).await?;
    let body = provider.fetch(&link, rest).await?;
    Ok((body, link))
}

/// Prepares the file for a body: a rest of the very same file goes behind what
/// is there, a body from the beginning replaces it, and nothing else is taken.
fn place(body: &Body, rest: Option<&Rest>, partial: &mut Partial) -> Result<(), Failure> {
    if let Some(bytes) = body.length.filter(|&bytes| bytes > MAX_BYTES) {
        return Err(too_large(bytes));
    }
    if body.start == 0 {
        return partial.restart().map_err(|error| local(&error));
    }
    let continues = rest.is_some_and(|rest| {
        body.start == rest.start
            && body.length == Some(rest.length)
            && body.version.as_ref() == Some(&rest.version)
    });
    if continues {
        return Ok(());
    }
    Err(damaged("another part of the file came than was asked for"))
}

/// How a body ended.
enum End {
    /// As announced.
    Whole,
    /// Too early.
    Broken(Failure),
}

async fn receive(mut body: Body, partial: &mut Partial) -> Result<End, Failure> {
    while let Some(chunk) = body.bytes.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(failure) => return Ok(End::Broken(failure)),
        };
        let received = partial.bytes() + chunk.len() as u64;
        if received > MAX_BYTES {
            return Err(too_large(received));
        }
        if let Some(length) = body.length.filter(|&length| received > length) {
            return Err(damaged(format!("more than {length} bytes arrived")));
        }
        partial.write(&chunk).map_err(|error| local(&error))?;
    }
    let received = partial.bytes();
    Ok(match body.length {
        Some(length) if length != received => {
            End::Broken(damaged(format!("{received} of {length} bytes arrived")))
        }
        _ => End::Whole,
    })
}

fn too_large(bytes: u64) -> Failure {
    damaged(format!("{bytes} bytes are no video of a few seconds"))
}

fn damaged(message: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Damaged, message)
}

fn local(error: &crate::store::StoreError) -> Failure {
    Failure::new(FailureClass::Local, error.to_string())
}
