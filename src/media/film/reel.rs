//! One scene: drawn, captioned and encoded.
//!
//! Owns how a scene's pictures are put together; which scene comes when is not its business.

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path as FilePath;

use super::card;
use super::footage::{self, Footage};
use super::plot::{Plot, number};
use super::shelf::Shelf;
use super::{Content, Film, FilmError, Image, Scene, Shot, Video};
use crate::media::caption::{Caption, Words};
use crate::media::clip::ClipError;
use crate::media::encode::{Encoding, Parameters, Sample};
use crate::media::fit::{self, Size};
use crate::media::motion::Path;
use crate::media::noise::hash;
use crate::media::plane::Picture;
use crate::media::sketch::{Sketch, world};
use crate::media::stage::Stage;
use crate::media::{photo, scene, still};

/// No picture that a request may carry is larger.
const LARGEST_FILE: u64 = 64 << 20;

/// The encoded samples of one scene.
pub(super) struct Reel {
    pub(super) parameters: Parameters,
    pub(super) samples: Vec<Sample>,
}

/// What a scene is made of while it is drawn. All pictures are of the size of the film's frames.
struct Set<'a> {
    film: &'a Film<'a>,
    plot: &'a Plot,
    shelf: &'a Shelf,
    scene: &'a Scene,
    frames: u64,
    frame: Size,
}

/// Draws and encodes a scene, and lends its frames to others before that. `None` for a scene that is not shown.
pub(super) fn shoot(
    film: &Film<'_>,
    plot: &Plot,
    number: usize,
    shelf: &Shelf,
    goes_on: &dyn Fn() -> bool,
) -> Result<Option<Reel>, FilmError> {
    let scene = &film.scenes[number];
    let set = Set {
        film,
        plot,
        shelf,
        scene,
        frames: plot.frames[number],
        frame: (film.width as usize, film.height as usize),
    };
    let wanted = &plot.wanted[number];
    match &scene.content {
        Content::Card(card) => {
            let picture = card::paint(card, film.fonts, set.frame);
            for (frame, _) in wanted {
                shelf.put((number, *frame), picture.clone());
            }
            set.roll(goes_on, |_, out| {
                out.clone_from(&picture);
                Ok(())
            })
        }
        Content::Shot(shot) => {
            let (sketch, size) = set.sketch(shot)?;
            for (frame, _) in wanted {
                let mut picture = Picture::new(size.0, size.1);
                sketch.show(*frame, &mut picture);
                shelf.put((number, *frame), picture);
            }
            set.roll_sketch(shot, &sketch, size, goes_on)
        }
        Content::Video(video) => {
            for (frame, _) in wanted {
                let picture = set.lent(video, *frame)?;
                shelf.put((number, *frame), picture);
            }
            set.roll_video(video, goes_on)
        }
    }
}

impl Set<'_> {
    /// Encodes frame after frame.
    fn roll(
        &self,
        goes_on: &dyn Fn() -> bool,
        mut show: impl FnMut(u64, &mut Picture) -> Result<(), FilmError>,
    ) -> Result<Option<Reel>, FilmError> {
        if !self.scene.shown {
            return Ok(None);
        }
        let failed = |source: ClipError| FilmError::Scene {
            scene: self.scene.name.clone(),
            source,
        };
        let mut encoding = Encoding::of_scene(self.film.fps, self.frames).map_err(failed)?;
        let mut picture = Picture::new(self.frame.0, self.frame.1);
        let mut samples = Vec::with_capacity(self.frames as usize);
        for frame in 0..self.frames {
            show(frame, &mut picture)?;
            samples.push(encoding.add(&picture).map_err(failed)?);
            if !goes_on() {
                return Err(FilmError::Stopped);
            }
        }
        Ok(Some(Reel {
            parameters: encoding.parameters,
            samples,
        }))
    }

    fn roll_sketch(
        &self,
        shot: &Shot,
        sketch: &Sketch,
        size: Size,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Reel>, FilmError> {
        let words = Words {
            title: &self.scene.name,
            prompt: &shot.prompt,
            steps: &shot.moves,
            badge: &shot.badge,
        };
        let mut caption = Caption::new(words, self.film.fonts, self.frame.0, self.frame.1);
        let mut inner = (size != self.frame).then(|| Picture::new(size.0, size.1));
        self.roll(goes_on, |frame, out| {
            match &mut inner {
                None => sketch.show(frame, out),
                Some(inner) => {
                    sketch.show(frame, inner);
                    out.clear();
                    fit::place(inner, out);
                }
            }
            caption.write(sketch.moment(frame, self.film.fps), out);
            Ok(())
        })
    }

    fn roll_video(
        &self,
        video: &Video,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Reel>, FilmError> {
        if !self.scene.shown {
            return Ok(None);
        }
        let mut footage = self.footage(video)?;
        let label = card::label(&video.label, self.film.fonts, self.frame);
        self.roll(goes_on, |frame, out| {
            let picture = footage
                .show(frame, self.film.fps)
                .map_err(|reason| self.lost(video, reason))?;
            let size = fit::inside((picture.width(), picture.height()), self.frame);
            out.clear();
            fit::place(&fit::scaled(picture, size), out);
            label.lay_over(out);
            Ok(())
        })
    }

    /// A frame of the video for another scene.
    fn lent(&self, video: &Video, frame: u64) -> Result<Picture, FilmError> {
        let picture = if frame + 1 == self.frames {
            footage::last(&video.path)
        } else {
            self.footage(video)?.at(frame, self.film.fps)
        };
        picture.map_err(|reason| self.lost(video, reason))
    }

    fn footage(&self, video: &Video) -> Result<Footage, FilmError> {
        Footage::open(&video.path).map_err(|reason| self.lost(video, reason))
    }

    fn lost(&self, video: &Video, reason: String) -> FilmError {
        FilmError::Video {
            scene: self.scene.name.clone(),
            path: video.path.clone(),
            reason,
        }
    }

    /// The shot's world and camera, and the size of its pictures: as large as the film's frames, or of the shape of
    /// its first picture inside of them.
    fn sketch(&self, shot: &Shot) -> Result<(Sketch, Size), FilmError> {
        let (stage, size, goes_on) = match &shot.first {
            None => {
                let (width, height) = self.frame;
                let seed = seed(&self.scene.name, &shot.prompt);
                (
                    scene::paint(seed, world(width), world(height)),
                    self.frame,
                    false,
                )
            }
            Some(Image::Frame { scene, at }) => {
                let picture = self.fetch(*scene, *at)?;
                let size = fit::inside((picture.width(), picture.height()), self.frame);
                let whole = fit::bordered(&fit::scaled(&picture, size));
                (Stage::photograph(whole), size, true)
            }
            Some(image) => {
                let bytes = self.read(image, "first frame")?;
                let info = still::inspect(Cursor::new(&bytes))
                    .map_err(|error| self.spoilt("first frame", image, &error.to_string()))?;
                let size = fit::inside((info.width as usize, info.height as usize), self.frame);
                let picture = photo::cover(&bytes, world(size.0), world(size.1))
                    .map_err(|error| self.spoilt("first frame", image, &reason(&error)))?;
                (Stage::photograph(picture), size, false)
            }
        };
        let path = if goes_on { Path::onward } else { Path::new };
        let sketch = Sketch {
            stage,
            path: path(&shot.moves, self.frames, self.film.fps),
            last: shot
                .last
                .as_ref()
                .map(|image| self.last(image, size))
                .transpose()?,
            frames: self.frames,
        };
        Ok((sketch, size))
    }

    fn last(&self, image: &Image, size: Size) -> Result<Picture, FilmError> {
        if let Image::Frame { scene, at } = image {
            return Ok(fit::cover(&*self.fetch(*scene, *at)?, size));
        }
        let bytes = self.read(image, "last frame")?;
        photo::cover(&bytes, size.0, size.1)
            .map_err(|error| self.spoilt("last frame", image, &reason(&error)))
    }

    fn fetch(
        &self,
        scene: usize,
        at: crate::shot::FrameAt,
    ) -> Result<std::sync::Arc<Picture>, FilmError> {
        let frame = number(at, self.plot.frames[scene], self.film.fps);
        self.shelf.fetch((scene, frame)).ok_or(FilmError::Stopped)
    }

    fn read(&self, image: &Image, which: &str) -> Result<Vec<u8>, FilmError> {
        match image {
            Image::Bytes(bytes) => Ok(bytes.clone()),
            Image::File(path) => {
                read(path).map_err(|error| self.spoilt(which, image, &error.to_string()))
            }
            Image::Frame { .. } => Ok(Vec::new()),
        }
    }

    fn spoilt(&self, which: &str, image: &Image, reason: &str) -> FilmError {
        let which = match image {
            Image::File(path) => format!("{which}, `{}`,", path.display()),
            Image::Bytes(_) | Image::Frame { .. } => which.to_owned(),
        };
        FilmError::Still {
            scene: self.scene.name.clone(),
            which,
            reason: reason.to_owned(),
        }
    }
}

fn reason(error: &ClipError) -> String {
    match error {
        ClipError::Still(reason) => reason.clone(),
        error => error.to_string(),
    }
}

fn read(path: &FilePath) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST_FILE)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The generated scene belongs to the shot, wherever it stands in the film.
fn seed(name: &str, prompt: &str) -> u64 {
    let bytes = name.bytes().chain([0]).chain(prompt.bytes());
    bytes.fold(0x0f11, |seed, byte| hash(seed, u64::from(byte)))
}
