//! A printed storyboard as PDF: pictures as JPEG, words as text.
//!
//! Owns how the items of `paper` become a PDF. Text is set in the embedded font, of
//! which only the used glyphs go into the file, and can be searched and copied; a
//! character that the font lacks is drawn as □ and still copied as itself. There is
//! no date and no random number in the file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ab_glyph::{Font as _, FontRef};
use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use thiserror::Error;

use super::canvas::Colour;
use super::paper::{Item, Paper, UNIT, flow};
use super::{Film, Place};
use crate::media::fonts;

/// Stands for characters the font lacks.
const MISSING: char = '□';

/// A frame that is ready for print.
#[derive(Debug, Clone)]
pub struct Print {
    /// A JPEG file.
    pub jpeg: Arc<Vec<u8>>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// When it is shown, from the beginning of the video.
    pub time: Duration,
}

/// The frames of one shot, or why there are none.
pub type Prints = Result<Vec<Print>, String>;

/// A film with its pictures, to be printed.
#[derive(Debug)]
pub struct Storyboard<'a> {
    /// The film.
    pub film: &'a Film,
    /// On what.
    pub paper: Paper,
    /// Pictures of each shot.
    pub frames: usize,
    /// The pictures of each card; none for a shot without a video.
    pub prints: &'a [Prints],
}

/// Why there is no PDF.
#[derive(Debug, Error)]
pub enum PdfError {
    /// The font in the program does not fit the library.
    #[error("the embedded font cannot be read")]
    Font,
    /// A picture is no JPEG.
    #[error("a picture of `{id}` cannot be embedded: {reason}")]
    Picture {
        /// Whose picture.
        id: String,
        /// What the library says.
        reason: String,
    },
    /// The library refuses the document.
    #[error("the document cannot be put together: {0}")]
    Document(String),
}

impl Storyboard<'_> {
    /// The bytes of the file.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        let settings = SerializeSettings {
            enable_tagging: false,
            ..SerializeSettings::default()
        };
        let mut document = Document::new_with(settings);
        let title = self.film.heading();
        document.set_metadata(Metadata::new().title(title).creator("runner".to_owned()));
        let (width, height) = self.paper.size();
        let size = Size::from_wh(points(width), points(height)).ok_or_else(impossible)?;
        let fonts = Fonts::embedded()?;
        let mut outline = Outline::new();
        let pages = flow(self.film, self.paper, self.frames, self.prints);
        for (number, items) in pages.iter().enumerate() {
            let mut page = document.start_page_with(PageSettings::new(size));
            let mut surface = page.surface();
            for item in items {
                self.draw(&mut surface, &fonts, item)?;
            }
            surface.finish();
            page.finish();
            for node in items.iter().filter_map(|item| self.bookmark(item, number)) {
                outline.push_child(node);
            }
        }
        document.set_outline(outline);
        document
            .finish()
            .map_err(|error| PdfError::Document(format!("{error:?}")))
    }

    /// Shots are found in the list beside the pages.
    fn bookmark(&self, item: &Item, page: usize) -> Option<OutlineNode> {
        let Item::Shot { card, top } = item else {
            return None;
        };
        let card = self.film.cards.get(*card)?;
        let name = format!("{} {}", self.film.number(card), card.id);
        let place = XyzDestination::new(page, Point::from_xy(0.0, points(*top)));
        Some(OutlineNode::new(name, place))
    }

    fn draw(&self, surface: &mut Surface<'_>, fonts: &Fonts, item: &Item) -> Result<(), PdfError> {
        match item {
            Item::Text {
                left,
                base,
                em,
                bold,
                colour,
                text,
            } => {
                surface.set_fill(Some(fill(*colour)));
                // The font has one weight; a line around the letters makes another.
                let width = (points(*em) / 36.0).min(0.42);
                surface.set_stroke(bold.then(|| stroke(*colour, width)));
                let start = Point::from_xy(points(*left), points(*base));
                let glyphs = fonts.glyphs(text);
                surface.draw_glyphs(start, &glyphs, fonts.pdf.clone(), text, points(*em), false);
            }
            Item::Picture { place, card, frame } => self.picture(surface, *place, *card, *frame)?,
            Item::Frame { place } => {
                surface.set_fill(None);
                surface.set_stroke(Some(stroke([176, 181, 190], 0.4)));
                rectangle(surface, *place)?;
            }
            Item::Block { place, colour } => {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(*colour)));
                rectangle(surface, *place)?;
            }
            Item::Shot { .. } => {}
        }
        Ok(())
    }

    fn picture(
        &self,
        surface: &mut Surface<'_>,
        place: Place,
        card: usize,
        frame: usize,
    ) -> Result<(), PdfError> {
        let prints = self
            .prints
            .get(card)
            .and_then(|prints| prints.as_ref().ok());
        let Some(print) = prints.and_then(|prints| prints.get(frame)) else {
            return Ok(());
        };
        let refused = |reason: String| PdfError::Picture {
            id: self.film.cards[card].id.clone(),
            reason,
        };
        let image = Image::from_jpeg(print.jpeg.clone().into(), true).map_err(refused)?;
        let size = Size::from_wh(points(place.width), points(place.height));
        let to = Transform::from_translate(points(place.left), points(place.top));
        surface.push_transform(&to);
        surface.draw_image(image, size.ok_or_else(impossible)?);
        surface.pop();
        Ok(())
    }
}

/// The embedded font, to be measured and to be embedded.
struct Fonts {
    own: FontRef<'static>,
    pdf: Font,
}

impl Fonts {
    fn embedded() -> Result<Self, PdfError> {
        let own = FontRef::try_from_slice(fonts::FILE).map_err(|_| PdfError::Font)?;
        let pdf = Font::new(fonts::FILE.into(), 0).ok_or(PdfError::Font)?;
        Ok(Self { own, pdf })
    }

    /// A glyph for each character, as the font has no tables for more.
    fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let em = self.own.units_per_em().unwrap_or(1000.0);
        let glyph = |(at, each): (usize, char)| {
            let id = match self.own.glyph_id(each) {
                id if id.0 == 0 => self.own.glyph_id(MISSING),
                id => id,
            };
            let advance = self.own.h_advance_unscaled(id) / em;
            let id = GlyphId::new(u32::from(id.0));
            let range = at..at + each.len_utf8();
            KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(glyph).collect()
    }
}

/// The characters that the embedded font lacks, each once.
pub fn missing(film: &Film) -> BTreeSet<char> {
    let texts = film.cards.iter().flat_map(|card| [&card.id, &card.prompt]);
    texts
        .chain([&film.title])
        .flat_map(|text| fonts::Fonts::embedded().missing(text))
        .collect()
}

fn rectangle(surface: &mut Surface<'_>, place: Place) -> Result<(), PdfError> {
    let (left, top) = (points(place.left), points(place.top));
    let rect = Rect::from_xywh(left, top, points(place.width), points(place.height));
    let mut path = PathBuilder::new();
    path.push_rect(rect.ok_or_else(impossible)?);
    surface.draw_path(&path.finish().ok_or_else(impossible)?);
    Ok(())
}

fn impossible() -> PdfError {
    PdfError::Document("a length on it is impossible".to_owned())
}

fn fill([red, green, blue]: Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        ..Fill::default()
    }
}

fn stroke([red, green, blue]: Colour, width: f32) -> Stroke {
    Stroke {
        paint: rgb::Color::new(red, green, blue).into(),
        width,
        ..Stroke::default()
    }
}

/// Lengths are below a million, which a float holds exactly.
fn points(length: i64) -> f32 {
    length as f32 / UNIT as f32
}
