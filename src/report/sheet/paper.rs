//! Where everything stands on the pages of a printed storyboard.
//!
//! Owns sizes of paper and type, and the flow from page to page: whatever does not
//! fit goes on on the next page, and nothing is cut. All lengths are twentieths of
//! a point, so that lines break the same way everywhere.

use super::canvas::{Colour, face};
use super::pdf::{Print, Prints};
use super::prompt::{Piece, paragraphs};
use super::words::seconds;
use super::{Card, Film, Place, Tone};
use crate::media::text::clean;

/// Twentieths of a point in a point.
pub(super) const UNIT: i64 = 20;
/// Left, right and above.
const MARGIN: i64 = 46 * UNIT;
/// Below; the page number stands in it.
const FOOT: i64 = 54 * UNIT;
const SEAM: i64 = 5 * UNIT;
/// Pictures of one shot side by side.
const ABREAST: usize = 4;
/// Pixels for each point of paper: 180 to the inch.
const DENSITY: (i64, i64) = (5, 2);

const INK: Colour = [22, 24, 30];
const SOFT: Colour = [52, 56, 66];
const DIM: Colour = [112, 118, 130];
const RULE: Colour = [204, 208, 215];
const PALE: Colour = [246, 247, 249];
const CAMERA: Colour = [166, 78, 0];

const TITLE: Type = Type {
    em: 26 * UNIT,
    line: 32 * UNIT,
};
const ID: Type = Type {
    em: 12 * UNIT,
    line: 17 * UNIT,
};
const FACTS: Type = Type {
    em: 8 * UNIT,
    line: 13 * UNIT,
};
const TIME: Type = Type {
    em: 7 * UNIT,
    line: 12 * UNIT,
};
const TEXT: Type = Type {
    em: 10 * UNIT,
    line: 15 * UNIT,
};

/// A size of type and the distance of its lines.
#[derive(Clone, Copy)]
struct Type {
    em: i64,
    line: i64,
}

/// A size of paper, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// 210 by 297 millimetres.
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

impl Paper {
    /// Width and height.
    pub(super) fn size(self) -> (i64, i64) {
        match self {
            Self::A4 => (11906, 16838),
            Self::Letter => (12240, 15840),
        }
    }

    fn room(self) -> i64 {
        self.size().0 - 2 * MARGIN
    }

    /// The largest size in pixels at which pictures are printed.
    pub fn cell(self, film: &Film, frames: usize) -> (u32, u32) {
        let pixels = |length: i64| (length * DENSITY.0 / DENSITY.1 / UNIT).max(1) as u32;
        let cells = strip(self.room(), frames.max(1), film.shape());
        cells
            .first()
            .map_or((1, 1), |cell| (pixels(cell.width), pixels(cell.height)))
    }
}

/// The pictures of a shot, from the top left of where they go. One alone leaves
/// room for the prompt beside it.
fn strip(room: i64, frames: usize, shape: (i64, i64)) -> Vec<Place> {
    let width = if frames == 1 { room * 9 / 20 } else { room };
    Place::cells(0, 0, width, (frames, ABREAST, SEAM), shape)
}

/// Something on a page.
#[derive(Debug)]
pub(super) enum Item {
    Text {
        left: i64,
        base: i64,
        em: i64,
        bold: bool,
        colour: Colour,
        text: String,
    },
    Picture {
        place: Place,
        card: usize,
        frame: usize,
    },
    /// A hair line around a place.
    Frame { place: Place },
    /// A filled place.
    Block { place: Place, colour: Colour },
    /// Here a shot begins.
    Shot { card: usize, top: i64 },
}

/// The items of each page.
pub(super) fn flow(film: &Film, paper: Paper, frames: usize, prints: &[Prints]) -> Vec<Vec<Item>> {
    let mut flow = Flow {
        film,
        paper,
        frames: frames.max(1),
        pages: vec![Vec::new()],
        y: MARGIN,
    };
    flow.title();
    let none: Prints = Ok(Vec::new());
    for (at, card) in film.cards.iter().enumerate() {
        flow.shot(at, card, prints.get(at).unwrap_or(&none));
    }
    flow.feet();
    flow.pages
}

struct Flow<'a> {
    film: &'a Film,
    paper: Paper,
    frames: usize,
    pages: Vec<Vec<Item>>,
    /// The upper end of what is free on the last page.
    y: i64,
}

impl Flow<'_> {
    fn title(&mut self) {
        let room = self.paper.room();
        let lines = face(TITLE.em, false).wrap(&clean(&self.film.title), room, usize::MAX);
        for line in lines {
            self.line(TITLE, MARGIN, &line, true, INK);
        }
        self.y += 2 * UNIT;
        self.line(FACTS, MARGIN, &self.film.summary(), false, DIM);
    }

    /// A hair line between shots.
    fn rule(&mut self) {
        self.y += 5 * UNIT;
        let place = Place {
            left: MARGIN,
            top: self.y,
            width: self.paper.room(),
            height: UNIT / 2,
        };
        self.put(Item::Block {
            place,
            colour: RULE,
        });
        self.y += 8 * UNIT;
    }

    fn shot(&mut self, at: usize, card: &Card, prints: &Prints) {
        let cells = strip(self.paper.room(), self.frames, self.film.shape());
        let first = cells.first().map_or(0, |cell| cell.height);
        let need = ID.line + FACTS.line + first + TIME.line + 3 * TEXT.line;
        if self.y + need > self.bottom() && !self.is_fresh() {
            self.next_page();
        } else {
            self.rule();
        }
        let top = self.y;
        self.put(Item::Shot { card: at, top });
        self.heading(card, "");
        self.facts(card);
        self.y += 2 * UNIT;
        let beside = match prints {
            Ok(prints) if !prints.is_empty() => self.pictures(at, card, prints, &cells),
            Ok(_) => self.empty(&card.state.reason),
            Err(reason) => self.empty(&format!("no picture: {reason}")),
        };
        self.prompt(card, beside);
    }

    fn heading(&mut self, card: &Card, more: &str) {
        let right = MARGIN + self.paper.room();
        let word = clean(&card.state.word);
        let width = face(FACTS.em, false).width(&word);
        let base = self.y + ID.em;
        let tone = colour(card.state.tone);
        self.text((right - width, base), FACTS, &word, false, tone);
        let number = self.film.number(card);
        let strong = face(ID.em, false);
        self.text((MARGIN, base), ID, &number, true, DIM);
        let left = MARGIN + strong.width(&number) + ID.em / 2;
        let name = format!("{}{more}", clean(&card.id));
        // An id is at most a line of the widest letters; it goes on below.
        let lines = strong.wrap(&name, right - width - ID.em - left, usize::MAX);
        for line in &lines {
            self.line(ID, left, line, true, INK);
        }
    }

    fn facts(&mut self, card: &Card) {
        let plain = face(FACTS.em, false);
        let span = card.span();
        let width = plain.width(&span);
        let right = MARGIN + self.paper.room() - width;
        self.text((right, self.y + FACTS.em), FACTS, &span, false, DIM);
        let room = self.paper.room() - width - FACTS.em;
        for line in plain.wrap(&card.facts(), room, usize::MAX) {
            self.line(FACTS, MARGIN, &line, false, DIM);
        }
    }

    /// Row by row; gives where text beside a single picture begins.
    fn pictures(&mut self, at: usize, card: &Card, prints: &[Print], cells: &[Place]) -> Beside {
        let mut row = 0;
        let top_of = |cell: &Place| cell.top;
        for (frame, (cell, print)) in cells.iter().zip(prints).enumerate() {
            if frame == 0 || top_of(cell) != row {
                if frame > 0 {
                    self.y += cell.height + TIME.line;
                }
                row = cell.top;
                self.room_for(card, cell.height + TIME.line);
            }
            let place = Place {
                left: MARGIN + cell.left,
                top: self.y,
                ..*cell
            };
            let fitted = place.fit((print.width, print.height));
            self.put(Item::Picture {
                place: fitted,
                card: at,
                frame,
            });
            self.put(Item::Frame { place: fitted });
            if self.frames > 1 {
                let base = place.bottom() + TIME.em + 2 * UNIT;
                self.text((place.left, base), TIME, &seconds(print.time), false, DIM);
            }
        }
        let high = cells.first().map_or(0, |cell| cell.height);
        if self.frames > 1 {
            self.y += high + TIME.line + 3 * UNIT;
            return Beside::default();
        }
        let wide = cells.first().map_or(0, |cell| cell.width);
        Beside {
            left: wide + 14 * UNIT,
            until: self.y + high + 4 * UNIT,
        }
    }

    /// In place of pictures: why there are none. What the matter is stands above.
    fn empty(&mut self, reason: &str) -> Beside {
        let inside = 9 * UNIT;
        let room = self.paper.room() - 2 * inside;
        let lines = face(TEXT.em, false).wrap(reason, room, 40);
        let count = (lines.len() as i64).max(1);
        let place = Place {
            left: MARGIN,
            top: self.y,
            width: self.paper.room(),
            height: 2 * inside + count * TEXT.line - 3 * UNIT,
        };
        self.put(Item::Block {
            place,
            colour: PALE,
        });
        self.put(Item::Frame { place });
        self.y += inside;
        for line in &lines {
            self.line(TEXT, MARGIN + inside, line, false, DIM);
        }
        self.y = place.bottom() + 5 * UNIT;
        Beside::default()
    }

    /// The whole prompt, on as many pages as it takes.
    fn prompt(&mut self, card: &Card, beside: Beside) {
        let room = self.paper.room() - beside.left;
        let page = self.pages.len();
        for paragraph in paragraphs(&card.prompt, &card.camera) {
            let lines = face(TEXT.em, false).wrap(&paragraph.text, room, usize::MAX);
            for pieces in paragraph.pieces(&lines) {
                self.room_for(card, TEXT.line);
                self.pieces(MARGIN + beside.left, &pieces);
            }
            self.y += 3 * UNIT;
        }
        if self.pages.len() == page {
            self.y = self.y.max(beside.until);
        }
    }

    /// Camera commands are bold, too: not every printer has colours.
    fn pieces(&mut self, mut left: i64, pieces: &[Piece]) {
        let base = self.y + TEXT.em;
        for piece in pieces {
            let colour = if piece.camera { CAMERA } else { SOFT };
            self.text((left, base), TEXT, &piece.text, piece.camera, colour);
            left += face(TEXT.em, false).width(&piece.text);
        }
        self.y += TEXT.line;
    }

    /// Makes sure that so much is free, on the next page if need be.
    fn room_for(&mut self, card: &Card, height: i64) {
        if self.y + height > self.bottom() && !self.is_fresh() {
            self.next_page();
            self.heading(card, ", continued");
            self.y += 5 * UNIT;
        }
    }

    fn line(&mut self, size: Type, left: i64, text: &str, bold: bool, colour: Colour) {
        self.text((left, self.y + size.em), size, text, bold, colour);
        self.y += size.line;
    }

    fn text(&mut self, at: (i64, i64), size: Type, text: &str, bold: bool, colour: Colour) {
        if !text.is_empty() {
            self.put(Item::Text {
                left: at.0,
                base: at.1,
                em: size.em,
                bold,
                colour,
                text: text.to_owned(),
            });
        }
    }

    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    fn is_fresh(&self) -> bool {
        self.y == MARGIN
    }

    fn bottom(&self) -> i64 {
        self.paper.size().1 - FOOT
    }

    /// Title and number below every page, when it is known how many there are.
    fn feet(&mut self) {
        let plain = face(FACTS.em, false);
        let base = self.paper.size().1 - 32 * UNIT;
        let count = self.pages.len();
        let right = MARGIN + self.paper.room();
        for (at, page) in self.pages.iter_mut().enumerate() {
            let number = format!("{} / {count}", at + 1);
            let left = right - plain.width(&number);
            let title = plain.fit(&clean(&self.film.title), left - 2 * MARGIN);
            for (left, text) in [(MARGIN, title), (left, number)] {
                page.push(Item::Text {
                    left,
                    base,
                    em: FACTS.em,
                    bold: false,
                    colour: DIM,
                    text,
                });
            }
        }
    }
}

/// Where text goes that stands beside a picture.
#[derive(Clone, Copy, Default)]
struct Beside {
    /// How far to the right it begins.
    left: i64,
    /// The lower end of the picture.
    until: i64,
}

fn colour(tone: Tone) -> Colour {
    match tone {
        Tone::Good => [24, 116, 52],
        Tone::Waiting => [34, 88, 172],
        Tone::Trouble => [184, 46, 28],
    }
}
