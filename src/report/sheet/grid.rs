//! Where cards stand on a contact sheet, and how many fit on a page.
//!
//! Owns sizes and places, all in pixels. Needs no picture: a page can be laid out
//! before any video is decoded, and its pictures be taken in the right size.

use std::ops::Range;

use super::canvas::face;
use super::prompt::{Piece, paragraphs};
use super::{Card, Film, Place};

/// Width of every page.
const WIDTH: i64 = 1920;
/// A page is at most this high, so that every viewer opens it and memory stays small.
const HEIGHT: i64 = 4096;
pub(super) const MARGIN: i64 = 56;
const GAP: i64 = 36;
/// Between pictures of one card.
const SEAM: i64 = 4;
/// From the top of a page to its first card.
const HEAD: i64 = 168;
const PROMPT_LINES: usize = 4;
/// Pictures of one card side by side.
const ABREAST: usize = 6;
/// The most cards side by side.
pub(super) const MAX_COLUMNS: usize = 12;

/// How a sheet is divided.
#[derive(Debug, Clone, Copy)]
pub struct GridOptions {
    /// Cards side by side; `None` for as many as look well.
    pub columns: Option<usize>,
    /// Pictures of each card.
    pub frames: usize,
}

/// A film laid out as pages.
#[derive(Debug)]
pub struct Grid {
    /// The pages, at least one.
    pub pages: Vec<Page>,
    /// The sizes of text.
    pub(super) type_size: TypeSize,
}

/// One picture of a contact sheet.
#[derive(Debug)]
pub struct Page {
    /// Which cards of the film are on it.
    pub cards: Range<usize>,
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) set: Vec<SetCard>,
}

/// A card with its place.
#[derive(Debug)]
pub(super) struct SetCard {
    pub(super) left: i64,
    pub(super) width: i64,
    /// Where its pictures go.
    pub(super) cells: Vec<Place>,
    /// Base line of its id.
    pub(super) base: i64,
    pub(super) prompt: Vec<Vec<Piece>>,
}

/// Sizes of text on cards, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeSize {
    pub(super) id: i64,
    pub(super) facts: i64,
    pub(super) prompt: i64,
    /// From one line of the prompt to the next.
    pub(super) line: i64,
}

impl Grid {
    /// Lays a film out.
    pub fn new(film: &Film, options: GridOptions) -> Self {
        let columns = options
            .columns
            .unwrap_or_else(|| usual_columns(film.cards.len(), options.frames))
            .clamp(1, MAX_COLUMNS);
        let across = columns as i64;
        let width = (WIDTH - 2 * MARGIN - GAP * (across - 1)) / across;
        let prompt = (width / 26).clamp(13, 18);
        let layout = Layout {
            film,
            frames: options.frames.max(1),
            width,
            type_size: TypeSize {
                id: prompt + 3,
                facts: prompt - 1,
                prompt,
                line: prompt * 3 / 2,
            },
        };
        Self {
            pages: layout.pages(columns),
            type_size: layout.type_size,
        }
    }
}

impl Page {
    /// A page that begins with this card.
    fn empty(first: usize) -> Self {
        Self {
            cards: first..first,
            width: WIDTH,
            height: HEAD,
            set: Vec::new(),
        }
    }

    /// The largest size in pixels at which the pictures of a card are shown.
    pub fn cell(&self) -> (u32, u32) {
        let cell = self.set.first().and_then(|card| card.cells.first());
        cell.map_or((1, 1), |cell| (cell.width as u32, cell.height as u32))
    }
}

/// Few shots large, many small; pictures side by side want wide cards.
fn usual_columns(shots: usize, frames: usize) -> usize {
    match (frames, shots) {
        (0 | 1, 0..=3) => shots.max(1),
        (0 | 1, 4) | (3, _) => 2,
        (0 | 1, 5..=9) | (2, _) => 3,
        (0 | 1, 10..=40) => 4,
        (0 | 1, _) => 5,
        _ => 1,
    }
}

/// Says that paragraphs were left out.
fn more(set: &mut [Vec<Piece>]) {
    let last = set.last_mut().and_then(|line| line.last_mut());
    if let Some(piece) = last.filter(|piece| !piece.text.ends_with('…')) {
        piece.text.push_str(" …");
    }
}

struct Layout<'a> {
    film: &'a Film,
    frames: usize,
    /// Of a card.
    width: i64,
    type_size: TypeSize,
}

impl Layout<'_> {
    fn pages(&self, columns: usize) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut page = Page::empty(0);
        let cards = &self.film.cards;
        for (row, cards) in cards.chunks(columns).enumerate() {
            let first = row * columns;
            let mut set = self.row(cards, page.height);
            let mut bottom = self.bottom(&set);
            if bottom + MARGIN > HEIGHT && !page.set.is_empty() {
                pages.push(std::mem::replace(&mut page, Page::empty(first)));
                set = self.row(cards, page.height);
                bottom = self.bottom(&set);
            }
            page.set.extend(set);
            page.cards.end = first + cards.len();
            page.height = bottom + GAP;
        }
        pages.push(page);
        for page in &mut pages {
            page.height += MARGIN - GAP;
        }
        pages
    }

    fn row(&self, cards: &[Card], top: i64) -> Vec<SetCard> {
        let place = |(column, card): (usize, &Card)| {
            let left = MARGIN + column as i64 * (self.width + GAP);
            let cells = (self.frames, ABREAST, SEAM);
            let cells = Place::cells(left, top, self.width, cells, self.film.shape());
            let below = cells.last().map_or(top, |cell| cell.bottom());
            SetCard {
                left,
                width: self.width,
                cells,
                base: below + self.type_size.id * 3 / 2,
                prompt: self.prompt(card),
            }
        };
        cards.iter().enumerate().map(place).collect()
    }

    /// In short: what does not fit ends with an ellipsis.
    fn prompt(&self, card: &Card) -> Vec<Vec<Piece>> {
        let face = face(self.type_size.prompt, false);
        let mut set = Vec::new();
        for paragraph in paragraphs(&card.prompt, &card.camera) {
            let room = PROMPT_LINES - set.len();
            if room == 0 {
                more(&mut set);
                break;
            }
            let lines = face.wrap(&paragraph.text, self.width, room);
            set.extend(paragraph.pieces(&lines));
        }
        set
    }

    /// The lower end of a row: that of its longest card.
    fn bottom(&self, row: &[SetCard]) -> i64 {
        let lines = row.iter().map(|card| card.prompt.len()).max().unwrap_or(0);
        let base = row.first().map_or(0, |card| card.base);
        self.type_size.prompt_base(base, lines) - self.type_size.line * 2 / 3
    }
}

impl TypeSize {
    /// Base line of the facts below an id.
    pub(super) fn facts_base(self, base: i64) -> i64 {
        base + self.line
    }

    /// Base line of a line of the prompt.
    pub(super) fn prompt_base(self, base: i64, line: usize) -> i64 {
        self.facts_base(base) + self.line * 4 / 3 + line as i64 * self.line
    }
}
