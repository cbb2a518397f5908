//! `runner export`: the film as a timeline for editing programs.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::args::{ExportArgs, Format, PathStyle};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::handoff::{Gathered, gather};
use crate::cli::prepare;
use crate::cli::words::shots;
use crate::report::timeline::{self, Counting, EdlError, Film, Paths};
use crate::store::{Consent, StoreError};

pub(super) fn export(args: &ExportArgs, console: &mut Console) -> Result<Exit, CliError> {
    let format = format_of(args)?;
    let Some(gathered) = gather(&args.manifest, args.videos.as_ref(), console)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let film = &gathered.film;
    let to_stdout = args.out.as_deref() == Some(Path::new("-"));
    let path = path_of(args, format, &gathered);
    let folder = match path.parent() {
        _ if to_stdout => PathBuf::from("."),
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let text = written(film, format, &paths(args.paths, &folder), args, console)?;
    if to_stdout {
        console.data(text.trim_end());
        return Ok(Exit::Success);
    }
    let written = write(&gathered, &path, text.as_bytes(), consent(args.overwrite))?;
    console.say(format!("{}: {}", written.display(), summary(film)));
    Ok(Exit::Success)
}

/// What a flag says about files that others made.
pub(super) fn consent(overwrite: bool) -> Consent {
    if overwrite {
        Consent::Any
    } else {
        Consent::OwnOnly
    }
}

/// By the flag, else by the file's ending.
fn format_of(args: &ExportArgs) -> Result<Format, CliError> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let Some(out) = args.out.as_ref().filter(|out| out.as_os_str() != "-") else {
        return Ok(Format::Otio);
    };
    let ending = out
        .extension()
        .map(|end| end.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("otio") => Ok(Format::Otio),
        Some("edl") => Ok(Format::Edl),
        Some("xml") => Ok(Format::Fcp7),
        _ => Err(CliError::new(
            Exit::Usage,
            format!("`{}` does not say which format", out.display()),
        )
        .advice("end it with .otio, .edl or .xml, or give --format")),
    }
}

fn path_of(args: &ExportArgs, format: Format, gathered: &Gathered) -> PathBuf {
    let ending = match format {
        Format::Otio => "otio",
        Format::Edl => "edl",
        Format::Fcp7 => "xml",
    };
    args.out.clone().unwrap_or_else(|| {
        let name = format!("{}.{ending}", gathered.film.name);
        gathered.store.layout().path(&name)
    })
}

fn paths(style: PathStyle, folder: &Path) -> Paths {
    match style {
        // A folder that is not there yet has no links on the way.
        PathStyle::Relative => Paths::From(
            folder
                .canonicalize()
                .or_else(|_| std::path::absolute(folder))
                .unwrap_or_else(|_| folder.to_owned()),
        ),
        PathStyle::Absolute => Paths::Absolute,
        PathStyle::Url => Paths::Url,
    }
}

fn written(
    film: &Film,
    format: Format,
    paths: &Paths,
    args: &ExportArgs,
    console: &mut Console,
) -> Result<String, CliError> {
    let counting = counting(film, args.drop_frame)?;
    Ok(match format {
        Format::Otio => timeline::otio(film, paths, counting),
        Format::Fcp7 => timeline::fcp7(film, counting),
        Format::Edl => {
            let (text, warnings) =
                timeline::edl(film, counting).map_err(|error| edl_error(&error))?;
            for warning in warnings {
                console.say(format!("warning: {warning}"));
            }
            text
        }
    })
}

fn counting(film: &Film, drop_frame: bool) -> Result<Counting, CliError> {
    if !drop_frame {
        return Ok(Counting::NonDrop);
    }
    if film.rate().can_drop() {
        return Ok(Counting::Drop);
    }
    let fps = format!("{:.3}", film.rate().fps());
    Err(edl_error(&EdlError::NoDrop { fps }))
}

fn edl_error(error: &EdlError) -> CliError {
    let advice = match error {
        EdlError::TooLong { .. } => "export parts of it with --only, or the whole as otio",
        EdlError::NoDrop { .. } => "leave --drop-frame out",
    };
    CliError::new(Exit::Usage, error.to_string()).advice(advice)
}

/// Puts a file for other programs in its place.
fn write(
    gathered: &Gathered,
    path: &Path,
    bytes: &[u8],
    consent: Consent,
) -> Result<PathBuf, CliError> {
    let is_video = |sha256: &str| gathered.records.knows_video(sha256);
    let mut handout = gathered
        .store
        .hand_out(path, consent, is_video)
        .map_err(|error| refused(path, error))?;
    handout.write_all(bytes).map_err(|error| {
        CliError::new(Exit::Internal, format!("cannot write `{}`", path.display())).because(error)
    })?;
    handout.commit().map_err(prepare::store_error)
}

/// A file that cannot be put where it was asked for.
pub(super) fn refused(path: &Path, error: StoreError) -> CliError {
    let advice = error.advice().map(ToOwned::to_owned);
    let message = format!("`{}` is not written", path.display());
    let mut refused = CliError::new(Exit::Usage, message).because(error);
    refused.advice = advice;
    refused
}

fn summary(film: &Film) -> String {
    let seconds = film.frames() as f64 / film.rate().fps();
    let gaps = film.scenes.iter().filter(|scene| scene.shown.is_none());
    let names: Vec<&str> = gaps.map(|scene| scene.id.as_str()).collect();
    let mut summary = format!(
        "{}, {seconds:.1} s at {:.5} frames a second",
        shots(film.scenes.len()),
        film.rate().fps(),
    );
    if let Some(point) = summary.find(" frames a second") {
        let number = summary[..point].trim_end_matches('0').trim_end_matches('.');
        summary = format!("{number} frames a second");
    }
    match names.len() {
        0 => summary,
        1..=5 => format!("{summary}; not there: {}", names.join(", ")),
        count => format!(
            "{summary}; {count} are not there: {}, …",
            names[..5].join(", ")
        ),
    }
}
