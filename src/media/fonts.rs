//! The fonts that captions are set in: the one in the program, and those a person adds.
//!
//! Owns which font has which character. The embedded one is asked first, so that a film without odd characters is the
//! same with and without more fonts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use ab_glyph::{Font, FontArc, FontVec, GlyphId};
use thiserror::Error;

/// Stands for characters that no font has.
const MISSING: char = '□';

/// The font file inside of the program, for whoever embeds it in turn.
pub(crate) static FILE: &[u8] = include_bytes!("font/RunnerCaptionSans.otf");

static EMBEDDED: LazyLock<Fonts> = LazyLock::new(|| {
    let font = FontArc::try_from_slice(FILE)
        .expect("the font inside of the program is the one its tests draw with");
    Fonts { all: vec![font] }
});

/// Bytes that are no font which can be drawn.
#[derive(Debug, Error)]
#[error("this is no TrueType or OpenType font")]
pub struct FontError;

/// Fonts in the order in which they are asked for a character.
#[derive(Clone)]
pub struct Fonts {
    all: Vec<FontArc>,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fonts({})", self.all.len())
    }
}

impl Fonts {
    /// The font in the program: Latin, Greek, Cyrillic, kana and the characters of GB 2312.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// The same fonts and one more, asked last; TrueType or OpenType, of a collection the first.
    pub fn with(mut self, bytes: Vec<u8>) -> Result<Self, FontError> {
        let font = FontVec::try_from_vec_and_index(bytes, 0).map_err(|_| FontError)?;
        self.all.push(font.into());
        Ok(self)
    }

    /// The characters of a text that no font has, each once; they are shown as □.
    pub fn missing(&self, text: &str) -> BTreeSet<char> {
        super::text::clean(text)
            .chars()
            .filter(|each| self.has(*each).is_none())
            .collect()
    }

    /// The font that draws a character, and the glyph; □ where none has it.
    pub(crate) fn find(&self, each: char) -> (&FontArc, GlyphId) {
        self.has(each)
            .or_else(|| self.has(MISSING))
            .unwrap_or((&self.all[0], GlyphId(0)))
    }

    fn has(&self, each: char) -> Option<(&FontArc, GlyphId)> {
        self.all.iter().find_map(|font| {
            let glyph = font.glyph_id(each);
            (glyph.0 != 0).then_some((font, glyph))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_font_has_is_told_once() {
        let missing = Fonts::embedded().missing("雨 🦀 rain 🦀\n龘");
        assert_eq!(missing.into_iter().collect::<String>(), "龘🦀");
        let (_, stand_in) = Fonts::embedded().find('🦀');
        assert_eq!(stand_in, Fonts::embedded().find(MISSING).1);
        assert_ne!(stand_in, Fonts::embedded().find('街').1);
    }

    #[test]
    fn anything_but_a_font_is_refused() {
        for bytes in [Vec::new(), b"no font".to_vec(), vec![0; 4096]] {
            assert!(Fonts::embedded().clone().with(bytes).is_err());
        }
    }
}
