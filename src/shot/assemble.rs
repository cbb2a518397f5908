//! One entry of the manifest to its shots.
//!
//! Owns what counts for each combination, and the ids. What many combinations
//! share is compiled once. Never renders more than ids (`render` does) and never
//! compares shots with each other.

use minijinja::value::{Serde, Value};

use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::id::ShotId;
use crate::manifest::model::{SceneEntry, ShotEntry};
use crate::manifest::tree::{Kind, Node};
use crate::manifest::{Manifest, RequestField};
use crate::shot::Shot;
use crate::shot::camera::Vocabulary;
use crate::shot::findings::{Findings, Within};
use crate::shot::matrix::{self, Values, as_written, slug};
use crate::shot::pieces::{Layer, Layers};
use crate::shot::scope::{Local, Scope};
use crate::shot::template::{Compiled, Engine, Written};
use crate::shot::vars::Scopes;

/// What all shots are made with.
pub(super) struct Assembly<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) sources: &'a Sources,
    pub(super) engine: &'a Engine<'a>,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) request: &'a [RequestField],
    pub(super) scopes: Scopes,
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
pub(super) struct Frame<'a> {
    pub(super) scope: Scope,
    pub(super) id: &'a ShotId,
    pub(super) shared: bool,
}

impl Frame<'_> {
    pub(super) fn within(&self) -> Within<'_> {
        Within {
            id: self.id.as_str(),
            shared: self.shared,
        }
    }
}

/// Something could not be made, and why was told.
pub(super) struct Told;

impl<'a> Assembly<'a> {
    /// Every shot of every entry, in order.
    pub(super) fn run(&self, findings: &mut Findings) -> Vec<Made> {
        let shared = self.shared(findings);
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
            let scope = self.scope(entry);
            let largest = self.largest(scope, &combinations);
            let own = self.layer(&entry.settings, false, largest, findings);
            let place = Place {
                entry,
                number,
                shared: combinations.len() > 1,
                id: self.compile(Written::from(&entry.id), largest, findings),
                scope,
                scene: entry.scene.map(|scene| &self.manifest.scenes[scene]),
                layers: Layers(shared.under(&own, entry.scene)),
                file: shared.file.as_ref(),
            };
            for values in combinations {
                made.extend(self.make(&place, made.len() + 1, &values, findings));
            }
        }
        made
    }

    /// What many shots share, compiled once.
    fn shared(&self, findings: &mut Findings) -> Shared<'a> {
        let largest = self.scopes.film.largest();
        let file = self.manifest.output.file.as_ref();
        Shared {
            defaults: self.layer(&self.manifest.defaults, true, largest, findings),
            file: file.map(|file| self.compile(Written::from(file), largest, findings)),
            scenes: (self.manifest.scenes.iter().zip(&self.scopes.scenes))
                .map(|(scene, scope)| self.layer(&scene.defaults, true, scope.largest(), findings))
                .collect(),
        }
    }

    /// The variables that an entry sees.
    fn scope(&self, entry: &ShotEntry) -> &Scope {
        match entry.scene {
            Some(scene) => &self.scopes.scenes[scene],
            None => &self.scopes.film,
        }
    }

    /// Bytes of the longest text that templates of an entry can draw on.
    fn largest(&self, scope: &Scope, combinations: &[Values<'_>]) -> usize {
        let values = combinations.iter().flatten();
        let longest = values.map(|(_, node)| as_written(node, self.sources).len());
        scope.largest().max(longest.max().unwrap_or(0))
    }

    fn make(
        &self,
        place: &Place<'a, '_>,
        index: usize,
        values: &Values<'_>,
        findings: &mut Findings,
    ) -> Option<Made> {
        let written = |node: &Node| as_written(node, self.sources).to_owned();
        let matrix: Vec<(String, String)> = values
            .iter()
            .map(|(name, node)| ((*name).to_owned(), written(node)))
            .collect();
        let nameless = Local {
            matrix: Value::from_pairs(values.iter().map(|(name, node)| (*name, to_value(node)))),
            shot: Value::from_pairs([("index", index)]),
            scene: place.scene.map_or(Local::default().scene, scene_value),
        };
        let scope = place.scope.with(nameless.clone());
        let id = self.id(place, &matrix, &scope, findings).ok()?;
        let shot = Value::from_pairs([
            ("index", Value::from(index)),
            ("id", Value::from(id.as_str())),
        ]);
        let frame = Frame {
            scope: place.scope.with(Local { shot, ..nameless }),
            id: &id,
            shared: place.shared,
        };
        let shot = Some(self.shot(place, matrix, &frame, findings));
        Some(Made {
            span: place.entry.id.span,
            entry: place.number,
            shared: place.shared,
            shot,
            id,
        })
    }

    /// A template says the whole id; otherwise the values of the matrix follow it.
    fn id(
        &self,
        place: &Place<'_, '_>,
        matrix: &[(String, String)],
        scope: &Scope,
        findings: &mut Findings,
    ) -> Result<ShotId, Told> {
        let base = &place.entry.id;
        let text = match self.engine.render(&place.id, scope).ok_or(Told)? {
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
        if matches!(place.id, Compiled::Plain(_)) {
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
}

/// Where in the manifest a combination belongs, and what counts for it there.
pub(super) struct Place<'a, 'l> {
    pub(super) entry: &'a ShotEntry,
    number: usize,
    shared: bool,
    id: Compiled<'a>,
    scope: &'l Scope,
    pub(super) scene: Option<&'a SceneEntry>,
    pub(super) layers: Layers<'a, 'l>,
    pub(super) file: Option<&'l Compiled<'a>>,
}

/// What many shots share.
struct Shared<'a> {
    defaults: Layer<'a>,
    /// By scene.
    scenes: Vec<Layer<'a>>,
    file: Option<Compiled<'a>>,
}

impl<'a> Shared<'a> {
    /// What counts for a shot with these settings of its own, nearest first.
    fn under<'l>(&'l self, own: &'l Layer<'a>, scene: Option<usize>) -> Vec<&'l Layer<'a>> {
        let scene = scene.map(|scene| &self.scenes[scene]);
        let mut layers = vec![own];
        layers.extend(scene);
        layers.push(&self.defaults);
        layers
    }
}

fn scene_value(scene: &SceneEntry) -> Value {
    let id = Some(("id", scene.id.value.as_str()));
    let title = scene
        .title
        .as_ref()
        .map(|title| ("title", title.value.as_str()));
    Value::from_pairs(id.into_iter().chain(title))
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
