//! Films of `tests/videos` joined: what is decoded of the whole is what is decoded of
//! the parts, picture by picture.

use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use runner::media::concat::{Clip, ConcatError, Cut};
use runner::media::frames::{Pictures, YuvPicture};
use runner::media::probe::probe;

fn path(name: &str) -> PathBuf {
    Path::new("tests/videos").join(format!("{name}.mp4"))
}

fn clip(name: &str, source: usize) -> Result<Clip, ConcatError> {
    let file = File::open(path(name)).expect("the film is there");
    Clip::read(name, source, BufReader::new(file))
}

fn pictures(path: &Path) -> Vec<YuvPicture> {
    Pictures::open(path)
        .expect("it can be opened")
        .collect::<Result<_, _>>()
        .expect("it can be decoded")
}

fn planes(pictures: &[YuvPicture]) -> Vec<&[Vec<u8>; 3]> {
    pictures.iter().map(|picture| &picture.planes).collect()
}

fn join(names: &[&str], out: &Path) -> Result<Cut, ConcatError> {
    let clips = (0..)
        .zip(names)
        .map(|(source, name)| clip(name, source))
        .collect::<Result<Vec<_>, _>>()?;
    let cut = Cut::new(clips)?;
    let mut file = BufWriter::new(File::create(out).expect("there is room"));
    cut.write(&mut file, |source| File::open(path(names[source])))?;
    file.flush().expect("there is room");
    Ok(cut)
}

/// Joins, and holds the pictures of the whole against those of the parts.
fn joined(names: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("film.mp4");
    let cut = join(names, &out).unwrap_or_else(|error| panic!("{names:?}: {error}"));
    let whole = pictures(&out);
    let parts: Vec<Vec<YuvPicture>> = names.iter().map(|name| pictures(&path(name))).collect();
    let wanted: Vec<_> = parts.iter().flat_map(|part| planes(part)).collect();
    assert!(
        planes(&whole) == wanted,
        "{names:?}: other pictures, or another number"
    );
    let times: Vec<Duration> = whole.iter().map(|picture| picture.time).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{names:?}: {times:?}");
    assert_eq!(times[0], Duration::ZERO, "{names:?}");
    let file = File::open(&out).expect("it was written");
    let info = probe(BufReader::new(file)).expect("it is complete");
    assert_eq!(info.frames, cut.frames(), "{names:?}");
    assert!(
        info.duration_ms.abs_diff(cut.duration_ms()) <= 1,
        "{names:?}"
    );
    std::fs::read(&out).expect("it was written")
}

#[test]
fn profiles_and_parameter_sets_are_mixed_without_loss() {
    joined(&["high", "high"]);
    joined(&["baseline", "high", "main"]);
    joined(&["b3", "baseline", "pyramid", "cavlc", "weighted"]);
    joined(&["high", "placebo", "temporal", "open-gop", "scaling"]);
    joined(&["slices", "mbaff", "slices"]);
    joined(&["hevc", "hevc-open-gop", "hevc"]);
}

#[test]
fn clocks_and_offsets_are_brought_together() {
    joined(&["high", "fps25", "b3"]);
    joined(&["baseline", "fps2997", "high"]);
    joined(&["no-edits", "high", "negative-offsets"]);
    joined(&["variable", "high", "single", "b3"]);
    joined(&["high", "late-index"]);
}

#[test]
fn the_same_films_give_the_same_bytes() {
    assert!(joined(&["high", "sound", "main"]) == joined(&["high", "sound", "main"]));
}

#[test]
fn films_without_sound_are_silent_beside_films_with_sound() {
    for names in [["high", "sound", "main"], ["sound", "high", "sound"]] {
        let bytes = joined(&names);
        let info = probe(Cursor::new(&bytes)).expect("it is complete");
        assert!(info.has_audio, "{names:?}");
    }
}

#[test]
fn what_differs_is_refused_by_name_and_reason() {
    for (names, reason) in [
        (["high", "crf1"], "64x48"),
        (["high", "hevc"], "HEVC"),
        (["high", "ten-bit"], "profile"),
        (["high", "turned"], "turned"),
        (["high", "anamorphic"], "shape"),
        (["high", "edit-cut"], "edit list"),
        (["high", "edit-short"], "edit list"),
        (["high", "late-start"], "edit list"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let error = join(&names, &folder.path().join("film.mp4")).expect_err("it is refused");
        let words = error.to_string();
        assert!(
            words.contains(names[1]) && words.contains(reason),
            "{names:?}: {words}"
        );
    }
}

#[test]
fn a_damaged_film_is_refused_with_its_name() {
    let bytes = std::fs::read(path("high")).expect("the film is there");
    for cut in [bytes.len() - 100, bytes.len() / 2, 40, 0] {
        let error =
            Clip::read("broken.mp4", 0, Cursor::new(&bytes[..cut])).expect_err("it is cut off");
        assert!(error.to_string().contains("broken.mp4"), "{error}");
    }
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        let Ok(first) = Clip::read("a.mp4", 0, Cursor::new(&damaged)) else {
            continue;
        };
        // It may be joined; it must end, and without a panic.
        if let Ok(cut) = Cut::new(vec![first.clone(), first]) {
            let _ = cut.write(&mut std::io::sink(), |_| Ok(Cursor::new(&damaged)));
        }
    }
}

#[test]
fn what_differs_is_encoded_again_in_the_frame_of_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, frames) in [
        ("mbaff", 24),
        ("hevc", 24),
        ("ten-bit", 24),
        ("edit-cut", 0),
        ("full-chroma", 0),
    ] {
        let samples = folder.path().join("samples");
        let mut out = File::create(&samples).expect("there is room");
        let first = clip("high", 0).expect("it is whole");
        let other = clip(name, 1).expect("it is whole");
        let Ok(other) = other.recoded(&path(name), first.size(), 1, &mut out) else {
            assert_eq!(frames, 0, "{name}");
            continue;
        };
        let cut = Cut::new(vec![first, other]).expect("they fit now");
        let film = folder.path().join("film.mp4");
        let mut joined = File::create(&film).expect("there is room");
        cut.write(&mut joined, |source| {
            File::open([&path("high"), &samples][source])
        })
        .expect("it can be written");
        let (own, whole) = (pictures(&path(name)), pictures(&film));
        assert_eq!(whole.len(), 24 + own.len(), "{name}");
        assert!(
            whole
                .iter()
                .all(|picture| (picture.width, picture.height) == (96, 64))
        );
        if name == "mbaff" {
            // Square in a wide frame: black at both sides, a picture in the middle.
            let luma = &whole[30].planes[0];
            assert!(
                luma[32 * 96..32 * 96 + 10]
                    .iter()
                    .all(|sample| *sample < 30)
            );
            assert!(
                luma[32 * 96 + 20..32 * 96 + 76]
                    .iter()
                    .any(|sample| *sample > 60)
            );
        }
        if name == "hevc" {
            let error: u64 = own[5].planes[0]
                .iter()
                .zip(&whole[29].planes[0])
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            assert!(error / 6144 < 12, "{name}: mean error {}", error / 6144);
        }
    }
}
