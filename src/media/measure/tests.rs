//! What is measured of films whose pictures and sounds are known.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

use super::*;
use crate::media::encode::Encoding;
use crate::media::motion::{Move, Path as Way};
use crate::media::mux;
use crate::media::plane::Picture as Drawn;
use crate::media::scene;
use crate::media::sketch::{Sketch, world};

const FPS: u32 = 24;
const SIZE: (usize, usize) = (320, 180);

/// Writes a film of drawn frames, which are measured.
fn film(frames: u64, mut draw: impl FnMut(u64, &mut Drawn)) -> Picture {
    let mut encoding = Encoding::new(FPS).expect("an encoder");
    let mut picture = Drawn::new(SIZE.0, SIZE.1);
    let mut samples = Vec::new();
    for frame in 0..frames {
        draw(frame, &mut picture);
        samples.push(encoding.add(&picture).expect("it encodes"));
    }
    let measure = mux::Measure {
        size: (SIZE.0 as u32, SIZE.1 as u32),
        fps: FPS,
        duration_ms: frames as u32 * 1000 / FPS,
    };
    let bytes = mux::write(measure, &encoding.parameters, &samples).expect("it can be written");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("film.mp4");
    std::io::Write::write_all(&mut File::create(&path).expect("a file"), &bytes).expect("written");
    pictures(&path)
}

fn pictures(path: &Path) -> Picture {
    let measures = super::measure(path, What::Picture, &Tools::default()).expect("it is whole");
    assert_eq!(measures.decoder.as_deref(), Some("built-in"));
    measures.picture.expect("it is decoded")
}

/// A scene with a camera.
fn shot(seed: u64, moves: &[Move], frames: u64) -> Sketch {
    Sketch {
        stage: scene::paint(seed, world(SIZE.0), world(SIZE.1)),
        path: Way::new(&[moves.to_vec()], frames, FPS),
        last: None,
        frames,
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/sound").join(name)
}

fn known(name: &str) -> PathBuf {
    Path::new("tests/videos").join(format!("{name}.mp4"))
}

#[test]
fn black_and_frozen_passages_are_found_where_they_are() {
    let scene = shot(3, &[Move::PanLeft], 96);
    let seen = film(96, |frame, out| match frame {
        0..24 => out.clear(),
        48..84 => scene.show(48, out),
        _ => scene.show(frame, out),
    });
    let span = |from_ms, to_ms| Span { from_ms, to_ms };
    assert_eq!(seen.black, [span(0, 1000)]);
    assert_eq!(seen.frozen, [span(0, 1000), span(2000, 3500)]);
    assert_eq!(Span::longest_ms(&seen.frozen), 1500);
}

#[test]
fn cuts_are_found_and_moves_and_fades_are_none() {
    let scenes = [1, 2, 3].map(|seed| shot(seed, &[Move::PushIn], 36));
    let seen = film(108, |frame, out| {
        scenes[(frame / 36) as usize].show(frame % 36, out);
    });
    assert_eq!(seen.cuts, [1500, 3000]);
    for each in Move::ALL {
        let scene = shot(5, &[each], 48);
        let seen = film(48, |frame, out| scene.show(frame, out));
        assert_eq!(seen.cuts, [0; 0], "{each:?}");
        assert_eq!(seen.frozen.is_empty(), each != Move::StaticShot, "{each:?}");
    }
    let mut last = Drawn::new(SIZE.0, SIZE.1);
    shot(9, &[], 48).show(0, &mut last);
    let fading = Sketch {
        last: Some(last),
        ..shot(5, &[Move::PanLeft], 48)
    };
    assert_eq!(film(48, |frame, out| fading.show(frame, out)).cuts, [0; 0]);
}

#[test]
fn a_flash_in_a_moving_film_is_no_cut() {
    let scene = shot(5, &[Move::TruckLeft], 48);
    let seen = film(48, |frame, out| {
        scene.show(frame, out);
        if (20..23).contains(&frame) {
            out.planes[0].data.fill(235);
        }
    });
    assert_eq!(seen.cuts, [0; 0]);
}

#[test]
fn the_camera_is_followed() {
    let end = |moves: &[Move]| {
        let scene = shot(2, moves, 96);
        let seen = film(96, |frame, out| scene.show(frame, out));
        assert_eq!(seen.glances.len(), GLANCES);
        seen.glances[GLANCES - 1].moved
    };
    let (right, left) = (end(&[Move::PanRight]), end(&[Move::PanLeft]));
    assert!(right.right > 100 && left.right < -100, "{right:?} {left:?}");
    let (up, down) = (end(&[Move::TiltUp]), end(&[Move::TiltDown]));
    assert!(up.down < -100 && down.down > 100, "{up:?} {down:?}");
    let (closer, away) = (end(&[Move::ZoomIn]), end(&[Move::ZoomOut]));
    assert!(
        closer.closer > 100 && away.closer < -100,
        "{closer:?} {away:?}"
    );
    let still = end(&[Move::StaticShot]);
    assert!(
        still.right.abs() + still.down.abs() + still.closer.abs() < 15,
        "{still:?}"
    );
}

#[test]
fn every_known_film_is_measured_or_says_why_not() {
    let mut refused = Vec::new();
    for entry in std::fs::read_dir("tests/videos").expect("there is a folder") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|end| end != "mp4") {
            continue;
        }
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let measures = super::measure(&path, What::All, &Tools::default()).expect("it is whole");
        assert!(measures.covers(What::All), "{name}");
        let text = serde_json::to_string(&measures).expect("it can be written");
        let read: Measures = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(read, measures, "{name}");
        match &measures.picture {
            Some(picture) => {
                assert!(picture.glances.iter().all(Glance::is_sound), "{name}");
                assert!(
                    picture.black.is_empty() && picture.frozen.is_empty(),
                    "{name}"
                );
            }
            None => refused.push(name),
        }
    }
    refused.sort();
    assert_eq!(refused, ["av1", "full-chroma", "lossless", "vp9"]);
}

#[test]
fn codings_of_one_film_look_alike() {
    let base = pictures(&known("high"));
    for name in [
        "baseline",
        "main",
        "b3",
        "full-range",
        "ten-bit",
        "hevc",
        "hevc-ten-bit",
    ] {
        let other = pictures(&known(name));
        let likeness = likeness(&base.glances, &other.glances);
        assert_eq!(likeness.band(), Some(Band::Close), "{name}: {likeness:?}");
    }
}

#[test]
fn a_film_is_measured_as_it_is_shown() {
    use crate::shot::FrameAt;
    for name in ["turned", "high", "full-range", "ten-bit", "cropped"] {
        let shown = crate::media::frames::take(&known(name), &[FrameAt::First], &Tools::default());
        let shown = shown.expect("it decodes").remove(0);
        let image = RgbImage::from_raw(shown.width, shown.height, shown.rgb);
        let image = glance_of_image(&image.expect("it has its size"));
        let found = likeness(&[image], &pictures(&known(name)).glances[..1]);
        // These films are 96 pixels wide: parts of a picture are a pixel or two, and what a
        // grid of 64 and one of 32 parts take together is not quite the same.
        assert!(found.layout > 700 && found.hues > 950, "{name}: {found:?}");
    }
}

#[test]
fn the_cut_between_two_clips_is_found_in_spite_of_b_frames() {
    let seen = pictures(&known("pyramid"));
    assert_eq!(seen.cuts, [0; 0]);
    let frames = crate::media::frames::Pictures::open(&known("pyramid")).expect("it opens");
    let sparse =
        crate::media::frames::Pictures::open_sparsely(&known("pyramid")).expect("it opens");
    let (all, few) = (frames.total(), sparse.total());
    assert!(few < all, "{few} of {all}");
    let times: Vec<_> = sparse
        .map(|picture| picture.expect("it decodes").time)
        .collect();
    assert_eq!(times.first(), Some(&std::time::Duration::ZERO));
    let every: Vec<_> = frames.map(|picture| picture.expect("it decodes")).collect();
    assert_eq!(times.last(), every.last().map(|picture| &picture.time));
    let sparse =
        crate::media::frames::Pictures::open_sparsely(&known("pyramid")).expect("it opens");
    for picture in sparse {
        let picture = picture.expect("it decodes");
        assert!(every.contains(&picture), "a picture that the film has");
    }
}

#[test]
fn loudness_agrees_with_ffmpeg() {
    let heard = |path: &Path| {
        let measures = super::measure(path, What::Sound, &Tools::default()).expect("it is whole");
        assert_eq!((measures.picture, measures.undecoded), (None, None));
        measures.audio.expect("there is sound")
    };
    let near =
        |found: Option<f64>, theirs: f64| found.is_some_and(|found| (found - theirs).abs() < 0.15);
    for (path, lufs, peak) in [
        (fixture("tone.mp4"), -26.2, -24.8),
        (fixture("loud.mp4"), -9.7, -0.6),
        (known("sound"), -22.0, -19.9),
    ] {
        let sound = heard(&path);
        assert!(
            near(sound.loudness_lufs, lufs) && near(sound.peak_dbfs, peak),
            "{path:?} {sound:?}"
        );
        assert_eq!(
            (sound.unheard, sound.decoder.as_deref()),
            (None, Some("built-in"))
        );
    }
    let silence = heard(&fixture("silence.mp4"));
    assert_eq!(
        (silence.loudness_lufs, silence.unheard),
        (None, Some(Unheard::Silence))
    );
    let short = heard(&fixture("short.mp4"));
    assert_eq!(short.unheard, Some(Unheard::TooShort));
    assert!(near(short.peak_dbfs, -17.2), "{short:?}");
    for (name, codec) in [("opus.mp4", "Opus"), ("six.mp4", "mp4a.40.2")] {
        let sound = heard(&fixture(name));
        assert_eq!(sound.codec, codec);
        assert!(
            matches!(sound.unheard, Some(Unheard::Undecoded(_))),
            "{sound:?}"
        );
    }
}

#[test]
fn what_is_no_whole_video_has_no_measures() {
    let error = super::measure(Path::new("Cargo.toml"), What::All, &Tools::default());
    let error = error.expect_err("it is no video");
    assert!(error.to_string().starts_with("not an MP4 file"), "{error}");
    let gone = super::measure(Path::new("nowhere.mp4"), What::All, &Tools::default());
    assert!(matches!(
        gone,
        Err(MeasureError::Incomplete(ProbeError::Io { .. }))
    ));
}

#[test]
fn a_picture_is_like_the_frame_that_shows_it() {
    let scene = shot(4, &[Move::StaticShot], 24);
    let mut drawn = Drawn::new(SIZE.0, SIZE.1);
    scene.show(0, &mut drawn);
    let seen = film(24, |frame, out| scene.show(frame, out));
    let rgb = crate::media::frames::YuvPicture::new(
        (SIZE.0 as u32, SIZE.1 as u32),
        crate::media::frames::Chroma::Quarter,
        8,
        drawn.planes.clone().map(|plane| plane.data),
        crate::media::colour::Tags {
            matrix: 1,
            ..crate::media::colour::Tags::UNKNOWN
        },
    );
    let rgb = rgb
        .expect("it has its planes")
        .rgb()
        .expect("a known matrix");
    let image = RgbImage::from_raw(SIZE.0 as u32, SIZE.1 as u32, rgb).expect("it has its size");
    let same = likeness(&[glance_of_image(&image)], &seen.glances[..1]);
    assert_eq!(same.band(), Some(Band::Close), "{same:?}");
    let other = RgbImage::from_pixel(30, 40, Rgb([200, 30, 30]));
    let strange = likeness(&[glance_of_image(&other)], &seen.glances[..1]);
    assert_eq!(strange.band(), None, "{strange:?}");
}
