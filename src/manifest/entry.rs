//! Scenes and shots as types: the part of a manifest that a film is made of.
//!
//! Owns their shapes as written. Nothing here is rendered, multiplied or looked
//! up; that is `shot`'s.

use std::sync::Arc;

use crate::diag::{Span, Spanned};
use crate::manifest::expect::Expect;
use crate::manifest::model::Var;
use crate::manifest::tree::Node;

/// Shots that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneEntry {
    /// Its name.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<Spanned<String>>,
    /// Variables that count in its shots alone, before those of the manifest.
    pub vars: Vec<Var>,
    /// What counts for its shots before the manifest's defaults.
    pub defaults: Settings,
}

/// A shot as written; with a matrix it stands for several.
#[derive(Debug, Clone, PartialEq)]
pub struct ShotEntry {
    /// Its name, or with a matrix what the names begin with.
    pub id: Spanned<String>,
    /// The whole entry.
    pub span: Span,
    /// Its scene, by its place in the manifest's list.
    pub scene: Option<usize>,
    /// What it says of its video.
    pub settings: Settings,
    /// What to multiply it by.
    pub matrix: Option<Matrix>,
    /// What to make it for, each row once.
    pub foreach: Option<Foreach>,
}

/// Rows that a shot is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreach {
    /// Place of the list, or of the path of the file that has it.
    pub span: Span,
    /// Shared by all shots that name the same file.
    pub rows: Arc<Vec<Row>>,
}

/// One row: values by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Place of the row.
    pub span: Span,
    /// Scalars by name, in written order.
    pub values: Vec<(Arc<str>, Node)>,
    /// Which of them tells this row from the others.
    name: usize,
}

impl Row {
    /// A row that the value called `id` tells from others, or else the first.
    pub fn new(span: Span, values: Vec<(Arc<str>, Node)>, id: &str) -> Self {
        let name = values.iter().position(|(name, _)| &**name == id);
        Self {
            span,
            values,
            name: name.unwrap_or(0),
        }
    }

    /// The value that tells this row from the others.
    pub fn name(&self) -> Option<&Node> {
        self.values.get(self.name).map(|(_, value)| value)
    }
}

/// A text of the author's to be used in prompts by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Fragment {
    /// Its name, without the names in brackets behind it.
    pub name: Spanned<String>,
    /// What has to be given where it is used.
    pub params: Vec<String>,
    /// The text, a template.
    pub text: Spanned<String>,
}

/// Somebody who is in several shots.
#[derive(Debug, Clone, PartialEq)]
pub struct Character {
    /// The name that the manifest knows.
    pub name: Spanned<String>,
    /// How prompts describe them, a template.
    pub text: Option<Spanned<String>>,
    /// A picture of their face.
    pub subject: Option<Spanned<String>>,
}

/// A style: words behind prompts, and settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Its name.
    pub name: Spanned<String>,
    /// The settings; their prompt is what is added to others.
    pub settings: Settings,
}

/// What single shots of many have otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The id of a shot, or with `*` at its end what ids begin with.
    pub target: Spanned<String>,
    /// What they say.
    pub settings: Settings,
}

/// What a shot says of its video, or what is said for many shots at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Request fields, the prompt among them.
    pub fields: Vec<Field>,
    /// Request fields set to nothing, so that not even their default counts.
    pub unset: Vec<String>,
    /// Keys that were told to be wrong.
    pub broken: Vec<String>,
    /// Words to find a shot by.
    pub tags: Vec<String>,
    /// The look; empty for none.
    pub look: Option<Spanned<String>>,
    /// Camera commands after the prompt, in order; an empty list is none.
    pub camera: Option<Vec<CameraItem>>,
    /// The picture to start from.
    pub first_frame: Option<PictureSource>,
    /// The picture to end on.
    pub last_frame: Option<PictureSource>,
    /// The face to keep.
    pub subject: Option<PictureSource>,
    /// What is expected of the video; no part of what is asked for.
    pub expect: Expect,
}

impl Settings {
    /// Whether a request field is set, be it to nothing.
    pub fn says(&self, field: &str) -> bool {
        self.fields.iter().any(|own| own.name.value == field)
            || self.unset.iter().any(|unset| unset == field)
    }

    /// The pictures that are there.
    pub fn pictures(&self) -> impl Iterator<Item = &PictureSource> {
        let pictures = [&self.first_frame, &self.last_frame, &self.subject];
        pictures.into_iter().flatten()
    }
}

/// A request field by its document name, with a scalar that may be a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The key.
    pub name: Spanned<String>,
    /// What it was set to.
    pub value: Node,
}

/// The values to combine.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Place of the whole matrix.
    pub span: Span,
    /// Lists by name, in written order.
    pub axes: Vec<Axis>,
    /// Combinations to add.
    pub include: Vec<Combination>,
    /// Combinations to leave out.
    pub exclude: Vec<Combination>,
}

/// One list of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its name in templates, under `matrix`.
    pub name: Spanned<String>,
    /// Scalars, in written order.
    pub values: Vec<Node>,
}

/// Values for some or all names of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// Place of the combination.
    pub span: Span,
    /// A scalar for each name.
    pub values: Vec<(Spanned<String>, Node)>,
}

/// Commands that act at once; usually one.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraItem {
    /// Place of the item.
    pub span: Span,
    /// The commands as written; each may be a template.
    pub commands: Vec<Spanned<String>>,
}

/// Where a picture comes from, as written.
#[derive(Debug, Clone, PartialEq)]
pub enum PictureSource {
    /// A path or an address; may be a template.
    Location(Spanned<String>),
    /// The picture of a character; the name may be a template.
    Character(Spanned<String>),
    /// A frame of another shot.
    Frame {
        /// Place of the whole reference.
        span: Span,
        /// The shot's id; may be a template.
        shot: Spanned<String>,
        /// Which frame; the last one where nothing is said.
        frame: Option<Spanned<String>>,
    },
}
