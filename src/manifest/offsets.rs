//! Character positions to byte positions.
//!
//! Owns one conversion: the YAML parser counts characters, diagnostics count
//! bytes. A checkpoint every 64 characters keeps the table small for a text of
//! many megabytes and each look-up short.

const STEP: usize = 64;

/// The byte offsets of a text's characters.
pub(crate) struct Offsets<'a> {
    text: &'a str,
    /// Byte offset of character 0, 64, 128 …
    checkpoints: Vec<usize>,
}

impl<'a> Offsets<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let checkpoints = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .step_by(STEP)
                .map(|(at, _)| at)
                .collect()
        };
        Self { text, checkpoints }
    }

    /// The byte at which a character begins; the end of the text for any beyond it.
    pub(crate) fn byte(&self, character: usize) -> usize {
        if self.checkpoints.is_empty() {
            return character.min(self.text.len());
        }
        let Some(&checkpoint) = self.checkpoints.get(character / STEP) else {
            return self.text.len();
        };
        self.text[checkpoint..]
            .char_indices()
            .nth(character % STEP)
            .map_or(self.text.len(), |(at, _)| checkpoint + at)
    }
}

#[cfg(test)]
mod tests {
    use super::Offsets;

    #[test]
    fn every_character_of_a_mixed_text() {
        let text = "a镜é🎬 ".repeat(50);
        let offsets = Offsets::new(&text);
        for (character, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(offsets.byte(character), byte);
        }
        assert_eq!(offsets.byte(9_999), text.len());
        assert_eq!(Offsets::new("abc").byte(2), 2);
    }
}
