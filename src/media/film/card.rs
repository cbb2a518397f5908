//! Words on a plain ground: the title of a film or of a scene, and the label on a finished video.

use super::Card;
use crate::media::fit::Size;
use crate::media::fonts::Fonts;
use crate::media::overlay::{Canvas, Overlay};
use crate::media::plane::Picture;
use crate::media::text::{Face, Line, clean};

const GROUND: [u8; 3] = [18, 21, 29];
const AMBER: [u8; 3] = [255, 190, 70];
const WHITE: [u8; 3] = [245, 246, 248];
const SOFT: [u8; 3] = [176, 182, 194];
const INK: [u8; 3] = [12, 14, 20];
/// How dark the ground of a label is, of 255.
const SHADE: u8 = 176;
const HEADING_LINES: usize = 3;

/// A card of a frame's size: the heading, an amber rule, the lines, in the middle.
pub(super) fn paint(card: &Card, fonts: &Fonts, (width, height): Size) -> Picture {
    let (width, height) = (width as i64, height as i64);
    let unit = (width.min(height) / 36).max(4);
    let heading = Face {
        fonts,
        em: unit * 3,
        bold: true,
    };
    let small = Face {
        fonts,
        em: unit * 13 / 10,
        bold: false,
    };
    let room = width - 6 * unit;
    let title = heading.wrap(&card.heading, room, HEADING_LINES);
    let mut canvas = Canvas::new(width, height, GROUND);
    let tall = unit * (38 * title.len() as i64 + 22 + 20 * card.lines.len() as i64) / 10;
    let mut base = (height - tall) / 2 + unit * 28 / 10;
    for text in &title {
        write(&mut canvas, heading, (text, base), WHITE, width);
        base += unit * 38 / 10;
    }
    base -= unit * 22 / 10;
    canvas.bar(
        (width - 4 * unit) / 2,
        base,
        4 * unit,
        (unit / 6).max(2),
        AMBER,
    );
    base += unit * 24 / 10;
    for text in &card.lines {
        let text = small.fit(&clean(text), room);
        write(&mut canvas, small, (&text, base), SOFT, width);
        base += unit * 20 / 10;
    }
    canvas.into_picture()
}

fn write(
    canvas: &mut Canvas,
    face: Face<'_>,
    (text, base): (&str, i64),
    colour: [u8; 3],
    width: i64,
) {
    let left = (width - face.width(text)) / 2;
    canvas.write(face, Line { text, left, base }, colour);
}

/// A small label for the upper left corner.
pub(super) fn label(text: &str, fonts: &Fonts, (width, height): Size) -> Overlay {
    let (width, height) = (width as i64, height as i64);
    let unit = (width.min(height) / 36).max(8);
    let face = Face {
        fonts,
        em: unit,
        bold: true,
    };
    let text = face.fit(&clean(text), width - 4 * unit);
    let wide = (face.width(&text) + unit * 3 / 2) & !1;
    let high = (unit * 17 / 10) & !1;
    let mut canvas = Canvas::new(wide, high, INK);
    canvas.fill(SHADE);
    let line = Line {
        text: &text,
        left: unit * 3 / 4,
        base: high / 2 + unit * 37 / 100,
    };
    canvas.write(face, line, WHITE);
    canvas.into_overlay(unit & !1, unit & !1)
}
