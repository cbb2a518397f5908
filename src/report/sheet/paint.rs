//! A page of a contact sheet as pixels.
//!
//! Owns its colours and what is drawn at the places that `grid` gives. A shot
//! without a picture is an empty card that says why.

use image::RgbImage;

use super::canvas::{Canvas, Colour, face};
use super::grid::{Grid, MARGIN, Page, SetCard};
use super::words::seconds;
use super::{Card, Film, Place, Still, Stills, Tone};
use crate::media::text::{Face, Line, clean};
use crate::media::thumbnail::scaled;

const GROUND: Colour = [24, 26, 31];
/// Behind a picture of another shape than its cell, and of empty cards.
const WELL: Colour = [16, 17, 21];
const EDGE: Colour = [255, 255, 255];
const RULE: Colour = [58, 62, 71];
const WHITE: Colour = [244, 245, 247];
const SOFT: Colour = [198, 203, 212];
const DIM: Colour = [138, 145, 158];
const AMBER: Colour = [255, 190, 70];
const GREEN: Colour = [116, 199, 134];
const BLUE: Colour = [126, 170, 236];
const RED: Colour = [240, 128, 110];

/// Draws a page. `stills` belong to its cards in order.
pub fn paint(film: &Film, grid: &Grid, page: usize, stills: &[Stills]) -> RgbImage {
    let own = &grid.pages[page];
    let mut painter = Painter {
        film,
        grid,
        canvas: Canvas::new(own.width, own.height, GROUND),
    };
    painter.head(own, page);
    let cards = &film.cards[own.cards.clone()];
    let none: Stills = Err("it was not looked at".to_owned());
    for (at, (card, set)) in cards.iter().zip(&own.set).enumerate() {
        painter.card(card, set, stills.get(at).unwrap_or(&none));
    }
    painter.canvas.pixels
}

struct Painter<'a> {
    film: &'a Film,
    grid: &'a Grid,
    canvas: Canvas,
}

impl Painter<'_> {
    fn head(&mut self, page: &Page, number: usize) {
        let (title, about) = (face(44, true), face(20, false));
        let room = page.width - 2 * MARGIN;
        let pages = self.grid.pages.len();
        let mut right = room;
        if pages > 1 {
            let text = format!("sheet {} of {pages}", number + 1);
            right -= about.width(&text) + MARGIN;
            self.write(about, &text, MARGIN + right + MARGIN, 126, DIM);
        }
        let name = title.fit(&clean(&self.film.title), room);
        self.write(title, &name, MARGIN - 2, 84, WHITE);
        let summary = about.fit(&self.film.summary(), right);
        self.write(about, &summary, MARGIN, 126, SOFT);
        self.canvas.fill(
            Place {
                left: MARGIN,
                top: 143,
                width: room,
                height: 1,
            },
            RULE,
            255,
        );
    }

    fn card(&mut self, card: &Card, set: &SetCard, stills: &Stills) {
        match stills {
            Ok(stills) if !stills.is_empty() => self.pictures(set, stills),
            Ok(_) => self.empty(set, card.state.tone, &card.state.word, &card.state.reason),
            Err(reason) => self.empty(set, Tone::Trouble, "no picture", reason),
        }
        self.heading(card, set);
        let size = self.grid.type_size;
        let facts = face(size.facts, false);
        let text = facts.fit(&clean(&card.facts()), set.width);
        self.write(facts, &text, set.left, size.facts_base(set.base), DIM);
        let prompt = face(size.prompt, false);
        for (number, line) in set.prompt.iter().enumerate() {
            let base = size.prompt_base(set.base, number);
            let mut left = set.left;
            for piece in line {
                let colour = if piece.camera { AMBER } else { SOFT };
                left = self.write(prompt, &piece.text, left, base, colour);
            }
        }
    }

    fn pictures(&mut self, set: &SetCard, stills: &[Still]) {
        let several = set.cells.len() > 1;
        for (place, still) in set.cells.iter().zip(stills) {
            self.canvas.fill(*place, WELL, 255);
            let fitted = place.fit(still.picture.dimensions());
            let size = (fitted.width as u32, fitted.height as u32);
            let picture = scaled(&still.picture, size);
            self.canvas.picture(&picture, fitted.left, fitted.top);
            if several {
                self.time(*place, &seconds(still.time));
            }
            // A dark frame must not run into the ground.
            self.canvas.outline(*place, EDGE, 34);
        }
    }

    /// The time of a frame in its upper left corner, where pictures say least.
    fn time(&mut self, place: Place, text: &str) {
        let face = face(13, false);
        let label = Place {
            left: place.left,
            top: place.top,
            width: face.width(text) + 12,
            height: 20,
        };
        if label.width < place.width {
            self.canvas.fill(label, [0, 0, 0], 150);
            self.write(face, text, place.left + 6, place.top + 15, WHITE);
        }
    }

    /// In place of all pictures of a card: what is the matter, and why.
    fn empty(&mut self, set: &SetCard, tone: Tone, word: &str, reason: &str) {
        let (Some(first), Some(last)) = (set.cells.first(), set.cells.last()) else {
            return;
        };
        let place = Place {
            left: first.left,
            top: first.top,
            width: set.width,
            height: last.bottom() - first.top,
        };
        self.canvas.fill(place, WELL, 255);
        self.canvas.outline(place, RULE, 255);
        let size = self.grid.type_size;
        let (strong, plain) = (face(size.id, true), face(size.prompt, false));
        let room = place.width - 4 * size.prompt;
        let fits = (place.height - 3 * size.id) / size.line;
        let lines = plain.wrap(reason, room, usize::try_from(fits).unwrap_or(0).min(6));
        let high = size.id + lines.len() as i64 * size.line;
        let mut base = place.top + (place.height - high) / 2 + size.id * 4 / 5;
        let middle = place.left + place.width / 2;
        let word = strong.fit(word, room);
        self.write(
            strong,
            &word,
            middle - strong.width(&word) / 2,
            base,
            colour(tone),
        );
        base += size.line * 5 / 4;
        for line in &lines {
            self.write(plain, line, middle - plain.width(line) / 2, base, DIM);
            base += size.line;
        }
    }

    /// Number and id on the left, the state on the right.
    fn heading(&mut self, card: &Card, set: &SetCard) {
        let size = self.grid.type_size;
        let (strong, plain) = (face(size.id, true), face(size.facts, false));
        let right = set.left + set.width;
        let word = clean(&card.state.word);
        let state = plain.width(&word);
        self.write(
            plain,
            &word,
            right - state,
            set.base,
            colour(card.state.tone),
        );
        let number = self.film.number(card);
        let left = self.write(strong, &number, set.left, set.base, DIM) + size.id / 2;
        let span = card.span();
        let wide = plain.width(&span);
        let id = strong.fit(&clean(&card.id), right - state - size.id - left);
        let end = self.write(strong, &id, left, set.base, WHITE) + size.id;
        if end + wide + size.id < right - state {
            self.write(plain, &span, end, set.base, DIM);
        }
    }

    fn write(&mut self, face: Face, text: &str, left: i64, base: i64, colour: Colour) -> i64 {
        self.canvas.write(face, Line { text, left, base }, colour)
    }
}

fn colour(tone: Tone) -> Colour {
    match tone {
        Tone::Good => GREEN,
        Tone::Waiting => BLUE,
        Tone::Trouble => RED,
    }
}
