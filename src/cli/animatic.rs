//! `runner animatic`: a film of all shots at their true lengths, before anything is paid.
//!
//! Owns the order: what can be refused is refused before the first picture is drawn, and the film appears whole or not
//! at all. Nothing is sent, no key is read, and nothing but the film is written.

mod place;
mod scenes;
mod storyboard;
mod words;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use self::storyboard::{Material, Storyboard};
use crate::cli::args::AnimaticArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::{choose, plan, prepare, signals};
use crate::event::Decision;
use crate::id::ShotId;
use crate::manifest::model::Manifest;
use crate::media::film::{self, Film, FilmError};
use crate::media::fonts::Fonts;
use crate::spec::Spec;
use crate::store::{self, Store, StoreError};

/// No font is larger.
const LARGEST_FONT: u64 = 128 << 20;

pub(super) fn animatic(args: &AnimaticArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load(&args.manifest)?;
    console.diagnostics(&loaded);
    if loaded.has_errors() {
        return Ok(Exit::ManifestInvalid);
    }
    choose::look(&mut loaded, args.videos.as_ref())?;
    let Some(manifest) = loaded.manifest.take() else {
        return Ok(Exit::ManifestInvalid);
    };
    let (width, height) = size(&args.resolution)?;
    let fonts = fonts(&args.font)?;
    let out = place::place(args, &loaded, &manifest)?;
    let storyboard = draw(args, &mut loaded, &manifest)?;
    words::warn(&storyboard, &fonts, console);
    let film = Film {
        width,
        height,
        fps: args.fps,
        fonts: &fonts,
        scenes: &storyboard.scenes,
    };
    let frames = film::frames(&film).map_err(film_error)?;
    let stop = Stop::on_signals();
    let bar = bar(frames);
    let shot = shoot(&film, &out, &stop, &bar);
    bar.finish_and_clear();
    match shot {
        Ok(()) => {}
        Err(Failed::Film(FilmError::Stopped)) => {
            console.say("the animatic was not finished, and nothing was written");
            return Ok(stop.exit());
        }
        Err(Failed::Film(error)) => return Err(film_error(error)),
        Err(Failed::Store(error)) => return Err(store_error(error, &out)),
    }
    if args.json {
        console.data(format!("{:#}", words::as_json(&film, &out)));
    } else {
        console.say(words::summary(&film, frames, &out));
        console.data(out.display());
    }
    Ok(Exit::Success)
}

/// The size in pixels of `768P` or `1280x720`.
fn size(text: &str) -> Result<(u32, u32), CliError> {
    let pair = || {
        let (width, height) = text.split_once(['x', 'X', '×'])?;
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    };
    Spec::bundled()
        .output_size(text)
        .or_else(|| Spec::bundled().output_size(&text.to_uppercase()))
        .or_else(pair)
        .ok_or_else(|| {
            CliError::new(Exit::Usage, format!("`{text}` is no size of a film"))
                .advice("write a resolution such as 768P, or pixels such as 1280x720")
        })
}

fn fonts(files: &[PathBuf]) -> Result<Fonts, CliError> {
    let mut fonts = Fonts::embedded().clone();
    for path in files {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST_FONT).read_to_end(&mut bytes))
            .map_err(|error| CliError::unreadable(path, error))?;
        fonts = fonts.with(bytes).map_err(|error| {
            let message = format!("`{}` cannot be used for captions", path.display());
            CliError::new(Exit::Usage, message).because(error)
        })?;
    }
    Ok(fonts)
}

/// The film's name: that of the manifest's file.
fn title(args: &AnimaticArgs) -> String {
    let stem = args.manifest.manifest.file_stem();
    stem.map_or_else(
        || "film".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

fn draw(
    args: &AnimaticArgs,
    loaded: &mut Loaded,
    manifest: &Manifest,
) -> Result<Storyboard, CliError> {
    // Finished videos of every shot are wanted: the others are drawn behind them.
    let selected = loaded.selected.take();
    let shots = loaded.shots.clone();
    let finished = if args.no_finished {
        HashMap::new()
    } else {
        finished(args, loaded, manifest)?
    };
    let material = Material {
        title: &title(args),
        shots: &shots,
        selected: selected.as_ref(),
        finished: &finished,
        cards: !args.no_cards,
    };
    Ok(storyboard::draw(&material))
}

/// The videos that the next `apply` would not make again.
fn finished(
    args: &AnimaticArgs,
    loaded: &mut Loaded,
    manifest: &Manifest,
) -> Result<HashMap<ShotId, PathBuf>, CliError> {
    let Some(target) = loaded.target.clone() else {
        return Ok(HashMap::new());
    };
    let folder = prepare::output_folder(loaded, manifest, &target, args.videos.as_ref());
    let store = Store::open_read(&folder).map_err(prepare::store_error)?;
    let records = plan::read_records(&store)?;
    let results = crate::cli::args::ResultsArgs::default();
    let plan = prepare::plan(loaded, manifest, &target, &results, &store, &records, None)?;
    let there = plan.facts.shots.into_iter().filter_map(|shot| {
        let reused = shot.decision == Decision::Reuse && !shot.earlier;
        let video = shot.existing.filter(|_| reused)?;
        Some((shot.id, store.layout().path(&video.path)))
    });
    Ok(there.collect())
}

/// Why there is no film.
enum Failed {
    Film(FilmError),
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn shoot(film: &Film<'_>, out: &Path, stop: &Stop, bar: &ProgressBar) -> Result<(), Failed> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let progress = || {
        bar.inc(1);
        stop.goes_on()
    };
    store::write_atomic_with(out, |file| {
        film::shoot(film, threads, &progress, BufWriter::new(file)).map_err(Failed::Film)
    })
}

/// Ctrl-C and SIGTERM end the work, and what was begun is removed.
struct Stop(Arc<AtomicU8>);

impl Stop {
    fn on_signals() -> Self {
        let asked = Arc::new(AtomicU8::new(0));
        let heard = Arc::clone(&asked);
        // Ends with the process; where it cannot be started, a signal ends the process at once.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            std::thread::spawn(move || {
                let exit = runtime.block_on(signals::next());
                heard.store(exit.code(), Ordering::Relaxed);
            });
        }
        Self(asked)
    }

    fn goes_on(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn exit(&self) -> Exit {
        if self.0.load(Ordering::Relaxed) == Exit::Terminated.code() {
            Exit::Terminated
        } else {
            Exit::Interrupted
        }
    }
}

/// A bar of frames on a terminal, nothing elsewhere.
fn bar(frames: u64) -> ProgressBar {
    if !Console::has_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(frames);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} frames, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn film_error(error: FilmError) -> CliError {
    let (exit, advice) = match &error {
        FilmError::Bounds { .. } => (Exit::Usage, Some("choose another --resolution or --fps")),
        FilmError::Empty => (Exit::NothingSelected, None),
        FilmError::Circle { .. } => (Exit::ManifestInvalid, None),
        FilmError::Still { .. } => (
            Exit::ManifestInvalid,
            Some("save the picture again as PNG or JPEG, or leave the shot out with --only"),
        ),
        FilmError::Video { .. } => (
            Exit::Internal,
            Some("--no-finished sketches the shot instead"),
        ),
        FilmError::Scene { .. } | FilmError::Write(_) | FilmError::Stopped => {
            (Exit::Internal, None)
        }
    };
    let mut failed = CliError::new(exit, "the animatic cannot be made").because(error);
    failed.advice = advice.map(ToOwned::to_owned);
    failed
}

fn store_error(error: StoreError, out: &Path) -> CliError {
    let message = format!("cannot write `{}`", out.display());
    CliError::new(Exit::Internal, message).because(error)
}
