//! Settings with their texts compiled, once for all shots that they count for.
//!
//! Owns which texts there are, and whose word counts where several say the
//! same. Never renders any.

use std::sync::Arc;

use crate::diag::{Span, Spanned};
use crate::manifest::expect::{self, Expectation};
use crate::manifest::model::{CameraItem, Field, PictureSource, Settings};
use crate::shot::assemble::Assembly;
use crate::shot::findings::Findings;
use crate::shot::matrix::as_written;
use crate::shot::render::PROMPT;
use crate::shot::template::{Compiled, Written};

/// Settings with their texts compiled: those of a shot, or those of many.
pub(super) struct Layer<'a> {
    settings: &'a Settings,
    /// Whether it is for all shots that do not say otherwise.
    shared: bool,
    /// What is added to prompts.
    words: Option<Piece<'a>>,
    fields: Vec<Piece<'a>>,
    camera: Option<Vec<Moves<'a>>>,
    first_frame: Option<Picture<'a>>,
    last_frame: Option<Picture<'a>>,
    subject: Option<Picture<'a>>,
}

/// Camera commands that act at once, each with its place.
pub(super) type Moves<'a> = (Span, Vec<(Span, Compiled<'a>)>);

/// What counts for a shot: its own settings, then those that it shares, the
/// nearest first.
pub(super) struct Layers<'a, 'l>(pub(super) Vec<&'l Layer<'a>>);

impl<'a, 'l> Layers<'a, 'l> {
    /// A request field, and whether others share it.
    pub(super) fn field(&self, name: &str) -> Option<(&'l Piece<'a>, bool)> {
        let layer = self.0.iter().find(|layer| layer.says(name))?;
        let named = |piece: &&Piece<'_>| piece.field.name.value == name;
        let piece = layer.fields.iter().find(named)?;
        Some((piece, layer.shared))
    }

    /// What a look adds to the prompt.
    pub(super) fn words(&self) -> Option<&'l Piece<'a>> {
        self.0.iter().find_map(|layer| layer.words.as_ref())
    }

    /// Words for all shots first, then those of the scene, then its own; each once.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for tag in self.0.iter().rev().flat_map(|layer| &layer.settings.tags) {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        tags
    }

    /// What is expected of the video, each key as the nearest says.
    pub(super) fn expect(&self) -> Arc<[Expectation]> {
        let layers = self.0.iter();
        expect::merged(layers.map(|layer| (&layer.settings.expect, layer.shared))).into()
    }

    pub(super) fn camera(&self) -> &'l [Moves<'a>] {
        let camera = self.0.iter().find_map(|layer| layer.camera.as_ref());
        camera.map_or(&[], Vec::as_slice)
    }

    pub(super) fn picture(&self, key: &str) -> Option<&'l Picture<'a>> {
        self.0.iter().find_map(|layer| match key {
            "first_frame" => layer.first_frame.as_ref(),
            "last_frame" => layer.last_frame.as_ref(),
            _ => layer.subject.as_ref(),
        })
    }

    /// Keys that were told to be wrong where no nearer settings have them.
    pub(super) fn broken(&self) -> Vec<String> {
        let mut broken: Vec<String> = Vec::new();
        for (depth, layer) in self.0.iter().enumerate() {
            let nearer = &self.0[..depth];
            let hidden = |key: &str| nearer.iter().any(|nearer| nearer.says(key));
            for key in &layer.settings.broken {
                if !hidden(key) && !broken.contains(key) {
                    broken.push(key.clone());
                }
            }
        }
        broken
    }
}

pub(super) struct Piece<'a> {
    pub(super) field: &'a Field,
    pub(super) compiled: Compiled<'a>,
}

/// The compiled texts of a picture: a location, or a shot and a frame.
pub(super) struct Picture<'a> {
    pub(super) source: &'a PictureSource,
    pub(super) first: Compiled<'a>,
    pub(super) second: Option<Compiled<'a>>,
}

impl Layer<'_> {
    /// The name of the look that it asks for; empty for none.
    pub(super) fn look(&self) -> Option<&Spanned<String>> {
        self.settings.look.as_ref()
    }

    /// Words that are added to a prompt are no prompt.
    fn says(&self, field: &str) -> bool {
        self.settings.says(field) && (self.words.is_none() || field != PROMPT)
    }
}

impl<'a> Assembly<'a> {
    /// Compiles a look, whose prompt is what it adds to others.
    pub(super) fn look(&self, settings: &'a Settings, findings: &mut Findings) -> Layer<'a> {
        let largest = self.scopes.film.largest();
        let mut layer = self.layer(settings, true, largest, findings);
        let words = layer
            .fields
            .iter()
            .position(|piece| piece.field.name.value == PROMPT);
        layer.words = words.map(|at| layer.fields.remove(at));
        layer
    }

    /// Compiles settings; what does not compile is told here, once.
    pub(super) fn layer(
        &self,
        settings: &'a Settings,
        shared: bool,
        largest: usize,
        findings: &mut Findings,
    ) -> Layer<'a> {
        let mut picture = |source: &'a Option<PictureSource>| {
            source
                .as_ref()
                .map(|source| self.picture(source, largest, findings))
        };
        let (first_frame, last_frame, subject) = (
            picture(&settings.first_frame),
            picture(&settings.last_frame),
            picture(&settings.subject),
        );
        let camera = settings.camera.as_ref();
        Layer {
            settings,
            shared,
            words: None,
            first_frame,
            last_frame,
            subject,
            fields: self.fields(&settings.fields, largest, findings),
            camera: camera.map(|items| {
                let moves = items.iter();
                moves
                    .map(|item| (item.span, self.commands(item, largest, findings)))
                    .collect()
            }),
        }
    }

    pub(super) fn compile(
        &self,
        written: Written<'a>,
        largest: usize,
        findings: &mut Findings,
    ) -> Compiled<'a> {
        match self.engine.compile(written, largest) {
            Ok(compiled) => compiled,
            Err(diagnostic) => {
                findings.push(*diagnostic);
                Compiled::Broken
            }
        }
    }

    fn fields(
        &self,
        fields: &'a [Field],
        largest: usize,
        findings: &mut Findings,
    ) -> Vec<Piece<'a>> {
        let piece = |field: &'a Field| {
            let text = as_written(&field.value, self.sources);
            let written = Written {
                text,
                span: field.value.span,
            };
            Piece {
                field,
                compiled: self.compile(written, largest, findings),
            }
        };
        fields.iter().map(piece).collect()
    }

    fn commands(
        &self,
        item: &'a CameraItem,
        largest: usize,
        findings: &mut Findings,
    ) -> Vec<(Span, Compiled<'a>)> {
        let commands = item.commands.iter();
        commands
            .map(|command| {
                (
                    command.span,
                    self.compile(Written::from(command), largest, findings),
                )
            })
            .collect()
    }

    fn picture(
        &self,
        source: &'a PictureSource,
        largest: usize,
        findings: &mut Findings,
    ) -> Picture<'a> {
        let (first, second) = match source {
            PictureSource::Location(text) | PictureSource::Character(text) => (text, None),
            PictureSource::Frame { shot, frame, .. } => (shot, frame.as_ref()),
        };
        Picture {
            source,
            first: self.compile(Written::from(first), largest, findings),
            second: second.map(|second| self.compile(Written::from(second), largest, findings)),
        }
    }
}
