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
    let sources: Vec<PathBuf> = gathered
        .film
        .scenes
        .iter()
        .filter_map(|scene| scene.shown.as_ref())
        .map(|take| take.path.clone())
        .collect();
    let clips = clips(&gathered, &sources)?;
    let unlike = unlike(&clips);
    let mut losses = missing(&gathered);
    let again = unlike
        .iter()
        .map(|(at, why)| format!("{}: encoded again, because {why}", clips[*at].name()));
    losses.extend(again);
    tell(&losses, args.strict, console)?;
    let mut reel = Reel::new(sources);
    let clips = alike(clips, &unlike, &mut reel)?;
    let cut = Cut::new(clips).map_err(cut_error)?;
    let silenced = cut.silenced().iter();
    let losses: Vec<String> = silenced
        .map(|(name, why)| format!("{name}: silent here, because {why}"))
        .collect();
    tell(&losses, args.strict, console)?;
    let path = write(&gathered, &cut, &reel, args)?;
    console.say(format!(
        "{}: {}, {:.1} s",
        path.display(),
        shots(reel.originals),
        cut.duration_ms() as f64 / 1000.0
    ));
    Ok(Exit::Success)
}

/// Says what the film lacks; refuses it where that was asked for.
fn tell(losses: &[String], strict: bool, console: &mut Console) -> Result<(), CliError> {
    for loss in losses {
        console.say(loss);
    }
    if strict && !losses.is_empty() {
        let message = "the film is not complete, and nothing is written";
        return Err(CliError::new(Exit::ShotsFailed, message)
            .advice("make what is missing with `apply`, or leave --strict out"));
    }
    Ok(())
}

/// The files that samples are copied from: the videos, then what was encoded again.
struct Reel {
    files: Vec<PathBuf>,
    originals: usize,
    // Gone with the reel.
    encoded: Vec<tempfile::NamedTempFile>,
}

impl Reel {
    fn new(files: Vec<PathBuf>) -> Self {
        Self {
            originals: files.len(),
            files,
            encoded: Vec::new(),
        }
    }
}

/// The clips that cannot be copied beside the first one, and why. Only H.264 can be
/// encoded: where the first is something else and they differ, none can stay.
fn unlike(clips: &[Clip]) -> Vec<(usize, String)> {
    let first = &clips[0];
    let fits = |clip: &Clip| clip.fits(first).and_then(|()| clip.is_whole());
    let differ = |(at, clip)| fits(clip).err().map(|why| (at, why));
    let unlike: Vec<(usize, String)> = clips.iter().enumerate().filter_map(differ).collect();
    if unlike.is_empty() || first.is_h264() {
        return unlike;
    }
    let all = clips.iter().enumerate();
    all.map(|(at, clip)| {
        let why = "they differ, and H.264 is what can be encoded".to_owned();
        (at, clip.fits(first).err().unwrap_or(why))
    })
    .collect()
}

/// Encodes what differs again, at the size of the first clip.
fn alike(
    clips: Vec<Clip>,
    unlike: &[(usize, String)],
    reel: &mut Reel,
) -> Result<Vec<Clip>, CliError> {
    let size = clips[0].size();
    let mut alike = Vec::with_capacity(clips.len());
    for (at, clip) in clips.into_iter().enumerate() {
        if !unlike.iter().any(|(other, _)| *other == at) {
            alike.push(clip);
            continue;
        }
        let kept = |error| {
            CliError::new(Exit::Internal, "what is encoded again cannot be kept").because(error)
        };
        let mut file = tempfile::NamedTempFile::new().map_err(kept)?;
        let source = reel.files.len();
        let mut out = BufWriter::new(file.as_file_mut());
        let clip = clip
            .recoded(&reel.files[at], size, source, &mut out)
            .map_err(cut_error)?;
        out.flush().map_err(kept)?;
        drop(out);
        reel.files.push(file.path().to_owned());
        reel.encoded.push(file);
        alike.push(clip);
    }
    Ok(alike)
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

fn write(gathered: &Gathered, cut: &Cut, reel: &Reel, args: &CutArgs) -> Result<PathBuf, CliError> {
    let path = args.out.clone().unwrap_or_else(|| {
        let name = format!("{}.cut.mp4", gathered.film.name);
        gathered.store.layout().path(&name)
    });
    let is_video = |sha256: &str| gathered.records.knows_video(sha256);
    let handout = gathered
        .store
        .hand_out(&path, consent(args.overwrite), is_video)
        .map_err(|error| refused(&path, error))?;
    let mut out = BufWriter::with_capacity(1 << 20, handout);
    cut.write(&mut out, |source| File::open(&reel.files[source]))
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
