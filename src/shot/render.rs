//! One combination to its shot: every text rendered, every value read.
//!
//! Owns what the parts of a shot become. Never decides whose word counts; that
//! is `pieces`'.

use serde_json::Value as Json;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::event::Scene;
use crate::manifest::model::{Output, PictureSource, SceneEntry};
use crate::manifest::tree::Kind;
use crate::manifest::{RequestField, plain_scalar};
use crate::shot::assemble::{Assembly, Frame, Place, Told};
use crate::shot::findings::{Findings, Within};
use crate::shot::matrix::as_written;
use crate::shot::output;
use crate::shot::pieces::{Layers, Picture, Piece};
use crate::shot::prompt::{self, camera_use};
use crate::shot::references;
use crate::shot::template::{Compiled, Written};
use crate::shot::{CameraUse, MediaInput, MediaSource, Prompt, Setting, Shot};

/// The request field that is a shot's prompt.
pub(super) const PROMPT: &str = "prompt";

impl<'a> Assembly<'a> {
    pub(super) fn shot(
        &self,
        place: &Place<'a, '_>,
        layers: &Layers<'a, '_>,
        matrix: Vec<(String, String)>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Shot {
        let mut broken = layers.broken();
        let mut picture = |key: &str| {
            let input = self.media(layers.picture(key), frame, findings);
            input.unwrap_or_else(|Told| {
                broken.push(key.to_owned());
                None
            })
        };
        let first_frame = picture("first_frame");
        let last_frame = picture("last_frame");
        let subject = picture("subject");
        let settings = self.settings(layers, frame, findings, &mut broken);
        let prompt = self.prompt(layers, frame, findings, &mut broken);
        let file = match place.file {
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
            scene: place.scene.map(scene_of),
            tags: layers.tags(),
            expect: layers.expect(),
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
                tell(compiled, frame, diagnostics, findings);
                Err(Told)
            }
        }
    }

    fn settings(
        &self,
        layers: &Layers<'_, '_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
        broken: &mut Vec<String>,
    ) -> Vec<Setting> {
        let mut settings = Vec::new();
        for request in self.request.iter().filter(|request| request.name != PROMPT) {
            let Some((piece, inherited)) = layers.field(&request.name) else {
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
        layers: &Layers<'_, '_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
        broken: &mut Vec<String>,
    ) -> Option<Prompt> {
        let list = self.camera(layers, frame, findings);
        let text = layers.field(PROMPT);
        let text = text.map(|(piece, _)| self.prompt_text(piece, frame, findings));
        let words = layers.words();
        let words = words.map(|piece| self.prompt_text(piece, frame, findings));
        let (Ok(list), Ok(prompt), Ok(words)) = (list, text.transpose(), words.transpose()) else {
            broken.push(PROMPT.to_owned());
            return None;
        };
        let mut prompt = joined(prompt, words);
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
        layers: &Layers<'_, '_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Result<Vec<(String, CameraUse)>, Told> {
        let mut list = Vec::new();
        let mut told = false;
        for (span, item) in layers.camera() {
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
        let input = match picture.source {
            PictureSource::Character(name) => self.face(&first?, name.span),
            source => references::media(source, &first?, second.transpose()?.as_deref()),
        };
        input
            .map(|input| Some(self.beside(input)))
            .map_err(|diagnostic| {
                findings.within(frame.within(), *diagnostic);
                Told
            })
    }

    /// The picture of a character.
    fn face(&self, name: &str, span: Span) -> Result<MediaInput, Box<Diagnostic>> {
        let mut characters = self.manifest.characters.iter();
        let Some(character) = characters.find(|one| one.name.value == name) else {
            let known = self.manifest.characters.iter();
            let known = known.map(|one| one.name.value.as_str());
            return Err(Box::new(unknown_name("character", name, span, known)));
        };
        if let Some(subject) = &character.subject {
            return references::location(&subject.value, subject.span);
        }
        let message = format!("the character `{name}` has no picture");
        let diagnostic = Diagnostic::error(Code::UnknownName, span, message)
            .also(character.name.span, "described here")
            .help("give them a `subject`");
        Err(Box::new(diagnostic))
    }

    /// Relative paths start at the file that they are written in.
    fn beside(&self, input: MediaInput) -> MediaInput {
        let folder = self.manifest.folder(input.span.file);
        match input.source {
            MediaSource::File { path } => MediaInput {
                source: MediaSource::File {
                    path: folder.join(path),
                },
                span: input.span,
            },
            _ => input,
        }
    }
}

/// A mistake in a text that many use says who.
fn tell(
    compiled: &Compiled<'_>,
    frame: &Frame<'_>,
    diagnostics: Vec<Diagnostic>,
    findings: &mut Findings,
) {
    let within = frame.within();
    let (Compiled::Plain(own) | Compiled::Template(own, _)) = compiled else {
        return findings.all_within(within, diagnostics);
    };
    let is_own = |span: Span| {
        let own = own.span;
        span.file == own.file && (own.start..=own.end).contains(&span.start)
    };
    for told in diagnostics {
        let elsewhere = told.primary.as_ref().is_some_and(|at| !is_own(at.span));
        let shared = within.shared || elsewhere;
        findings.within(Within { shared, ..within }, told);
    }
}

/// A prompt with what a look adds to it.
fn joined(prompt: Option<Prompt>, words: Option<Prompt>) -> Option<Prompt> {
    let (mut prompt, words) = match (prompt, words) {
        (Some(prompt), Some(words)) => (prompt, words),
        (one, other) => return one.or(other),
    };
    let text = prompt.text.trim_end();
    let last = text.chars().next_back().unwrap_or(' ');
    // A sentence that has ended, or a command, needs no comma behind it.
    let between = match last {
        _ if last.is_ascii_punctuation() => " ",
        '。' | '！' | '？' | '，' | '…' | '”' | '】' => "",
        '\u{2e80}'..='\u{9fff}' => "，",
        _ => ", ",
    };
    prompt.text = format!("{text}{between}{}", words.text.trim_start());
    prompt.camera.extend(words.camera);
    Some(prompt)
}

/// A name that the manifest does not give.
pub(super) fn unknown_name<'n>(
    what: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let message = format!("there is no {what} `{name}`");
    let diagnostic = Diagnostic::error(Code::UnknownName, span, message);
    match suggest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("give it a meaning under `{what}s`")),
    }
}

fn scene_of(scene: &SceneEntry) -> Scene {
    Scene {
        id: scene.id.value.clone(),
        title: scene.title.as_ref().map(|title| title.value.clone()),
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
