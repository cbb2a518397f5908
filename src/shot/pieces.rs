//! The texts of an entry, compiled once for all of its combinations.
//!
//! Owns which texts an entry has. Never renders any.

use crate::diag::Span;
use crate::manifest::model::{CameraItem, Field, PictureSource, ShotEntry};
use crate::shot::assemble::Assembly;
use crate::shot::findings::Findings;
use crate::shot::matrix::{Values, as_written};
use crate::shot::template::{Compiled, Written};

/// The compiled texts of an entry.
pub(super) struct Pieces<'a> {
    pub(super) id: Compiled<'a>,
    pub(super) fields: Vec<Piece<'a>>,
    pub(super) camera: Vec<(Span, Vec<(Span, Compiled<'a>)>)>,
    pub(super) first_frame: Option<Picture<'a>>,
    pub(super) last_frame: Option<Picture<'a>>,
    pub(super) subject: Option<Picture<'a>>,
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

impl<'a> Assembly<'a> {
    /// Compiles an entry; what does not compile is told here, once.
    pub(super) fn pieces(
        &self,
        entry: &'a ShotEntry,
        combinations: &[Values<'_>],
        findings: &mut Findings,
    ) -> Pieces<'a> {
        let values = combinations.iter().flatten();
        let longest = values
            .map(|(_, node)| as_written(node, self.sources).len())
            .max();
        let largest = self.scope.largest().max(longest.unwrap_or(0));
        let mut picture = |source: &'a Option<PictureSource>| {
            source
                .as_ref()
                .map(|source| self.picture(source, largest, findings))
        };
        let (first_frame, last_frame, subject) = (
            picture(&entry.first_frame),
            picture(&entry.last_frame),
            picture(&entry.subject),
        );
        Pieces {
            first_frame,
            last_frame,
            subject,
            id: self.compile(Written::from(&entry.id), largest, findings),
            fields: self.fields(&entry.fields, largest, findings),
            camera: entry
                .camera
                .iter()
                .map(|item| (item.span, self.commands(item, largest, findings)))
                .collect(),
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

    pub(super) fn fields(
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
            PictureSource::Location(location) => (location, None),
            PictureSource::Frame { shot, frame, .. } => (shot, frame.as_ref()),
        };
        Picture {
            source,
            first: self.compile(Written::from(first), largest, findings),
            second: second.map(|second| self.compile(Written::from(second), largest, findings)),
        }
    }
}
