//! A system ffmpeg, for videos that the built-in decoders do not know.
//!
//! Owns how the program is called: told which file and which pictures, with a time limit, its answer bounded, and
//! nothing of the file's name taken for an option or an address. The one place of `media` that starts a process, and
//! that looks at a clock, for the limit.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::frames::{Decoder, Frame, FrameError, Source};

/// So long one call may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// So much of what it says is read.
const MAX_WORDS: u64 = 4096;
/// A picture of 8192x4320 in three bytes a pixel, and its head.
const MAX_PICTURE: u64 = 8192 * 4320 * 3 + 64;

/// The frames at places in display order, one call for each.
pub(crate) fn take(
    program: &Path,
    path: &Path,
    source: &Source<File>,
    places: &[usize],
) -> Result<Vec<Frame>, FrameError> {
    let error = |reason: String| FrameError::Ffmpeg {
        what: source
            .entry(0)
            .map_or_else(|_| "it".to_owned(), |entry| entry.codec.clone()),
        program: program.display().to_string(),
        reason,
    };
    let version = version(program).map_err(error)?;
    let mut frames: Vec<Frame> = Vec::with_capacity(places.len());
    for (number, place) in places.iter().enumerate() {
        if let Some(known) = places[..number].iter().position(|known| known == place) {
            frames.push(frames[known].clone());
            continue;
        }
        let mut command = Command::new(program);
        arguments(&mut command, path, source, *place);
        let bytes = answer(command, MAX_PICTURE).map_err(error)?;
        let (width, height, rgb) =
            pixels(&bytes).ok_or_else(|| error("its answer is no picture".to_owned()))?;
        frames.push(Frame {
            width,
            height,
            rgb: rgb.to_vec(),
            time: source.time(*place),
            decoder: Decoder::Ffmpeg {
                version: version.clone(),
            },
        });
    }
    Ok(frames)
}

/// Every picture of a video, reduced to a square of that side: planes of luma and both differences of the same size,
/// in the range of television, one after the other and as a player turns them.
pub(crate) fn pictures(
    program: &Path,
    path: &Path,
    side: usize,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), String> {
    let mut command = Command::new(program);
    input(&mut command, path);
    // Numbered anew at an even pace, so that no picture is left out or shown twice.
    let filters = format!(
        "setpts=N/25/TB,fps=25,scale={side}:{side}:flags=area+accurate_rnd+bitexact:out_range=tv,format=yuv444p"
    );
    command
        .args(["-map", "0:v:0", "-an", "-sn", "-dn", "-vf", &filters])
        .args(["-f", "rawvideo", "-"]);
    stream(command, 3 * side * side, take)
}

/// The sound of a video as numbers of four bytes, the channels in turns.
pub(crate) fn sound(
    program: &Path,
    path: &Path,
    (channels, rate): (u32, u32),
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), String> {
    let mut command = Command::new(program);
    input(&mut command, path);
    command
        .args(["-map", "0:a:0", "-vn", "-sn", "-dn"])
        .args(["-ac", &channels.to_string(), "-ar", &rate.to_string()])
        .args(["-f", "f32le", "-"]);
    // A tenth of a second at a time, which the meter wants too.
    let chunk = 4 * channels as usize * (rate as usize / 10).max(1);
    stream(command, chunk, take)
}

/// What the program says about itself, the first line.
pub(crate) fn version(program: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg("-version");
    let words = answer(command, MAX_WORDS)?;
    let words = String::from_utf8_lossy(&words);
    let line = words.lines().next().unwrap_or_default();
    let version = line.strip_prefix("ffmpeg version ").unwrap_or(line);
    let version = version.split(' ').next().unwrap_or_default();
    if version.is_empty() {
        return Err("it says nothing about itself".to_owned());
    }
    Ok(version
        .chars()
        .filter(|letter| !letter.is_control())
        .take(64)
        .collect())
}

fn input(command: &mut Command, path: &Path) {
    // As a file of a protocol it can be neither an option nor an address, whatever its name is.
    let mut input = std::ffi::OsString::from("file:");
    input.push(path);
    command
        .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
        .args(["-protocol_whitelist", "file", "-i"])
        .arg(input);
}

fn arguments(command: &mut Command, path: &Path, source: &Source<File>, place: usize) {
    input(command, path);
    command
        .args(["-map", "0:v:0", "-an", "-sn", "-dn", "-vf"])
        .arg(filters(source, place))
        .args(["-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe", "-"]);
}

/// The picture at a place, in the colours that this program would take it for.
fn filters(source: &Source<File>, place: usize) -> String {
    let mut scale = "scale=flags=accurate_rnd+full_chroma_int+bitexact".to_owned();
    // What nobody says, ffmpeg takes for BT.601 whatever the size is.
    let (tags, height) = source.entry(0).map_or_else(
        |_| (super::colour::Tags::UNKNOWN, 0),
        |entry| (source.tags(), entry.size.1),
    );
    if tags.matrix == 2 && tags.matrix_for(height) == 1 {
        scale.push_str(":in_color_matrix=bt709");
    }
    format!("select=eq(n\\,{place}),{scale},format=rgb24")
}

/// Runs a program to its end; what it writes, or in words why not.
fn answer(mut command: Command, most: u64) -> Result<Vec<u8>, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let found = collect(&mut child, most);
    // Whatever happened, it must not be left behind; one that has ended cannot be killed.
    let _ = child.kill();
    let status = child.wait().map_err(|error| error.to_string())?;
    let (bytes, words) = found?;
    if bytes.is_empty() {
        let words = words.lines().next().unwrap_or_default();
        let words: String = words
            .chars()
            .filter(|letter| !letter.is_control())
            .take(200)
            .collect();
        return Err(match words.as_str() {
            "" => format!("it gave no picture ({status})"),
            words => words.to_owned(),
        });
    }
    Ok(bytes)
}

/// Runs a program and hands on what it writes, piece by piece; the last piece may be shorter.
fn stream(mut command: Command, piece: usize, take: &mut dyn FnMut(&[u8])) -> Result<(), String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let handed = hand_on(&mut child, piece, take);
    if handed.is_err() {
        // One that has ended cannot be killed.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let (pieces, words) = handed?;
    if status.success() && pieces > 0 {
        return Ok(());
    }
    let words = words.lines().next().unwrap_or_default();
    let words: String = words
        .chars()
        .filter(|letter| !letter.is_control())
        .take(200)
        .collect();
    Err(match words.as_str() {
        "" => format!("it failed ({status})"),
        words => words.to_owned(),
    })
}

/// How many pieces there were, and what the program said.
fn hand_on(
    child: &mut Child,
    piece: usize,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(usize, String), String> {
    let (Some(mut out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("it has no output".to_owned());
    };
    let words = read_words(err);
    // Two pieces on the way: one is looked at while the next is written.
    let (sender, receiver) = mpsc::sync_channel(2);
    thread::spawn(move || {
        loop {
            let mut bytes = Vec::with_capacity(piece);
            let read = out.by_ref().take(piece as u64).read_to_end(&mut bytes);
            // Nobody listens any more once the time is over.
            if read.is_err() || bytes.is_empty() || sender.send(bytes).is_err() {
                return;
            }
        }
    });
    let mut pieces = 0;
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(bytes) => take(&bytes),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(format!("it took longer than {} s", PATIENCE.as_secs()));
            }
        }
        pieces += 1;
    }
    Ok((pieces, words.join().unwrap_or_default()))
}

/// Reads what a program says while something else is waited for.
fn read_words(err: ChildStderr) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut words = Vec::new();
        // A stream that breaks off has said what it had to say.
        let mut err = err;
        let _ = err.by_ref().take(MAX_WORDS).read_to_end(&mut words);
        // What comes after is thrown away, or the program would wait for a reader.
        let _ = std::io::copy(&mut err, &mut std::io::sink());
        String::from_utf8_lossy(&words).into_owned()
    })
}

/// Everything on both streams, which are read at the same time so that neither blocks the program.
fn collect(child: &mut Child, most: u64) -> Result<(Vec<u8>, String), String> {
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("it has no output".to_owned());
    };
    let (sender, receiver) = mpsc::channel();
    let words = read_words(err);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = out.take(most + 1).read_to_end(&mut bytes);
        // Nobody listens any more once the time is over.
        let _ = sender.send(bytes);
    });
    let bytes = receiver
        .recv_timeout(PATIENCE)
        .map_err(|_| format!("it took longer than {} s", PATIENCE.as_secs()))?;
    if bytes.len() as u64 > most {
        return Err("its answer is too long".to_owned());
    }
    if bytes.is_empty() {
        return Ok((bytes, words.join().unwrap_or_default()));
    }
    Ok((bytes, String::new()))
}

/// Width, height and pixels of a PPM.
fn pixels(ppm: &[u8]) -> Option<(u32, u32, &[u8])> {
    let mut rest = ppm.strip_prefix(b"P6\n")?;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, after) = rest.split_at(end);
        rest = &after[1..];
        std::str::from_utf8(line).ok()
    };
    let (width, height) = line()?.split_once(' ')?;
    (line()? == "255").then_some(())?;
    let (width, height): (u32, u32) = (width.parse().ok()?, height.parse().ok()?);
    let size = usize::try_from(u64::from(width) * u64::from(height) * 3).ok()?;
    (width > 0 && height > 0 && rest.len() == size).then_some((width, height, rest))
}

#[cfg(test)]
mod tests {
    use super::pixels;

    #[test]
    fn a_picture_is_taken_only_whole() {
        assert_eq!(
            pixels(b"P6\n2 1\n255\nabcdef"),
            Some((2, 1, &b"abcdef"[..]))
        );
        assert_eq!(pixels(b"P6\n2 1\n255\nabcde"), None);
        assert_eq!(pixels(b"P6\n2 1\n65535\nabcdef"), None);
        assert_eq!(pixels(b"P6\n0 0\n255\n"), None);
        assert_eq!(pixels(b"GIF89a"), None);
    }
}
