//! The page of a difference: where the videos of both sides are, and their stills.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::read::Read;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::gallery::stills;
use crate::cli::history::find;
use crate::cli::prepare;
use crate::cli::words::slashes;
use crate::diff::{Diff, Seen, ShotDiff};
use crate::event::Video;
use crate::lang::Language;
use crate::plan::history::Presence;
use crate::report::diff::page::{Beside, html};
use crate::store::Store;

/// The page, for the folder that it is written to.
pub(super) fn page(
    mut diff: Diff,
    before: &Read,
    after: &Read,
    folder: Option<&Path>,
    language: Language,
) -> Result<String, CliError> {
    let before = beside(&mut diff, before, |shot| shot.before.as_mut(), folder)?;
    let after = beside(&mut diff, after, |shot| shot.after.as_mut(), folder)?;
    let translate = |word: &str| language.tr(word).into_owned();
    Ok(html(&diff, &before, &after, &translate, language.tag()))
}

/// Finds the videos of one side where they are by now: another run may have taken
/// their names.
fn beside(
    diff: &mut Diff,
    read: &Read,
    side: impl Fn(&mut ShotDiff) -> Option<&mut Seen>,
    page: Option<&Path>,
) -> Result<Beside, CliError> {
    let Some((folder, videos)) = &read.videos else {
        return Ok(Beside::default());
    };
    let store = Store::open_read(folder).map_err(prepare::store_error)?;
    let mut there = Vec::new();
    for seen in diff.shots.iter_mut().filter_map(side) {
        there.extend(place(seen, videos, &store));
    }
    Ok(Beside {
        folder: Some(relative(folder, page.unwrap_or(Path::new("")))?),
        posters: stills(&store, &there),
    })
}

/// Where the video of a shot is; one that is gone is said to be.
fn place(seen: &mut Seen, videos: &HashMap<String, Video>, store: &Store) -> Option<Video> {
    let clip = seen.video.as_mut()?;
    let (video, presence) = find(videos.get(&clip.sha256)?, None, store);
    if presence == Presence::Present {
        clip.path.clone_from(&video.path);
        return Some(video);
    }
    seen.video = None;
    seen.why = Some("its video is not there any more".to_owned());
    None
}

/// The way from one folder to another, with forward slashes.
fn relative(to: &Path, from: &Path) -> Result<String, CliError> {
    let (to, from) = (absolute(to)?, absolute(from)?);
    let (to, from): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (to.components().collect(), from.components().collect());
    let same = to.iter().zip(&from).take_while(|(one, other)| one == other);
    let same = same.count();
    if same == 0 {
        // Two drives have no way between them.
        return Ok(slashes(to.iter().collect::<PathBuf>()));
    }
    let up = from[same..].iter().map(|_| "..".to_owned());
    let down = to[same..].iter().map(|part| slashes(part.as_os_str()));
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    path.canonicalize().map_err(|error| {
        let message = format!("there is no folder `{}`", path.display());
        CliError::new(Exit::Usage, message).because(error)
    })
}
