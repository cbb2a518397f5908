//! `runner cut`: the takes that count as one video.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::args::CutArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::export::{consent, refused};
use crate::cli::handoff::{Gathered, gather};
use crate::cli::prepare;
use crate::cli::words::shots;
use crate::media::concat::{Clip, ConcatError, Cut};

pub(super) fn cut(args: &CutArgs, console: &mut Console) -> Result<Exit, CliError> {
    let Some(gathered) = gather(&args.manifest, args.videos.as_ref(), console)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let mut losses = missing(&gathered);
    let sources: Vec<PathBuf> = gathered
        .film
        .scenes
        .iter()
        .filter_map(|scene| scene.shown.as_ref())
        .map(|take| take.path.clone())
        .collect();
    let clips = clips(&gathered, &sources)?;
    let cut = Cut::new(clips).map_err(cut_error)?;
    losses.extend(
        cut.silenced()
            .iter()
            .map(|(name, why)| format!("{name}: {why}; it is silent here")),
    );
    for loss in &losses {
        console.say(loss);
    }
    if args.strict && !losses.is_empty() {
        return Err(CliError::new(
            Exit::ShotsFailed,
            "the film is not complete, and nothing is written",
        )
        .advice("make what is missing with `apply`, or leave --strict out"));
    }
    let path = write(&gathered, &cut, &sources, args)?;
    console.say(format!(
        "{}: {}, {:.1} s",
        path.display(),
        shots(sources.len()),
        cut.duration_ms() as f64 / 1000.0
    ));
    Ok(Exit::Success)
}

/// A line for each shot that is not there.
fn missing(gathered: &Gathered) -> Vec<String> {
    let scenes = gathered.film.scenes.iter();
    scenes
        .filter(|scene| scene.shown.is_none())
        .map(|scene| format!("{}: left out; {}: {}", scene.id, scene.state, scene.reason))
        .collect()
}

fn clips(gathered: &Gathered, sources: &[PathBuf]) -> Result<Vec<Clip>, CliError> {
    if sources.is_empty() {
        return Err(
            CliError::new(Exit::NothingSelected, "no video was made yet")
                .advice("`runner apply` makes them"),
        );
    }
    let shown = gathered
        .film
        .scenes
        .iter()
        .filter_map(|scene| scene.shown.as_ref());
    shown
        .zip(sources)
        .enumerate()
        .map(|(number, (take, path))| {
            let file = File::open(path).map_err(|error| CliError::unreadable(path, error))?;
            Clip::read(take.file.clone(), number, BufReader::new(file)).map_err(cut_error)
        })
        .collect()
}

fn write(
    gathered: &Gathered,
    cut: &Cut,
    sources: &[PathBuf],
    args: &CutArgs,
) -> Result<PathBuf, CliError> {
    let path = args.out.clone().unwrap_or_else(|| {
        let name = format!("{}-rough-cut.mp4", gathered.film.name);
        gathered.store.layout().path(&name)
    });
    let is_video = |sha256: &str| gathered.records.knows_video(sha256);
    let handout = gathered
        .store
        .hand_out(&path, consent(args.overwrite), is_video)
        .map_err(|error| refused(&path, error))?;
    let mut out = BufWriter::with_capacity(1 << 20, handout);
    cut.write(&mut out, |source| File::open(&sources[source]))
        .map_err(cut_error)?;
    out.flush().map_err(|error| unwritten(&path, error))?;
    let handout = out
        .into_inner()
        .map_err(|error| unwritten(&path, error.into_error()))?;
    handout.commit().map_err(prepare::store_error)
}

fn unwritten(path: &Path, error: std::io::Error) -> CliError {
    CliError::new(Exit::Internal, format!("cannot write `{}`", path.display())).because(error)
}

fn cut_error(error: ConcatError) -> CliError {
    let exit = match error {
        ConcatError::Write { .. } | ConcatError::Index(_) => Exit::Internal,
        _ => Exit::Usage,
    };
    CliError::new(exit, "the film cannot be cut").because(error)
}
