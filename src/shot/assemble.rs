//! One entry of the manifest to its shots.
//!
//! Owns the merging of defaults, the ids, and the rendering of every text of a
//! shot. What many combinations share is compiled once. Never compares shots
//! with each other.

use minijinja::value::{Serde, Value};
use serde_json::Value as Json;

use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::id::ShotId;
use crate::manifest::model::{Output, ShotEntry};
use crate::manifest::tree::{Kind, Node};
use crate::manifest::{Manifest, RequestField, plain_scalar};
use crate::shot::camera::Vocabulary;
use crate::shot::findings::{Findings, Within};
use crate::shot::matrix::{self, Values, as_written, slug};
use crate::shot::output;
use crate::shot::pieces::{Picture, Piece, Pieces};
use crate::shot::prompt::{self, camera_use};
use crate::shot::references;
use crate::shot::scope::Scope;
use crate::shot::template::{Compiled, Engine, Written};
use crate::shot::{CameraUse, MediaInput, Prompt, Setting, Shot};

/// The request field that is a shot's prompt.
const PROMPT: &str = "prompt";

/// What all shots are made with.
pub(super) struct Assembly<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) sources: &'a Sources,
    pub(super) engine: &'a Engine<'a>,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) request: &'a [RequestField],
    pub(super) scope: Scope,
}

/// A shot with where it comes from; `None` inside when it could not be made,
/// so that others may still refer to its name.
pub(super) struct Made {
    pub(super) id: ShotId,
    pub(super) span: Span,
    /// Number of its entry under `shots`.
    pub(super) entry: usize,
    /// Whether the entry stands for several shots.
    pub(super) shared: bool,
    pub(super) shot: Option<Shot>,
}

/// One combination on its way to a shot.
struct Frame<'a> {
    scope: Scope,
    id: &'a ShotId,
    shared: bool,
}

impl Frame<'_> {
    fn within(&self) -> Within<'_> {
        Within {
            id: self.id.as_str(),
            shared: self.shared,
        }
    }
}

/// Something could not be made, and why was told.
struct Told;

impl Assembly<'_> {
    /// Every shot of every entry, in order.
    pub(super) fn run(&self, findings: &mut Findings) -> Vec<Made> {
        let largest = self.scope.largest();
        let defaults = self.fields(&self.manifest.defaults, largest, findings);
        let file = self.manifest.output.file.as_ref();
        let file = file.map(|file| self.compile(Written::from(file), largest, findings));
        let mut made = Vec::new();
        for (number, entry) in self.manifest.shots.iter().enumerate() {
            let mut diagnostics = Vec::new();
            let combinations = match &entry.matrix {
                Some(matrix) => matrix::combinations(matrix, self.sources, &mut diagnostics),
                None => vec![Values::new()],
            };
            for diagnostic in diagnostics {
                findings.push(diagnostic);
            }
            let pieces = self.pieces(entry, &combinations, findings);
            let shared = combinations.len() > 1;
            for values in combinations {
                let place = Place {
                    entry,
                    number,
                    shared,
                    index: made.len() + 1,
                };
                let texts = Texts {
                    pieces: &pieces,
                    defaults: &defaults,
                    unset: &entry.unset,
                    file: file.as_ref(),
                };
                made.extend(self.make(&place, &texts, &values, findings));
            }
        }
        made
    }

    fn make(
        &self,
        place: &Place<'_>,
        texts: &Texts<'_>,
        values: &Values<'_>,
        findings: &mut Findings,
    ) -> Option<Made> {
        let matrix: Vec<(String, String)> = values
            .iter()
            .map(|(name, node)| {
                (
                    (*name).to_owned(),
                    as_written(node, self.sources).to_owned(),
                )
            })
            .collect();
        let matrix_value =
            Value::from_pairs(values.iter().map(|(name, node)| (*name, to_value(node))));
        let nameless = Value::from_pairs([("index", place.index)]);
        let scope = self.scope.with(matrix_value.clone(), nameless);
        let id = self
            .id(place, texts.pieces, &matrix, &scope, findings)
            .ok()?;
        let shot_value = Value::from_pairs([
            ("index", Value::from(place.index)),
            ("id", Value::from(id.as_str())),
        ]);
        let frame = Frame {
            scope: self.scope.with(matrix_value, shot_value),
            id: &id,
            shared: place.shared,
        };
        let shot = Some(self.shot(place, texts, matrix, &frame, findings));
        let (entry, shared, span) = (place.number, place.shared, place.entry.id.span);
        Some(Made {
            id,
            span,
            entry,
            shared,
            shot,
        })
    }

    /// A template says the whole id; otherwise the values of the matrix follow it.
    fn id(
        &self,
        place: &Place<'_>,
        pieces: &Pieces<'_>,
        matrix: &[(String, String)],
        scope: &Scope,
        findings: &mut Findings,
    ) -> Result<ShotId, Told> {
        let base = &place.entry.id;
        let text = match self.engine.render(&pieces.id, scope).ok_or(Told)? {
            Ok(text) => text,
            Err(diagnostics) => {
                let within = Within {
                    id: &base.value,
                    shared: false,
                };
                findings.all_within(within, diagnostics);
                return Err(Told);
            }
        };
        let mut text = text.into_owned();
        if matches!(pieces.id, Compiled::Plain(_)) {
            for (_, value) in matrix {
                text.push('-');
                text.push_str(&slug(value));
            }
        }
        ShotId::new(text.as_str()).map_err(|error| {
            let diagnostic = Diagnostic::error(Code::BadId, base.span, error.to_string());
            findings.push(if text == base.value {
                match slug(&text).as_str() {
                    "" => diagnostic,
                    plain => diagnostic.help(format!("write `id: {plain}`")),
                }
            } else {
                diagnostic.note(format!("the id comes out as `{}`", shortened(&text)))
            });
            Told
        })
    }

    fn shot(
        &self,
        place: &Place<'_>,
        texts: &Texts<'_>,
        matrix: Vec<(String, String)>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Shot {
        let pieces = texts.pieces;
        let mut broken = place.entry.broken.clone();
        let mut picture = |key: &str, picture: Option<&Picture<'_>>| {
            let input = self.media(picture, frame, findings);
            input.unwrap_or_else(|Told| {
                broken.push(key.to_owned());
                None
            })
        };
        let first_frame = picture("first_frame", pieces.first_frame.as_ref());
        let last_frame = picture("last_frame", pieces.last_frame.as_ref());
        let subject = picture("subject", pieces.subject.as_ref());
        let settings = self.settings(texts, frame, findings, &mut broken);
        let prompt = self.prompt(texts, frame, findings, &mut broken);
        let file = match texts.file {
            None => Output::FILE.replace("{{ shot.id }}", frame.id.as_str()),
            Some(file) => self.render(file, frame, findings).unwrap_or_else(|Told| {
                broken.push(output::FILE.to_owned());
                String::new()
            }),
        };
        Shot {
            id: frame.id.clone(),
            span: place.entry.id.span,
            settings,
            prompt,
            first_frame,
            last_frame,
            subject,
            file,
            scene: None,
            tags: Vec::new(),
            broken,
            matrix,
        }
    }

    fn render(
        &self,
        compiled: &Compiled<'_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Result<String, Told> {
        match self.engine.render(compiled, &frame.scope) {
            None => Err(Told),
            Some(Ok(text)) => Ok(text.into_owned()),
            Some(Err(diagnostics)) => {
                findings.all_within(frame.within(), diagnostics);
                Err(Told)
            }
        }
    }

    fn settings(
        &self,
        texts: &Texts<'_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
        broken: &mut Vec<String>,
    ) -> Vec<Setting> {
        let mut settings = Vec::new();
        for request in self.request.iter().filter(|request| request.name != PROMPT) {
            let Some((piece, inherited)) = texts.piece(&request.name) else {
                continue;
            };
            match self.value(piece, request, frame, findings) {
                Ok(value) => settings.push(Setting {
                    field: request.name.clone(),
                    value: whole(value),
                    span: piece.field.value.span,
                    inherited,
                }),
                Err(Told) => broken.push(request.name.clone()),
            }
        }
        settings
    }

    fn value(
        &self,
        piece: &Piece<'_>,
        request: &RequestField,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Result<Json, Told> {
        if matches!(piece.compiled, Compiled::Plain(_)) {
            return Ok(piece.field.value.to_json());
        }
        let text = self.render(&piece.compiled, frame, findings)?;
        if request.has_type("string") {
            return Ok(Json::String(text));
        }
        Ok(match plain_scalar(text.trim()) {
            Kind::Number(number) => Json::Number(number),
            Kind::Bool(value) => Json::Bool(value),
            _ => Json::String(text),
        })
    }

    fn prompt(
        &self,
        texts: &Texts<'_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
        broken: &mut Vec<String>,
    ) -> Option<Prompt> {
        let list = self.camera(texts.pieces, frame, findings);
        let text = texts.piece(PROMPT);
        let text = text.map(|(piece, _)| self.prompt_text(piece, frame, findings));
        let (Ok(list), Ok(mut prompt)) = (list, text.transpose()) else {
            broken.push(PROMPT.to_owned());
            return None;
        };
        for (bracket, used) in list {
            let prompt = prompt.get_or_insert_with(|| Prompt {
                text: String::new(),
                span: used.span,
                camera: Vec::new(),
            });
            if !prompt.text.is_empty() && !prompt.text.ends_with(char::is_whitespace) {
                prompt.text.push(' ');
            }
            prompt.text.push_str(&bracket);
            prompt.camera.push(used);
        }
        prompt
    }

    fn prompt_text(
        &self,
        piece: &Piece<'_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Result<Prompt, Told> {
        let rendered = self.render(&piece.compiled, frame, findings)?;
        let span = piece.field.value.span;
        let written = Written {
            text: as_written(&piece.field.value, self.sources),
            span,
        };
        let normal = prompt::normalise(&rendered, written, self.vocabulary, self.sources);
        for warning in normal.warnings {
            findings.within(frame.within(), warning);
        }
        Ok(Prompt {
            text: normal.text,
            span,
            camera: normal.camera,
        })
    }

    /// The brackets of the `camera` list.
    fn camera(
        &self,
        pieces: &Pieces<'_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Result<Vec<(String, CameraUse)>, Told> {
        let mut list = Vec::new();
        let mut told = false;
        for (span, item) in &pieces.camera {
            let mut commands = Vec::new();
            let mut listed = Vec::new();
            for (place, compiled) in item {
                let Ok(word) = self.render(compiled, frame, findings) else {
                    told = true;
                    continue;
                };
                let bare = word.trim_matches(|c| "[]【】［］".contains(c));
                if let Some((command, spelling)) = self.vocabulary.find(bare) {
                    commands.push(command);
                    listed.push(spelling);
                } else {
                    let unknown = self.vocabulary.unknown(&word);
                    findings.within(frame.within(), unknown.diagnostic(*place));
                    told = true;
                }
            }
            for doubt in self.vocabulary.doubts(&commands, *span) {
                findings.within(frame.within(), doubt);
            }
            list.push((
                format!("[{}]", listed.join(",")),
                camera_use(&commands, self.vocabulary, *span),
            ));
        }
        if told { Err(Told) } else { Ok(list) }
    }

    fn media(
        &self,
        picture: Option<&Picture<'_>>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Result<Option<MediaInput>, Told> {
        let Some(picture) = picture else {
            return Ok(None);
        };
        let first = self.render(&picture.first, frame, findings);
        let second = picture
            .second
            .as_ref()
            .map(|second| self.render(second, frame, findings));
        let input = references::media(picture.source, &first?, second.transpose()?.as_deref());
        input.map(Some).map_err(|diagnostic| {
            findings.within(frame.within(), *diagnostic);
            Told
        })
    }
}

/// Where in the manifest a combination belongs.
struct Place<'a> {
    entry: &'a ShotEntry,
    number: usize,
    shared: bool,
    /// Number of the shot, from 1.
    index: usize,
}

struct Texts<'a> {
    pieces: &'a Pieces<'a>,
    defaults: &'a [Piece<'a>],
    /// Fields whose defaults do not count for this entry.
    unset: &'a [String],
    file: Option<&'a Compiled<'a>>,
}

impl<'a> Texts<'a> {
    /// A field of the shot, or else of `defaults`, and whether it is the latter.
    fn piece(&self, name: &str) -> Option<(&'a Piece<'a>, bool)> {
        let named = |piece: &&Piece<'_>| piece.field.name.value == name;
        if let Some(own) = self.pieces.fields.iter().find(named) {
            return Some((own, false));
        }
        if self.unset.iter().any(|unset| unset == name) {
            return None;
        }
        self.defaults.iter().find(named).map(|piece| (piece, true))
    }
}

/// `6.0` is a whole number to its author, and has to be one to the API.
fn whole(value: Json) -> Json {
    const EXACT: f64 = 1e15;
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < EXACT => {
            Json::from(number as i64)
        }
        _ => value,
    }
}

fn to_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Bool(value) => Value::from(*value),
        Kind::Number(number) => Value::from(Serde(number)),
        Kind::Text(text) => Value::from(text.clone()),
        Kind::Null | Kind::List(_) | Kind::Map(_) => Value::UNDEFINED,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
