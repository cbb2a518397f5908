//! Camera commands inside a prompt.
//!
//! Owns the finding of brackets, their normal form, and the list of commands
//! that goes behind the text. Other brackets are the author's and stay as they
//! are; one that nearly is a command gets a warning, never a correction.

use std::ops::Range;

use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::manifest::text::TextMap;
use crate::shot::CameraUse;
use crate::shot::camera::{Vocabulary, is_synonym};
use crate::shot::synonyms;
use crate::shot::template::Written;
use crate::shot::tokens::is_template;

/// Longer brackets are prose.
const MAX_BRACKET: usize = 200;

/// A prompt with its camera commands in the listed spelling.
#[derive(Debug, Default)]
pub(super) struct Normal {
    pub(super) text: String,
    pub(super) camera: Vec<CameraUse>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Normalises a rendered prompt; `written` is what it was rendered from.
pub(super) fn normalise(
    rendered: &str,
    written: Written<'_>,
    vocabulary: &Vocabulary,
    sources: &Sources,
) -> Normal {
    let mut normal = Normal::default();
    let mut places = Places::new(rendered, written, sources);
    let mut copied = 0;
    for bracket in brackets(rendered) {
        let inner = &rendered[bracket.inner.clone()];
        let span = |places: &mut Places<'_>| places.of(bracket.outer.clone());
        match read(inner, vocabulary) {
            Reading::Commands(commands) => {
                let span = span(&mut places);
                normal.text.push_str(&rendered[copied..bracket.outer.start]);
                let listed: Vec<&str> = commands.iter().map(|(_, listed)| *listed).collect();
                normal.text.push('[');
                normal.text.push_str(&listed.join(","));
                normal.text.push(']');
                copied = bracket.outer.end;
                let commands: Vec<usize> = commands.iter().map(|(at, _)| *at).collect();
                normal.warnings.extend(vocabulary.doubts(&commands, span));
                normal.camera.push(camera_use(&commands, vocabulary, span));
            }
            Reading::Nearly { word, near } => {
                normal.warnings.push(nearly(word, near, span(&mut places)));
            }
            Reading::Move(word) => {
                let message = format!("`{word}` looks like a camera command, but is none");
                let span = span(&mut places);
                let warning = Diagnostic::warning(Code::UnknownCamera, span, message);
                normal.warnings.push(warning.help(vocabulary.all(word)));
            }
            Reading::Other => {}
        }
    }
    normal.text.push_str(&rendered[copied..]);
    normal
}

fn nearly(word: &str, near: Option<&str>, span: Span) -> Diagnostic {
    let warn = |message: String| Diagnostic::warning(Code::UnknownCamera, span, message);
    match near {
        Some(near) => warn(format!("`{word}` is nearly a camera command, but none"))
            .help(format!("did you mean `{near}`?")),
        None => warn(format!(
            "`{word}` stands beside camera commands, but is none"
        )),
    }
}

/// The use of some commands at once.
pub(super) fn camera_use(commands: &[usize], vocabulary: &Vocabulary, span: Span) -> CameraUse {
    CameraUse {
        commands: commands
            .iter()
            .map(|&at| vocabulary.id(at).to_owned())
            .collect(),
        span,
    }
}

struct Bracket {
    /// With the brackets.
    outer: Range<usize>,
    inner: Range<usize>,
}

/// Brackets without brackets in them, half or full width.
fn brackets(text: &str) -> Vec<Bracket> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (at, character) in text.char_indices() {
        let after = at + character.len_utf8();
        match character {
            '[' | '【' | '［' => open = Some((at, after)),
            ']' | '】' | '］' => {
                let Some((start, inner)) = open.take() else {
                    continue;
                };
                if at - inner <= MAX_BRACKET {
                    found.push(Bracket {
                        outer: start..after,
                        inner: inner..at,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

enum Reading<'a> {
    Commands(Vec<(usize, &'a str)>),
    Nearly {
        word: &'a str,
        near: Option<&'a str>,
    },
    /// A move that there is no command for.
    Move(&'a str),
    Other,
}

fn read<'a>(inner: &'a str, vocabulary: &'a Vocabulary) -> Reading<'a> {
    let words: Vec<&str> = inner.split([',', '，', '、']).map(str::trim).collect();
    let found: Vec<Option<(usize, &str)>> =
        words.iter().map(|word| vocabulary.find(word)).collect();
    let known = found.iter().flatten().count();
    if known == words.len() {
        return Reading::Commands(found.into_iter().flatten().collect());
    }
    let unknown = words
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_none());
    let mut unknown = unknown
        .map(|(word, _)| *word)
        .filter(|word| !word.is_empty());
    // Two Chinese characters are near to too many words to be sure of anything.
    let near = |word: &str| {
        let sure = word.chars().count() > 2 || is_synonym(word);
        sure.then(|| vocabulary.near(word)).flatten()
    };
    let first = unknown.clone().next();
    if let Some((word, near)) = unknown.find_map(|word| near(word).map(|near| (word, near))) {
        return Reading::Nearly {
            word,
            near: Some(near),
        };
    }
    match first {
        Some(word) if known > 0 => Reading::Nearly { word, near: None },
        Some(_) if synonyms::looks_like_a_move(inner) => Reading::Move(inner.trim()),
        _ => Reading::Other,
    }
}

/// Where brackets of a rendered prompt stand in the manifest.
struct Places<'a> {
    rendered: &'a str,
    written: Written<'a>,
    map: Option<TextMap>,
    sources: &'a Sources,
    /// How far the template was searched.
    searched: usize,
}

impl<'a> Places<'a> {
    fn new(rendered: &'a str, written: Written<'a>, sources: &'a Sources) -> Self {
        Self {
            rendered,
            written,
            map: None,
            sources,
            searched: 0,
        }
    }

    /// Exact for a text without a template. In a template the bracket itself or
    /// the next `camera(…)` is looked for; where neither is, the whole prompt is.
    fn of(&mut self, range: Range<usize>) -> Span {
        let text = self.written.text;
        let found = if is_template(text) {
            self.search(&self.rendered[range])
        } else {
            Some(range)
        };
        let Some(range) = found else {
            return self.written.span;
        };
        self.searched = range.end;
        let (sources, span) = (self.sources, self.written.span);
        let map = self
            .map
            .get_or_insert_with(|| TextMap::new(sources, span, text));
        map.span(range)
    }

    fn search(&self, bracket: &str) -> Option<Range<usize>> {
        let rest = &self.written.text[self.searched..];
        let literal = rest.find(bracket).map(|at| at..at + bracket.len());
        let call = rest.find("camera(").map(|at| {
            let close = rest[at..]
                .find(')')
                .map_or(rest.len(), |close| at + close + 1);
            at..close
        });
        let nearest = match (literal, call) {
            (Some(literal), Some(call)) if call.start < literal.start => Some(call),
            (literal, call) => literal.or(call),
        };
        nearest.map(|range| self.searched + range.start..self.searched + range.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Normal, normalise};
    use crate::diag::{SourceFile, Sources, Span};
    use crate::shot::camera::Vocabulary;
    use crate::shot::template::Written;
    use crate::spec::Spec;

    fn normal(text: &str) -> Normal {
        let mut sources = Sources::default();
        let id = sources.add(SourceFile::new("p", text));
        let written = Written {
            text,
            span: Span::new(id, 0, text.len()),
        };
        normalise(text, written, &Vocabulary::new(Spec::bundled()), &sources)
    }

    #[test]
    fn spellings_become_the_listed_one() {
        for (text, expected) in [
            ("a [push in] b", "a [Push in] b"),
            ("【推进】，然后[ 左摇，上升 ]", "[推进]，然后[左摇,上升]"),
            ("[PAN-left， pedestal_UP]", "[Pan left,Pedestal up]"),
            ("她停下。［固定］", "她停下。[固定]"),
            ("[trackingshot]", "[Tracking shot]"),
            ("he reads [a sign] and [1]", "he reads [a sign] and [1]"),
            ("[[push in]]", "[[Push in]]"),
            ("open [push in", "open [push in"),
        ] {
            let normal = normal(text);
            assert_eq!(normal.text, expected);
            assert!(normal.warnings.is_empty(), "{text}: {:?}", normal.warnings);
        }
    }

    #[test]
    fn every_listed_command_is_its_own_normal_form() {
        for command in Spec::bundled().camera_commands() {
            for listed in [&command.en, &command.zh] {
                let text = format!("[{listed}]");
                let normal = normal(&text);
                assert_eq!(normal.text, text);
                assert_eq!(normal.camera[0].commands, [command.id.as_str()]);
            }
        }
    }

    #[test]
    fn near_misses_are_told() {
        for (text, help) in [
            ("x [Push inn] y", Some("did you mean `Push in`?")),
            ("x [Push out]", Some("did you mean `Pull out`?")),
            ("[Pan left, slowly]", None),
        ] {
            let normal = normal(text);
            assert_eq!(normal.text, text);
            assert_eq!(normal.warnings.len(), 1, "{text}");
            assert_eq!(normal.warnings[0].help.as_deref(), help);
        }
    }

    #[test]
    fn doubtful_combinations_are_told() {
        for (text, message) in [
            (
                "[pan left, pan right]",
                "`Pan left` and `Pan right` at once undo each other",
            ),
            (
                "[推进,拉远]",
                "`Push in` and `Pull out` at once undo each other",
            ),
            (
                "[static shot, shake]",
                "a static shot and `Shake` at once contradict each other",
            ),
            (
                "[pan left, tilt up, zoom in, shake]",
                "4 camera commands at once",
            ),
        ] {
            let normal = normal(text);
            assert_eq!(normal.warnings[0].message, message);
        }
        assert!(normal("[pan left] [pan right]").warnings.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 300, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn normalising_twice_changes_nothing(
            text in "([\\[\\]【】,， x]|push in|PULL-out|推进|左 摇|shake|Push inn){0,12}"
        ) {
            let once = normal(&text).text;
            assert_eq!(normal(&once).text, once);
        }
    }
}
