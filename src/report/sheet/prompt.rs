//! Which words of a prompt steer the camera, also where its lines are broken.
//!
//! Owns finding commands in the listed spelling, which is how prompts are sent,
//! and telling them from other words in brackets.

use std::ops::Range;

use crate::media::text::clean;
use crate::spec::Spec;

/// The bytes of camera commands with their brackets, in order.
pub fn camera_commands(prompt: &str, spec: &Spec) -> Vec<Range<usize>> {
    let listed = |word: &str| {
        let mut commands = spec.camera_commands().iter();
        commands.any(|command| command.en == word || command.zh == word)
    };
    let mut found = Vec::new();
    let mut open = None;
    for (at, character) in prompt.char_indices() {
        match (character, open) {
            ('[', _) => open = Some(at),
            (']', Some(start)) => {
                if prompt[start + 1..at]
                    .split(',')
                    .all(|word| listed(word.trim()))
                {
                    found.push(start..at + 1);
                }
                open = None;
            }
            _ => {}
        }
    }
    found
}

/// A part of a line, and whether it is a camera command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) camera: bool,
}

/// One paragraph of a prompt, and for each of its visible characters whether it
/// belongs to a command.
pub(super) struct Paragraph {
    pub(super) text: String,
    marks: Vec<bool>,
}

/// The paragraphs of a prompt, without empty ones.
pub(super) fn paragraphs(prompt: &str, camera: &[Range<usize>]) -> Vec<Paragraph> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in prompt.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let text = clean(line);
        if text.is_empty() {
            continue;
        }
        let visible = line.char_indices().filter(|(_, each)| !clean_away(*each));
        let marks = visible
            .map(|(at, _)| {
                camera
                    .iter()
                    .any(|command| command.contains(&(range.start + at)))
            })
            .collect();
        found.push(Paragraph { text, marks });
    }
    found
}

/// Space, and what `clean` drops.
fn clean_away(each: char) -> bool {
    each.is_whitespace() || clean(each.encode_utf8(&mut [0; 4])).is_empty()
}

impl Paragraph {
    /// The lines that the paragraph was broken into, in pieces of one colour each.
    pub(super) fn pieces(&self, lines: &[String]) -> Vec<Vec<Piece>> {
        let mut marks = self.marks.iter().copied();
        let mut camera = false;
        let mut pieces_of = |line: &String| {
            let mut pieces: Vec<Piece> = Vec::new();
            for each in line.chars() {
                // A space belongs to what stands before it.
                if !each.is_whitespace() {
                    camera = marks.next().unwrap_or(camera);
                }
                match pieces.last_mut() {
                    Some(piece) if piece.camera == camera => piece.text.push(each),
                    _ => pieces.push(Piece {
                        text: each.to_string(),
                        camera,
                    }),
                }
            }
            pieces
        };
        lines.iter().map(&mut pieces_of).collect()
    }
}
