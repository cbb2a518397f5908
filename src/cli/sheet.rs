//! `runner sheet`: a film as contact sheets, a printed storyboard, posters.
//!
//! Owns the order of things: what is there, where it goes, frames batch by batch.
//! Reads videos and the ledger; nothing is sent, and no video is written.

mod film;
mod output;
pub(super) mod pictures;

use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use self::film::{Reel, numbers};
use self::output::{Precious, Target};
use self::pictures::{Look, Source, Wish, decode, in_order, look, prints};
use crate::cli::args::{PaperSize, ResultsArgs, SheetArgs, SheetFormat};
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::words::slashes;
use crate::cli::{load, plan, prepare};
use crate::media::frames::Tools;
use crate::media::thumbnail::{Thumbnail, jpeg};
use crate::report::sheet::{
    Card, Film, Grid, GridOptions, Paper, Stills, Storyboard, missing, paint,
};

/// Shots that are looked at before anything of them is written, where no page says
/// how many belong together.
const BATCH: usize = 48;

pub(super) fn sheet(args: &SheetArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load(&args.manifest)?;
    console.diagnostics(&loaded);
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        return Ok(Exit::ManifestInvalid);
    };
    if loaded.has_errors() {
        return Ok(Exit::ManifestInvalid);
    }
    let folder = prepare::output_folder(&loaded, &manifest, &target, args.videos.as_ref());
    let store = output::open(&folder)?;
    let records = plan::read_records(&store)?;
    let precious = Precious::new(args, &loaded.shots, &records, &store);
    let (numbers, whole) = (numbers(&loaded), loaded.selection.is_everything());
    let none = ResultsArgs::default();
    let plan = prepare::plan(
        &mut loaded,
        &manifest,
        &target,
        &none,
        &store,
        &records,
        None,
    )?;
    let ffmpeg = Environment::ffmpeg();
    let tools = Tools {
        ffmpeg: ffmpeg.as_deref(),
    };
    let reel = Reel::new((args, whole), &numbers, &plan, &records, &store);
    let work = Work {
        args,
        reel: &reel,
        precious: &precious,
        source: &|path, at| decode(path, at, &tools),
    };
    work.finish(&folder, console)
}

/// What is to be done with a film.
struct Work<'a> {
    args: &'a SheetArgs,
    reel: &'a Reel,
    precious: &'a Precious,
    source: &'a Source<'a>,
}

/// What was done so far, and where to tell of it.
struct Done<'a> {
    console: &'a mut Console,
    sheets: Vec<PathBuf>,
    /// Of each shot that was looked at, in order.
    posters: Vec<Option<Poster>>,
    /// Whether a video gave no frames.
    broken: bool,
}

/// A poster without its bytes.
struct Poster {
    /// `None` where only its colours were asked for.
    path: Option<PathBuf>,
    blurhash: String,
    mean: [u8; 3],
}

/// What is left of a look at a video: frames in the form in which they are needed.
struct Seen<T> {
    kept: T,
    poster: Option<Thumbnail>,
    broken: Option<String>,
}

impl Work<'_> {
    /// Does it, says what came of it, and gives the exit code.
    fn finish(&self, folder: &Path, console: &mut Console) -> Result<Exit, CliError> {
        let mut done = Done {
            console,
            sheets: Vec::new(),
            posters: Vec::new(),
            broken: false,
        };
        self.carry_out(output::target(self.args, folder)?, &mut done)?;
        if self.args.json {
            let json = done.as_json(self.reel, folder);
            done.console.data(format!("{json:#}"));
        }
        Ok(if done.broken {
            Exit::ShotsFailed
        } else {
            Exit::Success
        })
    }

    fn carry_out(&self, target: Option<Target>, done: &mut Done<'_>) -> Result<(), CliError> {
        for path in self.posters() {
            self.precious.check_poster(&path)?;
        }
        if target.is_some() {
            tell_missing(&self.reel.film, done.console);
        }
        match target {
            None => self.batches(&self.wish(0, (1, 1)), &|_| (), done).map(drop),
            Some(target) if target.format == SheetFormat::Pdf => self.print(&target, done),
            Some(target) => self.grid(&target, done),
        }
    }

    /// Contact sheets, page by page: the frames of one are in memory at a time.
    fn grid(&self, target: &Target, done: &mut Done<'_>) -> Result<(), CliError> {
        let film = &self.reel.film;
        let options = GridOptions {
            columns: self.args.columns.map(usize::from),
            frames: self.args.frames.map_or(1, usize::from),
        };
        let grid = Grid::new(film, options);
        let files = target.files(grid.pages.len());
        for file in &files {
            self.check_sheet(file)?;
        }
        if let (count @ 2.., Some(first)) = (files.len(), files.first()) {
            let first = first.display();
            done.console.say(format!(
                "too large for one picture: {count} sheets, the first is {first}"
            ));
        }
        for (number, (page, file)) in grid.pages.iter().zip(&files).enumerate() {
            let wish = self.wish(options.frames, page.cell());
            let seen = self.look(page.cards.clone(), &wish, &|stills| stills);
            let stills = self.settle(page.cards.start, seen, done)?;
            let picture = paint(film, &grid, number, &stills);
            self.write(file, &encode(&picture, target.format)?, done)?;
        }
        Ok(())
    }

    /// A storyboard, of which only JPEGs are in memory.
    fn print(&self, target: &Target, done: &mut Done<'_>) -> Result<(), CliError> {
        let film = &self.reel.film;
        let paper = match self.args.paper {
            PaperSize::A4 => Paper::A4,
            PaperSize::Letter => Paper::Letter,
        };
        let frames = self.args.frames.map_or(3, usize::from);
        for file in target.files(1) {
            self.check_sheet(&file)?;
            let wish = self.wish(frames, paper.cell(film, frames));
            let prints = self.batches(&wish, &prints, done)?;
            let storyboard = Storyboard {
                film,
                paper,
                frames,
                prints: &prints,
            };
            let bytes = storyboard
                .pdf()
                .map_err(|error| CliError::new(Exit::Internal, "there is no PDF").because(error))?;
            self.write(&file, &bytes, done)?;
        }
        Ok(())
    }

    fn wish(&self, frames: usize, cell: (u32, u32)) -> Wish {
        let poster = self.args.json || self.args.posters.is_some();
        Wish {
            frames,
            cell,
            poster: poster.then_some((self.args.poster_at, self.args.width)),
        }
    }

    fn check_sheet(&self, file: &Path) -> Result<(), CliError> {
        let mut posters = self.posters();
        if posters.any(|poster| poster == file) {
            let message = format!("`{}` is a sheet and a poster at once", file.display());
            return Err(CliError::new(Exit::Usage, message).advice("choose another name"));
        }
        self.precious.check_sheet(file)
    }

    fn posters(&self) -> impl Iterator<Item = PathBuf> {
        let cards = self.reel.film.cards.iter();
        cards.filter_map(|card| self.poster(&card.id))
    }

    /// Where the poster of a shot goes.
    fn poster(&self, id: &str) -> Option<PathBuf> {
        let folder = self.args.posters.as_deref();
        folder.map(|folder| output::poster(folder, id))
    }

    /// Looks at all shots, some at a time.
    fn batches<T: Send>(
        &self,
        wish: &Wish,
        keep: &(dyn Fn(Stills) -> T + Sync),
        done: &mut Done<'_>,
    ) -> Result<Vec<T>, CliError> {
        let count = self.reel.footage.len();
        let mut kept = Vec::with_capacity(count);
        for first in (0..count).step_by(BATCH) {
            let seen = self.look(first..count.min(first + BATCH), wish, keep);
            kept.extend(self.settle(first, seen, done)?);
        }
        Ok(kept)
    }

    fn look<T: Send>(
        &self,
        shots: Range<usize>,
        wish: &Wish,
        keep: &(dyn Fn(Stills) -> T + Sync),
    ) -> Vec<Seen<T>> {
        let footage = &self.reel.footage[shots];
        in_order(footage.len(), &|at| {
            let Look { stills, poster } = look(footage[at].as_ref(), wish, self.source);
            Seen {
                broken: stills.as_ref().err().cloned(),
                kept: keep(stills),
                poster,
            }
        })
    }

    /// Writes the posters, and tells which videos gave none.
    fn settle<T>(
        &self,
        first: usize,
        seen: Vec<Seen<T>>,
        done: &mut Done<'_>,
    ) -> Result<Vec<T>, CliError> {
        let mut kept = Vec::with_capacity(seen.len());
        for (seen, card) in seen.into_iter().zip(&self.reel.film.cards[first..]) {
            if let Some(reason) = &seen.broken {
                done.console
                    .say(format!("{}: no frames: {reason}", card.id));
                done.broken = true;
            }
            let poster = seen.poster.map(|poster| self.keep(&card.id, poster));
            done.posters.push(poster.transpose()?);
            kept.push(seen.kept);
        }
        Ok(kept)
    }

    fn keep(&self, id: &str, poster: Thumbnail) -> Result<Poster, CliError> {
        let path = self.poster(id);
        if let Some(path) = &path {
            output::write(path, &poster.jpeg)?;
        }
        Ok(Poster {
            path,
            blurhash: poster.blurhash,
            mean: poster.mean,
        })
    }

    fn write(&self, path: &Path, bytes: &[u8], done: &mut Done<'_>) -> Result<(), CliError> {
        output::write(path, bytes)?;
        if !self.args.json {
            done.console.data(path.display());
        }
        done.sheets.push(path.to_owned());
        Ok(())
    }
}

/// At most so many of the characters are named.
const NAMED: usize = 12;

fn tell_missing(film: &Film, console: &mut Console) {
    let missing = missing(film);
    if missing.is_empty() {
        return;
    }
    let names: Vec<String> = missing.iter().take(NAMED).map(char::to_string).collect();
    let more = if missing.len() > NAMED { " …" } else { "" };
    let names = names.join(" ");
    console.say(format!("the font lacks {names}{more}; they are drawn as □"));
}

fn encode(picture: &RgbImage, format: SheetFormat) -> Result<Vec<u8>, CliError> {
    let failed =
        |error| CliError::new(Exit::Internal, "the sheet cannot be encoded").because(error);
    let format = match format {
        SheetFormat::Jpeg | SheetFormat::Pdf => return jpeg(picture).map_err(failed),
        SheetFormat::Webp => ImageFormat::WebP,
        SheetFormat::Png => ImageFormat::Png,
    };
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).map_err(|error| {
        CliError::new(Exit::Internal, "the sheet cannot be encoded").because(error)
    })?;
    Ok(bytes.into_inner())
}

impl Done<'_> {
    fn as_json(&self, reel: &Reel, folder: &Path) -> Value {
        let shot = |(at, card): (usize, &Card)| {
            let video = reel.videos[at].as_ref();
            let poster = self.posters.get(at).and_then(Option::as_ref);
            let path = poster.and_then(|poster| poster.path.as_ref());
            json!({
                "id": card.id,
                "number": card.number,
                "state": card.state.word,
                "reason": Some(&card.state.reason).filter(|reason| !reason.is_empty()),
                "video": video.map(|video| &video.path),
                "width": video.map(|video| video.width),
                "height": video.map(|video| video.height),
                "duration_ms": video.map(|video| video.duration_ms),
                "poster": path.map(slashes),
                "blurhash": poster.map(|poster| &poster.blurhash),
                "mean_colour": poster.map(|Poster { mean: [r, g, b], .. }| format!("#{r:02x}{g:02x}{b:02x}")),
            })
        };
        json!({
            "format_version": "1.0",
            "title": reel.film.title,
            "videos": slashes(folder),
            "sheets": self.sheets.iter().map(slashes).collect::<Vec<_>>(),
            "shots": reel.film.cards.iter().enumerate().map(shot).collect::<Vec<_>>(),
        })
    }
}
