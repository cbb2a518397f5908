//! `runner frames`: pictures out of a video, as PNG files.
//!
//! Owns the names of the files and that none is replaced by accident. Everything is decoded and every name is
//! looked at before the first file is written.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::args::FramesArgs;
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::words::slashes;
use crate::media::frames::{self, Decoder, Frame, FrameError, Tools};
use crate::shot::FrameAt;
use crate::store::write_atomic;

pub(super) fn frames(args: &FramesArgs, console: &mut Console) -> Result<Exit, CliError> {
    let ffmpeg = Environment::ffmpeg();
    let tools = Tools {
        ffmpeg: ffmpeg.as_deref(),
    };
    let pictures = pictures(args, &tools)?;
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => parent(&args.video),
    };
    let pictures: Vec<Picture> = pictures
        .into_iter()
        .map(|(place, frame)| Picture::new(&args.video, &folder, place, frame))
        .collect();
    if !args.overwrite {
        refuse_others(&pictures)?;
    }
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder).because(error))?;
    for picture in pictures.iter().filter(|picture| !picture.is_there()) {
        write_atomic(&picture.file, &picture.png)
            .map_err(|error| unwritable(&picture.file).because(error))?;
    }
    show(&pictures, args.json, console);
    Ok(Exit::Success)
}

/// A frame on its way into a file.
struct Picture {
    /// Where in the film, in the words of the file's name.
    place: String,
    file: PathBuf,
    frame: Frame,
    png: Vec<u8>,
}

impl Picture {
    fn new(video: &Path, folder: &Path, place: String, frame: Frame) -> Self {
        let mut name = video.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{place}.png"));
        Self {
            file: folder.join(name),
            png: frames::encode_png(&frame),
            place,
            frame,
        }
    }

    /// Whether the file is there already, byte by byte.
    fn is_there(&self) -> bool {
        fs::read(&self.file).is_ok_and(|bytes| bytes == self.png)
    }
}

/// The frames that are asked for, each with the name of its place.
fn pictures(args: &FramesArgs, tools: &Tools<'_>) -> Result<Vec<(String, Frame)>, CliError> {
    if let Some(count) = args.count {
        let frames = frames::spread(&args.video, usize::from(count), tools)
            .map_err(|error| refused(&args.video, error))?;
        let digits = count.to_string().len().max(2);
        let name = |number: usize| format!("{:0digits$}of{count:0digits$}", number + 1);
        return Ok(frames
            .into_iter()
            .enumerate()
            .map(|(number, frame)| (name(number), frame))
            .collect());
    }
    let mut places = args.at.clone();
    if places.is_empty() {
        places = vec![FrameAt::First, FrameAt::Middle, FrameAt::Last];
    }
    // One file for one place, however often it is asked for.
    let mut seen: Vec<FrameAt> = Vec::with_capacity(places.len());
    places.retain(|place| {
        let new = !seen.contains(place);
        seen.push(*place);
        new
    });
    let frames =
        frames::take(&args.video, &places, tools).map_err(|error| refused(&args.video, error))?;
    Ok(places.iter().map(name).zip(frames).collect())
}

fn name(place: &FrameAt) -> String {
    match place {
        FrameAt::Time(time) => {
            let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
            format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
        }
        place => place.to_string(),
    }
}

/// Files that are there and would not be the same afterwards.
fn refuse_others(pictures: &[Picture]) -> Result<(), CliError> {
    let other = pictures
        .iter()
        .find(|picture| fs::symlink_metadata(&picture.file).is_ok() && !picture.is_there());
    let Some(other) = other else {
        return Ok(());
    };
    let message = format!("`{}` is there with other content", other.file.display());
    Err(CliError::new(Exit::Usage, message)
        .advice("--overwrite replaces it, --out DIR writes elsewhere; nothing was written"))
}

fn refused(video: &Path, error: FrameError) -> CliError {
    let (exit, advice) = match &error {
        FrameError::Io { .. } | FrameError::BeyondEnd { .. } | FrameError::TooMany { .. } => {
            (Exit::Usage, None)
        }
        FrameError::Unsupported { .. } => (
            Exit::ChecksFailed,
            Some("install ffmpeg, or name one in RUNNER_FFMPEG"),
        ),
        _ => (Exit::ChecksFailed, Some("`runner probe FILE` says more")),
    };
    let message = format!("cannot take frames out of `{}`", video.display());
    let refused = CliError::new(exit, message).because(error);
    match advice {
        Some(advice) => refused.advice(advice),
        None => refused,
    }
}

fn unwritable(path: &Path) -> CliError {
    CliError::new(Exit::Usage, format!("cannot write `{}`", path.display()))
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::new(),
    }
}

fn show(pictures: &[Picture], as_json: bool, console: &mut Console) {
    if as_json {
        let list: Value = pictures.iter().map(picture_json).collect();
        console.data(format!("{list:#}"));
        return;
    }
    for Picture { file, frame, .. } in pictures {
        let time = frame.time.as_secs_f64();
        console.data(format!(
            "{}  {}x{}  at {time:.3}s",
            file.display(),
            frame.width,
            frame.height
        ));
    }
    let helped = pictures.iter().find_map(|picture| version(&picture.frame));
    if let Some(version) = helped {
        console.say(format!("decoded by ffmpeg {version}"));
    }
}

fn version(frame: &Frame) -> Option<&str> {
    match &frame.decoder {
        Decoder::BuiltIn => None,
        Decoder::Ffmpeg { version } => Some(version),
    }
}

fn picture_json(picture: &Picture) -> Value {
    let frame = &picture.frame;
    json!({
        "place": picture.place,
        "file": slashes(&picture.file),
        "width": frame.width,
        "height": frame.height,
        "time_s": frame.time.as_secs_f64(),
        "digest": frame.digest(),
        "decoder": match &frame.decoder {
            Decoder::BuiltIn => "built-in".to_owned(),
            Decoder::Ffmpeg { version } => format!("ffmpeg {version}"),
        },
    })
}
