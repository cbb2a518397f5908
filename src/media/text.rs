//! Setting text: measuring, wrapping and drawing glyphs.
//!
//! Left to right only, one glyph a character, no shaping: enough for Latin, Greek, Cyrillic, kana and Chinese. What
//! the fonts lack becomes □ and never vanishes. Places are in 1/64 pixels, so lines break the same way everywhere.

use ab_glyph::{Font, PxScale, point};

use super::fonts::Fonts;

/// The widest and highest glyph that is drawn, in em squares.
const LARGEST: f32 = 8.0;
/// Punctuation that must not begin a line.
const CLOSING: &str = "，。、；：？！）】》」』”’…,.;:?!)]}%";
/// Punctuation that must not end a line.
const OPENING: &str = "（【《「『“‘([{";

/// Fonts in a size and weight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face<'f> {
    pub(crate) fonts: &'f Fonts,
    /// The em square in pixels.
    pub(crate) em: i64,
    /// Drawn twice, a little apart, since the font has one weight.
    pub(crate) bold: bool,
}

/// One line of text and where it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    /// The left end in pixels.
    pub(crate) left: i64,
    /// The base line in pixels from the top.
    pub(crate) base: i64,
}

impl Face<'_> {
    /// The width of a text in pixels, rounded up.
    pub(crate) fn width(self, text: &str) -> i64 {
        (text.chars().map(|each| self.advance(each)).sum::<i64>() + 63) / 64
    }

    /// The text, or as much of it as fits with an ellipsis.
    pub(crate) fn fit(self, text: &str, width: i64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut kept = text.to_owned();
        while kept.pop().is_some() {
            let cut = format!("{}…", kept.trim_end());
            if self.width(&cut) <= width {
                return cut;
            }
        }
        String::new()
    }

    /// Breaks a text into lines of at most `width` pixels, and the last line off with an ellipsis if there were more
    /// than `most`. Words stay whole if they fit on a line; Chinese breaks anywhere but before closing punctuation.
    pub(crate) fn wrap(self, text: &str, width: i64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for piece in pieces(&clean(text)) {
            if !line.is_empty() && self.width(&line) + self.width(piece.trim_end()) > width {
                lines.push(std::mem::take(&mut line));
            }
            if lines.len() > most {
                break;
            }
            line.push_str(if line.is_empty() {
                piece.trim_start()
            } else {
                piece
            });
            while self.width(line.trim_end()) > width && line.chars().count() > 1 {
                let head = self.head(&line, width);
                let rest = line.split_off(head);
                lines.push(std::mem::replace(&mut line, rest));
            }
        }
        lines.push(line);
        lines.retain(|line| !line.trim().is_empty());
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                let wanted = format!("{}…", last.trim_end());
                *last = if self.width(&wanted) <= width {
                    wanted
                } else {
                    self.fit(&format!("{wanted}…"), width)
                };
            }
        }
        lines.iter().map(|line| line.trim().to_owned()).collect()
    }

    /// How many bytes of an overlong word fit; at least one character.
    fn head(self, text: &str, width: i64) -> usize {
        let mut used = 0;
        for (at, each) in text.char_indices() {
            used += self.advance(each);
            if used > width * 64 && at > 0 {
                return at;
            }
        }
        text.len()
    }

    /// Draws a line: calls `dot` with x, y and coverage (1 to 255) of every pixel the glyphs touch.
    pub(crate) fn draw(self, line: Line<'_>, mut dot: impl FnMut(i64, i64, u8)) {
        let mut pen = line.left * 64;
        for each in line.text.chars() {
            self.glyph(each, pen, line.base, &mut dot);
            if self.bold {
                self.glyph(each, pen + self.em * 64 / 22, line.base, &mut dot);
            }
            pen += self.advance(each);
        }
    }

    fn glyph(self, each: char, pen: i64, base: i64, dot: &mut impl FnMut(i64, i64, u8)) {
        let (font, id) = self.fonts.find(each);
        let scale = self.em as f32 * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0);
        let place = point(pen as f32 / 64.0, base as f32);
        let glyph = id.with_scale_and_position(PxScale::from(scale), place);
        let Some(outline) = font.outline_glyph(glyph) else {
            return;
        };
        let bounds = outline.px_bounds();
        // A font may say anything of its glyphs, and drawing takes memory for all of one.
        let most = self.em as f32 * LARGEST;
        if !(bounds.width() <= most && bounds.height() <= most) {
            return;
        }
        let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
        outline.draw(|x, y, coverage| {
            // Steps of 1/32 swallow the last bits, where processors' ways of summing floats differ.
            let coverage = ((coverage * 32.0 + 0.5) as i64).clamp(0, 32) * 255 / 32;
            if coverage > 0 {
                dot(left + i64::from(x), top + i64::from(y), coverage as u8);
            }
        });
    }

    /// How far a character moves the pen, in 1/64 pixels.
    fn advance(self, each: char) -> i64 {
        let (font, id) = self.fonts.find(each);
        let units = font.h_advance_unscaled(id) as i64;
        let extra = if self.bold { self.em * 64 / 22 } else { 0 };
        units * self.em * 64
            / font
                .units_per_em()
                .map_or(1000, |units| units.max(1.0) as i64)
            + extra
    }
}

/// One line of visible characters: white space becomes single spaces, what has no width goes.
pub(crate) fn clean(text: &str) -> String {
    let visible = |each: &char| !matches!(each, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}');
    let spaced = |each: char| if each.is_control() { ' ' } else { each };
    let text: String = text.chars().filter(visible).map(spaced).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts a text where a line may end.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, each) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, each)) {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = Some(each);
    }
    pieces.push(&text[start..]);
    pieces
}

fn may_break(before: char, after: char) -> bool {
    if CLOSING.contains(after) || OPENING.contains(before) {
        return false;
    }
    before == ' ' || (after != ' ' && (wide(before) || wide(after)))
}

/// Scripts written without spaces.
fn wide(each: char) -> bool {
    matches!(each, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static FACE: LazyLock<Face<'static>> = LazyLock::new(|| Face {
        fonts: Fonts::embedded(),
        em: 20,
        bold: false,
    });

    #[test]
    fn wraps_chinese_without_leading_punctuation() {
        let text = "清晨的老街上，一位穿红色大衣的女孩推着自行车慢慢走过，远处传来火车的汽笛声。";
        let lines = FACE.wrap(text, 200, 9);
        assert!(lines.len() >= 4, "{lines:?}");
        assert_eq!(lines.concat(), text);
        for line in &lines {
            assert!(FACE.width(line) <= 220, "{line}");
            assert!(!line.starts_with(['，', '。']), "{line}");
        }
    }

    #[test]
    fn keeps_words_whole_and_cuts_with_an_ellipsis() {
        let lines = FACE.wrap(
            "a quiet harbour  at dawn,\nwith gulls circling over the boats",
            150,
            2,
        );
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'), "{lines:?}");
        assert!(
            lines.iter().all(|line| FACE.width(line) <= 150),
            "{lines:?}"
        );
        assert!(
            lines[0].ends_with(|each: char| each.is_alphanumeric()),
            "{lines:?}"
        );
    }

    #[test]
    fn overlong_words_break_and_nothing_gives_nothing() {
        let lines = FACE.wrap(&"w".repeat(100), 150, 50);
        assert_eq!(lines.concat().len(), 100);
        assert!(FACE.wrap(" \n ", 150, 3).is_empty());
        assert_eq!(FACE.fit("anything", 0), "");
    }

    #[test]
    fn missing_glyphs_show() {
        let mut dots = 0;
        FACE.draw(
            Line {
                text: "🦀",
                left: 0,
                base: 20,
            },
            |_, _, _| dots += 1,
        );
        assert!(dots > 10);
    }
}
