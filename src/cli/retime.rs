//! `runner retime`: what an edit means for the manifest.
//!
//! Reads a timeline that came back from an editing program and prints what could be
//! changed, with the lines. Never edits anything and never sends anything: a video
//! that is there stays as good as it is, and making it again costs.

mod advice;
mod found;
mod lines;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::cli::args::RetimeArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::handoff::gather;
use crate::report::timeline::{Edit, read_edit};

use self::advice::Advice;

/// One byte more than is read, so that the reader can say that it is too large.
const MOST: u64 = (96 << 20) + 1;

pub(super) fn retime(args: &RetimeArgs, console: &mut Console) -> Result<Exit, CliError> {
    // First, because it is quick, and nothing makes sense without it.
    let edit = read(&args.from)?;
    let Some(gathered) = gather(&args.manifest, args.videos.as_ref(), console)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let folder = args.from.parent().unwrap_or(Path::new(""));
    let found = found::find(&gathered, &edit, folder);
    let advice = Advice::new(&gathered, &edit, &found);
    if args.json {
        console.data(format!("{:#}", advice.as_json()));
    } else {
        console.text(advice.as_text(&args.from));
    }
    Ok(Exit::Success)
}

fn read(path: &Path) -> Result<Edit, CliError> {
    let unreadable = |error| CliError::unreadable(path, error);
    // Asked before it is opened: a pipe would not open until somebody writes.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        let message = format!("`{}` is not a file", path.display());
        return Err(CliError::new(Exit::Usage, message));
    }
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST).read_to_end(&mut text))
        .map_err(unreadable)?;
    read_edit(&text).map_err(|error| {
        CliError::new(Exit::Usage, format!("`{}` cannot be read", path.display()))
            .because(error)
            .advice("export the edit as OpenTimelineIO (.otio)")
    })
}
