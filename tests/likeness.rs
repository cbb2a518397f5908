//! The bands of likeness: what they take for alike, and what they do not.
//!
//! A few of the pairs that `benches/likeness.rs` prints, smaller and shorter. They are drawn, not generated: that the
//! bands hold for what a model makes, they do not prove.

#[path = "../benches/support/drawn.rs"]
mod drawn;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, RgbImage};
use runner::media::clip::{ClipRequest, render};
use runner::media::frames::Tools;
use runner::media::measure::{Band, Glance, Likeness, What, likeness, measure};
use runner::media::motion::Move;

use drawn::{SCENES, Words, draw};

const SIZE: (u32, u32) = (256, 144);

/// What is seen of a film of a picture.
fn film(folder: &Path, picture: &RgbImage, camera: Move, size: (u32, u32)) -> Vec<Glance> {
    let mut still = Cursor::new(Vec::new());
    picture
        .write_to(&mut still, ImageFormat::Png)
        .expect("it can be written");
    let moves = [vec![camera]];
    let request = ClipRequest {
        width: size.0,
        height: size.1,
        duration_ms: 1500,
        fps: 16,
        seed: 0,
        title: "",
        prompt: "",
        moves: &moves,
        first_frame: Some(still.get_ref()),
        last_frame: None,
    };
    let path = folder.join("film.mp4");
    fs::write(&path, render(&request).expect("the request is sound")).expect("it can be written");
    let measures = measure(&path, What::Picture, &Tools::default()).expect("it is whole");
    measures.picture.expect("it is decoded").glances
}

/// One scene's film, and how others are like it.
struct Base {
    folder: tempfile::TempDir,
    glances: Vec<Glance>,
}

impl Base {
    fn new(words: Words) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let glances = film(folder.path(), &draw(&words, 1, SIZE), Move::PanRight, SIZE);
        Self { folder, glances }
    }

    fn to(&self, picture: &RgbImage, camera: Move) -> Likeness {
        let other = film(self.folder.path(), picture, camera, SIZE);
        likeness(&self.glances, &other)
    }
}

#[test]
fn the_same_words_made_anew_are_alike() {
    for words in SCENES {
        let base = Base::new(words);
        for seed in 2..5 {
            let found = base.to(&draw(&words, seed, SIZE), Move::PanRight);
            assert!(
                found.is_within(&Band::Alike.bounds()),
                "{} {seed}: {found:?}",
                words.name
            );
        }
    }
}

#[test]
fn the_same_film_written_again_is_close() {
    for words in SCENES {
        let base = Base::new(words);
        let picture = draw(&words, 1, SIZE);
        let smaller = film(base.folder.path(), &picture, Move::PanRight, (192, 108));
        let found = likeness(&base.glances, &smaller);
        assert_eq!(found.band(), Some(Band::Close), "{}: {found:?}", words.name);
        let mut brighter = picture;
        for pixel in brighter.pixels_mut() {
            pixel.0 = pixel.0.map(|value| value.saturating_add(8));
        }
        let found = base.to(&brighter, Move::PanRight);
        assert_eq!(found.band(), Some(Band::Close), "{}: {found:?}", words.name);
    }
}

#[test]
fn another_scene_is_in_no_band() {
    for (number, words) in SCENES.into_iter().enumerate() {
        let base = Base::new(words);
        let others = (1..SCENES.len()).map(|step| SCENES[(number + step) % SCENES.len()]);
        for other in others {
            let found = base.to(&draw(&other, 3, SIZE), Move::PanRight);
            assert_eq!(
                found.band(),
                None,
                "{} {}: {found:?}",
                words.name,
                other.name
            );
        }
        let black = base.to(&RgbImage::new(SIZE.0, SIZE.1), Move::PanRight);
        assert_eq!(black.band(), None, "{}: {black:?}", words.name);
    }
}

#[test]
fn a_subject_of_another_colour_is_not_alike() {
    for words in SCENES {
        let base = Base::new(words);
        for subject in [[30, 60, 210], [30, 170, 60]] {
            let found = base.to(&draw(&words.with_subject(subject), 3, SIZE), Move::PanRight);
            assert!(
                !found.is_within(&Band::Alike.bounds()),
                "{} {subject:?}: {found:?}",
                words.name
            );
        }
    }
}

#[test]
fn another_way_of_the_camera_is_loose_at_most() {
    for words in SCENES {
        let base = Base::new(words);
        for camera in [Move::PanLeft, Move::TiltDown, Move::StaticShot] {
            let found = base.to(&draw(&words, 3, SIZE), camera);
            let band = found.band();
            assert!(
                matches!(band, None | Some(Band::Loose)),
                "{} {camera:?}: {found:?}",
                words.name
            );
        }
    }
}
