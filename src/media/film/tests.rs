//! What a film shows, picture by picture, and how its file is built.

use std::io::{Cursor, Write as _};
use std::sync::atomic::AtomicU64;

use mp4_atom::{Atom as _, Moov};

use super::*;
use crate::media::clip::{self, ClipRequest};
use crate::media::frames::Pictures;
use crate::media::probe::probe;

const FPS: u32 = 12;

fn made(width: u32, height: u32, scenes: &[Scene], threads: usize) -> Result<Vec<u8>, FilmError> {
    let film = Film {
        width,
        height,
        fps: FPS,
        fonts: Fonts::embedded(),
        scenes,
    };
    let mut bytes = Cursor::new(Vec::new());
    shoot(&film, threads, &|| true, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// The luma of every picture of a film, row by row.
fn pictures(film: &[u8]) -> Vec<Vec<u8>> {
    let mut kept = tempfile::NamedTempFile::new().expect("a temporary file");
    kept.write_all(film).expect("it takes the film");
    let pictures = Pictures::open(kept.path()).expect("it is a film");
    pictures
        .map(|picture| {
            let [luma, _, _] = picture.expect("every picture decodes").planes;
            luma
        })
        .collect()
}

fn shot(duration_ms: u32, moves: &[Move]) -> Shot {
    Shot {
        prompt: "a harbour, 清晨的港口".to_owned(),
        moves: vec![moves.to_vec()],
        badge: "1/2".to_owned(),
        duration_ms,
        first: None,
        last: None,
    }
}

fn scene(name: &str, content: Content) -> Scene {
    Scene {
        name: name.to_owned(),
        content,
        shown: true,
        chapter: Some(name.to_owned()),
    }
}

fn card(duration_ms: u32) -> Scene {
    let card = Card {
        heading: "码头 harbour".to_owned(),
        lines: vec!["2 shots, 12 s".to_owned()],
        duration_ms,
    };
    scene("card", Content::Card(card))
}

/// A still of one grey with a white cross, a little above its middle.
fn cross(width: u32, height: u32) -> Image {
    let thick = width.min(height) / 10;
    let (x, y) = (width / 2, height * 4 / 10);
    let image = image::GrayImage::from_fn(width, height, |at_x, at_y| {
        let on = at_x.abs_diff(x) < thick / 2 || at_y.abs_diff(y) < thick / 2;
        image::Luma([if on { 250 } else { 90 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a small picture encodes");
    Image::Bytes(bytes.into_inner())
}

const SIDE: usize = 320;

/// Where the upright bar of the cross is in a row, and how wide, in pixels.
fn bar(samples: impl Iterator<Item = u8>) -> (f64, f64) {
    let (mut weight, mut sum) = (0.0, 0.0);
    for (place, sample) in samples.enumerate() {
        let bright = f64::from(sample.saturating_sub(150)) / 70.0;
        weight += bright;
        sum += bright * place as f64;
    }
    (sum / weight, weight)
}

/// Across and down: where the cross is and how thick, in a square picture, where no caption is.
fn measure(luma: &[u8]) -> [(f64, f64); 2] {
    let row = luma[30 * SIDE..31 * SIDE].iter().copied();
    let column = (0..230).map(|y| luma[y * SIDE + 40]);
    [bar(row), bar(column)]
}

#[test]
fn every_camera_command_can_be_seen() {
    for each in Move::ALL {
        let mut content = shot(2000, &[each]);
        content.first = Some(cross(400, 400));
        let scenes = [scene("cross", Content::Shot(content))];
        let film = made(SIDE as u32, SIDE as u32, &scenes, 1).expect("the film is sound");
        let all = pictures(&film);
        assert_eq!(all.len(), 24);
        let ([x, y], [to_x, to_y]) = (measure(&all[0]), measure(&all[23]));
        let (across, down) = (to_x.0 - x.0, to_y.0 - y.0);
        let (wider, thicker) = (to_x.1 / x.1, to_y.1 / y.1);
        let seen = format!("{each:?}: {across} {down} {wider} {thicker}");
        // What is seen moves against the camera.
        match each {
            Move::PanLeft | Move::TruckLeft => assert!(across > 40.0 && down.abs() < 3.0, "{seen}"),
            Move::PanRight | Move::TruckRight | Move::TrackingShot => {
                assert!(across < -30.0, "{seen}");
            }
            Move::TiltUp | Move::PedestalUp => assert!(down > 40.0 && across.abs() < 3.0, "{seen}"),
            Move::TiltDown | Move::PedestalDown => {
                assert!(down < -40.0 && across.abs() < 3.0, "{seen}");
            }
            Move::PushIn | Move::ZoomIn => assert!(wider > 1.2 && thicker > 1.2, "{seen}"),
            Move::PullOut | Move::ZoomOut => assert!(wider < 0.85 && thicker < 0.85, "{seen}"),
            Move::StaticShot => assert!(across.abs() < 1.0 && down.abs() < 1.0, "{seen}"),
            Move::Shake => {
                let places = all.iter().map(|luma| measure(luma)[0].0);
                let far = places.fold(0.0, |far: f64, place| far.max((place - x.0).abs()));
                assert!(far > 2.0 && far < 20.0, "{seen} {far}");
            }
        }
    }
}

#[test]
fn moves_at_once_and_one_after_the_other() {
    let mut content = shot(2000, &[]);
    content.moves = vec![vec![Move::PanRight, Move::TiltUp], vec![Move::ZoomIn]];
    content.first = Some(cross(400, 400));
    let scenes = [scene("cross", Content::Shot(content))];
    let film = made(SIDE as u32, SIDE as u32, &scenes, 1).expect("the film is sound");
    let all = pictures(&film);
    let [begin, middle, end] = [0, 11, 23].map(|frame| measure(&all[frame]));
    assert!(middle[0].0 < begin[0].0 - 20.0 && middle[1].0 > begin[1].0 + 20.0);
    assert!(end[0].1 > middle[0].1 * 1.2);
    // Eased: little happens at first.
    let early = measure(&all[2]);
    assert!((early[0].0 - begin[0].0).abs() < (middle[0].0 - begin[0].0).abs() / 8.0);
}

/// Two cards, a generated scene, a still, and a shot that goes on from one that comes later.
fn chained() -> Vec<Scene> {
    let mut still = shot(500, &[Move::PushIn]);
    still.first = Some(cross(96, 64));
    still.last = Some(cross(64, 96));
    let mut onward = shot(1000, &[Move::PanLeft, Move::Shake]);
    onward.first = Some(Image::Frame {
        scene: 4,
        at: FrameAt::Last,
    });
    vec![
        card(500),
        scene("onward", Content::Shot(onward)),
        scene("still", Content::Shot(still)),
        card(250),
        scene("generated", Content::Shot(shot(750, &[Move::TruckLeft]))),
    ]
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let scenes = chained();
    let alone = made(96, 64, &scenes, 1).expect("the film is sound");
    for threads in [2, 7] {
        assert!(alone == made(96, 64, &scenes, threads).expect("the film is sound"));
    }
    assert!(is_film(&alone[..MARKED]));
}

fn index(film: &[u8]) -> Moov {
    let at = film
        .windows(4)
        .position(|window| window == b"moov")
        .expect("it has an index");
    let mdat = film.windows(4).position(|window| window == b"mdat");
    assert!(Some(at) < mdat, "the index comes first");
    let size = u32::from_be_bytes(film[at - 4..at].try_into().expect("four bytes"));
    Moov::decode_body(&mut &film[at + 4..at - 4 + size as usize]).expect("the index is one")
}

#[test]
fn a_film_is_as_long_as_its_scenes_and_each_begins_with_a_sync_sample() {
    let mut scenes = chained();
    // As long as a period of sync samples and one frame more.
    scenes.push(scene("long", Content::Shot(shot(2084, &[]))));
    let film = made(96, 64, &scenes, 2).expect("the film is sound");
    let frames = [6_u64, 12, 6, 3, 9, 25];
    let moov = index(&film);
    let stbl = &moov.trak[0].mdia.minf.stbl;
    let total: u64 = frames.iter().sum();
    let ticks: u64 = stbl
        .stts
        .entries
        .iter()
        .map(|entry| u64::from(entry.sample_count) * u64::from(entry.sample_delta))
        .sum();
    assert_eq!(ticks, total * 1000);
    assert_eq!(moov.trak[0].mdia.mdhd.duration, ticks);
    assert_eq!(moov.mvhd.duration, (total * 1000).div_ceil(u64::from(FPS)));
    assert_eq!(
        (moov.mvhd.creation_time, moov.trak[0].tkhd.creation_time),
        (0, 0)
    );
    assert_eq!(stbl.stsd.codecs.len(), 1);
    let syncs = &stbl.stss.as_ref().expect("there are sync samples").entries;
    let mut begin = 1;
    for count in frames {
        assert!(syncs.contains(&begin), "{begin} in {syncs:?}");
        let last = begin + count as u32 - 1;
        assert!(!syncs.contains(&last), "{last} in {syncs:?}");
        begin += count as u32;
    }
    let chapters = moov
        .udta
        .and_then(|udta| udta.chpl)
        .expect("there are chapters");
    let starts: Vec<u64> = chapters.entries.iter().map(|each| each.start).collect();
    assert_eq!(starts[..3], [0, 5_000_000, 15_000_000]);
    assert_eq!(chapters.entries[1].title, "onward");
    let info = probe(Cursor::new(&film)).expect("the film is whole");
    assert_eq!((info.width, info.height, info.frames), (96, 64, total));
    assert_eq!(pictures(&film).len() as u64, total);
}

/// The mean difference of two pictures where neither caption nor badge is.
fn difference(a: &[u8], b: &[u8], width: usize, rows: std::ops::Range<usize>) -> f64 {
    let range = rows.start * width..rows.end * width;
    let (a, b) = (&a[range.clone()], &b[range]);
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn a_chained_shot_begins_where_the_other_ended() {
    let mut onward = shot(1000, &[Move::ZoomOut]);
    onward.first = Some(Image::Frame {
        scene: 0,
        at: FrameAt::Last,
    });
    let mut first = shot(1000, &[Move::PanRight]);
    first.first = Some(cross(400, 400));
    let scenes = [
        scene("first", Content::Shot(first)),
        scene("onward", Content::Shot(onward)),
    ];
    let all = pictures(&made(320, 320, &scenes, 2).expect("the film is sound"));
    let joint = difference(&all[11], &all[12], 320, 30..220);
    let whole = difference(&all[0], &all[11], 320, 30..220);
    assert!(joint < 2.0 && whole > 10.0, "{joint} {whole}");
    // And leaves what it began with.
    assert!(difference(&all[12], &all[23], 320, 30..220) > 5.0);
}

#[test]
fn frames_of_shots_that_are_not_shown_can_be_had() {
    let mut scenes = chained();
    scenes[4].shown = false;
    let film = made(96, 64, &scenes, 2).expect("the film is sound");
    assert_eq!(pictures(&film).len(), 27);
    let whole = pictures(&made(96, 64, &chained(), 2).expect("the film is sound"));
    assert_eq!(pictures(&film)[6..18], whole[6..18]);
}

#[test]
fn the_last_picture_is_faded_to_and_shapes_are_kept() {
    let solid = |grey: u8| {
        let mut bytes = Cursor::new(Vec::new());
        image::GrayImage::from_pixel(60, 120, image::Luma([grey]))
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("a small picture encodes");
        Some(Image::Bytes(bytes.into_inner()))
    };
    let mut content = shot(2000, &[Move::StaticShot]);
    (content.first, content.last) = (solid(60), solid(220));
    let scenes = [scene("tall", Content::Shot(content))];
    let all = pictures(&made(320, 320, &scenes, 1).expect("the film is sound"));
    let at = |frame: usize, x: usize| all[frame][100 * 320 + x];
    // Half as wide as high, with black at both sides.
    for frame in [0, 23] {
        assert!(at(frame, 20) < 20 && at(frame, 300) < 20);
    }
    assert!(at(0, 160).abs_diff(68) < 4 && at(0, 90).abs_diff(68) < 4);
    assert!((90..190).contains(&at(20, 160)), "{}", at(20, 160));
    assert!(at(23, 160).abs_diff(205) < 4, "{}", at(23, 160));
}

/// A finished video of 160x90, one second long.
fn video(folder: &Path) -> PathBuf {
    let request = ClipRequest {
        width: 160,
        height: 90,
        duration_ms: 1000,
        fps: 24,
        seed: 3,
        title: "clip",
        prompt: "",
        moves: &[vec![Move::TruckRight]],
        first_frame: None,
        last_frame: None,
    };
    let path = folder.join("clip.mp4");
    let bytes = clip::render(&request).expect("the request is sound");
    std::fs::write(&path, bytes).expect("the folder takes it");
    path
}

#[test]
fn finished_videos_are_shown_as_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = video(folder.path());
    let mut onward = shot(500, &[Move::StaticShot]);
    onward.first = Some(Image::Frame {
        scene: 0,
        at: FrameAt::Last,
    });
    let finished = Video {
        path: path.clone(),
        label: "1/2  clip".to_owned(),
        duration_ms: 1000,
    };
    let scenes = [
        scene("clip", Content::Video(finished)),
        scene("onward", Content::Shot(onward)),
    ];
    assert_eq!(can_show(&path), Ok(()));
    let all = pictures(&made(160, 160, &scenes, 2).expect("the film is sound"));
    let own = pictures(&std::fs::read(&path).expect("it was just written"));
    assert_eq!((all.len(), own.len()), (18, 24));
    for frame in [0, 5, 11] {
        // In the middle of the square; every second picture at half the frame rate.
        let shown = &all[frame][34 * 160..(34 + 90) * 160];
        let off = difference(shown, &own[2 * frame], 160, 10..90);
        assert!(off < 3.0, "{frame}: {off}");
        assert!(all[frame][28 * 160..33 * 160].iter().all(|luma| *luma < 24));
        assert!(
            all[frame][..20 * 160].iter().any(|luma| *luma > 150),
            "the label"
        );
    }
    let joint = difference(&all[12][34 * 160..], &own[23], 160, 0..40);
    assert!(joint < 4.0, "{joint}");
}

#[test]
fn what_cannot_be_made_is_refused_by_name() {
    let refused = |scenes: &[Scene]| {
        made(96, 64, scenes, 2)
            .expect_err("it is refused")
            .to_string()
    };
    assert!(matches!(
        made(97, 64, &[card(500)], 1),
        Err(FilmError::Bounds { .. })
    ));
    assert!(matches!(
        made(3842, 64, &[card(500)], 1),
        Err(FilmError::Bounds { .. })
    ));
    assert!(matches!(made(96, 64, &[], 1), Err(FilmError::Empty)));

    let mut broken = shot(500, &[]);
    broken.first = Some(Image::Bytes(b"no picture".to_vec()));
    let scenes = [card(500), scene("opening", Content::Shot(broken.clone()))];
    assert!(
        refused(&scenes).contains("first frame of `opening`"),
        "{}",
        refused(&scenes)
    );
    broken.first = None;
    broken.last = Some(Image::File(PathBuf::from("nowhere/still.png")));
    let scenes = [scene("end", Content::Shot(broken.clone()))];
    assert!(
        refused(&scenes).contains("`nowhere/still.png`"),
        "{}",
        refused(&scenes)
    );

    broken.last = Some(Image::Frame {
        scene: 0,
        at: FrameAt::First,
    });
    let scenes = [scene("ring", Content::Shot(broken))];
    assert!(refused(&scenes).contains("`ring`"), "{}", refused(&scenes));

    let lost = Video {
        path: PathBuf::from("nowhere.mp4"),
        label: String::new(),
        duration_ms: 1000,
    };
    let scenes = [scene("lost", Content::Video(lost)), card(500)];
    assert!(refused(&scenes).contains("`lost`"), "{}", refused(&scenes));
}

#[test]
fn whoever_waits_for_a_failed_scene_does_not_wait_for_ever() {
    let mut broken = shot(500, &[]);
    broken.first = Some(Image::Bytes(Vec::new()));
    let mut scenes = vec![scene("broken", Content::Shot(broken))];
    for source in 0..12 {
        let mut next = shot(500, &[]);
        next.first = Some(Image::Frame {
            scene: source,
            at: FrameAt::Last,
        });
        scenes.push(scene("next", Content::Shot(next)));
    }
    for threads in [1, 2, 7] {
        let error = made(96, 64, &scenes, threads).expect_err("the first cannot be decoded");
        assert!(
            matches!(&error, FilmError::Still { scene, .. } if scene == "broken"),
            "{error}"
        );
    }
}

#[test]
fn somebody_can_ask_to_stop() {
    let film = Film {
        width: 96,
        height: 64,
        fps: FPS,
        fonts: Fonts::embedded(),
        scenes: &chained(),
    };
    let seen = AtomicU64::new(0);
    let few = || seen.fetch_add(1, Ordering::Relaxed) < 5;
    let stopped = shoot(&film, 2, &few, Cursor::new(Vec::new()));
    assert!(matches!(stopped, Err(FilmError::Stopped)));
    assert!(seen.into_inner() < 9);
    assert_eq!(frames(&film).expect("the film is sound"), 36);
}
